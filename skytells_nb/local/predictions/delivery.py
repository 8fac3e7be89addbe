"""Delivery of finished files: which bytes of a file a browser asked for.

Audio and video players seek by asking for ranges of bytes; a server that ignores them cannot be seeked in.
Pure: a `Range` header and a size in, a slice out. Requests for several ranges at once, and headers that
cannot be read, get the whole file, which HTTP allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` up to, not with, `end`; not `satisfiable` when the file has none of them."""

    start: int
    end: int
    satisfiable: bool = True


def part_of(header: str | None, size: int) -> Part | None:
    """Return the part of a file of `size` bytes that a `Range` header asks for; None for the whole file."""
    found = _ONE_RANGE.match(header or "")
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    return Part(start, end, satisfiable=start < end)
