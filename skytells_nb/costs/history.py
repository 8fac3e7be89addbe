"""The account's predictions as the service lists them, in the columns of the record and joined to it.

What this machine measured (tag, cell, seconds, ttft, quote, fingerprint) comes from the record, what the account knows
(status, credits, cost billed, times on the service) from the API.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from ..api.client import Client
from ..api.pricing import charge_prediction, outputs_of
from ..api.reading import mended
from ..api.values import Prediction
from ..keys import without_secrets
from .catalogue import using
from .choice import Choice, Moment, choose
from .columns import COLUMNS
from .frames import frame_of_rows
from .ledger import Ledger, given_or_default
from .precedence import CHARGE
from .progress import counting
from .rows import Row

_AT_ONCE = 500
"""How many ids one statement asks for."""

_FIRST = datetime.min.replace(tzinfo=UTC)
_LEAST = timedelta(microseconds=1)


def history(
    *,
    model: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    status: str | None = None,
    client: Client | None = None,
    progress: bool | Callable[[int], object] = True,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Load the account's predictions, all pages of them, oldest first, in the columns and dtypes of `sky.usage()`.

    One row a prediction. `recorded` says whether the record holds it too; then its row is completed from there, and
    `pd.concat([sky.usage(), h[~h["recorded"]]])` counts nothing twice. Where the record does not hold it, `started_at`
    is when the service took it, and `seconds` and all that only this machine could know are missing. `since` and
    `until` (excluded) are as for `sky.usage`, `model` and `status` as for `Client.predictions`; `progress` shows how
    many were read, or is a function that is told. Raises `InputError` for what cannot be read, and the errors of a
    request; what was read until then is on the error, as `frame`.
    """
    span = choose(since=since, until=until)
    last = None if span.until is None else (span.until - min(_LEAST, span.until - _FIRST)).date()
    chosen: dict[str, Any] = {"since": span.since and span.since.date(), "until": last}
    record = given_or_default(ledger)
    found: list[Prediction] = []
    with counting(progress, "predictions") as tell, using(client) as asked:
        try:
            for job in asked.predictions(model=model, status=status, **chosen):
                if _between(job.created_at, span):
                    found.append(job)
                    tell(len(found))
        except BaseException as error:
            error.frame = _frame(found, record)  # type: ignore[attr-defined]
            error.add_note(f"The {len(found)} predictions that were read until then are on this error, as its frame.")
            raise
    return _frame(found, record)


def _between(moment: datetime | None, span: Choice) -> bool:
    """Say whether a prediction belongs to the span; one without a moment does, where the service lists it."""
    return moment is None or (
        (span.since is None or moment >= span.since) and (span.until is None or moment < span.until)
    )


def _frame(jobs: Sequence[Prediction], ledger: Ledger) -> pd.DataFrame:
    oldest_first = [*reversed(jobs)]
    oldest_first.sort(key=lambda job: (job.created_at is None, job.created_at or _ANY))
    known = _recorded(sorted({job.id for job in jobs}), ledger)
    rows = [_joined(job, known.get((job.id, job.sandbox), {})) for job in oldest_first]
    frame = frame_of_rows(rows)
    frame["recorded"] = pd.Series([(job.id, job.sandbox) in known for job in oldest_first], dtype="boolean")
    return frame


_ANY = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Jobs:
    """Chooses the record's rows of some predictions."""

    ids: Sequence[str]

    def where(self) -> tuple[str, list[Any]]:
        return f"api = 'prediction' AND remote_id IN ({', '.join('?' * len(self.ids))})", list(self.ids)

    def holds(self, row: Row) -> bool:
        return row["api"] == "prediction" and row.get("remote_id") in self.ids


def _recorded(ids: Sequence[str], ledger: Ledger) -> dict[tuple[str, bool], Row]:
    """Give what the record knows of predictions, by id and by whether the sandbox ran it; several rows make one."""
    found: dict[tuple[str, bool], Row] = {}
    for start in range(0, len(ids), _AT_ONCE):
        for chunk in ledger.read([*COLUMNS], _Jobs(ids[start : start + _AT_ONCE])):
            for values in chunk:
                row = {name: value for name, value in zip(COLUMNS, values, strict=True) if value is not None}
                key = (row["remote_id"], bool(row["sandbox"]))
                found[key] = _priced(row, found[key]) if key in found else row
    return found


def _priced(later: Row, earlier: Row) -> Row:
    """Make one of two rows of a prediction: the earlier one, with what only the later one knows."""
    by = earlier if "cost" in earlier else later
    return later | earlier | {name: by.get(name) for name in CHARGE}


def _joined(job: Prediction, recorded: Row) -> Row:
    row = dict.fromkeys(COLUMNS) | _as_listed(job) | recorded
    facts: Row = {
        "status": str(job.status) if job.status.final else "running",
        "error_id": _clean(job.error_id),
        "predict_time": job.predict_time,
        "total_time": job.total_time,
        "outputs": outputs_of(job),
        "credits": _exact(job.credits_used),
    }
    charge = charge_prediction(job)
    if charge.amount is not None or recorded.get("cost") is None:
        row |= {
            "cost": _exact(charge.amount),
            "cost_source": charge.source,
            "cost_reason": charge.reason or None,
            "currency": charge.currency,
            "price": None if charge.price is None else json.dumps(dict(charge.price)),
        }
    return row | {name: value for name, value in facts.items() if value is not None}


def _as_listed(job: Prediction) -> Row:
    """Give what a prediction's row begins with where the record has none."""
    stream = job.raw.get("stream")
    return {
        "started_at": job.created_at and job.created_at.isoformat(timespec="microseconds"),
        "finished_at": job.completed_at and job.completed_at.isoformat(timespec="microseconds"),
        "api": "prediction",
        "model": _clean(job.model),
        "model_used": _clean(job.model),
        "stream": stream if isinstance(stream, bool) else None,
        "sandbox": job.sandbox,
        "remote_id": mended(job.id),
    }


def _clean(said: str | None) -> str | None:
    return mended(without_secrets(said)) if said else None


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
