"""A chat completion on the wire: the reply and its chunks, two ways to write the same answer.

Keys, their order and their types are those of the platform's own printed reply, with the safety fields it adds
to OpenAI's.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from . import logprobs, safety
from .inference import label
from .streaming import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .inference import Answer, Completion

Json = dict[str, Any]


def reply(completion: Completion, *, top: int | None) -> Json:
    """Return the completion as the reply to a plain request, with log probabilities unless `top` is None."""
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "system_fingerprint": _fingerprint(completion.model),
        "choices": [
            {
                "index": index,
                "logprobs": _logprobs(answer, answer.pieces, top),
                "finish_reason": answer.reason,
                "message": _message(completion, index, answer),
                "content_filter_results": safety.answer(blocked=answer.reason == "content_filter"),
            }
            for index, answer in enumerate(completion.answers)
        ],
        "prompt_filter_results": _prompt_filters(),
        "usage": usage(completion),
    }


def chunks(completion: Completion, *, include_usage: bool, top: int | None) -> Iterator[Event]:
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
    yield Event(head | {"choices": [], "prompt_filter_results": _prompt_filters()} | tail)
    for index, answer in enumerate(completion.answers):
        content = None if answer.calls or answer.refused else ""
        role = _delta(index, {"role": "assistant", "content": content, "refusal": None})
        yield Event(head | {"choices": [role]} | tail)
        for piece in answer.thoughts:
            yield Event(head | {"choices": [_delta(index, {"reasoning_content": piece})]} | tail, speaks=True)
        for piece in answer.pieces:
            said = _delta(index, {"refusal" if answer.refused else "content": piece})
            said["logprobs"] = _logprobs(answer, (piece,), top)
            yield Event(head | {"choices": [said]} | tail, speaks=True)
        for delta in _call_deltas(completion, index, answer):
            yield Event(head | {"choices": [_delta(index, delta)]} | tail, speaks=True)
        last = _delta(index, {}) | {
            "finish_reason": answer.reason,
            "content_filter_results": safety.answer(blocked=answer.reason == "content_filter"),
        }
        yield Event(head | {"choices": [last]} | tail, ends=True)
    if include_usage:
        yield Event(head | {"choices": [], "usage": usage(completion)})


def usage(completion: Completion) -> Json:
    """Return the tokens of a completion, with both detail objects."""
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        "completion_tokens_details": {
            "reasoning_tokens": completion.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    }


def _message(completion: Completion, index: int, answer: Answer) -> Json:
    message: Json = {
        "role": "assistant",
        "content": None if answer.calls or answer.refused else answer.text,
        "annotations": [],
        "refusal": answer.text if answer.refused else None,
    }
    if answer.thoughts:
        message["reasoning_content"] = "".join(answer.thoughts)
    if answer.calls:
        message["tool_calls"] = [
            {
                "id": label("call", completion.id, index, number),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for number, call in enumerate(answer.calls)
        ]
    return message


def _call_deltas(completion: Completion, index: int, answer: Answer) -> Iterator[Json]:
    """Name each call, then spell its arguments; the call's number holds the fragments together."""
    for number, call in enumerate(answer.calls):
        opening = {
            "index": number,
            "id": label("call", completion.id, index, number),
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        yield {"tool_calls": [opening]}
        for fragment in call.fragments:
            yield {"tool_calls": [{"index": number, "function": {"arguments": fragment}}]}


def _logprobs(answer: Answer, pieces: Iterable[str], top: int | None) -> Json | None:
    if top is None:
        return None
    listed = [logprobs.of(piece, top) for piece in pieces]
    return {"content": None, "refusal": listed} if answer.refused else {"content": listed, "refusal": None}


def _delta(index: int, delta: Json) -> Json:
    return {
        "index": index,
        "delta": delta,
        "logprobs": None,
        "finish_reason": None,
        "content_filter_results": {},
    }


def _fingerprint(model: str) -> str:
    return f"fp_sandbox_{hashlib.sha256(model.encode()).hexdigest()[:10]}"


def _prompt_filters() -> list[Json]:
    return [{"prompt_index": 0, "content_filter_results": safety.prompt()}]
