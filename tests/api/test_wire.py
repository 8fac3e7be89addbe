"""Requests are exactly these bytes, and every answer is a value or exactly one error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.wire import Answer, Request, decipher, read_problem
from skytells_nb.errors import (
    ContentBlockedError,
    KeyRejectedError,
    OutOfCreditsError,
    RateLimitError,
    RefusedError,
    ServiceError,
    SkytellsError,
)

GET = Request("GET", "/models")
POST = Request("POST", "/predictions", b"{}")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def answered(status: int, body: Any, request: Request = POST, **headers: str) -> SkytellsError:
    """Decipher an answer that must be an error; `body` is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(SkytellsError) as caught:
        decipher(Answer(status, httpx.Headers(headers), content), request)
    return caught.value


SHAPES: list[tuple[str, Any, int, type[SkytellsError], str | None, str | None, str]] = [
    (
        "E1",
        {
            "status": False,
            "response": "Error",
            "error": {
                "http_status": 422,
                "message": "Model is missing",
                "details": "x",
                "error_id": "VALIDATION_ERROR",
            },
        },
        422,
        RefusedError,
        "VALIDATION_ERROR",
        None,
        "Model is missing",
    ),
    (
        "E2",
        {"error": {"http_status": 401, "message": "Bad key", "details": None, "error_id": "UNAUTHORIZED"}},
        401,
        KeyRejectedError,
        "UNAUTHORIZED",
        None,
        "Bad key",
    ),
    (
        "E3",
        {"error_id": "INSUFFICIENT_CREDITS", "message": "No credits"},
        402,
        OutOfCreditsError,
        "INSUFFICIENT_CREDITS",
        None,
        "No credits",
    ),
    (
        "E4",
        {
            "error": {
                "message": "Slow down",
                "type": "rate_limit_error",
                "code": "rate_limit_exceeded",
                "error_id": "RATE_LIMIT_EXCEEDED",
                "status": 429,
                "param": None,
                "request_id": "req_9",
                "details": None,
            }
        },
        429,
        RateLimitError,
        "RATE_LIMIT_EXCEEDED",
        "req_9",
        "Slow down",
    ),
    ("E5", {"status": False, "response": "It broke"}, 500, ServiceError, None, None, "It broke"),
    (
        "E6",
        {"id": "p", "status": "failed", "error": "Blocked", "error_id": "CONTENT_POLICY_VIOLATION"},
        451,
        ContentBlockedError,
        "CONTENT_POLICY_VIOLATION",
        None,
        "Blocked",
    ),
    ("E7", {"status": False, "id": "p", "error": {"message": "Queued"}}, 503, ServiceError, None, None, "Queued"),
    ("E8", b"<html><h1>502 Bad Gateway</h1></html>", 502, ServiceError, None, None, "instead of JSON"),
    ("E9", {}, 404, RefusedError, None, None, "answered 404 without a reason"),
    ("E9 empty", b"", 500, ServiceError, None, None, "answered 500 without a reason"),
    (
        "code only",
        {"error": {"message": "m", "code": "invalid_api_key"}},
        401,
        KeyRejectedError,
        "INVALID_API_KEY",
        None,
        "m",
    ),
    (
        "lower case",
        {"error_id": "context_length_exceeded", "message": "m"},
        400,
        RefusedError,
        "CONTEXT_LENGTH_EXCEEDED",
        None,
        "m",
    ),
]


@pytest.mark.parametrize(
    ("body", "status", "kind", "error_id", "request_id", "said"),
    [row[1:] for row in SHAPES],
    ids=[r[0] for r in SHAPES],
)
def test_each_shape_of_error_is_read(
    body: Any, status: int, kind: type[SkytellsError], error_id: str | None, request_id: str | None, said: str
) -> None:
    """All nine shapes of the service: class, error id, status, request id, message, and the body as it came."""
    error = answered(status, body)
    assert type(error) is kind
    assert (error.error_id, error.status, error.request_id) == (error_id, status, request_id)
    assert said in str(error)
    assert error.body == (body.decode() if body == SHAPES[7][1] else body or {})


def test_the_printed_inference_error_is_read(seed: Callable[[str], Any]) -> None:
    """The Inference API's format as the platform prints it."""
    error = answered(402, seed("inference_error"))
    assert type(error) is OutOfCreditsError
    assert str(error) == (
        "The account has no credits for this: You have run out of credits. Top up in the Skytells console. "
        "[INSUFFICIENT_CREDITS, HTTP 402, req_abc123xyz]"
    )


