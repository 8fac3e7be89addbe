"""A chat's stream, event by event, whole and spoilt."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox

BODY = {"model": "gpt-5.4", "messages": [{"role": "user", "content": "What is a neural network?"}], "stream": True}
Events = Callable[[httpx.Response], list[Any]]


@pytest.fixture
def stream(api: httpx.Client, events: Events) -> Callable[..., list[Any]]:
    """All events of one streamed chat, with a fault where one is named."""

    def run(fault: str | None = None, **options: Any) -> list[Any]:
        headers = {"x-sandbox-fault": fault} if fault else {}
        with api.stream("POST", "/chat/completions", json=BODY | options, headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-cache"
            return events(response)

    return run


def wait_until(condition: Callable[[], bool]) -> bool:
    """Look until it holds, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    return condition()


def test_the_chunks_have_their_keys(stream: Callable[..., list[Any]]) -> None:
    """Filters first, then the role, then words, then the reason; one id throughout; `[DONE]` last."""
    found = stream()
    first, role, word, last = found[0], found[1], found[2], found[-2]
    head = ["id", "object", "created", "model", "system_fingerprint", "choices"]
    assert list(first) == [*head, "prompt_filter_results"]
    assert list(word) == head
    assert role["choices"][0]["delta"]["role"] == "assistant"
    assert list(word["choices"][0]) == ["index", "delta", "logprobs", "finish_reason", "content_filter_results"]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["choices"][0]["content_filter_results"]["hate"] == {"filtered": False, "severity": "safe"}
    assert len({chunk["id"] for chunk in found[:-1]}) == 1
    assert found[-1] == "[DONE]"


