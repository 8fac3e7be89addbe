"""`skytells-nb doctor`: say whether the set-up is sound, and whether notebooks can be handed on.

Each check gives findings (`findings`); here files are read, links are asked for where that was wanted, and it is said.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..errors import plain
from . import installed, setup
from .findings import Finding, as_json, as_text, status
from .hosts import Hosts
from .links import Fate
from .notebooks import LARGEST, examine


def _not_asked(_: str) -> Fate | None:
    return None


def run(notebooks: Sequence[str] = (), *, json: bool = False, online: bool = False) -> int:
    """Check the set-up and look through notebooks, or those in folders; print what was found.

    Returns the exit status: 0 where all is well, 1 where anything is to be done. `json` prints JSON; `online` asks the
    service for its models, and whether the links in the notebooks still lead anywhere.
    """
    found = [*installed.findings(), *setup.findings(online=online)]
    fate: Callable[[str], Fate | None] = Hosts() if online else _not_asked
    for path in _files(notebooks):
        found += examined(path, fate)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    print(as_json(found) if json else as_text(found, min(shutil.get_terminal_size().columns, 100)))
    return status(found)


def _files(names: Sequence[str]) -> Iterator[Path]:
    """Give the notebooks named, and in place of a folder those in it, with the copies that Jupyter keeps of them."""
    for path in map(Path, names):
        inside = sorted([*path.glob("*.ipynb"), *path.glob(".ipynb_checkpoints/*.ipynb")]) if path.is_dir() else []
        yield from inside or (path,)


def examined(path: Path, fate: Callable[[str], Fate | None] = _not_asked) -> tuple[Finding, ...]:
    """Look one notebook through; whatever keeps it from being read is a finding too."""
    name = str(path)
    try:
        if not path.is_file():
            return (Finding("error", "There is no notebook here.", "Check the name.", plain(name, 200)),)
        with path.open("rb") as file:
            large = os.fstat(file.fileno()).st_size > LARGEST
            data = b"" if large else file.read(LARGEST)
    except OSError as error:
        return (Finding("error", f"It cannot be read: {error.strerror}.", "Check who may.", plain(name, 200)),)
    if large:
        what = f"It is larger than {LARGEST // 1_000_000} MB, and was not looked through."
        return (Finding("error", what, "Clear its outputs.", plain(name, 200)),)
    return examine(data, name, now=datetime.now(UTC), is_there=lambda each: _is_there(path.parent / each), fate=fate)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False
