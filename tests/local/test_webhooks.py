"""Webhooks: delivered to this machine, signed, tried again, and to nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from skytells_nb.local.journal import Delivery
from skytells_nb.local.predictions.webhooks import is_loopback, url_fault, wanted

JOB = {"model": "truefusion", "input": {"prompt": "a fox"}}
VIDEO = {"model": "truefusion-video", "input": {"prompt": "x"}}


class Receiver:
    """A server that takes webhooks, answers with the statuses planned, and gives what came in turn."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.came: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.came.put(({name.lower(): value for name, value in self.headers.items()}, body))

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def next(self) -> tuple[dict[str, str], bytes]:
        """Wait for the next delivery."""
        return self.came.get(timeout=20)

    def bodies(self, number: int) -> list[Any]:
        """Wait for so many deliveries, and read their JSON."""
        return [json.loads(self.next()[1]) for _ in range(number)]

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listen for webhooks."""
    listening = Receiver()
    yield listening
    listening.close()


def noted(sandbox: Sandbox, number: int) -> tuple[Delivery, ...]:
    """Wait until so many deliveries are in the journal: they are written after the receiver has answered."""
    deadline = time.monotonic() + 20
    while len(sandbox.deliveries) < number and time.monotonic() < deadline:
        time.sleep(0.01)
    return sandbox.deliveries


def test_the_end_is_delivered_and_signed(sandbox: Sandbox, own_api: httpx.Client, receiver: Receiver) -> None:
    """The prediction as a look at it gives it, under the hex HMAC-SHA256 of the raw body by the caller's key."""
    job = own_api.post("/predictions", json=JOB | {"webhook": receiver.url}).json()
    headers, body = receiver.next()
    expected = hmac.new(EXAMPLE_KEY.encode(), body, hashlib.sha256).hexdigest()
    assert (headers["x-skytells-signature"], headers["content-type"]) == (expected, "application/json")
    assert json.loads(body) == own_api.get(f"/predictions/{job['id']}").json()
    assert json.loads(body)["status"] == "succeeded"
    (delivery,) = noted(sandbox, 1)
    assert (delivery.event, delivery.outcome, delivery.status, delivery.attempts) == ("completed", "delivered", 200, 1)


@pytest.mark.parametrize(
    "asked",
    [
        {"webhook": {"url": "", "events": ["started", "completed"]}},
        {"webhook": {"url": "", "events": ["prediction.started", "prediction.succeeded"]}},
        {"webhook": "", "webhook_events_filter": ["start", "output", "logs", "completed"]},
    ],
)
def test_each_vocabulary_is_understood(
    sandbox: Sandbox, own_api: httpx.Client, receiver: Receiver, asked: dict[str, Any]
) -> None:
    """A started and a finished job are told once each, in order."""
    hook = asked["webhook"]
    whole = asked | {"webhook": receiver.url if hook == "" else hook | {"url": receiver.url}}
    own_api.post("/predictions", json=JOB | whole)
    assert [body["status"] for body in receiver.bodies(2)] == ["processing", "succeeded"]


def test_a_failure_is_told_where_failures_are_asked_for(
    sandbox: Sandbox, own_api: httpx.Client, receiver: Receiver
) -> None:
    """And a success is not."""
    hook = {"webhook": {"url": receiver.url, "events": ["failed"]}}
    own_api.post("/predictions", json=JOB | hook | {"await": True})
    failing = {"model": "truefusion", "input": {"prompt": "please FAIL"}}
    own_api.post("/predictions", json=failing | hook)
    assert receiver.bodies(1)[0]["status"] == "failed"
    assert [delivery.event for delivery in noted(sandbox, 1)] == ["failed"]


@pytest.mark.parametrize("how", ["cancel", "delete"])
def test_a_stopped_job_is_told_at_once(own_api: httpx.Client, receiver: Receiver, how: str) -> None:
    """Not when it would have ended; a deleted one was stopped."""
    slow = VIDEO | {"webhook": {"url": receiver.url, "events": ["completed", "failed", "prediction.cancelled"]}}
    job = own_api.post("/predictions", json=slow).json()
    own_api.request("POST" if how == "cancel" else "DELETE", f"/predictions/{job['id']}/{how}")
    assert receiver.bodies(1)[0]["status"] == "canceled"


