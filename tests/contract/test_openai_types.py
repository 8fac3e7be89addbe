"""What the sandbox sends is of the openai client's own types, which the client itself does not check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import EMBEDDER, FORECAST_FORMAT, MODEL, QUESTION, WEATHER_PARAMETERS, WEATHER_TOOL, Forecast

# What Skytells adds to OpenAI's objects: its filters, the parameters it tells, the text that OpenAI's client joins.
ADDED = {
    *("content_filter_results", "prompt_filter_results", "content_filters"),
    "reasoning_content",  # of models that think, by a name that OpenAI's own do not use
    *("store", "frequency_penalty", "presence_penalty", "output_text"),
    "name",  # of the function whose arguments are done: not in every version of the client
}
FLAT_TOOL = {"type": "function", "name": "get_weather", "parameters": WEATHER_PARAMETERS}
FORMAT = {"format": {"type": "json_schema", "name": "forecast", "schema": Forecast.model_json_schema()}}
CHATS: list[dict[str, Any]] = [
    {},
    {"n": 2, "logprobs": True, "top_logprobs": 2},
    {"tools": [WEATHER_TOOL], "tool_choice": "required"},
    {"response_format": FORECAST_FORMAT},
    {"max_tokens": 3},
    {"messages": [{"role": "user", "content": "REFUSE this"}]},
    {"messages": [{"role": "user", "content": "FILTERED please"}]},
    {"messages": [{"role": "user", "content": "THINK about it"}]},
]
RESPONSES: list[dict[str, Any]] = [
    {},
    {"tools": [FLAT_TOOL], "tool_choice": "required"},
    {"text": FORMAT},
    {"max_output_tokens": 3},
    {"input": "REFUSE this"},
    {"input": "FILTERED please"},
    {"input": "THINK about it"},
    {"extra_headers": {"x-sandbox-fault": "error-midstream"}},
]


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def added(value: Any) -> set[str]:
    """Collect the names of all fields, at any depth, that openai's models do not declare."""
    if isinstance(value, BaseModel):
        extra = set(value.model_extra or ())
        return extra.union(*(added(getattr(value, name)) for name in type(value).model_fields))
    if isinstance(value, list):
        return set().union(*map(added, value))
    return set()


def sent(raw: Any) -> list[Any]:
    """Read the JSON of a raw stream's events."""
    lines = [line.removeprefix("data: ") for line in raw.iter_lines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def complete(body: Any) -> Any:
    """Add what openai's usage has had since the platform copied it."""
    usage = body.get("response", body).get("usage")
    if usage:
        usage["input_tokens_details"].setdefault("cache_write_tokens", 0)
    return body


@pytest.mark.parametrize("options", CHATS)
def test_a_chat_is_of_its_type(client: openai.OpenAI, options: dict[str, Any]) -> None:
    """Every required field is there and of its type; nothing is added but what Skytells adds."""
    raw = client.chat.completions.with_raw_response.create(**({"model": MODEL, "messages": QUESTION} | options))
    assert added(ChatCompletion.model_validate_json(raw.text)) <= ADDED


@pytest.mark.parametrize("options", CHATS)
def test_chunks_are_of_their_type(client: openai.OpenAI, options: dict[str, Any]) -> None:
    """The same for each chunk of a stream."""
    asked = {"model": MODEL, "messages": QUESTION, "stream": True, "stream_options": {"include_usage": True}} | options
    with client.chat.completions.with_streaming_response.create(**asked) as raw:
        chunks = [ChatCompletionChunk.model_validate(body) for body in sent(raw)]
    assert set().union(*map(added, chunks)) <= ADDED


@pytest.mark.parametrize("options", [*RESPONSES, {"top_logprobs": 2, "include": ["message.output_text.logprobs"]}])
def test_a_response_is_of_its_type(client: openai.OpenAI, options: dict[str, Any]) -> None:
    """The same for a response."""
    raw = client.responses.with_raw_response.create(**({"model": MODEL, "input": "What is this?"} | options))
    assert added(Response.model_validate(complete(json.loads(raw.text)))) <= ADDED


@pytest.mark.parametrize("options", RESPONSES)
def test_events_are_of_their_type(client: openai.OpenAI, options: dict[str, Any]) -> None:
    """The same for each event of a streamed response; each is one that openai knows."""
    asked = {"model": MODEL, "input": "What is this?", "stream": True} | options
    event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    with client.responses.with_streaming_response.create(**asked) as raw:
        events = [event.validate_python(complete(body)) for body in sent(raw)]
    assert set().union(*map(added, events)) <= ADDED


def test_embeddings_are_of_their_type(client: openai.OpenAI) -> None:
    """The same for embeddings as numbers."""
    raw = client.embeddings.with_raw_response.create(model=EMBEDDER, input=["a", "b"], encoding_format="float")
    assert added(CreateEmbeddingResponse.model_validate_json(raw.text)) == set()


@pytest.mark.parametrize("fault", ["obfuscation", "no-usage", "drip"])
def test_what_a_stream_may_bring_besides_changes_no_word(client: openai.OpenAI, fault: str) -> None:
    """Padding, a missing count and slow bytes leave the answer as it is, in chat and in responses."""
    headers = {"x-sandbox-fault": fault}
    plain = client.responses.create(model=MODEL, input="What is machine learning?").output_text
    with client.chat.completions.stream(model=MODEL, messages=QUESTION, extra_headers=headers) as chat:
        assert chat.get_final_completion().choices[0].message.content == plain
    with client.responses.stream(model=MODEL, input="What is machine learning?", extra_headers=headers) as response:
        assert response.get_final_response().output_text == plain


def test_the_catalogue_is_not_openai_s(client: openai.OpenAI) -> None:
    """A model has Skytells' fields, kept as extras; the list is a bare array, which openai cannot read."""
    model = client.models.retrieve("gpt-5")
    assert (model.id, model.model_extra["namespace"]) == (None, "gpt-5")
    with pytest.raises(AttributeError):
        client.models.list()
