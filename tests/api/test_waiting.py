"""Waiting for a job: its pace, its end by time, by Stop and by trouble; what is paid for is never lost."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.values import Prediction, Status
from skytells_nb.errors import StillRunningError
from skytells_nb.local import Sandbox

KEY = "sk-test-4f9a1c77"
FILM = ("truefusion-video", {"prompt": "a fox"})


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """Run a sandbox whose films take longer than any test."""
    with Sandbox(pace=0.05) as running:
        yield running


def cancels(sandbox: Sandbox) -> int:
    """Count the requests to cancel a job."""
    return sum(request.path.endswith("/cancel") for request in sandbox.state.requests)


class Stop:
    """A sleep during which somebody presses Stop, the `nth` time."""

    def __init__(self, nth: int = 1, kind: type[BaseException] = KeyboardInterrupt) -> None:
        self.left = nth
        self.kind = kind

    def __call__(self, _: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.kind


def test_stop_cancels_the_job_once_and_goes_on(slow: Sandbox, told: Any) -> None:
    """One request to cancel; the interruption carries the job and says what became of it."""
    with Client(api_key=KEY, base_url=slow.url, sleep=Stop(2), observers=(told,)) as client:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.predict(*FILM)
        job = caught.value.prediction  # type: ignore[attr-defined]
        assert (cancels(slow), job.status) == (1, Status.CANCELED)
        assert caught.value.__notes__ == [f"Prediction {job.id} was canceled."]
        assert client.prediction(job.id).status is Status.CANCELED
    assert told.story == [("before", "sent"), ("after", "running"), ("after", "canceled")]
    assert told.last.remote_id == job.id


def test_stop_leaves_the_job_running_where_that_is_asked(slow: Sandbox, told: Any) -> None:
    """`cancel_on_interrupt=False`: no request; the record says interrupted, with the id."""
    with Client(api_key=KEY, base_url=slow.url, sleep=Stop(), observers=(told,)) as client:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.predict(*FILM, cancel_on_interrupt=False)
        job = caught.value.prediction  # type: ignore[attr-defined]
        assert cancels(slow) == 0
        assert caught.value.__notes__ == [
            f"Prediction {job.id} may still be running; get it later with sky.Client().wait({job.id!r})."
        ]
        assert not client.prediction(job.id).status.final
    assert (told.last.status, told.last.remote_id) == ("interrupted", job.id)


def test_stop_during_a_progress_report_cancels_too(slow: Sandbox, told: Any) -> None:
    """Wherever in the wait it strikes."""

    def report(_job: Prediction, elapsed: float) -> None:
        if elapsed > 0:
            raise KeyboardInterrupt

    with (
        Client(api_key=KEY, base_url=slow.url, sleep=lambda _: None, observers=(told,)) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.predict(*FILM, on_progress=report)
    assert (cancels(slow), told.last.status) == (1, "canceled")


def test_the_end_of_the_kernel_cancels_too(slow: Sandbox, told: Any) -> None:
    """SystemExit is an interruption like Stop."""
    with (
        Client(api_key=KEY, base_url=slow.url, sleep=Stop(kind=SystemExit), observers=(told,)) as client,
        pytest.raises(SystemExit),
    ):
        client.wait(client.submit(*FILM))
    assert (cancels(slow), told.last.status) == (1, "canceled")


def test_a_cancellation_that_fails_leaves_the_id(scripted: Callable[..., Any]) -> None:
    """The service cannot be reached any more: the interruption goes on, the job is on it, the record has its id."""
    queued = httpx.Response(200, json={"id": "p", "status": "queued", "model": "m"})
    used = scripted(queued, httpx.ConnectError("gone"), sleep=Stop())
    with pytest.raises(KeyboardInterrupt) as caught:
        used.client.wait("p")
    assert caught.value.prediction.id == "p"  # type: ignore[attr-defined]
    assert (used.told.last.status, used.told.last.remote_id) == ("interrupted", "p")
    assert [request.method for request in used.sent] == ["GET", "POST"]


def test_a_cancellation_may_be_answered_with_success_alone(scripted: Callable[..., Any]) -> None:
    """`{success: true}` is the other documented answer."""
    queued = httpx.Response(200, json={"id": "p", "status": "queued", "model": "m"})
    used = scripted(queued, httpx.Response(200, json={"success": True}), sleep=Stop())
    with pytest.raises(KeyboardInterrupt) as caught:
        used.client.wait("p")
    assert caught.value.prediction.status is Status.CANCELED  # type: ignore[attr-defined]
    assert used.told.last.status == "canceled"


def test_a_cancelled_task_cancels_the_job_once(slow: Sandbox, told: Any) -> None:
    """The event loop's own way of stopping, while the wait sleeps."""

    async def main() -> BaseException:
        asleep = asyncio.Event()

        async def sleep(_: float) -> None:
            asleep.set()
            await asyncio.Event().wait()

        async with AsyncClient(api_key=KEY, base_url=slow.url, sleep=sleep, observers=(told,)) as client:
            task = asyncio.create_task(client.predict(*FILM))
            await asleep.wait()
            task.cancel()
            (ended,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended, BaseException)
        return ended

    assert isinstance(asyncio.run(main()), asyncio.CancelledError)
    assert (cancels(slow), told.last.status) == (1, "canceled")


