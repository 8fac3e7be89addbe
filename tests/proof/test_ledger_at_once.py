"""Eight processes write into one ledger at once, and one of them is killed: no row is lost, none is there twice."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.recording import stored

from . import ledger_writer
from .ledger_writer import ENDED

PROCESSES, CALLS, LIVED = 8, 5000, 1000
ENDS = {True: ("succeeded", "0.01"), False: ("sent", None)}


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    """Wait in the end for what was started."""
    with ExitStack() as stack:
        yield stack


def begin(place: str, name: int) -> subprocess.Popen[bytes]:
    """Start a process that writes when it is told to."""
    command = [sys.executable, str(ledger_writer.__file__), place, f"{name}", str(CALLS)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def test_eight_write_at_once_and_one_is_killed(place: str, processes: ExitStack) -> None:
    """Every call of the seven is there, once; of the one, all that it has committed and at most one that it had not."""
    writers = [processes.enter_context(begin(place, name)) for name in range(PROCESSES)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.read(1) == b"r"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
    killed, *others = writers
    assert killed.stdout is not None
    committed = 0
    while committed < LIVED:
        committed += len(killed.stdout.read(LIVED - committed))
    killed.kill()
    committed += len(killed.communicate()[0])
    for other in others:
        assert other.communicate()[0] == b"." * CALLS
        assert other.returncode == 0
    found = stored(place)
    rows = {row["id"]: (row["status"], row["cost"]) for row in found}
    assert len(rows) == len(found)
    rows.pop(f"{committed:08}-0", None)  # it may have been committed, and not said
    written = dict.fromkeys(range(1, PROCESSES), CALLS) | {0: committed}
    assert rows == {f"{n:08}-{name}": ENDS[n % ENDED == 0] for name, calls in written.items() for n in range(calls)}
    if "://" not in place:
        with closing(sqlite3.connect(place)) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
