"""How large a picture is asked for. Pure.

Inputs say it in many ways: two sides; a size such as `1024x768` or `2K`; a resolution such as `720p` or `1 MP`; a
number of megapixels; an aspect ratio. A picture of which only the ratio is known has 768 pixels on its long side.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

LONG_SIDE = 768
_SHORTEST_SIDE = 320
_PIXELS = Decimal(1_000_000)
_SIDES = re.compile(r"(\d{1,5}) ?[x×*] ?(\d{1,5})")
_RATIO = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")
_NAMED = re.compile(r"(\d{1,5}(?:\.\d{1,3})?) ?(MP|P|K)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels across and down, and the megapixels that are billed: the round figure where the input names one."""

    width: int
    height: int
    megapixels: Decimal

    def within(self, pixels: int) -> tuple[int, int]:
        """Return width and height, made smaller in their ratio (to even numbers) where they are more than `pixels`."""
        if self.width * self.height <= pixels:
            return self.width, self.height
        scale = math.sqrt(pixels / (self.width * self.height))
        return max(2, int(self.width * scale / 2) * 2), max(2, int(self.height * scale / 2) * 2)


def size_of(values: Mapping[str, Any]) -> Size:
    """Read the size from an input with its defaults.

    `width` and `height` count where nothing else says the size, or where that says `custom`.
    """
    named = [values.get(name) for name in ("size", "resolution", "aspect_ratio")]
    sides = [values.get("width"), values.get("height")]
    if all(isinstance(side, int | float) for side in sides) and ("custom" in named or not any(named)):
        return _exact(*(int(side) for side in sides if side is not None))
    ratio = _RATIO.fullmatch(str(named[2]))
    across, down = (int(ratio[1]), int(ratio[2])) if ratio else (1, 1)
    for told in (*named[:2], f"{values.get('megapixels')} MP"):
        if sized := _SIDES.fullmatch(str(told)):
            return _exact(int(sized[1]), int(sized[2]))
        if sized := _NAMED.fullmatch(str(told)):
            return _scaled(Decimal(sized[1]), sized[2].upper(), across, down)
    short = max(_SHORTEST_SIDE, _even(LONG_SIDE * min(across, down) / max(across, down)))
    return _exact(*((LONG_SIDE, short) if across >= down else (short, LONG_SIDE)))


def _exact(width: int, height: int) -> Size:
    return Size(width, height, width * height / _PIXELS)


def _scaled(figure: Decimal, unit: str, across: int, down: int) -> Size:
    """`720p` is the short side; `1 MP` and `2K` (2048 by 2048) are the area."""
    if unit == "P":
        short = int(figure)
        long = _even(short * max(across, down) / min(across, down))
        return _exact(*((long, short) if across >= down else (short, long)))
    megapixels = figure if unit == "MP" else (figure * 1024) ** 2 / _PIXELS
    side = math.sqrt(megapixels * _PIXELS)
    stretch = math.sqrt(across / down)
    return Size(_even(side * stretch), _even(side / stretch), megapixels)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
