"""Runs beside the cells: what is told and when, what a cancel does at each moment, and that nothing is lost."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
from _thread import interrupt_main
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from skytells_nb import settings
from skytells_nb.api.client import AsyncClient
from skytells_nb.api.record import Call
from skytells_nb.api.values import Prediction, Status
from skytells_nb.costs.ledger import default_ledger
from skytells_nb.errors import (
    InvalidInputError,
    JobCanceledError,
    JobFailedError,
    NetworkError,
    NoKeyError,
    SetupError,
    StillRunningError,
)
from skytells_nb.local import Sandbox
from skytells_nb.notebook.jobs import runner
from skytells_nb.notebook.jobs.background import Background
from skytells_nb.notebook.jobs.progress import Progress
from skytells_nb.notebook.jobs.runner import GAP, Run, start
from tests.kernels import running_kernel

FOX = {"prompt": "a fox", "seed": 7}


def use(sandbox: Sandbox) -> None:
    """Let this session use a sandbox."""
    settings.use(settings.Override(address=sandbox.url, key=settings.Key("sk-sandbox"), sandbox=True))


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    yield
    settings.use(None)


@pytest.fixture
def quick(sandbox: Sandbox) -> Sandbox:
    """Use a sandbox whose films take 0.15 seconds."""
    use(sandbox)
    return sandbox


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """Use a sandbox whose films take half a minute."""
    with Sandbox(pace=0.1) as running:
        use(running)
        yield running


@dataclass
class Told:
    """What a run told, and when; tests wait for it."""

    all: list[Progress] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, progress: Progress) -> None:
        with self.news:
            self.all.append(progress)
            self.times.append(time.monotonic())
            self.news.notify_all()

    def until(self, *states: str) -> Progress:
        """Wait until one of some states is told."""
        with self.news:
            assert self.news.wait_for(lambda: any(each.state in states for each in self.all), 20)
            return next(each for each in self.all if each.state in states)

    def until_it_waits(self) -> None:
        """Wait until it is told why nothing comes for a while."""
        with self.news:
            assert self.news.wait_for(lambda: any(each.waiting for each in self.all), 20)

    @property
    def states(self) -> list[str]:
        """The states, each once, in the order they came."""
        return list(dict.fromkeys(each.state for each in self.all))


class Deaf:
    """An observer that does nothing."""

    def before(self, call: Call, /) -> None:
        pass

    def after(self, call: Call, /) -> None:
        pass


def asked(sandbox: Sandbox, ending: str) -> list[Any]:
    """Give the requests to a path that ends so."""
    return [each for each in sandbox.state.requests if each.path.endswith(ending)]


def created(sandbox: Sandbox) -> list[Any]:
    """Give the requests that created jobs."""
    return [each for each in asked(sandbox, "/predictions") if each.method == "POST"]


def wait_until_asked(sandbox: Sandbox, ending: str, method: str = "GET") -> None:
    """Wait until a request to such a path has arrived."""
    until = time.monotonic() + 20
    while not any(each.method == method for each in asked(sandbox, ending)):
        assert time.monotonic() < until, f"no {method} …{ending}"
        time.sleep(0.01)


def cancel_and_measure(run: Run, sandbox: Sandbox) -> float:
    """Cancel, and give the seconds after which the service was asked to."""
    moment = time.time()
    run.cancel()
    wait_until_asked(sandbox, "/cancel", "POST")
    return datetime.fromisoformat(asked(sandbox, "/cancel")[0].at).timestamp() - moment


def test_a_run_gives_its_prediction(quick: Sandbox) -> None:
    """It creates one job of the values given, and the result is what `wait` returns."""
    job = start("truefusion-pro", FOX, Told()).wait(20)
    assert (job.status, job.input["seed"], len(created(quick))) == (Status.SUCCEEDED, 7, 1)


def test_states_come_in_order_and_the_last_word_last() -> None:
    """Sending, queued, running, saving, succeeded: the end is told once, and after everything else."""
    told = Told()
    with Sandbox(pace=2.0) as sandbox:
        use(sandbox)
        sandbox.inject("slow;on=media;seconds=0.5")
        start("truefusion-video", {"prompt": "waves"}, told).wait(20)
    assert told.states == ["sending", "queued", "running", "saving", "succeeded"]
    assert [each.ended for each in told.all] == [False] * (len(told.all) - 1) + [True]


def test_seconds_and_percent_move() -> None:
    """Elapsed time grows from telling to telling, also between two looks; percent grows with the looks."""
    told = Told()
    with Sandbox(pace=1.0) as sandbox:
        use(sandbox)
        start("truefusion-video", {"prompt": "waves"}, told).wait(20)
        looks = len([each for each in sandbox.state.requests if each.method == "GET"])
    elapsed = [each.elapsed for each in told.all]
    percent = [each.percent for each in told.all if each.state == "running"]
    assert elapsed == sorted(set(elapsed))
    assert len(elapsed) > looks
    assert percent == sorted(percent)
    assert len(set(percent)) >= 3


def test_nothing_is_told_too_fast(quick: Sandbox) -> None:
    """Between two tellings there is always a pause, also before the last one."""
    told = Told()
    start("truefusion-edge", {"prompt": "a fox"}, told).wait(20)
    pauses = [after - before for before, after in zip(told.times, told.times[1:], strict=False)]
    assert min(pauses) > GAP * 0.9


def test_files_are_kept_before_success_is_told(quick: Sandbox) -> None:
    """The last progress has the result's files, saved, and the job."""
    told = Told()
    job = start("truefusion-pro", FOX, told).wait(20)
    last = told.all[-1]
    assert (last.state, last.job, last.error) == ("succeeded", job, None)
    assert [kept.path is not None and kept.path.read_bytes()[:4] for kept in last.kept] == [b"\x89PNG"]


