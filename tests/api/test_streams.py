"""Streams and errors against a server not written here: llmock, with its faults, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from llmock.scenarios import Delay, Fail, Reply, StreamFault, ToolCall
from llmock.testing import LLMockServer

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.values import Delta, Usage
from skytells_nb.api.values import Reply as Answer
from skytells_nb.errors import (
    BrokenStreamError,
    KeyRejectedError,
    NetworkError,
    RateLimitError,
    ServiceError,
    SkytellsError,
)

SENTENCE = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="module")
def running() -> Iterator[LLMockServer]:
    """Run llmock on a free loopback port."""
    with LLMockServer() as server:
        yield server


@pytest.fixture
def server(running: LLMockServer) -> LLMockServer:
    """Give llmock, with nothing planned but the sentence it says, and nothing seen."""
    running.state.reset()
    running.state.scenarios.add(Reply(SENTENCE, times=None))
    return running


@pytest.fixture
def options(server: LLMockServer, told: Any) -> dict[str, Any]:
    """Give what both clients of that server are made with."""
    return {"api_key": "sk-llmock", "base_url": server.base_url(), "observers": (told,)}


@pytest.fixture
def client(options: dict[str, Any]) -> Iterator[Client]:
    """Give a client of that server that does not really sleep."""
    with Client(**options, sleep=lambda _: None) as made:
        yield made


class Read:
    """What came of reading a stream to its end: the deltas, the reply, the error."""

    def __init__(self) -> None:
        self.deltas: list[Delta] = []
        self.reply = Answer()
        self.error: SkytellsError | None = None


def read_blocking(options: dict[str, Any], **params: Any) -> Read:
    """Read a stream with the blocking client."""
    read = Read()
    with Client(**options, sleep=lambda _: None) as client:
        stream = client.chat_stream("Hi", model="gpt-4o", **params)
        try:
            for delta in stream:
                read.deltas.append(delta)
        except SkytellsError as error:
            read.error = error
        read.reply = stream.reply
    return read


def read_async(options: dict[str, Any], **params: Any) -> Read:
    """Read a stream with the async client."""

    async def nap(_: float) -> None:
        pass

    async def main() -> Read:
        read = Read()
        async with AsyncClient(**options, sleep=nap) as client:
            stream = client.chat_stream("Hi", model="gpt-4o", **params)
            try:
                async for delta in stream:
                    read.deltas.append(delta)
            except SkytellsError as error:
                read.error = error
            read.reply = stream.reply
        return read

    return asyncio.run(main())


both = pytest.mark.parametrize("read", [read_blocking, read_async], ids=["blocking", "async"])


def test_a_whole_answer_is_read(client: Client) -> None:
    """Text, finish reason and usage of another's server."""
    reply = client.chat("Hi", model="gpt-4o")
    assert (reply.text, reply.finish_reason, reply.complete) == (SENTENCE, "stop", True)
    assert reply.usage is not None
    assert reply.usage.total_tokens == (reply.usage.prompt_tokens or 0) + (reply.usage.completion_tokens or 0)


@both
def test_a_stream_is_read_to_its_end(read: Any, options: dict[str, Any], told: Any) -> None:
    """The deltas spell the sentence; the reply is whole; the call is told before and after."""
    found = read(options)
    assert "".join(delta.text for delta in found.deltas) == found.reply.text == SENTENCE
    assert (found.reply.complete, found.reply.finish_reason, found.error) == (True, "stop", None)
    assert told.story == [("before", "sent"), ("after", "succeeded")]


@both
def test_usage_comes_from_the_usage_chunk(read: Any, options: dict[str, Any], told: Any) -> None:
    """A stream is asked to end with its usage, and the record has it."""
    usage = read(options).reply.usage
    assert usage == Usage(told.last.prompt_tokens, told.last.completion_tokens, told.last.total_tokens)
    assert told.last.total_tokens > 0


def test_a_stream_takes_time_to_its_first_word_and_to_its_end(client: Client, told: Any) -> None:
    """Both are measured, in that order."""
    for _ in client.chat_stream("Hi", model="gpt-4o"):
        pass
    assert 0 < told.last.ttft <= told.last.seconds


