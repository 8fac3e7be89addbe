"""%skytells_jobs: which jobs nobody has waited for to the end, and what it does with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from skytells_nb.api.record import Call, Charge
from skytells_nb.api.values import Prediction, Status
from skytells_nb.costs.jobs import Job
from skytells_nb.errors import InputError, JobCanceledError, UnknownNameError
from skytells_nb.notebook.jobs.listing import MOST, Collected, Jobs, Line
from skytells_nb.notebook.render import bundle
from skytells_nb.notebook.session import current

from .notebooks import FOX, Notebook

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
CALL = Call(
    id="c",
    api="prediction",
    endpoint="POST /predictions",
    model="truefusion",
    started_at=NOW - timedelta(minutes=3),
    fingerprint="f",
    quoted=Decimal("0.04"),
    status="running",
    remote_id="p-1",
)
JOBS = "%skytells_jobs -o run"


def left(notebook: Notebook, *prompts: str, model: str = "truefusion") -> list[str]:
    """Begin jobs that nobody waits for, and give their ids."""
    return [current().client.submit(model, {"prompt": prompt}).id for prompt in prompts]


def test_it_lists_what_nobody_has_seen_the_end_of(notebook: Notebook) -> None:
    """Newest first, from the record alone; what was waited for is not in it, but for --all."""
    seen = notebook.run(FOX)
    first, second = left(notebook, "owl", "hare")
    before = len(notebook.asked)
    assert notebook.run(JOBS).ids == (second, first)
    assert notebook.run(f"{JOBS} --all").ids == (second, first, seen.id)
    assert len(notebook.asked) == before


def test_with_refresh_the_service_is_asked(notebook: Notebook) -> None:
    """A job that ended without a result is settled in the record by it; one that succeeded waits to be collected."""
    good, bad = left(notebook, "owl", "FAIL")
    assert [line.status for line in notebook.run(JOBS)] == ["running", "running"]
    notebook.at(60)
    assert [line.status for line in notebook.run(f"{JOBS} --refresh")] == ["failed", "succeeded"]
    assert notebook.run(JOBS).ids == (good,)
    assert bad in notebook.run(f"{JOBS} --all").ids


def test_a_job_that_failed_says_why(notebook: Notebook) -> None:
    """Where it is collected."""
    (bad,) = left(notebook, "FAIL")
    notebook.at(60)
    said = bundle(notebook.run("%skytells_jobs collect -o run"))["text/plain"]
    assert said == f"{bad}: failed: The model failed because an input says FAIL (sandbox); nothing was billed."


def test_collect_keeps_what_is_ready_and_says_how_the_rest_stands(notebook: Notebook) -> None:
    """It waits for none. What was collected has its files and its cost, and is listed no longer."""
    fox, stopped = left(notebook, "fox", "hare")
    notebook.change(f"UPDATE calls SET status = 'interrupted', finished_at = started_at WHERE remote_id = '{stopped}'")
    notebook.at(60)
    film = left(notebook, "a film", model="truefusion-video")[0]
    found = notebook.run("%skytells_jobs collect -o run")
    assert ([job.id for job in found], [line.id for line in found.others]) == ([fox, stopped], [film])
    text = bundle(found)["text/plain"]
    assert "truefusion_fox" in text
    assert text.splitlines()[-1] == f"{film}: queued"
    assert notebook.run(JOBS).ids == (film,)
    assert [row[0] for row in notebook.rows()] == ["succeeded", "succeeded", "running"]
    assert notebook.run(f"%skytells_jobs collect {fox} -o run").id == fox


@pytest.mark.parametrize("verb", ["collect", "cancel", "resume"])
def test_one_job_is_shown_once(notebook: Notebook, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """Its result, and where its file is."""
    (fox,) = left(notebook, "fox")
    notebook.at(60)
    notebook.run(f"%skytells_jobs {verb} {fox}")
    assert capsys.readouterr().out.count("truefusion_fox_") == 1


def test_resume_waits_by_a_shortened_id(notebook: Notebook) -> None:
    """The prediction is given, shown and settled; without an id --all is to be said."""
    first, second = left(notebook, "owl", "hare")
    assert notebook.run(f"%skytells_jobs resume {first[:13]} -o run").id == first
    assert notebook.run(JOBS).ids == (second,)
    with pytest.raises(InputError, match="Which job is meant"):
        notebook.run("%skytells_jobs resume")
    assert [job.id for job in notebook.run("%skytells_jobs resume --all -o run")] == [second]
    assert notebook.run(JOBS).ids == ()


def test_cancel_stops_jobs_at_the_service(notebook: Notebook) -> None:
    """One, or all that are listed; each is settled."""
    notebook.at(0)
    first, second, third = left(notebook, "owl", "hare", "fox")
    assert notebook.run(f"%skytells_jobs cancel {first} -o run").status is Status.CANCELED
    assert notebook.run(JOBS).ids == (third, second)
    assert [job.status for job in notebook.run("%skytells_jobs cancel --all -o run")] == [Status.CANCELED] * 2
    assert all(job.stopped is not None for job in notebook.sandbox.state.jobs)
    with pytest.raises(JobCanceledError):
        notebook.run(f"%skytells_jobs resume {first}")
    assert notebook.run(JOBS).ids == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colect", "There is no verb 'colect' of %skytells_jobs. Did you mean 'collect'?"),
        ("cancel", "Which job is meant? cancel needs an id. %skytells_jobs lists them; or cancel --all."),
        ("cancel abc --all", "An id is given, and --all. Keep one of them."),
        ("resume nothing-like-it", "There is no job 'nothing-like-it'."),
    ],
)
def test_what_is_wrong_is_said(notebook: Notebook, line: str, said: str) -> None:
    """In one line, and nothing is asked."""
    with pytest.raises(InputError) as caught:
        notebook.run(f"%skytells_jobs {line}")
    assert (str(caught.value), notebook.asked) == (said, [])


def test_an_id_that_is_nearly_right_is_suggested(notebook: Notebook) -> None:
    """And one that several begin with is refused."""
    first, second = left(notebook, "owl", "hare")
    notebook.change(f"UPDATE calls SET remote_id = 'job-one' WHERE remote_id = '{first}'")
    notebook.change(f"UPDATE calls SET remote_id = 'job-two' WHERE remote_id = '{second}'")
    with pytest.raises(UnknownNameError, match="Did you mean 'job-one'"):
        notebook.run("%skytells_jobs cancel job-onne")
    with pytest.raises(InputError, match=r"2 jobs begin with 'job-': job-one, job-two\. Write more of the id\."):
        notebook.run("%skytells_jobs cancel job-")


def test_a_job_that_the_sandbox_forgot_is_listed_no_longer(
    notebook: Notebook, fresh_sandbox: Callable[[], None]
) -> None:
    """It is said once; nobody will see its end."""
    (gone,) = left(notebook, "owl")
    fresh_sandbox()
    found = notebook.run("%skytells_jobs collect -o run")
    assert bundle(found)["text/plain"] == f"{gone}: the service does not know it any more"
    assert notebook.run(JOBS).ids == ()


def test_cancel_leaves_what_has_ended_and_reaches_what_goes_on(notebook: Notebook) -> None:
    """A job that is ready is collected; one that nobody knows does not keep the others from being canceled."""
    fox, gone = left(notebook, "fox", "hare")
    notebook.change(f"UPDATE calls SET remote_id = 'gone' WHERE remote_id = '{gone}'")
    notebook.at(60)
    film = left(notebook, "a film", model="truefusion-video")[0]
    with pytest.raises(InputError, match="The service does not know prediction gone any more"):
        notebook.run("%skytells_jobs cancel --all")
    assert [line for line in notebook.asked if line.endswith("/cancel")] == [f"POST /predictions/{film}/cancel"]
    assert [row[:2] for row in notebook.rows()] == [("succeeded", fox), ("failed", "gone"), ("canceled", film)]
    assert any(Path(os.environ["SKYTELLS_NB_MEDIA"]).glob("truefusion_fox_*"))


def test_the_sandbox_is_not_asked_for_a_live_job(notebook: Notebook) -> None:
    """It would not know it, and the record would take what was paid for as lost."""
    (live,) = left(notebook, "owl")
    notebook.change("UPDATE calls SET sandbox = 0")
    before = notebook.rows()
    with pytest.raises(InputError, match=r"is one of the service itself, and the sandbox is on\. Go back online first"):
        notebook.run(f"%skytells_jobs collect {live}")
    assert notebook.rows() == before


def test_no_more_are_asked_for_than_are_shown(notebook: Notebook) -> None:
    """With --refresh, of so many jobs."""
    left(notebook, *(f"owl {number}" for number in range(MOST + 2)))
    before = len(notebook.asked)
    assert len(notebook.run(f"{JOBS} --refresh")) == MOST + 2
    assert len(notebook.asked) - before == MOST


def test_a_table_of_jobs() -> None:
    """Model, state, age, place and price; a column that says nothing is left out."""
    call = replace(CALL, prompt='{"prompt": "a fox"}', charge=Charge(Decimal("0.05")), status="succeeded")
    seen = Prediction("p-2", Status.RUNNING, progress=40.0)
    shelf = Jobs(
        (
            Line(Job(CALL, "s")),
            Line(Job(replace(CALL, remote_id="p-2"), "s", "lesson.ipynb", "cell", 7), seen),
            Line(Job(replace(CALL, remote_id=None, status="sent"), "s")),
            Line(Job(replace(call, remote_id="p-3"), "s")),
        ),
        now=NOW,
    )
    assert bundle(shelf)["text/plain"] == "\n".join(
        [
            "prediction     model       status            begun      cell              cost         prompt",
            "p-1            truefusion  running           3 min ago                    up to $0.04",
            "p-2            truefusion  processing, 40 %  3 min ago  lesson.ipynb [7]  up to $0.04",
            "(never named)  truefusion  sent              3 min ago                    up to $0.04",
            "p-3            truefusion  succeeded         3 min ago                    $0.05        a fox",
            "%skytells_jobs collect shows what is ready; resume ID waits for one, cancel ID stops one.",
        ]
    )
    assert "cell" not in bundle(Jobs((Line(Job(CALL, "s")),), now=NOW))["text/plain"].splitlines()[0]


def test_no_jobs_and_many(notebook: Notebook) -> None:
    """One sentence; and so many lines at most."""
    assert bundle(Jobs())["text/plain"] == "Every job's end has been seen: nothing is left to collect."
    assert bundle(Collected())["text/plain"] == "Every job's end has been seen: nothing is left to collect."
    many = bundle(Jobs((Line(Job(CALL, "s")),) * (MOST + 2), now=NOW))["text/plain"].splitlines()
    assert (len(many), many[-2]) == (MOST + 3, "and 2 older")


def test_foreign_words_stay_words() -> None:
    """Of a service that names its jobs, or a model, as it likes."""
    evil = '<img src=x onerror="alert(1)">'
    job = Job(replace(CALL, remote_id=evil, model=evil, prompt=f'{{"prompt": "{evil[:9]}>"}}'), "s", evil, "c", 1)
    shown = bundle(Jobs((Line(job, trouble=evil),), now=NOW))["text/html"]
    assert "<img" not in shown
