"""A ledger that cannot be written or read stops no call: its user is told once, and no row is lost while it lasts."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call
from skytells_nb.costs import sqlite_store
from skytells_nb.costs.ledger import Ledger, Recorder, row_of
from skytells_nb.costs.migrations import MIGRATIONS
from tests.recording import ANSWER, recording_client, stored

MakeCall = Callable[..., Call]


def a_file_for_a_folder(path: Path) -> None:
    """Make the ledger's place one where no file can be made, not even by root."""
    path.parent.write_text("a file where the folder should be")


def a_folder_in_its_place(path: Path) -> None:
    """Make the ledger's path a folder."""
    path.mkdir(parents=True)


def damaged(path: Path) -> None:
    """Write nonsense where the ledger should be."""
    path.parent.mkdir()
    path.write_bytes(b"This is no SQLite file. " * 500)


def damaged_in_the_middle(path: Path) -> None:
    """Write a ledger of many rows, and nonsense over all its pages but the first."""
    begun = datetime(2026, 3, 6, tzinfo=UTC)
    with closing_ledger(path) as whole:
        for n in range(200):
            whole.insert(row_of(Call(f"{n:05}", "chat", "POST /x", "m", begun, "f" * 64)))
    with closing(sqlite3.connect(path)) as file:
        (size,) = file.execute("PRAGMA page_size").fetchone()
    held = path.read_bytes()
    path.write_bytes(held[:size] + b"\xa5" * (len(held) - size))


@contextmanager
def closing_ledger(path: Path) -> Iterator[Ledger]:
    """Give a ledger for a block."""
    with closing(Ledger(path)) as ledger:
        yield ledger


def newer(path: Path) -> None:
    """Let a newer version of the package have written the ledger."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as future:
        future.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        future.execute("CREATE TABLE calls (id TEXT, something_new TEXT)")


def full(path: Path) -> None:
    """Make the ledger a device that is always full."""
    path.parent.mkdir()
    path.symlink_to("/dev/full")


def another_program_s(path: Path) -> None:
    """Let another program have written a file of its own there, with a table of that name."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE calls (number TEXT)")


@pytest.mark.parametrize(
    "broken",
    [a_file_for_a_folder, a_folder_in_its_place, damaged, damaged_in_the_middle, another_program_s, newer, full],
)
def test_a_ledger_that_cannot_be_written_stops_no_call(
    broken: Callable[[Path], None], path: Path, ledger: Ledger
) -> None:
    """Two calls work; one warning names the file and the way out; the rows are kept in memory, completed."""
    broken(path)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    with recording_client(ledger, transport=transport) as client, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert client.chat("Hi").text
        assert client.chat("Ho").text
        writing = [*warned]
        rows = ledger.rows()
    (warning,) = writing
    assert str(warning.message).startswith(f"The ledger {path} cannot be written (")
    assert "Set SKYTELLS_NB_LEDGER to a file that can be written." in str(warning.message)
    assert [(row["status"], row["total_tokens"], row["ttft"]) for row in rows] == [("succeeded", 19, None)] * 2


