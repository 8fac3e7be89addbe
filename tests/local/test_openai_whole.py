"""The openai package's helpers, unchanged: streams it assembles, answers it parses, responses, embeddings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from typing import Any, Literal, TypeVar

import openai
import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel, Field

from skytells_nb.local import EXAMPLE_KEY, Sandbox

QUESTION = [{"role": "user", "content": "What is machine learning?"}]
WEATHER_PARAMETERS = {
    "type": "object",
    "properties": {"location": {"type": "string"}},
    "required": ["location"],
    "additionalProperties": False,
}
WEATHER = {"name": "get_weather", "description": "Get the weather", "parameters": WEATHER_PARAMETERS, "strict": True}
IN_PARIS = "What is the weather in Paris?"
T = TypeVar("T")


class Step(BaseModel):
    """One step of a plan."""

    text: str = Field(min_length=2)
    minutes: int = Field(ge=1, le=60)
    after: Step | None


class Plan(BaseModel):
    """What the parsing helpers are asked for: nested, recursive, with choices, limits and dates."""

    title: str
    kind: Literal["bread", "soup"]
    steps: list[Step] = Field(min_length=1)
    share: float = Field(gt=0, lt=1)
    on: date
    code: str = Field(pattern="^[A-Z]{2}[0-9]{3}$")
    sure: bool


@pytest.fixture
def client(shared_sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the shared sandbox."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=shared_sandbox.url, max_retries=0) as made:
        yield made


@pytest.fixture
def run(shared_sandbox: Sandbox) -> Callable[[Callable[[openai.AsyncOpenAI], Awaitable[Any]]], Any]:
    """Do something with the async client, to its end."""

    def perform(act: Callable[[openai.AsyncOpenAI], Awaitable[T]]) -> T:
        async def within() -> T:
            async with openai.AsyncOpenAI(api_key=EXAMPLE_KEY, base_url=shared_sandbox.url, max_retries=0) as made:
                return await act(made)

        return asyncio.run(within())

    return perform


def test_a_chat_is_of_the_package_s_type(client: openai.OpenAI) -> None:
    """The reply stands up to the package's own model, strictly read, log probabilities included."""
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-5", messages=QUESTION, logprobs=True, top_logprobs=2, n=2
    )
    assert ChatCompletion.model_validate_json(raw.text).choices[1].logprobs.content[0].top_logprobs[1].token


def test_a_response_is_of_the_package_s_type(client: openai.OpenAI) -> None:
    """The same for a response, but for what the package has added to usage since the platform copied it."""
    raw = client.responses.with_raw_response.create(model="gpt-5", input=IN_PARIS, top_logprobs=2)
    body = json.loads(raw.text)
    body["usage"]["input_tokens_details"]["cache_write_tokens"] = 0
    assert Response.model_validate(body, strict=False).output[0].type == "message"


def test_the_chat_helper_assembles_a_stream(client: openai.OpenAI) -> None:
    """`.stream()` ends in what the plain call returns."""
    with client.chat.completions.stream(
        model="gpt-5", messages=QUESTION, stream_options={"include_usage": True}, logprobs=True
    ) as stream:
        kinds = {event.type for event in stream}
        whole = stream.get_final_completion()
    plain = client.chat.completions.create(model="gpt-5", messages=QUESTION, logprobs=True)
    assert {"chunk", "content.delta", "content.done", "logprobs.content.delta"} <= kinds
    assert whole.choices[0].message.content == plain.choices[0].message.content
    assert whole.choices[0].logprobs.content == plain.choices[0].logprobs.content
    assert whole.usage == plain.usage


def test_the_chat_helper_assembles_a_call(client: openai.OpenAI) -> None:
    """Fragments become one call, with its arguments parsed."""
    tools = [{"type": "function", "function": WEATHER}]
    with client.chat.completions.stream(
        model="gpt-5", messages=[{"role": "user", "content": IN_PARIS}], tools=tools
    ) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
    assert [(event.name, event.parsed_arguments) for event in done] == [("get_weather", {"location": "Paris"})]


