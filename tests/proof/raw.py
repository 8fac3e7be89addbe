"""A server that says exactly the bytes it is told to say, and keeps what it was asked."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """The pieces of an answer, byte for byte; afterwards the connection is kept, or closed."""

    pieces: Iterable[bytes]
    close: bool = False


def answer(
    status: int = 200,
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (("content-type", "application/json"),),
) -> Said:
    """Write a plain answer of known length; a status that allows no body gets none."""
    bodiless = status in (204, 304)
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Told')}", *(f"{name}: {value}" for name, value in headers)]
    lines += [] if bodiless else [f"content-length: {len(body)}"]
    return Said([("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (b"" if bodiless else body)])


class _Connection(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while line := stream.readline():
                method, path, _ = line.decode("latin-1").split(" ", 2)
                headers: dict[str, str] = {}
                while (line := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.strip().lower()] = value.strip()
                asked = Asked(method, path, headers, stream.read(int(headers.get("content-length", 0))))
                self.server.raw.asked.append(asked)
                said = self.server.raw.answers(asked)
                for piece in said.pieces:
                    connection.sendall(piece)
                if said.close:
                    return


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    raw: RawServer

    def handle_error(self, *_: Any) -> None:
        """Let a reader go without a word."""


def _nothing(_: Asked) -> Said:
    return answer(404)


@dataclass(repr=False)
class RawServer:
    """What it answers with (a function that tests replace), and what it was asked."""

    answers: Callable[[Asked], Said] = _nothing
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextlib.contextmanager
def running() -> Iterator[RawServer]:
    """Run such a server on a free loopback port."""
    with _Listener(("127.0.0.1", 0), _Connection) as listener:
        listener.raw = RawServer(url=f"http://127.0.0.1:{listener.server_address[1]}/v1")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listener.raw
        finally:
            listener.shutdown()
            thread.join()
