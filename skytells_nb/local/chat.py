"""A chat completion: the request checked, the answer worked out, the reply and its chunks written.

Everything here is pure. A request becomes a frozen `ChatRequest` or a `Refusal`; the request and nothing else
decides the answer; the reply and the chunks of a stream are two ways to write the same answer. Keys, their
order and their types are those of the platform's own printed reply, with the safety fields it adds to
OpenAI's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from . import answers, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .chat_request import ChatRequest

FILTER_WORD = "FILTERED"
_FILTERED_PIECES = 12
_IMAGE_TOKENS = 85
_SEVERITIES = ("hate", "self_harm", "sexual", "violence")

FinishReason = Literal["stop", "length", "content_filter"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: its pieces and why it ends."""

    pieces: tuple[str, ...]
    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer to a request, and how many tokens it is billed for."""

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    prompt_tokens: int
    completion_tokens: int


def complete(request: ChatRequest, *, completion_id: str, created: int) -> Completion:
    """Work out the answer; it depends on the request only, the id and the time are labels."""
    choices = tuple(_choice(request, index) for index in range(request.n))
    spoken = sum(tokens.count(message.text) + _IMAGE_TOKENS * message.images + 3 for message in request.messages)
    return Completion(
        id=completion_id,
        created=created,
        model=request.model.namespace,
        choices=choices,
        prompt_tokens=spoken + 3,
        completion_tokens=sum(len(choice.pieces) for choice in choices),
    )


def reply(completion: Completion) -> Json:
    """Return the completion as the reply to a plain request."""
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "system_fingerprint": _fingerprint(completion.model),
        "choices": [
            {
                "index": index,
                "logprobs": None,
                "finish_reason": choice.reason,
                "message": {
                    "role": "assistant",
                    "content": "".join(choice.pieces),
                    "annotations": [],
                    "refusal": None,
                },
                "content_filter_results": _output_filters(blocked=choice.reason == "content_filter"),
            }
            for index, choice in enumerate(completion.choices)
        ],
        "prompt_filter_results": _prompt_filters(),
        "usage": usage(completion),
    }


def chunks(completion: Completion, *, include_usage: bool) -> Iterator[Json]:
    """Write the completion as chunks: the prompt's filters, a role, the pieces, an end, the usage."""
    head = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "system_fingerprint": _fingerprint(completion.model),
    }
    # Asked for usage, the service prints the key on every chunk and fills it on the last.
    tail: Json = {"usage": None} if include_usage else {}
    yield head | {"choices": [], "prompt_filter_results": _prompt_filters()} | tail
    for index, choice in enumerate(completion.choices):
        yield (head | {"choices": [_delta(index, {"role": "assistant", "content": "", "refusal": None})]} | tail)
        for piece in choice.pieces:
            yield head | {"choices": [_delta(index, {"content": piece})]} | tail
        last = _delta(index, {}) | {
            "finish_reason": choice.reason,
            "content_filter_results": _output_filters(blocked=choice.reason == "content_filter"),
        }
        yield head | {"choices": [last]} | tail
    if include_usage:
        yield head | {"choices": [], "usage": usage(completion)}


def usage(completion: Completion) -> Json:
    """Return the tokens of a completion, with both detail objects."""
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    }


def _choice(request: ChatRequest, index: int) -> Choice:
    conversation = answers.Conversation(
        model=request.model.namespace,
        system=" ".join(m.text for m in request.messages if m.role in {"system", "developer"}).strip(),
        questions=tuple(m.text for m in request.messages if m.role == "user"),
        images=next((m.images for m in reversed(request.messages) if m.role == "user"), 0),
        # The other turns, the seed and the choice's number make another answer to the same question.
        variant=repr((request.seed, index, [m for m in request.messages if m.role not in {"system", "user"}])),
    )
    written = tokens.cut(answers.answer(conversation, as_json=request.as_json), request.max_tokens, request.stop)
    if FILTER_WORD in conversation.question:
        return Choice(written.pieces[:_FILTERED_PIECES], "content_filter")
    return Choice(written.pieces, written.reason)


def _delta(index: int, delta: Json) -> Json:
    return {
        "index": index,
        "delta": delta,
        "logprobs": None,
        "finish_reason": None,
        "content_filter_results": {},
    }


def _fingerprint(model: str) -> str:
    return f"fp_{hashlib.sha256(model.encode()).hexdigest()[:10]}"


def _severities(*, violent: bool = False) -> Json:
    results: Json = {name: {"filtered": False, "severity": "safe"} for name in _SEVERITIES}
    return results | ({"violence": {"filtered": True, "severity": "medium"}} if violent else {})


def _output_filters(*, blocked: bool) -> Json:
    return _severities(violent=blocked) | {
        "protected_material_code": {"filtered": False, "detected": False},
        "protected_material_text": {"filtered": False, "detected": False},
    }


def _prompt_filters() -> list[Json]:
    results = _severities() | {"jailbreak": {"filtered": False, "detected": False}}
    return [{"prompt_index": 0, "content_filter_results": results}]
