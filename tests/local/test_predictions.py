"""The Prediction API over HTTP: creating, listing, stopping, deleting, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from skytells_nb.local import Sandbox

JOB = {"model": "truefusion", "input": {"prompt": "a fox"}}


@pytest.mark.parametrize("path", ["/predictions", "/predictions/", "/predict", "/predict/"])
def test_a_job_is_created_under_both_names(api: httpx.Client, path: str) -> None:
    """`/predictions` and `/predict`, with and without a slash."""
    reply = api.post(path, json=JOB)
    assert (reply.status_code, reply.json()["status"], reply.json()["output"]) == (200, "queued", None)


def test_the_edge_model_answers_in_the_post(api: httpx.Client) -> None:
    """No polling for truefusion-edge."""
    job = api.post("/predictions", json={"model": "truefusion-edge", "input": {"prompt": "a fox"}}).json()
    assert (job["status"], len(job["output"])) == ("succeeded", 1)


@pytest.mark.parametrize("word", ["await", "wait"])
def test_the_caller_may_wait(api: httpx.Client, word: str) -> None:
    """Either word makes the reply come with the output."""
    job = api.post("/predictions", json=JOB | {word: True}).json()
    assert (job["status"], job["metrics"]["image_count"]) == ("succeeded", 1)


def test_a_running_job_tells_its_progress(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """While it works, metrics have progress and nothing else; times come at the end."""
    job = own_api.post("/predictions", json={"model": "truefusion-video", "input": {"prompt": "x"}}).json()
    seen = []
    while job["output"] is None:
        seen.append(job["metrics"])
        job = own_api.get(f"/predictions/{job['id']}").json()
    assert all(list(metrics) == ["progress"] for metrics in seen)
    assert list(job["metrics"]) == ["predict_time", "total_time"]


def test_a_vendor_s_name_may_stand_before_the_model(api: httpx.Client) -> None:
    """`skytells/truefusion` is `truefusion`; another vendor's is not."""
    named = api.post("/predictions", json=JOB | {"model": "skytells/truefusion"})
    assert named.json()["model"]["name"] == "truefusion"
    assert api.post("/predictions", json=JOB | {"model": "openai/truefusion"}).status_code == 404


@pytest.mark.parametrize("path", ["stream", "stream/", ""])
def test_a_job_is_shown_as_json(api: httpx.Client, path: str) -> None:
    """`/stream` is no event stream but the prediction."""
    job = api.post("/predictions", json=JOB).json()
    assert api.get(f"/predictions/{job['id']}/{path}").json()["id"] == job["id"]


def test_a_failed_job_says_why(finished: Callable[..., Any]) -> None:
    """Status 200, `failed`, a sentence in `error` and `response`, no output, no credits."""
    job = finished("truefusion", prompt="please FAIL")
    assert (job["status"], job["output"], job["metadata"]["billing"]["credits_used"]) == ("failed", None, 0)
    assert "FAIL" in job["error"]
    assert job["error"] == job["response"]


def test_cancelling_an_ended_job_changes_nothing(api: httpx.Client, finished: Callable[..., Any]) -> None:
    """The reply is the prediction as it was, with 200."""
    job = finished("truefusion", prompt="a fox")
    reply = api.post(f"/predictions/{job['id']}/cancel")
    assert (reply.status_code, reply.json()) == (200, job)


def test_a_cancelled_job_is_final(own_api: httpx.Client) -> None:
    """It says canceled at once and afterwards."""
    job = own_api.post("/predictions", json={"model": "truefusion-video", "input": {"prompt": "x"}}).json()
    stopped = own_api.post(f"/predictions/{job['id']}/cancel").json()
    assert stopped["status"] == "canceled"
    assert own_api.get(f"/predictions/{job['id']}").json() == stopped


@pytest.mark.parametrize("path", ["", "/", "/delete", "/delete/"])
def test_a_job_is_deleted_under_both_names(api: httpx.Client, path: str, web: httpx.Client) -> None:
    """The prediction is the answer; after that there is none, and its files are gone."""
    job = api.post("/predictions", json=JOB | {"await": True}).json()
    assert api.delete(f"/predictions/{job['id']}{path}").json()["id"] == job["id"]
    missing = api.get(f"/predictions/{job['id']}")
    assert (missing.status_code, missing.json()["error_id"]) == (502, "PREDICTION_FAILED")
    assert web.get(job["output"][0]).status_code == 404


def test_pages_are_cut_newest_first(own_api: httpx.Client) -> None:
    """Three a page of seven jobs: three pages, and one past the end is empty."""
    made = [own_api.post("/predictions", json=JOB).json()["id"] for _ in range(7)]
    pages = [own_api.get("/predictions", params={"page": n, "per_page": 3}).json() for n in (1, 2, 3, 4)]
    assert [job["id"] for page in pages for job in page["data"]] == made[::-1]
    assert pages[3] == {
        "data": [],
        "pagination": {"current_page": 4, "per_page": 3, "total": 7, "last_page": 3},
    }


