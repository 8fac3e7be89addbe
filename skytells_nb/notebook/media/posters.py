"""Films -> what stands for them until they play: one small picture, the size of the screen, the length.

Read with PyAV where it is installed (extra `video`); without it a film has no poster. The file is foreign: only the
container that its first bytes name is tried, from the open file, so that no address in it is followed, and only its
beginning is decoded.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .thumbnails import SIDE, within

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = 30
"""The most pictures of a film that are decoded: a beginning that fades in from black is passed over."""
PIXELS = 40_000_000
"""The most pixels that a picture of a film may have."""
_DARK = 24
_CONTAINERS = {"video/mp4": "mp4", "video/quicktime": "mp4", "video/webm": "matroska", "video/ogg": "ogg"}


class Poster(NamedTuple):
    """A film's picture in bytes, with its content type; the film's width and height in pixels, its length in seconds.

    `seconds` is None where the file does not tell.
    """

    data: bytes
    mime: str
    width: int
    height: int
    seconds: float | None


def poster(path: Path, mime: str, *, budget: int) -> Poster | None:
    """Make the poster of a film in at most `budget` bytes; None where there is none to be had."""
    container = _CONTAINERS.get(mime)
    if container is None or find_spec("av") is None:
        return None
    try:
        return _poster(path, container, budget)
    except Exception:  # noqa: BLE001 - a broken film can raise anything, and is linked all the same
        return None


def _poster(path: Path, container: str, budget: int) -> Poster | None:
    import av

    with path.open("rb") as file, av.open(file, "r", format=container) as film:
        stream = film.streams.video[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        if not 0 < width * height <= PIXELS:
            return None
        stream.thread_count = 1
        picture = None
        for number, frame in enumerate(film.decode(stream), 1):
            if frame.width * frame.height > PIXELS:
                return None
            picture = frame.to_image()
            picture.thumbnail((SIDE, SIDE), reducing_gap=1.0)
            if not _is_dark(picture) or number == PICTURES:
                break
        if picture is None:
            return None
        seconds = film.duration / av.time_base if film.duration and film.duration > 0 else None
        return Poster(*within(picture, budget), width, height, seconds)


def _is_dark(picture: Image) -> bool:
    return max(high for _, high in picture.convert("RGB").getextrema()) < _DARK  # type: ignore[misc]
