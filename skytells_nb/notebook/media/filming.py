"""The beginning of a film -> one picture. Runs in a process of its own, which `posters` starts.

Decoders of films are large and old; one that a hostile file breaks takes that process with it, and no notebook. Only
the container that the film's first bytes name is tried, from the open file, so that no address in it is followed.
"""

from __future__ import annotations

import base64
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .thumbnails import SIDE, within

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = 30
"""The most pictures of a film that are decoded: a beginning that fades in from black is passed over."""
PIXELS = 40_000_000
"""The most pixels that a picture of a film may have."""
MEMORY = 3_000_000_000
"""The most bytes of memory that the process may have, where the system lets that be set."""
_DARK = 24


def filmed(path: Path, container: str, budget: int) -> dict[str, Any] | None:
    """Give a film's picture and facts as JSON: {"data", "mime", "width", "height", "seconds"}; None without picture.

    `data` is base64 of at most `budget` bytes, `seconds` None where the film does not tell. Raises what decoders raise.
    """
    import av

    with path.open("rb") as file, av.open(file, "r", format=container) as film:
        stream = film.streams.video[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        if not 0 < width * height <= PIXELS:
            return None
        stream.thread_count = 1
        picture: Image | None = None
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
        data, mime = within(picture, budget)
        facts = {"mime": mime, "width": width, "height": height, "seconds": seconds}
        return {"data": base64.b64encode(data).decode(), **facts}


def _is_dark(picture: Image) -> bool:
    return max(high for _, high in picture.convert("RGB").getextrema()) < _DARK  # type: ignore[misc]


def main() -> None:
    """Print the picture of the film that the arguments name: path, container, bytes."""
    with suppress(ImportError, OSError, ValueError):  # there is no such limit on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path, container, budget = sys.argv[1:]
    print(json.dumps(filmed(Path(path), container, int(budget))))
