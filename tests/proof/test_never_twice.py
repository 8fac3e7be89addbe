"""No request that may have been carried out is sent again, whatever happens to it: counted at the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.api.client import Client
from skytells_nb.api.pool import Pool
from skytells_nb.api.transfer import limits
from skytells_nb.api.values import Model, Prediction
from skytells_nb.errors import SkytellsError

from . import bodies
from .raw import Asked, RawServer, Said, answer

DATE = ("date", "Sun, 22 Nov 2026 10:00:00 GMT")
LATER = ("retry-after", "Sun, 22 Nov 2026 10:00:05 GMT")
JSON = ("content-type", "application/json")
HTML = ("content-type", "text/html")
TIMEOUT = 0.15


@dataclass(frozen=True)
class Behaviour:
    """What a server does with a request; whether that may have run, and whether and when it is sent again."""

    said: Callable[[Asked], Said] | None = None
    may_have_run: bool = False
    get: bool = True
    post: bool = False
    wait: float | None = None


def status(code: int, *headers: tuple[str, str], **facts: Any) -> Behaviour:
    """Answer with an error."""
    return Behaviour(lambda _: answer(code, b'{"error": {"message": "no"}}', [JSON, *headers]), **facts)


def page(code: int, wait: int) -> Behaviour:
    """Turn a request away with a page of HTML, as gateways do."""
    said = answer(code, b"<html>", [HTML, ("retry-after", str(wait))])
    return Behaviour(lambda _: said, post=True, wait=float(wait))


def stalled(head: bytes) -> Behaviour:
    """Begin an answer, or do not, and say nothing more."""

    def pieces() -> Iterator[bytes]:
        yield head
        threading.Event().wait(TIMEOUT * 2)

    return Behaviour(lambda _: Said(pieces(), close=True), may_have_run=True)


def cut(head: bytes) -> Behaviour:
    """Hang up after so much of an answer."""
    return Behaviour(lambda _: Said([head], close=True), may_have_run=True)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n"
BEHAVIOURS = {
    "refused connection": Behaviour(post=True),
    "429": status(429, post=True),
    "429 in 2 s": status(429, ("retry-after", "2"), post=True, wait=2.0),
    "429 in 25 s": status(429, ("retry-after", "25"), post=True, wait=25.0),
    "429 at a date": status(429, DATE, LATER, post=True, wait=5.0),
    "503": status(503, may_have_run=True),
    "503 in 3 s": status(503, ("retry-after", "3"), post=True, wait=3.0),
    "503 at a date": status(503, DATE, LATER, post=True, wait=5.0),
    "503 at no time": status(503, ("retry-after", "soon"), may_have_run=True),
    "500": status(500, may_have_run=True),
    "500 in 1 s": status(500, ("retry-after", "1"), may_have_run=True, wait=1.0),
    "502": status(502, may_have_run=True),
    "504": status(504, may_have_run=True),
    "408": status(408, may_have_run=True),
    "429 as a page in 2 s": page(429, 2),
    "503 as a page in 3 s": page(503, 3),
    "502 as a page": Behaviour(lambda _: answer(502, b"<html>", [HTML]), may_have_run=True),
    "200 as a page": Behaviour(lambda _: answer(200, b"<html>", [HTML]), may_have_run=True, get=False),
    "501": status(501, may_have_run=True, get=False),
    "400": status(400, get=False),
    "no answer": stalled(b""),
    "no end of the headers": stalled(HEAD),
    "cut before the headers": cut(b""),
    "cut in the headers": cut(HEAD),
    "cut after the headers": cut(HEAD + b"\r\n"),
    "cut in the body": cut(HEAD + b'\r\n{"id": "p-1"'),
}
GOOD = {
    "/chat/completions": bodies.CHAT,
    "/responses": bodies.RESPONSE,
    "/embeddings": bodies.EMBEDDINGS,
    "/models": [bodies.PAINTER],
    "/models/painter": bodies.PAINTER,
}
JOB = Prediction.from_json(bodies.QUEUED)
VERBS: dict[str, tuple[str, Callable[[Client], Any]]] = {
    "chat": ("POST", lambda client: client.chat("Hi")),
    "chat_stream": ("POST", lambda client: list(client.chat_stream("Hi"))),
    "respond": ("POST", lambda client: client.respond("Hi")),
    "respond_stream": ("POST", lambda client: list(client.respond_stream("Hi"))),
    "embed": ("POST", lambda client: client.embed(["a", "b"], model="embed")),
    "submit": ("POST", lambda client: client.submit("painter", {"prompt": "a fox"})),
    "predict": ("POST", lambda client: client.predict("painter", {"prompt": "a fox"})),
    "cancel": ("POST", lambda client: client.cancel(JOB)),
    "delete": ("DELETE", lambda client: client.delete(JOB)),
    "models": ("GET", lambda client: client.models()),
    "model": ("GET", lambda client: client.model("painter", refresh=True)),
    "prediction": ("GET", lambda client: client.prediction("p-1")),
    "predictions": ("GET", lambda client: list(client.predictions())),
}


@dataclass(repr=False)
class Shop:
    """A server that behaves as it is told, request by request, and well at the end; and a client of it."""

    server: RawServer
    client: Client
    naps: list[float]
    script: list[Behaviour] = field(default_factory=list)
    met: list[Behaviour] = field(default_factory=list)

    def plan(self, script: list[Behaviour]) -> None:
        """Begin anew."""
        self.script, self.met = list(script), []
        self.naps.clear()
        self.client._calls._known_models["painter"] = Model.from_json(bodies.PAINTER)
        self.client._calls._listed = None

    def next(self) -> Behaviour | None:
        """Give the next behaviour, or None for a good answer."""
        if not self.script:
            return None
        self.met.append(self.script.pop(0))
        return self.met[-1]

    def answers(self, asked: Asked) -> Said:
        """Answer one request that reached the server."""
        behaviour = self.next()
        if behaviour is not None and behaviour.said is not None:
            return behaviour.said(asked)
        path = asked.path.partition("?")[0].removeprefix("/v1")
        listed = path == "/predictions" and asked.method == "GET"
        good = {"data": [bodies.SUCCEEDED]} if listed else GOOD.get(path, bodies.SUCCEEDED)
        return answer(body=bodies.written(good))


class Unreliable(httpx.BaseTransport):
    """Sends as the client itself does; where the script says so, to a port on which nobody listens."""

    def __init__(self, shop: Callable[[], Shop], server: str, port: int) -> None:
        self.shop, self.port = shop, port
        self.server = Pool(server, limits(TIMEOUT))
        self.closed = Pool(f"http://127.0.0.1:{port}/v1", limits(TIMEOUT))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        script = self.shop().script
        if script and script[0].said is None:
            self.shop().next()
            request.url = request.url.copy_with(port=self.port)
            return self.closed.send(request)
        return self.server.send(request)

    def close(self) -> None:
        self.server.close()
        self.closed.close()


@pytest.fixture(scope="module")
def shop(raw_server: RawServer) -> Iterator[Shop]:
    """Open the shop, and bind a port on which nobody listens."""
    naps: list[float] = []
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        transport = Unreliable(lambda: made, raw_server.url, closed.getsockname()[1])
        with Client(
            api_key="sk-proof",
            base_url=raw_server.url,
            transport=transport,
            timeout=TIMEOUT,
            sleep=naps.append,
            observers=(),
        ) as client:
            made = Shop(raw_server, client, naps)
            raw_server.answers = made.answers
            yield made


def expected(method: str, script: list[Behaviour]) -> tuple[int, bool]:
    """Say how many tries a request has, by the printed rules alone, and whether the last is a good answer."""
    waited = 0.0
    for tries, behaviour in enumerate(script, start=1):
        again = behaviour.get if method == "GET" else behaviour.post
        waited += behaviour.wait or 0.0
        if tries == 4 or not again or waited > 60:
            return tries, False
    return len(script) + 1, True


SCRIPTS = st.lists(st.sampled_from(sorted(BEHAVIOURS)), max_size=5)


@pytest.mark.parametrize("verb", VERBS)
@given(names=SCRIPTS)
@settings(max_examples=25)
def test_what_may_have_run_is_never_sent_again(shop: Shop, verb: str, names: list[str]) -> None:
    """At most one request that may have run, 4 tries and 60 seconds; waits as asked, or of at most 0.5, 1, 2 s."""
    method, call = VERBS[verb]
    script = [BEHAVIOURS[name] for name in names]
    shop.plan(script)
    tries, good = expected(method, script)
    failed = None
    try:
        call(shop.client)
    except SkytellsError as error:
        failed = error
    met = shop.met
    assert (len(met), failed is None) == (tries - good, good)
    assert method == "GET" or sum(behaviour.may_have_run for behaviour in met) + good <= 1
    assert sum(shop.naps) <= 60
    for nth, (nap, behaviour) in enumerate(zip(shop.naps, met, strict=False)):
        assert nap == behaviour.wait if behaviour.wait is not None else 0 <= nap <= 0.5 * 2**nth
    assert len(shop.naps) == tries - 1


@pytest.mark.parametrize("verb", [verb for verb, (method, _) in VERBS.items() if method == "POST" and verb != "cancel"])
@pytest.mark.parametrize("name", [name for name, behaviour in BEHAVIOURS.items() if behaviour.may_have_run])
def test_an_error_after_which_it_may_have_run_says_so(shop: Shop, verb: str, name: str) -> None:
    """And says how to look, before the user pays twice by hand."""
    shop.plan([BEHAVIOURS[name]])
    with pytest.raises(SkytellsError) as caught:
        VERBS[verb][1](shop.client)
    assert getattr(caught.value, "may_have_run", False)
    assert "may have run" in str(caught.value)


@pytest.mark.parametrize("verb", ["chat_stream", "respond_stream"])
@pytest.mark.parametrize("end", ["cut", "stall", "error"])
def test_a_started_stream_is_never_sent_again(shop: Shop, verb: str, end: str) -> None:
    """One request, wherever the stream breaks off, whatever it ends with."""
    first = bodies.as_stream((bodies.CHUNKS if verb == "chat_stream" else bodies.EVENTS)[:3])
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + first
    error = b'data: {"error": {"code": 429}}\n\n' if end == "error" else b""
    shop.plan([stalled(head) if end == "stall" else cut(head + error)])
    before = len(shop.server.asked)
    with pytest.raises(SkytellsError):
        VERBS[verb][1](shop.client)
    assert (len(shop.server.asked) - before, shop.naps) == (1, [])


@given(names=SCRIPTS)
@settings(max_examples=25)
def test_the_looks_of_a_wait_are_repeated_within_its_time(shop: Shop, names: list[str]) -> None:
    """A job that is out of sight for four tries is not lost: the error carries it."""
    script = [BEHAVIOURS[name] for name in names]
    tries, good = expected("GET", script)
    shop.plan(script)
    try:
        job = shop.client.wait(JOB, timeout=600.0)
    except SkytellsError as error:
        job = error.prediction  # type: ignore[attr-defined]
        assert not good
    assert job.id == "p-1"
    assert (len(shop.met), job.status.final) == (tries - good, good)
    assert not any(asked.method == "POST" and asked.path.endswith("/cancel") for asked in shop.server.asked[-tries:])
