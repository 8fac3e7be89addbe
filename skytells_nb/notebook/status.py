"""What is set and what was spent, as one value that shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .. import settings
from ..api.pricing import dollars
from ..api.shown import Shown
from ..costs.ledger import SESSION, default_ledger
from ..errors import NoKeyError, SetupError
from . import page
from .render import bundle, made


@dataclass(frozen=True, slots=True, repr=False)
class Status(Shown):
    """Pairs of a name and a text."""

    rows: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.rows)


@bundle.register
def _status(shown: Status) -> dict[str, Any]:
    return made(repr(shown), page.table(("what", "is"), [(page.text(name), page.text(v)) for name, v in shown.rows]))


def status() -> Status:
    """Look up the settings, and sum up this session's calls; sends nothing."""
    address = settings.find_address()
    try:
        key = f"found ({settings.find_key().source})"
    except NoKeyError:
        key = "none: run %skytells_login, or %skytells_sandbox to work offline"
    except SetupError as error:
        key = str(error)
    ledger = default_ledger()
    mine = [row for row in ledger.rows() if row["session"] == SESSION]
    spent = _sum(row["cost"] for row in mine if not row["sandbox"])
    practised = _sum(row["cost"] for row in mine if row["sandbox"])
    unknown = sum(row["cost"] is None and not row["sandbox"] for row in mine)
    rows = [
        ("service", f"{address.value} ({address.source})"),
        ("key", key),
        ("mode", "sandbox: nothing is billed" if settings.in_sandbox() else "live: calls are billed"),
        ("calls", f"{len(mine)} in this session"),
        ("spent", ledger.trouble or dollars(spent) + (f", and {unknown} calls of unknown cost" if unknown else "")),
        ("in the sandbox", f"it would have been {dollars(practised)}"),
        ("record", str(ledger.path)),
        ("media", str(settings.media_folder().absolute())),
    ]
    return Status(tuple(rows))


def _sum(costs: Any) -> Decimal:
    return sum((Decimal(cost) for cost in costs if cost is not None), Decimal(0))