def test_the_list_is_filtered(own_api: httpx.Client) -> None:
    """By status (either spelling), by model, by day."""
    running = own_api.post("/predictions", json={"model": "truefusion-video", "input": {"prompt": "x"}}).json()
    own_api.post(f"/predictions/{running['id']}/cancel")
    own_api.post("/predictions", json=JOB | {"await": True})
    totals = {
        query: own_api.get(f"/predictions?{query}").json()["pagination"]["total"]
        for query in ("status=cancelled", "status=succeeded", "model=skytells/truefusion", "from=2099-01-01", "")
    }
    assert list(totals.values()) == [1, 1, 1, 0, 2]


@pytest.mark.parametrize(
    ("query", "status", "error_id"),
    [
        ("per_page=0", 400, "INVALID_PARAMETER"),
        ("per_page=51", 400, "INVALID_PARAMETER"),
        ("page=-1", 400, "INVALID_PARAMETER"),
        ("page=two", 400, "INVALID_PARAMETER"),
        ("status=lost", 400, "INVALID_PARAMETER"),
        ("from=01.02.2026", 400, "INVALID_DATE_FORMAT"),
        ("to=2026-02-30", 400, "INVALID_DATE_FORMAT"),
        ("from=2026-02-02&to=2026-02-01", 400, "INVALID_DATE_RANGE"),
        ("model=nope", 404, "MODEL_NOT_FOUND"),
    ],
)
def test_a_wrong_filter_is_refused(api: httpx.Client, query: str, status: int, error_id: str) -> None:
    """Each with its own id, also when the list is empty."""
    reply = api.get(f"/predictions?{query}")
    assert (reply.status_code, reply.json()["error_id"]) == (status, error_id)


@pytest.mark.parametrize(
    ("model", "given", "field", "rule", "limit"),
    [
        ("truefusion-pro", {}, "prompt", "required", None),
        ("truefusion-pro", {"prompt": "x", "guidence": 1}, "guidence", "unknown", None),
        ("truefusion-pro", {"prompt": 5}, "prompt", "type", "string"),
        ("truefusion-pro", {"prompt": None}, "prompt", "type", "string"),
        ("truefusion-pro", {"prompt": "x", "num_outputs": True}, "num_outputs", "type", "integer"),
        ("truefusion-pro", {"prompt": "x", "num_outputs": 1.5}, "num_outputs", "type", "integer"),
        ("truefusion-pro", {"prompt": "x", "num_outputs": 5}, "num_outputs", "maximum", 4),
        ("truefusion-pro", {"prompt": "x", "guidance": -0.1}, "guidance", "minimum", 0),
        ("truefusion", {"prompt": "x" * 4001}, "prompt", "maxLength", 4000),
        ("beatfusion-2.0", {"lyrics": ""}, "lyrics", "minLength", 1),
        ("truefusion-2", {"prompt": "x", "reference_images": "a"}, "reference_images", "type", "array"),
        ("truefusion-2", {"prompt": "x", "reference_images": ["a"]}, "reference_images[0]", "format", "uri"),
        ("truefusion-2", {"prompt": "x", "reference_images": [1]}, "reference_images[0]", "type", "string"),
    ],
)
def test_a_wrong_input_is_named(
    api: httpx.Client, model: str, given: dict[str, Any], field: str, rule: str, limit: Any
) -> None:
    """422, with the field, the rule and the limit in the details and the field in the message."""
    reply = api.post("/predictions", json={"model": model, "input": given})
    body = reply.json()
    assert (reply.status_code, body["error_id"]) == (422, "VALIDATION_ERROR")
    problem = body["error"]["details"]["problems"][0]
    assert (problem["field"], problem["rule"], problem["limit"]) == (field, rule, limit)
    assert f"'{field}'" in body["message"]


def test_every_problem_is_told(api: httpx.Client) -> None:
    """Two wrong fields, one of them by a known name's misspelling."""
    given = {"prompt": "x", "aspect_ratio": "7:5", "number_of_image": 2}
    message = api.post("/predictions", json={"model": "truefusion", "input": given}).json()["message"]
    assert "'aspect_ratio' must be one of 1:1, 16:9" in message
    assert "did you mean 'number_of_images'?" in message


def test_null_is_fine_where_the_schema_says_so(api: httpx.Client) -> None:
    """A nullable image may be null."""
    given = {"prompt": "x", "image": None}
    assert api.post("/predictions", json={"model": "truefusion-video", "input": given}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "error_id"),
    [
        ({}, 422, "VALIDATION_ERROR"),
        ({"model": ""}, 422, "VALIDATION_ERROR"),
        ({"model": 5, "input": {}}, 422, "VALIDATION_ERROR"),
        ({"model": "truefusion"}, 422, "VALIDATION_ERROR"),
        ({"model": "truefusion", "input": []}, 422, "VALIDATION_ERROR"),
        (JOB | {"await": "yes"}, 422, "VALIDATION_ERROR"),
        (JOB | {"webhook": 5}, 422, "VALIDATION_ERROR"),
        (JOB | {"webhook": {"url": "x", "events": "all"}}, 422, "VALIDATION_ERROR"),
        (JOB | {"model": "truefusoin"}, 404, "MODEL_NOT_FOUND"),
        (JOB | {"model": "deepbrain-router"}, 422, "MODEL_NOT_SUPPORTED"),
    ],
)
def test_a_wrong_request_is_refused(api: httpx.Client, body: dict[str, Any], status: int, error_id: str) -> None:
    """Each with the id the platform has for it."""
    reply = api.post("/predictions", json=body)
    assert (reply.status_code, reply.json()["error_id"]) == (status, error_id)


