"""What the API says, as plain frozen values.

Each value is read from JSON by a tolerant `from_json`: unknown keys stay in `raw`, missing ones become None, words that
this version does not know never raise. Values hold no client and no file; two are equal when what they say is equal
(`raw` and the record of the call do not count).

Sources: the Prediction and ChatCompletion objects of Skytells' "The Two APIs" page; where the API's own descriptions
contradict each other, both forms are read.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ..schema.fields import Field, read_fields
from .reading import Json, content_text, count, items, mended, moment, money, record, seconds, strings, text
from .record import Call
from .shown import Shown, brief


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, under one set of names for chat and responses; None where the API did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Usage | None:
        """Read the API's `usage` object; None where there was none."""
        raw = record(body)
        if not raw:
            return None
        completion = record(raw.get("completion_tokens_details") or raw.get("output_tokens_details"))
        prompt = record(raw.get("prompt_tokens_details") or raw.get("input_tokens_details"))
        return cls(
            prompt_tokens=count(raw.get("prompt_tokens", raw.get("input_tokens"))),
            completion_tokens=count(raw.get("completion_tokens", raw.get("output_tokens"))),
            total_tokens=count(raw.get("total_tokens")),
            reasoning_tokens=count(completion.get("reasoning_tokens")),
            cached_tokens=count(prompt.get("cached_tokens")),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Filters:
    """What the safety layer said: the categories it blocked, in the prompt and in the answer."""

    prompt: tuple[str, ...] = ()
    completion: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.prompt or self.completion)

    @classmethod
    def from_json(cls, prompt_results: object, completion_results: object) -> Filters:
        """Read `prompt_filter_results` and a choice's `content_filter_results`."""
        prompts = [record(record(item).get("content_filter_results")) for item in items(prompt_results)]
        return cls(
            prompt=tuple(name for results in prompts for name in _blocked(results)),
            completion=tuple(_blocked(record(completion_results))),
        )


def _blocked(results: Json) -> list[str]:
    return [name for name, result in results.items() if record(result).get("filtered") is True]


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streamed answer: `text` is what it adds; `raw` is the whole chunk."""

    text: str
    raw: Json = field(repr=False, compare=False)
    index: int = 0

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended, on the piece that ends it."""
        return next((text(record(c).get("finish_reason")) for c in items(self.raw.get("choices"))), None)


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Shown):
    """A whole answer of a text model. `complete` is false for one that was interrupted or broke off."""

    id: str = ""
    model: str = ""
    text: str = ""
    refusal: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    filters: Filters = Filters()
    complete: bool = True
    tool_calls: tuple[Json, ...] = ()
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    call: Call | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Reply:
        """Read a ChatCompletion object; `text` is the first choice's."""
        raw = record(body)
        choice = record(next(iter(items(raw.get("choices"))), None))
        message = record(choice.get("message"))
        return cls(
            id=text(raw.get("id")) or "",
            model=text(raw.get("model")) or "",
            text=mended(content_text(message.get("content"))),
            refusal=text(message.get("refusal")),
            finish_reason=text(choice.get("finish_reason")),
            usage=Usage.from_json(raw.get("usage")),
            filters=Filters.from_json(raw.get("prompt_filter_results"), choice.get("content_filter_results")),
            tool_calls=tuple(record(item) for item in items(message.get("tool_calls"))),
            raw=raw,
        )

    @property
    def cost(self) -> Decimal | None:
        """What it cost in USD; None where that is not known (`call.charge` says why)."""
        return self.call.charge.amount if self.call else None

    @property
    def seconds(self) -> float | None:
        """From the request's leaving to the answer's end."""
        return self.call.seconds if self.call else None

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return brief("Reply", id=self.id, model=self.model, text=self.text, finish=self.finish_reason, cost=self.cost)


class Status(enum.StrEnum):
    """Where a prediction stands. Words that are not known count as running."""

    QUEUED = "queued"
    RUNNING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        """Whether the prediction will not change any more."""
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELED)

    @classmethod
    def read(cls, value: object) -> Status:
        """Read the API's word: both spellings of canceled; `false`, pending and queued are queued; others run."""
        word = value.lower() if isinstance(value, str) else value
        return _STATUS_WORDS.get(word, cls.RUNNING) if isinstance(word, str | bool) else cls.RUNNING


_STATUS_WORDS: Mapping[str | bool, Status] = {
    False: Status.QUEUED,
    "queued": Status.QUEUED,
    "pending": Status.QUEUED,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.CANCELED,
    "cancelled": Status.CANCELED,
}


