"""Files of threads: written whole or not at all, in the form that the name's ending says, and read back from JSON."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from ...errors import InputError, plain
from . import as_json, as_markdown, as_notebook
from .turns import Thread

_FORMS: dict[str, Callable[[str, Thread], str]] = {
    ".md": as_markdown.write,
    ".json": as_json.write,
    ".ipynb": as_notebook.write,
}
LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is read."""


def export(name: str, thread: Thread, file: str, *, overwrite: bool = False) -> Path:
    """Write a thread to a .md, .json or .ipynb file; returns its path.

    Raises `InputError` for another ending, for a file that is there already (unless `overwrite`), and for what cannot
    be written.
    """
    target = _path(file)
    write = _FORMS.get(target.suffix.lower())
    if write is None:
        raise InputError(f"{plain(file, 200)!r} ends in none of {', '.join(_FORMS)}.", "Name the file so.")
    if not overwrite and os.path.lexists(target):
        raise InputError(f"{plain(file, 200)} is there already.", "Give another name, or --force.")
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_text(write(name, thread), encoding="utf-8", newline="\n")
        part.replace(target)
    except OSError as error:
        what = f"{plain(file, 200)} cannot be written: {plain(error.strerror or error, 120)}."
        raise InputError(what, "Choose another place.") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def load(file: str) -> tuple[str, Thread]:
    """Read a thread from a .json file: its name and its turns; raises `InputError` for what is none."""
    path = _path(file)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise InputError(f"{plain(file, 200)} cannot be read: no plain file.", "Check its name.")
        with path.open("rb") as opened:
            found = opened.read(LARGEST + 1)
        if len(found) > LARGEST:
            raise InputError(f"{plain(file, 200)} has more than {LARGEST // 1024**2} MB.", "No thread is so long.")
        text = found.decode("utf-8")
    except OSError as error:
        what = f"{plain(file, 200)} cannot be read: {plain(error.strerror or error, 120)}."
        raise InputError(what, "Check its name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{plain(file, 200)} is no text.", "Give a .json file that export wrote.") from error
    return as_json.read(text)


def _path(file: str) -> Path:
    if "\0" in file:
        raise InputError(f"{plain(file, 200)!r} names no file.", "Leave out the zero character.")
    try:
        return Path(file).expanduser()
    except RuntimeError as error:
        raise InputError(f"{plain(file, 200)!r} names an unknown home.", "Give the whole path.") from error