def test_a_newer_ledger_is_left_untouched(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Not a byte of it changes."""
    newer(path)
    before = path.read_bytes()
    with pytest.warns(RuntimeWarning, match="was written by a newer skytells_nb"):
        Recorder(ledger).before(a_call())
    with pytest.warns(RuntimeWarning, match=r"cannot be read .* was written by a newer skytells_nb"):
        ledger.rows()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_of_another_program_is_left_untouched(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Not a byte of it changes."""
    another_program_s(path)
    before = path.read_bytes()
    with pytest.warns(RuntimeWarning, match="is a SQLite file of another program"):
        Recorder(ledger).before(a_call())
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_looked_at_warns(tmp_path: Path, a_call: MakeCall) -> None:
    """Its name is too long: what is in memory is shown."""
    ledger = Ledger(tmp_path / ("a" * 300))
    with pytest.warns(RuntimeWarning, match=r"cannot be written .*File name too long"):
        Recorder(ledger).before(a_call())
    with pytest.warns(RuntimeWarning, match=r"cannot be read .*File name too long"):
        assert [row["id"] for row in ledger.rows()] == ["call"]


def test_reading_a_ledger_that_cannot_be_read_warns_once(path: Path, ledger: Ledger) -> None:
    """What memory holds is shown; that it is not all is said once, and stays to be asked for."""
    damaged(path)
    with pytest.warns(RuntimeWarning, match=r"cannot be read \(file is not a database\)"):
        assert ledger.rows() == []
    assert ledger.rows() == []
    assert "file is not a database" in ledger.trouble


def test_a_ledger_that_is_damaged_in_the_middle_says_so_when_it_is_read(path: Path, ledger: Ledger) -> None:
    """Nothing is made up, and nothing of what is left is touched."""
    damaged_in_the_middle(path)
    before = path.read_bytes()
    with pytest.warns(RuntimeWarning, match=r"cannot be read \(database disk image is malformed\)"):
        assert ledger.rows() == []
    assert path.read_bytes() == before


def test_a_ledger_that_can_be_written_again_has_every_row(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Rows that were kept in memory are written with the next; of one that is still open, the end is what is read."""
    path.mkdir(parents=True)
    recorder = Recorder(ledger)
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        recorder.before(a_call("open", tag="lesson"))
    for name in ("first", "second"):
        recorder.before(a_call(name))
        recorder.after(a_call(name, status="succeeded", cost="0.01"))
    path.rmdir()
    recorder.after(a_call("open", status="succeeded"))
    assert ledger.unwritten == {}
    assert sorted((row["id"], row["status"], row["cost"], row["tag"]) for row in stored(path)) == [
        ("first", "succeeded", "0.01", None),
        ("open", "succeeded", None, "lesson"),
        ("second", "succeeded", "0.01", None),
    ]


def test_an_outage_is_told_of_each_time_it_begins(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Once, until the ledger could be written again."""
    recorder = Recorder(ledger)
    for outage in range(2):
        a_folder_in_its_place(path)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            recorder.before(a_call(f"{outage} first"))
            recorder.before(a_call(f"{outage} second"))
        assert ["cannot be written" in str(each.message) for each in told] == [True]
        path.rmdir()
        recorder.before(a_call(f"{outage} third"))
        assert len(stored(path)) == 3
        ledger.close()
        for part in path.parent.iterdir():
            part.unlink()
        path.parent.rmdir()


def test_what_could_not_be_written_is_tried_again_when_the_kernel_ends(tmp_path: Path) -> None:
    """The last call's row too reaches a ledger that can be written by then."""
    code = """
import sys, warnings
from datetime import UTC, datetime
from pathlib import Path
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, Recorder
warnings.simplefilter("ignore")
place = Path(sys.argv[1])
place.mkdir()
ledger = Ledger(place)
Recorder(ledger).before(Call("last", "chat", "POST /x", "m", datetime.now(UTC), "f"))
assert list(ledger.unwritten) == ["last"]
place.rmdir()
"""
    path = tmp_path / "ledger.sqlite3"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert [row["id"] for row in stored(path)] == ["last"]


LOCK = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


def test_a_locked_file_holds_up_one_call_and_no_other(
    path: Path, ledger: Ledger, a_call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one wait in vain, rows are kept without another; all are written when the lock is gone."""
    monkeypatch.setattr(sqlite_store, "_PATIENCE", 0.2)
    ledger.insert(row_of(a_call("before")))
    ledger.close()
    ledger.insert(row_of(a_call("before it, too")))
    recorder = Recorder(ledger)
    command = [sys.executable, "-c", LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.warns(RuntimeWarning, match="database is locked"):
            recorder.before(a_call("first"))
        begun = time.monotonic()
        recorder.before(a_call("second"))
        assert time.monotonic() - begun < 0.1
        assert {row["id"] for row in ledger.rows()} == {"before", "before it, too", "first", "second"}
        other.communicate("")
    ledger.catch_up()
    assert ledger.unwritten == {}
    assert len(stored(path)) == 4


FILLS = """
import json, os, resource, sys, warnings
from datetime import UTC, datetime
from pathlib import Path
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, Recorder
path, ballast, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
ledger = Ledger(path)
recorder = Recorder(ledger)
def write(n):
    recorder.before(Call(f"{n:08}", "chat", "POST /x", "m" * 1000, datetime.now(UTC), "f" * 64))
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    n = 0
    while len(ledger.unwritten) < 50:
        write(n := n + 1)
    read = len(ledger.rows())
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
else:
    os.unlink(ballast)
while ledger.unwritten:
    write(n := n + 1)
print(json.dumps({"told": [str(each.message) for each in told], "read": read, "written": n}))
"""


@contextmanager
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Path, int]]:
    """Give a full disk's folder and what fills it: a tmpfs, or where none may be mounted, a limit of a file's size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode
    try:
        if mounted:
            (folder / "ballast").write_bytes(b"0" * 1_400_000)
        yield folder / "ledger.sqlite3", folder / "ballast", 0 if mounted else 300_000
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def fills(path: Path, ballast: Path, limit: int) -> None:
    """Run the program that fills a disk, and look at what it left."""
    ran = subprocess.run(
        [sys.executable, "-c", FILLS, str(path), str(ballast), str(limit)], capture_output=True, text=True, check=True
    )
    told = json.loads(ran.stdout)
    (message,) = told["told"]
    assert message.startswith(f"The ledger {path} cannot be written (")
    assert told["read"] >= 50
    assert [row["id"] for row in stored(path)] == [f"{n:08}" for n in range(1, told["written"] + 1)]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_loses_no_row(tmp_path: Path) -> None:
    """Rows are kept while it is full, and written when there is room; the file is whole."""
    with small_disk(tmp_path) as disk:
        fills(*disk)


def test_a_file_that_may_grow_no_more_loses_no_row(tmp_path: Path) -> None:
    """The same, by a limit of the size of files: it ends a program that does not mind it."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    fills(tmp_path / "ledger.sqlite3", tmp_path / "no ballast", 300_000)


READ_ONLY = """
import json, os, sys, warnings
from datetime import UTC, datetime
from pathlib import Path
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, Recorder
path = Path(sys.argv[1])
def call(name): return Call(name, "chat", "POST /x", "m", datetime.now(UTC), "f")
ledger = Ledger(path)
ledger.insert(__import__("skytells_nb.costs.ledger").costs.ledger.row_of(call("stored")))
ledger.close()
path.chmod(0o444)
path.parent.chmod(0o555)
if os.geteuid() == 0:  # whom no permission binds
    os.setresuid(65534, 65534, 65534)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    Recorder(ledger).before(call("kept"))
    rows = [row["id"] for row in ledger.rows()]
print(json.dumps([[str(each.message) for each in told], rows, ledger.trouble]))
"""


def test_a_read_only_folder_is_read_and_rows_are_kept() -> None:
    """What stands in it is shown with what is kept in memory; no file is made."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        path = folder / "ledger.sqlite3"
        ran = subprocess.run([sys.executable, "-c", READ_ONLY, str(path)], capture_output=True, text=True, check=True)
        (told,), rows, trouble = json.loads(ran.stdout)
        assert told.startswith(f"The ledger {path} cannot be written (attempt to write a readonly database)")
        assert (rows, trouble) == (["stored", "kept"], "")
        assert list(folder.iterdir()) == [path]


def test_a_clock_that_jumps_back_makes_no_time_negative(any_ledger: Ledger, a_call: MakeCall) -> None:
    """A job is collected by a kernel whose clock is behind that of the one which began it: it took no time."""
    begun = a_call("first", api="prediction", remote_id="p", status="running")
    any_ledger.insert(row_of(begun))
    earlier = begun.started_at - timedelta(hours=1)
    any_ledger.complete(row_of(replace(begun, id="second", status="succeeded", finished_at=earlier, seconds=0.25)))
    any_ledger.insert(row_of(replace(begun, id="third", started_at=earlier)))
    assert [(row["id"], row["seconds"]) for row in any_ledger.rows()] == [("third", None), ("first", 0.0)]


NONSENSE = ["NaN", "1e999", "-1e999", str(10**40), "-5", '"many"', "1e40", "[]"]


@pytest.mark.parametrize("count", NONSENSE)
def test_nonsense_in_usage_loses_no_row(count: str, place: str, recording: Callable[..., Client]) -> None:
    """A server counts tokens in numbers that no column holds: the call works and its row ends, warning nobody."""
    usage = f'{{"prompt_tokens": {count}, "completion_tokens": {count}, "total_tokens": {count}}}'
    body = json.dumps(ANSWER | {"usage": "@"}).replace('"@"', usage)
    answer: dict[str, Any] = {"content": body.encode(), "headers": {"content-type": "application/json"}}
    client = recording(transport=httpx.MockTransport(lambda _: httpx.Response(200, **answer)))
    assert client.chat("Hi", model="gpt-5").text
    (row,) = stored(place)
    assert (row["status"], row["cost_source"], row["cost"]) == ("succeeded", "unknown", None)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (None, None)