def test_trouble_in_what_shows_it_loses_nothing(quick: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """What `told` raises is logged, and the run goes on to its result."""

    def fails(_: Progress) -> None:
        raise ValueError("a broken widget")

    with caplog.at_level(logging.WARNING, "skytells_nb"):
        job = start("truefusion-pro", FOX, fails).wait(20)
    assert job.status is Status.SUCCEEDED
    assert "a broken widget" in caplog.text


def test_a_cancel_while_it_is_waited_for(slow: Sandbox) -> None:
    """Within half a second the service is asked, once, and the run ends as canceled with the job on its error."""
    told = Told()
    run = start("truefusion-video", {"prompt": "waves"}, told)
    told.until("queued")
    assert cancel_and_measure(run, slow) < 0.5
    with pytest.raises(JobCanceledError) as caught:
        run.wait(20)
    last = told.all[-1]
    assert (last.state, last.job.status if last.job else None) == ("canceled", Status.CANCELED)
    assert (caught.value.prediction, last.error) == (last.job, caught.value)
    assert len(asked(slow, "/cancel")) == 1


def test_a_cancel_while_a_look_hangs(slow: Sandbox) -> None:
    """A look that gets no answer is broken off: the cancel leaves within half a second."""
    told = Told()
    run = start("truefusion-video", {"prompt": "waves"}, told)
    job = told.until("queued").job
    assert job is not None
    slow.inject("hang;on=plain")
    wait_until_asked(slow, f"/{job.id}")
    assert cancel_and_measure(run, slow) < 0.5
    with pytest.raises(JobCanceledError):
        run.wait(20)


def test_a_cancel_is_shown_at_once(slow: Sandbox) -> None:
    """While a cancel is under way it is told that it is, and not after the end."""
    told = Told()
    run = start("truefusion-video", {"prompt": "waves"}, told)
    told.until("queued")
    slow.inject("slow;on=plain;seconds=0.5")
    run.cancel()
    with pytest.raises(JobCanceledError):
        run.wait(20)
    assert (told.all[-2].canceling, told.all[-2].state, told.all[-1].canceling) == (True, "queued", False)


def test_canceling_twice_is_canceling_once(slow: Sandbox) -> None:
    """A second cancel does not break off the first one's request."""
    told = Told()
    run = start("truefusion-video", {"prompt": "waves"}, told)
    told.until("queued")
    slow.inject("slow;on=plain;seconds=0.3")
    run.cancel()
    wait_until_asked(slow, "/cancel", "POST")
    run.cancel()
    with pytest.raises(JobCanceledError):
        run.wait(20)
    assert len(asked(slow, "/cancel")) == 1


def test_a_cancel_while_the_job_is_being_created(slow: Sandbox) -> None:
    """The request is not broken off: its answer names the job, which is canceled by that."""
    slow.inject("slow;on=create;seconds=0.5;late=yes")
    run = start("truefusion-video", {"prompt": "waves"}, Told())
    wait_until_asked(slow, "/predictions", "POST")
    assert cancel_and_measure(run, slow) < 1.0
    with pytest.raises(JobCanceledError) as caught:
        run.wait(20)
    assert asked(slow, "/cancel")[0].path == f"/v1/predictions/{caught.value.prediction.id}/cancel"


def test_a_cancel_while_the_service_names_no_job(slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds it gives up, and says that the job may have run."""
    monkeypatch.setattr(runner, "PATIENCE", 0.3)
    slow.inject("hang;on=create")
    told = Told()
    run = start("truefusion-video", {"prompt": "waves"}, told)
    wait_until_asked(slow, "/predictions", "POST")
    run.cancel()
    with pytest.raises(NetworkError, match=r"look at sky\.Client\(\)\.predictions\(\)") as caught:
        run.wait(20)
    assert (caught.value.may_have_run, told.all[-1].state) == (True, "canceled")


def test_a_cancel_before_anything_is_sent(slow: Sandbox) -> None:
    """While the model is looked up it ends at once, and no job is created."""
    slow.inject("hang;on=plain")
    run = start("truefusion-video", {"prompt": "waves"}, Told())
    wait_until_asked(slow, "/models/truefusion-video")
    run.cancel()
    with pytest.raises(JobCanceledError, match="before it was sent"):
        run.wait(5)
    assert created(slow) == []


def test_a_cancel_before_it_has_begun(slow: Sandbox) -> None:
    """Where the loop has not come to the run yet, nothing is sent at all."""
    start("truefusion-video", {"prompt": "waves"}, Told()).cancel()  # the loop's thread and the model are there now
    busy = threading.Event()
    runner._background.loop.call_soon_threadsafe(busy.wait)
    run = start("truefusion-video", {"prompt": "more waves"}, Told())
    run.cancel()
    asked_before = len(slow.state.requests)
    busy.set()
    with pytest.raises(JobCanceledError, match="before it was sent"):
        run.wait(5)
    assert "more waves" not in str(slow.state.requests[asked_before:])


def main_thread_waits() -> bool:
    """Say whether the main thread is inside of `Run.wait`, where it waits."""
    main = threading.main_thread().ident
    frame = sys._current_frames().get(main or 0)
    while frame is not None and frame.f_code is not Run._ended.__code__:
        frame = frame.f_back
    return frame is not None


def test_stop_twice_is_stop_at_once(slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a stopped run is not waited for then; the interruption is the first one, with what is known."""
    monkeypatch.setattr(runner, "PATIENCE", 1.0)
    slow.inject("hang;on=create")
    stops = [False, True]

    def stop_twice(progress: Progress) -> None:
        if stops[:1] == [progress.canceling] and not progress.ended and main_thread_waits():
            stops.pop(0)
            interrupt_main()

    run = start("truefusion-video", {"prompt": "waves"}, stop_twice)
    with pytest.raises(KeyboardInterrupt) as caught:
        run.wait(20)
    assert (caught.value.prediction, run.done) == (None, False)  # type: ignore[attr-defined]
    with pytest.raises(NetworkError):
        run.wait(20)


def test_a_cancel_between_two_tries(slow: Sandbox) -> None:
    """While it waits for a rate limit, nothing is under way: it ends at once and does not try again."""
    slow.inject("429;retry-after=30;on=create")
    told = Told()
    run = start("truefusion-video", {"prompt": "waves"}, told)
    told.until_it_waits()
    run.cancel()
    with pytest.raises(JobCanceledError, match="before it was sent"):
        run.wait(5)
    assert len(created(slow)) == 1


def test_a_pause_before_another_try_is_told(quick: Sandbox) -> None:
    """While it waits for a rate limit, it is told why and how long; not after that."""
    quick.inject("429;retry-after=1;on=create")
    told = Told()
    start("truefusion-pro", FOX, told).wait(20)
    said = [each.waiting for each in told.all if each.waiting]
    assert said[0].startswith("Too many requests")
    assert "Trying again in 1 s." in said[0]
    assert told.all[-1].waiting == ""


def test_a_cancel_while_files_are_saved(quick: Sandbox) -> None:
    """It only stops the saving: the result is there and paid for, and its card says what happened."""
    quick.inject("hang;on=media")
    told = Told()
    run = start("truefusion-pro", FOX, told)
    told.until("saving")
    run.cancel()
    assert run.wait(5).status is Status.SUCCEEDED
    assert (told.all[-1].state, [kept.note for kept in told.all[-1].kept]) == (
        "succeeded",
        ["not saved: interrupted"],
    )
    assert asked(quick, "/cancel") == []


def test_a_slow_file_holds_no_other_run_up(quick: Sandbox) -> None:
    """While one run's file does not come, another run saves its own."""
    quick.inject("hang;on=media")
    told = Told()
    first = start("truefusion-pro", FOX, told)
    told.until("saving")
    start("truefusion-pro", FOX, Told()).wait(20)
    assert not first.done
    first.cancel()
    first.wait(5)


def test_a_cancel_after_the_end_changes_nothing(quick: Sandbox) -> None:
    """A run that has its result keeps it."""
    run = start("truefusion-pro", FOX, Told())
    job = run.wait(20)
    run.cancel()
    assert (run.wait(1), run.progress.state) == (job, "succeeded")


def test_a_job_that_fails(quick: Sandbox) -> None:
    """The model's failure is raised by `wait`, and told with the job."""
    told = Told()
    with pytest.raises(JobFailedError, match="FAIL") as caught:
        start("truefusion-pro", {"prompt": "FAIL"}, told).wait(20)
    last = told.all[-1]
    assert (last.state, last.error) == ("failed", caught.value)
    assert last.job is not None
    assert last.job.status is Status.FAILED


def test_wrong_inputs_are_never_sent(quick: Sandbox) -> None:
    """Inputs that the schema refuses end the run before anything is created."""
    with pytest.raises(InvalidInputError, match="num_outputs"):
        start("truefusion-pro", {"prompt": "a fox", "num_outputs": 99}, Told()).wait(20)
    assert created(quick) == []


def test_a_missing_key_is_told_and_not_raised() -> None:
    """Starting raises nothing: the error comes the way all errors come."""
    told = Told()
    run = start("truefusion-pro", FOX, told)
    with pytest.raises(NoKeyError):
        run.wait(20)
    assert [each.state for each in told.all][-1] == "failed"


def test_values_are_those_of_the_start(quick: Sandbox) -> None:
    """What is changed later in the caller's dict is not sent."""
    values = dict(FOX)
    run = start("truefusion-pro", values, Told())
    values["prompt"] = "a bear"
    assert run.wait(20).input["prompt"] == "a fox"
    assert run.values == FOX


def test_the_address_is_that_of_the_start(quick: Sandbox) -> None:
    """A run that goes on stays where it was begun; the next one goes where the settings lead then."""
    quick.inject("slow;on=create;seconds=0.4")
    first = start("truefusion-pro", FOX, Told())
    with Sandbox(pace=20.0) as other:
        use(other)
        start("truefusion-pro", FOX, Told()).wait(20)
        first.wait(20)
        assert (len(created(quick)), len(created(other))) == (1, 1)


def test_one_client_serves_an_address(quick: Sandbox) -> None:
    """The model is looked up once for all runs."""
    for _ in range(2):
        start("truefusion-pro", FOX, Told()).wait(20)
    assert len(asked(quick, "/models/truefusion-pro")) == 1


def test_a_change_of_the_key_is_heard(quick: Sandbox) -> None:
    """After another key is set, the next run uses it."""
    start("truefusion-pro", FOX, Told()).wait(20)
    settings.use(settings.Override(address=quick.url, key=settings.Key("sk-sandbox-broke"), sandbox=True))
    told = Told()
    start("truefusion-pro", FOX, told)
    assert "credits" in str(told.until("failed", "succeeded").error)


def test_a_replaced_client_is_closed_by_its_last_user(quick: Sandbox) -> None:
    """It serves the runs that have it; when the last one gives it back, its connections are closed."""
    background = Background(Deaf(), sleep=asyncio.sleep, on_wait=lambda _seconds, _cause: None)
    first, again = background.borrowed(), background.borrowed()
    settings.use(settings.Override(address=quick.url, key=settings.Key("sk-sandbox-other"), sandbox=True))
    other = background.borrowed()
    background.give_back(first)

    def models(client: AsyncClient) -> int:
        return len(asyncio.run_coroutine_threadsafe(client.models(refresh=True), background.loop).result(20))

    assert again is first
    assert other is not first
    assert models(first) == models(other) > 1
    background.give_back(again)
    with pytest.raises(SetupError, match="closed"):
        models(first)
    assert models(other) > 1


def test_two_runs_at_once_are_not_mixed_up(quick: Sandbox) -> None:
    """Runs that are started from several threads at once each tell of their own values and job."""
    tolds = [Told() for _ in range(4)]

    def one(number: int) -> Prediction:
        return start("truefusion-pro", {"prompt": f"fox {number}"}, tolds[number]).wait(30)

    with ThreadPoolExecutor(4) as threads:
        jobs = list(threads.map(one, range(4)))
    assert [job.input["prompt"] for job in jobs] == [f"fox {number}" for number in range(4)]
    assert [told.all[-1].job for told in tolds] == jobs
    assert {each.values["prompt"] for each in tolds[3].all} == {"fox 3"}


def test_waiting_in_vain(slow: Sandbox) -> None:
    """`wait` with a time raises that it goes on; it can then be waited for again, or canceled."""
    run = start("truefusion-video", {"prompt": "waves"}, Told())
    with pytest.raises(StillRunningError, match=r"after 0\.2 s"):
        run.wait(0.2)
    assert not run.done
    run.cancel()
    with pytest.raises(JobCanceledError):
        run.wait(20)


def test_a_run_that_takes_too_long_keeps_its_job(slow: Sandbox) -> None:
    """After `timeout` seconds it is not waited for any more: the error has the job, which goes on."""
    told = Told()
    with pytest.raises(StillRunningError) as caught:
        start("truefusion-video", {"prompt": "waves"}, told, timeout=1.0).wait(20)
    assert told.all[-1].job == caught.value.prediction
    assert asked(slow, "/cancel") == []


def test_the_record_names_the_cell_of_the_form(quick: Sandbox) -> None:
    """The ledger's row has the cell that was given, whichever runs."""
    job = start("truefusion-pro", FOX, Told(), where=("cell-7", 3)).wait(20)
    row = next(row for row in default_ledger().rows() if row["remote_id"] == job.id)
    assert (row["cell"], row["execution_count"], row["status"]) == ("cell-7", 3, "succeeded")


PROGRAM = """
import os, sys, threading, time
from skytells_nb import settings
from skytells_nb.api.client import AsyncClient
from skytells_nb.api.record import Call
from skytells_nb.notebook.jobs.runner import start
settings.use(settings.Override(address=sys.argv[1], key=settings.Key("sk-sandbox"), sandbox=True))
queued = threading.Event()
run = start("truefusion-video", {"prompt": "waves"}, lambda told: told.state == "queued" and queued.set())
queued.wait(20)
print(run.progress.job.id, flush=True)
"""


def test_the_end_of_the_kernel_is_not_held_back(slow: Sandbox) -> None:
    """A process that ends while a run goes on ends at once; the job goes on, and its id is in the record."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, slow.url], capture_output=True, text=True, timeout=30
    )
    row = next(row for row in default_ledger().rows() if row["remote_id"] == finished.stdout.strip())
    assert (finished.stderr, finished.returncode, row["status"]) == ("", 0, "running")
    assert asked(slow, "/cancel") == []


FORKED = """
import os
before = start("truefusion-pro", {"prompt": "a fox"}, print).wait(20)
child = os.fork()
if child == 0:
    os._exit(0 if start("truefusion-pro", {"prompt": "a fox"}, lambda told: None).wait(20).status == "succeeded" else 1)
print(os.waitpid(child, 0)[1])
"""


def test_a_forked_process_runs_on_its_own(quick: Sandbox) -> None:
    """The child of a fork has a thread and connections of its own."""
    program = PROGRAM.partition("queued =")[0] + FORKED
    finished = subprocess.run([sys.executable, "-c", program, quick.url], capture_output=True, text=True, timeout=60)
    assert finished.stdout.splitlines()[-1:] == ["0"], finished.stderr


SETUP = """
from skytells_nb import settings
from skytells_nb.api.client import AsyncClient
from skytells_nb.api.record import Call
from skytells_nb.notebook.jobs.runner import start
from IPython.display import display
settings.use(settings.Override(address={url!r}, key=settings.Key("sk-sandbox"), sandbox=True))
"""
INTERRUPTED = """
slot = display("before", display_id=True)
def told(progress):
    if progress.state == "queued":
        slot.update({"text/plain": "it is queued"}, raw=True)
run = start("truefusion-video", {"prompt": "waves"}, told)
try:
    run.wait()
except KeyboardInterrupt as stop:
    print(stop.prediction.status)
    raise
"""


def test_stop_while_a_cell_waits(slow: Sandbox, tmp_path: Path) -> None:
    """Stop in a cell that waits for a run cancels the job on the server; the interruption carries the prediction."""
    with running_kernel(SKYTELLS_NB_LEDGER=str(tmp_path / "ledger.sqlite3")) as kernel:
        assert kernel.run(SETUP.format(url=slow.url)).error == ""
        ran = kernel.run(INTERRUPTED, interrupt_after="it is queued")
    assert "KeyboardInterrupt" in ran.error
    assert ran.stdout == "canceled\n"
    assert len(asked(slow, "/cancel")) == 1
