"""The jobs of the record, so that a job that was paid for is found again: by its cell, or because nobody saw its end.

A job is a row of a prediction; its call can be taken up by `Client.wait`, which completes that row and makes no other.
Which are meant is asked by one value, put to a store and to a row in memory alike, as a `Choice` is. What is asked
before a call, by its fingerprint or its end, has an index, whose conditions stand here word for word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, get_args

from ..api.record import Call, CallStatus, Charge, CostSource
from .cells import amount, real, whole
from .columns import COLUMNS
from .ledger import Ledger
from .rows import SESSION, Row

_JOBS = "api = 'prediction'"
_OPEN = ("notebook", "person")
"""What may not be known of a job that is meant all the same."""
UNSEEN = ("sent", "running", "interrupted")
"""The statuses of a job whose end nobody has seen."""
_UNSEEN = f"status IN ({', '.join(map(repr, UNSEEN))})"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the record has it: its call, and where that was made, each None where not known."""

    call: Call
    session: str
    notebook: str | None = None
    cell: str | None = None
    execution_count: int | None = None

    @property
    def id(self) -> str:
        """The service's name for it; "" where the answer that names it never came."""
        return self.call.remote_id or ""

    @property
    def unseen(self) -> bool:
        """Whether nobody has seen its end."""
        return self.call.status in UNSEEN

    def seconds_ago(self, now: datetime | None = None) -> float:
        """Say how long ago it was begun, in seconds; 0 where a clock was set back."""
        return max(0.0, ((now or datetime.now(UTC)) - self.call.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Which:
    """Which jobs are meant; None: any. What was refused is none.

    `cell` and `nth` are of the like jobs of one run of a cell; rows of another `notebook` or `person` are left out
    where both are known. `unseen` keeps to those whose end nobody has seen, `left` to what other processes made in no
    known cell; `since` is an aware moment, `ids` the service's names.
    """

    sandbox: bool | None = None
    fingerprint: str | None = None
    cell: str | None = None
    nth: int | None = None
    notebook: str | None = None
    person: str | None = None
    ids: tuple[str, ...] | None = None
    since: datetime | None = None
    unseen: bool = False
    left: bool = False

    def where(self) -> tuple[str, list[Any]]:
        """Give the condition."""
        fixed = [_JOBS, _UNSEEN if self.unseen else "status <> 'refused'", *(["cell IS NULL"] if self.left else [])]
        asked: list[tuple[str, Any]] = [
            ("sandbox = ?", self.sandbox),
            ("fingerprint = ?", self.fingerprint),
            ("cell = ?", self.cell),
            ("nth = ?", self.nth),
            ("(notebook IS NULL OR notebook = ?)", self.notebook),
            ("(person IS NULL OR person = ?)", self.person),
            ("session <> ?", SESSION if self.left else None),
            ("id >= ?", self.since and _first(self.since)),
        ]
        given = [(condition, value) for condition, value in asked if value is not None]
        named = [] if self.ids is None else [f"remote_id IN ({', '.join('?' * len(self.ids))})"]
        conditions = [*fixed, *(condition for condition, _ in given), *named]
        return " AND ".join(conditions), [*(value for _, value in given), *(self.ids or ())]

    def holds(self, row: Row) -> bool:
        """Say whether a row in memory is meant."""
        return (
            row["api"] == "prediction"
            and (row["status"] in UNSEEN if self.unseen else row["status"] != "refused")
            and self.sandbox in (None, bool(row.get("sandbox")))
            and all(getattr(self, name) in (None, row.get(name)) for name in ("fingerprint", "cell", "nth"))
            and all(getattr(self, name) in (None, row.get(name)) or row.get(name) is None for name in _OPEN)
            and not (self.left and (row["session"] == SESSION or row.get("cell") is not None))
            and (self.since is None or row["id"] >= _first(self.since))
            and (self.ids is None or row.get("remote_id") in self.ids)
        )


def _first(moment: datetime) -> str:
    """Give what the ids of calls begin with that are made at a moment: they sort by time."""
    return f"{max(0, int(moment.timestamp() * 1000)):012x}"


def find(ledger: Ledger, which: Which) -> tuple[Job, ...]:
    """Read jobs, oldest first; where the record cannot be read, a RuntimeWarning says so, and this process's own come.

    A row that nobody can read, since another program has spoiled it, is left out.
    """
    names = [*COLUMNS]
    found = []
    for chunk in ledger.read(names, which):
        for values in chunk:
            with suppress(ValueError, TypeError, OverflowError, RecursionError):
                found.append(_job(dict(zip(names, values, strict=True))))
    return tuple(sorted(found, key=lambda job: job.call.id))


def known(ledger: Ledger, ids: Iterable[str]) -> frozenset[str]:
    """Say which of these ids, a few hundred at most, the record holds."""
    asked = tuple(ids)
    return frozenset(job.id for job in find(ledger, Which(ids=asked))) if asked else frozenset()


def _job(row: Mapping[str, Any]) -> Job:
    return Job(_call(row), str(row["session"]), row["notebook"], row["cell"], row["execution_count"])


_FACTS = tuple(field.name for field in fields(Call) if field.name in COLUMNS)


def _call(row: Mapping[str, Any]) -> Call:
    """Read a row as the call that it was written from; raises ValueError or TypeError for what is none."""
    facts = {name: _READ[COLUMNS[name]](row[name]) for name in _FACTS if row[name] is not None}
    if facts["status"] not in get_args(CallStatus) or row["cost_source"] not in get_args(CostSource):
        raise ValueError(row["status"])
    price = None if row["price"] is None else json.loads(row["price"])
    charge = Charge(amount(row["cost"]), str(row["currency"]), row["cost_source"], str(row["cost_reason"] or ""), price)
    return Call(**facts, charge=charge)


def _moment(value: Any) -> datetime:
    read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


_READ: Mapping[str, Any] = {
    "text": str,
    "word": str,
    "flag": bool,
    "json": json.loads,
    "moment": _moment,
    "money": amount,
    "count": whole,
    "real": real,
}
