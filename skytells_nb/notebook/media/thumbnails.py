"""Pictures -> small pictures that can live in a notebook file.

A thumbnail is written in the bytes that there are: its sides follow from them, so that a small one is sharp rather than
blurred. Nothing but pixels goes into it: no colour profile, no place where a photograph was taken.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...errors import MediaError
from .moving import moving
from .pictures import on_screen, opened

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 512
BUDGET = 93_750
STILL = "moves; only its first picture is shown here"
_QUALITIES = (82, 62, 42)
_SMALLEST = 24
_PIXELS_A_BYTE = 8
_ENOUGH = 15 / 16
"""How much of its side a thumbnail has at least, where decoding at a fraction saves making it smaller."""
_READY = frozenset({"RGB", "RGBA", "L", "LA", "CMYK"})
"""The modes that can be made small as they are."""


class Thumbnail(NamedTuple):
    """A small picture's bytes and content type; width and height are the original's, upright, in pixels.

    `note` says what of the original it does not show.
    """

    data: bytes
    mime: str
    width: int
    height: int
    note: str = ""


def thumbnail(
    source: bytes | Path, *, max_side: int = SIDE, budget: int = BUDGET, keep_moving: bool = False
) -> Thumbnail:
    """Make a small picture of at most `max_side` pixels a side and `budget` bytes.

    Turned as its EXIF data says, transparency kept. An animation is its first picture, with `keep_moving` an animation
    where that fits. Raises `MediaError` ("cannot be shown: …").
    """
    with opened(source) as image:
        size = image.size
        moves = keep_moving and getattr(image, "is_animated", False)
        if moves and (data := moving(image, max_side=max_side, budget=budget)) is not None:
            return Thumbnail(data, "image/webp", *size)
        image.seek(0)
        small, turned = _small(image, max_side)
        data, mime = within(small, budget)
    width, height = reversed(size) if turned else size
    return Thumbnail(data, mime, width, height, STILL if moves else "")


def _small(image: Image, side: int) -> tuple[Image, bool]:
    """Give an upright picture of at most `side` pixels a side, and say whether it was laid on its other side."""
    from PIL import ImageOps

    if image.mode in ("RGB", "L", "CMYK"):  # a JPEG is then decoded at a fraction of its size
        enough = side * _ENOUGH / max(image.size)
        image.draft(image.mode, (math.ceil(image.width * enough), math.ceil(image.height * enough)))
    if image.mode not in _READY or "transparency" in image.info:
        image = on_screen(image)
    image.thumbnail((side, side), reducing_gap=1.0)
    upright = ImageOps.exif_transpose(on_screen(image))
    orientation = image.getexif().get(0x0112, 1)
    return upright, orientation in (5, 6, 7, 8)


def within(image: Image, budget: int) -> tuple[bytes, str]:
    """Write an RGB or RGBA picture in at most `budget` bytes: (bytes, content type); quality goes first, then size.

    Raises `MediaError` where there is room for nothing.
    """
    share = math.sqrt(budget * _PIXELS_A_BYTE / (image.width * image.height))
    side = max(image.size)
    if share < 1:
        side = max(_SMALLEST, int(side * share))
    while side >= min(_SMALLEST, max(image.size)):
        small = image.copy()
        small.thumbnail((side, side))
        size = budget
        for quality in _QUALITIES:
            data, mime = _encoded(small, quality)
            size = len(data)
            if size <= budget:
                return data, mime
            if size > budget * 2.5:  # no quality saves as much
                break
        side = int(side * min(0.8, math.sqrt(budget / size)))
    raise MediaError(f"cannot be shown: no room for it in {budget} bytes.")


def _encoded(image: Image, quality: int) -> tuple[bytes, str]:
    from PIL import features

    file = io.BytesIO()
    if features.check("webp"):
        image.save(file, "WEBP", quality=quality, method=1, icc_profile=b"")
        return file.getvalue(), "image/webp"
    if image.mode == "RGBA":
        image.save(file, "PNG", optimize=True, icc_profile=None)
        return file.getvalue(), "image/png"
    image.save(file, "JPEG", quality=quality, icc_profile=None)
    return file.getvalue(), "image/jpeg"
