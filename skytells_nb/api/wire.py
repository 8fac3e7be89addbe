"""What is sent and what comes back, and how an answer is deciphered. No I/O.

`decipher` is the one place that looks at an HTTP status: it gives the JSON of a success or raises exactly one error.
The service words its errors in nine shapes (`read_problem` reads all); we branch on `error_id`, in any letter case,
before the status. The raw body is kept on the error.

Sources: the error pages of Skytells' reference ("Prediction API error", "Inference API error") and its SDKs' parsers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any

from ..errors import (
    ContentBlockedError,
    KeyRejectedError,
    OutOfCreditsError,
    RateLimitError,
    RefusedError,
    ServiceError,
    SkytellsError,
    plain,
)
from ..keys import without_secrets
from .reading import count, record, text

MAX_BODY = 64 * 1024 * 1024
MAX_STREAM = 256 * 1024 * 1024
"""Bytes of a whole stream: its pieces are kept as text only, but that is kept until the end."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out, but for the key: method, path under the API's address, JSON body as bytes.

    `timeout` is seconds between two pieces of the answer, `deadline` seconds for the whole exchange; None leaves the
    first to the client, and the second open.
    """

    method: str
    path: str
    body: bytes | None = None
    stream: bool = False
    timeout: float | None = None
    deadline: float | None = None

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the body, in hex: what a record may keep of it."""
        return hashlib.sha256(self.body or b"").hexdigest()

    @property
    def endpoint(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is empty for a stream whose pieces are still to come."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def of_sandbox(self) -> bool:
        """Whether the local Skytells gave it, which bills nothing."""
        return "x-skytells-sandbox" in self.headers


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error body says, whatever its shape."""

    message: str | None = None
    error_id: str | None = None
    request_id: str | None = None
    details: object = field(default=None, repr=False)


def decipher(answer: Answer, request: Request) -> Any:
    """Give the JSON of a success (None for an empty one) or raise the one error that the answer means."""
    if 200 <= answer.status < 300:
        if not answer.body:
            return None
        body = _parsed(answer.body)
        if body is _NOT_JSON:
            raise _not_json(answer, request)
        if type(body) is dict and _is_refusal(body):
            raise error_of(answer, request)
        return body
    raise error_of(answer, request)


def streams(status: int, headers: Mapping[str, str]) -> bool:
    """Say whether an answer comes as a stream of events; JSON and HTML do not, whatever was asked for."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return 200 <= status < 300 and kind not in ("application/json", "text/html")


def _is_refusal(body: dict[str, Any]) -> bool:
    """Say whether a body of 2xx tells an error; one that names a thing (a queued job with `status: false`) does not."""
    if text(body.get("id")) or any(body.get(name) is not None for name in ("choices", "data", "output")):
        return False
    return body.get("status") is False or bool(record(body.get("error"))) or text(body.get("error_id")) is not None


_NOT_JSON = object()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOT_JSON


def read_problem(body: object) -> Problem:
    """Read an error body of any shape."""
    outer = record(body)
    inner = record(outer.get("error"))
    said = (inner.get("message"), outer.get("message"), outer.get("error"), outer.get("response"))
    ids = (inner.get("error_id"), outer.get("error_id"), inner.get("code"))
    error_id = next((found for found in map(text, ids) if found), None)
    return Problem(
        message=next((found for found in map(text, said) if found), None),
        error_id=plain(error_id, 60).upper() if error_id else None,
        request_id=text(inner.get("request_id")) or text(outer.get("request_id")),
        details=inner.get("details") if inner.get("details") is not None else outer.get("details"),
    )


def error_of(answer: Answer, request: Request) -> SkytellsError:
    """Make the one error that an answer means; a key that it repeats is taken out."""
    said = without_secrets(answer.body.decode("utf-8", "replace")).encode()
    answer = replace(answer, body=said)
    body = _parsed(said) if said else {}
    if body is _NOT_JSON:
        return _not_json(answer, request)
    if answer.status < 300:
        answer = replace(answer, status=_told_status(body) or answer.status)
    return error_from(read_problem(body), answer, request, body)


def _told_status(body: object) -> int | None:
    inner = record(record(body).get("error"))
    told = count(inner.get("http_status")) or count(inner.get("status"))
    return told if told is not None and 400 <= told < 600 else None


def error_from(problem: Problem, answer: Answer, request: Request, body: object) -> SkytellsError:
    """Choose the class by the error id, then by the status."""
    status = answer.status
    request_id = problem.request_id or answer.headers.get("x-request-id")
    facts: dict[str, Any] = {
        "error_id": problem.error_id,
        "status": status,
        "request_id": plain(request_id, 80) if request_id else None,
        "body": body,
    }
    said = plain(problem.message or f"the service answered {status} without a reason").rstrip(".")
    word = problem.error_id or ""
    kind = _BY_WORD.get(word) or _BY_STATUS.get(status)
    if kind is OutOfCreditsError:
        return OutOfCreditsError(
            f"The account has no credits for this: {said}.", "Top up in the Skytells console.", **facts
        )
    if kind is KeyRejectedError:
        return KeyRejectedError(
            f"The service did not accept the key: {said}.", "Check it, or store another with %skytells_login.", **facts
        )
    if kind is ContentBlockedError:
        return ContentBlockedError(
            f"The safety layer blocked this: {said}.", "Change the prompt; nothing ran.", **facts
        )
    wait = retry_after(answer.headers)
    if kind is RateLimitError:
        return _too_many(said, wait, facts)
    if status >= 500 or status == 408:
        ran = _may_have_run(request, status, wait)
        fix = look_first(request) if ran else "Try again in a while."
        return ServiceError(f"The service is in trouble: {said}.", fix, may_have_run=ran, retry_after=wait, **facts)
    if 300 <= status < 400:
        return ServiceError(
            "The service sent a redirect, which is not followed with the key.", "Check the address.", **facts
        )
    return RefusedError(f"The service refused the request: {said}.", "Nothing ran and nothing was billed.", **facts)


def _too_many(said: str, wait: float | None, facts: Mapping[str, Any]) -> RateLimitError:
    when = f"Try again in {wait:g} seconds." if wait is not None else "Wait a little and try again."
    return RateLimitError(f"Too many requests: {said}.", when, retry_after=wait, **facts)


def _may_have_run(request: Request, status: int, wait: float | None) -> bool:
    """Say whether a request may have been carried out; a gateway's 408 tells that it gave up, not that nothing ran."""
    turned_away = (300 <= status < 500 and status != 408) or (status == 503 and wait is not None)
    return request.method == "POST" and not turned_away


_BY_WORD: Mapping[str, type[RefusedError]] = {
    **dict.fromkeys(("INSUFFICIENT_CREDITS", "PAYMENT_REQUIRED"), OutOfCreditsError),
    **dict.fromkeys(("UNAUTHORIZED", "FORBIDDEN", "ACCOUNT_SUSPENDED", "INVALID_API_KEY"), KeyRejectedError),
    **dict.fromkeys(("CONTENT_POLICY_VIOLATION", "SECURITY_VIOLATION", "CONTENT_FILTER"), ContentBlockedError),
    **dict.fromkeys(("RATE_LIMIT_EXCEEDED", "RATE_LIMITED", "INFERENCE_RATE_LIMITED"), RateLimitError),
}
_BY_STATUS: Mapping[int, type[RefusedError]] = {
    401: KeyRejectedError,
    402: OutOfCreditsError,
    403: KeyRejectedError,
    429: RateLimitError,
    451: ContentBlockedError,
}


def _not_json(answer: Answer, request: Request) -> SkytellsError:
    kind = plain(answer.headers.get("content-type") or "unknown content", 60)
    kind = "JSON that is broken or cut" if kind.startswith("application/json") else f"{kind} instead of JSON"
    said, wait = f"the service answered {answer.status} with {kind}", retry_after(answer.headers)
    facts = {"status": answer.status, "body": without_secrets(answer.body[:10_000].decode("utf-8", "replace"))}
    if answer.status == 429:
        return _too_many(said, wait, facts)
    ran = _may_have_run(request, answer.status, wait)
    fix = look_first(request) if ran else "Check the address, or try again."
    return ServiceError(f"T{said[1:]}.", fix, may_have_run=ran, retry_after=wait, **facts)


def look_first(request: Request) -> str:
    """Say how to find out whether a request was carried out, before it is repeated and paid for twice."""
    if request.endpoint == "POST /predictions":
        return "The job may have run all the same: look at sky.Client().predictions() before you repeat it."
    return "It may have run and been billed all the same: the usage page of the Skytells console tells."


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After as seconds; a date is compared with the answer's own; None where neither can be read."""
    told = headers.get("retry-after", "")
    try:
        wait = float(told)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(told) - parsedate_to_datetime(headers["date"])).total_seconds()
        except (ValueError, TypeError, KeyError, OverflowError):
            return None
    return wait if 0 <= wait < float("inf") else None
