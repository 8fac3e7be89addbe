"""What the text models say: answers, whole or in pieces, the tokens they used, and what the safety layer blocked.

One set of names for `/chat/completions` and `/responses`: a `Reply` reads the objects of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..reading import Json, content_text, count, items, mended, record, text, thought
from ..record import Call
from ..shown import Shown, brief


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, under one set of names for chat and responses; None where the API did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    audio_tokens: int | None = None
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
            audio_tokens=_both(count(prompt.get("audio_tokens")), count(completion.get("audio_tokens"))),
            raw=raw,
        )


def _both(read: int | None, written: int | None) -> int | None:
    """Add the counts of both directions; None where neither is known."""
    return None if read is None and written is None else (read or 0) + (written or 0)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the safety layer said: the categories it blocked, in the prompt and in the answer."""

    prompt: tuple[str, ...] = ()
    completion: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.prompt or self.completion)

    @classmethod
    def from_json(cls, prompt_results: object, completion_results: object) -> Filters:
        """Read chat's `prompt_filter_results` and a choice's `content_filter_results`."""
        prompts = [record(record(item).get("content_filter_results")) for item in items(prompt_results)]
        return cls(
            prompt=tuple(name for results in prompts for name in _blocked(results)),
            completion=tuple(_blocked(record(completion_results))),
        )

    @classmethod
    def from_response(cls, content_filters: object) -> Filters:
        """Read the `content_filters` of a response; what is blocked without a category is called "blocked"."""
        found: dict[str, list[str]] = {"prompt": [], "completion": []}
        for item in map(record, items(content_filters)):
            names = _blocked(record(item.get("content_filter_results")))
            place = "prompt" if item.get("source_type") == "prompt" else "completion"
            found[place] += names or (["blocked"] if item.get("blocked") is True else [])
        return cls(prompt=tuple(found["prompt"]), completion=tuple(found["completion"]))


