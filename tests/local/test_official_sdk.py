"""The official Python SDK, unchanged, works against the sandbox as it would against the platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import skytells
from skytells import SkytellsClient, SkytellsError

from skytells_nb.local import EXAMPLE_KEY, Sandbox


@pytest.fixture
def client(shared_sandbox: Sandbox) -> SkytellsClient:
    """Point the SDK's client at the shared sandbox."""
    return SkytellsClient(EXAMPLE_KEY, base_url=shared_sandbox.url, timeout=20_000)


def test_models_are_listed(client: SkytellsClient) -> None:
    """`models.list()` gives the catalogue with its schemas."""
    listed = {model["namespace"]: model for model in client.models.list()}
    assert {"truefusion-pro", "beatfusion-2.0", "truefusion-video", "deepbrain-router"} <= set(listed)
    assert listed["truefusion-pro"]["input_schema"]["required"] == ["prompt"]


def test_models_are_listed_with_the_fields_asked_for(client: SkytellsClient) -> None:
    """`fields` names what to include; the other schema is null."""
    model = client.models.list(fields=["input_schema"])[0]
    assert model["input_schema"]["type"] == "object"
    assert model["output_schema"] is None


def test_a_model_is_fetched(client: SkytellsClient) -> None:
    """`models.get()` takes the singular path."""
    model = client.models.get("truefusion", fields=["input_schema"])
    assert (model["namespace"], model["pricing"]["amount"]) == ("truefusion", 0.03)


def test_run_gives_the_finished_output(client: SkytellsClient) -> None:
    """`run()` waits on the server and unwraps the single output."""
    prediction = client.run("truefusion", {"prompt": "a fox"})
    assert prediction.status == "succeeded"
    assert str(prediction.outputs()).endswith(".png")


