"""The least server that a chat client can be measured against: raw asyncio, keep-alive, the same bytes always.

It runs in a process of its own, so that its work is in nobody's CPU time, and does as little as it can: it looks for
the end of a request, and for `"stream":true` in its body. Three addresses: under /blocks a stream comes in HTTP chunks
of 8 KiB that cut events anywhere, as a proxy hands it on; under /events each event is an HTTP chunk of its own; under
/late a whole answer comes `LATENCY` seconds after its request, to any number of connections at once.

    python tests/benchmarks/server.py        prints its port, and ends with its standard input
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading

CHUNKS = 20_000
BLOCK = 8 * 1024
LATENCY = 0.05
ID = "chatcmpl-DKQ7HZtNYLc7uK0Dpn0JggRUUhuBE"
USAGE = {"prompt_tokens": 9, "completion_tokens": CHUNKS, "total_tokens": CHUNKS + 9}


def answer() -> bytes:
    """Write a whole answer, of the shape and about the size that the API prints."""
    safe = {"filtered": False, "severity": "safe"}
    filters = dict.fromkeys(("hate", "self_harm", "sexual", "violence"), safe)
    message = {"role": "assistant", "content": "Machine learning is a branch of AI. " * 8, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "content_filter_results": filters}
    shared = {"id": ID, "object": "chat.completion", "created": 1773759323, "model": "deepbrain-router"}
    body = json.dumps(shared | {"choices": [choice], "usage": USAGE}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def events() -> list[bytes]:
    """Write a streamed answer of `CHUNKS` pieces of text, its end, its usage and the end mark."""
    shared = {"id": ID, "object": "chat.completion.chunk", "created": 1773759323, "model": "deepbrain-router"}
    shared |= {"system_fingerprint": "fp_490a4ad033"}
    deltas = [{"content": f" word{number}"} for number in range(CHUNKS)]
    told: list[dict[str, object]] = [
        shared | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None} for delta in deltas
    ]
    told.append(shared | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None})
    told.append(shared | {"choices": [], "usage": USAGE})
    lines = [json.dumps(chunk, separators=(",", ":")) for chunk in told]
    return [f"data: {line}\n\n".encode() for line in [*lines, "[DONE]"]]


def streamed(pieces: list[bytes]) -> bytes:
    """Write a response whose HTTP chunks are `pieces`."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def blocks(pieces: list[bytes]) -> list[bytes]:
    """Cut a stream into pieces of `BLOCK` bytes, wherever the cuts fall."""
    whole = b"".join(pieces)
    return [whole[at : at + BLOCK] for at in range(0, len(whole), BLOCK)]


class Connection(asyncio.Protocol):
    """One connection: a request in, the fixed bytes out."""

    whole = answer()
    by_event = streamed(events())
    by_block = streamed(blocks(events()))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(body) < int(length.partition(b":")[2]):
            return
        self.received = b""
        reply = self.whole
        if b'"stream":true' in body.replace(b" ", b""):
            reply = self.by_event if b" /events/" in head else self.by_block
        assert isinstance(self.transport, asyncio.Transport)
        if b" /late/" in head:
            asyncio.get_running_loop().call_later(LATENCY, self.transport.write, reply)
        else:
            self.transport.write(reply)


async def main() -> None:
    """Listen until standard input ends."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=256)
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
