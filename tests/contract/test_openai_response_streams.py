"""The openai client's responses as streams: raw events, and its helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import MODEL, Forecast, GetWeather, Plan

ASKED = "What is machine learning?"


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def events_of(client: openai.OpenAI, given: Any = ASKED, **options: Any) -> list[Any]:
    """All events of one streamed response of the router."""
    return list(client.responses.create(model=MODEL, input=given, stream=True, **options))


def test_the_events_come_in_their_order(client: openai.OpenAI) -> None:
    """Nine kinds, numbered without a gap; only the deltas repeat."""
    events = events_of(client)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert [kind for at, kind in enumerate(kinds) if kind != "response.output_text.delta" or kinds[at - 1] != kind] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_a_stream_spells_the_plain_answer(client: openai.OpenAI) -> None:
    """The deltas, the text that is done and the completed response all say what the plain reply says."""
    plain: Any = client.responses.create(model=MODEL, input=ASKED)
    events = events_of(client)
    (done,) = [event.text for event in events if event.type == "response.output_text.done"]
    spelled = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert spelled == done == events[-1].response.output_text == plain.output_text
    assert events[-1].response.usage == plain.usage
    assert events[-1].response.status == "completed"


def test_usage_and_filters_come_last(client: openai.OpenAI) -> None:
    """Until it is completed a response has neither usage nor filters nor output."""
    events = events_of(client)
    for event in events[:2]:
        assert (event.response.status, event.response.usage, event.response.output) == ("in_progress", None, [])
        assert event.response.model_extra["content_filters"] is None
    assert len(events[-1].response.model_extra["content_filters"]) == 2


def test_the_ids_agree(client: openai.OpenAI) -> None:
    """Every event of an item names it, and every response is the same one."""
    events = events_of(client)
    assert len({event.response.id for event in events if hasattr(event, "response")}) == 1
    (item,) = events[-1].response.output
    assert {event.item_id for event in events if hasattr(event, "item_id")} == {item.id}


def test_a_cut_answer_ends_incomplete(client: openai.OpenAI) -> None:
    """A stream that the limit ends says so in its last event."""
    last = events_of(client, max_output_tokens=16)[-1]
    assert (last.type, last.response.status) == ("response.incomplete", "incomplete")
    assert (last.response.incomplete_details.reason, last.response.usage.output_tokens) == ("max_output_tokens", 16)


def test_a_streamed_response_is_continued(client: openai.OpenAI) -> None:
    """A stored one can be a parent, as a plain one can."""
    parent = events_of(client, "Tell me of whales", store=True)[-1].response
    child = client.responses.create(model=MODEL, input="And dolphins?", previous_response_id=parent.id)
    assert "Tell me of whales" in child.output_text


def test_a_tool_call_streams_its_arguments(client: openai.OpenAI) -> None:
    """The deltas spell the arguments that are done, and those of the completed call."""
    tool: Any = openai.pydantic_function_tool(GetWeather)
    events = events_of(client, tools=[{"type": "function", **tool["function"]}], tool_choice="required")
    pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    (done,) = [event.arguments for event in events if event.type == "response.function_call_arguments.done"]
    (call,) = events[-1].response.output
    assert "".join(pieces) == done == call.arguments
    assert GetWeather.model_validate_json(done)


def test_a_refusal_streams(client: openai.OpenAI) -> None:
    """The deltas spell the refusal that is done, and no text comes."""
    events = events_of(client, "REFUSE this")
    pieces = "".join(event.delta for event in events if event.type == "response.refusal.delta")
    assert [event.refusal for event in events if event.type == "response.refusal.done"] == [pieces]
    assert not [event for event in events if event.type == "response.output_text.delta"]


def test_the_helper_tells_the_words(client: openai.OpenAI) -> None:
    """`stream()` gives each piece with what came so far, and ends with the plain reply's words."""
    plain = client.responses.create(model=MODEL, input=ASKED)
    with client.responses.stream(model=MODEL, input=ASKED) as stream:
        events = list(stream)
        final = stream.get_final_response()
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert "".join(event.delta for event in deltas) == deltas[-1].snapshot == plain.output_text
    assert (final.output_text, final.usage) == (plain.output_text, plain.usage)


@pytest.mark.parametrize("shape", [Forecast, Plan])
def test_the_helper_parses(client: openai.OpenAI, shape: type[BaseModel]) -> None:
    """`stream()` with a model ends with the instance that `parse()` gives."""
    with client.responses.stream(model=MODEL, input=ASKED, text_format=shape) as stream:
        final = stream.get_final_response()
    assert final.output_parsed == client.responses.parse(model=MODEL, input=ASKED, text_format=shape).output_parsed
    assert isinstance(final.output_parsed, shape)


def test_the_helper_tells_a_tool_s_arguments(client: openai.OpenAI) -> None:
    """`stream()` follows the arguments of a call, and ends with them parsed."""
    tool: Any = openai.pydantic_function_tool(GetWeather)
    with client.responses.stream(model=MODEL, input=ASKED, tools=[tool], tool_choice="required") as stream:
        events = list(stream)
        final = stream.get_final_response()
    deltas = [event for event in events if event.type == "response.function_call_arguments.delta"]
    (call,) = final.output
    assert deltas[-1].snapshot == call.arguments  # type: ignore[union-attr]
    assert isinstance(call.parsed_arguments, GetWeather)  # type: ignore[union-attr]


def test_the_raw_stream_names_its_events(client: openai.OpenAI) -> None:
    """On the wire each event has its name on a line of its own, equal to its type."""
    with client.responses.with_streaming_response.create(model=MODEL, input=ASKED, stream=True) as raw:
        lines = [line for line in raw.iter_lines() if line]
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert (names[0], names[-1]) == ("response.created", "response.completed")
    assert len(names) == len(events_of(client))
