"""Whatever a server answers, a verb gives a value that can be shown and recorded, or raises one of our own errors."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.api.client import Client
from skytells_nb.api.values import Prediction
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import SkytellsError
from skytells_nb.notebook import wiring
from skytells_nb.notebook.render import Catalogue, bundle

from . import bodies
from .raw import Asked, RawServer, Said, answer

wiring.connect()

MODEL, CREATED, LOOK, ACTION, LIST, LISTING, CHAT, RESPONSE, EMBEDDINGS = range(9)
GOOD: dict[int, Any] = {
    MODEL: bodies.PAINTER,
    CREATED: bodies.QUEUED,
    LOOK: bodies.SUCCEEDED,
    ACTION: {**bodies.QUEUED, "status": "canceled"},
    LIST: {"data": [bodies.SUCCEEDED, bodies.QUEUED], "pagination": {"current_page": 1, "last_page": 3, "total": 5}},
    LISTING: [bodies.PAINTER, bodies.EMBEDDER],
    CHAT: bodies.CHAT,
    RESPONSE: bodies.RESPONSE,
    EMBEDDINGS: bodies.EMBEDDINGS,
}


def route_of(asked: Asked) -> int:
    """Say which answer a request is for."""
    path = asked.path.partition("?")[0].removeprefix("/v1")
    if asked.method == "DELETE" or path.endswith("/cancel"):
        return ACTION
    ends = {"/models": LISTING, "/chat/completions": CHAT, "/responses": RESPONSE, "/embeddings": EMBEDDINGS}
    if path == "/predictions":
        return CREATED if asked.method == "POST" else LIST
    return ends.get(path, LOOK if path.startswith("/predictions/") else MODEL)


def _read(stream: Any) -> Any:
    for delta in stream:
        assert isinstance(delta.text, str)
        repr(delta)
        delta.finish_reason  # noqa: B018 - it must be readable
    return stream.reply


KEY = "sk-proof-4f9a1c77"
INPUT = {"prompt": "a fox"}
VERBS: dict[str, tuple[Callable[[Client], Any], tuple[int, ...]]] = {
    "chat": (lambda client: client.chat("Hi"), (CHAT,)),
    "chat_stream": (lambda client: _read(client.chat_stream("Hi")), (CHAT,)),
    "respond": (lambda client: client.respond("Hi"), (RESPONSE,)),
    "respond_stream": (lambda client: _read(client.respond_stream("Hi")), (RESPONSE,)),
    "embed": (lambda client: client.embed(["a", "b"]), (EMBEDDINGS, EMBEDDINGS, LISTING)),
    "models": (lambda client: Catalogue(client.models()), (LISTING,)),
    "model": (lambda client: client.model("painter"), (MODEL,)),
    "quote": (lambda client: client.quote("painter", INPUT), (MODEL,)),
    "submit": (lambda client: client.submit("painter", INPUT), (CREATED, CREATED, MODEL)),
    "predict": (lambda client: client.predict("painter", INPUT, timeout=0.03), (CREATED, LOOK, LOOK, MODEL)),
    "wait": (lambda client: client.wait("p-1", timeout=0.03), (LOOK,)),
    "prediction": (lambda client: client.prediction("p-1"), (LOOK,)),
    "predictions": (lambda client: list(itertools.islice(client.predictions(), 20)), (LIST,)),
    "cancel": (lambda client: client.cancel("p-1"), (ACTION, LOOK)),
    "delete": (lambda client: client.delete(Prediction.from_json(bodies.QUEUED)), (ACTION,)),
}
RECORDED = {"chat", "chat_stream", "respond", "respond_stream", "embed", "submit", "predict"}


@dataclass(repr=False)
class Bench:
    """A server, a client of it with its own ledger, and what the server answers in place of the good answers."""

    server: RawServer
    client: Client
    ledger: Ledger

    def answer_with(self, spoilt: dict[int, Said]) -> None:
        """Answer so where something is spoilt, and well elsewhere; forget what was learned before."""

        def answers(asked: Asked) -> Said:
            route = route_of(asked)
            return spoilt[route] if route in spoilt else answer(body=bodies.written(GOOD[route]))

        self.server.answers = answers
        self.server.asked.clear()
        self.client._calls._known_models.clear()
        self.client._calls._listed = None


def brief(seconds: float) -> None:
    """Let next to no time pass."""
    time.sleep(min(seconds, 0.005))


@pytest.fixture(scope="module")
def bench(raw_server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give a client of this module's server with a ledger of its own."""
    ledger = Ledger(tmp_path_factory.mktemp("proof") / "ledger.sqlite3")
    told = (Recorder(ledger),)
    with Client(api_key=KEY, base_url=raw_server.url, sleep=brief, observers=told, timeout=5.0) as client:
        yield Bench(raw_server, client, ledger)
    ledger.close()


def shows_itself(value: Any) -> None:
    """Show a value in every way that a notebook does; each must be text that can be saved as UTF-8.

    Every property is read, but for those that fetch files.
    """
    for form in (repr(value), str(value)):
        form.encode()
    for one in value if isinstance(value, list) else [value]:
        drawn = one._repr_mimebundle_() if hasattr(one, "_repr_mimebundle_") else bundle(one)
        json.dumps(drawn, ensure_ascii=False, allow_nan=False).encode()
        for name in dir(type(one)):
            if isinstance(getattr(type(one), name), property) and name not in ("files", "images"):
                getattr(one, name)


