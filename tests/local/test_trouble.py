"""Trouble on the wire: what a caller sees of an answer that is late, broken, too long, cut, or never comes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from skytells_nb.local import Sandbox

CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello there"}]}


def test_a_page_may_come_with_200(api: httpx.Client) -> None:
    """A portal's page in place of JSON."""
    reply = api.get("/models", headers={"x-sandbox-fault": "html"})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_json_may_be_broken(api: httpx.Client) -> None:
    """200, and half of the answer, with a length that fits it."""
    whole = api.get("/models").content
    reply = api.get("/models", headers={"x-sandbox-fault": "bad-json"})
    assert (reply.status_code, reply.content) == (200, whole[: len(whole) // 2])


def raw(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes on a socket of our own, and read until the server closes it."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=20) as connection:
        connection.sendall(request)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


def get(path: str, fault: str) -> bytes:
    """Write a GET with a fault, on a connection that is kept alive."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: sk-x\r\nx-sandbox-fault: {fault}\r\n\r\n".encode()


def test_the_connection_may_close_without_a_byte(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing at all comes, the server goes on, and nothing is logged."""
    assert raw(sandbox, get("/v1/models", "cut-before")) == b""
    assert caplog.records == []
    assert [request.status for request in sandbox.state.requests] == [None]


def test_the_connection_may_close_in_the_middle_of_a_body(
    sandbox: Sandbox, own_api: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The head announces the whole length; half of it comes."""
    whole = own_api.get("/models").content
    head, _, body = raw(sandbox, get("/v1/models", "cut-body")).partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head
    assert body == whole[: len(whole) // 2]
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_the_connection_may_close_in_the_middle_of_a_stream(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """After some good pieces, in the middle of one, and without the end that chunked bodies have."""
    body = CHAT | {"stream": True}
    found: list[bytes] = []
    with (
        pytest.raises(httpx.RemoteProtocolError),
        own_api.stream("POST", "/chat/completions", json=body, headers={"x-sandbox-fault": "cut-body"}) as reply,
    ):
        found.extend(reply.iter_raw())
    assert b"".join(found).startswith(b"data: {")
    assert not b"".join(found).endswith(b"\n\n")


def test_an_answer_may_never_come(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """The caller's patience ends it; the server then closes at once."""
    with pytest.raises(httpx.ReadTimeout):
        own_api.get("/models", headers={"x-sandbox-fault": "hang"}, timeout=0.2)
    assert own_api.get("/models").status_code == 200


def test_a_hanging_answer_does_not_keep_the_server(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Stopping the sandbox closes the connection without an answer."""
    server = Sandbox().start()
    client = client_of(server)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.get, "/models", headers={"x-sandbox-fault": "hang"})
        while not server.state.requests:
            time.sleep(0.01)
        server.stop()
        with pytest.raises(httpx.RemoteProtocolError):
            call.result(20)


def test_a_hang_may_end(api: httpx.Client) -> None:
    """With `seconds`, the right answer follows."""
    begun = time.monotonic()
    reply = api.get("/models", headers={"x-sandbox-fault": "hang;seconds=0.2"})
    assert (reply.status_code, time.monotonic() - begun >= 0.2) == (200, True)


def test_a_body_may_drip(api: httpx.Client) -> None:
    """Twenty pieces over the time asked for; together they are the answer."""
    begun = time.monotonic()
    with api.stream("GET", "/models", headers={"x-sandbox-fault": "drip;seconds=0.4"}) as reply:
        pieces = list(reply.iter_raw())
    assert time.monotonic() - begun >= 0.4
    assert len(pieces) > 5
    assert b"".join(pieces) == api.get("/models").content


def test_a_body_may_have_no_measure(api: httpx.Client) -> None:
    """More than 64 MB of good JSON, without a length."""
    size = 0
    with api.stream("GET", "/models", headers={"x-sandbox-fault": "oversized"}) as reply:
        for part in reply.iter_raw():
            size += len(part)
    assert ("content-length" in reply.headers, size > 64_000_000) == (False, True)
