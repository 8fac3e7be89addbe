"""However the bytes of a stream are cut, it says the same; where it breaks off, it is never taken for whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.assembly import ChatAssembly
from skytells_nb.api.client import Client
from skytells_nb.api.response_assembly import ResponseAssembly
from skytells_nb.api.sse import Decoder
from skytells_nb.api.values import Delta, Reply
from skytells_nb.errors import BrokenStreamError, ServiceError

from . import bodies
from .raw import RawServer, Said

TWO = [
    {"id": "c", "choices": [{"index": 1, "delta": {"content": "second"}}, {"index": 0, "delta": {"content": "first"}}]},
    {"id": "c", "choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]},
    {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
]
LF, CR, CRLF = b"\n", b"\r", b"\r\n"


@dataclass(frozen=True)
class Case:
    """A whole stream, how it is asked for, and the beginning by which it has said that it is whole."""

    stream: bytes
    ask: Callable[[Client], Any]
    whole: bytes


def chat(chunks: Sequence[Any], end: bytes, mark: bytes = b"data: [DONE]", n: int = 1) -> Case:
    """Make a stream of chat, with its end mark."""
    stream = b": hello" + end + end + bodies.as_stream(list(chunks), end=end) + (mark + end + end if mark else b"")
    last = bodies.as_stream([chunks[-1 if n > 1 else -2]], end=end)
    finish = stream.index(last) + len(last.rstrip(b"\r\n") + end)
    return Case(stream, lambda client: client.chat_stream("Hi", n=n if n > 1 else None), stream[:finish] + end)


def response(end: bytes) -> Case:
    """Make a stream of a response; it ends with its last event."""
    stream = bodies.as_stream(bodies.EVENTS, end=end, named=True)
    return Case(stream, lambda client: client.respond_stream("Hi"), stream)


CASES = {
    "chat, LF": chat(bodies.CHUNKS, LF),
    "chat, CRLF": chat(bodies.CHUNKS, CRLF),
    "chat, CR": chat(bodies.CHUNKS, CR),
    "chat, no end mark": chat(bodies.CHUNKS, LF, mark=b""),
    "chat, two choices": chat(TWO, LF, n=2),
    "response, LF": response(LF),
    "response, CRLF": response(CRLF),
    "response, CR": response(CR),
}


class Pieces(httpx.SyncByteStream):
    """A body in given pieces; after them it ends, or the connection breaks."""

    def __init__(self, pieces: Sequence[bytes], *, broken: bool) -> None:
        self.pieces, self.broken = pieces, broken

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.broken:
            raise httpx.ReadError("cut")


def read(case: Case, pieces: Sequence[bytes], *, broken: bool = False) -> tuple[list[Delta], Reply]:
    """Read a stream that comes in pieces; what it raises goes on."""
    body = Pieces(pieces, broken=broken)
    answer = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body)
    transport = httpx.MockTransport(lambda _: answer)
    with Client(api_key="sk-proof", base_url="https://x.test/v1", transport=transport, observers=()) as client:
        stream = case.ask(client)
        deltas = list(stream)
    return deltas, stream.reply


def cut(whole: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut bytes in these places."""
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("name", CASES)
@given(places=st.lists(st.integers(0, 10_000), max_size=12))
def test_any_way_of_cutting_gives_the_same_deltas_and_the_same_reply(name: str, places: list[int]) -> None:
    """Pieces of any size, empty ones too, in the middle of characters and of line ends."""
    whole = read(CASES[name], [CASES[name].stream])
    assert whole[1].complete
    assert read(CASES[name], cut(CASES[name].stream, places)) == whole


@pytest.mark.parametrize("name", CASES)
def test_a_stream_in_single_bytes_is_the_same(name: str) -> None:
    """One byte at a time."""
    case = CASES[name]
    assert read(case, [bytes([byte]) for byte in case.stream]) == read(case, [case.stream])


@pytest.mark.parametrize("broken", [False, True], ids=["ended", "cut"])
@pytest.mark.parametrize("name", CASES)
def test_no_beginning_of_a_stream_is_taken_for_the_whole(name: str, broken: bool) -> None:
    """Broken off after every byte: an error that keeps what came, until the stream has said that it is whole."""
    case = CASES[name]
    text = read(case, [case.stream])[1].text
    ready = len(case.whole)
    for length in range(ready - 1):
        with pytest.raises(BrokenStreamError) as caught:
            read(case, [case.stream[:length]], broken=broken)
        assert not caught.value.reply.complete
        assert text.startswith(caught.value.reply.text)
    for length in range(ready, len(case.stream) + 1):
        _, reply = read(case, [case.stream[:length]], broken=broken)
        assert (reply.complete, reply.text) == (True, text)


@given(
    chunks=st.lists(bodies.JSON.filter(lambda value: isinstance(value, dict)), max_size=4),
    places=st.lists(st.integers(0, 999), max_size=6),
)
@pytest.mark.parametrize("kind", [ChatAssembly, ResponseAssembly])
def test_any_events_are_put_together_the_same_however_they_are_cut(kind: Any, chunks: Any, places: list[int]) -> None:
    """Also events that no service sends."""
    stream = bodies.as_stream(chunks)

    def outcome(pieces: Sequence[bytes]) -> str:
        decoder, assembly = Decoder(), kind()
        deltas = [delta for piece in pieces for event in decoder.feed(piece) for delta in assembly.feed(event.data)]
        return repr((deltas, assembly.reply(), assembly.finished, assembly.done, assembly.trouble))

    assert outcome(cut(stream, places)) == outcome([stream])


@pytest.mark.parametrize("close", ["early", "length", "chunked"])
@pytest.mark.parametrize("name", ["chat, LF", "response, LF"])
def test_a_connection_that_ends_early_is_an_error(raw_server: RawServer, name: str, close: str) -> None:
    """On a real socket, by any of HTTP's ways to frame a body, in the middle of the answer."""
    case = CASES[name]
    half = case.stream[: len(case.stream) // 2]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    frames = {
        "early": head + b"connection: close\r\n\r\n" + half,
        "length": head + b"content-length: %d\r\n\r\n" % len(case.stream) + half,
        "chunked": head + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(half) + half + b"\r\n",
    }
    raw_server.answers = lambda _: Said([frames[close]], close=True)
    raw_server.asked.clear()
    with Client(api_key="sk-proof", base_url=raw_server.url, observers=()) as client:
        stream = case.ask(client)
        with pytest.raises(BrokenStreamError) as caught:
            list(stream)
    assert (stream.reply is caught.value.reply, stream.reply.complete) == (True, False)
    assert len(raw_server.asked) == 1


@pytest.mark.parametrize("name", ["chat, LF", "response, LF"])
@pytest.mark.parametrize("kind", ["application/json", "text/html", "application/json; charset=utf-8"])
def test_an_empty_answer_to_a_streamed_question_is_an_error(raw_server: RawServer, name: str, kind: str) -> None:
    """An answer that is no stream and holds nothing is named, not taken for an empty reply."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: 0\r\n\r\n".encode()
    raw_server.answers = lambda _: Said([head])
    with (
        Client(api_key="sk-proof", base_url=raw_server.url, observers=()) as client,
        pytest.raises(ServiceError, match="holds no"),
    ):
        list(CASES[name].ask(client))
