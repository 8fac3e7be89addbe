"""What no JSON can carry, whatever a schema says: numbers that are none, endless nesting."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .sentences import Problem, Steps, problem

DEEPEST = 100
_LARGEST = 10**4000
"""Python refuses to write longer whole numbers out."""


def faults(steps: Steps, value: Any) -> Iterator[Problem]:
    """Find what cannot be sent in one value, however deep it stands."""
    if isinstance(value, str | bool) or value is None:
        return
    pending: list[tuple[Steps, Any]] = [(steps, value)]
    seen: dict[int, int] = {}
    while pending:
        place, part = pending.pop()
        if isinstance(part, dict | list):
            depth = len(place)
            if seen.get(id(part), -1) >= depth:
                continue
            seen[id(part)] = depth
            if depth > DEEPEST:
                yield problem(steps, f"is nested more than {DEEPEST} levels deep")
                return
            inner = part.items() if isinstance(part, dict) else enumerate(part)
            pending += [((*place, step), entry) for step, entry in inner]
        elif isinstance(part, float) and not math.isfinite(part):
            yield problem(place, f"must be a finite number (got {part})")
        elif isinstance(part, int) and abs(part) > _LARGEST:
            yield problem(place, "is too large a number to be sent")