@dataclass(frozen=True, slots=True, repr=False)
class Prediction(Shown):
    """A job on a media model, as the API last described it.

    `output` holds the links or texts that came back, flattened to a tuple of strings (`raw` has the form they had);
    `error` is the failure's message; times are seconds; `credits_used` is USD (1 credit is 1 USD).
    """

    id: str
    status: Status
    model: str = ""
    type: str = ""
    input: Json = field(default_factory=dict)
    output: tuple[str, ...] = ()
    error: str | None = None
    error_id: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float | None = None
    predict_time: float | None = None
    total_time: float | None = None
    credits_used: Decimal | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    call: Call | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Prediction:
        """Read a Prediction object in any of its documented variants."""
        raw = record(body)
        model = raw.get("model")
        metrics, metadata = record(raw.get("metrics")), record(raw.get("metadata"))
        problem = raw.get("error")
        status = Status.read(raw.get("status"))
        return cls(
            id=text(raw.get("id")) or "",
            status=status,
            model=text(record(model).get("name")) or text(model) or "",
            type=text(record(model).get("type")) or "",
            input=record(raw.get("input")),
            output=tuple(strings(raw.get("output"))),
            error=_failure(raw, problem) if status is Status.FAILED else None,
            error_id=text(raw.get("error_id")) or text(record(problem).get("error_id")),
            created_at=moment(raw.get("created_at")),
            started_at=moment(raw.get("started_at")),
            completed_at=moment(raw.get("completed_at")),
            progress=seconds(metrics.get("progress")),
            predict_time=seconds(metrics.get("predict_time")),
            total_time=seconds(metrics.get("total_time")),
            credits_used=money(record(metadata.get("billing")).get("credits_used")),
            raw=raw,
        )

    @property
    def files(self) -> tuple[str, ...]:
        """The outputs that are links."""
        return tuple(item for item in self.output if item.startswith(("https://", "http://")))

    @property
    def text(self) -> str:
        """The outputs that are no links, joined."""
        return "".join(item for item in self.output if not item.startswith(("https://", "http://")))

    @property
    def cost(self) -> Decimal | None:
        """What it cost in USD; None where that is not known (`call.charge` says why)."""
        return self.call.charge.amount if self.call else None

    @property
    def seconds(self) -> float | None:
        """From the request's leaving to the result's arrival."""
        return self.call.seconds if self.call else None

    def __repr__(self) -> str:
        facts = {"id": self.id, "model": self.model, "status": str(self.status), "cost": self.cost}
        return brief("Prediction", **facts, files=len(self.files) or None, error=self.error)


def _failure(raw: Json, problem: object) -> str | None:
    candidates = (record(problem).get("message"), problem, raw.get("error_message"), raw.get("response"))
    return next((found for found in map(text, candidates) if found), None)


@dataclass(frozen=True, slots=True, repr=False)
class Model(Shown):
    """A model of the catalogue; `slug` is what requests call it (its `namespace`)."""

    slug: str
    name: str = ""
    type: str = ""
    description: str = ""
    vendor: str = ""
    status: str = ""
    capabilities: tuple[str, ...] = ()
    pricing: Json = field(default_factory=dict)
    input_schema: Json = field(default_factory=dict, repr=False)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Model:
        """Read a Model object."""
        raw = record(body)
        slug = text(raw.get("namespace")) or text(raw.get("slug")) or text(raw.get("name")) or ""
        return cls(
            slug=slug,
            name=text(raw.get("name")) or slug,
            type=text(raw.get("type")) or "",
            description=text(raw.get("description")) or "",
            vendor=text(record(raw.get("vendor")).get("name")) or "",
            status=text(raw.get("status")) or "",
            capabilities=tuple(word for word in items(raw.get("capabilities")) if isinstance(word, str)),
            pricing=record(raw.get("pricing")),
            input_schema=record(raw.get("input_schema")),
            raw=raw,
        )

    @property
    def fields(self) -> tuple[Field, ...]:
        """The model's inputs, in the order in which a person should meet them."""
        return read_fields(self.input_schema)

    @property
    def speaks_chat(self) -> bool:
        """Whether it is used by chat rather than by predictions."""
        return record(self.raw.get("metadata")).get("openai_compatible") is True or self.type == "text"

    def __repr__(self) -> str:
        return brief("Model", slug=self.slug, type=self.type, vendor=self.vendor, status=self.status)