def _blocked(results: Json) -> list[str]:
    return [name for name, result in results.items() if record(result).get("filtered") is True]


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streamed answer: what it adds to choice `index`; `raw` is the whole chunk or event.

    `tool_calls` are fragments as they came; the stream's `reply` has them joined. `reasoning` is what the model thinks
    before it answers; a piece of that alone adds nothing to the answer, and is false.
    """

    text: str
    raw: Json = field(repr=False, compare=False)
    index: int = 0
    refusal: str = ""
    tool_calls: tuple[Json, ...] = ()
    reasoning: str = ""

    @property
    def finish_reason(self) -> str | None:
        """Why the choice ended, on the piece that ends it (of chat; a response says so in its last event)."""
        choices = [record(choice) for choice in items(self.raw.get("choices"))]
        mine = (choice for choice in choices if (count(choice.get("index")) or 0) == self.index)
        return next((text(choice.get("finish_reason")) for choice in mine), None)

    def __bool__(self) -> bool:
        return bool(self.text or self.refusal or self.tool_calls)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to a prompt; `filters` says what was blocked in it, `reasoning` what led to it."""

    text: str = ""
    refusal: str | None = None
    finish_reason: str | None = None
    filters: tuple[str, ...] = ()
    tool_calls: tuple[Json, ...] = ()
    index: int = 0
    reasoning: str = ""

    @classmethod
    def from_json(cls, body: object) -> Choice:
        """Read a choice of a ChatCompletion."""
        raw = record(body)
        message = record(raw.get("message"))
        return cls(
            text=mended(content_text(message.get("content"))),
            refusal=text(message.get("refusal")),
            finish_reason=text(raw.get("finish_reason")),
            filters=tuple(_blocked(record(raw.get("content_filter_results")))),
            tool_calls=tuple(call for item in items(message.get("tool_calls")) if (call := record(item))),
            index=count(raw.get("index")) or 0,
            reasoning=mended(thought(message)),
        )


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Shown):
    """A whole answer of a text model. `complete` is false for one that was interrupted or broke off.

    `text` and its neighbours are the first choice's; `choices` has all, where several were asked for (`n`).
    `tool_calls` have chat's form: {"id", "type", "function": {"name", "arguments"}}, arguments as JSON text. `asked`
    is what was sent, as messages: `respond(previous=…)` repeats it where the service does not remember it. `reasoning`
    is what the model let see of its thinking, "" for nothing; it is no part of the answer, and is never sent again.
    """

    id: str = ""
    model: str = ""
    text: str = ""
    refusal: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    filters: Filters = Filters()
    complete: bool = True
    tool_calls: tuple[Json, ...] = ()
    others: tuple[Choice, ...] = ()
    reasoning: str = ""
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    call: Call | None = field(default=None, repr=False, compare=False)
    asked: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Reply:
        """Read a ChatCompletion object."""
        raw = record(body)
        choices = sorted(map(Choice.from_json, items(raw.get("choices"))), key=lambda choice: choice.index)
        usage, prompt = Usage.from_json(raw.get("usage")), Filters.from_json(raw.get("prompt_filter_results"), None)
        return cls.of_choices(choices, raw, usage=usage, prompt_filters=prompt.prompt)

    @classmethod
    def of_choices(
        cls,
        choices: Sequence[Choice],
        raw: Json,
        *,
        usage: Usage | None,
        prompt_filters: tuple[str, ...],
        complete: bool = True,
    ) -> Reply:
        """Put an answer together from its choices; `raw` names its id and model."""
        first, *others = choices or [Choice()]
        return cls(
            id=text(raw.get("id")) or "",
            model=text(raw.get("model")) or "",
            text=first.text,
            refusal=first.refusal,
            finish_reason=first.finish_reason,
            usage=usage,
            filters=Filters(prompt_filters, first.filters),
            complete=complete,
            tool_calls=first.tool_calls,
            others=tuple(others),
            reasoning=first.reasoning,
            raw=raw,
        )

    @classmethod
    def from_response(cls, body: object) -> Reply:
        """Read an object of `/responses`; its text is joined from the parts where `output_text` is absent."""
        raw = record(body)
        output = [record(item) for item in items(raw.get("output"))]
        parts = [record(part) for item in output for part in items(item.get("content"))]
        calls = tuple(called(item) for item in output if item.get("type") == "function_call")
        spoken = "".join(text(part.get("text")) or "" for part in parts if part.get("type") == "output_text")
        return cls(
            id=text(raw.get("id")) or "",
            model=text(raw.get("model")) or "",
            text=mended(text(raw.get("output_text")) or spoken),
            refusal="".join(text(part.get("refusal")) or "" for part in parts) or None,
            finish_reason=_finish_of_response(raw, calls),
            usage=Usage.from_json(raw.get("usage")),
            filters=Filters.from_response(raw.get("content_filters")),
            complete=raw.get("status") not in ("in_progress", "queued", "failed", "cancelled", "canceled"),
            tool_calls=calls,
            reasoning=mended(_reasoning_of_response(output)),
            raw=raw,
        )

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All answers to the prompt, in order; one, unless several were asked for (`n`)."""
        first = Choice(
            self.text,
            self.refusal,
            self.finish_reason,
            self.filters.completion,
            self.tool_calls,
            reasoning=self.reasoning,
        )
        return (first, *self.others)

    @property
    def kept(self) -> bool:
        """Whether the service remembers it by its id, so that a response can follow it."""
        said = self.raw.get("store", "output" in self.raw)  # the lesson's own response does not say, and is kept
        return said is True and bool(self.id)

    @property
    def cost(self) -> Decimal | None:
        """What it cost in USD; None where that is not known (`call.charge` says why)."""
        return self.call.charge.amount if self.call else None

    @property
    def seconds(self) -> float | None:
        """From the request's leaving to the answer's end."""
        return self.call.seconds if self.call else None

    def __str__(self) -> str:
        return self.text or self.refusal or ""

    def __repr__(self) -> str:
        return brief("Reply", id=self.id, model=self.model, text=self.text, finish=self.finish_reason, cost=self.cost)


def called(item: Json) -> Json:
    """Give a `function_call` item of a response the form that chat's tool calls have."""
    function = {"name": text(item.get("name")) or "", "arguments": text(item.get("arguments")) or ""}
    return {"id": text(item.get("call_id")) or text(item.get("id")) or "", "type": "function", "function": function}


def _reasoning_of_response(output: Sequence[Json]) -> str:
    """Join the parts of the `reasoning` items of a response: their summaries or, where there are none, the thoughts."""
    thoughts = [item for item in output if item.get("type") == "reasoning"]
    parts = [map(record, items(item.get("summary")) or items(item.get("content"))) for item in thoughts]
    return "\n\n".join(said for part in parts for one in part if (said := text(one.get("text"))))


_RESPONSE_ENDS: Mapping[str, str] = {"max_output_tokens": "length", "content_filter": "content_filter"}


def _finish_of_response(raw: Json, calls: tuple[Json, ...]) -> str | None:
    """Say why a response ended, in chat's words; an unknown reason stays as it is."""
    if raw.get("status") == "completed":
        return "tool_calls" if calls else "stop"
    reason = text(record(raw.get("incomplete_details")).get("reason"))
    reason = reason or ("incomplete" if raw.get("status") == "incomplete" else None)
    return _RESPONSE_ENDS.get(reason, reason) if reason else None
