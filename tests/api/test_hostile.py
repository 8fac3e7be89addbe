"""Servers that lie, and programs that fork, drop and close: one clear error, nothing sent blind, nothing told twice."""

from __future__ import annotations

import contextlib
import gc
import json
import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb import errors
from skytells_nb.api.client import Client
from skytells_nb.errors import SetupError
from skytells_nb.local import Sandbox

ANSWER = {
    "id": "chatcmpl-1",
    "model": "deepbrain-router",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def answering(handler: Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    """Make a client whose service is a function."""
    options.setdefault("api_key", "sk-test")
    return Client(transport=httpx.MockTransport(handler), observers=(), sleep=lambda _: None, **options)


def test_a_web_page_in_place_of_a_stream_is_named() -> None:
    """HTML is named as what it is, not as an answer that broke off."""
    page = httpx.Response(200, html="<p>Log in to this network</p>")
    with answering(lambda _: page) as client, pytest.raises(errors.ServiceError, match="200 with text/html"):
        list(client.chat_stream("hi"))


def test_an_id_is_cleaned_before_it_is_shown() -> None:
    """Terminal codes, line ends, keys and length of a server's id stay out of the message."""
    job = {"id": "\x1b[2Jfake\n<b>sk-live-ABCDEFG" + "x" * 5000, "status": "failed", "error": "no"}
    with answering(lambda _: httpx.Response(200, json=job)) as client, pytest.raises(errors.JobFailedError) as caught:
        client.wait("p")
    said = str(caught.value)
    assert len(said) < 300
    assert not {"\x1b", "\n"} & set(said)
    assert "ABCDEFG" not in said


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), True, "5"])
def test_no_job_is_paid_for_without_time_to_wait(sandbox: Sandbox, timeout: Any) -> None:
    """A limit that is none is refused before anything is sent."""
    with (
        Client(api_key="sk-x", base_url=sandbox.url, observers=()) as client,
        pytest.raises(errors.InputError, match="is no time to wait"),
    ):
        client.predict("truefusion", {"prompt": "x"}, timeout=timeout)
    assert sandbox.state.requests == ()


@pytest.mark.parametrize("told", [None, {"namespace": "dear-model"}, [], {"namespace": ""}])
def test_another_model_than_asked_is_refused(told: Any) -> None:
    """A catalogue that describes nothing, or another model, leads to no prediction."""
    asked: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, content=json.dumps(told).encode(), headers={"content-type": "application/json"})

    with answering(service) as client, pytest.raises(errors.ServiceError, match="asked for the model 'cheap'"):
        client.predict("cheap", {"nonsense": 1})
    assert asked == ["GET"]


def test_a_key_of_any_form_is_taken_out_where_it_is_repeated() -> None:
    """A server that repeats the key in its error gets it into neither message nor body."""
    echo = httpx.Response(401, json={"error": {"message": "bad key mykey-SECRETSECRET", "error_id": "UNAUTHORIZED"}})
    with (
        answering(lambda _: echo, api_key="mykey-SECRETSECRET") as client,
        pytest.raises(errors.KeyRejectedError) as caught,
    ):
        client.chat("hi")
    assert "SECRETSECRET" not in f"{caught.value} {caught.value.body}"


def test_a_closed_client_says_so() -> None:
    """Using a closed client is our own error, and nothing was sent."""
    client = answering(lambda _: httpx.Response(200, json=ANSWER))
    client.close()
    with pytest.raises(errors.SetupError, match="This client is closed"):
        client.chat("hi")


def test_streams_that_are_begun_and_dropped_close_themselves(sandbox: Sandbox) -> None:
    """Reading one piece with `next` and forgetting the stream frees its connection at once, without a collector."""
    with Client(api_key="sk-x", base_url=sandbox.url, observers=()) as client:
        gc.disable()
        try:
            for _ in range(50):
                next(client.chat_stream("tell me of notebooks"))
        finally:
            gc.enable()
        assert client.chat("REPEAT: still here").text == "still here"


def test_a_stream_read_from_two_threads_ends(sandbox: Sandbox) -> None:
    """Two threads in one stream: one of them may be told that the other reads, none of them hangs."""
    with Client(api_key="sk-x", base_url=sandbox.url, observers=()) as client:
        stream = client.chat_stream("REPEAT: " + "word " * 400)

        def read() -> None:
            with contextlib.suppress(SetupError):
                list(stream)

        readers = [threading.Thread(target=read, daemon=True) for _ in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(20)
        assert not any(reader.is_alive() for reader in readers)


def _ask(client: Client, name: str, wrong: Any) -> None:
    for n in range(10):
        said = f"{name}-{n}"
        if client.chat(f"REPEAT: {said}").text != said:
            wrong.put(said)


def test_a_forked_process_has_connections_of_its_own(sandbox: Sandbox) -> None:
    """Parent and children that share a client each get their own answers."""
    fork = multiprocessing.get_context("fork")
    wrong: Any = fork.Queue()
    with Client(api_key="sk-x", base_url=sandbox.url, observers=()) as client:
        client.chat("hi")
        children = [fork.Process(target=_ask, args=(client, f"child{n}", wrong)) for n in range(3)]
        for child in children:
            child.start()
        _ask(client, "parent", wrong)
        for child in children:
            child.join(30)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert wrong.empty()
    wrong.close()
    wrong.join_thread()
