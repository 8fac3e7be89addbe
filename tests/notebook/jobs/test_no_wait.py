"""--no-wait gives a handle at once; a card follows the job, and holds its result in the end."""

from __future__ import annotations

from typing import Any

import pytest

import skytells_nb as sky
from skytells_nb.api.values import Prediction, Status
from skytells_nb.errors import (
    InvalidInputError,
    JobCanceledError,
    NetworkError,
    OverBudgetError,
    StillRunningError,
)
from skytells_nb.notebook.jobs.card import Card
from skytells_nb.notebook.jobs.progress import Progress
from skytells_nb.notebook.painters import Bundle, Slot
from skytells_nb.notebook.session import current

from .notebooks import FILM, FOX, Notebook

DONE = Prediction("p-1", Status.SUCCEEDED, model="m", output=("a text",))


@pytest.fixture
def frozen(notebook: Notebook) -> Notebook:
    """Let no job get on."""
    notebook.at(0)
    return notebook


def test_a_handle_is_given_at_once_and_gives_the_result(notebook: Notebook) -> None:
    """It knows where the job stands, waits for it, and has the prediction in the end, its files kept."""
    handle = notebook.run(f"{FOX} --no-wait")
    job = handle.wait(20)
    assert (handle.done, handle.status, handle.id, handle.result) == (True, "succeeded", job.id, job)
    assert repr(handle) == f"<Handle id='{job.id}' model='truefusion' status='succeeded'>"
    assert notebook.rows() == [("succeeded", job.id, 1)]


def test_a_handle_shows_how_far_the_job_is(frozen: Notebook) -> None:
    """And by which id, while it has no result; a wait has a limit, and a cancel reaches the service."""
    handle = frozen.run(f"{FILM} --no-wait")
    with pytest.raises(StillRunningError, match=r"The run is still \w+ after 0.3 s"):
        handle.wait(0.3)
    shown = handle._repr_mimebundle_()
    assert (handle.done, handle.result, set(shown)) == (False, None, {"text/plain", "text/html"})
    assert shown["text/plain"].startswith("truefusion-video · ")
    assert shown["text/plain"].endswith(f"\n{handle.id}")
    assert handle.id in shown["text/html"]
    handle.cancel()
    with pytest.raises(JobCanceledError):
        handle.wait(20)
    assert (handle.status, frozen.sandbox.state.jobs[0].stopped is not None) == ("canceled", True)
    assert handle._repr_mimebundle_()["text/plain"].startswith("canceled: there is no result")


def test_a_cell_that_runs_again_at_once_pays_once(notebook: Notebook) -> None:
    """Its job, which is not in the record yet, is waited for until the service has named it, however slow that is."""
    notebook.sandbox.inject("slow;seconds=4;on=create;times=1")
    first, again = notebook.run(f"{FOX} --no-wait"), notebook.run(f"{FOX} --no-wait")
    assert (again.wait(20).id, notebook.made) == (first.wait(20).id, 1)


def test_a_cell_that_runs_again_follows_the_jobs_that_run(frozen: Notebook) -> None:
    """Each of several, waited for or not; the handle says whose it is."""
    two = f"{FILM.replace('run', 'one')} --no-wait\n{FILM} --no-wait"
    second = frozen.run(two)
    first = frozen.shell.user_ns["one"]
    for handle in (first, second):
        with pytest.raises(StillRunningError):
            handle.wait(0.2)
    again = frozen.run(two)
    assert [frozen.shell.user_ns["one"].id, again.id] == [first.id, second.id]
    assert again.note.startswith(f"taken from an earlier run of this cell (prediction {second.id}, just now)")
    assert frozen.made == 2
    for handle in (first, second, again, frozen.shell.user_ns["one"]):
        handle.cancel()
        with pytest.raises(JobCanceledError):
            handle.wait(20)


def test_wrong_inputs_fail_the_cell(notebook: Notebook) -> None:
    """Nothing is begun beside it."""
    with pytest.raises(InvalidInputError):
        notebook.run("%skytells_predict truefusion propmt=fox --no-wait -o run")


def test_a_price_over_the_budget_fails_the_cell(notebook: Notebook) -> None:
    """But not the cell of a job that is taken up: that costs nothing."""
    sky.budget("0.05")
    try:
        job = notebook.run(f"{FOX} --no-wait").wait(20)
        with pytest.raises(OverBudgetError):
            notebook.run(f"{FOX} --no-wait --fresh")
        assert notebook.run(f"{FOX} --no-wait").wait(20).id == job.id
    finally:
        sky.budget(None)
    assert notebook.made == 1


def test_what_goes_wrong_beside_the_cells_is_raised_by_the_wait(notebook: Notebook) -> None:
    """And the handle shows it."""
    notebook.sandbox.inject("cut-before;on=create")
    handle = notebook.run(f"{FOX} --no-wait")
    with pytest.raises(NetworkError):
        handle.wait(20)
    assert "The job may have run all the same" in handle._repr_mimebundle_()["text/plain"]


class Wall(Slot):
    """A place that remembers what was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[str] = []

    def show(self, drawn: Bundle) -> int:
        self.painted.append(drawn["text/plain"])
        return 0


def test_a_card_is_painted_four_times_a_second_and_in_the_end(notebook: Notebook) -> None:
    """What comes too early is left out, but for the last word."""
    now, wall = [0.0], Wall()
    card = Card("a note", clock=lambda: now[0], display=wall)
    told: list[dict[str, Any]] = [
        {"state": "queued"},
        {"state": "running", "percent": 10.0},
        {"state": "running", "percent": 20.0},
        {"state": "succeeded", "job": DONE},
    ]
    for seconds, progress in zip((0.0, 0.2, 0.25, 0.3), told, strict=True):
        now[0] = seconds
        card.show(Progress("m", {}, elapsed=seconds, **progress))
    assert wall.painted == ["m · queued · 0.0 s", "m · processing · 20 % · 0.2 s", "a text\nm · p-1\na note"]
    assert current().recent[-1].id == "p-1"


def test_a_card_says_why_nothing_moves(notebook: Notebook) -> None:
    """In words that cannot hurt."""
    wall = Wall()
    Card(display=wall).show(
        Progress("m", {}, state="running", waiting="Too many <b>requests</b>. Trying again in 2 s.")
    )
    assert wall.painted == ["m · processing · 0.0 s\nToo many <b>requests</b>. Trying again in 2 s."]
