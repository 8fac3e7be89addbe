"""A film for a prompt: one shipped clip, marked with what was asked for.

Encoding video needs more than the standard library, so every job gets the same two seconds, which say that
they are the sandbox's. The model, the prompt and the seed are written into a `free` box after the clip, a
place that players skip, so that different jobs still give different files.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


def film(*, model: str, prompt: str, seed: int) -> bytes:
    """Return the clip's bytes (MP4, H.264) with a `free` box that says what was asked for."""
    note = json.dumps({"model": model, "prompt": prompt, "seed": seed, "billed": False}, ensure_ascii=False)
    return _clip() + free_box(note.encode())


def free_box(content: bytes) -> bytes:
    """Return an MP4 box that holds `content` and that every player skips."""
    return (len(content) + 8).to_bytes(4, "big") + b"free" + content


@cache
def _clip() -> bytes:
    return files(__package__).joinpath("data", "clip.mp4").read_bytes()
