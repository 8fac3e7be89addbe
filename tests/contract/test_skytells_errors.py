"""What the official Python SDK makes of everything that can go wrong: refusals, all shapes of errors, broken wires."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from skytells import RetryOptions, SkytellsClient, SkytellsError

from skytells_nb.local import EXAMPLE_KEY, Sandbox

FOX = {"model": "truefusion", "input": {"prompt": "a fox"}}


def client_of(server: Sandbox, fault: str = "", key: str | None = EXAMPLE_KEY, **options: Any) -> SkytellsClient:
    """Make an SDK client, all of whose requests ask for `fault`."""
    headers = {"x-sandbox-fault": fault} if fault else {}
    return SkytellsClient(key, base_url=server.url, headers=headers, **options)


def told(call: Callable[[], Any]) -> tuple[int, str]:
    """Return the status and the id of the error that `call` raises."""
    with pytest.raises(SkytellsError) as caught:
        call()
    return caught.value.http_status, caught.value.error_id


@pytest.mark.parametrize(
    ("key", "call", "status", "error_id"),
    [
        (None, lambda c: c.models.list(), 401, "UNAUTHORIZED"),
        ("sk-sandbox-revoked", lambda c: c.models.list(), 401, "UNAUTHORIZED"),
        ("not-a-key", lambda c: c.models.list(), 401, "UNAUTHORIZED"),
        ("sk-sandbox-broke", lambda c: c.run("truefusion", {"prompt": "x"}), 402, "INSUFFICIENT_CREDITS"),
        (EXAMPLE_KEY, lambda c: c.models.get("nope"), 404, "MODEL_NOT_FOUND"),
        (EXAMPLE_KEY, lambda c: c.run("nope", {"prompt": "x"}), 404, "MODEL_NOT_FOUND"),
        (EXAMPLE_KEY, lambda c: c.predictions.list(model="nope"), 404, "MODEL_NOT_FOUND"),
        (EXAMPLE_KEY, lambda c: c.run("truefusion", {}), 422, "VALIDATION_ERROR"),
        (EXAMPLE_KEY, lambda c: c.predict({"input": {}}), 422, "VALIDATION_ERROR"),
        (EXAMPLE_KEY, lambda c: c.run("gpt-5", {"prompt": "x"}), 422, "MODEL_NOT_SUPPORTED"),
        (EXAMPLE_KEY, lambda c: c.predictions.get("no-such-id"), 502, "PREDICTION_FAILED"),
        (EXAMPLE_KEY, lambda c: c.stream_prediction("no-such-id"), 502, "PREDICTION_FAILED"),
        (EXAMPLE_KEY, lambda c: c.cancel_prediction("no-such-id"), 502, "PREDICTION_FAILED"),
        (EXAMPLE_KEY, lambda c: c.delete_prediction("no-such-id"), 502, "PREDICTION_FAILED"),
        (EXAMPLE_KEY, lambda c: c.predictions.list(since="yesterday"), 400, "INVALID_DATE_FORMAT"),
        (
            EXAMPLE_KEY,
            lambda c: c.predictions.list(since="2026-02-01", until="2026-01-01"),
            400,
            "INVALID_DATE_RANGE",
        ),
        (EXAMPLE_KEY, lambda c: c.predictions.list(page=-1), 400, "INVALID_PARAMETER"),
    ],
)
def test_a_refusal_reaches_the_caller(
    server: Sandbox, key: str | None, call: Callable[[Any], Any], status: int, error_id: str
) -> None:
    """Each refusal becomes a SkytellsError with the platform's id and status."""
    assert told(lambda: call(client_of(server, key=key))) == (status, error_id)


@pytest.mark.parametrize(
    ("shape", "error_id"),
    [
        ("E1", "RATE_LIMIT_EXCEEDED"),
        ("E2", "RATE_LIMIT_EXCEEDED"),
        ("E3", "HTTP_ERROR"),
        ("E4", "RATE_LIMIT_EXCEEDED"),
        ("E5", "API_ERROR"),
        ("E8", "SERVER_ERROR"),
        ("E9", "HTTP_ERROR"),
        ("merged", "RATE_LIMIT_EXCEEDED"),
    ],
)
def test_each_shape_is_read_as_the_sdk_can(server: Sandbox, shape: str, error_id: str) -> None:
    """The SDK keeps every status; in three shapes it cannot see the id."""
    assert told(client_of(server, f"429;shape={shape}").models.list) == (429, error_id)


@pytest.mark.parametrize(
    ("error_id", "status"),
    [
        ("ACCOUNT_SUSPENDED", 403),
        ("SECURITY_VIOLATION", 403),
        ("PAYMENT_REQUIRED", 402),
        ("INVALID_INPUT", 422),
        ("CONTENT_POLICY_VIOLATION", 451),
        ("INTERNAL_ERROR", 500),
        ("SERVICE_UNAVAILABLE", 503),
        ("INFERENCE_TIMEOUT", 504),
    ],
)
def test_every_id_reaches_the_caller(server: Sandbox, error_id: str, status: int) -> None:
    """An error asked for by its id comes with the platform's status for it."""
    assert told(lambda: client_of(server, f"error={error_id}").predictions.create(FOX)) == (status, error_id)


