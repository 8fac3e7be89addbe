"""The openai client's helpers on the sandbox's chat: tools, parsed answers, and streams read as events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import CLOCK_TOOL, MODEL, QUESTION, WEATHER_TOOL, Forecast, GetWeather, Plan, arguments_of

REQUIRED = {"tools": [WEATHER_TOOL], "tool_choice": "required"}


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def ask(client: openai.OpenAI, messages: Any = QUESTION, **options: Any) -> Any:
    """One chat with the router."""
    return client.chat.completions.create(model=MODEL, messages=messages, **options)


def test_a_required_tool_is_called(client: openai.OpenAI) -> None:
    """The one tool is called, without text, with arguments that its parameters allow."""
    choice = ask(client, **REQUIRED).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    (call,) = choice.message.tool_calls
    assert (call.type, call.function.name, set(arguments_of(call.function.arguments))) == (
        "function",
        "get_weather",
        {"city", "unit"},
    )


def test_the_named_tool_is_called(client: openai.OpenAI) -> None:
    """Of two tools the one that `tool_choice` names is called."""
    named = {"type": "function", "function": {"name": "get_time"}}
    choice = ask(client, tools=[WEATHER_TOOL, CLOCK_TOOL], tool_choice=named).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == ["get_time"]
    assert isinstance(json.loads(choice.message.tool_calls[0].function.arguments)["zone"], str)


def test_a_tool_that_the_question_names_is_called(client: openai.OpenAI) -> None:
    """Left to choose, the sandbox calls the tool that the question speaks of, and only that."""
    question = [{"role": "user", "content": "Use get_weather for Oslo."}]
    choice = ask(client, question, tools=[WEATHER_TOOL, CLOCK_TOOL]).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == ["get_weather"]


@pytest.mark.parametrize("options", [{}, {"tool_choice": "none"}])
def test_no_tool_is_called_unasked(client: openai.OpenAI, options: dict[str, Any]) -> None:
    """A question that speaks of no tool, or a choice of none, gets words."""
    question = QUESTION if not options else [{"role": "user", "content": "Use get_weather for Oslo."}]
    choice = ask(client, question, tools=[WEATHER_TOOL], **options).choices[0]
    assert (choice.finish_reason, choice.message.tool_calls) == ("stop", None)
    assert choice.message.content


def test_a_tool_call_streams_in_fragments(client: openai.OpenAI) -> None:
    """Fragments with the same index join to the plain call; the first brings id and name, the last the reason."""
    (plain,) = ask(client, **REQUIRED).choices[0].message.tool_calls
    choices = [choice for chunk in ask(client, stream=True, **REQUIRED) for choice in chunk.choices]
    fragments = [part for choice in choices for part in choice.delta.tool_calls or []]
    assert {part.index for part in fragments} == {0}
    assert (fragments[0].function.name, fragments[0].type) == ("get_weather", "function")
    assert [part.id for part in fragments if part.id] == [fragments[0].id]
    assert "".join(part.function.arguments or "" for part in fragments) == plain.function.arguments
    assert len(fragments) > 1
    assert choices[-1].finish_reason == "tool_calls"


def test_a_tool_s_result_is_used(client: openai.OpenAI) -> None:
    """The second turn, with the tool's result, is answered in words that hold it."""
    message = ask(client, **REQUIRED).choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "eleven degrees and drizzle"}
    reply = ask(client, [*QUESTION, message, result], tools=[WEATHER_TOOL])
    assert reply.choices[0].finish_reason == "stop"
    assert "eleven degrees" in reply.choices[0].message.content


@pytest.mark.parametrize("shape", [Forecast, Plan])
def test_parse_fills_a_model(client: openai.OpenAI, shape: type[BaseModel]) -> None:
    """`parse()` sends the model's schema and gives an instance of it, whose texts say whose words they are."""
    choice = client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=shape).choices[0]
    assert isinstance(choice.message.parsed, shape)
    assert shape.model_validate_json(choice.message.content) == choice.message.parsed
    assert "(sandbox)" in choice.message.content


@pytest.mark.parametrize("shape", [GetWeather, Plan])
def test_parse_fills_a_tool_s_arguments(client: openai.OpenAI, shape: type[BaseModel]) -> None:
    """`parse()` with a model for a tool gives the arguments as that model."""
    tool = openai.pydantic_function_tool(shape)
    reply = client.chat.completions.parse(model=MODEL, messages=QUESTION, tools=[tool], tool_choice="required")
    (call,) = reply.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, shape)