def test_a_near_miss_is_suggested(api: httpx.Client) -> None:
    """A misspelt model's error names the model that was meant."""
    assert (
        "Did you mean 'truefusion'?" in api.post("/predictions", json=JOB | {"model": "truefusoin"}).json()["message"]
    )


@pytest.mark.parametrize(
    ("extra", "shown"),
    [
        ({}, {"url": None, "events": []}),
        ({"webhook": None}, {"url": None, "events": []}),
        ({"webhook": "https://a.example"}, {"url": "https://a.example", "events": []}),
        (
            {"webhook": "https://a.example", "webhook_events_filter": ["completed"]},
            {"url": "https://a.example", "events": ["completed"]},
        ),
        (
            {"webhook": {"url": "https://a.example", "events": ["failed"]}},
            {"url": "https://a.example", "events": ["failed"]},
        ),
    ],
)
def test_a_webhook_is_shown_in_one_form(api: httpx.Client, extra: Any, shown: Any) -> None:
    """However it was sent, it comes back as an object."""
    assert api.post("/predictions", json=JOB | extra).json()["webhook"] == shown


def test_credits_run_out(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Ten cents buy three pictures; the fourth is refused and says what is left."""
    with Sandbox(pace=50, credits=0.10) as poor:
        client = client_of(poor)
        paid = [client.post("/predictions", json=JOB).status_code for _ in range(3)]
        refused = client.post("/predictions", json=JOB)
    assert paid == [200, 200, 200]
    assert (refused.status_code, refused.json()["error_id"]) == (402, "INSUFFICIENT_CREDITS")
    assert refused.json()["error"]["details"] == {"credits_left": 0.01, "price": 0.03}


def test_a_cancelled_job_gives_its_credits_back(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Stopping frees what the job held; deleting what was paid frees nothing."""
    with Sandbox(pace=50, credits=1) as server:
        client = client_of(server)
        done = client.post("/predictions", json=JOB | {"await": True}).json()
        client.delete(f"/predictions/{done['id']}")
        video = client.post("/predictions", json={"model": "truefusion-video", "input": {"prompt": "x"}}).json()
        held = server.state.credits_left
        client.post(f"/predictions/{video['id']}/cancel")
        freed = server.state.credits_left
    assert (held, freed) == (Decimal("0.41"), Decimal("0.97"))


@pytest.mark.parametrize("slug", ["truefusion", "skytells/truefusion", "skytells%2Ftruefusion", "truefusion/"])
@pytest.mark.parametrize("path", ["/models", "/model"])
def test_a_model_is_found_under_both_names(api: httpx.Client, path: str, slug: str) -> None:
    """Plural and singular, bare and with its vendor, and with its schemas where none is named."""
    model = api.get(f"{path}/{slug}").json()
    assert model["namespace"] == "truefusion"
    assert model["input_schema"]["properties"]
    assert model["output_schema"]


def test_every_model_has_the_same_keys(api: httpx.Client) -> None:
    """One shape for all, an array at the root, and a price for each."""
    listed = api.get("/models/").json()
    assert len({tuple(model) for model in listed}) == 1
    assert all(model["pricing"]["amount"] > 0 and model["pricing"]["currency"] == "USD" for model in listed)
    assert {model["metadata"]["openai_compatible"] for model in listed if model["type"] in {"text", "code"}} == {True}


@pytest.mark.parametrize("path", ["/models", "/model"])
def test_fields_choose_one_model_s_schemas(api: httpx.Client, path: str) -> None:
    """As on the list."""
    model = api.get(f"{path}/truefusion?fields=input_schema").json()
    assert (model["input_schema"] is not None, model["output_schema"]) == (True, None)


def test_fields_choose_the_schemas(api: httpx.Client) -> None:
    """Named ones are there, others null; a field the list does not have changes nothing else."""
    for fields, has in (
        ("input_schema", (True, False)),
        ("output_schema,input_schema", (True, True)),
        ("x", (False, False)),
    ):
        model = api.get("/models", params={"fields": fields}).json()[0]
        assert (model["input_schema"] is not None, model["output_schema"] is not None) == has


def test_an_offline_model_runs_nothing(api: httpx.Client) -> None:
    """It is in the catalogue, says that it is offline, and takes no job."""
    answer = api.post("/predictions", json={"model": "sandbox-archive", "input": {"prompt": "a fox"}})
    assert (answer.status_code, answer.json()["error_id"]) == (503, "SERVICE_UNAVAILABLE")