@pytest.mark.parametrize(
    ("fault", "status", "error_id"),
    [
        ("html", 200, "SERVER_ERROR"),
        ("502-html", 502, "SERVER_ERROR"),
        ("empty", 500, "SERVER_ERROR"),
        ("bad-json", 200, "INVALID_JSON"),
        ("cut-before", 0, "NETWORK_ERROR"),
    ],
)
def test_what_is_no_answer_is_an_error(server: Sandbox, fault: str, status: int, error_id: str) -> None:
    """A page, an empty body, half a JSON and a closed socket each have their error in the SDK."""
    assert told(client_of(server, fault).models.list) == (status, error_id)


def test_a_cut_body_escapes_the_sdk(server: Sandbox) -> None:
    """The SDK does not expect a body that ends early; what its HTTP library says comes out as it is."""
    with pytest.raises(http.client.IncompleteRead):
        client_of(server, "cut-body").models.list()


def test_silence_times_out(server: Sandbox) -> None:
    """An answer that does not come ends with the SDK's own limit."""
    assert told(client_of(server, "hang", timeout=200).models.list) == (408, "REQUEST_TIMEOUT")


def test_slow_bytes_arrive(server: Sandbox) -> None:
    """A body that comes in small pieces is read whole."""
    assert client_of(server, "drip").models.get("truefusion") == client_of(server).models.get("truefusion")


def test_nobody_listens() -> None:
    """A stopped sandbox is a network error."""
    with Sandbox() as gone:
        client = client_of(gone)
    assert told(client.models.list) == (0, "NETWORK_ERROR")


def test_a_failed_job_raises(server: Sandbox) -> None:
    """A prompt that says FAIL fails, with a sentence the SDK finds."""
    with pytest.raises(SkytellsError, match="says FAIL") as caught:
        client_of(server).run("truefusion", {"prompt": "please FAIL"})
    assert (caught.value.error_id, caught.value.http_status) == ("PREDICTION_FAILED", 0)


@pytest.mark.parametrize(
    ("place", "sentence"), [("response", "says FAIL"), ("error", "Prediction failed"), ("message", "Prediction failed")]
)
def test_the_sdk_knows_one_place_for_the_reason(server: Sandbox, place: str, sentence: str) -> None:
    """Where the reason stands elsewhere than in `response`, the SDK says only that it failed."""
    client = client_of(server, f"dialect;failure={place}")
    with pytest.raises(SkytellsError, match=sentence):
        client.run("truefusion", {"prompt": "please FAIL"})


def test_a_queued_reply_with_status_false_is_an_error_to_this_sdk(sandbox: Sandbox) -> None:
    """Version 1.0.0 raises on it, although the job exists; newer clients look at the id."""
    with pytest.raises(SkytellsError, match="queued"):
        client_of(sandbox, "status-false").predictions.create(FOX)
    assert len(sandbox.state.jobs) == 1


def test_too_many_requests_raise_429() -> None:
    """The third call in a minute of two is refused."""
    with Sandbox(requests_per_minute=2) as strict:
        client = client_of(strict)
        client.models.list()
        client.models.list()
        assert told(client.models.list) == (429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize("retry", [{"retries": 2, "retry_delay": 1}, RetryOptions(2, 1)])
@pytest.mark.parametrize("fault", ["503", "429;retry-after=0", "502-html"])
def test_the_sdk_s_own_retry_gets_through(sandbox: Sandbox, fault: str, retry: Any) -> None:
    """Two injected errors are passed by a client that may retry twice; a third is not."""
    sandbox.inject(fault, times=2)
    assert client_of(sandbox, retry=retry).models.list()
    assert [request.path for request in sandbox.state.requests] == ["/v1/models"] * 3
    sandbox.inject(fault, times=3)
    with pytest.raises(SkytellsError):
        client_of(sandbox, retry=retry).models.list()
    assert len(sandbox.state.requests) == 6


def test_a_client_error_is_not_retried(sandbox: Sandbox) -> None:
    """A 401 is told after one request."""
    client = client_of(sandbox, key="not-a-key", retry={"retries": 2, "retry_delay": 1})
    assert told(client.models.list) == (401, "UNAUTHORIZED")
    assert len(sandbox.state.requests) == 1


@pytest.fixture
def hook() -> Iterator[tuple[str, queue.Queue[tuple[str, bytes]]]]:
    """Listen for webhooks; the address, and a queue of signatures with their bodies."""
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.put((self.headers["X-Skytells-Signature"], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Ear) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/hook", heard
        listening.shutdown()
        thread.join()


def test_a_webhook_arrives_signed(server: Sandbox, hook: tuple[str, queue.Queue[tuple[str, bytes]]]) -> None:
    """`run(webhook=…)` is told the end by a POST that the caller's key signs."""
    address, heard = hook
    webhook = {"url": address, "events": ["completed"]}
    prediction = client_of(server).run("truefusion", {"prompt": "a fox"}, webhook=webhook)
    signature, body = heard.get(timeout=10)
    assert prediction.raw()["webhook"] == webhook
    assert (json.loads(body)["id"], json.loads(body)["status"]) == (prediction.id, "succeeded")
    assert signature == hmac.new(EXAMPLE_KEY.encode(), body, hashlib.sha256).hexdigest()
