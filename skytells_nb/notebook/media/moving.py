"""Animations -> small animations, within bounds of work and bytes.

What a short file unpacks into is bounded before it is unpacked: so many pictures, so many pixels in all. More than that
is not shown moving.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

READ = 150
"""The most pictures of an animation that are read."""
WRITTEN = 50
"""The most that are written; of more, every second or third is."""
PIXELS = 30_000_000
"""The most pixels that all of them may have."""
_SIDE = 320
_SMALLEST = 64
_PIXELS_A_BYTE = 24
_TRIES = 3
_FASTEST, _SLOWEST, _USUAL = 20, 10_000, 100  # milliseconds that a picture stays


def moving(image: Image, *, max_side: int, budget: int) -> bytes | None:
    """Make an animated WebP of at most `budget` bytes from an opened animation, which repeats for ever.

    None where it has more than 150 pictures or 30 million pixels, does not fit, or no WebP can be written; `image` then
    stands at any of its pictures. Raises what Pillow raises for a broken file.
    """
    from PIL import features

    frames, times = _read(image, min(_SIDE, max_side))
    if len(frames) < 2 or not features.check("webp"):
        return None
    step = math.ceil(len(frames) / WRITTEN)
    frames, times = frames[::step], [sum(times[at : at + step]) for at in range(0, len(times), step)]
    width, height = frames[0].size
    side = int(max(width, height) * min(1.0, math.sqrt(budget * _PIXELS_A_BYTE / (len(frames) * width * height))))
    for _ in range(_TRIES):
        if side < min(_SMALLEST, max(width, height)):
            return None
        data = _written(frames, times, side)
        if len(data) <= budget:
            return data
        side = int(side * min(0.85, 0.9 * math.sqrt(budget / len(data))))
    return None


def _read(image: Image, side: int) -> tuple[list[Image], list[int]]:
    """Read the pictures small, and how many milliseconds each stays; nothing where there are too many."""
    most = min(READ, PIXELS // (image.width * image.height))
    frames: list[Image] = []
    times: list[int] = []
    while True:
        try:
            image.seek(len(frames))
        except EOFError:
            return frames, times
        if len(frames) >= most:
            return [], []
        frame = image.convert("RGBA")
        frame.thumbnail((side, side), reducing_gap=1.0)
        frames.append(frame)
        times.append(_time(image.info.get("duration")))


def _time(told: object) -> int:
    if not isinstance(told, int | float) or not 0 < told < math.inf:
        return _USUAL
    return int(min(_SLOWEST, max(_FASTEST, told)))


def _written(frames: list[Image], times: list[int], side: int) -> bytes:
    small = []
    for frame in frames:
        shrunk = frame.copy()
        shrunk.thumbnail((side, side))
        small.append(shrunk)
    file = io.BytesIO()
    small[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=small[1:],
        duration=times,
        loop=0,
        quality=60,
        method=2,
        icc_profile=b"",
    )
    return file.getvalue()
