"""Ctrl-C while a job is waited for: one request to cancel it, at most 3 seconds for that, and nothing is forgotten."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.costs.ledger import Ledger, Recorder

from . import bodies
from .raw import Asked, RawServer, Said, answer, running

BOUND = 3.0
SPARE = 0.8
"""Seconds that a busy machine may take beside the 3 that are allowed."""

PROGRAM = """
import json, sys, time
from skytells_nb.api.client import Client
from skytells_nb.costs.ledger import Ledger, Recorder
address, ledger = sys.argv[1:]
client = Client(api_key="sk-proof-1234", base_url=address, observers=(Recorder(Ledger(ledger)),))
try:
    client.predict("painter", {"prompt": "a fox"})
except KeyboardInterrupt as stop:
    print(json.dumps([time.time(), stop.prediction.id, str(stop.prediction.status), stop.__notes__]))
"""

CANCELED = {**bodies.QUEUED, "status": "canceled"}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n"


def dripping(head: bytes) -> Iterator[bytes]:
    """Say a beginning, and then a byte at a time for ever."""
    yield head
    while True:
        time.sleep(0.1)
        yield b"x"


def silence() -> Iterator[bytes]:
    """Say nothing for a long while."""
    threading.Event().wait(20)
    yield b""


CANCELS = {
    "says canceled": lambda: answer(body=bodies.written(CANCELED)),
    "says success": lambda: answer(body=b'{"success": true}'),
    "says another job's id": lambda: answer(body=bodies.written({**CANCELED, "id": "p-2"})),
    "fails": lambda: answer(500, b"{}"),
    "says nonsense": lambda: answer(body=b"[" * 5000),
    "hangs up": lambda: Said([], close=True),
    "stalls": lambda: Said(silence(), close=True),
    "drips its headers": lambda: Said(dripping(HEAD + b"x-long: "), close=True),
    "drips its body": lambda: Said(dripping(HEAD + b"\r\n"), close=True),
    "stalls, and Ctrl-C comes twice": lambda: Said(silence(), close=True),
}
CANCEL_KNOWN = {"says canceled", "says success", "says another job's id"}
SIGNALED = {"says canceled", "drips its headers", "stalls, and Ctrl-C comes twice"}
"""By a real signal to a program of its own; the others by an exception in the sleep that the client was given."""

SLOW = {"stalls", "drips its headers", "drips its body"}


@dataclass
class Stage:
    """A server on which a job never ends, and when it was first looked at and asked to cancel."""

    server: RawServer
    kind: str
    looked: threading.Event = field(default_factory=threading.Event)
    canceling: threading.Event = field(default_factory=threading.Event)

    def answers(self, asked: Asked) -> Said:
        """Answer a request about the job."""
        if asked.path.endswith("/cancel"):
            self.canceling.set()
            return CANCELS[self.kind]()
        if "/models/" in asked.path:
            return answer(body=bodies.written(bodies.PAINTER))
        if asked.method == "GET":
            self.looked.set()
        return answer(body=bodies.written(bodies.QUEUED))

    @property
    def cancels(self) -> list[str]:
        """The requests to cancel."""
        return [f"{asked.method} {asked.path}" for asked in self.server.asked if asked.path.endswith("/cancel")]


@dataclass(frozen=True)
class Stopped:
    """What came of a program that was interrupted: seconds until it let go, what it said, what it wrote down."""

    seconds: float
    said: list[Any]
    cancels: list[str]
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def stages() -> Iterator[dict[str, Stage]]:
    """Open a server for each way to answer a request to cancel."""
    with ExitStack() as open_servers:
        made = {kind: Stage(open_servers.enter_context(running()), kind) for kind in CANCELS}
        for stage in made.values():
            stage.server.answers = stage.answers
        yield made


def signaled(stage: Stage, file: Path) -> Stopped:
    """Run a program before a server, and press Ctrl-C while it waits; once more while it cancels, for some."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, stage.server.url, str(file)], stdout=subprocess.PIPE, text=True
    ) as program:
        assert stage.looked.wait(60)
        time.sleep(0.1)  # let it go from its look to its sleep
        pressed = time.time()
        program.send_signal(signal.SIGINT)
        if "twice" in stage.kind:
            assert stage.canceling.wait(20)
            pressed = time.time()
            program.send_signal(signal.SIGINT)
        until, *said = json.loads(program.communicate(timeout=30)[0])
    return Stopped(until - pressed, said, stage.cancels, rows_of(file))


