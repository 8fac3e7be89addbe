"""The key goes to the one address that was configured, and is written down nowhere."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api import requests
from skytells_nb.api.client import Client
from skytells_nb.api.values import Prediction
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import SkytellsError

from . import bodies
from .raw import RawServer, Said, answer, running

KEY = "sk-proof-5e1f0b9c7d"
ADDRESS = "https://api.skytells.test/v1"
JOB = Prediction.from_json(bodies.QUEUED)
VERBS: dict[str, Callable[[Client], Any]] = {
    "chat": lambda client: client.chat("Hi"),
    "chat_stream": lambda client: list(client.chat_stream("Hi")),
    "respond": lambda client: client.respond("Hi"),
    "respond_stream": lambda client: list(client.respond_stream("Hi")),
    "embed": lambda client: client.embed("a", model="embed"),
    "models": lambda client: client.models(),
    "model": lambda client: client.model("painter"),
    "quote": lambda client: client.quote("painter", {"prompt": "a fox"}),
    "submit": lambda client: client.submit("painter", {"prompt": "a fox"}),
    "predict": lambda client: client.predict("painter", {"prompt": "a fox"}),
    "wait": lambda client: client.wait(JOB),
    "prediction": lambda client: client.prediction("p-1"),
    "predictions": lambda client: list(client.predictions()),
    "cancel": lambda client: client.cancel(JOB),
    "delete": lambda client: client.delete(JOB),
}

FOREIGN = [
    "https://evil.test/v1/predictions/p-1",
    "https://api.skytells.test.evil.test/v1/predictions/p-1",
    "https://api.skytells.test@evil.test/v1/predictions/p-1",
    "https://evil.test@api.skytells.test/v1/predictions/p-1",
    "https://api.skytells.test:443@evil.test/v1/predictions/p-1",
    "https://evil.test#@api.skytells.test/v1/predictions/p-1",
    "https://evil.test\\@api.skytells.test/v1/predictions/p-1",
    "https://api.skytells.test\\@evil.test/v1/predictions/p-1",
    "https://evil.test?https://api.skytells.test/v1/predictions/p-1",
    "https:\\\\evil.test\\v1\\predictions\\p-1",
    "//evil.test/v1/predictions/p-1",
    "///evil.test/v1/predictions/p-1",
    "http://api.skytells.test/v1/predictions/p-1",
    "http://api.skytells.test:443/v1/predictions/p-1",
    "https://api.skytells.test:8443/v1/predictions/p-1",
    "https://api.skytells.test:0/v1/predictions/p-1",
    "https://api.skytells.test:99999/v1/predictions/p-1",
    "https://api.skytells.test./v1/predictions/p-1",
    "https://api。skytells。test/v1/predictions/p-1",
    "https://аpi.skytells.test/v1/predictions/p-1",
    "https://[::1/v1/predictions/p-1",
    "ftp://api.skytells.test/v1/predictions/p-1",
    "file:///v1/predictions/p-1",
    "javascript:alert(1)",
    "/v1/predictions/p-1",
    "p-1",
    "",
]
ASTRAY = [
    "/v1/predictions/p-2",
    "/v1/predictions/p-10",
    "/v1/predictions/p-1x",
    "/v1/predictions",
    "/v1/predictions/",
    "/v1/predictions/P-1",
    "/v2/predictions/p-1",
    "/predictions/p-1",
    "/v1/chat/completions",
    "/v1/predictions/p-1/../p-2",
    "/v1/predictions/p-1/..",
    "/v1/predictions/p-1/%2e%2e/p-2",
    "/v1/predictions/p-1/%2E%2E/p-2/cancel",
    "/v1/predictions/p-1/.%2e/p-2",
    "/v1/predictions/p-1%2f..%2fp-2",
    "/v1/predictions/p-1/..%2fp-2",
    "/v1/predictions/p-1/%252e%252e/p-2",
    "/v1/predictions/p-1/..;/p-2",
    "/v1/predictions/p-1\\..\\p-2",
    "/v1/predictions/p-1/./x",
    "/v1/predictions/p-1//p-2",
    "/v1/x/../predictions/p-1",
    "/v1//predictions/p-1",
    "//v1/predictions/p-1",
    "/v1/predictions/p-1?next=https://evil.test",
    "/v1/predictions/p-1#x",
    "/v1/predictions/p-1 /x",
    "/v1/predictions/p-1\r\nx-evil: 1",
    "/v1/predictions/p-1\t",
    "/v1/predictions/p-1\x00",
    "/v1/predictions/p-1/ü",
]
LINKS = [*FOREIGN, *(f"https://api.skytells.test{path}" for path in ASTRAY)]
ACTIONS: dict[str, tuple[Callable[[Client, Prediction], Any], str, str]] = {
    "get": (lambda client, job: client.wait(job), "GET", ""),
    "cancel": (lambda client, job: client.cancel(job), "POST", "/cancel"),
    "delete": (lambda client, job: client.delete(job), "DELETE", ""),
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_link_that_leads_anywhere_else_is_not_called(action: str, link: str) -> None:
    """Another origin, another job, a path that climbs: the documented path of this job is called instead."""
    called: list[tuple[str, str]] = []

    def service(request: httpx.Request) -> httpx.Response:
        called.append((request.method, str(request.url)))
        return httpx.Response(200, json=bodies.SUCCEEDED)

    verb, method, usual = ACTIONS[action]
    job = Prediction.from_json({**bodies.QUEUED, "urls": {action: link}})
    transport = httpx.MockTransport(service)
    with Client(api_key=KEY, base_url=ADDRESS, transport=transport, sleep=lambda _: None, observers=()) as client:
        verb(client, job)
    assert called == [(method, f"{ADDRESS}/predictions/p-1{usual}")]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://api.skytells.test/v1/predictions/p-1", "/predictions/p-1"),
        ("https://api.skytells.test/v1/predictions/p-1/", "/predictions/p-1/"),
        ("https://api.skytells.test/v1/predictions/p-1/cancel", "/predictions/p-1/cancel"),
        ("https://API.skytells.TEST:443/v1/predictions/p-1/delete", "/predictions/p-1/delete"),
    ],
)
def test_a_link_of_the_job_itself_is_called(link: str, path: str) -> None:
    """As the service named it, with or without a slash at its end."""
    assert requests.own_path(link, "/predictions/p-1", ADDRESS) == path


@given(
    link=st.one_of(
        st.text(alphabet="/.%2eEfF:@\\#?aphtskylve-1\t\n", max_size=40),
        st.builds("https://api.skytells.test/v1/predictions/p-1{}".format, st.text(max_size=20)),
        st.builds("https://{}/v1/predictions/p-1".format, st.text(alphabet="api.skyte:@[]/\\#?%", max_size=30)),
    )
)
def test_no_link_makes_a_request_leave_its_job(link: str) -> None:
    """Whatever a link is: as httpx reads it, the request stays at the origin and below the job's own path."""
    request = requests.of_prediction("get", "p-1", {"get": link}, ADDRESS)
    url = httpx.URL(ADDRESS + request.path)
    assert (url.scheme, url.host, url.port) == ("https", "api.skytells.test", None)
    assert f"{url.raw_path.decode()}/".startswith("/v1/predictions/p-1/")
    assert not {".", "%", "?", "#", "\\"} & set(request.path)


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[RawServer, RawServer]]:
    """Run two servers."""
    with ExitStack() as open_servers:
        yield open_servers.enter_context(running()), open_servers.enter_context(running())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(two: tuple[RawServer, RawServer], verb: str, status: int) -> None:
    """Neither to another origin nor at the same one: no other server and no other path sees the key."""
    own, other = two
    for there in (f"{other.url}/stolen", f"{own.url}/stolen", "/v1/stolen", "//127.0.0.1:1/stolen", "http://[", ""):
        own.asked.clear()
        said = answer(status, b"{}", [("content-type", "application/json"), ("location", there)])
        own.answers = lambda _, said=said: said  # type: ignore[misc]
        with (
            Client(api_key=KEY, base_url=own.url, sleep=lambda _: None, observers=()) as client,
            pytest.raises(SkytellsError, match="redirect, which is not followed"),
        ):
            VERBS[verb](client)
        assert len(own.asked) == 1
        assert "stolen" not in own.asked[0].path
        assert other.asked == []