def test_run_with_progress_polls(client: SkytellsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run(on_progress=…)` creates and polls; the callback sees the job end."""
    monkeypatch.setattr("skytells._client.DEFAULT_POLL_INTERVAL", 10)
    seen: list[dict[str, Any]] = []
    client.run("truefusion", {"prompt": "a slow fox"}, on_progress=seen.append)
    assert seen[-1]["status"] == "succeeded"
    assert all("progress" in look["metrics"] for look in seen[:-1])


def test_create_returns_at_once_and_wait_ends(client: SkytellsClient) -> None:
    """A video is queued first and succeeds while `wait` polls every 50 ms."""
    job = client.predictions.create({"model": "truefusion-video", "input": {"prompt": "rain"}})
    assert (job["status"], job["output"]) == ("queued", None)
    done = client.wait(job, {"interval": 50, "max_wait": 10_000})
    assert (done["status"], done["metadata"]["billing"]["credits_used"]) == ("succeeded", 0.56)


def test_awaiting_a_video_returns_at_once(client: SkytellsClient) -> None:
    """The platform ignores `await` for videos; so does the sandbox."""
    job = client.predict({"model": "truefusion-video", "input": {"prompt": "rain"}, "await": True})
    assert job["status"] in {"queued", "processing"}


def test_get_and_stream_give_the_prediction(client: SkytellsClient) -> None:
    """Both read one job by its id."""
    job = client.run("truefusion-edge", {"prompt": "a fox"}).raw()
    assert client.predictions.get(job["id"]) == job
    assert client.stream_prediction(job["id"]) == job


def test_list_pages_and_filters(sandbox: Sandbox) -> None:
    """`predictions.list()` reads the envelope; the model filter holds."""
    client = SkytellsClient(EXAMPLE_KEY, base_url=sandbox.url)
    client.run("truefusion-edge", {"prompt": "one"})
    client.run("truefusion", {"prompt": "two"})
    page = client.predictions.list(page=1, since="2020-01-01", until="2100-01-01")
    assert (page.pagination.total, page.pagination.last_page) == (2, 1)
    assert [job["input"]["prompt"] for job in page.data] == ["two", "one"]
    assert [job["model"]["name"] for job in client.predictions.list(model="truefusion").data] == ["truefusion"]


@pytest.mark.parametrize("spelling", ["canceled", "cancelled"])
def test_cancel_answers_with_the_stopped_prediction(spelling: Any) -> None:
    """The word for it is the sandbox's option; nothing is billed."""
    with Sandbox(spelling=spelling) as slow:
        client = SkytellsClient(EXAMPLE_KEY, base_url=slow.url)
        job = client.predictions.create({"model": "truefusion-video", "input": {"prompt": "rain"}})
        stopped = client.cancel_prediction(job["id"])
    assert (stopped["status"], stopped["id"]) == (spelling, job["id"])
    assert stopped["metadata"]["billing"]["credits_used"] == 0


def test_wait_ends_on_the_spelling_the_sdk_knows() -> None:
    """With `cancelled` the SDK's `wait` sees the end; it knows no other spelling."""
    with Sandbox(spelling="cancelled") as slow:
        client = SkytellsClient(EXAMPLE_KEY, base_url=slow.url)
        job = client.predictions.create({"model": "truefusion-video", "input": {"prompt": "rain"}})
        client.cancel_prediction(job["id"])
        assert client.wait(job, {"interval": 10, "max_wait": 5000})["status"] == "cancelled"


def test_wait_ends_in_the_vocabulary_the_sdk_lists() -> None:
    """With the words of its own enumeration, from pending to cancelled, the SDK waits to the end of each job."""
    with Sandbox(pace=4, dialect={"status": "sdk"}) as server:
        client = SkytellsClient(EXAMPLE_KEY, base_url=server.url)
        jobs = [client.predictions.create({"model": "truefusion-video", "input": {"prompt": "rain"}}) for _ in range(2)]
        assert [job["status"] for job in jobs] == ["pending", "pending"]
        client.cancel_prediction(jobs[1]["id"])
        ended = [client.wait(job, {"interval": 10, "max_wait": 10_000})["status"] for job in jobs]
    assert ended == ["succeeded", "cancelled"]


@pytest.mark.parametrize(
    "row",
    [
        {"created": "202"},
        {"created": "201"},
        {"ids": "pred"},
        {"output": "string"},
        {"model": "string"},
        {"times": "offset"},
        {"fields": "sparse"},
    ],
)
def test_the_sdk_runs_in_other_dialects(row: dict[str, str]) -> None:
    """What it does not look at may be written another way."""
    with Sandbox(pace=50, dialect=row) as server:
        prediction = SkytellsClient(EXAMPLE_KEY, base_url=server.url).run("truefusion", {"prompt": "a fox"})
    assert prediction.status == "succeeded"
    assert str(prediction.outputs()).endswith(".png")


def test_a_deleted_prediction_is_gone(client: SkytellsClient) -> None:
    """`delete()` answers with the prediction; the next look fails."""
    prediction = client.run("truefusion", {"prompt": "a fox"})
    assert prediction.delete()["id"] == prediction.id
    with pytest.raises(SkytellsError) as caught:
        client.predictions.get(prediction.id)
    assert caught.value.http_status == 502


def test_a_failed_job_raises(client: SkytellsClient) -> None:
    """A prompt that says FAIL fails, with a sentence the SDK finds."""
    with pytest.raises(SkytellsError, match="says FAIL") as caught:
        client.run("truefusion", {"prompt": "please FAIL"})
    assert caught.value.error_id == "PREDICTION_FAILED"


def test_the_queue_is_dispatched(client: SkytellsClient) -> None:
    """Queued requests are created one after the other."""
    client.queue({"model": "truefusion", "input": {"prompt": "one"}})
    client.queue({"model": "truefusion", "input": {"prompt": "two"}})
    assert [job["status"] for job in client.dispatch()] == ["queued", "queued"]


async def _run(client: Any) -> str:
    prediction = await client.run("truefusion-edge", {"prompt": "a fox"})
    return str(prediction.status)


def test_the_async_client_works(shared_sandbox: Sandbox) -> None:
    """The SDK's other client, which runs in threads, finishes a job too."""
    import asyncio

    client = skytells.AsyncSkytellsClient(EXAMPLE_KEY, base_url=shared_sandbox.url)
    try:
        assert asyncio.run(_run(client)) == "succeeded"
    finally:
        client._executor.shutdown()


@pytest.mark.parametrize(
    ("key", "call", "status", "error_id"),
    [
        (None, lambda c: c.models.list(), 401, "UNAUTHORIZED"),
        ("sk-sandbox-revoked", lambda c: c.models.list(), 401, "UNAUTHORIZED"),
        ("not-a-key", lambda c: c.models.list(), 401, "UNAUTHORIZED"),
        ("sk-sandbox-broke", lambda c: c.run("truefusion", {"prompt": "x"}), 402, "INSUFFICIENT_CREDITS"),
        (EXAMPLE_KEY, lambda c: c.models.get("nope"), 404, "MODEL_NOT_FOUND"),
        (EXAMPLE_KEY, lambda c: c.run("nope", {"prompt": "x"}), 404, "MODEL_NOT_FOUND"),
        (EXAMPLE_KEY, lambda c: c.run("truefusion", {}), 422, "VALIDATION_ERROR"),
        (EXAMPLE_KEY, lambda c: c.run("gpt-5", {"prompt": "x"}), 422, "MODEL_NOT_SUPPORTED"),
        (EXAMPLE_KEY, lambda c: c.predictions.get("no-such-id"), 502, "PREDICTION_FAILED"),
        (EXAMPLE_KEY, lambda c: c.predictions.list(since="yesterday"), 400, "INVALID_DATE_FORMAT"),
    ],
)
def test_an_error_reaches_the_caller(
    shared_sandbox: Sandbox, key: str | None, call: Callable[[Any], Any], status: int, error_id: str
) -> None:
    """Each refusal becomes a SkytellsError with the platform's id and status."""
    with pytest.raises(SkytellsError) as caught:
        call(SkytellsClient(key, base_url=shared_sandbox.url))
    assert (caught.value.http_status, caught.value.error_id) == (status, error_id)


def test_too_many_requests_raise_429() -> None:
    """The third call in a minute of two is refused."""
    with Sandbox(requests_per_minute=2) as strict:
        client = SkytellsClient(EXAMPLE_KEY, base_url=strict.url)
        client.models.list()
        client.models.list()
        with pytest.raises(SkytellsError) as caught:
            client.models.list()
    assert (caught.value.http_status, caught.value.error_id) == (429, "RATE_LIMIT_EXCEEDED")


def test_the_sdk_s_own_retry_gets_through(sandbox: Sandbox) -> None:
    """Two injected 503s are passed by a client that may retry twice."""
    sandbox.inject("503", times=2)
    client = SkytellsClient(EXAMPLE_KEY, base_url=sandbox.url, retry={"retries": 2, "retry_delay": 1})
    assert client.models.list()
    assert [request.path for request in sandbox.state.requests] == ["/v1/models"] * 3


def test_a_queued_reply_with_status_false_is_an_error_to_this_sdk(sandbox: Sandbox) -> None:
    """Version 1.0.0 raises on it, although the job exists; newer clients look at the id."""
    sandbox.inject("status-false")
    client = SkytellsClient(EXAMPLE_KEY, base_url=sandbox.url)
    with pytest.raises(SkytellsError, match="queued"):
        client.predictions.create({"model": "truefusion", "input": {"prompt": "x"}})
    assert len(sandbox.state.jobs) == 1
