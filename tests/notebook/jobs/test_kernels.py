"""Kernels that die, and kernels that run the same cell: whatever happens to them, a job is made and paid for once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel

FILM = "%skytells_predict truefusion-video prompt={}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Yield a local Skytells whose films take some seconds."""
    with Sandbox(pace=2.0) as running:
        yield running


@pytest.fixture(scope="module")
def start(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Kernel]]:
    """Start kernels that share a sandbox, a record and a media folder."""
    place = tmp_path_factory.mktemp("jobs")
    environment = {
        "SKYTELLS_NB_SANDBOX": sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
        "JPY_SESSION_NAME": "lesson.ipynb",
    }
    with ExitStack() as running:

        def one() -> Kernel:
            kernel = running.enter_context(running_kernel(**environment))
            kernel.run("%load_ext skytells_nb\n%skytells_sandbox")
            return kernel

        yield one


@pytest.fixture(scope="module")
def survivor(start: Callable[[], Kernel]) -> Kernel:
    """Yield the kernel that takes up what others leave."""
    return start()


def created(sandbox: Sandbox, prompt: str) -> list[str]:
    """Give the ids of the jobs that were made of a prompt."""
    return [job.id for job in sandbox.state.jobs if job.input["prompt"] == prompt]


@contextmanager
def soon() -> Iterator[Callable[[bool], bool]]:
    """Wait for something that another process does, at most 20 seconds: `while waits(not there): pass`."""
    until = time.monotonic() + 20

    def waits(still: bool) -> bool:
        assert not still or time.monotonic() < until
        time.sleep(0.005)
        return still

    yield waits


def test_the_cell_of_a_kernel_that_was_killed_takes_up_its_job(
    start: Callable[[], Kernel], survivor: Kernel, sandbox: Sandbox
) -> None:
    """While it waited: another kernel, with the same record, runs the cell to its end; while both live, too."""
    doomed = start()
    doomed.begin(FILM.format("fox"), cell_id="one")
    with soon() as waits:
        while waits(not any(each.method == "GET" and "/predictions/" in each.path for each in sandbox.state.requests)):
            pass
    survivor.run(f"{FILM.format('fox')} --no-wait -o handle", cell_id="one")
    doomed.kill()
    ran = survivor.run(FILM.format("fox"), cell_id="one")
    (job,) = created(sandbox, "fox")
    assert ran.status == "ok"
    assert f"taken from an earlier run of this cell (prediction {job}, " in ran.text
    assert "<video" in ran.html
    assert survivor.run("handle.wait(20).id == " + repr(job)).result == {"text/plain": "True"}


def test_a_job_is_found_whose_kernel_was_killed_before_it_had_a_name(
    start: Callable[[], Kernel], survivor: Kernel, sandbox: Sandbox
) -> None:
    """After the service had made it, and before it had answered."""
    doomed = start()
    sandbox.inject("slow;on=create;seconds=20;late=yes")
    doomed.begin(FILM.format("owl"), cell_id="two")
    with soon() as waits:
        while waits(not created(sandbox, "owl")):
            pass
    doomed.kill()
    ran = survivor.run(FILM.format("owl"), cell_id="two")
    (job,) = created(sandbox, "owl")
    assert f"taken from an earlier run of this cell (prediction {job}, " in ran.text


def test_a_card_follows_jobs_and_ends_as_the_saved_output(survivor: Kernel, sandbox: Sandbox) -> None:
    """Two of one cell, each in a place of its own, repainted while other cells run."""
    line = '%skytells_predict truefusion prompt="{}" --no-wait -o {}'
    survivor.run(f"{line.format('a hare', 'first')}\n{line.format('a cat', 'second')}", cell_id="three")
    ran = survivor.run("first.wait(20).id, second.wait(20).id")
    ends = [each for each in ran.updated.values() if "<img" in each[-1].get("text/html", "")]
    assert len(ends) == 2
    assert all(set(each[-1]) == {"text/plain", "text/html"} for each in ends)
    made = f"({created(sandbox, 'a hare')[0]!r},\n {created(sandbox, 'a cat')[0]!r})"
    assert ran.result == {"text/plain": made}


def test_stop_cancels_the_job_of_a_cell_and_running_it_again_makes_another(survivor: Kernel, sandbox: Sandbox) -> None:
    """What was canceled is not taken up."""
    ran = survivor.run(FILM.format("hen"), cell_id="four", interrupt_after="%")
    (job,) = sandbox.state.jobs[-1:]
    assert (ran.status, job.stopped is not None) == ("error", True)
    survivor.run(FILM.format("hen"), cell_id="four", interrupt_after="%")
    assert len(created(sandbox, "hen")) == 2


def test_jobs_are_listed_as_a_table(survivor: Kernel) -> None:
    """The value of %skytells_jobs shows itself."""
    assert "nothing is left to collect" in survivor.run("%skytells_jobs").text


def test_files_of_both_kernels_lie_in_one_folder(survivor: Kernel) -> None:
    """A result that was taken up is kept once."""
    code = "import os, pathlib; len(list(pathlib.Path(os.environ['SKYTELLS_NB_MEDIA']).glob('*fox*.mp4')))"
    assert survivor.run(code).text == "1"
