"""What a call took and cost, and the one record that observers receive of it.

A `Charge` knows how it is known: `billed` by the API (1 credit is 1 USD), `priced` by us from usage and the price list,
or `unknown`, and then there is no amount: never 0. A `Call` is told to observers before the request leaves and again,
completed, after it; a job's call is told once more when the service has accepted it, so that its id is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

Api = Literal["chat", "responses", "embeddings", "prediction"]
CostSource = Literal["billed", "priced", "unknown"]
CallStatus = Literal["sent", "running", "succeeded", "failed", "canceled", "interrupted", "refused"]

GOING_ON: tuple[CallStatus, ...] = ("sent", "running")
"""The statuses of calls that have not ended."""
FAILED: tuple[CallStatus, ...] = ("failed", "refused")
"""The statuses that count as errors."""


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount of money and how it is known; `reason` says why it is not, or by which price it is.

    `price` is the price as it was used, in words and exact figures: {"unit", "amount", "quantity", "source"} for one
    rate; {"unit", "prompt", "completion", "cached", "source"} for tokens.
    """

    amount: Decimal | None = None
    currency: str = "USD"
    source: CostSource = "unknown"
    reason: str = ""
    price: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is or may be paid for, as far as it is known.

    `endpoint` is method and path; `fingerprint` the SHA-256 of the request's body; times are aware UTC; `usage` is the
    API's own object. `quoted` is the most that the call could cost, `quoted_low` the least, both in `quoted_currency`,
    as they were known before it was sent. `tokens_per_second` counts completion tokens from the first piece (of an
    answer that did not stream: from the sending) to the end; `bytes` are those of the answers received, media files
    not among them; `media_seconds` and `megapixels` are of what came back, `credits` what the API named. The key is no
    part of it; `prompt` and `output` only where `settings.store_text` is on.
    """

    id: str
    api: Api
    endpoint: str
    model: str
    started_at: datetime
    fingerprint: str
    stream: bool = False
    sandbox: bool = False
    tag: str | None = None
    quoted: Decimal | None = None
    quoted_low: Decimal | None = None
    quoted_currency: str = "USD"
    prompt: str | None = None
    status: CallStatus = "sent"
    finished_at: datetime | None = None
    model_used: str | None = None
    remote_id: str | None = None
    request_id: str | None = None
    http_status: int | None = None
    error_id: str | None = None
    attempts: int = 0
    seconds: float | None = None
    ttft: float | None = None
    waited: float = 0.0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    audio_tokens: int | None = None
    tokens_per_second: float | None = None
    predict_time: float | None = None
    total_time: float | None = None
    outputs: int | None = None
    output: str | None = None
    megapixels: float | None = None
    media_seconds: float | None = None
    bytes: int | None = None
    credits: Decimal | None = None
    charge: Charge = Charge()
    usage: dict[str, Any] | None = None


class Observer(Protocol):
    """Who is told of each call.

    `before` is called when the request is about to leave and may refuse it by raising. `after` always follows, with
    what is known; for a job it comes twice: once accepted (`status` is "running" and `remote_id` is set), and ended.
    """

    def before(self, call: Call, /) -> None:
        """Learn of a call that is about to be sent; raise to refuse it."""

    def after(self, call: Call, /) -> None:
        """Learn what became of it."""