def test_the_envelope_is_a_dialect(client_of: Callable[[Sandbox], httpx.Client], receiver: Receiver) -> None:
    """A type, a moment and the prediction as data, in the words of the dialect."""
    with Sandbox(pace=50, dialect={"webhook": "envelope", "spelling": "cancelled"}) as server:
        client = client_of(server)
        done = client.post("/predictions", json=JOB | {"webhook": receiver.url}).json()
        first = receiver.bodies(1)[0]
        stopped = client.post("/predictions", json=VIDEO | {"webhook": receiver.url}).json()
        client.post(f"/predictions/{stopped['id']}/cancel")
        second = receiver.bodies(1)[0]
    assert (list(first), first["type"], first["data"]["id"]) == (
        ["type", "created_at", "data"],
        "prediction.succeeded",
        done["id"],
    )
    assert (second["type"], second["data"]["status"]) == ("prediction.cancelled", "cancelled")


def test_a_failed_delivery_is_tried_again(sandbox: Sandbox, own_api: httpx.Client, receiver: Receiver) -> None:
    """The same body under the same signature, until it is taken."""
    receiver.answers = [500, 302]
    own_api.post("/predictions", json=JOB | {"webhook": receiver.url})
    came = [receiver.next() for _ in range(3)]
    assert len({(headers["x-skytells-signature"], body) for headers, body in came}) == 1
    (delivery,) = noted(sandbox, 1)
    assert (delivery.outcome, delivery.attempts) == ("delivered", 3)


def test_a_delivery_is_given_up(sandbox: Sandbox, own_api: httpx.Client, receiver: Receiver) -> None:
    """After three attempts; a redirect is an answer and is not followed."""
    receiver.answers = [503, 503, 302, 200]
    own_api.post("/predictions", json=JOB | {"webhook": receiver.url})
    (delivery,) = noted(sandbox, 1)
    assert (delivery.outcome, delivery.status, delivery.attempts) == ("not delivered: answered 302", 302, 3)
    assert receiver.came.qsize() == 3


def test_nobody_listening_is_told(sandbox: Sandbox, own_api: httpx.Client, receiver: Receiver) -> None:
    """As a delivery that was not."""
    receiver.close()
    own_api.post("/predictions", json=JOB | {"webhook": receiver.url})
    (delivery,) = noted(sandbox, 1)
    assert (delivery.outcome, delivery.status, delivery.attempts) == ("not delivered: ConnectError", None, 3)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/hook", "https://far.example/", "http://2130706433:1/", "http://0:9/"]
)
def test_another_machine_is_never_called(sandbox: Sandbox, own_api: httpx.Client, url: str) -> None:
    """The journal says so, with what would have been sent."""
    own_api.post("/predictions", json=JOB | {"webhook": url})
    (delivery,) = noted(sandbox, 1)
    assert (delivery.outcome, delivery.attempts) == ("not delivered: only loopback addresses are called", 0)
    assert delivery.body["status"] == "succeeded"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1/", True),
        ("http://127.200.3.4:80/x", True),
        ("https://[::1]:8/", True),
        ("http://LOCALHOST./", True),
        ("http://localhost.example/", False),
        ("http://127.0.0.1.nip.example/", False),
        ("http://127.0.0.1@far.example/", False),
        ("http://0.0.0.0/", False),
        ("http://10.0.0.1/", False),
        ("http://[::/", False),
    ],
)
def test_an_address_is_local_by_its_own_words(url: str, local: bool) -> None:
    """No name but localhost is looked up."""
    assert is_loopback(url) is local


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://127.0.0.1/", "http://", "http:///x", "//127.0.0.1", "http://[::", "http://h:0"]
)
def test_an_address_that_cannot_be_called_is_refused(api: httpx.Client, url: str) -> None:
    """422, before there is a job."""
    assert url_fault(url) is not None
    reply = api.post("/predictions", json=JOB | {"webhook": {"url": url}})
    assert (reply.status_code, reply.json()["error"]["details"]) == (422, {"field": "webhook"})


@pytest.mark.parametrize(
    ("events", "filtered", "meant"),
    [
        ((), False, {"completed", "failed", "canceled"}),
        (("completed",), False, {"completed"}),
        (("completed",), True, {"completed", "failed", "canceled"}),
        (("Started", "prediction.canceled"), False, {"started", "canceled"}),
        (("logs", "something.new"), True, set()),
    ],
)
def test_events_are_understood(events: tuple[str, ...], filtered: bool, meant: set[str]) -> None:
    """None named: every end; an unknown one: nothing; "completed" in a filter: every end."""
    assert wanted(events, filtered=filtered) == meant


def test_stopping_the_sandbox_ends_what_was_to_be_delivered(
    client_of: Callable[[Sandbox], httpx.Client], receiver: Receiver
) -> None:
    """No task, thread or socket outlives it, and nobody is told of a job that was not over."""
    before = set(threading.enumerate())
    with Sandbox(pace=0.01) as server:
        client_of(server).post("/predictions", json=VIDEO | {"webhook": receiver.url})
    assert set(threading.enumerate()) <= before
    assert (receiver.came.qsize(), server.deliveries) == (0, ())
