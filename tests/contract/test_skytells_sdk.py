"""The official Python SDK, unchanged: every call of its blocking client, as it would go against the platform."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import skytells
from skytells import (
    ClientOptions,
    ModelFieldsOptions,
    PredictionRequest,
    PredictionsListOptions,
    PredictionStatus,
    RunOptions,
    SkytellsClient,
    SkytellsError,
    WaitOptions,
)

from skytells_nb.local import EXAMPLE_KEY, Sandbox

FOX = {"model": "truefusion", "input": {"prompt": "a fox"}}
RAIN = {"model": "truefusion-video", "input": {"prompt": "rain"}}


@pytest.fixture
def client(server: Sandbox) -> SkytellsClient:
    """Point the SDK's client at the module's sandbox."""
    return SkytellsClient(EXAMPLE_KEY, base_url=server.url, timeout=20_000)


@pytest.fixture
def slow() -> Iterator[SkytellsClient]:
    """Point the SDK's client at a sandbox whose jobs take their time."""
    with Sandbox() as running:
        yield SkytellsClient(EXAMPLE_KEY, base_url=running.url)


def test_models_are_listed(client: SkytellsClient) -> None:
    """`models.list()` gives the catalogue, a bare array, with its schemas."""
    listed = {model["namespace"]: model for model in client.models.list()}
    assert {"truefusion-pro", "beatfusion-2.0", "truefusion-video", "deepbrain-router"} <= set(listed)
    assert listed["truefusion-pro"]["input_schema"]["required"] == ["prompt"]


@pytest.mark.parametrize(
    "asked",
    [
        {"fields": ["input_schema"]},
        {"options": {"fields": ["input_schema"]}},
        {"options": ModelFieldsOptions(["input_schema"])},
    ],
)
def test_models_have_the_fields_asked_for(client: SkytellsClient, asked: dict[str, Any]) -> None:
    """`fields` names what to include, on one model and on all; on the list the other schema is null."""
    assert {model["output_schema"] for model in client.models.list(**asked)} == {None}
    assert client.models.get("truefusion", **asked)["input_schema"]["type"] == "object"


def test_a_model_is_fetched(client: SkytellsClient, arrived: Callable[[], list[Any]]) -> None:
    """`models.get()` takes the singular path."""
    model = client.models.get("truefusion")
    assert (model["namespace"], model["pricing"]["amount"], model["vendor"]["slug"]) == ("truefusion", 0.03, "skytells")
    assert [(request.path, request.auth) for request in arrived()] == [("/v1/model/truefusion", "x-api-key")]


@pytest.mark.parametrize("model", ["truefusion", "skytells/truefusion"])
def test_run_gives_the_finished_output(client: SkytellsClient, arrived: Callable[[], list[Any]], model: str) -> None:
    """`run()` waits on the server, in one request; a vendor before the name is taken."""
    prediction = client.run(model, {"prompt": "a fox"})
    assert prediction.status == PredictionStatus.SUCCEEDED
    assert prediction.output == [prediction.outputs()]
    assert prediction.outputs().endswith(".png")  # type: ignore[union-attr]
    assert prediction.raw() is prediction.response
    assert [(request.path, request.json["await"]) for request in arrived()] == [("/v1/predict", True)]


@pytest.mark.parametrize("options", [RunOptions({"prompt": "a fox"}), {"input": {"prompt": "a fox"}}])
def test_run_takes_its_input_as_options(client: SkytellsClient, options: Any) -> None:
    """`run(options=…)` is the same call."""
    assert client.run("truefusion", options=options).raw()["input"]["prompt"] == "a fox"


def test_a_stream_is_asked_for(client: SkytellsClient, arrived: Callable[[], list[Any]]) -> None:
    """`run(stream=True)` says so in the request and in the prediction, which names where to look."""
    prediction = client.run("truefusion", {"prompt": "a fox"}, stream=True)
    assert (arrived()[-1].json["stream"], prediction.raw()["stream"]) == (True, True)
    assert client.stream_prediction(prediction.id)["urls"]["stream"] == prediction.raw()["urls"]["stream"]
    assert repr(prediction) == f"Prediction(id={prediction.id!r}, status='succeeded')"


def test_several_outputs_stay_a_list(client: SkytellsClient) -> None:
    """Two pictures are two addresses, and cost twice one."""
    prediction = client.run("truefusion-pro", {"prompt": "a fox", "num_outputs": 2})
    assert len(set(prediction.outputs() or ())) == 2
    one = client.run("truefusion-pro", {"prompt": "a fox"}).raw()
    assert prediction.raw()["metadata"]["billing"]["credits_used"] == pytest.approx(
        2 * one["metadata"]["billing"]["credits_used"]
    )


