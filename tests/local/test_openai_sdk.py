"""The openai package, unchanged but for its address and key, talks to the sandbox's chat."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox

QUESTION = [{"role": "user", "content": "What is machine learning?"}]


@pytest.fixture
def client(shared_sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the shared sandbox."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=shared_sandbox.url, max_retries=0) as made:
        yield made


def ask(client: openai.OpenAI, messages: Any = QUESTION, **options: Any) -> Any:
    """One chat with the router."""
    return client.chat.completions.create(model="deepbrain-router", messages=messages, **options)


def test_a_chat_is_answered(client: openai.OpenAI) -> None:
    """The reply is read whole, says that it is the sandbox's, and counts its tokens."""
    reply = ask(client)
    assert reply.choices[0].finish_reason == "stop"
    assert "Sandbox answer: no model ran and nothing was billed." in reply.choices[0].message.content
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_a_stream_spells_the_plain_answer(client: openai.OpenAI) -> None:
    """Streamed and plain, the same request gets the same words, and a reason at the end."""
    chunks = list(ask(client, stream=True))
    spelled = "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)
    assert spelled == ask(client).choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_stream_starts_without_choices(client: openai.OpenAI) -> None:
    """The first chunk carries the prompt's safety results and no choice, as Azure's does."""
    first = next(iter(ask(client, stream=True)))
    assert first.choices == []
    assert first.model_extra["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["filtered"] is False


def test_a_stream_ends_with_the_usage_asked_for(client: openai.OpenAI) -> None:
    """`include_usage` adds one last chunk, without choices, whose numbers are the plain reply's."""
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage == ask(client).usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_max_tokens_cuts(client: openai.OpenAI) -> None:
    """Seven tokens are seven tokens, and the reason is length."""
    reply = ask(client, max_tokens=7)
    assert (reply.choices[0].finish_reason, reply.usage.completion_tokens) == ("length", 7)
    assert ask(client).choices[0].message.content.startswith(reply.choices[0].message.content)


def test_a_stop_sequence_cuts(client: openai.OpenAI) -> None:
    """The answer ends before the first stop sequence it meets."""
    messages = [{"role": "user", "content": "REPEAT: one, two, three"}]
    reply = ask(client, messages, stop=["three", ", two"])
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("one", "stop")


def test_several_choices_differ(client: openai.OpenAI) -> None:
    """`n` gives so many answers, each with its index, plain and streamed alike."""
    plain = ask(client, n=3)
    assert [choice.index for choice in plain.choices] == [0, 1, 2]
    streamed = {0: "", 1: "", 2: ""}
    for chunk in ask(client, n=3, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert list(streamed.values()) == [choice.message.content for choice in plain.choices]


def test_a_json_answer_is_json(client: openai.OpenAI) -> None:
    """`response_format` json_object gives an object, which says what it is."""
    reply = ask(client, response_format={"type": "json_object"})
    assert json.loads(reply.choices[0].message.content)["sandbox"] is True


def test_the_same_client_works_async(shared_sandbox: Sandbox) -> None:
    """The async client streams the same words."""
    import asyncio

    async def spell() -> str:
        async with openai.AsyncOpenAI(api_key=EXAMPLE_KEY, base_url=shared_sandbox.url) as client:
            stream = await ask(client, stream=True)
            return "".join([c.delta.content or "" async for chunk in stream for c in chunk.choices])

    assert "machine" in asyncio.run(spell())


@pytest.mark.parametrize(
    ("key", "call", "error", "error_id"),
    [
        ("wrong", ask, openai.AuthenticationError, "UNAUTHORIZED"),
        ("sk-sandbox-revoked", ask, openai.AuthenticationError, "UNAUTHORIZED"),
        ("sk-sandbox-broke", ask, openai.APIStatusError, "INSUFFICIENT_CREDITS"),
        (
            EXAMPLE_KEY,
            lambda c: c.chat.completions.create(model="nope", messages=QUESTION),
            openai.NotFoundError,
            "MODEL_NOT_FOUND",
        ),
        (
            EXAMPLE_KEY,
            lambda c: c.chat.completions.create(model="truefusion", messages=QUESTION),
            openai.UnprocessableEntityError,
            "MODEL_NOT_SUPPORTED",
        ),
        (EXAMPLE_KEY, lambda c: ask(c, temperature=3), openai.BadRequestError, "INVALID_PARAMETER"),
        (EXAMPLE_KEY, lambda c: ask(c, []), openai.UnprocessableEntityError, "VALIDATION_ERROR"),
        (
            EXAMPLE_KEY,
            lambda c: ask(c, extra_headers={"x-sandbox-fault": "429"}),
            openai.RateLimitError,
            "RATE_LIMIT_EXCEEDED",
        ),
        (
            EXAMPLE_KEY,
            lambda c: ask(c, extra_headers={"x-sandbox-fault": "500"}),
            openai.InternalServerError,
            "INTERNAL_ERROR",
        ),
        (
            EXAMPLE_KEY,
            lambda c: c.responses.create(model="gpt-5", input="x", previous_response_id="resp_unknown"),
            openai.BadRequestError,
            "INVALID_PARAMETER",
        ),
        (
            EXAMPLE_KEY,
            lambda c: c.embeddings.create(model="gpt-5", input="x"),
            openai.UnprocessableEntityError,
            "MODEL_NOT_SUPPORTED",
        ),
        (
            EXAMPLE_KEY,
            lambda c: ask(c, [{"role": "user", "content": "a BLOCKED word"}]),
            openai.APIStatusError,
            "CONTENT_POLICY_VIOLATION",
        ),
    ],
)
def test_an_error_has_its_class(
    shared_sandbox: Sandbox, key: str, call: Callable[[Any], Any], error: type[openai.APIStatusError], error_id: str
) -> None:
    """Each refusal becomes the class openai has for its status, with the platform's id in its body."""
    client = openai.OpenAI(api_key=key, base_url=shared_sandbox.url, max_retries=0)
    with client, pytest.raises(error) as caught:
        call(client)
    assert caught.value.body["error_id"] == error_id
    assert caught.value.request_id == caught.value.body["request_id"]


def test_a_wrong_parameter_is_named(client: openai.OpenAI) -> None:
    """The error's `param` is the parameter that is wrong."""
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, top_p=7)
    assert caught.value.param == "top_p"


def test_an_error_in_a_stream_is_raised(client: openai.OpenAI) -> None:
    """An error event in the middle of a stream is an APIError after the words before it."""
    stream = ask(client, stream=True, extra_headers={"x-sandbox-fault": "error-midstream"})
    with pytest.raises(openai.APIError, match="stopped answering"):
        list(stream)


def test_a_retry_waits_out_a_429(sandbox: Sandbox) -> None:
    """One injected 429 is passed by a client that may retry."""
    sandbox.inject("429;retry-after=0")
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=sandbox.url, max_retries=1) as client:
        assert ask(client).choices
    assert len(sandbox.state.requests) == 2
