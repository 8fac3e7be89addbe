"""Requests are exactly these bytes, and no name or link makes them go anywhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from skytells_nb.api import requests
from skytells_nb.api.messages import messages_of
from skytells_nb.api.wire import Request
from skytells_nb.errors import InputError


def test_a_prompt_s_request_is_these_bytes() -> None:
    """Compact JSON in a fixed order; what is None is left out."""
    request = requests.chat("gpt-5", messages_of("Hi ✓", "Be brief."), {"temperature": 0, "stop": None}, stream=False)
    assert (request.method, request.path, request.stream) == ("POST", "/chat/completions", False)
    assert request.body == (
        b'{"model":"gpt-5","messages":[{"role":"system","content":"Be brief."},'
        b'{"role":"user","content":"Hi \\u2713"}],"temperature":0}'
    )


def test_the_printed_chat_request_is_what_is_sent(seed: Callable[[str], Any]) -> None:
    """The platform's own example, but for `stream: false`, which is the default."""
    printed = seed("chat_request")
    params = {"temperature": printed["temperature"], "max_tokens": printed["max_tokens"]}
    request = requests.chat(printed["model"], messages_of(printed["messages"], None), params, stream=False)
    assert json.loads(request.body or b"") | {"stream": False} == printed


def test_a_prediction_s_request_is_these_bytes() -> None:
    """Model and input, nothing else."""
    assert requests.create_prediction("truefusion", {"prompt": "a fox", "num_outputs": 2}) == Request(
        "POST", "/predictions", b'{"model":"truefusion","input":{"prompt":"a fox","num_outputs":2}}'
    )


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("truefusion-pro", "/models/truefusion-pro"),
        ("FLUX.2-pro", "/models/FLUX.2-pro"),
        ("skytells/truefusion", "/models/skytells%2Ftruefusion"),
        ("../admin", "/models/..%2Fadmin"),
        ("a?b#c d", "/models/a%3Fb%23c%20d"),
        ("\ud800", "/models/%3F"),
    ],
)
def test_a_name_never_becomes_a_path(name: str, path: str) -> None:
    """Every path segment from a user is quoted."""
    assert requests.get_model(name).path == f"{path}?fields=input_schema,output_schema"
    assert requests.of_prediction("cancel", name, {}, "").path == path.replace("/models", "/predictions") + "/cancel"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_is_no_segment_is_refused(name: str) -> None:
    """These would change the path however they are quoted."""
    with pytest.raises(InputError, match="is not a name"):
        requests.of_prediction("get", name, {}, "")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), b"bytes"])
def test_what_json_cannot_say_is_refused_before_it_is_sent(value: object) -> None:
    """One line, and nothing goes out."""
    with pytest.raises(InputError, match=r"^An input cannot be written as JSON: "):
        requests.create_prediction("m", {"x": value})


@pytest.mark.parametrize("prompt", ["", "  \n", []])
def test_an_empty_prompt_is_refused(prompt: Any) -> None:
    """An empty question is a slip, not a call."""
    with pytest.raises(InputError, match=r"^The prompt is empty"):
        messages_of(prompt, "system")


@pytest.mark.parametrize("message", ["text", {"content": "no role"}, {"role": 3}, None])
def test_a_message_without_a_role_is_named(message: Any) -> None:
    """The first wrong message is named by its place."""
    with pytest.raises(InputError, match=r"^Message 1 is not a dict with a role"):
        messages_of([{"role": "user", "content": "Hi"}, message], None)
