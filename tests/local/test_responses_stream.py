"""A response's stream, event by event, whole and spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb.local import Sandbox

BODY = {"model": "gpt-5.4", "input": "What is a neural network?", "stream": True}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
CALLING = {"input": "What is the weather in Paris?", "tools": [WEATHER]}
Stream = Callable[..., list[dict[str, Any]]]


def read(response: httpx.Response) -> list[dict[str, Any]]:
    """All events of a stream, each with its name's line checked; a line that is not JSON as {"text": line}."""
    found = []
    for block in response.read().decode().split("\n\n"):
        name, _, data = block.rpartition("data: ")
        if not data:
            continue
        try:
            found.append(json.loads(data))
        except ValueError:
            found.append({"type": "", "text": data})
            continue
        assert name == f"event: {found[-1]['type']}\n"
    return found


@pytest.fixture
def stream(api: httpx.Client) -> Stream:
    """All events of one streamed response, with a fault where one is named."""

    def run(fault: str | None = None, **options: Any) -> list[dict[str, Any]]:
        headers = {"x-sandbox-fault": fault} if fault else {}
        with api.stream("POST", "/responses", json=BODY | options, headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            return read(response)

    return run


def kinds(found: list[dict[str, Any]]) -> list[str]:
    """Name the events' types, each run of one type once."""
    names = [event["type"].removeprefix("response.") for event in found]
    return [name for number, name in enumerate(names) if names[number - 1 : number] != [name]]


def deltas(found: list[dict[str, Any]]) -> str:
    """Join what the events spell."""
    return "".join(event["delta"] for event in found if event["type"].endswith(".delta"))


def without_labels(value: Any) -> Any:
    """Leave out what differs from one response to the next."""
    if isinstance(value, dict):
        return {key: without_labels(item) for key, item in value.items() if key not in {"id", "created_at", "call_id"}}
    return [without_labels(item) for item in value] if isinstance(value, list) else value


def test_the_nine_events_come_in_order(stream: Stream) -> None:
    """Opened, the item and its part added, spelt and closed, completed; numbered from 0; nothing after."""
    found = stream()
    assert kinds(found) == [
        *["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"],
        *["output_text.done", "content_part.done", "output_item.done", "completed"],
    ]
    assert [event["sequence_number"] for event in found] == list(range(len(found)))


def test_the_first_events_have_no_answer_yet(stream: Stream) -> None:
    """In progress, without output, usage and filters."""
    for event in stream()[:2]:
        response = event["response"]
        assert (response["status"], response["output"], response["usage"]) == ("in_progress", [], None)
        assert response["content_filters"] is None


@pytest.mark.parametrize("options", [{}, {"max_output_tokens": 9}, CALLING, {"input": "Please REFUSE"}])
def test_a_stream_ends_in_the_plain_reply(stream: Stream, api: httpx.Client, options: dict[str, Any]) -> None:
    """The last event holds what the same request gets without a stream."""
    plain = api.post("/responses", json=BODY | options | {"stream": False}).json()
    assert without_labels(stream(**options)[-1]["response"]) == without_labels(plain)


def test_the_deltas_spell_the_text(stream: Stream) -> None:
    """The pieces, the closed text, the closed part, the closed item and the whole say the same; tokens add up."""
    found = stream()
    whole = found[-1]["response"]
    text = whole["output_text"]
    assert deltas(found) == found[-4]["text"] == found[-3]["part"]["text"] == text
    assert found[-2]["item"] == whole["output"][0]
    assert whole["usage"]["output_tokens"] == sum(event["type"].endswith("text.delta") for event in found)


def test_every_event_says_where_it_belongs(stream: Stream) -> None:
    """One item, one part, one id."""
    inner = [event for event in stream() if "item_id" in event]
    ids = {(event["output_index"], event["content_index"], event["item_id"]) for event in inner}
    assert len(ids) == 1


def test_a_call_is_streamed_in_fragments(stream: Stream) -> None:
    """The item opens without arguments, the fragments spell them, and they come whole at the end."""
    found = stream(**CALLING)
    assert kinds(found) == [
        *["created", "in_progress", "output_item.added", "function_call_arguments.delta"],
        *["function_call_arguments.done", "output_item.done", "completed"],
    ]
    assert found[2]["item"] | {"arguments": "", "status": "in_progress"} == found[2]["item"]
    assert json.loads(deltas(found)) == {"location": "Paris"}
    assert deltas(found) == found[-3]["arguments"] == found[-2]["item"]["arguments"]
    assert found[-3]["name"] == "get_weather"


def test_a_refusal_has_its_own_events(stream: Stream) -> None:
    """Spelt and closed as a refusal."""
    found = stream(input="Please REFUSE")
    assert "refusal.delta" in kinds(found)
    assert deltas(found) == found[-4]["refusal"]


def test_an_incomplete_answer_says_so_last(stream: Stream) -> None:
    """The last event is response.incomplete."""
    assert stream(max_output_tokens=5)[-1]["type"] == "response.incomplete"


def test_log_probabilities_are_on_the_deltas(stream: Stream) -> None:
    """One entry for each piece when asked for, else an empty list."""
    asked = [event for event in stream(top_logprobs=2) if event["type"].endswith(".delta")]
    assert all([entry["token"] for entry in event["logprobs"]] == [event["delta"]] for event in asked)
    assert all(event["logprobs"] == [] for event in stream() if event["type"].endswith(".delta"))


def test_the_query_may_ask_for_a_stream(api: httpx.Client) -> None:
    """`?stream=true` does what the body's `stream` does."""
    reply = api.post("/responses?stream=true", json={"model": "gpt-5", "input": "x"})
    assert reply.headers["content-type"].startswith("text/event-stream")


def test_a_streamed_response_is_stored_too(stream: Stream, api: httpx.Client) -> None:
    """The next request goes on from it."""
    first = stream(store=True)[-1]["response"]["id"]
    reply = api.post("/responses", json={"model": "gpt-5", "input": "And?", "previous_response_id": first}).json()
    assert "Before that you asked: “What is a neural network?”" in reply["output_text"]


def test_a_cut_stream_has_no_end(stream: Stream) -> None:
    """Some words, and no closing event of any kind."""
    found = stream("cut")
    assert kinds(found)[-1] == "output_text.delta"


def test_even_a_short_answer_is_cut(stream: Stream) -> None:
    """A one-word answer loses its end too."""
    assert kinds(stream("cut", input="REPEAT: yes"))[-1] == "output_text.delta"


def test_a_call_is_cut(stream: Stream) -> None:
    """Its arguments are never closed."""
    assert kinds(stream("cut", **CALLING))[-1] == "function_call_arguments.delta"


def test_an_answer_may_fail_in_the_middle(stream: Stream) -> None:
    """The last event is response.failed, with the number that is due and the error's words."""
    found = stream("error-midstream")
    failed = found[-1]
    assert (failed["type"], failed["sequence_number"]) == ("response.failed", len(found) - 1)
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["code"] == "server_error"
    assert "stopped answering" in failed["response"]["error"]["message"]


def test_a_malformed_line_is_one_line(stream: Stream) -> None:
    """One event is not JSON; the words around it are whole."""
    found = stream("malformed")
    assert sum("text" in event and event["type"] == "" for event in found) == 1
    assert found[-1]["type"] == "response.completed"
    assert deltas(found) == found[-1]["response"]["output_text"]


def test_deltas_may_be_padded(stream: Stream) -> None:
    """`obfuscation` is a string on every delta and on nothing else."""
    assert all(("obfuscation" in event) == event["type"].endswith(".delta") for event in stream("obfuscation"))


def test_usage_may_be_missing(stream: Stream) -> None:
    """The completed response has none."""
    assert stream("no-usage")[-1]["response"]["usage"] is None


def test_a_stalled_stream_sends_nothing_more(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """After some words there is silence, which the reader's own timeout ends."""
    sandbox.inject("stall")
    with pytest.raises(httpx.ReadTimeout):
        own_api.post("/responses", json=BODY, timeout=httpx.Timeout(20, read=0.5))