def test_run_with_progress_polls(client: SkytellsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run(on_progress=…)` creates and polls; the callback sees the job end."""
    monkeypatch.setattr("skytells._client.DEFAULT_POLL_INTERVAL", 10)
    seen: list[dict[str, Any]] = []
    client.run("truefusion", {"prompt": "a slow fox"}, on_progress=seen.append)
    assert seen[-1]["status"] == "succeeded"
    assert all("progress" in look["metrics"] for look in seen[:-1])


@pytest.mark.parametrize("payload", [RAIN, PredictionRequest.from_dict(RAIN)])
def test_create_returns_at_once(slow: SkytellsClient, payload: Any) -> None:
    """A job starts queued, without output; a dict and a request object are the same."""
    job = slow.predictions.create(payload)
    assert (job["status"], job["output"], job["input"]["prompt"]) == ("queued", None, "rain")


def test_predict_can_wait(client: SkytellsClient) -> None:
    """`predict()` with `await` returns a finished image."""
    assert client.predict(FOX | {"await": True})["status"] == "succeeded"
    assert client.predict(PredictionRequest("truefusion", {"prompt": "x"}, await_=True))["status"] == "succeeded"


def test_awaiting_a_video_returns_at_once(slow: SkytellsClient) -> None:
    """The platform ignores `await` for videos; so does the sandbox."""
    assert slow.predict(RAIN | {"await": True})["status"] in {"queued", "processing"}


@pytest.mark.parametrize("options", [{"interval": 10, "max_wait": 10_000}, WaitOptions(interval=10, max_wait=10_000)])
def test_wait_polls_to_the_end(client: SkytellsClient, options: Any) -> None:
    """`wait()` asks again until the job has ended, telling each look."""
    seen: list[str] = []
    done = client.wait(client.predictions.create(RAIN), options, on_progress=lambda look: seen.append(look["status"]))
    assert (done["status"], seen[-1]) == ("succeeded", "succeeded")
    assert done["metadata"]["billing"]["credits_used"] == 0.56


def test_wait_gives_up(slow: SkytellsClient) -> None:
    """`wait(max_wait=…)` ends with an error of the SDK's own; the job goes on."""
    job = slow.predictions.create(RAIN)
    with pytest.raises(SkytellsError) as caught:
        slow.wait(job, {"interval": 10, "max_wait": 30})
    assert (caught.value.error_id, caught.value.http_status) == ("WAIT_TIMEOUT", 408)
    assert slow.predictions.get(job["id"])["status"] in {"queued", "processing"}


def test_get_and_stream_give_the_prediction(client: SkytellsClient) -> None:
    """Both read one job by its id, as JSON."""
    job = client.run("truefusion-edge", {"prompt": "a fox"}).raw()
    assert client.predictions.get(job["id"]) == job
    assert client.stream_prediction(job["id"]) == job
    assert job["urls"]["stream"].rstrip("/").endswith(f"/predictions/{job['id']}/stream")


def test_list_pages_and_filters(sandbox: Sandbox) -> None:
    """`predictions.list()` reads the envelope; pages, dates and the model's filter hold, however they are given."""
    client = SkytellsClient(EXAMPLE_KEY, base_url=sandbox.url)
    for number in range(21):
        client.run("truefusion-edge", {"prompt": str(number)})
    client.run("truefusion", {"prompt": "last"})
    first, second = client.predictions.list(), client.predictions.list(page=2)
    assert (first.pagination.total, first.pagination.per_page, first.pagination.last_page) == (22, 20, 2)
    assert (second.pagination.current_page, len(first.data), len(second.data)) == (2, 20, 2)
    assert [job["input"]["prompt"] for job in first.data[:2]] == ["last", "20"]
    for given in ({"model": "truefusion"}, {"options": {"model": "truefusion"}}):
        assert [job["model"]["name"] for job in client.predictions.list(**given).data] == ["truefusion"]
    dates = PredictionsListOptions(since="2100-01-01", until="2100-12-31")
    assert client.predictions.list(options=dates).to_dict() == {
        "data": [],
        "pagination": {"current_page": 1, "per_page": 20, "total": 0, "last_page": 1},
    }


@pytest.mark.parametrize("spelling", ["canceled", "cancelled"])
@pytest.mark.parametrize("by", ["id", "object"])
def test_cancel_answers_with_the_stopped_prediction(by: str, spelling: Any) -> None:
    """The word for it is the sandbox's option; nothing is billed."""
    with Sandbox(spelling=spelling) as running:
        client = SkytellsClient(EXAMPLE_KEY, base_url=running.url)
        prediction = client.run("truefusion-video", {"prompt": "rain"})  # a video is not awaited
        stopped = client.cancel_prediction(prediction.id) if by == "id" else prediction.cancel()
    assert (stopped["status"], stopped["id"]) == (spelling, prediction.id)
    assert stopped["metadata"]["billing"]["credits_used"] == 0


def test_wait_ends_on_the_spelling_the_sdk_knows() -> None:
    """With `cancelled` the SDK's `wait` sees the end."""
    with Sandbox(spelling="cancelled") as running:
        client = SkytellsClient(EXAMPLE_KEY, base_url=running.url)
        job = client.predictions.create(RAIN)
        client.cancel_prediction(job["id"])
        assert client.wait(job, {"interval": 10, "max_wait": 5000})["status"] == "cancelled"


def test_wait_does_not_know_the_documents_spelling(slow: SkytellsClient) -> None:
    """With `canceled` the SDK's `wait` polls until its limit, as it would against the platform."""
    job = slow.predictions.create(RAIN)
    slow.cancel_prediction(job["id"])
    with pytest.raises(SkytellsError) as caught:
        slow.wait(job, {"interval": 10, "max_wait": 50})
    assert (caught.value.error_id, "canceled" in caught.value.details) == ("WAIT_TIMEOUT", True)


def test_every_word_of_the_sdk_s_vocabulary(server: Sandbox) -> None:
    """Asked to speak as the SDK does, the sandbox uses only the words of its enum, from pending to succeeded."""
    headers = {"x-sandbox-fault": "dialect;status=sdk"}
    client = SkytellsClient(EXAMPLE_KEY, base_url=server.url, headers=headers)
    job, seen = client.predictions.create(RAIN), []
    client.wait(job, {"interval": 1, "max_wait": 10_000}, on_progress=lambda look: seen.append(look["status"]))
    assert (job["status"], seen[-1]) == ("pending", "succeeded")
    assert {PredictionStatus(word) for word in seen} <= set(PredictionStatus)


@pytest.mark.parametrize("by", ["id", "object"])
def test_a_deleted_prediction_is_gone(client: SkytellsClient, by: str) -> None:
    """`delete` answers with the prediction; the next look fails."""
    prediction = client.run("truefusion", {"prompt": "a fox"})
    gone = client.delete_prediction(prediction.id) if by == "id" else prediction.delete()
    assert gone["id"] == prediction.id
    with pytest.raises(SkytellsError) as caught:
        client.predictions.get(prediction.id)
    assert (caught.value.http_status, caught.value.error_id) == (502, "PREDICTION_FAILED")


def test_the_queue_is_dispatched(slow: SkytellsClient) -> None:
    """Queued requests are created one after the other, in their order; the queue is empty then."""
    slow.queue(RAIN)
    slow.queue(PredictionRequest("truefusion-video", {"prompt": "snow"}))
    jobs = slow.dispatch()
    assert [(job["status"], job["input"]["prompt"]) for job in jobs] == [("queued", "rain"), ("queued", "snow")]
    assert slow.dispatch() == []


def test_the_old_names_work(client: SkytellsClient) -> None:
    """The deprecated names do what the new ones do, and warn."""
    job = client.run("truefusion", {"prompt": "a fox"}).raw()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert client.get_prediction(job["id"]) == job
        assert client.get_model("truefusion")["namespace"] == "truefusion"
        assert job["id"] in [found["id"] for found in client.list_predictions(page=1).data]
        assert client.list_models(fields=["input_schema"])[0]["input_schema"]
    assert [warning.category for warning in caught] == [DeprecationWarning] * 4


@pytest.mark.parametrize("make", [skytells.Skytells, skytells.create_client])
def test_the_factories_make_a_client(server: Sandbox, make: Callable[..., SkytellsClient]) -> None:
    """Both functions make a client; options come as an object, a dict, or keywords."""
    for options in (ClientOptions(base_url=server.url), {"base_url": server.url}):
        assert make(EXAMPLE_KEY, options).models.get("truefusion")["type"] == "image"
    assert make(EXAMPLE_KEY, base_url=f"{server.url}/").models.get("truefusion")["type"] == "image"
