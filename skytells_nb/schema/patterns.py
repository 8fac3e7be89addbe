"""Regular expressions from elsewhere: whether one is usable, and whether trying it could take for ever."""

from __future__ import annotations

import math
import re
from functools import lru_cache

_LONGEST = 1000
_LONGEST_TEXT = 5000
_MOST_STEPS = 10**7
_REPEAT = re.compile(r"[*+}]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")


def usable(pattern: object) -> bool:
    """Say whether Python can read the pattern (JSON Schema's are JavaScript's), and it is of a sane length."""
    return isinstance(pattern, str) and len(pattern) <= _LONGEST and _readable(pattern)


@lru_cache(maxsize=1000)
def _readable(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError, ValueError):
        return False
    return True


def quick(pattern: str, size: int) -> bool:
    """Say whether searching a text of that size takes no long time, by an estimate that errs on the safe side.

    Repeats that follow each other share the text in as many ways as there are combinations; a repeated group does so
    anew for each character; optional parts and alternatives multiply.
    """
    if size > _LONGEST_TEXT:
        return False
    repeats, groups = len(_REPEAT.findall(pattern)), pattern.count("(")
    optional, others = pattern.count("?"), pattern.count("|")
    if repeated := len(_REPEATED_GROUP.findall(pattern)):
        return repeated == 1 and (2.0 * (repeats + optional + others)) ** min(size, 60) <= _MOST_STEPS
    ways = (others / (groups + 1) + 1.0) ** min(groups + 1, 60) * 2.0 ** min(optional, 60)
    return math.comb(size + repeats + 1, min(repeats + 1, 40)) * ways <= _MOST_STEPS


def found(pattern: str, text: str) -> bool:
    """Say whether the pattern is somewhere in the text."""
    return bool(re.search(pattern, text))
