"""The sandbox writes what the platform's two documents print: same keys, same order, same JSON types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox

Printed = Callable[[str], Any]


def shape(value: Any) -> Any:
    """Replace the leaves of a value by the names of their JSON types; of a list, keep the first item's shape."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case _:
            return "null" if value is None else "string"


def ordered(value: Any) -> Any:
    """Make the order of keys count in a comparison."""
    if isinstance(value, dict):
        return [(key, ordered(item)) for key, item in value.items()]
    return [ordered(item) for item in value] if isinstance(value, list) else value


def test_a_finished_song_has_the_printed_prediction_s_keys_and_types(
    finished: Callable[..., Any], printed: Printed
) -> None:
    """The platform's printed song and the sandbox's differ in their values only."""
    seed = printed("prediction")
    mine = finished(seed["model"]["name"], **seed["input"])
    assert ordered(shape(mine)) == ordered(shape(seed))
    assert mine["input"] == seed["input"]
    assert mine["model"] == seed["model"]
    assert mine["metadata"]["billing"] == seed["metadata"]["billing"]


@pytest.mark.parametrize("name", ["created_at", "started_at", "completed_at", "updated_at"])
def test_a_timestamp_has_the_printed_precision(finished: Callable[..., Any], printed: Printed, name: str) -> None:
    """Created and updated carry microseconds, started and completed carry nanoseconds."""
    pattern = re.sub(r"\d", r"\\d", re.escape(printed("prediction")[name]))
    assert re.fullmatch(pattern, finished("truefusion", prompt="a clock")[name])


def test_the_prediction_s_addresses_end_as_printed(finished: Callable[..., Any], printed: Printed) -> None:
    """`get` ends in a slash; `cancel`, `stream` and `delete` end in their own word."""
    mine, seed = finished("truefusion", prompt="a door"), printed("prediction")
    for name, url in mine["urls"].items():
        assert url.split(mine["id"])[1] == seed["urls"][name].split("-.../")[1].join(["/", ""])


def test_the_printed_prediction_request_runs(api: httpx.Client, printed: Printed) -> None:
    """The printed request is accepted, and its webhook shown."""
    request = printed("prediction_request")
    job = api.post("/predictions", json=request).json()
    assert (job["input"], job["webhook"]) == (request["input"], {"url": request["webhook"], "events": []})


def test_the_input_schema_is_the_printed_one(api: httpx.Client, printed: Printed) -> None:
    """truefusion-pro's schema is word for word the document's, in its order."""
    schema = api.get("/models/truefusion-pro").json()["input_schema"]
    assert ordered(schema) == ordered(printed("input_schema_truefusion_pro"))


def test_a_chat_completion_has_the_printed_keys_and_types(api: httpx.Client, printed: Printed) -> None:
    """The printed request gets the printed reply, values aside."""
    reply = api.post("/chat/completions", json=printed("chat_request")).json()
    assert ordered(shape(reply)) == ordered(shape(printed("chat_completion")))


def test_a_safe_chat_carries_the_printed_safety_fields(api: httpx.Client, printed: Printed) -> None:
    """Nothing filtered looks as the document shows it, value for value."""
    reply, seed = api.post("/chat/completions", json=printed("chat_request")).json(), printed("chat_completion")
    assert reply["prompt_filter_results"] == seed["prompt_filter_results"]
    assert reply["choices"][0]["content_filter_results"] == seed["choices"][0]["content_filter_results"]


def test_a_prediction_error_has_the_printed_shape(
    printed: Printed, client_of: Callable[[Sandbox], httpx.Client]
) -> None:
    """With the printed shape chosen, an error of the Prediction API is the document's."""
    with Sandbox(error_shape="E3", credits=0) as poor:
        error = client_of(poor).post("/predictions", json={"model": "truefusion", "input": {"prompt": "x"}})
    seed = printed("prediction_error")
    assert (error.status_code, error.json()["error_id"]) == (402, seed["error_id"])
    assert ordered(shape(error.json())) == ordered(shape(seed))


def test_the_default_prediction_error_holds_the_printed_one(api: httpx.Client, printed: Printed) -> None:
    """By default an error has the printed fields at its root and the SDKs' envelope beside them."""
    headers = {"x-api-key": "sk-sandbox-broke"}
    body = api.post("/predictions", json={"model": "truefusion", "input": {"prompt": "x"}}, headers=headers).json()
    assert body["error_id"] == printed("prediction_error")["error_id"] == body["error"]["error_id"]
    assert (body["status"], body["response"]) == (False, body["message"])


def test_an_inference_error_is_the_printed_one(api: httpx.Client, printed: Printed) -> None:
    """Out of credits in a chat is the printed body but for its request id, which is the header's."""
    reply = api.post("/chat/completions", json=printed("chat_request"), headers={"x-api-key": "sk-sandbox-broke"})
    seed = printed("inference_error")
    seed["error"]["request_id"] = reply.headers["x-request-id"]
    assert reply.status_code == 402
    assert ordered(reply.json()) == ordered(seed)


def test_an_unknown_chat_model_is_the_printed_error(api: httpx.Client, printed: Printed) -> None:
    """The second document's 404 is told in its words, codes and status."""
    seed = printed("inference_error_404")["error"]
    request = printed("chat_request") | {"model": "unknown-model"}
    error = api.post("/chat/completions", json=request).json()["error"]
    assert {key: error[key] for key in seed if key != "request_id"} == {
        key: value for key, value in seed.items() if key != "request_id"
    }


def test_the_document_s_own_error_reader_reads_both_kinds(shared_sandbox: Sandbox) -> None:
    """The function the document prints finds the id and the message in either API's error."""

    def parse_error(body: dict[str, Any]) -> dict[str, Any]:
        if "error_id" in body:
            return {"source": "prediction", "id": body["error_id"], "msg": body["message"]}
        if "error" in body:
            err = body["error"]
            return {
                "source": "inference",
                "id": err["error_id"],
                "msg": err["message"],
                "request_id": err.get("request_id"),
            }
        return {}

    with httpx.Client(base_url=shared_sandbox.url, headers={"authorization": f"Bearer {EXAMPLE_KEY}"}) as client:
        job = parse_error(client.post("/predictions", json={"model": "nope", "input": {}}).json())
        chat = parse_error(client.post("/chat/completions", json={"model": "nope", "messages": []}).json())
    assert (job["source"], job["id"]) == ("prediction", "MODEL_NOT_FOUND")
    assert (chat["source"], chat["id"]) == ("inference", "MODEL_NOT_FOUND")