def test_the_chat_helper_assembles_a_refusal(client: openai.OpenAI) -> None:
    """Its own deltas, and its own place in the message."""
    with client.chat.completions.stream(model="gpt-5", messages=[{"role": "user", "content": "REFUSE"}]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.content is None
    assert "sandbox refusal" in message.refusal


def test_a_chat_is_parsed(client: openai.OpenAI) -> None:
    """`.parse()` gives the caller's own model, filled, and says in its texts whose words they are."""
    reply = client.chat.completions.parse(model="gpt-5", messages=QUESTION, response_format=Plan)
    plan = reply.choices[0].message.parsed
    assert isinstance(plan, Plan)
    assert "(sandbox)" in plan.title


def test_a_stream_is_parsed(client: openai.OpenAI) -> None:
    """A streamed chat ends in the same model."""
    with client.chat.completions.stream(model="gpt-5", messages=QUESTION, response_format=Plan) as stream:
        parsed = stream.get_final_completion().choices[0].message.parsed
    assert (
        parsed
        == client.chat.completions.parse(model="gpt-5", messages=QUESTION, response_format=Plan)
        .choices[0]
        .message.parsed
    )


def test_a_tool_s_arguments_are_parsed(client: openai.OpenAI) -> None:
    """The package's own tool from a pydantic model is called with a valid one."""
    tools = [openai.pydantic_function_tool(Plan, name="save_plan")]
    reply = client.chat.completions.parse(
        model="gpt-5", messages=QUESTION, tools=tools, tool_choice="required", parallel_tool_calls=False
    )
    [call] = reply.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, Plan)


def test_a_tool_s_result_is_answered(client: openai.OpenAI) -> None:
    """The usual loop: a question, a call, its result, an answer from it."""
    messages: list[Any] = [{"role": "user", "content": IN_PARIS}]
    tools: Any = [{"type": "function", "function": WEATHER}]
    turn = client.chat.completions.create(model="gpt-5", messages=messages, tools=tools).choices[0].message
    messages.append(turn)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "21 degrees"} for call in turn.tool_calls]
    answer = client.chat.completions.create(model="gpt-5", messages=messages, tools=tools).choices[0]
    assert answer.finish_reason == "stop"
    assert "21 degrees" in answer.message.content


def test_a_response_is_answered(client: openai.OpenAI) -> None:
    """Text, status, usage; and the platform's own fields beside them."""
    reply = client.responses.create(model="gpt-5", input="What is machine learning?", instructions="Be brief.")
    assert "Sandbox answer: no model ran and nothing was billed." in reply.output_text
    assert (reply.status, reply.error) == ("completed", None)
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert reply.model_extra["content_filters"][0]["source_type"] == "prompt"


def test_responses_are_chained(client: openai.OpenAI) -> None:
    """Stored, and gone on from."""
    first = client.responses.create(model="gpt-5", input="First thing?", store=True)
    second = client.responses.create(model="gpt-5", input="And then?", previous_response_id=first.id)
    assert "“First thing?”" in second.output_text


def test_a_response_s_stream_is_plain_events(client: openai.OpenAI) -> None:
    """`create(stream=True)` yields typed events and then ends by itself."""
    events = list(client.responses.create(model="gpt-5", input="What is it?", stream=True))
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    spelt = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert spelt == events[-1].response.output_text


def test_the_responses_helper_assembles_a_stream(client: openai.OpenAI) -> None:
    """`.stream()` ends in what the plain call returns, and keeps a snapshot on the way."""
    with client.responses.stream(model="gpt-5", input="What is it?") as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        whole = stream.get_final_response()
    plain = client.responses.create(model="gpt-5", input="What is it?")
    assert snapshots[-1] == whole.output_text == plain.output_text
    assert whole.usage == plain.usage


def test_the_responses_helper_assembles_a_call(client: openai.OpenAI) -> None:
    """Fragments become one call, whose result is answered by a second request with the call sent back."""
    tools: Any = [{"type": "function", **WEATHER}]
    with client.responses.stream(model="gpt-5", input=IN_PARIS, tools=tools) as stream:
        [call] = stream.get_final_response().output
    assert json.loads(call.arguments) == {"location": "Paris"}
    history: Any = [
        {"role": "user", "content": IN_PARIS},
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"},
    ]
    assert "21 degrees" in client.responses.create(model="gpt-5", input=history, tools=tools).output_text


