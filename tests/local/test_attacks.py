"""Whatever is sent, the sandbox answers with a refusal of its own and goes on; never with a 500."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skytells_nb.local import Sandbox

PATHS = ["/predictions", "/chat/completions"]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
quiet = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 100_000,
        b'{"a": ' * 5_000 + b"1" + b"}" * 5_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_object_is_refused(api: httpx.Client, path: str, body: bytes) -> None:
    """400 (or 422, where it is an object after all) in the path's own shape."""
    reply = api.post(path, content=body)
    assert reply.status_code in {400, 422}
    assert (reply.json().get("error") or {}).get("error_id") in {"INVALID_REQUEST", "VALIDATION_ERROR"}


@pytest.mark.parametrize("path", PATHS)
def test_a_huge_body_is_refused(api: httpx.Client, path: str) -> None:
    """Over 20 MB is 413, told to a client that was still writing."""
    reply = api.post(path, content=b'{"a": "' + b"x" * 21_000_000 + b'"}')
    assert reply.status_code == 413
    assert api.get("/models").status_code == 200


def test_an_announced_but_missing_body_is_no_harm(shared_sandbox: Sandbox, api: httpx.Client) -> None:
    """A client that goes before its body has come leaves the server well."""
    with socket.create_connection(("127.0.0.1", shared_sandbox.port)) as raw:
        raw.sendall(b"POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    assert api.get("/models").status_code == 200


@pytest.mark.parametrize("line", [b"\0\0\0\0", b"GET\r\n\r\n", b"GET /v1/models HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_is_no_harm(shared_sandbox: Sandbox, api: httpx.Client, line: bytes) -> None:
    """Garbage on the socket ends that connection only."""
    with socket.create_connection(("127.0.0.1", shared_sandbox.port)) as raw:
        raw.sendall(line)
        raw.shutdown(socket.SHUT_WR)
        raw.recv(1000)
    assert api.get("/models").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/%00",
        "/v1/models/%ff%fe",
        "/v1/models/..%2f..%2fetc",
        "/v1/predictions/%F0%9F%A6%8A",
        "/v1/predictions?page=٣",
        "/v1/predictions?page=" + "9" * 5000,
        "/v1/predictions?from=%ff&to=%00",
        "/v1/models?fields=" + "a," * 4000,
        "/us/../../etc/passwd",
        "/us/%2e%2e/%2e%2e",
        "/v1//models",
    ],
)
def test_odd_addresses_are_refused(shared_sandbox: Sandbox, path: str, web: httpx.Client) -> None:
    """A refusal, or a plain answer where the address is good after all."""
    reply = web.get(f"http://127.0.0.1:{shared_sandbox.port}{path}", headers={"x-api-key": "sk-x"})
    assert reply.status_code in {200, 400, 404, 502}
    reply.json()


@pytest.mark.parametrize("host", ["localhost", "127.9.9.9:80", "[::1]:1"])
def test_the_caller_s_host_is_not_believed(shared_sandbox: Sandbox, host: str, web: httpx.Client) -> None:
    """Addresses in a reply are the server's own, whatever `Host` says."""
    job = {"model": "truefusion-edge", "input": {"prompt": "x"}}
    reply = web.post(f"{shared_sandbox.url}/predictions", json=job, headers={"x-api-key": "sk-x", "host": host})
    assert reply.json()["output"][0].startswith(f"http://127.0.0.1:{shared_sandbox.port}/us/")


@pytest.mark.parametrize("path", ["/v1/models", "/_sandbox/requests", "/us/x"])
@pytest.mark.parametrize("host", ["", "[::", "evil.example", "127.0.0.1.evil.example", "a b", "0.0.0.0"])
def test_another_name_for_this_machine_is_refused(
    shared_sandbox: Sandbox, host: str, path: str, web: httpx.Client
) -> None:
    """A web page whose name leads here cannot drive the sandbox: 421, or 400 where the name is no name."""
    address = f"http://127.0.0.1:{shared_sandbox.port}{path}"
    reply = web.get(address, headers={"x-api-key": "sk-x", "host": host})
    assert reply.status_code in {400, 421}
    assert "x-request-id" not in reply.headers or reply.json()["error_id"] == "FORBIDDEN"


def test_a_caller_that_names_no_host_is_served(shared_sandbox: Sandbox) -> None:
    """HTTP/1.0 has no `Host`; a browser always sends one."""
    with socket.create_connection(("127.0.0.1", shared_sandbox.port)) as raw:
        raw.sendall(b"GET /v1/models HTTP/1.0\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 401")


@quiet
@given(body=st.dictionaries(st.sampled_from(["model", "input", "webhook", "await", "stream"]), junk))
def test_any_prediction_request_is_answered(api: httpx.Client, body: dict[str, Any]) -> None:
    """Wrong types everywhere: 404 or 422."""
    assert api.post("/predictions", json=body).status_code in {404, 422}


@quiet
@given(
    model=st.sampled_from(["truefusion", "truefusion-pro", "truefusion-edge", "truefusion-2", "beatfusion-2.0"]),
    given_input=st.dictionaries(
        st.sampled_from(["prompt", "lyrics", "seed", "aspect_ratio", "num_outputs", "guidance", "audio_format"]),
        junk | st.sampled_from(["1:1", "16:9", "wav", 1, 2.0, 4]),
    ),
)
def test_any_input_is_answered(api: httpx.Client, model: str, given_input: dict[str, Any]) -> None:
    """Either a job, whose input comes back as it was sent, or 422."""
    reply = api.post("/predictions", json={"model": model, "input": given_input})
    assert reply.status_code in {200, 422}
    if reply.status_code == 200:
        assert reply.json()["input"] == given_input


names = st.sampled_from(["messages", "temperature", "max_tokens", "stop", "n", "seed", "stream", "response_format"])
messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "assistant"]), "content": st.text() | junk})
)


@quiet
@given(body=st.dictionaries(names, junk), turns=messages | junk)
def test_any_chat_request_is_answered(api: httpx.Client, body: dict[str, Any], turns: Any) -> None:
    """An answer, or a refusal that names a parameter."""
    reply = api.post("/chat/completions", json={"model": "gpt-5", "messages": turns} | body)
    assert reply.status_code in {200, 400, 422}
    if reply.status_code != 200:
        assert reply.json()["error"]["param"]


def test_a_seed_without_bounds_still_makes_a_picture(api: httpx.Client, web: httpx.Client) -> None:
    """A number of 4,000 digits is a number."""
    content = json.dumps({"model": "truefusion-edge", "input": {"prompt": "x", "seed": 0}}).replace(
        '"seed": 0', '"seed": ' + "9" * 4000
    )
    job = api.post("/predictions", content=content).json()
    assert web.get(job["output"][0]).status_code == 200


def test_a_fraction_may_count(api: httpx.Client, web: httpx.Client) -> None:
    """JSON knows one kind of number: 2.0 pictures are two."""
    job = {"model": "truefusion-pro", "input": {"prompt": "x", "num_outputs": 2.0, "seed": 3.0}, "await": True}
    urls = api.post("/predictions", json=job).json()["output"]
    assert [web.get(url).status_code for url in urls] == [200, 200]