ECHO = {
    "status": False,
    "response": f"bad key {KEY}",
    "error": {"message": f"bad {KEY}", "details": {KEY: [KEY]}, "error_id": KEY, "request_id": KEY, "http_status": 401},
}
ECHOED = bodies.written(ECHO)
HEADERS = [("content-type", f"application/json; x={KEY}"), ("x-request-id", KEY), ("set-cookie", f"k={KEY}")]
CUT = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n"
TROUBLES: dict[str, Said] = {
    "401": answer(401, ECHOED, HEADERS),
    "422": answer(422, ECHOED, HEADERS),
    "500": answer(500, ECHOED, HEADERS),
    "200 with an error": answer(200, ECHOED, HEADERS),
    "200 with a page": answer(200, f"<b>{KEY}</b>".encode(), [("content-type", f"text/{KEY}")]),
    "redirect": answer(302, ECHOED, [*HEADERS, ("location", f"https://evil.test/{KEY}")]),
    "no HTTP": Said([f"{KEY}\r\n\r\n".encode()], close=True),
    "broken header": Said([f"HTTP/1.1 200 OK\r\n{KEY} \x01: {KEY}\r\n\r\n".encode()], close=True),
    "broken packing": answer(200, b"no gzip", [("content-encoding", "gzip")]),
    "cut": Said([CUT + b"data: {"], close=True),
    "hang up": Said([], close=True),
    "error in the stream": Said([CUT + b"data: " + ECHOED + b"\n\n"], close=True),
    "failed job": answer(200, bodies.written({**bodies.QUEUED, "status": "failed", "error": f"no {KEY}"}), HEADERS),
}


