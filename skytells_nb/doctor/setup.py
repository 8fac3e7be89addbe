"""The set-up: where key, record and media are, who else can read them, and whether the extension loads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .. import key_sources, settings
from ..errors import NoKeyError, SetupError, SkytellsError, plain
from .findings import Finding

_LOADING = """
from traitlets.config import Config
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
shell.extension_manager.load_extension("skytells_nb")
assert shell.find_line_magic("skytells_status")
"""
_SQLITE = b"SQLite format 3\0"


def findings(*, online: bool = False) -> Iterator[Finding]:
    """Check the settings and what they lead to; only with `online` is the service asked, once."""
    yield _key()
    yield from _private("The stored key", key_sources.key_file())
    if key_sources.SOURCES["dotenv"].read():
        yield from _private("The key in .env", Path(".env"))
    yield _address()
    if online:
        yield _service()
    yield from _ledger()
    yield _folder("Media", settings.media_folder())
    yield _extension()


def _key() -> Finding:
    try:
        return Finding("ok", f"An API key is found ({settings.find_key().source}).")
    except NoKeyError:
        return Finding("ok", "There is no API key; the sandbox needs none.", "%skytells_login stores one.")
    except SetupError as error:
        return Finding("error", error.what, error.fix)


def _private(what: str, path: Path) -> Iterator[Finding]:
    """Check that nobody but its owner can read a file, where the system knows owners."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if os.name == "posix" and mode & 0o077:
        yield Finding("error", f"{what} can be read by other users of this machine: {path}.", f"chmod 600 {path}")
    else:
        yield Finding("ok", f"{what} is yours alone: {path}.")


def _address() -> Finding:
    try:
        address = settings.find_address()
    except SetupError as error:
        return Finding("error", error.what, error.fix)
    return Finding("ok", f"Calls go to {plain(address.value, 120)} ({address.source}).")


def _service() -> Finding:
    from ..api.client import Client

    try:
        with Client(observers=(), timeout=20) as client:
            begun = time.monotonic()
            known = len(client.models(refresh=True))
    except SkytellsError as error:
        return Finding("error", f"The service does not answer as it should: {error.what}", error.fix)
    return Finding("ok", f"The service answers in {time.monotonic() - begun:.1f} s, with {known} models.")


def _ledger() -> Iterator[Finding]:
    place = settings.ledger_place()
    if not isinstance(place, Path):
        yield Finding("ok", "The record is in a database that is shared; it is opened with the first call.")
        return
    try:
        size = place.stat().st_size
    except FileNotFoundError:
        yield _folder("The record", place.parent)
        return
    except OSError as error:
        yield Finding("error", f"The record cannot be reached ({error.strerror}): {place}.", "Set SKYTELLS_NB_LEDGER.")
        return
    try:
        with place.open("rb") as file:
            known = file.read(len(_SQLITE)) in (_SQLITE, b"")
    except OSError:
        known = False
    if not known or not os.access(place, os.W_OK):
        why = "cannot be written" if known else "is no SQLite file that you can read"
        yield Finding("error", f"The record {why}: {place}.", "Move it away, or set SKYTELLS_NB_LEDGER.")
        return
    yield Finding("ok", f"The record has {size / 1e6:.1f} MB.")
    yield from _private("The record", place)


def _folder(what: str, folder: Path) -> Finding:
    """Check that files can be made in a folder, or that it can be made itself."""
    there = folder.absolute()
    try:
        while not there.exists() and there != there.parent:
            there = there.parent
        fine = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except OSError:
        fine = False
    if fine:
        return Finding("ok", f"{what} can be kept in {folder}.")
    return Finding("error", f"{what} cannot be kept in {folder}: {there} is no folder to write in.", "Choose another.")


def _extension() -> Finding:
    """Load the extension into a shell of its own, as a notebook would, in a process of its own.

    It finds its modules where this process does, and not in the folder: what lies beside a notebook may be anybody's.
    """
    command = [sys.executable, "-P", "-c", _LOADING]
    here = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        ran = subprocess.run(  # noqa: S603 - this Python, our own words
            command, env=here, capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("error", f"IPython could not be started: {plain(error, 200)}.", "Install IPython anew.")
    if ran.returncode == 0:
        return Finding("ok", "%load_ext skytells_nb works.")
    last = (ran.stderr.strip().splitlines() or ["no word why"])[-1]
    return Finding("error", f"%load_ext skytells_nb fails: {plain(last, 200)}", "Install skytells-nb anew.")
