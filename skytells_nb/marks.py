"""The part of a typed line that an error is about, and how it is drawn. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

Span = tuple[int, int]
"""Where a part of a text begins and ends."""

_BESIDE = 1000
"""Characters beside what is drawn that are cleaned with it, so that no half of a key stays."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody typed, and the `parts` of it that an error is about."""

    text: str
    parts: tuple[Span, ...]

    def lines(self, clean: Callable[[str], str], width: int = 100) -> list[str]:
        """Draw the line of the first part, and ^ under the parts at fault.

        Of a long line `width` characters are drawn, around the first part. `clean` takes out of a text what must not
        be printed, and keeps its length.
        """
        start = self.parts[0][0]
        begin = self.text.rfind("\n", 0, start) + 1
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        low = max(begin, min(start - width // 3, end - width))
        high = min(end, low + width)
        beside = max(begin, low - _BESIDE)
        shown = clean(self.text[beside : high + _BESIDE])[low - beside : high - beside]
        before, after = "…" * (low > begin), "…" * (high < end)
        under = [" "] * (_columns(before + shown) + 1)
        for first, last in self.parts:
            if low <= first <= high:
                column = _columns(before + shown[: first - low])
                wide = max(1, _columns(shown[first - low : min(last, high) - low]))
                under[column : column + wide] = "^" * wide
        return [f"    {before}{shown}{after}", f"    {''.join(under).rstrip()}"]


def _columns(text: str) -> int:
    """Say how wide a text is where letters have one width."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
