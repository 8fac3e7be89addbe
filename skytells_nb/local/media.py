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

from . import films, sounds
from .jobs import Job, extension

CONTENT_TYPES = {
    "png": "image/png",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcm": "application/octet-stream",
    "mp4": "video/mp4",
}


def content_type(job: Job) -> str:
    """Return the content type of a job's files."""
    return CONTENT_TYPES[extension(job.model, job.input)]


def render(job: Job, index: int) -> bytes:
    """Return the bytes of output `index` of `job`."""
    given = json.dumps(job.input, sort_keys=True)
    return _render(job.model.kind, job.model.namespace, given, index, len(job.outputs))


@lru_cache(maxsize=48)
def _render(kind: str, model: str, given: str, index: int, count: int) -> bytes:
    values: dict[str, Any] = json.loads(given)
    prompt = str(values.get("prompt", ""))
    match kind:
        case "audio":
            return sounds.song(
                lyrics=values["lyrics"],
                style=prompt,
                audio_format=values.get("audio_format", "mp3"),
                sample_rate=int(values.get("sample_rate", 44100)),
            )
        case "video":
            return films.film(model=model, prompt=prompt, seed=_seed(values, given))
        case _:
            from .pictures import picture

            return picture(
                model=model,
                prompt=prompt,
                seed=_seed(values, given),
                index=index,
                count=count,
                ratio=values.get("aspect_ratio", "1:1"),
            )


def _seed(values: dict[str, Any], given: str) -> int:
    """Return the seed that was sent, else one made from the whole input."""
    sent = values.get("seed")
    return int(sent) if sent is not None else int.from_bytes(hashlib.sha256(given.encode()).digest()[:4], "big")
