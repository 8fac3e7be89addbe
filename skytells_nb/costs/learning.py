"""What is learned of a call later, put to its row in memory by the rules of `precedence`. Pure."""

from __future__ import annotations

from datetime import datetime

from .precedence import CHARGE, WORTH, ended
from .rows import BEGUN, ELSEWHERE, Row


def learned(row: Row, told: Row) -> Row:
    """Give a row with what is told of it now; where the call of another id tells it, that one waited for its job."""
    same = row["id"] == told["id"]
    facts = {
        name: value
        for name, value in told.items()
        if name not in BEGUN and name not in CHARGE and (same or name not in ELSEWHERE)
    }
    if not same and "finished_at" in facts:
        passed = datetime.fromisoformat(facts["finished_at"]) - datetime.fromisoformat(row["started_at"])
        facts["seconds"] = max(0.0, passed.total_seconds())
    if row["status"] in ended(told["status"]):
        facts = {name: value for name, value in facts.items() if name not in row and name != "error_id"}
    elif told["status"] == "succeeded":
        row = {name: value for name, value in row.items() if name != "error_id"}
    if WORTH[told["cost_source"]] >= WORTH[row["cost_source"]]:
        row = {name: value for name, value in row.items() if name not in CHARGE}
        facts |= {name: told[name] for name in CHARGE if name in told}
    return row | facts
