"""The openai client's chat completions, plain and in raw streams: what it reads from the sandbox is exact."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import FORECAST_FORMAT, MODEL, NOTICE, PIXEL, QUESTION, WEATHER_TOOL, Forecast


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def ask(client: openai.OpenAI, messages: Any = QUESTION, **options: Any) -> Any:
    """One chat with the router."""
    return client.chat.completions.create(model=MODEL, messages=messages, **options)


def test_a_chat_is_answered(client: openai.OpenAI, arrived: Callable[[], list[Any]]) -> None:
    """One request, sent with Bearer; the reply is read whole, and its tokens add up."""
    reply = ask(client)
    assert (reply.object, reply.model, reply.choices[0].finish_reason) == ("chat.completion", MODEL, "stop")
    assert NOTICE in reply.choices[0].message.content
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0
    assert [(request.path, request.auth) for request in arrived()] == [("/v1/chat/completions", "bearer")]


def test_the_same_seed_gives_the_same_answer(client: openai.OpenAI) -> None:
    """The answer depends on the request and its seed only."""
    first, second, other = (ask(client, seed=seed).choices[0].message.content for seed in (7, 7, 8))
    assert first == second != other


def test_the_safety_fields_are_kept(client: openai.OpenAI) -> None:
    """What Skytells adds to OpenAI's reply is in the models' extra fields."""
    reply = ask(client)
    assert reply.model_extra["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["filtered"] is False
    assert reply.choices[0].model_extra["content_filter_results"]["violence"]["severity"] == "safe"


def test_a_stream_spells_the_plain_answer(client: openai.OpenAI) -> None:
    """Streamed and plain, the same request gets the same words, tokens and reason."""
    plain = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices) == plain.choices[0].message.content
    assert [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason] == ["stop"]
    assert (chunks[-1].choices, chunks[-1].usage) == ([], plain.usage)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1


def test_letters_of_any_script_arrive_whole(client: openai.OpenAI) -> None:
    """Text outside ASCII is the same plain, streamed, and through responses."""
    text = "naïve 日本語 🦊🏽 עברית e\u0301 \u2028 end"
    question = [{"role": "user", "content": f"REPEAT: {text}"}]
    chunks = list(ask(client, question, stream=True))
    assert ask(client, question).choices[0].message.content == text
    assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices) == text
    with client.responses.stream(model=MODEL, input=f"REPEAT: {text}") as stream:
        assert stream.get_final_response().output_text == text


def test_a_stream_starts_without_choices(client: openai.OpenAI) -> None:
    """The first chunk carries the prompt's safety results and no choice, as Azure's does."""
    first, *_ = ask(client, stream=True)
    assert first.choices == []
    assert first.model_extra["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["filtered"] is False


def test_a_stream_has_no_usage_unless_asked(client: openai.OpenAI) -> None:
    """Without `stream_options` no chunk carries usage."""
    assert all(chunk.usage is None for chunk in ask(client, stream=True))


def test_the_query_can_ask_for_a_stream(client: openai.OpenAI) -> None:
    """`?stream=true` streams, although the body does not say so."""
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=QUESTION, extra_query={"stream": "true"}
    )
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert raw.http_response.text.rstrip().endswith("data: [DONE]")


def test_leaving_a_stream_closes_it(client: openai.OpenAI, server: Sandbox) -> None:
    """A stream that is left after its first words ends for the client; the next call works."""
    with ask(client, [{"role": "user", "content": f"REPEAT:{'word ' * 5000}"}], stream=True) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                break
    assert ask(client).choices


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_cuts(client: openai.OpenAI, name: str) -> None:
    """Seven tokens are seven tokens, the reason is length, and the words are the whole answer's first."""
    reply = ask(client, **{name: 7})
    assert (reply.choices[0].finish_reason, reply.usage.completion_tokens) == ("length", 7)
    assert ask(client).choices[0].message.content.startswith(reply.choices[0].message.content)


def test_a_stop_sequence_cuts(client: openai.OpenAI) -> None:
    """The answer ends before the first stop sequence it meets."""
    reply = ask(client, [{"role": "user", "content": "REPEAT: one, two, three"}], stop=["three", ", two"])
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("one", "stop")