@both
@pytest.mark.parametrize("chunks", [1, 3])
def test_a_truncated_stream_is_an_error_that_keeps_what_came(
    read: Any, chunks: int, server: LLMockServer, options: dict[str, Any], told: Any
) -> None:
    """Neither finish reason nor end mark: never a short success."""
    server.state.scenarios.add(StreamFault("truncate", after_chunks=chunks))
    found = read(options)
    came = "The quick "[: {1: 0, 3: 10}[chunks]]
    assert isinstance(found.error, BrokenStreamError)
    assert found.error.what == f"The answer broke off after {len(came)} characters, without an end mark."
    assert (found.error.reply.text, found.error.reply.complete) == (came, False)
    assert found.reply is found.error.reply
    assert told.story == [("before", "sent"), ("after", "failed")]


@both
@pytest.mark.parametrize("fault", ["malformed", "disconnect"])
def test_a_malformed_or_cut_stream_is_an_error_that_keeps_what_came(
    read: Any, fault: Any, server: LLMockServer, options: dict[str, Any], told: Any
) -> None:
    """A piece that is no JSON, and a connection that drops."""
    server.state.scenarios.add(StreamFault(fault, after_chunks=3))
    found = read(options)
    assert isinstance(found.error, BrokenStreamError)
    assert (found.error.reply.text, found.error.reply.complete) == ("The quick ", False)
    assert told.last.status == "failed"


@both
def test_a_stalled_stream_is_an_error_that_keeps_what_came(
    read: Any, server: LLMockServer, options: dict[str, Any], told: Any
) -> None:
    """The timeout is between two pieces; what came before is kept."""
    server.state.scenarios.add(StreamFault("stall", after_chunks=2, stall_seconds=5))
    found = read({**options, "timeout": 0.2})
    assert isinstance(found.error, BrokenStreamError)
    assert "did not answer in time" in found.error.what
    assert isinstance(found.error.__cause__, NetworkError)
    assert found.error.reply.text == "The "


@both
def test_a_stream_is_never_repeated(read: Any, server: LLMockServer, options: dict[str, Any]) -> None:
    """One request, whatever went wrong in it."""
    server.state.scenarios.add(StreamFault("disconnect", after_chunks=1))
    read(options)
    assert len(server.state.journal.records(wait=5)) == 1


def test_leaving_the_loop_closes_the_connection_and_keeps_what_came(
    client: Client, server: LLMockServer, told: Any
) -> None:
    """The server sees the reader go; the record says interrupted; `reply` holds the beginning."""
    server.state.scenarios.add(StreamFault("stall", after_chunks=3, stall_seconds=5))
    stream = client.chat_stream("Hi", model="gpt-4o")
    for delta in stream:
        if delta.text == "quick ":
            break
    stream.close()
    (seen,) = server.state.journal.records(wait=5)
    assert not seen.completed
    assert (stream.reply.text, stream.reply.complete) == ("The quick ", False)
    assert told.story == [("before", "sent"), ("after", "interrupted")]


def test_leaving_an_async_loop_closes_the_connection_and_keeps_what_came(
    options: dict[str, Any], server: LLMockServer, told: Any
) -> None:
    """The same for the async client."""
    server.state.scenarios.add(StreamFault("stall", after_chunks=3, stall_seconds=5))

    async def main() -> str:
        async with AsyncClient(**options) as client, client.chat_stream("Hi", model="gpt-4o") as stream:
            async for delta in stream:
                if delta.text == "quick ":
                    break
        return stream.reply.text

    assert asyncio.run(main()) == "The quick "
    (seen,) = server.state.journal.records(wait=5)
    assert not seen.completed
    assert told.story == [("before", "sent"), ("after", "interrupted")]


def test_a_stream_that_is_not_read_sends_nothing(client: Client, server: LLMockServer, told: Any) -> None:
    """Nothing leaves before the first step."""
    stream = client.chat_stream("Hi", model="gpt-4o")
    stream.close()
    assert repr(stream) == "<ChatStream open 0 characters>"
    assert (server.state.journal.records(), told.story) == ([], [])


def test_a_stream_can_be_stepped(client: Client) -> None:
    """It is an iterator, and a context manager."""
    with client.chat_stream("Hi", model="gpt-4o") as stream:
        texts = [next(stream).text, next(stream).text, next(stream).text]
    assert "".join(texts) == "The quick "
    assert not stream.reply.complete


