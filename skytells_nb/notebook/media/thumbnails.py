"""Pictures -> small pictures that can live in a notebook file.

The only home of Pillow. Only formats that `sniff` calls images are opened; a picture that is broken, or so large that
opening it would eat the machine, raises `MediaError` with a reason fit for people, and no warning escapes.
"""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...errors import MediaError, plain

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP")
SIDE = 512
BUDGET = 150_000
_QUALITIES = (82, 70, 55, 40, 25)
_SMALLEST = 24
_one_at_a_time = threading.Lock()


class Thumbnail(NamedTuple):
    """A small picture's bytes and content type; width and height are the original's, upright, in pixels."""

    data: bytes
    mime: str
    width: int
    height: int


def thumbnail(source: bytes | Path, *, max_side: int = SIDE, budget: int = BUDGET) -> Thumbnail:
    """Make a small picture of at most `max_side` pixels a side and `budget` bytes.

    The first frame, turned as its EXIF data says, transparency kept. Raises `MediaError` ("cannot be shown: …").
    """
    from PIL import Image, ImageOps

    with _one_at_a_time, warnings.catch_warnings():  # the list of warning filters belongs to the whole process
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as opened:
                opened.draft("RGB", (max_side * 2, max_side * 2)) if opened.mode == "RGB" else None
                original = opened.size
                opened.seek(0)
                upright = ImageOps.exif_transpose(_eight_bit(opened))
                turned = (upright.width > upright.height) != (opened.width > opened.height)
            upright.thumbnail((max_side, max_side))
            data, mime = _within(upright, budget)
        except MediaError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise MediaError("cannot be shown: it has too many pixels to be opened safely.") from error
        except Exception as error:  # a broken picture can raise anything out of a decoder
            raise MediaError(f"cannot be shown: {plain(error, 120) or type(error).__name__}.") from error
    width, height = reversed(original) if turned else original
    return Thumbnail(data, mime, width, height)


def _eight_bit(image: Image) -> Image:
    """Bring any mode to RGB or RGBA; greys of 16 bits are scaled, not clipped."""
    if image.mode in ("RGB", "RGBA"):
        return image
    exif = image.getexif()
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    see_through = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    converted = image.convert("RGBA" if see_through else "RGB")
    if exif:
        converted.info["exif"] = exif.tobytes()
    return converted


def _within(image: Image, budget: int) -> tuple[bytes, str]:
    """Write the picture in at most `budget` bytes: quality goes first, then size."""
    from PIL import features

    side = max(image.size)
    webp = features.check("webp")
    see_through = image.mode == "RGBA"
    while side >= _SMALLEST:
        for quality in _QUALITIES:
            file = io.BytesIO()
            if webp:
                image.save(file, "WEBP", quality=quality, method=4)
            elif see_through:
                image.save(file, "PNG", optimize=True)
            else:
                image.save(file, "JPEG", quality=quality)
            if file.tell() <= budget:
                return file.getvalue(), f"image/{'webp' if webp else 'png' if see_through else 'jpeg'}"
        side = side * 2 // 3
        image = image.copy()
        image.thumbnail((side, side))
    raise MediaError(f"cannot be shown: no room for it in {budget} bytes.")
