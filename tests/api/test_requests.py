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


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_s_request_is_these_bytes(stream: bool) -> None:
    """Model, input, and what is given; what is None is left out."""
    request = requests.respond("gpt-5", "Hi", {"store": True, "instructions": None}, stream=stream)
    asked = b'{"model":"gpt-5","input":"Hi","store":true' + (b',"stream":true}' if stream else b"}")
    assert request == Request("POST", "/responses", asked, stream=stream)


def test_an_embedding_s_request_is_these_bytes() -> None:
    """Always a list of texts."""
    assert requests.embed("m", ("a", "b"), {"encoding_format": "base64", "dimensions": None}) == Request(
        "POST", "/embeddings", b'{"model":"m","input":["a","b"],"encoding_format":"base64"}'
    )


def test_the_printed_requests_are_what_is_sent(seed: Callable[[str], Any]) -> None:
    """The platform's own examples of responses and embeddings."""
    responses, embeddings = seed("responses_request"), seed("embeddings_request")
    params = {name: value for name, value in responses.items() if name not in ("model", "input")}
    request = requests.respond(responses["model"], responses["input"], params, stream=False)
    assert json.loads(request.body or b"") == responses
    request = requests.embed(embeddings["model"], [embeddings["input"]], {"encoding_format": "float"})
    assert json.loads(request.body or b"") == embeddings | {"input": [embeddings["input"]]}


def test_a_prediction_is_created_with_what_is_asked_for() -> None:
    """A webhook and the service's patience; without them neither is named."""
    request = requests.create_prediction("m", {"x": 1}, webhook={"url": "https://x"}, block=True)
    assert request.body == b'{"model":"m","input":{"x":1},"webhook":{"url":"https://x"},"await":true}'


def test_a_wish_for_usage_can_be_taken_back() -> None:
    """The request is otherwise the same; one without that wish has none to take back."""
    params = {"temperature": 0, "stream_options": {"include_usage": True}}
    request = requests.chat("m", messages_of("Hi ✓"), params, stream=True)
    del params["stream_options"]
    plainly = requests.chat("m", messages_of("Hi ✓"), params, stream=True)
    assert requests.without_usage(request) == plainly
    assert requests.without_usage(plainly) is None


def test_a_list_s_query_is_quoted() -> None:
    """A name of a model never becomes another filter."""
    request = requests.list_predictions(2, 20, first="2026-01-01", last=None, model="a&status=x/ü", status=None)
    assert request == Request("GET", "/predictions?page=2&per_page=20&from=2026-01-01&model=a%26status%3Dx%2F%C3%BC")


ADDRESS = "https://api.skytells.ai/v1"
USUAL = "/predictions/job-1"


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (f"{ADDRESS}/predictions/job-1", USUAL),
        (f"{ADDRESS}/predictions/job-1/", USUAL + "/"),
        (f"{ADDRESS}/predictions/job-1/cancel", USUAL + "/cancel"),
        ("https://API.skytells.ai:443/v1/predictions/job-1", USUAL),
        (f"{ADDRESS}/predictions/job-10", None),
        (f"{ADDRESS}/predictions/job-1/../job-2", None),
        (f"{ADDRESS}/predictions/job-1/%2e%2e/job-2", None),
        (f"{ADDRESS}/predictions/job-1/..%2fjob-2", None),
        (f"{ADDRESS}/predictions/job-1?to=evil", None),
        (f"{ADDRESS}/predictions/job-1#x", None),
        (f"{ADDRESS}/models/job-1", None),
        ("https://api.skytells.ai/v2/predictions/job-1", None),
        ("https://api.skytells.ai/predictions/job-1", None),
        ("http://api.skytells.ai/v1/predictions/job-1", None),
        ("https://api.skytells.ai:444/v1/predictions/job-1", None),
        ("https://api.skytells.ai.evil.example/v1/predictions/job-1", None),
        ("https://ada@api.skytells.ai/v1/predictions/job-1", None),
        ("https://api.skytells.ai\\@evil.example/v1/predictions/job-1", None),
        ("//api.skytells.ai/v1/predictions/job-1", None),
        ("/v1/predictions/job-1", None),
        ("https://[/v1/predictions/job-1", None),
        ("", None),
        (None, None),
        (3, None),
        ([f"{ADDRESS}/predictions/job-1"], None),
    ],
)
def test_a_link_is_followed_only_to_its_own_job(link: Any, path: str | None) -> None:
    """At our own address, by its documented path or below it."""
    assert requests.own_path(link, USUAL, ADDRESS) == path
