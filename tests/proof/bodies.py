"""Good answers of the service for every path, and strategies that spoil them in any place, by any JSON value."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

PAINTER: dict[str, Any] = {
    "name": "Painter",
    "namespace": "painter",
    "type": "image",
    "description": "paints",
    "status": "operational",
    "vendor": {"name": "Skytells", "slug": "skytells", "verified": True},
    "capabilities": ["text-to-image"],
    "pricing": {"amount": 0.04, "currency": "USD", "unit": "image", "criterias": [{"operator": "==", "amount": 1}]},
    "metadata": {"openai_compatible": False},
    "input_schema": {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "title": "Prompt", "maxLength": 500, "pattern": "^.*$", "x-order": 0},
            "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
            "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
            "links": {"type": "array", "items": {"type": "string", "format": "uri"}},
        },
    },
}
EMBEDDER = {**PAINTER, "name": "embed", "namespace": "embed", "type": "text", "input_schema": None}
QUEUED: dict[str, Any] = {
    "id": "p-1",
    "status": "queued",
    "type": "inference",
    "model": {"name": "painter", "type": "image"},
    "input": {"prompt": "a fox"},
    "output": None,
    "created_at": "2026-11-22T10:00:00.123456Z",
    "metrics": {"progress": 0},
    "urls": {"get": "https://api.skytells.ai/v1/predictions/p-1", "cancel": "/cancel", "delete": None},
}
SUCCEEDED: dict[str, Any] = {
    **QUEUED,
    "status": "succeeded",
    "output": ["http://127.0.0.1:1/us/fox.png", "some text"],
    "started_at": "2026-11-22T10:00:00.123456789Z",
    "completed_at": "2026-11-22T10:00:05+00:00",
    "error": None,
    "metrics": {"image_count": 1, "predict_time": 1.5, "total_time": 2.5, "progress": 100},
    "metadata": {"billing": {"credits_used": 0.04}, "storage": {"files": []}, "data_available": True},
}
FILTERS = {"hate": {"filtered": False, "severity": "safe"}, "jailbreak": {"filtered": False, "detected": False}}
USAGE = {
    "prompt_tokens": 3,
    "completion_tokens": 5,
    "total_tokens": 8,
    "completion_tokens_details": {"reasoning_tokens": 1},
    "prompt_tokens_details": {"cached_tokens": 1},
}
TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-5",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello", "refusal": None, "tool_calls": [TOOL_CALL]},
            "finish_reason": "stop",
            "content_filter_results": FILTERS,
        }
    ],
    "usage": USAGE,
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": FILTERS}],
}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-5",
    "output": [
        {"id": "m", "type": "message", "content": [{"type": "output_text", "text": "Grüße, 世界 🌍"}]},
        {"id": "f", "type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"},
    ],
    "usage": {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8, "output_tokens_details": {}},
    "error": None,
    "content_filters": [{"blocked": False, "source_type": "prompt", "content_filter_results": FILTERS}],
    "store": True,
}
EMBEDDINGS: dict[str, Any] = {
    "object": "list",
    "model": "embed",
    "data": [
        {"object": "embedding", "index": 0, "embedding": [0.6, 0.8]},
        {"object": "embedding", "index": 1, "embedding": "mpkZP83MTD8="},
    ],
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}
ERROR: dict[str, Any] = {
    "status": False,
    "response": "no",
    "error": {"http_status": 400, "message": "no", "details": {"a": 1}, "error_id": "INVALID_INPUT", "request_id": "r"},
}
CHUNKS: list[Any] = [
    {"id": "chatcmpl-1", "model": "gpt-5", "choices": [], "prompt_filter_results": CHAT["prompt_filter_results"]},
    {"id": "chatcmpl-1", "model": "gpt-5", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": "Grüße, 世界 🌍"}, "finish_reason": None}]},
    {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": "\r\nnext"}]}}]},
    {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **TOOL_CALL}]}}]},
    {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"id": "chatcmpl-1", "choices": [], "usage": USAGE},
]
EVENTS: list[Any] = [
    {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}},
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Grüße, 世界 🌍"},
    {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Grüße, 世界 🌍"},
    {"type": "response.output_item.added", "output_index": 1, "item": RESPONSE["output"][1]},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{}"},
    {"type": "response.brand_new", "anything": [1, None]},
    {"type": "response.completed", "response": RESPONSE},
]

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, -(10**400)]),
    st.floats(),
    st.sampled_from([1e308, -1e308, 5e-324, float("nan"), float("inf"), float("-inf")]),
    st.text(max_size=12),
    st.text(alphabet="\ud800\udfff\x00\x1b\u202e\u2028<>&\"'a./:@%\\\n", max_size=8),
    st.sampled_from(["", ".", "..", "../x", "queued", "succeeded", "FAILED", "cancelled", "error", "stop", "[DONE]"]),
    st.sampled_from(
        ["2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "1e400", "NaN", "sNaN", "-0", "https://[::1"]
    ),
    st.sampled_from(
        ["response.completed", "response.failed", "MODEL_NOT_FOUND", "RATE_LIMITED", "^(a+)+$", "(", "#/a"]
    ),
)
_KEYS = st.one_of(
    st.sampled_from(["id", "status", "error", "message", "error_id", "output", "data", "choices", "index", "text"]),
    st.sampled_from(["type", "$ref", "usage", "delta", "content", "function", "properties", "amount", "unit", "url"]),
    st.text(max_size=5),
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=8,
)

_Path = tuple[Any, ...]


def places(value: Any, here: _Path = ()) -> list[_Path]:
    """List the path of every place in a JSON value, the whole first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, each in inner for path in places(each, (*here, key)))]


