"""A row is on disk before its request leaves and completed after it, whatever happens to kernel, file or network."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs import ledger as ledgers
from skytells_nb.costs.ledger import COLUMNS, MIGRATIONS, SESSION, Ledger, Recorder, default_ledger, row_of
from skytells_nb.errors import ServiceError, StillRunningError
from skytells_nb.local import Sandbox

KEY = "sk-test-4f9a1c77"
ADDRESS = "https://api.skytells.test/v1"
MakeCall = Callable[..., Call]


def stored(path: Path) -> list[dict[str, Any]]:
    """Read the file as another program would: over a connection of its own."""
    with sqlite3.connect(path) as other:
        other.row_factory = sqlite3.Row
        rows = [dict(row) for row in other.execute("SELECT * FROM calls ORDER BY started_at")]
    other.close()
    return rows


@pytest.fixture
def recording(ledger: Ledger) -> Iterator[Callable[..., Client]]:
    """Make clients that record in this test's ledger."""
    made: list[Client] = []

    def make(address: str = ADDRESS, **options: Any) -> Client:
        made.append(Client(api_key=KEY, base_url=address, observers=(Recorder(ledger),), **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-5",
    "choices": [{"message": {"content": "An answer nobody should keep."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19},
}


def test_the_row_is_committed_before_the_request_leaves(path: Path, recording: Callable[..., Client]) -> None:
    """At the moment of sending another process reads it: sent, and nothing more."""
    seen: list[dict[str, Any]] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.extend(stored(path))
        return httpx.Response(200, json=ANSWER, headers={"x-request-id": "req_1"})

    recording(transport=httpx.MockTransport(answer)).chat("Hi", model="gpt-5", tag="lesson")
    (before,) = seen
    assert (before["status"], before["model"], before["tag"], before["session"]) == ("sent", "gpt-5", "lesson", SESSION)
    assert (before["finished_at"], before["cost"], before["http_status"]) == (None, None, None)
    (after,) = stored(path)
    assert (after["id"], after["status"], after["started_at"]) == (before["id"], "succeeded", before["started_at"])
    assert (after["prompt_tokens"], after["completion_tokens"], after["total_tokens"]) == (9, 10, 19)
    assert (after["cost"], after["cost_source"], after["currency"]) == ("0.000017", "priced", "USD")
    assert (after["request_id"], after["http_status"], after["attempts"]) == ("req_1", 200, 1)
    assert after["seconds"] > 0


def test_a_failed_call_is_a_row_with_its_error(path: Path, recording: Callable[..., Client]) -> None:
    """What it cost is not known: missing, not 0."""
    transport = httpx.MockTransport(lambda _: httpx.Response(500, json={"error_id": "INFERENCE_ERROR"}))
    with pytest.raises(ServiceError):
        recording(transport=transport).chat("Hi", model="gpt-5")
    (row,) = stored(path)
    assert (row["status"], row["error_id"], row["http_status"], row["cost"], row["cost_source"]) == (
        "failed",
        "INFERENCE_ERROR",
        500,
        None,
        "unknown",
    )


def test_a_refused_call_is_a_row_that_cost_nothing(path: Path, recording: Callable[..., Client]) -> None:
    """Nothing ran: exactly 0."""
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json={"error_id": "VALIDATION_ERROR"}))
    with pytest.raises(Exception, match="refused"):
        recording(transport=transport).chat("Hi", model="gpt-5")
    (row,) = stored(path)
    assert (row["status"], row["error_id"], row["cost"]) == ("refused", "VALIDATION_ERROR", "0")


def test_neither_key_nor_prompt_nor_answer_is_in_the_file(path: Path, recording: Callable[..., Client]) -> None:
    """The bytes of the file and of its log hold none of the three; the fingerprint stands for the request."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    recording(transport=transport).chat("A question nobody should keep.", system="A secret system text.")
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for secret in (KEY, "nobody should keep", "secret system"):
        assert secret.encode() not in held
    assert len(stored(path)[0]["fingerprint"]) == 64


def test_the_file_is_this_user_s_alone(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Mode 600, and so are its companions."""
    ledger.insert(row_of(a_call()))
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_every_fact_of_a_call_comes_back(ledger: Ledger) -> None:
    """A row holds all that the record says, exactly."""
    call = Call(
        id="c",
        api="prediction",
        endpoint="POST /predictions",
        model="truefusion",
        started_at=datetime(2026, 3, 6, 20, 15, 23, 160110, tzinfo=UTC),
        fingerprint="f",
        stream=True,
        sandbox=True,
        tag="t",
        quoted=Decimal("0.040"),
        status="succeeded",
        finished_at=datetime(2026, 3, 6, 20, 16, tzinfo=UTC),
        model_used="truefusion-2",
        remote_id="p",
        request_id="req",
        http_status=200,
        error_id="E",
        attempts=2,
        seconds=1.5,
        ttft=0.25,
        waited=3.0,
        prompt_tokens=1,
        completion_tokens=2,
        total_tokens=3,
        reasoning_tokens=4,
        cached_tokens=5,
        predict_time=6.5,
        total_time=7.5,
        outputs=8,
        charge=Charge(Decimal("0.1234567890123456789"), "EUR", "billed", "why"),
        usage={"a": 1},
    )
    ledger.insert(row_of(call, lambda: ("cell-1", 7)))
    assert ledger.rows() == [
        {
            "id": "c",
            "api": "prediction",
            "endpoint": "POST /predictions",
            "model": "truefusion",
            "started_at": "2026-03-06T20:15:23.160110+00:00",
            "fingerprint": "f",
            "stream": 1,
            "sandbox": 1,
            "tag": "t",
            "quoted": "0.040",
            "status": "succeeded",
            "finished_at": "2026-03-06T20:16:00+00:00",
            "model_used": "truefusion-2",
            "remote_id": "p",
            "request_id": "req",
            "http_status": 200,
            "error_id": "E",
            "attempts": 2,
            "seconds": 1.5,
            "ttft": 0.25,
            "waited": 3.0,
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "total_tokens": 3,
            "reasoning_tokens": 4,
            "cached_tokens": 5,
            "predict_time": 6.5,
            "total_time": 7.5,
            "outputs": 8,
            "cost": "0.1234567890123456789",
            "currency": "EUR",
            "cost_source": "billed",
            "cost_reason": "why",
            "usage": '{"a": 1}',
            "session": SESSION,
            "cell": "cell-1",
            "execution_count": 7,
        }
    ]
    assert set(ledger.rows()[0]) == set(COLUMNS)


def test_completing_keeps_what_was_known_before(ledger: Ledger, a_call: MakeCall) -> None:
    """A second end that knows less takes nothing away."""
    ledger.insert(row_of(a_call(tag="lesson")))
    ledger.complete(row_of(a_call(status="running", request_id="req_1", http_status=200)))
    ledger.complete(row_of(a_call(status="succeeded", cost="0.01", tag="other")))
    (row,) = ledger.rows()
    assert (row["status"], row["request_id"], row["http_status"]) == ("succeeded", "req_1", 200)
    assert (row["tag"], row["cost"]) == ("lesson", "0.01")


def test_a_job_collected_elsewhere_completes_the_row_that_began_it(ledger: Ledger, a_call: MakeCall) -> None:
    """Found by the service's id; what the first kernel counted stays."""
    begun = {"api": "prediction", "remote_id": "p", "model": "truefusion"}
    ledger.insert(row_of(a_call("first", **begun, status="running", sandbox=True, attempts=2, waited=3.0)))
    ledger.complete(row_of(a_call("second", **begun, status="succeeded", cost="0.04", endpoint="GET /predictions/p")))
    (row,) = ledger.rows()
    assert (row["id"], row["status"], row["cost"]) == ("first", "succeeded", "0.04")
    assert (row["endpoint"], row["sandbox"], row["attempts"], row["waited"]) == ("POST /chat/completions", 1, 2, 3.0)


def test_a_job_of_which_nothing_is_known_becomes_a_row(ledger: Ledger, a_call: MakeCall) -> None:
    """Begun on another machine, collected here."""
    ledger.complete(row_of(a_call("new", api="prediction", remote_id="p", status="succeeded")))
    assert [row["id"] for row in ledger.rows()] == ["new"]


def test_a_wait_given_up_and_taken_up_by_id_is_one_row(path: Path, recording: Callable[..., Client]) -> None:
    """Timed out, then collected by its id: the same row, completed, with the cost as billed."""
    with Sandbox(pace=2) as sandbox:
        client = recording(sandbox.url)
        with pytest.raises(StillRunningError) as caught:
            client.predict("truefusion", {"prompt": "a fox"}, timeout=0.01, tag="art")
        job = caught.value.prediction
        (open_row,) = stored(path)
        assert (open_row["status"], open_row["remote_id"]) == ("running", job.id)
        client.wait(job.id)
    (row,) = stored(path)
    assert (row["id"], row["status"], row["tag"]) == (open_row["id"], "succeeded", "art")
    assert (row["cost"], row["cost_source"], row["endpoint"]) == ("0.03", "billed", "POST /predictions")
    assert (row["sandbox"], row["attempts"]) == (1, 1)


def test_calls_of_the_sandbox_are_marked(path: Path, recording: Callable[..., Client], sandbox: Sandbox) -> None:
    """It says so itself on every reply."""
    recording(sandbox.url).chat("Hi")
    assert stored(path)[0]["sandbox"] == 1


KILLED = """
import sys, time, httpx
from skytells_nb.api.client import Client
from skytells_nb.costs.ledger import Ledger, Recorder
def answer(request):
    print("sent", flush=True)
    time.sleep(60)
transport = httpx.MockTransport(answer)
observers = (Recorder(Ledger(sys.argv[1])),)
Client(api_key="sk-x", base_url="https://x.test/v1", transport=transport, observers=observers).chat("Hi", model="gpt-5")
"""


def test_a_kernel_that_is_killed_leaves_the_row_it_began(path: Path, ledger: Ledger) -> None:
    """SIGKILL while the answer is awaited: the row says sent."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "sent\n"
        kernel.send_signal(signal.SIGKILL)
    (row,) = ledger.rows()
    assert (row["status"], row["model"], row["finished_at"]) == ("sent", "gpt-5", None)


WRITES = """
import sys
from datetime import UTC, datetime
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, row_of
ledger = Ledger(sys.argv[1])
sys.stdin.readline()
for n in range(150):
    call = Call(f"{sys.argv[2]}-{n}", "chat", "POST /x", "m", datetime.now(UTC), "f")
    ledger.insert(row_of(call))
    ledger.complete(row_of(call))
ledger.close()
"""


def test_two_kernels_write_at_once(path: Path, ledger: Ledger) -> None:
    """Both create the file and write into it: no row is lost, no error is raised."""
    command = [sys.executable, "-c", WRITES, str(path)]
    kernels = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, text=True) for name in ("a", "b")]
    for kernel in kernels:
        assert kernel.stdin is not None
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    for kernel in kernels:
        kernel.communicate()
        assert kernel.returncode == 0
    assert len(ledger.rows()) == 300


def test_many_threads_write_at_once(ledger: Ledger, a_call: MakeCall) -> None:
    """One ledger for all threads of a kernel."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.insert(row_of(a_call(f"c{n}"))), range(200)))
    assert len(ledger.rows()) == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_writes_over_a_connection_of_its_own(path: Path) -> None:
    """A child of this process records too, and harms nothing."""
    child = """
import os, sys
from datetime import UTC, datetime
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, row_of
ledger = Ledger(sys.argv[1])
def write(name): ledger.insert(row_of(Call(name, "chat", "POST /x", "m", datetime.now(UTC), "f")))
write("parent")
pid = os.fork()
if pid == 0:
    write("child")
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
write("parent again")
print(sorted(row["id"] for row in ledger.rows()))
"""
    ran = subprocess.run([sys.executable, "-c", child, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout == "['child', 'parent', 'parent again']\n"


def read_only_folder(path: Path) -> None:
    """Make the ledger's place one where no file can be made."""
    path.parent.parent.joinpath("deep").write_text("a file where the folder should be")


def a_folder_in_its_place(path: Path) -> None:
    """Make the ledger's path a folder."""
    path.mkdir(parents=True)


def damaged(path: Path) -> None:
    """Write nonsense where the ledger should be."""
    path.parent.mkdir()
    path.write_bytes(b"This is no SQLite file. " * 500)


def newer(path: Path) -> None:
    """Let a newer version of the package have written the ledger."""
    path.parent.mkdir()
    with sqlite3.connect(path) as future:
        future.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        future.execute("CREATE TABLE calls (id TEXT, something_new TEXT)")
    future.close()


def full(path: Path) -> None:
    """Make the ledger a device that is always full."""
    path.parent.mkdir()
    path.symlink_to("/dev/full")


@pytest.mark.parametrize("broken", [read_only_folder, a_folder_in_its_place, damaged, newer, full])
def test_a_ledger_that_cannot_be_written_stops_no_call(
    broken: Callable[[Path], None], path: Path, ledger: Ledger, recording: Callable[..., Client]
) -> None:
    """Two calls work; one warning names the file and the way out; the rows are kept in memory, completed."""
    broken(path)
    client = recording(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)))
    with warnings.catch_warnings(record=True) as warned:
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
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_reading_a_ledger_that_cannot_be_read_warns(path: Path, ledger: Ledger) -> None:
    """What memory holds is shown, and that it is not all is said."""
    damaged(path)
    with pytest.warns(RuntimeWarning, match=r"cannot be read \(file is not a database\)"):
        assert ledger.rows() == []


def test_a_ledger_that_can_be_written_again_has_the_end(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """The begin was kept in memory, the end reaches the file: the end is what is read."""
    path.mkdir(parents=True)
    recorder = Recorder(ledger)
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        recorder.before(a_call())
    path.rmdir()
    recorder.after(a_call(status="succeeded"))
    assert [row["status"] for row in ledger.rows()] == ["succeeded"]
    assert ledger.unwritten == {}


def test_text_that_sqlite_cannot_hold_loses_no_row(ledger: Ledger, a_call: MakeCall) -> None:
    """Half a character, from a server or in a tag, is written as a question mark."""
    Recorder(ledger).before(a_call(tag="half \ud800"))
    assert [row["tag"] for row in stored(ledger.path)] == ["half ?"]


def test_the_recorder_asks_which_cell_runs(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Once, at the beginning; the end keeps it."""
    cells: Iterator[tuple[str | None, int | None]] = iter([("cell-1", 3), ("cell-2", 4)])
    recorder = Recorder(ledger, lambda: next(cells))
    recorder.before(a_call())
    recorder.after(a_call(status="succeeded"))
    assert [(row["cell"], row["execution_count"]) for row in stored(path)] == [("cell-1", 3)]


def test_rows_come_oldest_first(ledger: Ledger, a_call: MakeCall) -> None:
    """By the time they began."""
    early = datetime(2025, 1, 1, tzinfo=UTC)
    ledger.insert(row_of(a_call("late")))
    ledger.insert(row_of(replace(a_call("early"), started_at=early)))
    assert [row["id"] for row in ledger.rows()] == ["early", "late"]


def test_ids_of_calls_sort_by_time(path: Path, recording: Callable[..., Client]) -> None:
    """So a file of them grows at its end."""
    client = recording(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)))
    for _ in range(3):
        client.chat("Hi")
        time.sleep(0.002)
    rows = stored(path)
    assert sorted(rows, key=lambda row: row["id"]) == rows
    assert {len(row["id"]) for row in rows} == {32}


def test_reading_makes_no_file(path: Path, ledger: Ledger) -> None:
    """An empty record is no reason to write."""
    assert ledger.rows() == []
    assert not path.parent.exists()


def test_closing_twice_is_fine(ledger: Ledger, a_call: MakeCall) -> None:
    """And a closed ledger opens again when it is needed."""
    ledger.insert(row_of(a_call("one")))
    ledger.close()
    ledger.close()
    ledger.insert(row_of(a_call("two")))
    assert len(ledger.rows()) == 2


def test_the_default_ledger_is_one_object_for_each_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The variable is read at each call."""
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "a.sqlite3"))
    first = default_ledger()
    assert default_ledger() is first
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "b.sqlite3"))
    assert (first.path, default_ledger().path) == (tmp_path / "a.sqlite3", tmp_path / "b.sqlite3")
    for name in (str(tmp_path / "a.sqlite3"), str(tmp_path / "b.sqlite3")):
        ledgers._ledgers.pop(name).close()


def test_a_file_that_was_taken_away_is_made_anew(path: Path, a_call: MakeCall) -> None:
    """Somebody deletes the file while a kernel runs: later rows go to a new one, not into nothing."""
    taken = Ledger(path)
    Recorder(taken).before(a_call(id="first"))
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()
    Recorder(taken).before(a_call(id="second"))
    assert [row["id"] for row in stored(path)] == ["second"]
    taken.close()


def test_many_processes_make_one_file_at_once(tmp_path: Path) -> None:
    """Kernels that start together, on a file that is not there yet, lose no row."""
    code = """
import sys
from skytells_nb.api import wire
from skytells_nb.api.trace import new_call
from skytells_nb.costs.ledger import Ledger, Recorder
sys.stdin.readline()
ledger = Ledger(sys.argv[1])
Recorder(ledger).before(new_call("chat", wire.Request("POST", "/x"), "m", sandbox=False, tag=None))
sys.exit(len(ledger.unwritten))
"""
    path = tmp_path / "new.sqlite3"
    command = [sys.executable, "-c", code, str(path)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(8)]
    for process in started:
        process.communicate(b"go\n", timeout=60)
    assert [process.returncode for process in started] == [0] * 8
    assert len(stored(path)) == 8
