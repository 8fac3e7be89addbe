"""Films -> what stands for them until they play: one small picture, the size of the screen, the length.

Read with PyAV where it is installed (extra `video`); without it a film has no poster. The work is done by `filming` in
a process of its own, with no key in its environment and ten seconds of time; what it says is checked.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ...api.reading import count, record, seconds, text
from ...api.sniff import sniff

SECONDS = 10.0
_CONTAINERS = {"video/mp4": "mp4", "video/quicktime": "mp4", "video/webm": "matroska", "video/ogg": "ogg"}
_NEEDED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_CODE = "from skytells_nb.notebook.media.filming import main; main()"


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
    if container is None or find_spec("av") is None or not sys.executable:
        return None
    command = [sys.executable, "-P", "-c", _CODE, str(path.absolute()), container, str(budget)]
    try:
        done = subprocess.run(  # noqa: S603 - our own code, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            env=environment(),
            check=True,
        )
        return read(done.stdout, budget)
    except (OSError, subprocess.SubprocessError):
        return None


def environment() -> dict[str, str]:
    """Give what the process needs of the environment, and where this one finds its modules."""
    needed = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    return {**needed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def read(said: bytes, budget: int) -> Poster | None:
    """Read what the process said; None for anything but a poster of at most `budget` bytes."""
    try:
        facts = record(json.loads(said))
        data = base64.b64decode(text(facts.get("data")) or "", validate=True)
    except (ValueError, RecursionError):
        return None
    found = sniff(data)
    width, height = count(facts.get("width")), count(facts.get("height"))
    if found.kind != "image" or len(data) > budget or not width or not height:
        return None
    return Poster(data, found.mime, width, height, seconds(facts.get("seconds")))