def failure(verb: Callable[[Client], Any], client: Client) -> SkytellsError | None:
    """Give the error of a call, or None where it has none."""
    try:
        verb(client)
    except SkytellsError as error:
        return error
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error, what caused it, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


SILENT = {"broken packing", "cut", "hang up"}
"""Those in which the server does not repeat the key, so that no variable of ours may hold it either."""

KEPT = {"failed job", "error in the stream"}
"""Those of which the error keeps the object itself: a job's `raw` is what the service said of it, word for word."""


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_key_is_in_no_error_log_or_ledger(
    raw_server: RawServer, verb: str, trouble: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Not even where a server repeats it everywhere: message, traceback, pickle, DEBUG log, file."""
    raw_server.answers = lambda _: TROUBLES[trouble]
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    options = {"sleep": lambda _: None, "timeout": 5.0, "observers": (Recorder(ledger),)}
    with (
        caplog.at_level(logging.DEBUG),
        Client(api_key=KEY, base_url=raw_server.url, **options) as client,  # type: ignore[arg-type]
    ):
        error = failure(VERBS[verb], client)
        assert KEY not in repr(client)
    own = [record for record in caplog.records if not record.name.startswith("tests.")]
    if trouble in SILENT:
        assert own
        assert KEY not in repr([(record.getMessage(), record.args) for record in own])
    for link in chain(error):
        story = traceback.TracebackException(type(link), link, link.__traceback__, capture_locals=trouble in SILENT)
        story.stack[:1] = []  # the frame of `failure`, whose own client knows the key
        assert KEY not in "".join(story.format(chain=False))
        assert KEY not in f"{link} {link!r} {getattr(link, '__notes__', '')}"
    if error is not None:
        assert KEY not in f"{''.join(error._render_traceback_())} {error.error_id} {error.request_id}"
    if error is not None and trouble not in KEPT:
        assert KEY not in json.dumps(error.body, default=repr)
        assert KEY.encode() not in pickle.dumps(error)
    ledger.close()
    assert not any(KEY.encode() in file.read_bytes() for file in tmp_path.iterdir())
