"""Requests built and responses deciphered, without I/O.

`decipher` is the one place that looks at an HTTP status: it gives the JSON of a success or raises exactly one error.
The service words its errors in nine shapes (`read_problem` reads all); we branch on `error_id`, in any letter case,
before the status. The raw body is kept on the error.

Sources: the error pages of Skytells' reference ("Prediction API error", "Inference API error") and its SDKs' parsers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from ..errors import (
    ContentBlockedError,
    InputError,
    KeyRejectedError,
    OutOfCreditsError,
    RateLimitError,
    RefusedError,
    ServiceError,
    SkytellsError,
    plain,
    without_secrets,
)
from .reading import record, text

MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out, but for the key: method, path under the API's address, JSON body as bytes.

    `timeout` is seconds between two pieces of the answer; None leaves it to the client.
    """

    method: str
    path: str
    body: bytes | None = None
    stream: bool = False
    timeout: float | None = None

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


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error body says, whatever its shape."""

    message: str | None = None
    error_id: str | None = None
    request_id: str | None = None
    details: object = field(default=None, repr=False)


_written = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def to_bytes(body: Mapping[str, Any]) -> bytes:
    """Write JSON; raises `InputError` for what JSON cannot say (NaN, an object of Python)."""
    try:
        return _written(body).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"An input cannot be written as JSON: {plain(error)}.", "Use text, numbers, lists and dicts."
        ) from error


def messages_of(prompt: str | Sequence[Mapping[str, Any]], system: str | None) -> list[Mapping[str, Any]]:
    """Make chat messages of a prompt (a text, or a list of messages) and a system text."""
    messages: list[Mapping[str, Any]]
    if isinstance(prompt, str):
        messages = [{"role": "user", "content": prompt}]
    elif isinstance(prompt, list | tuple):
        messages = list(prompt)
    else:
        raise InputError(f"The prompt is {plain(type(prompt).__name__)}, not text or messages.", "Give it as text.")
    for position, message in enumerate(messages):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise InputError(f"Message {position} is not a dict with a role.", 'Use {"role": "user", "content": "…"}.')
    last = messages[-1].get("content") if messages else ""
    if isinstance(last, str) and not last.strip() and (not messages or messages[-1]["role"] == "user"):
        raise InputError("The prompt is empty.", "Write a question; nothing was sent.")
    return [{"role": "system", "content": system}, *messages] if system else messages


def chat_request(
    model: str, messages: Sequence[Mapping[str, Any]], params: Mapping[str, Any], *, stream: bool
) -> Request:
    """Build POST /chat/completions; parameters that are None are left out; a stream is asked to end with its usage."""
    body: dict[str, Any] = {"model": model, "messages": messages}
    body |= {name: value for name, value in params.items() if value is not None}
    if stream:
        body["stream"] = True
        body.setdefault("stream_options", {"include_usage": True})
    return Request("POST", "/chat/completions", to_bytes(body), stream=stream)


def without_stream_options(request: Request) -> Request | None:
    """Build the same request without the wish for usage; None where it holds none."""
    body = json.loads(request.body or b"{}")
    if body.pop("stream_options", None) is None:
        return None
    return replace(request, body=to_bytes(body))


def prediction_request(model: str, values: Mapping[str, Any]) -> Request:
    """Build POST /predictions."""
    return Request("POST", "/predictions", to_bytes({"model": model, "input": dict(values)}))


def get_prediction(prediction_id: str) -> Request:
    """Build GET /predictions/{id}."""
    return Request("GET", f"/predictions/{segment(prediction_id)}")


def cancel_prediction(prediction_id: str) -> Request:
    """Build POST /predictions/{id}/cancel."""
    return Request("POST", f"/predictions/{segment(prediction_id)}/cancel")


def get_models() -> Request:
    """Build GET /models, schemas asked for."""
    return Request("GET", "/models?fields=input_schema,output_schema")


def get_model(slug: str, *, singular: bool = False) -> Request:
    """Build GET /models/{slug}, or /model/{slug} as older servers call it."""
    return Request("GET", f"/{'model' if singular else 'models'}/{segment(slug)}?fields=input_schema,output_schema")


def segment(name: str) -> str:
    """Quote one path segment, so that a name can never become a path."""
    if not name or name in (".", ".."):
        raise InputError(f"{name!r} is not a name.", "Give the model's or prediction's name.")
    return quote(name, safe="", errors="replace")


def decipher(answer: Answer, request: Request) -> Any:
    """Give the JSON of a success (None for an empty one) or raise the one error that the answer means."""
    if 200 <= answer.status < 300:
        if not answer.body:
            return None
        body = _parsed(answer.body)
        if body is _NOT_JSON:
            raise _not_json(answer, request)
        return body
    raise error_of(answer, request)


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
    """Make the one error that an answer of 3xx, 4xx or 5xx means; a key that it repeats is taken out."""
    said = without_secrets(answer.body.decode("utf-8", "replace")).encode()
    answer = replace(answer, body=said)
    body = _parsed(said) if said else {}
    if body is _NOT_JSON:
        return _not_json(answer, request)
    return error_from(read_problem(body), answer, request, body)


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
        when = f"Try again in {wait:g} seconds." if wait is not None else "Wait a little and try again."
        return RateLimitError(f"Too many requests: {said}.", when, retry_after=wait, **facts)
    if status >= 500:
        ran = request.method == "POST" and not (status == 503 and wait is not None)
        fix = "The job may have run all the same: look before you repeat it." if ran else "Try again in a while."
        return ServiceError(f"The service is in trouble: {said}.", fix, may_have_run=ran, retry_after=wait, **facts)
    if 300 <= status < 400:
        return ServiceError(
            "The service sent a redirect, which is not followed with the key.", "Check the address.", **facts
        )
    return RefusedError(f"The service refused the request: {said}.", "Nothing ran and nothing was billed.", **facts)


_BY_WORD: Mapping[str, type[RefusedError]] = {
    **dict.fromkeys(("INSUFFICIENT_CREDITS", "PAYMENT_REQUIRED"), OutOfCreditsError),
    **dict.fromkeys(("UNAUTHORIZED", "FORBIDDEN", "ACCOUNT_SUSPENDED", "INVALID_API_KEY"), KeyRejectedError),
    **dict.fromkeys(("CONTENT_POLICY_VIOLATION", "SECURITY_VIOLATION"), ContentBlockedError),
    **dict.fromkeys(("RATE_LIMIT_EXCEEDED", "RATE_LIMITED", "INFERENCE_RATE_LIMITED"), RateLimitError),
}
_BY_STATUS: Mapping[int, type[RefusedError]] = {
    401: KeyRejectedError,
    402: OutOfCreditsError,
    403: KeyRejectedError,
    429: RateLimitError,
    451: ContentBlockedError,
}


def _not_json(answer: Answer, request: Request) -> ServiceError:
    kind = plain(answer.headers.get("content-type") or "unknown content", 60)
    kind = "JSON that is broken or cut" if kind.startswith("application/json") else f"{kind} instead of JSON"
    ran = request.method == "POST" and (answer.status < 300 or answer.status >= 500)
    return ServiceError(
        f"The service answered {answer.status} with {kind}.",
        "The job may have run all the same: look before you repeat it." if ran else "Check the address, or try again.",
        status=answer.status,
        may_have_run=ran,
        body=answer.body[:10_000].decode("utf-8", "replace"),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds; None where there is none or it is no number (the service sends whole seconds)."""
    try:
        wait = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return wait if 0 <= wait < float("inf") else None
