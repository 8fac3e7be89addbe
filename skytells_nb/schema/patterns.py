"""Regular expressions from elsewhere: whether one is usable, and whether it is in a text, told within a time."""

from __future__ import annotations

import math
import re
import warnings
from functools import lru_cache
from typing import Any

_LONGEST = 1000
_LONGEST_TEXT = 100_000
_MOST_COPIES = 100_000
_SECONDS = 0.05
_MOST_REPEATS = 3
_REPEAT = re.compile(r"[*+}]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_COUNTED = re.compile(r"\{(?:\d+,)?(\d+)")


def usable(pattern: object) -> bool:
    """Say whether Python can read the pattern (JSON Schema's are JavaScript's), and it is of a sane size."""
    return isinstance(pattern, str) and len(pattern) <= _LONGEST and _readable(pattern)


def for_names(pattern: str) -> bool:
    """Say whether a usable pattern is quick in itself: names are searched by jsonschema, which has no time to keep."""
    return not _REPEATED_GROUP.search(pattern) and len(_REPEAT.findall(pattern)) <= _MOST_REPEATS


@lru_cache(maxsize=1000)
def _readable(pattern: str) -> bool:
    counts = [int(count[:9]) for count in _COUNTED.findall(pattern)]
    if (math.prod(count + 1 for count in counts) if "){" in pattern else sum(counts)) > _MOST_COPIES:
        return False
    try:
        re.compile(pattern)
        _compiled(pattern)
    except (re.error, OverflowError, RecursionError, ValueError):
        return False
    return True


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> Any:
    import regex

    try:
        with warnings.catch_warnings(action="ignore"):  # of what another version will read otherwise
            return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(str(error)) from error


def found(pattern: str, text: str) -> bool | None:
    """Say whether the pattern is somewhere in the text; None where that cannot be told in time."""
    if len(text) > _LONGEST_TEXT:
        return None
    try:
        return _compiled(pattern).search(text, timeout=_SECONDS) is not None
    except TimeoutError:
        return None
