"""A text that a regular expression finds itself in: best effort, to be verified by whoever asks.

The expression is read by Python's own parser and written back as its shortest reading, each repetition a few
times more when a longer text is wanted. Look-arounds and anchors are passed over, and so may be broken.
"""

from __future__ import annotations

import re
from re import _parser  # type: ignore[attr-defined]  # the only reader of expressions Python has
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chance import Chooser

_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_NOT_DIGIT": "abcdef",
    "CATEGORY_WORD": "abcdefgh",
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "abcdefgh",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 -_.ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 4000


def matching(pattern: str, chance: Chooser, more: int = 0) -> str:
    """Return a text for `pattern`, with each repetition `more` times over its least.

    Raises `ValueError` for an expression that cannot be read or whose text would be too long.
    """
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{pattern[:80]!r} is not a regular expression that can be read.") from error
    return _Writer(chance, more).write(parsed)


class _Writer:
    """Writes one reading of an expression."""

    def __init__(self, chance: Chooser, more: int) -> None:
        self._chance = chance
        self._more = more
        self._groups: dict[int, str] = {}
        self._written = 0

    def write(self, parsed: Any) -> str:
        return "".join(self._token(str(name), value) for name, value in parsed)

    def _token(self, name: str, value: Any) -> str:
        match name:
            case "LITERAL":
                return self._spent(chr(value))
            case "NOT_LITERAL":
                return self._spent(next(letter for letter in _LETTERS if ord(letter) != value))
            case "ANY":
                return self._spent(self._chance.of("abcdefgh"))
            case "IN":
                return self._spent(self._chance.of(_members(value)))
            case "BRANCH":
                return self.write(self._chance.of(value[1]))
            case "SUBPATTERN":
                text = self._groups[value[0]] = self.write(value[-1])
                return text
            case "ATOMIC_GROUP":
                return self.write(value)
            case "GROUPREF":
                return self._spent(self._groups.get(value, ""))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = value
                return "".join(self.write(inner) for _ in range(min(int(low) + self._more, int(high))))
            case _:
                return ""

    def _spent(self, text: str) -> str:
        self._written += max(1, len(text))
        if self._written > _LONGEST:
            raise ValueError("The text of this regular expression is too long.")
        return text


def _members(items: Any) -> str:
    """Return the characters that a set allows, a few of each range."""
    refused = str(items[0][0]) == "NEGATE"
    found = ""
    for name, value in items:
        match str(name):
            case "LITERAL":
                found += chr(value)
            case "RANGE":
                found += "".join(map(chr, range(value[0], min(value[1] + 1, value[0] + 64))))
            case "CATEGORY":
                found += _CATEGORIES.get(str(value), "")
    if not refused:
        return found or "a"
    return "".join(letter for letter in _LETTERS if letter not in found) or "~"
