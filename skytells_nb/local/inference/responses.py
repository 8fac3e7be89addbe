"""A response on the wire: the reply object, and the events that build it up in a stream.

The first keys and their order are those of the platform's own printed object; the others follow. A stream repeats
the object where it starts and ends, so both ways end in the same value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import logprobs, responses_items, safety
from .streaming import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..refusals import Refusal
    from .inference import Completion
    from .responses_request import ResponsesRequest

_WHY = {"length": "max_output_tokens", "content_filter": "content_filter"}
_CLOSING = frozenset({"output_text.done", "refusal.done", "function_call_arguments.done"})
Json = dict[str, Any]
Step = tuple[str, Json]


def reply(request: ResponsesRequest, completion: Completion) -> Json:
    """Return the finished response."""
    answer = completion.answers[0]
    why = _WHY.get(answer.reason)
    text = "" if answer.refused else answer.text
    return _object(request, completion, "incomplete" if why else "completed", text) | {
        "output": responses_items.output(completion, top=request.top),
        "usage": usage(completion),
        "incomplete_details": {"reason": why} if why else None,
        "content_filters": _filters(request, completion),
    }


def failed(request: ResponsesRequest, completion: Completion, refusal: Refusal, number: int) -> Event:
    """Return the event that ends a stream whose answer failed, as the event of this number."""
    error = {"code": "server_error", "message": refusal.message}
    value = _object(request, completion, "failed") | {"error": error}
    return _event("failed", number, {"response": value})


def events(request: ResponsesRequest, completion: Completion) -> Iterator[Event]:
    """Write the response as events, numbered from 0: opened, each item built up, and the whole at the end."""
    for number, (kind, data) in enumerate(_steps(request, completion)):
        yield _event(kind, number, data)


def usage(completion: Completion) -> Json:
    """Return the tokens of a response, under this API's names."""
    return {
        "input_tokens": completion.prompt_tokens,
        "output_tokens": completion.completion_tokens,
        "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": completion.reasoning_tokens},
    }


def _steps(request: ResponsesRequest, completion: Completion) -> Iterator[Step]:
    opened = {"response": _object(request, completion, "in_progress")}
    yield "created", opened
    yield "in_progress", opened
    finished = reply(request, completion)
    answer = completion.answers[0]
    if answer.thoughts:
        yield from _reasoning(completion, finished["output"][0])
    if not answer.calls:
        yield from _message(request, completion, len(finished["output"]) - 1, finished["output"][-1])
    for number, item in enumerate(finished["output"] if answer.calls else ()):
        yield from _call(completion, number, item)
    yield str(finished["status"]), {"response": finished}


def _reasoning(completion: Completion, item: Json) -> Iterator[Step]:
    whole = item["summary"][0]
    place = {"output_index": 0, "item_id": item["id"], "summary_index": 0}
    yield "output_item.added", {"output_index": 0, "item": item | {"status": "in_progress", "summary": []}}
    yield "reasoning_summary_part.added", place | {"part": whole | {"text": ""}}
    for piece in completion.answers[0].thoughts:
        yield "reasoning_summary_text.delta", place | {"delta": piece}
    yield "reasoning_summary_text.done", place | {"text": whole["text"]}
    yield "reasoning_summary_part.done", place | {"part": whole}
    yield "output_item.done", {"output_index": 0, "item": item}


def _message(request: ResponsesRequest, completion: Completion, number: int, item: Json) -> Iterator[Step]:
    answer = completion.answers[0]
    name, key = ("refusal", "refusal") if answer.refused else ("output_text", "text")
    place = {"output_index": number, "content_index": 0, "item_id": item["id"]}
    whole = item["content"][0]
    begun = responses_items.message(completion, "in_progress")
    empty = responses_items.part(answer, top=request.top, empty=True)
    yield "output_item.added", {"output_index": number, "item": begun}
    yield "content_part.added", place | {"part": empty}
    for piece in answer.pieces:
        likely = [] if request.top is None else [logprobs.of(piece, request.top)]
        extra = {} if answer.refused else {"logprobs": likely}
        yield f"{name}.delta", place | {"delta": piece} | extra
    extra = {} if answer.refused else {"logprobs": whole["logprobs"]}
    yield f"{name}.done", place | {key: whole[key]} | extra
    yield "content_part.done", place | {"part": whole}
    yield "output_item.done", {"output_index": number, "item": item}


def _call(completion: Completion, number: int, item: Json) -> Iterator[Step]:
    place = {"output_index": number, "item_id": item["id"]}
    begun = responses_items.function_call(completion, number)
    yield "output_item.added", {"output_index": number, "item": begun}
    for fragment in completion.answers[0].calls[number].fragments:
        yield "function_call_arguments.delta", place | {"delta": fragment}
    told = {"name": item["name"], "arguments": item["arguments"]}
    yield "function_call_arguments.done", place | told
    yield "output_item.done", {"output_index": number, "item": item}


def _event(kind: str, number: int, data: Json) -> Event:
    name = f"response.{kind}"
    return Event({"type": name, "sequence_number": number} | data, name, kind.endswith(".delta"), kind in _CLOSING)


def _object(request: ResponsesRequest, completion: Completion, status: str, text: str = "") -> Json:
    """Return the response as it is before its answer, but for the `text` at its top."""
    return {
        "id": completion.id,
        "object": "response",
        "created_at": completion.created,
        "model": completion.model,
        "status": status,
        **({"output_text": text} if request.joined else {}),
        "output": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
        "instructions": request.instructions,
        "previous_response_id": request.previous,
        "store": request.store,
        **request.echoed,
        "content_filters": None,
    }


def _filters(request: ResponsesRequest, completion: Completion) -> list[Json]:
    answer = completion.answers[0]
    blocked = answer.reason == "content_filter"
    return [
        _filter("prompt", safety.prompt(), request.prompt.size, blocked=False),
        _filter("completion", safety.answer(blocked=blocked), len(answer.text), blocked=blocked),
    ]


def _filter(source: str, results: Json, size: int, *, blocked: bool) -> Json:
    return {
        "blocked": blocked,
        "source_type": source,
        "content_filter_raw": [],
        "content_filter_results": results,
        "content_filter_offsets": {"start_offset": 0, "end_offset": size, "check_offset": 0},
    }
