"""A service whose answers are written down, on a real socket: for forms of an answer that the sandbox does not give."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.record import Call

KEY = "sk-test-4f9a1c77"


@dataclass(frozen=True)
class Asked:
    """A request that came: `path` is without the address's own and without the query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    content: bytes = b""


@dataclass(frozen=True)
class Said:
    """An answer: `body` is bytes as they are, or anything else as JSON."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Streamed:
    """An answer in events: JSON, or text as it is. With `stays` the connection is left to the client to close."""

    events: Sequence[object]
    stays: bool = False
    gap: float = 0.0


Answer = Any
"""A `Said`, a `Streamed`, JSON for a `Said`, or a function of what was asked that gives one of these."""


class Told:
    """An observer that keeps the calls as they stood at their end."""

    def __init__(self) -> None:
        self.ended: list[Call] = []

    def before(self, call: Call) -> None:
        pass

    def after(self, call: Call) -> None:
        self.ended.append(call)


class Service:
    """What was asked of the service, and clients of it; `left` is set when a client closed a stream that stays."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.left = threading.Event()
        self.told = Told()
        self.naps: list[float] = []

    @property
    def bodies(self) -> list[Any]:
        """The bodies of what was asked, in order."""
        return [each.body for each in self.asked]

    @property
    def lines(self) -> list[str]:
        """Method and path of what was asked, in order."""
        return [f"{each.method} {each.path}" for each in self.asked]

    def client(self, **options: Any) -> Client:
        """Make a client of this service that notes its naps and does not sleep."""
        given = {"api_key": KEY, "base_url": self.url, "observers": (self.told,), "sleep": self.naps.append}
        return Client(**given | options)

    def asynchronously(self, body: Callable[[AsyncClient], Awaitable[Any]], **options: Any) -> Any:
        """Run an async function with an async client of this service."""

        async def nap(seconds: float) -> None:
            self.naps.append(seconds)

        async def main() -> Any:
            given: dict[str, Any] = {"api_key": KEY, "base_url": self.url, "observers": (self.told,), "sleep": nap}
            async with AsyncClient(**given | options) as client:
                return await body(client)

        return asyncio.run(main())


@contextmanager
def serving(*answers: Answer) -> Iterator[Service]:
    """Run a service that gives these answers in order; the last one is given again and again."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            link = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            query = dict(parse_qsl(link.query))
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = link.path.removeprefix("/v1")
            asked = Asked(self.command, path, query, headers, json.loads(content) if content else None, content)
            service.asked.append(asked)
            chosen = answers[min(len(service.asked), len(answers)) - 1]
            chosen = chosen(asked) if callable(chosen) else chosen
            if isinstance(chosen, Streamed):
                self.stream(chosen)
            else:
                self.say(chosen if isinstance(chosen, Said) else Said(chosen))

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that the library looks for

        def say(self, said: Said) -> None:
            content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in ({"content-type": "application/json"} | dict(said.headers)).items():
                self.send_header(name, value)
            if said.status != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def stream(self, streamed: Streamed) -> None:
            self.close_connection = True
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            for event in streamed.events:
                data = event if isinstance(event, str) else json.dumps(event)
                self.wfile.write(f"data: {data}\n\n".encode())
                time.sleep(streamed.gap)
            if streamed.stays and not self.rfile.read(1):
                service.left.set()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            service.left.set()  # a client that hung up

    with Server(("127.0.0.1", 0), Handler) as server:
        service = Service(f"http://127.0.0.1:{server.server_port}/v1")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