@pytest.mark.parametrize("query", ["?stream=true", ""])
def test_the_query_may_ask_for_a_stream(api: httpx.Client, query: str) -> None:
    """`?stream=true` does what the body's `stream` does."""
    body = {key: value for key, value in BODY.items() if key != "stream"}
    reply = api.post(f"/chat/completions{query}", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream" if query else "application/json")


def test_usage_comes_last_when_asked_for(stream: Callable[..., list[Any]]) -> None:
    """One chunk without choices before `[DONE]`; null on the others."""
    found = stream(stream_options={"include_usage": True})
    assert found[-2]["choices"] == []
    assert found[-2]["usage"]["total_tokens"] > 0
    assert {json.dumps(chunk["usage"]) for chunk in found[:-2]} == {"null"}


@pytest.mark.parametrize("asked", ["What is a neural network?", "Please REFUSE", "REPEAT: one, two", "THINK: why?"])
def test_the_pieces_are_the_tokens(stream: Callable[..., list[Any]], asked: str) -> None:
    """As many pieces are streamed as are billed, over all choices."""
    messages = [{"role": "user", "content": asked}]
    found = stream(messages=messages, n=2, stream_options={"include_usage": True})
    deltas = [choice["delta"] for chunk in found[:-1] for choice in chunk["choices"]]
    said = ("content", "refusal", "reasoning_content")
    pieces = [piece for delta in deltas for kind in said if (piece := delta.get(kind))]
    assert len(pieces) == found[-2]["usage"]["completion_tokens"]


def test_log_probabilities_are_streamed_with_their_pieces(stream: Callable[..., list[Any]]) -> None:
    """Each chunk with a piece has that piece's entry, and no other chunk has one."""
    for chunk in stream(logprobs=True, top_logprobs=1)[:-1]:
        for choice in chunk["choices"]:
            listed = (choice["logprobs"] or {"content": []})["content"]
            assert "".join(entry["token"] for entry in listed) == (choice["delta"].get("content") or "")


def test_a_stream_takes_its_time(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Pieces come one by one: the first well before the last, about `token_seconds / pace` apart."""
    body = BODY | {"max_tokens": 40}
    with (
        Sandbox(token_seconds=0.01) as slow,
        client_of(slow).stream("POST", "/chat/completions", json=body) as response,
    ):
        times = [time.monotonic() for line in response.iter_lines() if line]
    assert times[-1] - times[0] >= 0.3
    assert times[1] - times[0] < 0.2


def test_a_cut_stream_has_no_end(stream: Callable[..., list[Any]]) -> None:
    """Some words, no reason, no `[DONE]`, and a connection that closes as it should."""
    found = stream("cut")
    assert len(found) > 3
    assert found[-1] != "[DONE]"
    assert all(choice["finish_reason"] is None for chunk in found for choice in chunk["choices"])


def test_even_a_short_answer_is_cut(stream: Callable[..., list[Any]]) -> None:
    """A one-word answer loses its end too."""
    found = stream("cut", messages=[{"role": "user", "content": "REPEAT: yes"}])
    assert [chunk["choices"][0]["delta"]["content"] for chunk in found[1:]] == ["", "yes"]


def test_a_malformed_line_is_one_line(stream: Callable[..., list[Any]], said: Callable[[list[Any]], str]) -> None:
    """One event is not JSON; the words around it are whole."""
    found = stream("malformed")
    assert sum(isinstance(event, str) for event in found) == 2  # the broken line and [DONE]
    assert said(found) == said(stream())


def test_an_error_may_come_in_the_middle(stream: Callable[..., list[Any]]) -> None:
    """The last event is an error in the Inference API's shape."""
    error = stream("error-midstream")[-1]["error"]
    assert (error["error_id"], error["status"]) == ("INFERENCE_ERROR", 500)


def test_content_may_be_an_array(stream: Callable[..., list[Any]]) -> None:
    """Each piece is a list of text parts that spell the same words."""
    spoilt, plain = stream("array-content"), stream()
    parts = [part["text"] for c in spoilt[:-1] for x in c["choices"] for part in x["delta"].get("content", [])]
    assert "".join(parts) == "".join(x["delta"].get("content", "") for c in plain[:-1] for x in c["choices"])


def test_chunks_may_be_padded(stream: Callable[..., list[Any]]) -> None:
    """`obfuscation` is a string on every chunk."""
    assert all(chunk["obfuscation"] for chunk in stream("obfuscation")[:-1])


def test_usage_may_be_missing(stream: Callable[..., list[Any]], api: httpx.Client) -> None:
    """Streamed and plain, `no-usage` leaves it out."""
    assert not any(c.get("usage") for c in stream("no-usage", stream_options={"include_usage": True})[:-1])
    plain = api.post("/chat/completions", json=BODY | {"stream": False}, headers={"x-sandbox-fault": "no-usage"})
    assert "usage" not in plain.json()


def test_a_stalled_stream_sends_nothing_more(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """After some words there is silence; the reader's own timeout ends it, and the server lets go."""
    sandbox.inject("stall")
    quick = httpx.Timeout(20, read=0.5)
    with pytest.raises(httpx.ReadTimeout):
        own_api.post("/chat/completions", json=BODY, timeout=quick)
    assert wait_until(lambda: sandbox.state.open_streams == 0)


def test_a_reader_that_leaves_ends_the_stream(web: httpx.Client) -> None:
    """The server stops making words when nobody reads them."""
    with Sandbox(token_seconds=0.05) as slow:
        with web.stream(
            "POST", f"{slow.url}/chat/completions", json=BODY, headers={"x-api-key": EXAMPLE_KEY}
        ) as response:
            lines = response.iter_lines()  # held, because a forgotten iterator closes its response
            next(lines)
            assert slow.state.open_streams == 1
        assert wait_until(lambda: slow.state.open_streams == 0)


def test_stopping_the_server_ends_open_streams(web: httpx.Client) -> None:
    """`stop()` does not wait for a stalled stream."""
    server = Sandbox().start()
    ended = threading.Event()

    def read() -> None:
        headers = {"x-api-key": EXAMPLE_KEY, "x-sandbox-fault": "stall"}
        with contextlib.suppress(httpx.HTTPError):
            web.post(f"{server.url}/chat/completions", json=BODY, headers=headers)
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert wait_until(lambda: server.state.open_streams == 1)
    begun = time.monotonic()
    server.stop()
    assert ended.wait(10)
    thread.join()
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_stall_may_be_told_how_long(stream: Callable[..., list[Any]], seconds: float) -> None:
    """After the good events and so many seconds, the stream ends without a finish reason and without `[DONE]`."""
    begun = time.monotonic()
    found = stream(f"stall;seconds={seconds}")
    assert seconds <= time.monotonic() - begun < 10
    assert [chunk["choices"] for chunk in found] == [chunk["choices"] for chunk in stream("cut")]
    assert [choice["finish_reason"] for chunk in found for choice in chunk["choices"]] == [None] * (len(found) - 1)