def test_a_wait_that_takes_too_long_keeps_the_job_s_id(slow: Sandbox, told: Any) -> None:
    """The job goes on and is not canceled; the error names the way back; the record stays open."""
    with Client(api_key=KEY, base_url=slow.url, observers=(told,)) as client:
        with pytest.raises(StillRunningError) as caught:
            client.predict(*FILM, timeout=0.1)
        job = caught.value.prediction
        assert str(caught.value).startswith(f"Prediction {job.id} is still queued after 0.")
        assert str(caught.value).endswith(f"s. It goes on; get it later with sky.Client().wait({job.id!r}).")
        assert not client.prediction(job.id).status.final
    assert cancels(slow) == 0
    assert told.story == [("before", "sent"), ("after", "running")]


def test_a_wait_without_time_looks_at_what_is_there(scripted: Callable[..., Any]) -> None:
    """`timeout=0` returns what has ended, and names what has not."""
    done = {"id": "p", "status": "succeeded", "output": "https://a/1.png"}
    assert scripted(httpx.Response(200, json=done)).client.wait("p", timeout=0).links == ("https://a/1.png",)
    running = scripted(httpx.Response(200, json={"id": "p", "status": "processing"}))
    with pytest.raises(StillRunningError, match="Prediction p is still processing"):
        running.client.wait("p", timeout=0)
    assert running.naps == []


def test_the_first_looks_are_half_a_second_apart(scripted: Callable[..., Any]) -> None:
    """A job that takes no time is looked at often, but not in a hurry."""
    looks = [{"id": "p", "status": "processing"}] * 4 + [{"id": "p", "status": "succeeded"}]
    used = scripted(*(httpx.Response(200, json=look) for look in looks))
    used.client.wait("p")
    assert used.naps == [0.5] * 4


def test_a_job_that_gets_out_of_sight_is_not_lost(scripted: Callable[..., Any]) -> None:
    """The service fails while we look: the error carries the job and says that it may go on."""
    running = httpx.Response(200, json={"id": "p", "status": "processing"})
    used = scripted(running, httpx.Response(500, json={"message": "oops"}))
    with pytest.raises(StillRunningError) as caught:
        used.client.wait("p")
    assert str(caught.value).startswith("We lost sight of prediction p: The service is in trouble: oops.")
    assert (caught.value.prediction.id, caught.value.status) == ("p", 500)
    assert len(used.sent) == 5


