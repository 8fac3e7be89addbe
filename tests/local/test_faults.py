"""Trouble on request: the header, the injection, and where each fault happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb.local import Sandbox, faults

CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello there"}]}
JOB = {"model": "truefusion", "input": {"prompt": "x"}}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("429", faults.Fault("429")),
        ("429;retry-after=7", faults.Fault("429", retry_after=7)),
        (" E3 ; status=402 ", faults.Fault("E3", status=402)),
    ],
)
def test_a_fault_is_read(text: str, fault: faults.Fault) -> None:
    """A name, and options after semicolons."""
    assert faults.parse(text) == fault


@pytest.mark.parametrize("text", ["", "418", "429;retry-after=soon", "429;after=1", "E1;status=200", "cut;"])
def test_an_unknown_fault_is_refused(api: httpx.Client, text: str) -> None:
    """400, naming what there is; injecting it raises at once."""
    reply = api.get("/models", headers={"x-sandbox-fault": text})
    assert reply.status_code == 400
    assert "stall" in reply.json()["message"] or "retry-after=0..3600" in reply.json()["message"]
    with pytest.raises(ValueError, match="fault"):
        faults.parse(text)


def test_a_near_miss_is_suggested() -> None:
    """A misspelt fault's error names the one that was meant."""
    with pytest.raises(ValueError, match="did you mean 'stall'"):
        faults.parse("stal")


@pytest.mark.parametrize(
    ("fault", "status", "error_id"),
    [
        ("401", 401, "UNAUTHORIZED"),
        ("402", 402, "INSUFFICIENT_CREDITS"),
        ("429", 429, "RATE_LIMIT_EXCEEDED"),
        ("500", 500, "INTERNAL_ERROR"),
        ("503", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_status_comes_in_the_api_s_own_shape(api: httpx.Client, fault: str, status: int, error_id: str) -> None:
    """Flat and enveloped on predictions, nested on chat; both with the id."""
    headers = {"x-sandbox-fault": fault}
    job, chat = (
        api.post("/predictions", json=JOB, headers=headers),
        api.post("/chat/completions", json=CHAT, headers=headers),
    )
    assert (job.status_code, chat.status_code) == (status, status)
    assert job.json()["error_id"] == chat.json()["error"]["error_id"] == error_id


def test_a_429_says_how_long(api: httpx.Client) -> None:
    """`Retry-After` is the number asked for, and no other status has it."""
    assert api.get("/models", headers={"x-sandbox-fault": "429;retry-after=2"}).headers["retry-after"] == "2"
    assert "retry-after" not in api.get("/models", headers={"x-sandbox-fault": "503"}).headers


def test_a_gateway_s_page_is_html(api: httpx.Client) -> None:
    """502 with a page in place of JSON."""
    reply = api.get("/models", headers={"x-sandbox-fault": "502-html"})
    assert (reply.status_code, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")


def test_a_body_may_be_empty(api: httpx.Client) -> None:
    """500 and not one byte."""
    reply = api.get("/models", headers={"x-sandbox-fault": "empty"})
    assert (reply.status_code, reply.content) == (500, b"")


@pytest.mark.parametrize(
    ("fault", "keys"),
    [
        ("E1", ["status", "response", "error"]),
        ("E2", ["error"]),
        ("E3", ["error_id", "message"]),
        ("E4", ["error"]),
        ("E5", ["status", "response"]),
        ("E9", []),
    ],
)
def test_each_error_shape_can_be_had(api: httpx.Client, fault: str, keys: list[str]) -> None:
    """On any path, 422 or the status asked for."""
    reply = api.get("/models", headers={"x-sandbox-fault": fault})
    assert (reply.status_code, list(reply.json())) == (422, keys)
    assert api.get("/models", headers={"x-sandbox-fault": f"{fault};status=503"}).status_code == 503


@pytest.mark.parametrize("shape", ["merged", "E1", "E2", "E3"])
def test_the_shape_of_all_errors_is_an_option(shape: Any, client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Outside the Inference API; chat keeps its own."""
    with Sandbox(error_shape=shape) as server:
        body = client_of(server).get("/models/nope").json()
        chat = client_of(server).post("/chat/completions", json=CHAT | {"model": "nope"}).json()
    assert ("error_id" in body, "error" in body, "status" in body) == {
        "merged": (True, True, True),
        "E1": (False, True, True),
        "E2": (False, True, False),
        "E3": (True, False, False),
    }[shape]
    assert chat["error"]["status"] == 404


def test_a_slow_answer_is_slow(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """The first byte takes a second divided by the pace, and then all is well."""
    with Sandbox(pace=5) as server:
        begun = time.monotonic()
        reply = client_of(server).get("/models", headers={"x-sandbox-fault": "slow"})
    assert reply.status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_a_queued_job_may_say_status_false(api: httpx.Client) -> None:
    """200, an id to poll, and a boolean where the state should be; the job itself is fine."""
    reply = api.post("/predictions", json=JOB, headers={"x-sandbox-fault": "status-false"})
    body = reply.json()
    assert (reply.status_code, body["status"], body["error"]["message"]) == (200, False, body["response"])
    assert api.get(f"/predictions/{body['id']}").json()["status"] in {"queued", "processing", "succeeded"}


def test_injected_faults_happen_in_turn(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """Each as often as planned, in order, and then no more."""
    sandbox.inject("500", times=2)
    sandbox.inject("429")
    assert [own_api.get("/models").status_code for _ in range(4)] == [500, 500, 429, 200]


def test_an_injected_fault_waits_for_its_kind(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """A cut stream is kept for the next stream; other requests pass."""
    sandbox.inject("cut")
    assert own_api.get("/models").status_code == 200
    assert own_api.post("/chat/completions", json=CHAT).json()["choices"]
    assert "[DONE]" not in own_api.post("/chat/completions", json=CHAT | {"stream": True}).text
    assert "[DONE]" in own_api.post("/chat/completions", json=CHAT | {"stream": True}).text


def test_a_fault_in_a_header_does_nothing_where_it_does_not_apply(api: httpx.Client) -> None:
    """A cut model list is a model list."""
    assert api.get("/models", headers={"x-sandbox-fault": "cut"}).status_code == 200
