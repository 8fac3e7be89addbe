"""The openai client's responses: whole, chained, with tools and formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import openai
import pytest
from pydantic import BaseModel

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import (
    MODEL,
    NOTICE,
    PIXEL,
    QUESTION,
    WEATHER_PARAMETERS,
    Forecast,
    GetWeather,
    Plan,
    arguments_of,
)

ASKED = "What is machine learning?"
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Look up the weather in a city.",
    "parameters": WEATHER_PARAMETERS,
    "strict": True,
}


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def respond(client: openai.OpenAI, given: Any = ASKED, **options: Any) -> Any:
    """One response of the router."""
    return client.responses.create(model=MODEL, input=given, **options)


def test_a_response_is_read(client: openai.OpenAI, arrived: Callable[[], list[Any]]) -> None:
    """One request; one message with one text; the usage adds up under its own names."""
    reply = respond(client)
    assert (reply.object, reply.status, reply.error, reply.incomplete_details) == ("response", "completed", None, None)
    (message,) = reply.output
    (part,) = message.content
    assert (message.type, message.role, message.status, part.type) == (
        "message",
        "assistant",
        "completed",
        "output_text",
    )
    assert NOTICE in part.text == reply.output_text
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens > 0
    assert (reply.usage.input_tokens_details.cached_tokens, reply.usage.output_tokens_details.reasoning_tokens) == (
        0,
        0,
    )
    assert [request.path for request in arrived()] == ["/v1/responses"]


def test_a_response_says_what_chat_says(client: openai.OpenAI) -> None:
    """The same question gets the same answer and the same count of tokens through both doors."""
    chat: Any = client.chat.completions.create(model=MODEL, messages=QUESTION)  # type: ignore[arg-type]
    reply = respond(client)
    assert reply.output_text == chat.choices[0].message.content
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (
        chat.usage.prompt_tokens,
        chat.usage.completion_tokens,
    )


def test_the_parameters_come_back(client: openai.OpenAI) -> None:
    """What was asked for is told in the reply."""
    asked: dict[str, Any] = {
        "instructions": "Be brief.",
        "temperature": 0.5,
        "top_p": 0.5,
        "max_output_tokens": 4000,
        "metadata": {"lesson": "3"},
        "parallel_tool_calls": False,
        "truncation": "auto",
        "user": "u1",
    }
    reply = respond(client, **asked)
    assert {name: getattr(reply, name) for name in asked} == asked


def test_every_parameter_of_the_platform_is_taken(client: openai.OpenAI) -> None:
    """What Skytells lists and the sandbox has no use for is told back too, and changes no word."""
    asked: dict[str, Any] = {"max_tool_calls": 3, "service_tier": "auto", "prompt_cache_key": "k1"}
    reply = respond(client, reasoning={"effort": "low", "summary": "auto"}, text={"verbosity": "low"}, **asked)
    assert {name: getattr(reply, name) for name in asked} == asked
    assert (reply.reasoning.effort, reply.reasoning.summary, reply.text.verbosity) == ("low", "auto", "low")
    assert reply.output_text == respond(client).output_text


def test_log_probabilities_spell_the_text(client: openai.OpenAI) -> None:
    """`top_logprobs` brings each token with as many alternatives."""
    part = respond(client, top_logprobs=2, include=["message.output_text.logprobs"]).output[0].content[0]
    assert "".join(token.token for token in part.logprobs) == part.text
    assert {len(token.top_logprobs) for token in part.logprobs} == {2}


def test_a_reply_s_own_items_can_be_sent_back(client: openai.OpenAI) -> None:
    """Without the server's memory, a conversation is its items sent again."""
    first = respond(client, "Tell me of whales")
    again = respond(
        client, [{"role": "user", "content": "Tell me of whales"}, *first.output, {"role": "user", "content": "And?"}]
    )
    assert "Tell me of whales" in again.output_text


def test_instructions_shape_the_answer(client: openai.OpenAI) -> None:
    """Instructions stand where a system prompt stands in chat."""
    assert "Answer as a pirate" in respond(client, instructions="Answer as a pirate.").output_text