def test_output_items_may_be_sent_back(client: openai.OpenAI) -> None:
    """A reply's own items are input for the next request."""
    first = client.responses.create(model="gpt-5", input="First thing?")
    items: Any = [{"role": "user", "content": "First thing?"}, *first.output, {"role": "user", "content": "And then?"}]
    assert "“First thing?”" in client.responses.create(model="gpt-5", input=items).output_text


def test_a_response_is_parsed(client: openai.OpenAI) -> None:
    """`.parse()` gives the caller's own model."""
    assert isinstance(client.responses.parse(model="gpt-5", input="Plan it", text_format=Plan).output_parsed, Plan)


def test_a_response_s_stream_is_parsed(client: openai.OpenAI) -> None:
    """So does a stream at its end."""
    with client.responses.stream(model="gpt-5", input="Plan it", text_format=Plan) as stream:
        assert isinstance(stream.get_final_response().output_parsed, Plan)


def test_an_incomplete_stream_is_told(client: openai.OpenAI) -> None:
    """The last event is the incomplete response, with its reason."""
    *_, last = client.responses.create(model="gpt-5", input="What is it?", stream=True, max_output_tokens=5)
    assert (last.type, last.response.incomplete_details.reason) == ("response.incomplete", "max_output_tokens")


def test_a_failed_stream_is_told(client: openai.OpenAI) -> None:
    """The last event is the failed response, with its error."""
    headers = {"x-sandbox-fault": "error-midstream"}
    *_, last = client.responses.create(model="gpt-5", input="What is it?", stream=True, extra_headers=headers)
    assert (last.type, last.response.error.code) == ("response.failed", "server_error")


@pytest.mark.parametrize("dimensions", [openai.omit, 64])
def test_embeddings_come_in_both_encodings(client: openai.OpenAI, dimensions: Any) -> None:
    """Numbers asked for, and the bytes the package asks for by itself, are the same vectors."""
    options: Any = {"model": "skytells-embed-3-large", "input": ["a fox", "a hen"], "dimensions": dimensions}
    decoded = client.embeddings.create(**options)
    numbers = client.embeddings.create(**options, encoding_format="float")
    assert [len(one.embedding) for one in decoded.data] == [3072 if dimensions is openai.omit else 64] * 2
    for one, other in zip(decoded.data, numbers.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-8)
    assert decoded.usage.prompt_tokens == numbers.usage.total_tokens == 4


def test_bytes_asked_for_stay_bytes(client: openai.OpenAI) -> None:
    """Base64 that the caller names is handed over as it came."""
    reply = client.embeddings.create(model="text-embedding-3-small", input="a fox", encoding_format="base64")
    assert isinstance(reply.data[0].embedding, str)


def test_the_async_client_does_the_same(run: Callable[..., Any], client: openai.OpenAI) -> None:
    """A chat's helper, a response's helper, a parse and embeddings, on one loop at once."""

    async def chat(made: openai.AsyncOpenAI) -> str:
        async with made.chat.completions.stream(model="gpt-5", messages=QUESTION) as stream:
            return (await stream.get_final_completion()).choices[0].message.content or ""

    async def respond(made: openai.AsyncOpenAI) -> str:
        async with made.responses.stream(model="gpt-5", input=QUESTION[0]["content"]) as stream:
            return (await stream.get_final_response()).output_text

    async def plan(made: openai.AsyncOpenAI) -> Plan | None:
        return (await made.responses.parse(model="gpt-5", input="Plan it", text_format=Plan)).output_parsed

    async def embed(made: openai.AsyncOpenAI) -> list[float]:
        return (await made.embeddings.create(model="skytells-embed-3-small", input="a fox")).data[0].embedding

    async def together(made: openai.AsyncOpenAI) -> Any:
        return await asyncio.gather(chat(made), respond(made), plan(made), embed(made))

    said, responded, planned, vector = run(together)
    assert said == responded == client.responses.create(model="gpt-5", input=QUESTION[0]["content"]).output_text
    assert isinstance(planned, Plan)
    assert len(vector) == 1536
