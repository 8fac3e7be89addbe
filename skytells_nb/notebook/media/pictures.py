"""Pictures opened safely: only the formats that `sniff` calls images, none of more pixels than the machine can bear.

Nothing that a decoder does escapes but a `MediaError` with a reason fit for people; its warnings are not shown.
"""

from __future__ import annotations

import io
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import MediaError, plain

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP")
LARGE = 20_000_000
"""Pixels above which only one picture is decoded at a time."""

_one_large = threading.Lock()


@contextmanager
def opened(source: bytes | Path) -> Iterator[Image]:
    """Open a picture for a block, not yet decoded.

    Whatever goes wrong in the block is raised as a `MediaError` ("cannot be shown: …"), a picture of too many pixels
    (over 89 million) among it.
    """
    from PIL import Image

    with (
        _guarded(),
        Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image,
        _one_large if image.width * image.height > LARGE else nullcontext(),
    ):
        yield image


def loaded(path: Path) -> Image:
    """Give a picture as Pillow opens it, decoded, and free of its file; raises `MediaError` as `opened` does."""
    from PIL import Image

    with _guarded():
        image = Image.open(io.BytesIO(path.read_bytes()), formats=FORMATS)
        image.load()
        return image


@contextmanager
def _guarded() -> Iterator[None]:
    from PIL import Image

    with _quietly():
        try:
            yield
        except MediaError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise MediaError("cannot be shown: it has too many pixels to be opened safely.") from error
        except Exception as error:  # a broken picture can raise anything out of a decoder
            raise MediaError(f"cannot be shown: {_reason(error)}.") from error


def on_screen(image: Image) -> Image:
    """Bring any mode to RGB or RGBA; greys of 16 bits are scaled, not clipped. What EXIF says stays."""
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


def _reason(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):  # its own words name an address in memory
        return "it is broken, or no picture"
    return plain(error, 120).rstrip(".") or type(error).__name__


class _Filters:
    """The warning filters, which belong to the whole process: changed by the first who comes, put back by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                _set_filters()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._before.__exit__(None, None, None)


_filters = _Filters()


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence decoders, and let Pillow's doubt about a picture's size be an error."""
    if getattr(sys.flags, "context_aware_warnings", False):  # Python 3.14 without the global lock: each thread its own
        with warnings.catch_warnings():
            _set_filters()
            yield
        return
    with _filters:
        yield


def _set_filters() -> None:
    from PIL import Image

    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
