"""The files of the user's own that a magic's line names: a text for a prompt, JSON for an input.

What a file holds is taken as it is: no {{…}} in it is evaluated, since a file may come from anywhere.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from ...errors import InputError, plain
from .wording import keep

LARGEST = 10_000_000
"""Bytes of one file."""


def text_file(path: str) -> str:
    """Read a text in UTF-8; raises `InputError` for none, for no text, for a key in it, and for over 10 MB."""
    shown = f"The file {plain(path, 200)!r}"
    try:
        found = Path(path).expanduser()
        if found.exists() and not found.is_file():  # a pipe would be read for ever
            raise InputError(f"{shown} is a folder, or no plain file.", "Name a file; nothing was sent.")
        with found.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise InputError(f"{shown} has over {LARGEST // 1_000_000} MB.", "Name a smaller one; nothing was sent.")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown} is no text in UTF-8.", "Save it as UTF-8; nothing was sent.") from error
    except (OSError, ValueError, RuntimeError) as error:  # the last for a home that nobody has
        reason = getattr(error, "strerror", None) or plain(error, 80).rstrip(".")
        fix = "Name a file that is there; nothing was sent."
        raise InputError(f"{shown} cannot be read: {reason}.", fix) from error
    keep(text, shown)
    return text


def json_file(path: str) -> Any:
    """Read a JSON value; raises as `text_file` does, and `InputError` for what is no JSON."""
    try:
        return strictly(text_file(path))
    except (ValueError, RecursionError) as error:
        what = f"The file {plain(path, 200)!r} is no JSON: {plain(error, 120).rstrip('.')}."
        raise InputError(what, "Mend it; nothing was sent.") from error


def strictly(text: str) -> Any:
    """Read JSON; raises `ValueError` for NaN, a number without end, and an object that gives a name twice."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(plain(digits, 40))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        raise ValueError(f"{max(times, key=times.__getitem__)} is given twice")
    return found