def test_several_choices_differ(client: openai.OpenAI) -> None:
    """`n` gives so many different answers, each with its index, plain and streamed alike."""
    plain = ask(client, n=3)
    contents = [choice.message.content for choice in plain.choices]
    assert [choice.index for choice in plain.choices] == [0, 1, 2]
    assert len(set(contents)) == 3
    streamed = ["", "", ""]
    for chunk in ask(client, n=3, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == contents


def test_pictures_are_taken(client: openai.OpenAI) -> None:
    """Text and image parts are read; the picture costs tokens."""
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    seen, unseen = (ask(client, [{"role": "user", "content": parts[:count]}]) for count in (2, 1))
    assert "1 picture is attached" in seen.choices[0].message.content
    assert seen.usage.prompt_tokens > unseen.usage.prompt_tokens


def test_what_skytells_does_not_know_is_ignored(client: openai.OpenAI) -> None:
    """Parameters that only OpenAI has, a developer's message and a speaker's name change nothing else."""
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello?", "name": "ann"}]
    extra = {
        "reasoning_effort": "low",
        "store": True,
        "metadata": {"lesson": "3"},
        "service_tier": "auto",
        "verbosity": "low",
        "modalities": ["text"],
        "prediction": {"type": "content", "content": "x"},
        "logit_bias": {"5": 1},
        "safety_identifier": "u1",
        "prompt_cache_key": "k1",
        "parallel_tool_calls": False,
        "user": "u1",
        "extra_body": {"made_up": True},
    }
    assert ask(client, messages, **extra).choices == ask(client, messages).choices


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"top_p": 7}, "top_p"),
        ({"n": 0}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"presence_penalty": 5}, "presence_penalty"),
        ({"frequency_penalty": -5}, "frequency_penalty"),
        ({"top_logprobs": 50, "logprobs": True}, "top_logprobs"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tool_choice": "maybe", "tools": [WEATHER_TOOL]}, "tool_choice"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, "messages"),
        ({"stop": [""]}, "stop"),
    ],
)
def test_a_wrong_parameter_is_named(client: openai.OpenAI, options: dict[str, Any], param: str) -> None:
    """A parameter that is wrong is refused by its name, also where it is deep inside."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**({"model": MODEL, "messages": QUESTION} | options))
    assert re.split(r"[.\[]", caught.value.param or "")[0] == param
    assert (caught.value.type, caught.value.code) == ("invalid_request_error", "invalid_parameter")


@pytest.mark.parametrize(
    ("options", "error", "error_id"),
    [
        ({"model": "nope"}, openai.NotFoundError, "MODEL_NOT_FOUND"),
        ({"model": "truefusion"}, openai.UnprocessableEntityError, "MODEL_NOT_SUPPORTED"),
        ({"messages": []}, openai.UnprocessableEntityError, "VALIDATION_ERROR"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: openai.OpenAI, options: dict[str, Any], error: type[openai.APIStatusError], error_id: str
) -> None:
    """An unknown model, one that makes pictures, and no message at all each have their class and id."""
    with pytest.raises(error) as caught:
        client.chat.completions.create(**({"model": MODEL, "messages": QUESTION} | options))
    assert caught.value.body["error_id"] == error_id


def test_a_blocked_prompt_is_refused(client: openai.OpenAI) -> None:
    """A question with BLOCKED is not answered: 451, with the filter's id."""
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, [{"role": "user", "content": "BLOCKED please"}])
    assert (caught.value.status_code, caught.value.body["error_id"]) == (451, "CONTENT_POLICY_VIOLATION")


def test_a_json_object_is_one(client: openai.OpenAI) -> None:
    """`json_object` gives an object, which says what it is."""
    reply = ask(client, response_format={"type": "json_object"})
    assert json.loads(reply.choices[0].message.content)["sandbox"] is True


def test_a_json_schema_is_met(client: openai.OpenAI) -> None:
    """`json_schema` gives a valid instance of the schema, plain and streamed alike."""
    plain = ask(client, response_format=FORECAST_FORMAT).choices[0].message.content
    jsonschema.Draft202012Validator(Forecast.model_json_schema()).validate(json.loads(plain))
    chunks = ask(client, response_format=FORECAST_FORMAT, stream=True)
    assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices) == plain


def test_logprobs_spell_the_answer(client: openai.OpenAI) -> None:
    """Every token has a log probability of at most 0 and as many alternatives as asked for."""
    choice = ask(client, logprobs=True, top_logprobs=2, max_tokens=9).choices[0]
    tokens = choice.logprobs.content
    assert "".join(token.token for token in tokens) == choice.message.content
    assert len(tokens) == 9
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)
    assert ask(client).choices[0].logprobs is None


def test_logprobs_stream_with_their_words(client: openai.OpenAI) -> None:
    """In a stream each piece of text brings its own token."""
    chunks = list(ask(client, logprobs=True, stream=True, max_tokens=9))
    choices = [choice for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert [choice.delta.content for choice in choices] == [
        "".join(token.token for token in choice.logprobs.content) for choice in choices
    ]


def test_a_refusal_is_told_apart(client: openai.OpenAI) -> None:
    """A question with REFUSE gets no content but a refusal, plain and streamed alike."""
    question = [{"role": "user", "content": "Please REFUSE this."}]
    message = ask(client, question).choices[0].message
    assert message.content is None
    assert message.refusal
    chunks = list(ask(client, question, stream=True))
    assert "".join(c.delta.refusal or "" for chunk in chunks for c in chunk.choices) == message.refusal
    assert not any(c.delta.content for chunk in chunks for c in chunk.choices)


def test_a_filtered_answer_says_so(client: openai.OpenAI) -> None:
    """A question with FILTERED ends with content_filter and says which filter."""
    choice = ask(client, [{"role": "user", "content": "FILTERED please"}]).choices[0]
    assert choice.finish_reason == "content_filter"
    assert choice.model_extra["content_filter_results"]["violence"]["filtered"] is True


def test_the_raw_reply_has_its_headers(client: openai.OpenAI) -> None:
    """`with_raw_response` shows the request's id and the limits, and parses to the same reply."""
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION)
    assert raw.headers["x-skytells-sandbox"] == "nothing was billed"
    assert raw.headers["x-request-id"] == raw.parse()._request_id
    assert raw.headers["x-skytells-ratelimit-limit-requests"] == "-"
    assert raw.parse().choices == ask(client).choices


def test_the_raw_stream_has_its_lines(client: openai.OpenAI) -> None:
    """`with_streaming_response` gives the lines as they are, ending with [DONE]."""
    with client.chat.completions.with_streaming_response.create(model=MODEL, messages=QUESTION, stream=True) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    assert json.loads(lines[0][6:])["object"] == "chat.completion.chunk"
