"""The files of a job: bytes and their content type, made when they are first asked for.

A file is a pure function of the model, the input and its number, so nothing is stored: it is made again
whenever it is wanted, with the last few kept at hand. Making one takes up to a second of pure computing and
therefore runs outside the server's loop.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from ..models.catalogue import models
from ..models.sizes import size_of
from ..models.validation import filled
from ..predictions.jobs import Job, extension
from . import films, sounds

_CONTENT_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcm": "application/octet-stream",
    "mp4": "video/mp4",
}
_MOST_PIXELS = 2_100_000  # 1080p is drawn whole


def content_type(job: Job) -> str:
    """Return the content type of a job's files."""
    return _CONTENT_TYPES[extension(job.model, job.input)]


def render(job: Job, index: int) -> bytes:
    """Return the bytes of output `index` of `job`; pictures have at most 2 megapixels."""
    given = json.dumps(job.input, sort_keys=True)
    return _render(job.model.namespace, given, index, len(job.outputs))


@lru_cache(maxsize=48)
def _render(name: str, text: str, index: int, count: int) -> bytes:
    model, given = models()[name], json.loads(text)
    values = filled(model.schema, given)
    form, prompt, seed = extension(model, given), _text(values, "prompt", "text"), _seed(values, text)
    match model.makes(given):
        case "audio":
            rate = values.get("sample_rate") or 44100
            words = _text(values, "lyrics", "text", "script", "prompt")
            return sounds.song(lyrics=words, style=prompt, audio_format=form, sample_rate=int(rate))
        case "video":
            return films.film(model=name, prompt=prompt, seed=seed)
        case _:
            from .pictures import picture

            size = size_of(values).within(_MOST_PIXELS)
            return picture(model=name, prompt=prompt, seed=seed, index=index, count=count, size=size, form=form)


def _text(values: dict[str, Any], *names: str) -> str:
    """Return the first of these inputs that has text, else none."""
    return next((value for name in names if isinstance(value := values.get(name), str) and value), "")


def _seed(values: dict[str, Any], given: str) -> int:
    """Return the seed that was sent, else one made from the whole input."""
    sent = values.get("seed")
    return int(sent) if sent is not None else int.from_bytes(hashlib.sha256(given.encode()).digest()[:4], "big")
