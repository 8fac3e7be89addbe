"""The files of the user's own that a magic's line names: a text for a prompt, JSON for an input.

What a file holds is taken as it is: no {{…}} in it is evaluated, since a file may come from anywhere.
"""

from __future__ import annotations

import json
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
        return json.loads(text_file(path), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        what = f"The file {plain(path, 200)!r} is no JSON: {plain(error, 120).rstrip('.')}."
        raise InputError(what, "Mend it; nothing was sent.") from error


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")
