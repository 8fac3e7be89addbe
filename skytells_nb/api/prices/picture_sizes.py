"""How many pixels a picture has: by the inputs that ask for it, or by the first bytes of one that is sent. Pure.

Inputs say a size in many ways: two sides, `1024x768`, `1 MP`, `720p`, `2K`. What a service makes of an aspect ratio
alone is its own affair. Of the words of which services make different things, the bounds of all are given.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .amounts import MILLION
from .extents import Extent, between, exactly, unknown
from .inputs import Inputs

_SIDES = re.compile(r"(\d{1,5}) ?[x×*] ?(\d{1,5})")
_RATIO = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")
_NAMED = re.compile(r"(\d{1,5}(?:\.\d{1,3})?) ?(MP|P|K)", re.IGNORECASE)
_SIZE_INPUTS = ("size", "image_size", "resolution", "aspect_ratio")
_AREA_INPUTS = ("megapixels", "output_megapixels")
_BLOCK = 16
"""Sides of pictures are rounded to a multiple of at most this."""

_HEAD = 64 * 1024
_NO_SIZE = "the inputs do not say how large"


def asked_for(inputs: Inputs) -> Extent:
    """Give the megapixels of one output, as far as the inputs decide them."""
    named = [inputs.get(name) for name in _SIZE_INPUTS]
    if "custom" in named:
        return _by_sides(inputs) or unknown(_NO_SIZE)
    by_name = next(filter(None, (_told(word, named[-1]) for word in named[:-1])), None) or _by_area(inputs)
    if by_name is not None and not inputs.has("width") and not inputs.has("height"):
        return by_name  # defaults of the sides are there for "custom"
    by_sides = _by_sides(inputs)
    if by_name is None:
        return unknown(_NO_SIZE) if by_sides is None or any(named) else by_sides
    return by_name if by_sides is None else _either(by_name, by_sides, "its size is named and its sides are given too")


def _by_area(inputs: Inputs) -> Extent | None:
    found = next(filter(None, (_told(f"{inputs.get(name)} MP", None) for name in _AREA_INPUTS)), None)
    return found or inputs.number(_AREA_INPUTS)


def _either(one: Extent, other: Extent, why: str) -> Extent:
    joined = one.or_else(other)
    return Extent(joined.low, joined.high, why)


def _by_sides(inputs: Inputs) -> Extent | None:
    width, height = (inputs.number((name,)) for name in ("width", "height"))
    if width is None or height is None:
        return None
    return width.times(height).times(exactly(1 / MILLION))


def _told(word: Any, ratio: Any) -> Extent | None:
    """Read a size in words, such as `1024x768`, `1 MP` or `720p`, the last with an aspect ratio."""
    if not isinstance(word, str):
        return None
    if sized := _SIDES.fullmatch(word):
        return exactly(Decimal(int(sized[1]) * int(sized[2])) / MILLION)
    named = _NAMED.fullmatch(word)
    if named is None:
        return None
    number, unit = Decimal(named[1]), named[2].upper()
    if unit == "MP":
        return exactly(number)
    if unit == "K":  # 2K is 1920 by 1080 for some, and 2048 by 2048 for others
        thousand = number * number / MILLION
        return between((thousand * 960 * 540, thousand * 1024 * 1024), f"{word} is not the same size everywhere")
    shape = _RATIO.fullmatch(ratio) if isinstance(ratio, str) else None
    return _by_short_side(int(number), int(shape[1]), int(shape[2])) if shape else unknown(f"{word} is one side only")


def _by_short_side(short: int, across: int, down: int) -> Extent:
    long, rest = divmod(short * max(across, down), min(across, down))
    if not rest and not long % 2:
        return exactly(Decimal(short * long) / MILLION)
    least, most = long // _BLOCK * _BLOCK, (long // _BLOCK + 1) * _BLOCK
    return between((Decimal(short * side) / MILLION for side in (least, most)), "its long side is rounded")


def sent(inputs: Inputs) -> Extent:
    """Give the megapixels of the pictures among the inputs; of one behind a link nobody knows them."""
    found = exactly(0)
    for link in inputs.links():
        if link.startswith("data:"):
            if not link.startswith("data:image/"):
                continue
            sides = sides_of(link)
            area = exactly(Decimal(sides[0] * sides[1]) / MILLION) if sides else None
            found = found.plus(area or Extent(Decimal(0), None, "a picture that is sent does not tell its size"))
        else:
            found = found.plus(Extent(Decimal(0), None, "how large a picture behind a link is, only the service sees"))
    return found


def sides_of(link: str) -> tuple[int, int] | None:
    """Read width and height of a PNG, GIF, WebP or JPEG picture in a data URL; None for any other."""
    comma = link.find(",", 0, 200)
    if comma < 0 or not link.startswith(";base64", comma - len(";base64")):
        return None
    try:
        first = base64.b64decode(link[comma + 1 : comma + 1 + _HEAD // 3 * 4])
    except (binascii.Error, ValueError):
        return None
    for begins, read in _READERS:
        if first.startswith(begins):
            try:
                sides = read(first)
            except (struct.error, IndexError):
                return None
            return sides if sides and all(sides) else None
    return None


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<HH", data[6:10])
    return width, height


def _webp(data: bytes) -> tuple[int, int] | None:
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of JPEG that begin a frame and hold its size."""


def _jpeg(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        if data[place + 1] in _FRAMES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
    return None


_READERS: tuple[tuple[bytes, Callable[[bytes], tuple[int, int] | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF8", _gif),
    (b"RIFF", _webp),
    (b"\xff\xd8\xff", _jpeg),
)
