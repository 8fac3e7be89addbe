"""The official Python SDK's async client, unchanged: every call does what the blocking client's does."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from skytells import AsyncSkytellsClient, PredictionRequest, SkytellsError

from skytells_nb.local import EXAMPLE_KEY, Sandbox

RAIN = {"model": "truefusion-video", "input": {"prompt": "rain"}}


def perform(server: Sandbox, work: Callable[[AsyncSkytellsClient], Awaitable[Any]], **options: Any) -> Any:
    """Run something with an async client, and end its threads."""

    async def inside() -> Any:
        client = AsyncSkytellsClient(EXAMPLE_KEY, base_url=server.url, **options)
        try:
            return await work(client)
        finally:
            client._executor.shutdown()

    return asyncio.run(inside())


def test_the_catalogue_is_read(server: Sandbox) -> None:
    """`models.list()` and `models.get()` give the catalogue."""

    async def work(client: AsyncSkytellsClient) -> tuple[Any, Any]:
        return await client.models.list(fields=["input_schema"]), await client.models.get("truefusion")

    listed, one = perform(server, work)
    assert one["namespace"] in {model["namespace"] for model in listed}


def test_a_job_is_run(server: Sandbox, arrived: Callable[[], list[Any]]) -> None:
    """`run()` gives the finished prediction in one request."""
    prediction = perform(server, lambda client: client.run("truefusion-edge", {"prompt": "a fox"}))
    assert (prediction.status, prediction.outputs()[-4:]) == ("succeeded", ".png")
    assert len(arrived()) == 1


def test_many_jobs_at_once(server: Sandbox) -> None:
    """Twenty jobs in flight each have their own input and id."""

    async def work(client: AsyncSkytellsClient) -> list[Any]:
        return await asyncio.gather(*(client.run("truefusion-edge", {"prompt": str(n)}) for n in range(20)))

    done = perform(server, work)
    assert [prediction.raw()["input"]["prompt"] for prediction in done] == [str(n) for n in range(20)]
    assert len({prediction.id for prediction in done}) == 20


def test_a_job_is_followed(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run(on_progress=…)` and `wait()` poll to the end, telling each look."""
    monkeypatch.setattr("skytells._client.DEFAULT_POLL_INTERVAL", 10)
    seen: list[Any] = []

    async def work(client: AsyncSkytellsClient) -> tuple[Any, Any]:
        first = await client.run("truefusion", {"prompt": "a fox"}, on_progress=seen.append)
        job = await client.predictions.create(RAIN)
        return first.status, (await client.wait(job, {"interval": 10, "max_wait": 10_000}))["status"]

    assert perform(server, work) == ("succeeded", "succeeded")
    assert seen[-1]["status"] == "succeeded"


def test_a_job_is_read_listed_and_deleted(server: Sandbox) -> None:
    """`predict`, `get`, `stream_prediction` and `list` show the same job; `delete` takes it away."""

    async def work(client: AsyncSkytellsClient) -> None:
        job = await client.predict(PredictionRequest("truefusion", {"prompt": "a fox"}, await_=True))
        assert await client.predictions.get(job["id"]) == await client.stream_prediction(job["id"]) == job
        page = await client.predictions.list(model="truefusion", since="2020-01-01", until="2100-01-01")
        assert page.data[0] == job
        assert (await client.delete_prediction(job["id"]))["id"] == job["id"]
        with pytest.raises(SkytellsError) as caught:
            await client.predictions.get(job["id"])
        assert caught.value.http_status == 502

    perform(server, work)


def test_jobs_are_stopped() -> None:
    """By its id or through its object, a running job stops and is not billed."""

    async def work(client: AsyncSkytellsClient) -> list[Any]:
        by_id, by_object = [await client.run("truefusion-video", {"prompt": "rain"}) for _ in range(2)]
        return [await client.cancel_prediction(by_id.id), await by_object.cancel(), await by_object.delete()]

    with Sandbox() as slow:
        stopped = perform(slow, work)
    assert [job["status"] for job in stopped] == ["canceled"] * 3
    assert {job["metadata"]["billing"]["credits_used"] for job in stopped} == {0}


def test_the_queue_is_dispatched() -> None:
    """Queued requests are created together, answered in their order."""

    async def work(client: AsyncSkytellsClient) -> list[Any]:
        for prompt in ("rain", "snow"):
            client.queue({"model": "truefusion-video", "input": {"prompt": prompt}})
        return await client.dispatch()

    with Sandbox() as slow:
        jobs = perform(slow, work)
    assert [(job["status"], job["input"]["prompt"]) for job in jobs] == [("queued", "rain"), ("queued", "snow")]


def test_the_old_names_work(server: Sandbox) -> None:
    """The deprecated names do what the new ones do, and warn."""

    async def work(client: AsyncSkytellsClient) -> None:
        job = (await client.run("truefusion", {"prompt": "a fox"})).raw()
        assert await client.get_prediction(job["id"]) == job
        assert (await client.get_model("truefusion"))["namespace"] == "truefusion"
        assert job["id"] in [found["id"] for found in (await client.list_predictions(page=1)).data]
        assert await client.list_models()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        perform(server, work)
    assert [warning.category for warning in caught] == [DeprecationWarning] * 4


def test_errors_are_the_same(server: Sandbox) -> None:
    """A refusal, a failed job and a broken wire raise what the blocking client raises."""

    async def work(client: AsyncSkytellsClient) -> list[tuple[int, str]]:
        told = []
        for call in (client.models.get("nope"), client.run("truefusion", {"prompt": "FAIL"})):
            with pytest.raises(SkytellsError) as caught:
                await call
            told.append((caught.value.http_status, caught.value.error_id))
        return told

    assert perform(server, work) == [(404, "MODEL_NOT_FOUND"), (0, "PREDICTION_FAILED")]
    with pytest.raises(SkytellsError) as caught:
        perform(server, lambda client: client.models.list(), headers={"x-sandbox-fault": "cut-before"})
    assert caught.value.error_id == "NETWORK_ERROR"
