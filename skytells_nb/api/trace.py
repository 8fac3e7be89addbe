"""What is known of one call while it goes on, and the record that is made of it.

A trace is begun when a call is about to be sent, or taken up again where an earlier wait for the same job left off. It
counts tries and time; `ended` and `failed` give the `Call` that observers are told.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ..errors import InputError, NetworkError, RefusedError, ServiceError, SetupError, SkytellsError, plain
from ..keys import without_secrets
from . import wire
from .prices.quotes import NO_QUOTE, Quote
from .record import Call, CallStatus, Charge
from .retry import RetryPolicy


@dataclass(slots=True)
class Trace:
    """What is known of a call while it goes on."""

    call: Call
    clock: Callable[[], float] = time.monotonic
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    attempts: int = 0
    waited: float = 0.0
    sent: float | None = None
    ttft: float | None = None
    headers: Any = None
    status: int | None = None
    sandbox: bool = False
    values: Mapping[str, Any] | None = None
    asked: tuple[Mapping[str, Any], ...] = ()
    address: str = ""
    bytes: int = 0
    begun: float | None = None

    def __post_init__(self) -> None:
        if self.begun is None:
            self.begun = self.clock()

    def begin_try(self) -> None:
        """Note that the request is about to leave, for the first time or again."""
        self.attempts += 1
        self.sent = self.clock()

    def note(self, answer: wire.Answer) -> None:
        """Note how large an answer is, and what it says of who answers."""
        self.bytes += len(answer.body)
        self.sandbox = self.sandbox or answer.of_sandbox

    @classmethod
    def resumed(cls, call: Call, policy: RetryPolicy, address: str) -> Trace:
        """Take up a call that was begun earlier, with its tries, its waits and the time that has passed since."""
        age = max(0.0, (datetime.now(UTC) - call.started_at).total_seconds())  # a clock may have jumped back
        sent = time.monotonic() - age
        trace = cls(call, policy=policy, attempts=call.attempts, waited=call.waited, sent=sent, address=address)
        trace.begun, trace.bytes = sent, call.bytes or 0
        return trace

    def ended(self, status: CallStatus, **more: Any) -> Call:
        """Give the call as it stands now."""
        headers = self.headers or {}
        more = {name: without_secrets(value) if isinstance(value, str) else value for name, value in more.items()}
        request_id = headers.get("x-request-id")
        now = self.clock()
        seconds = None if status == "running" or self.sent is None else now - self.sent
        passed = timedelta(seconds=max(0.0, now - (now if self.begun is None else self.begun)))
        return replace(
            self.call,
            status=status,
            finished_at=None if status == "running" else self.call.started_at + passed,
            seconds=seconds,
            ttft=self.ttft,
            tokens_per_second=_rate(more.get("completion_tokens"), seconds, self.ttft),
            bytes=self.bytes if self.bytes or self.status else None,
            attempts=self.attempts,
            waited=self.waited,
            **{
                "http_status": self.status or self.call.http_status,
                "request_id": plain(request_id, 80) if request_id else self.call.request_id,
                "sandbox": self.call.sandbox or self.sandbox or "x-skytells-sandbox" in headers,
                **more,
            },
        )

    def failed(self, error: BaseException) -> Call:
        """Give the call as an error left it."""
        if not isinstance(error, Exception):
            return self.ended("interrupted" if self.attempts else "refused", **({} if self.attempts else _NOTHING_RAN))
        facts: dict[str, Any] = {"error_id": getattr(error, "error_id", None) or type(error).__name__}
        if isinstance(error, SkytellsError) and error.status:
            facts |= {"http_status": error.status, "request_id": error.request_id}
        if not self.attempts or _certainly_did_not_run(error):
            return self.ended("refused", **_NOTHING_RAN, **facts)
        return self.ended("failed", **facts)


_SHORTEST = 0.001
"""Seconds from the first piece to the end: over less, a rate would say nothing."""


def _rate(tokens: int | None, seconds: float | None, ttft: float | None) -> float | None:
    """Give tokens a second, from the first piece on."""
    wrote = None if seconds is None else seconds - (ttft or 0.0)
    return tokens / wrote if tokens and wrote is not None and wrote >= _SHORTEST else None


_NOTHING_RAN = {"charge": Charge(Decimal(0), source="priced", reason="nothing ran")}


def _certainly_did_not_run(error: Exception) -> bool:
    if isinstance(error, NetworkError | ServiceError):
        return not error.may_have_run
    return isinstance(error, RefusedError | InputError | SetupError)


def new_call(
    api: Any,
    request: wire.Request,
    model: str,
    *,
    sandbox: bool,
    tag: str | None,
    prompt: str | None = None,
    quote: Quote = NO_QUOTE,
) -> Call:
    """Make the record of a call that is about to be sent; ids sort by time, so a file of them only grows.

    A key in its tag or its model's name does not get there.
    """
    return Call(
        id=f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}",
        api=api,
        endpoint=request.endpoint,
        model=without_secrets(model),
        started_at=datetime.now(UTC),
        fingerprint=request.fingerprint,
        stream=request.stream,
        sandbox=sandbox,
        tag=None if tag is None else without_secrets(tag),
        quoted=quote.high,
        quoted_low=quote.low,
        quoted_currency=quote.currency,
        prompt=prompt,
    )