def try_out(bench: Bench, verb: str) -> None:
    """Call a verb: it gives a value that can be shown, or raises our error; either way it is in the ledger."""
    before = _rows(Path(bench.ledger.place))
    try:
        value = VERBS[verb][0](bench.client)
    except SkytellsError as error:
        f"{error} {error!r} {''.join(error._render_traceback_())}".encode()
    else:
        shows_itself(value)
    assert bench.ledger.unwritten == {}
    assert _open_rows(Path(bench.ledger.place)) == 0
    posted = sum(asked.method == "POST" for asked in bench.server.asked)
    if verb in RECORDED and posted:
        assert _rows(Path(bench.ledger.place)) == before + 1


def _rows(path: Path) -> int:
    return _ask(path, "SELECT count(*) FROM calls")


def _open_rows(path: Path) -> int:
    return _ask(path, "SELECT count(*) FROM calls WHERE status = 'sent'")


def _ask(path: Path, question: str) -> int:
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        found: int = connection.execute(question).fetchone()[0]
    finally:
        connection.close()
    return found


@pytest.mark.parametrize("verb", VERBS)
@given(data=st.data())
@settings(max_examples=60)
def test_any_json_in_any_place_is_a_value_or_our_own_error(bench: Bench, verb: str, data: st.DataObject) -> None:
    """A good answer spoilt in one to three places, random JSON, cut JSON, and what is no JSON."""
    route = data.draw(st.sampled_from(VERBS[verb][1]))
    bench.answer_with({route: answer(body=data.draw(bodies.wire_bytes(GOOD[route])))})
    try_out(bench, verb)


@pytest.mark.parametrize("verb", VERBS)
@given(data=st.data())
@settings(max_examples=30)
def test_any_status_with_any_body_is_a_value_or_our_own_error(bench: Bench, verb: str, data: st.DataObject) -> None:
    """Every HTTP status, known or not, with an error of the service, spoilt or whole, and any headers it may send."""
    route = data.draw(st.sampled_from(VERBS[verb][1]))
    status = data.draw(st.one_of(st.integers(200, 599), st.sampled_from([201, 204, 302, 304, 307, 404, 429, 503, 999])))
    body = data.draw(st.one_of(bodies.wire_bytes(bodies.ERROR), bodies.wire_bytes(GOOD[route])))
    values = st.one_of(
        st.sampled_from(["0", "-1", "nan", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999", ""]),
        st.sampled_from(["application/json", "text/html", "text/event-stream", "gzip", "http://[", "//\xe9.test/\xff"]),
    )
    names = ["content-type", "retry-after", "date", "location", "x-request-id", "content-encoding", "set-cookie"]
    headers = data.draw(st.lists(st.tuples(st.sampled_from(names), values), max_size=4))
    bench.answer_with({route: answer(status, body, headers)})
    try_out(bench, verb)


@pytest.mark.parametrize(("verb", "route"), [("chat_stream", CHAT), ("respond_stream", RESPONSE)])
@given(data=st.data())
@settings(max_examples=80)
def test_any_stream_is_an_answer_or_our_own_error(bench: Bench, verb: str, route: int, data: st.DataObject) -> None:
    """Good events spoilt in any place, random JSON among them, and pieces that are no JSON."""
    good = bodies.CHUNKS if route == CHAT else bodies.EVENTS
    spoilt = data.draw(bodies.spoilt(good))
    chunks = spoilt if isinstance(spoilt, list) else [spoilt]
    stream = bodies.as_stream(chunks, ascii_only=data.draw(st.booleans()), named=route == RESPONSE)
    at = data.draw(st.integers(0, len(stream)))
    extra = data.draw(st.one_of(st.just(b""), st.binary(max_size=12), st.sampled_from(ODD_EVENTS)))
    body = stream[:at] + extra + stream[at:]
    bench.answer_with({route: answer(body=body, headers=[("content-type", "text/event-stream")])})
    try_out(bench, verb)


ODD_EVENTS = [
    b"data: [DONE]\n\n",
    b"data: null\n\n",
    b"data: " + b"[" * 3000 + b"\n\n",
    b'data: {"choices": ' + b"[" * 800 + b"]" * 800 + b"}\n\n",
    b'data: {"usage": ' + b"[" * 940 + b"]" * 940 + b"}\n\n",
    b"data: " + b"9" * 5000 + b"\n\n",
    b'data: {"error": {"message": "\\ud800", "code": 1e999}}\n\n',
    b'data: {"type": "error", "message": 5}\n\n',
    b'data: {"type": "response.failed", "response": {"error": null}}\n\n',
    b"event: \xff\nid: \x00\nretry: 99999999999999999999\n\n",
]


@pytest.mark.parametrize("verb", ["chat", "respond", "embed", "submit", "chat_stream", "model", "predict"])
@pytest.mark.parametrize("depth", [50, 150, 190, 210, 400, *range(700, 1000, 15)])
def test_no_depth_of_nesting_breaks_a_value_or_the_record(bench: Bench, verb: str, depth: int) -> None:
    """JSON nested to every depth near the limits of Python: what can be read can be shown and recorded too."""
    route = VERBS[verb][1][-1] if verb == "model" else VERBS[verb][1][0]
    deep = GOOD[route] | {"usage": "@", "input_schema": "@", "input": "@"}
    body = json.dumps(deep).replace('"@"', '{"a":' * depth + "[]" + "}" * depth).encode()
    bench.answer_with({route: answer(body=body)})
    try_out(bench, verb)