def test_the_printed_prediction_error_is_read(seed: Callable[[str], Any]) -> None:
    """The Prediction API's format as the platform prints it."""
    error = answered(402, seed("prediction_error"))
    assert (type(error), error.error_id) == (OutOfCreditsError, "INSUFFICIENT_CREDITS")
    assert "You do not have enough credits to run this prediction" in str(error)


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "INSUFFICIENT_CREDITS", OutOfCreditsError),
        (403, "INSUFFICIENT_CREDITS", OutOfCreditsError),
        (403, "RATE_LIMITED", RateLimitError),
        (403, "CONTENT_POLICY_VIOLATION", ContentBlockedError),
        (403, "security_violation", ContentBlockedError),
        (400, "ACCOUNT_SUSPENDED", KeyRejectedError),
        (402, "UNAUTHORIZED", KeyRejectedError),
        (429, "PAYMENT_REQUIRED", OutOfCreditsError),
        (403, "SOMETHING_NEW", KeyRejectedError),
        (402, "SOMETHING_NEW", OutOfCreditsError),
        (422, "SOMETHING_NEW", RefusedError),
        (418, "", RefusedError),
        (302, "", ServiceError),
        (504, "INFERENCE_TIMEOUT", ServiceError),
        (600, "", ServiceError),
    ],
)
def test_the_error_id_decides_before_the_status(status: int, word: str, kind: type[SkytellsError]) -> None:
    """A known word beats the status; an unknown one leaves the choice to it."""
    assert type(answered(status, {"error_id": word, "message": "m"})) is kind


def test_html_instead_of_json_is_one_clear_line() -> None:
    """A gateway's page: what came, and that the job may have run; the page is kept in `body`."""
    error = answered(502, b"<html>\xff</html>", **{"content-type": "text/html"})
    assert str(error) == (
        "The service answered 502 with text/html instead of JSON. "
        "The job may have run all the same: look at sky.Client().predictions() before you repeat it. [HTTP 502]"
    )
    assert error.body == "<html>\ufffd</html>"


def test_html_with_success_is_an_error_too() -> None:
    """A login page of some proxy is not an answer."""
    assert str(answered(200, b"<html>", GET, **{"content-type": "text/html"})) == (
        "The service answered 200 with text/html instead of JSON. Check the address, or try again. [HTTP 200]"
    )


@pytest.mark.parametrize(
    ("request_", "status", "headers", "ran"),
    [
        (POST, 500, {}, True),
        (POST, 503, {}, True),
        (POST, 503, {"retry-after": "2"}, False),
        (GET, 500, {}, False),
    ],
)
def test_an_error_says_whether_it_may_have_run(
    request_: Request, status: int, headers: dict[str, str], ran: bool
) -> None:
    """Only a POST that was not turned away can have been billed."""
    error = answered(status, {}, request_, **headers)
    assert isinstance(error, ServiceError)
    assert error.may_have_run is ran
    assert ("may have run" in str(error)) is ran


def test_a_success_is_its_json() -> None:
    """Any 2xx with JSON gives that, an empty one None."""
    assert decipher(Answer(202, {}, b'{"id": "p"}'), POST) == {"id": "p"}
    assert decipher(Answer(204, {}, b""), POST) is None


def test_the_request_id_is_taken_from_the_header_where_the_body_has_none() -> None:
    """Support asks for it, wherever it was."""
    assert answered(500, {}, **{"x-request-id": "req_h\x1b[31m"}).request_id == "req_h"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), ("0", 0.0), ("1.5", 1.5), ("-1", None), ("nan", None), ("inf", None), ("soon", None), ("", None)],
)
def test_retry_after_is_read_in_seconds(header: str, seconds: float | None) -> None:
    """A number of seconds, or none."""
    error = answered(429, {}, **{"retry-after": header})
    assert isinstance(error, RateLimitError)
    assert error.retry_after == seconds


def test_a_rate_limit_says_when_to_try_again() -> None:
    """The seconds are in the line."""
    assert "Try again in 12 seconds." in str(answered(429, {"message": "Slow down"}, **{"retry-after": "12"}))


def test_what_a_server_says_is_cut_and_cleaned() -> None:
    """Neither colours nor a page of text nor a key come out of an error's line."""
    error = answered(422, {"message": "\x1b[31mbad\u202e sk-live-123456 " + "x" * 5000, "error_id": "A" * 500})
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)
    assert "sk-live" not in str(error)
    assert len(str(error)) < 700


@given(json_values)
def test_no_body_breaks_the_reader(body: Any) -> None:
    """Any JSON in place of an error: a problem of texts or nothing."""
    problem = read_problem(body)
    assert all(value is None or isinstance(value, str) for value in (problem.message, problem.error_id))


@given(
    st.sampled_from([301, 400, 401, 402, 403, 404, 422, 429, 451, 500, 503, 999]),
    st.dictionaries(st.sampled_from(["error", "message", "error_id", "response", "status", "details"]), json_values)
    | json_values,
)
def test_every_error_answer_is_exactly_one_error(status: int, body: Any) -> None:
    """Odd types in every field still give one printable error of ours."""
    str(answered(status, json.loads(json.dumps(body)))).encode()


def test_a_fingerprint_is_the_body_s_hash() -> None:
    """What a record keeps of a request: equal for equal bodies, and never the body."""
    assert Request("POST", "/x", b"abc").fingerprint == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert GET.fingerprint == Request("GET", "/other").fingerprint