def stopped_in_its_sleep(stage: Stage, file: Path) -> Stopped:
    """Wait in a thread of this process, and be interrupted where time passes after the first look."""
    ledger = Ledger(file)
    pressed = 0.0

    def sleep(_: float) -> None:
        nonlocal pressed
        if stage.looked.is_set():
            pressed = time.time()
            raise KeyboardInterrupt

    with Client(
        api_key="sk-proof-1234", base_url=stage.server.url, sleep=sleep, observers=(Recorder(ledger),)
    ) as client:
        try:
            client.predict("painter", {"prompt": "a fox"})
        except KeyboardInterrupt as stop:
            job, took = stop.prediction, time.time() - pressed  # type: ignore[attr-defined]
            said = [job.id, str(job.status), stop.__notes__]
    ledger.close()
    return Stopped(took, said, stage.cancels, rows_of(file))


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Read a ledger."""
    ledger = Ledger(file)
    rows = ledger.rows()
    ledger.close()
    return rows


@pytest.fixture(scope="module")
def stopped(stages: dict[str, Stage], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stopped]:
    """Interrupt a wait before each server, all at once."""
    folder = tmp_path_factory.mktemp("ledgers")
    with ThreadPoolExecutor(len(stages)) as threads:
        runs = {
            kind: threads.submit(signaled if kind in SIGNALED else stopped_in_its_sleep, stage, folder / f"{n}.sqlite3")
            for n, (kind, stage) in enumerate(stages.items())
        }
    return {kind: run.result() for kind, run in runs.items()}


@pytest.mark.parametrize("kind", CANCELS)
def test_ctrl_c_cancels_exactly_once(stopped: dict[str, Stopped], kind: str) -> None:
    """Whatever the server makes of it, there is no second request."""
    assert stopped[kind].cancels == ["POST /v1/predictions/p-1/cancel"]


@pytest.mark.parametrize("kind", CANCELS)
def test_ctrl_c_takes_three_seconds_at_most(stopped: dict[str, Stopped], kind: str) -> None:
    """Even where the server stalls, or drips a byte at a time; a second Ctrl-C does not wait at all."""
    assert stopped[kind].seconds < (BOUND + SPARE if kind in SLOW else SPARE * 2)


@pytest.mark.parametrize("kind", CANCELS)
def test_ctrl_c_keeps_what_is_known(stopped: dict[str, Stopped], kind: str) -> None:
    """The interruption has the job's id and says what became of it; so does the one row of the ledger."""
    job, status, (note,) = stopped[kind].said
    (row,) = stopped[kind].rows
    known = kind in CANCEL_KNOWN
    assert (job, status) == ("p-1", "canceled" if known else "queued")
    assert note.startswith("Prediction p-1 was canceled" if known else "Prediction p-1 may still be running")
    assert (row["remote_id"], row["status"]) == ("p-1", "canceled" if known else "interrupted")


def test_a_canceled_task_is_bounded_too(stages: dict[str, Stage], tmp_path: Path) -> None:
    """The async client, before every slow server at once."""

    async def stop(stage: Stage) -> tuple[float, Any]:
        asleep = asyncio.Event()

        async def sleep(_: float) -> None:
            asleep.set()
            await asyncio.Event().wait()

        async with AsyncClient(api_key="sk-proof", base_url=stage.server.url, sleep=sleep, observers=()) as client:
            task = asyncio.create_task(client.predict("painter", {"prompt": "a fox"}))
            await asleep.wait()
            begun = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
        return time.monotonic() - begun, caught.value

    async def main() -> list[tuple[float, Any]]:
        return await asyncio.gather(*(stop(stages[kind]) for kind in sorted(SLOW)))

    before = sum(len(stages[kind].cancels) for kind in SLOW)
    for seconds, ended in asyncio.run(main()):
        assert ended.prediction.id == "p-1"  # type: ignore[attr-defined]
        assert seconds < BOUND + SPARE
    assert sum(len(stages[kind].cancels) for kind in SLOW) == before + len(SLOW)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_job_whose_id_is_no_name_does_not_swallow_ctrl_c(raw_server: RawServer, name: str) -> None:
    """Its cancel cannot be written as a path; the interruption is what is raised all the same."""

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    queued = {**bodies.QUEUED, "id": name, "urls": {}}
    painter = answer(body=bodies.written(bodies.PAINTER))
    created = answer(body=bodies.written(queued))
    raw_server.answers = lambda asked: painter if "/models/" in asked.path else created
    with (
        Client(api_key="sk-proof", base_url=raw_server.url, sleep=stop, observers=()) as client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        client.predict("painter", {"prompt": "a fox"})
    assert caught.value.prediction.id == name  # type: ignore[attr-defined]