def put(value: Any, path: _Path, new: Any, *, leave_out: bool) -> Any:
    """Put something else in one place of a JSON value, or leave the place out."""
    if not path:
        return new
    spoilt = copy.deepcopy(value)
    inner = spoilt
    for step in path[:-1]:
        inner = inner[step]
    if leave_out:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return spoilt


@st.composite
def spoilt(draw: st.DrawFn, good: Any) -> Any:
    """Spoil one to three places of a good answer."""
    value = good
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(value)))
        value = put(value, path, draw(JSON), leave_out=draw(st.integers(0, 4)) == 0)
    return value


@st.composite
def wire_bytes(draw: st.DrawFn, good: Any) -> bytes:
    """Write a spoilt answer, a random one, or what is no JSON at all."""
    kind = draw(st.integers(0, 9))
    if kind < 7:
        return written(draw(spoilt(good)))
    if kind == 7:
        return written(draw(JSON))
    if kind == 8:
        whole = written(good)
        return whole[: draw(st.integers(0, len(whole)))]
    odd = [b"", b" ", b"null", b"NaN", b"\xef\xbb\xbf{}", b"\x00", b"\xff\xfe{", b'"\\ud800"', b"<html>", b'{"a":1}{}']
    odd += [b"1" * 5000, b"1e999", b'{"id":' + b"9" * 5000 + b"}", *map(nested, (150, 900, 3000, 10**5))]
    return draw(st.one_of(st.binary(max_size=40), st.sampled_from(odd)))


def nested(depth: int) -> bytes:
    """Write a JSON object so deep."""
    return b'{"id":"p-1","usage":' + b"[" * depth + b"]" * depth + b"}"


def written(value: Any) -> bytes:
    """Write JSON as a careless server does: NaN and halves of characters are let through."""
    return json.dumps(value).encode()


def as_stream(chunks: list[Any], *, end: bytes = b"\n", ascii_only: bool = False, named: bool = False) -> bytes:
    """Write chunks as server-sent events."""
    lines: list[bytes] = []
    for chunk in chunks:
        if named and isinstance(chunk, dict):
            lines.append(b"event: " + str(chunk.get("type")).encode("utf-8", "replace") + end)
        lines.append(b"data: " + json.dumps(chunk, ensure_ascii=ascii_only).encode("utf-8", "replace") + end + end)
    return b"".join(lines)
