"""What is learned of a call later, put to its row in memory, by the rules that `statements` puts to a store. Pure."""

from __future__ import annotations

from datetime import datetime

from .rows import BEGUN, ELSEWHERE, Row
from .statements import _ALL_ENDED, _CHARGE, _ENDED

_WORTH = {"unknown": 0, "priced": 1, "billed": 2}


def learned(row: Row, told: Row) -> Row:
    """Give a row with what is told of it now; where the call of another id tells it, that one waited for its job.

    A row that has ended keeps its end, and gains what was missing. A cost replaces one that is known no better.
    """
    same = row["id"] == told["id"]
    facts = {
        name: value
        for name, value in told.items()
        if name not in BEGUN and name not in _CHARGE and (same or name not in ELSEWHERE)
    }
    if not same and "finished_at" in facts:
        passed = datetime.fromisoformat(facts["finished_at"]) - datetime.fromisoformat(row["started_at"])
        facts["seconds"] = max(0.0, passed.total_seconds())
    if row["status"] in _ENDED.get(told["status"], _ALL_ENDED):
        facts = {name: value for name, value in facts.items() if name not in row and name != "error_id"}
    elif told["status"] == "succeeded":
        row = {name: value for name, value in row.items() if name != "error_id"}
    if _WORTH[told["cost_source"]] >= _WORTH[row["cost_source"]]:
        row = {name: value for name, value in row.items() if name not in _CHARGE}
        facts |= {name: told[name] for name in _CHARGE if name in told}
    return row | facts
