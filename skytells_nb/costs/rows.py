"""A call as a row of the record: what is known of it, by column."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from ..api.record import Call
from ..keys import without_secrets
from . import here
from .cells import text
from .columns import COLUMNS

SESSION = uuid.uuid4().hex[:12]
"""Names this process in the rows it writes."""

Row = dict[str, Any]
"""What is known of a call, by column; a column of which nothing is known is not in it."""

Place = tuple[str | None, str | None, int | None, int | None]
"""Where a call was made: the notebook's name, the cell's id and its execution count, and which of the like jobs of one
run of the cell it is, counted from 1; each None where not known."""

Where = Callable[[], Place]
"""Says where the code that runs now stands."""

_PLAIN = tuple(
    field.name
    for field in fields(Call)
    if field.name not in {"charge", "usage", "started_at", "finished_at", "quoted", "quoted_low", "credits"}
)
_plain = attrgetter(*_PLAIN)

BEGUN = frozenset(
    {"id", "session", "notebook", "cell", "execution_count", "started_at", "tag", "api", "endpoint", "model", "stream"}
    | {"fingerprint", "quoted", "quoted_low", "quoted_currency", "prompt", "nth", "person"}
)
"""The columns that stand from the beginning of a call; its end settles the others."""
ELSEWHERE = frozenset({"sandbox", "attempts", "waited", "ttft"})
"""The columns that stand too where another kernel began the call: it counted, this one did not."""

_PLACE = ("notebook", "cell", "execution_count", "nth")
NOWHERE: Place = (None, None, None, None)


def row_of(call: Call, where: Where | None = None) -> Row:
    """Write a call as a row: moments as ISO 8601 in UTC, money as exact text, usage and price as JSON."""
    return placed_row(call, where() if where else NOWHERE)


def placed_row(call: Call, place: Place) -> Row:
    """Write a call that was made in a place as a row."""
    told = zip(_PLAIN, _plain(call), strict=True)
    row = {name: value for name, value in told if value is not None and value == value}  # NaN is nothing known
    row["session"] = SESSION
    row["person"] = here.person()
    row |= {name: at for name, at in zip(_PLACE, place, strict=True) if at is not None}
    row["started_at"] = call.started_at.isoformat(timespec="microseconds")
    if call.finished_at is not None:
        row["finished_at"] = call.finished_at.isoformat(timespec="microseconds")
    charge = call.charge
    for name, amount in (
        ("quoted", call.quoted),
        ("quoted_low", call.quoted_low),
        ("credits", call.credits),
        ("cost", charge.amount),
    ):
        if amount is not None:
            row[name] = str(amount)
    row["cost_source"] = charge.source
    row["currency"] = charge.currency
    if charge.reason:
        row["cost_reason"] = charge.reason
    if charge.price is not None:
        row["price"] = json.dumps(dict(charge.price))
    if call.usage is not None:
        row["usage"] = without_secrets(json.dumps(call.usage))
    return row


def fitting(row: Row) -> Row:
    """Leave out of a row what a store cannot hold: half characters, NUL, whole numbers past 64 bits, NaN."""
    return {name: fit for name, value in row.items() if (fit := _fit(name, value)) is not None}


def _fit(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return text(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
    if COLUMNS.get(name) == "count":
        return value if -(2**63) <= value < 2**63 else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