def test_a_list_of_items_is_taken(client: openai.OpenAI) -> None:
    """Messages with plain and typed content are read; a picture is seen."""
    parts = [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": PIXEL}]
    reply = respond(client, [{"role": "user", "content": "Hello"}, {"role": "user", "content": parts}])
    assert "1 picture is attached" in reply.output_text
    assert "Before that you asked" in reply.output_text


def test_a_stored_response_is_continued(client: openai.OpenAI) -> None:
    """With `store` on the parent, `previous_response_id` brings its history; the cost of it is counted."""
    parent = respond(client, "Tell me of whales", store=True)
    child = respond(client, "And dolphins?", previous_response_id=parent.id)
    assert (parent.store, child.previous_response_id) == (True, parent.id)
    assert "Tell me of whales" in child.output_text
    assert child.usage.input_tokens > respond(client, "And dolphins?").usage.input_tokens + parent.usage.output_tokens


def test_instructions_are_not_inherited(client: openai.OpenAI) -> None:
    """A child starts without its parent's instructions, as OpenAI's does."""
    parent = respond(client, "Tell me of whales", store=True, instructions="Answer as a pirate.")
    child = respond(client, "And dolphins?", previous_response_id=parent.id)
    assert (child.instructions, "pirate" in child.output_text) == (None, False)


@pytest.mark.parametrize("kept", [False, None])
def test_a_response_that_is_not_stored_cannot_be_continued(client: openai.OpenAI, kept: bool | None) -> None:
    """Not stored is the default; the refusal names the parameter."""
    options = {} if kept is None else {"store": kept}
    parent = respond(client, **options)
    assert parent.store is False
    with pytest.raises((openai.NotFoundError, openai.BadRequestError)) as caught:
        respond(client, "more", previous_response_id=parent.id)
    assert caught.value.param == "previous_response_id"


def test_a_limit_leaves_it_incomplete(client: openai.OpenAI) -> None:
    """Sixteen tokens are sixteen tokens, and the reply says why it ends."""
    reply = respond(client, max_output_tokens=16)
    assert (reply.status, reply.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert reply.usage.output_tokens == 16
    assert respond(client).output_text.startswith(reply.output_text)


def test_a_required_tool_is_called(client: openai.OpenAI) -> None:
    """A tool in its flat form is called, with arguments that its parameters allow."""
    reply = respond(client, tools=[TOOL], tool_choice="required")
    (call,) = reply.output
    assert (call.type, call.name, call.status) == ("function_call", "get_weather", "completed")
    assert set(arguments_of(call.arguments)) == {"city", "unit"}
    assert reply.output_text == ""


def test_a_tool_s_result_is_used(client: openai.OpenAI) -> None:
    """The next turn, with the call's output, is answered in words that hold it: sent again, or remembered."""
    parent = respond(client, tools=[TOOL], tool_choice="required", store=True)
    (call,) = parent.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "eleven degrees and drizzle"}
    again = respond(client, [*QUESTION, call.model_dump(), result], tools=[TOOL])
    chained = respond(client, [result], tools=[TOOL], previous_response_id=parent.id)
    assert "eleven degrees" in again.output_text
    assert "eleven degrees" in chained.output_text


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_a_text_format_is_met(client: openai.OpenAI, kind: str) -> None:
    """`text.format` gives an object, or a valid instance of the schema."""
    schema = Forecast.model_json_schema()
    named = {"name": "forecast", "schema": schema, "strict": True} if kind == "json_schema" else {}
    reply = respond(client, "Give me JSON", text={"format": {"type": kind, **named}})
    found = json.loads(reply.output_text)
    assert isinstance(found, dict)
    if named:
        jsonschema.Draft202012Validator(schema).validate(found)
    assert reply.text.format.type == kind


@pytest.mark.parametrize("shape", [Forecast, Plan])
def test_parse_fills_a_model(client: openai.OpenAI, shape: type[BaseModel]) -> None:
    """`parse()` sends the model's schema and gives an instance of it."""
    reply = client.responses.parse(model=MODEL, input=ASKED, text_format=shape)
    assert isinstance(reply.output_parsed, shape)


def test_parse_fills_a_tool_s_arguments(client: openai.OpenAI) -> None:
    """`parse()` with a model for a tool, in the nested form it makes, gives the arguments as that model."""
    tool: Any = openai.pydantic_function_tool(GetWeather)
    reply = client.responses.parse(model=MODEL, input=ASKED, tools=[tool], tool_choice="required")
    assert isinstance(reply.output[0].parsed_arguments, GetWeather)  # type: ignore[union-attr]


def test_a_refusal_is_told_apart(client: openai.OpenAI) -> None:
    """A question with REFUSE gets a refusal part, and no text."""
    reply = respond(client, "REFUSE this")
    assert [part.type for part in reply.output[0].content] == ["refusal"]
    assert reply.output_text == ""


def test_the_safety_filters_are_kept(client: openai.OpenAI) -> None:
    """What Skytells adds is in the model's extra fields: one entry for the prompt, one for the answer."""
    filters = respond(client).model_extra["content_filters"]
    assert [(entry["source_type"], entry["blocked"]) for entry in filters] == [("prompt", False), ("completion", False)]


@pytest.mark.parametrize(
    ("options", "error", "param"),
    [
        ({"temperature": 3}, openai.BadRequestError, "temperature"),
        ({"top_p": 7}, openai.BadRequestError, "top_p"),
        ({"max_output_tokens": 0}, openai.BadRequestError, "max_output_tokens"),
        ({"tool_choice": "maybe", "tools": [TOOL]}, openai.BadRequestError, "tool_choice"),
        ({"previous_response_id": "resp_unknown"}, openai.BadRequestError, "previous_response_id"),
        ({"text": {"format": {"type": "yaml"}}}, openai.BadRequestError, "text"),
        ({"model": "nope"}, openai.NotFoundError, None),
        ({"model": "truefusion"}, openai.UnprocessableEntityError, "model"),
    ],
)
def test_a_wrong_parameter_is_named(
    client: openai.OpenAI, options: dict[str, Any], error: type[openai.APIStatusError], param: str | None
) -> None:
    """A parameter that is wrong is refused by its name."""
    with pytest.raises(error) as caught:
        client.responses.create(**({"model": MODEL, "input": ASKED} | options))
    assert (caught.value.param or "").split(".")[0] == (param or "")


def test_the_raw_reply_has_its_headers(client: openai.OpenAI) -> None:
    """`with_raw_response` shows the request's id, and the body with its own `output_text`."""
    raw = client.responses.with_raw_response.create(model=MODEL, input=ASKED)
    assert raw.headers["x-request-id"] == raw.parse()._request_id
    assert json.loads(raw.text)["output_text"] == raw.parse().output_text


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.responses.retrieve("resp_1"),
        lambda c: c.responses.delete("resp_1"),
        lambda c: c.responses.cancel("resp_1"),
        lambda c: c.responses.input_items.list("resp_1"),
        lambda c: c.responses.input_tokens.count(model=MODEL, input=ASKED),
        lambda c: c.responses.compact(model=MODEL, input=ASKED),
        lambda c: c.responses.stream(response_id="resp_1").__enter__(),
        lambda c: c.chat.completions.retrieve("chatcmpl-1"),
        lambda c: c.chat.completions.update("chatcmpl-1", metadata={}),
        lambda c: c.chat.completions.messages.list("chatcmpl-1"),
        lambda c: c.completions.create(model=MODEL, prompt=ASKED),
        lambda c: c.chat.completions.list(),
        lambda c: c.chat.completions.delete("chatcmpl-1"),
    ],
)
def test_what_the_platform_does_not_offer_is_not_found(client: openai.OpenAI, call: Callable[[Any], Any]) -> None:
    """Calls that OpenAI has and Skytells does not are refused as unknown endpoints."""
    with pytest.raises(openai.NotFoundError) as caught:
        call(client)
    assert caught.value.body["error_id"] == "ENDPOINT_NOT_FOUND"  # type: ignore[index]
