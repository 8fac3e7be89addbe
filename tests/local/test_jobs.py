"""A job's state is a pure function of the job and the time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from skytells_nb.local import Options
from skytells_nb.local.account import Account
from skytells_nb.local.models import catalogue
from skytells_nb.local.predictions import jobs
from skytells_nb.local.predictions.jobs import SECOND
from skytells_nb.local.predictions.predictions import micros, nanos, prediction

START = 1_772_828_123 * SECOND


def job_of(name: str = "truefusion", *, pace: float = 1.0, **given: Any) -> jobs.Job:
    """Make a job at START."""
    model = catalogue.models()[name]
    given = given or {"prompt": "a fox"}
    return jobs.plan("d05b96fc-7fdf-4528-8e61-aa1092f48040", model, given, now=START, pace=pace)


def at(job: jobs.Job, seconds: float) -> jobs.Snapshot:
    """Look at the job so many seconds after it was made."""
    return jobs.snapshot(job, START + round(seconds * SECOND))


@pytest.mark.parametrize(
    ("name", "given", "seconds"),
    [
        ("truefusion", {"prompt": "x"}, 1.2),
        ("beatfusion-2.0", {"lyrics": "x"}, 2.0),
        ("truefusion-video", {"prompt": "x"}, 3.0),
    ],
)
def test_a_job_takes_its_kind_s_time(name: str, given: dict[str, Any], seconds: float) -> None:
    """An image takes 1.2 s, a song 2 s, a video 3 s; the first fifth of it is spent queued."""
    job = job_of(name, **given)
    assert at(job, 0).status == at(job, 0.199 * seconds).status == "queued"
    assert at(job, 0.201 * seconds).status == at(job, 0.999 * seconds).status == "processing"
    assert at(job, seconds).status == "succeeded"


def test_pace_divides_the_time() -> None:
    """Twenty times faster, an image is there after 60 ms."""
    job = job_of(pace=20)
    assert (at(job, 0.059).status, at(job, 0.06).status) == ("processing", "succeeded")


def test_progress_only_grows() -> None:
    """From 0 in the queue through whole numbers to 100 at the end."""
    seen = [at(job_of(), step / 100).progress for step in range(130)]
    assert (seen[0], seen[-1]) == (0, 100)
    assert seen == sorted(seen)


def test_a_job_that_fails_ends_below_100() -> None:
    """A prompt with FAIL fails at its end, costs nothing and never says it is done."""
    job = job_of(prompt="this must FAIL")
    end = at(job, 1.2)
    assert (end.status, jobs.billed(job, START + 2 * SECOND)) == ("failed", 0)
    assert end.progress < 100


def test_a_stopped_job_stays_where_it_was() -> None:
    """Stopped at work, its progress and end stand still, and nothing is billed."""
    job = jobs.stop(job_of(), START + SECOND)
    assert at(job, 1) == at(job, 60)
    assert (at(job, 60).status, jobs.billed(job, START + 60 * SECOND)) == ("canceled", 0)


def test_stopping_an_ended_job_changes_nothing() -> None:
    """What has succeeded stays so."""
    job = job_of()
    assert jobs.stop(job, START + 2 * SECOND) is job


def test_a_job_stopped_in_the_queue_never_started() -> None:
    """Its object has an end and no start."""
    job = jobs.stop(job_of(), START + 1)
    written = prediction(job, START + SECOND, origin="", options=Options())
    assert (written["started_at"], written["metrics"]["predict_time"]) == (None, 0.0)
    assert written["completed_at"] is not None


def test_the_balance_is_held_until_the_end() -> None:
    """A running job holds its price; a failed one gives it back."""
    account = Account(Decimal(1))
    account.hold(job_of(prompt="FAIL"))
    assert account.left(START) == Decimal("0.97")
    assert account.left(START + 2 * SECOND) == 1


@pytest.mark.parametrize(
    ("name", "given", "price"),
    [
        ("truefusion", {"prompt": "x"}, "0.03"),
        ("truefusion", {"prompt": "x", "number_of_images": 3}, "0.09"),
        ("truefusion-pro", {"prompt": "x", "num_outputs": 4}, "0.16"),
        ("truefusion-pro", {"prompt": "x", "num_outputs": 2.0}, "0.08"),
        ("truefusion-edge", {"prompt": "x"}, "0.01"),
        ("truefusion-2", {"prompt": "x"}, "0.10"),
        ("truefusion-2", {"prompt": "x", "resolution": "720p"}, "0.07"),
        ("beatfusion-2.0", {"lyrics": "x"}, "0.75"),
        ("truefusion-video", {"prompt": "x"}, "0.56"),
        ("truefusion-video", {"prompt": "x", "duration": 10}, "1.12"),
    ],
)
def test_a_price_follows_the_input(name: str, given: dict[str, Any], price: str) -> None:
    """Images by their number, video by its seconds, a criteria by its field, else once."""
    assert job_of(name, **given).price == Decimal(price)


def test_files_have_their_own_names() -> None:
    """Two jobs, or two outputs of one, never share a path; the path has the day in it."""
    paths = job_of("truefusion-pro", prompt="x", num_outputs=4).outputs
    assert len(set(paths)) == 4
    assert all(path.startswith("/us/2026/03/06/") for path in paths)


def test_moments_are_written_in_two_precisions() -> None:
    """Microseconds with six digits, nanoseconds with nine, both with a Z."""
    moment = START + 160_110_297
    assert micros(moment) == "2026-03-06T20:15:23.160110Z"
    assert nanos(moment) == "2026-03-06T20:15:23.160110297Z"
    assert nanos(None) is None
