"""What no JSON can carry, whatever a schema says: numbers that are none, half characters, objects, endless nesting."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from .sentences import Problem, Steps, problem, shown
from .shapes import LARGEST

DEEPEST = 100
_HALF = re.compile("[\ud800-\udfff]")


def faults(steps: Steps, value: Any) -> Iterator[Problem]:
    """Find what cannot be sent in one value, however deep it stands."""
    pending: list[tuple[Steps, Any]] = [(steps, value)]
    seen: dict[int, int] = {}
    while pending:
        place, part = pending.pop()
        if isinstance(part, dict | list | tuple):
            depth = len(place)
            if seen.get(id(part), -1) >= depth:
                continue
            seen[id(part)] = depth
            if depth > DEEPEST:
                yield problem(steps, f"is nested more than {DEEPEST} levels deep")
                return
            if isinstance(part, dict):
                yield from (
                    problem(place, f"has the name {shown(n)}, not a text") for n in part if not isinstance(n, str)
                )
            inner = part.items() if isinstance(part, dict) else enumerate(part)
            pending += [((*place, step), entry) for step, entry in inner if isinstance(step, str | int)]
        elif isinstance(part, str):
            if not part.isascii() and _HALF.search(part):
                yield problem(place, "holds half of a character, which cannot be sent")
        elif isinstance(part, float) and not math.isfinite(part):
            yield problem(place, f"must be a finite number (got {part})")
        elif isinstance(part, int) and abs(part) > LARGEST:
            yield problem(place, "is too large a number to be sent")
        elif part is not None and not isinstance(part, int | float):
            yield problem(place, f"is no JSON value (got {shown(part)})")