def test_parse_tells_a_cut_answer(client: openai.OpenAI) -> None:
    """A parsed answer that the limit cuts is an error of its own in openai."""
    with pytest.raises(openai.LengthFinishReasonError) as caught:
        client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Forecast, max_tokens=3)
    assert caught.value.completion.usage.completion_tokens == 3


def test_parse_tells_a_filtered_answer(client: openai.OpenAI) -> None:
    """A parsed answer that the filter stops is an error of its own in openai."""
    question: Any = [{"role": "user", "content": "FILTERED please"}]
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client.chat.completions.parse(model=MODEL, messages=question, response_format=Forecast)


def test_parse_keeps_a_refusal(client: openai.OpenAI) -> None:
    """A refused answer is not parsed; the refusal is there."""
    question: Any = [{"role": "user", "content": "REFUSE this"}]
    message = client.chat.completions.parse(model=MODEL, messages=question, response_format=Forecast).choices[0].message
    assert (message.parsed, message.content, bool(message.refusal)) == (None, None, True)


def test_the_stream_helper_tells_the_words(client: openai.OpenAI) -> None:
    """`stream()` gives each piece with what came so far, then the whole once; it ends with the plain reply's words."""
    plain = ask(client)
    with client.chat.completions.stream(
        model=MODEL, messages=QUESTION, stream_options={"include_usage": True}
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    deltas = [event for event in events if event.type == "content.delta"]
    done = [event.content for event in events if event.type == "content.done"]
    assert "".join(event.delta for event in deltas) == deltas[-1].snapshot == plain.choices[0].message.content
    assert done == [plain.choices[0].message.content]
    assert (final.choices[0].message.content, final.usage) == (plain.choices[0].message.content, plain.usage)


@pytest.mark.parametrize("shape", [Forecast, Plan])
def test_the_stream_helper_parses(client: openai.OpenAI, shape: type[BaseModel]) -> None:
    """`stream()` with a model ends with an instance of it."""
    with client.chat.completions.stream(model=MODEL, messages=QUESTION, response_format=shape) as stream:
        final = stream.get_final_completion()
    plain = client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=shape)
    assert isinstance(final.choices[0].message.parsed, shape)
    assert final.choices[0].message.parsed == plain.choices[0].message.parsed


def test_the_stream_helper_tells_a_tool_s_arguments(client: openai.OpenAI) -> None:
    """`stream()` follows the arguments of a call, and ends with them parsed."""
    tool = openai.pydantic_function_tool(GetWeather)
    with client.chat.completions.stream(model=MODEL, messages=QUESTION, tools=[tool], tool_choice="required") as stream:
        events = list(stream)
    deltas = [event for event in events if event.type == "tool_calls.function.arguments.delta"]
    (done,) = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert "".join(event.arguments_delta for event in deltas) == done.arguments
    assert isinstance(done.parsed_arguments, GetWeather)


def test_the_stream_helper_tells_a_refusal(client: openai.OpenAI) -> None:
    """`stream()` gives a refusal in pieces, then whole; the message has it in place of words."""
    question: Any = [{"role": "user", "content": "REFUSE this"}]
    with client.chat.completions.stream(model=MODEL, messages=question) as stream:
        events = list(stream)
        message = stream.get_final_completion().choices[0].message
    pieces = "".join(event.delta for event in events if event.type == "refusal.delta")
    assert [event.refusal for event in events if event.type == "refusal.done"] == [pieces]
    assert (message.content, message.refusal) == (None, pieces)


def test_the_stream_helper_tells_log_probabilities(client: openai.OpenAI) -> None:
    """`stream()` gives the tokens' probabilities in pieces, then whole; they spell the answer."""
    with client.chat.completions.stream(model=MODEL, messages=QUESTION, logprobs=True, top_logprobs=1) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    plain = ask(client, logprobs=True, top_logprobs=1).choices[0].logprobs.content
    pieces = [token for event in events if event.type == "logprobs.content.delta" for token in event.content]
    (done,) = [event.content for event in events if event.type == "logprobs.content.done"]
    assert pieces == done == final.choices[0].logprobs.content == plain
    assert "".join(token.token for token in done) == final.choices[0].message.content