def test_tool_calls_come_whole_from_their_fragments(client: Client, server: LLMockServer) -> None:
    """Arguments in fragments of twelve characters."""
    server.state.scenarios.clear()
    server.state.scenarios.add(Reply(tool_calls=(ToolCall("get_weather", {"city": "Paris", "unit": "celsius"}),)))
    stream = client.chat_stream("Hi", model="gpt-4o")
    for _ in stream:
        pass
    (call,) = stream.reply.tool_calls
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris", "unit": "celsius"}
    assert stream.reply.finish_reason == "tool_calls"


def test_a_500_on_a_chat_is_not_sent_again(client: Client, server: LLMockServer, told: Any) -> None:
    """It may have run, and been billed."""
    server.state.scenarios.add(Fail(500))
    with pytest.raises(ServiceError) as caught:
        client.chat("Hi", model="gpt-4o")
    assert caught.value.may_have_run
    assert len(server.state.journal.records(wait=5)) == 1
    assert (told.last.status, told.last.http_status) == ("failed", 500)


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_turned_away_with_retry_after_is_sent_again(
    status: int, server: LLMockServer, options: dict[str, Any], told: Any
) -> None:
    """After exactly the seconds that were asked; the record counts tries and waits."""
    server.state.scenarios.add(Fail(status, retry_after=3, times=2))
    naps: list[float] = []
    with Client(**options, sleep=naps.append) as client:
        assert client.chat("Hi", model="gpt-4o").text == SENTENCE
    assert naps == [3.0, 3.0]
    assert len(server.state.journal.records(wait=5)) == 3
    assert (told.last.attempts, told.last.waited) == (3, 6.0)
    assert told.story == [("before", "sent"), ("after", "succeeded")]


@both
def test_a_stream_that_was_turned_away_before_it_began_is_sent_again(
    read: Any, server: LLMockServer, options: dict[str, Any], told: Any
) -> None:
    """A 429 is no stream yet."""
    server.state.scenarios.add(Fail(429, retry_after=1))
    assert read(options).reply.text == SENTENCE
    assert told.last.attempts == 2


def test_rate_limits_without_end_are_told_with_their_seconds(client: Client, server: LLMockServer) -> None:
    """After four tries the error says when to come back."""
    server.state.scenarios.add(Fail(429, retry_after=7, times=None))
    with pytest.raises(RateLimitError, match=r"Try again in 7 seconds") as caught:
        client.chat("Hi", model="gpt-4o")
    assert caught.value.retry_after == 7
    assert len(server.state.journal.records(wait=5)) == 4


@both
def test_a_refused_key_is_one_error(read: Any, server: LLMockServer, options: dict[str, Any], told: Any) -> None:
    """OpenAI's error form is read too; a refusal costs nothing."""
    server.state.scenarios.add(Fail(401, message="Incorrect API key", code="invalid_api_key"))
    error = read(options).error
    assert isinstance(error, KeyRejectedError)
    assert "Incorrect API key" in str(error)
    assert (told.last.status, told.last.charge.amount) == ("refused", 0)


def test_a_slow_answer_is_a_network_error_that_may_have_run(
    server: LLMockServer, options: dict[str, Any], told: Any
) -> None:
    """No second request after a timeout."""
    server.state.scenarios.add(Delay(0.6))
    with Client(**options, timeout=0.2) as client, pytest.raises(NetworkError) as caught:
        client.chat("Hi", model="gpt-4o")
    assert caught.value.may_have_run
    assert told.story == [("before", "sent"), ("after", "failed")]
    assert len(server.state.journal.records(wait=5)) <= 1


def test_an_interrupted_stream_keeps_what_came(client: Client, told: Any) -> None:
    """Ctrl-C in the middle of reading: the interruption goes on, the beginning is kept."""
    stream = client.chat_stream("Hi", model="gpt-4o")

    def read() -> None:
        for delta in stream:
            if delta.text == "quick ":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read()
    assert (stream.reply.text, stream.reply.complete) == ("The quick ", False)
    assert told.story == [("before", "sent"), ("after", "interrupted")]
