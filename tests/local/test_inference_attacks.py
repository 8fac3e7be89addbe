"""Whatever is sent to the Inference API is answered or refused in its own shape; the sandbox never fails."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHAT = {
    "model": "gpt-5",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "x"}}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "42"},
        {"role": "user", "content": "And f?"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": True,
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
    "stop": ["x"],
    "n": 2,
    "seed": 1,
    "max_tokens": 50,
    "max_completion_tokens": 50,
    "logprobs": True,
    "top_logprobs": 2,
    "stream": False,
    "stream_options": {"include_usage": True},
}
RESPOND = {
    "model": "gpt-5",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_image", "image_url": "x"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "42"},
    ],
    "instructions": "Be brief.",
    "previous_response_id": None,
    "store": True,
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "metadata": {"a": "b"},
    "include": ["x"],
    "truncation": "auto",
    "max_output_tokens": 50,
    "max_tool_calls": 2,
    "top_logprobs": 2,
    "stream": False,
}
EMBED = {"model": "skytells-embed-3-small", "input": ["a", "b"], "dimensions": 8, "encoding_format": "float"}
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(-1e6, 1e6), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the path of everything in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, item in inner for found in places(item, (*path, key))]


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Return a body with another value at a path."""
    copied: Any = copy.deepcopy(body)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return dict(copied)


@pytest.mark.parametrize(("path", "body"), [("chat/completions", CHAT), ("responses", RESPOND), ("embeddings", EMBED)])
@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=250)
def test_any_value_anywhere_is_answered_or_refused(
    api: httpx.Client, path: str, body: dict[str, Any], data: st.DataObject
) -> None:
    """One or two values of a good body replaced by any others: 200, or a 4xx with the error's shape."""
    for _ in range(data.draw(st.integers(1, 2))):
        body = changed(body, data.draw(st.sampled_from(places(body))), data.draw(JSON))
    reply = api.post(f"/{path}", json=body)
    assert reply.status_code == 200 or 400 <= reply.status_code < 500
    if reply.status_code != 200:
        error = reply.json()["error"]
        assert error["status"] == reply.status_code
        assert error["message"]


@pytest.mark.parametrize(("path", "body"), [("chat/completions", CHAT), ("responses", RESPOND), ("embeddings", EMBED)])
def test_the_good_body_is_good(api: httpx.Client, path: str, body: dict[str, Any]) -> None:
    """What the attack starts from is answered."""
    assert api.post(f"/{path}", json=body).status_code == 200