def test_a_look_that_fails_once_is_repeated(scripted: Callable[..., Any]) -> None:
    """One 502 between two looks does not end the wait."""
    running = httpx.Response(200, json={"id": "p", "status": "processing"})
    used = scripted(running, httpx.Response(502), httpx.Response(200, json={"id": "p", "status": "succeeded"}))
    assert used.client.wait("p").status is Status.SUCCEEDED


@pytest.mark.parametrize("word", ["moderating", "warming-up", None, True])
def test_an_unknown_status_is_waited_for(word: Any, scripted: Callable[..., Any]) -> None:
    """New words run; the wait goes on until one that is final."""
    used = scripted(
        httpx.Response(200, json={"id": "p", "status": word}),
        httpx.Response(200, json={"id": "p", "status": "succeeded"}),
    )
    assert used.client.wait("p").status is Status.SUCCEEDED


def test_a_look_that_names_no_id_keeps_the_one_we_know(scripted: Callable[..., Any]) -> None:
    """An id, once known, is never lost."""
    used = scripted(httpx.Response(200, json={"id": "p"}), httpx.Response(200, json={"status": "succeeded"}))
    assert used.client.wait("p").id == "p"


def test_one_sleep_serves_a_cancel_button(slow: Sandbox) -> None:
    """A form passes an event's wait as `sleep`: setting the event wakes the wait at once."""
    pressed = threading.Event()
    seen: list[float] = []

    def sleep(seconds: float) -> None:
        seen.append(seconds)
        pressed.set()
        if pressed.wait(seconds):
            raise KeyboardInterrupt

    with (
        Client(api_key=KEY, base_url=slow.url, sleep=sleep, observers=()) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.predict(*FILM)
    assert (len(seen), cancels(slow)) == (1, 1)


def test_the_key_is_not_in_an_interruption_s_traceback(slow: Sandbox) -> None:
    """Not with the local variables of all frames either."""
    with (
        Client(api_key=KEY, base_url=slow.url, sleep=Stop(), observers=()) as client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        client.predict(*FILM)
    whole = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert KEY not in "".join(whole.format())


def test_a_wait_for_the_limit_is_told_before_it_begins(slow: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The service's own seconds and its reason reach `on_wait` and the log, and then the pause is made."""
    story: list[object] = []
    slow.inject("429;retry-after=7")
    caplog.set_level("INFO", logger="skytells_nb")
    with Client(
        api_key=KEY,
        base_url=slow.url,
        sleep=lambda seconds: story.append(("slept", seconds)),
        on_wait=lambda seconds, error: story.append(("told", seconds, type(error).__name__)),
        observers=(),
    ) as client:
        client.models()
    assert story == [("told", 7.0, "RateLimitError"), ("slept", 7.0)]
    assert [record.getMessage().endswith(". Trying again in 7 s.") for record in caplog.records] == [True]


def test_a_look_at_a_job_is_no_wait_for_another_try(slow: Sandbox) -> None:
    """Only a failed try is told."""
    told: list[object] = []
    with (
        Client(
            api_key=KEY,
            base_url=slow.url,
            sleep=Stop(3),
            on_wait=lambda *facts: told.append(facts),
            observers=(),
        ) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.predict(*FILM)
    assert told == []


def test_a_job_that_ended_unwatched_took_as_long_as_the_service_says(sandbox: Sandbox) -> None:
    """Collected two days later, it has not taken two days."""
    with Client(api_key=KEY, base_url=sandbox.url, observers=()) as client:
        job = client.submit("truefusion", {"prompt": "a fox"})
        client.wait(job.id)
        assert job.call is not None
        begun = job.call.started_at - timedelta(days=2)
        found = client.wait(replace(job, call=replace(job.call, started_at=begun)))
    assert found.call is not None
    assert found.completed_at is not None
    assert found.created_at is not None
    took = found.completed_at - found.created_at
    assert (found.seconds, found.call.finished_at) == (took.total_seconds(), begun + took)
