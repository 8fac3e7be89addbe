"""The leaves of a drafted value: a number between its limits, a text of its format, pattern and length."""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

from .patterns import matching

if TYPE_CHECKING:
    from .chance import Chooser

_LONGEST = 10_000
_SHORT = 16
_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "reader@example.com",
    "idn-email": "reader@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/sandbox",
    "uri-reference": "/sandbox",
    "iri": "https://example.com/sandbox",
    "iri-reference": "/sandbox",
    "uri-template": "/sandbox/{id}",
    "json-pointer": "/sandbox",
    "relative-json-pointer": "1",
    "regex": "^sandbox$",
    "byte": "c2FuZGJveA==",
    "binary": "sandbox",
}
Json = dict[str, Any]


def number(schema: Json, chance: Chooser, offered: list[float], *, whole: bool) -> float:
    """Return a number for `schema`, the first of `offered` that fits (and is then taken) or one near the lower limit.

    Raises `ValueError` when no number is between the limits.
    """
    step = schema.get("multipleOf") or (1 if whole else 0)
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    for given in offered:
        if low <= given <= high and above < given < below and not (step and given % step):
            offered.remove(given)
            return int(given) if float(given).is_integer() else given
    bottom, top = max(low, above), min(high, below)
    if bottom > top:
        raise ValueError("no number is between these limits")
    if bottom == -math.inf:
        bottom = min(0, top - 10 * (step or 1)) if top < math.inf else 0
    if not step:
        # Some tenths of the way: inside the limits whether or not they count themselves in.
        span = min(top - bottom, 10.0)
        return float(bottom + span * (1 + chance.below(8)) / 10) if span else bottom
    place = math.ceil(bottom / step)
    place += place * step <= above
    room = 10
    if top < math.inf:
        last = math.floor(top / step)
        room = last - (last * step >= below) - place + 1
    found = (place + chance.below(max(1, min(room, 10)))) * step
    return int(found) if whole else found


def text(schema: Json, chance: Chooser, word: str, mark: str) -> str:
    """Return a text for `schema`: of its pattern, its format, or `word` and `mark`, as long as it has to be.

    Raises `ValueError` when the text would be too long, or the pattern finds itself in none.
    """
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
    if least > _LONGEST:
        raise ValueError("the text would be too long")
    if "pattern" in schema:
        return _of_pattern(schema["pattern"], chance, word, least, most)
    kind = schema.get("format")
    if kind == "uuid":
        digest = hashlib.md5(f"{chance.below(2**62)}".encode(), usedforsecurity=False).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"
    if kind in _FORMATS:
        return _FORMATS[kind]
    plain = word or f"sample {chance.below(90) + 10}"
    marked = f"{plain} {mark}" if mark and len(plain) + len(mark) < most else plain
    long = f"{marked} " * (least // len(marked) + 1) if len(marked) < least else marked
    return long[: min(max(least, len(marked)), most)]


def _of_pattern(pattern: str, chance: Chooser, word: str, least: int, most: int) -> str:
    # A long word could keep a careless expression busy for ever.
    for candidate in (word, word.lower()) if len(word) <= _SHORT else ():
        if candidate and least <= len(candidate) <= most and re.search(pattern, candidate):
            return candidate
    for more in (0, 1, 2, 3, 5, 8, least):
        found = matching(pattern, chance, more)
        padded = found.ljust(least, "a")
        for candidate in (found, padded):
            if least <= len(candidate) <= most and re.search(pattern, candidate):
                return candidate
    raise ValueError("no text was found for the pattern")
