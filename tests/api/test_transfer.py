"""What goes over the wire and what does not: the key, redirects, bodies without end, dead networks, retries."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import socket
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from skytells_nb.api import wire
from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.retry import RetryPolicy
from skytells_nb.errors import NetworkError, RateLimitError, RefusedError, ServiceError

KEY = "sk-test-4f9a1c77"
ADDRESS = "https://api.skytells.test/v1"


def test_the_key_goes_out_in_both_forms(scripted: Callable[..., Any], chat_answer: httpx.Response) -> None:
    """`x-api-key` and `Authorization: Bearer`, on every request."""
    used = scripted(chat_answer)
    used.client.chat("Hi")
    (request,) = used.sent
    assert request.headers["x-api-key"] == KEY
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_chat_s_request_is_this(scripted: Callable[..., Any], chat_answer: httpx.Response) -> None:
    """Address, headers and body of a chat."""
    used = scripted(chat_answer)
    used.client.chat("Hi", model="gpt-5", max_tokens=5, seed=7, tag="lesson")
    (request,) = used.sent
    assert (request.method, str(request.url)) == ("POST", f"{ADDRESS}/chat/completions")
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert json.loads(request.content) == {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 5,
        "seed": 7,
    }


def test_a_stream_asks_for_events(scripted: Callable[..., Any]) -> None:
    """The accept header names both kinds of answer."""
    used = scripted(httpx.Response(200, content=b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'))
    for _ in used.client.chat_stream("Hi"):
        pass
    assert used.sent[0].headers["accept"] == "text/event-stream, application/json"


def test_no_cookie_is_kept(scripted: Callable[..., Any], chat_answer: httpx.Response) -> None:
    """What a server sets is not sent back to it beside the key."""
    chat_answer.headers["set-cookie"] = "track=1; Path=/"
    used = scripted(chat_answer)
    used.client.chat("Hi")
    used.client.chat("Hi")
    assert "cookie" not in used.sent[1].headers


class Recorded(BaseHTTPRequestHandler):
    """Sends everyone to the address of `elsewhere`, or says yes where there is none."""

    elsewhere = ""
    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        body = b"[]"
        self.send_response(307 if self.elsewhere else 200)
        if self.elsewhere:
            self.send_header("location", self.elsewhere)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def two_servers() -> Iterator[tuple[str, list[dict[str, str]], list[dict[str, str]]]]:
    """Run a server that redirects to another; give the first's address and what each saw."""
    seen: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
    other = ThreadingHTTPServer(("127.0.0.1", 0), type("Other", (Recorded,), {"seen": seen[1]}))
    there = f"http://127.0.0.1:{other.server_port}/v1/models"
    first = ThreadingHTTPServer(("127.0.0.1", 0), type("First", (Recorded,), {"seen": seen[0], "elsewhere": there}))
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}) for server in (first, other)
    ]
    for thread in threads:
        thread.start()
    yield f"http://127.0.0.1:{first.server_port}/v1", *seen
    for server, thread in zip((first, other), threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_redirect_is_not_followed_with_the_key(two_servers: tuple[str, list[Any], list[Any]]) -> None:
    """The other server sees nothing; the error says so."""
    address, first, other = two_servers
    with (
        Client(api_key=KEY, base_url=address, observers=()) as client,
        pytest.raises(ServiceError, match=r"a redirect, which is not followed with the key") as caught,
    ):
        client.models()
    assert caught.value.status == 307
    assert (len(first), other) == (1, [])
    assert first[0]["x-api-key"] == KEY


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is made as it is read, and counts how much of it was."""

    def __init__(self) -> None:
        self.given = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.given += 1 << 20
            yield b" " * (1 << 20)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def test_a_body_without_end_is_refused(scripted: Callable[..., Any]) -> None:
    """Reading stops at the bound, and the memory stays."""
    body = Endless()
    used = scripted(lambda _: httpx.Response(200, stream=body))
    with pytest.raises(ServiceError, match=r"^The answer is over 64 MB"):
        used.client.chat("Hi")
    assert body.given == wire.MAX_BODY + (1 << 20)


def test_a_body_without_end_is_refused_by_the_async_client() -> None:
    """The same bound."""
    body = Endless()

    async def main() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(500, stream=body))
        async with AsyncClient(api_key=KEY, base_url=ADDRESS, transport=transport, observers=()) as client:
            async for _ in client.chat_stream("Hi"):
                pass

    with pytest.raises(ServiceError, match=r"^The answer is over 64 MB"):
        asyncio.run(main())
    assert body.given == wire.MAX_BODY + (1 << 20)


def test_a_dead_network_is_one_clear_line() -> None:
    """Nobody listens: the host is named, nothing was sent, and the sandbox is pointed to."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    naps: list[float] = []
    with (
        Client(api_key=KEY, base_url=f"http://127.0.0.1:{port}/v1", sleep=naps.append, observers=()) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.chat("Hi")
    assert str(caught.value) == (
        f"127.0.0.1:{port} cannot be reached: [Errno 111] Connection refused. "
        "Check the network and the address; nothing was sent. %skytells_sandbox works offline."
    )
    assert not caught.value.may_have_run
    assert len(naps) == 3


NETWORK = [
    (httpx.ConnectError("refused"), False),
    (httpx.ConnectTimeout("slow"), False),
    (httpx.UnsupportedProtocol("odd"), False),
    (httpx.ReadTimeout("slow"), True),
    (httpx.WriteError("cut"), True),
    (httpx.ReadError("cut"), True),
    (httpx.RemoteProtocolError("gone"), True),
]


@pytest.mark.parametrize(("error", "ran"), NETWORK, ids=lambda value: type(value).__name__)
def test_a_post_is_sent_again_only_where_no_connection_was_made(
    error: httpx.HTTPError, ran: bool, scripted: Callable[..., Any], chat_answer: httpx.Response
) -> None:
    """What may have run is never repeated."""
    used = scripted(error, chat_answer)
    if ran:
        with pytest.raises(NetworkError) as caught:
            used.client.chat("Hi")
        assert caught.value.may_have_run
    else:
        used.client.chat("Hi")
    assert len(used.sent) == (1 if ran else 2)


@pytest.mark.parametrize(("error", "ran"), NETWORK, ids=lambda value: type(value).__name__)
def test_a_get_is_sent_again_after_any_network_trouble(
    error: httpx.HTTPError, ran: bool, scripted: Callable[..., Any]
) -> None:
    """Looking twice costs nothing."""
    used = scripted(error, httpx.Response(200, json=[]))
    assert used.client.models() == ()
    assert len(used.sent) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_get_is_sent_again_after_passing_trouble(status: int, scripted: Callable[..., Any]) -> None:
    """Up to four times."""
    used = scripted(httpx.Response(status, json={}))
    with pytest.raises((ServiceError, RefusedError)):
        used.client.models()
    assert (len(used.sent), len(used.naps)) == (4, 3)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_not_sent_again_after_passing_trouble(status: int, scripted: Callable[..., Any]) -> None:
    """A 503 without Retry-After does not say that it was turned away."""
    used = scripted(httpx.Response(status, json={}))
    with pytest.raises(ServiceError) as caught:
        used.client.chat("Hi")
    assert (len(used.sent), used.naps, caught.value.may_have_run) == (1, [], True)


def test_the_client_s_own_policy_is_asked_everywhere(scripted: Callable[..., Any]) -> None:
    """`retry=` holds for the catalogue and for looks at a job too."""
    used = scripted(httpx.Response(500, json={}), retry=RetryPolicy(tries=1))
    for ask in (used.client.models, lambda: used.client.model("m"), lambda: used.client.prediction("p")):
        used.sent.clear()
        with pytest.raises(ServiceError):
            ask()
        assert len(used.sent) == 1


def test_a_wait_over_the_patience_is_not_begun(scripted: Callable[..., Any]) -> None:
    """A rate limit of ten minutes is told, not slept away."""
    used = scripted(httpx.Response(429, json={}, headers={"retry-after": "600"}))
    with pytest.raises(RateLimitError, match="Try again in 600 seconds"):
        used.client.chat("Hi")
    assert used.naps == []


def test_a_broken_encoding_is_one_clear_line(scripted: Callable[..., Any]) -> None:
    """A body that cannot be unpacked."""
    used = scripted(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no")))
    with pytest.raises(ServiceError, match=r"^The answer of api\.skytells\.test cannot be unpacked"):
        used.client.chat("Hi")


def failing(kind: str) -> Iterator[BaseException]:
    """Let a client fail in one way, and give its exception."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        hanging_up = threading.Thread(target=lambda: listening.accept()[0].close())
        with Client(api_key=KEY, base_url=address, timeout=0.2, observers=()) as client:
            if kind == "cut":
                hanging_up.start()
            try:
                list(client.chat_stream("Hi")) if kind == "stream" else client.chat("Hi")
            except NetworkError as error:
                yield error
            if kind == "cut":
                hanging_up.join()


@pytest.mark.parametrize("kind", ["cut", "timeout", "stream"])
def test_the_key_is_in_no_exception_traceback_or_pickle(kind: str) -> None:
    """Not with the local variables of all frames either, down to the last cause."""
    for error in failing(kind):
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert KEY not in "".join(whole.format())
        assert KEY not in repr(error.__dict__)
        assert KEY.encode() not in pickle.dumps(error)
        link: BaseException | None = error
        while link is not None:
            assert KEY not in repr(vars(link))
            request = getattr(link, "_request", None)
            assert request is None or KEY not in str(request.headers.raw)
            link = link.__cause__ or link.__context__


def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture, shared_sandbox: Any) -> None:
    """Neither httpx nor httpcore logs it, at any level."""
    with (
        caplog.at_level(logging.DEBUG),
        Client(api_key=KEY, base_url=shared_sandbox.url, observers=()) as client,
    ):
        client.chat("Hi")
        for _ in client.chat_stream("Hi"):
            pass
    assert len(caplog.records) > 10
    assert KEY not in caplog.text
    assert KEY not in repr([vars(record) for record in caplog.records])


def test_the_key_is_in_no_repr_of_a_client(scripted: Callable[..., Any]) -> None:
    """It says where the key was found, and nothing of it."""
    client = scripted(httpx.Response(200)).client
    assert repr(client) == f"<Client {ADDRESS} key from argument>"
    assert KEY not in repr(vars(client))
    assert KEY not in repr(vars(client._calls))
    assert KEY not in repr(vars(client._pool))
