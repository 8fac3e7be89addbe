"""What a server sends is bounded: no answer fills the memory, and no list or stream goes on for ever."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from skytells_nb.api import wire
from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.errors import BrokenStreamError, ServiceError

from . import bodies
from .raw import RawServer, answer

KINDS = {"whole": "application/json", "streamed": "text/event-stream"}


def bomb(kind: str, packing: str) -> bytes:
    """Pack 300 MB of nothing into some 300 kB."""
    packer = zlib.compressobj(9, wbits=31 if packing == "gzip" else 15)
    piece = b" " * (1 << 20) if kind == "whole" else (b":" + b" " * 65_534 + b"\n") * 16
    first, again = (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * 299


BOMBS = {(kind, packing): bomb(kind, packing) for kind in KINDS for packing in ("gzip", "deflate")}


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
@pytest.mark.parametrize("face", ["blocking", "async"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_answer_is_unpacked_to_its_bound_only(
    raw_server: RawServer, kind: str, packing: str, face: str
) -> None:
    """64 MB of an answer, 256 MB of a stream; and no more than that is ever in memory."""
    said = answer(200, BOMBS[kind, packing], [("content-type", KINDS[kind]), ("content-encoding", packing)])
    raw_server.answers = lambda _: said
    options: dict[str, Any] = {"api_key": "sk-proof", "base_url": raw_server.url, "observers": ()}

    def blocking() -> None:
        with Client(**options) as client:
            client.chat("Hi") if kind == "whole" else list(client.chat_stream("Hi"))

    async def main() -> None:
        async with AsyncClient(**options) as client:
            if kind == "whole":
                await client.chat("Hi")
            else:
                [delta async for delta in client.chat_stream("Hi")]

    refused = ServiceError if kind == "whole" else BrokenStreamError
    with pytest.raises(refused, match="over 64 MB" if kind == "whole" else "over 256 MB"):
        blocking() if face == "blocking" else asyncio.run(main())


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "compress", "GZIP, deflate", "x"])
@pytest.mark.parametrize("verb", [lambda client: client.chat("Hi"), lambda client: list(client.chat_stream("Hi"))])
def test_what_is_packed_as_nobody_asked_is_not_unpacked(
    raw_server: RawServer, verb: Callable[[Client], Any], packing: str
) -> None:
    """Some packings make gigabytes of one piece, before anybody can count them."""
    said = answer(200, bodies.written(bodies.CHAT), [("content-encoding", packing)])
    raw_server.answers = lambda _: said
    with (
        Client(api_key="sk-proof", base_url=raw_server.url, observers=()) as client,
        pytest.raises(ServiceError, match=f"is packed as {packing}, which is not read"),
    ):
        verb(client)


class Endless(httpx.SyncByteStream):
    """A stream whose pieces never end."""

    def __init__(self, piece: bytes) -> None:
        self.piece = piece

    def __iter__(self) -> Iterator[bytes]:
        yield from itertools.repeat(self.piece)


@pytest.mark.parametrize("verb", ["chat_stream", "respond_stream"])
def test_a_stream_without_end_is_ended(verb: str) -> None:
    """What had come is kept, and it is not called whole."""
    chunk = {"id": "c", "choices": [{"index": 0, "delta": {"content": "x" * 100_000}}]}
    event = {"type": "response.output_text.delta", "delta": "x" * 100_000}
    piece = bodies.as_stream([chunk if verb == "chat_stream" else event] * 10)
    events = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Endless(piece))
    transport = httpx.MockTransport(lambda _: events)
    with Client(api_key="sk-proof", base_url="https://x.test/v1", transport=transport, observers=()) as client:
        stream = getattr(client, verb)("Hi")
        with pytest.raises(BrokenStreamError, match="over 256 MB") as caught:
            for _ in stream:
                pass
    whole_pieces = wire.MAX_STREAM // len(piece)
    assert len(caught.value.reply.text) == whole_pieces * 1_000_000
    assert not caught.value.reply.complete


ENDLESS = {"last_page": 2**62}


@pytest.mark.parametrize("pagination", [None, ENDLESS, {"last_page": "many"}])
def test_a_list_that_repeats_itself_ends(raw_server: RawServer, pagination: Any) -> None:
    """The same page again and again gives its jobs once; then it ends, with an error where more was promised."""
    page = answer(body=bodies.written({"data": [bodies.SUCCEEDED], "pagination": pagination}))
    raw_server.answers = lambda _: page
    raw_server.asked.clear()
    found: list[str] = []
    with Client(api_key="sk-proof", base_url=raw_server.url, observers=()) as client:
        listing = client.predictions()
        promised = pagination == ENDLESS
        with pytest.raises(ServiceError, match="repeats itself without end") if promised else nullcontext():
            for job in listing:
                found.append(job.id)
    assert found == ["p-1"]
    assert len(raw_server.asked) <= 101
