"""The tags that calls were marked with lately."""

from __future__ import annotations

from .choice import choose
from .ledger import Ledger

_SPAN = "90d"
_MOST = 100


def recent_tags(ledger: Ledger) -> tuple[str, ...]:
    """Read the tags of the last 90 days, the latest first, at most 100; live and sandbox calls together.

    Raises `StoreError` or `SetupError` where the record cannot be read.
    """
    condition, values = choose(last=_SPAN, live="all").where()
    sql = f"""
        SELECT tag, max(started_at) FROM {ledger.store.prefix}calls
        WHERE {condition} AND tag IS NOT NULL GROUP BY tag ORDER BY 2 DESC LIMIT {_MOST}
    """  # noqa: S608 - our own names
    return tuple(row[0] for chunk in ledger.store.rows(sql, values) for row in chunk)
