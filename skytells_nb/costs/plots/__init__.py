"""Pictures of the record: what calls cost over time, how long they took, their tokens, and cost against latency.

Each takes what `sky.usage()` gives (or any frame with the columns that it needs), draws on `ax` or on a new figure that
a notebook shows by itself, and returns the Axes, so that people can go on. Live and sandbox calls are never in one
picture (where a frame holds both, the live ones are drawn), nor are two currencies added up; the title says what is not
drawn, and an unknown cost is never 0. Moments are UTC.
Raises `InputError` for a frame without the columns, `SetupError` where matplotlib is missing (extra `plots`).
"""

from __future__ import annotations

from .bars import spend, tokens
from .points import compare, latency

__all__ = ["compare", "latency", "spend", "tokens"]
