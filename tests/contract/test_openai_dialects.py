"""The openai client against what the platform's sources say differently of chat and responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import MODEL, QUESTION

ASKED = "What is machine learning?"


@pytest.fixture
def client_in(server: Sandbox) -> Iterator[Callable[[str], openai.OpenAI]]:
    """Make clients of the module's sandbox that are answered in a dialect."""
    made: list[openai.OpenAI] = []

    def make(dialect: str) -> openai.OpenAI:
        headers = {"x-sandbox-fault": f"dialect;{dialect}"}
        made.append(openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0, default_headers=headers))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.mark.parametrize(("word", "present"), [("present", True), ("absent", False)])
def test_the_client_joins_the_text_itself(client_in: Callable[[str], openai.OpenAI], word: str, present: bool) -> None:
    """With or without a text at the top of the body, `output_text` is the same."""
    raw = client_in(f"output_text={word}").responses.with_raw_response.create(model=MODEL, input=ASKED)
    assert ("output_text" in json.loads(raw.text)) is present
    assert raw.parse().output_text == raw.parse().output[0].content[0].text


def test_responses_may_be_kept_unasked(client_in: Callable[[str], openai.OpenAI]) -> None:
    """Where `store` is on by itself, as at OpenAI, any response is a parent."""
    client = client_in("store=on")
    parent = client.responses.create(model=MODEL, input=ASKED)
    child = client.responses.create(model=MODEL, input="And then?", previous_response_id=parent.id)
    assert (parent.store, ASKED in child.output_text) == (True, True)


@pytest.mark.parametrize(("word", "last"), [("chat", False), ("all", True)])
def test_a_response_s_stream_may_end_like_a_chat_s(
    client_in: Callable[[str], openai.OpenAI], word: str, last: bool
) -> None:
    """With or without [DONE] at the end, the client reads the same events."""
    client = client_in(f"done={word}")
    with client.responses.with_streaming_response.create(model=MODEL, input=ASKED, stream=True) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert (lines[-1] == "data: [DONE]") is last
    with client.responses.stream(model=MODEL, input=ASKED) as stream:
        assert stream.get_final_response().status == "completed"


def test_stream_options_may_be_refused(client_in: Callable[[str], openai.OpenAI]) -> None:
    """A server that does not know the option names it; without it the stream comes."""
    client = client_in("stream_options=refused")
    asked: dict[str, Any] = {"model": MODEL, "messages": QUESTION, "stream": True}
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**asked, stream_options={"include_usage": True})
    assert (caught.value.param, caught.value.body["error_id"]) == ("stream_options", "INVALID_PARAMETER")
    assert list(client.chat.completions.create(**asked))[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("word", "name"), [("skytells", "x-skytells-ratelimit-limit-requests"), ("plain", "x-ratelimit-reset")]
)
def test_limits_are_told_in_either_header(client_in: Callable[[str], openai.OpenAI], word: str, name: str) -> None:
    """The limits stand in the headers of the newer or the older documents."""
    raw = client_in(f"limits={word}").chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION)
    assert name in raw.headers
