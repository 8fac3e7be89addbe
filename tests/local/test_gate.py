"""What every reply has in common: keys, limits, request ids, unknown paths."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": EXAMPLE_KEY}, 200),
        ({"authorization": f"Bearer {EXAMPLE_KEY}"}, 200),
        ({"authorization": f"bearer {EXAMPLE_KEY}"}, 200),
        ({"x-api-key": "sk-anything", "authorization": "Bearer sk-anything"}, 200),
        ({}, 401),
        ({"x-api-key": ""}, 401),
        ({"x-api-key": "wfb_orchestrator"}, 401),
        ({"x-api-key": "sk-sandbox-revoked"}, 401),
        ({"authorization": f"Basic {EXAMPLE_KEY}"}, 401),
        ({"authorization": "Bearer"}, 401),
    ],
)
def test_a_key_is_needed(shared_sandbox: Sandbox, headers: dict[str, str], status: int, web: httpx.Client) -> None:
    """In either header; any that starts with `sk-`, but for the revoked one."""
    assert web.get(f"{shared_sandbox.url}/models", headers=headers).status_code == status


def test_the_key_is_asked_for_before_the_body_is_read(shared_sandbox: Sandbox, web: httpx.Client) -> None:
    """Without a key, broken JSON is 401 and not 400."""
    assert web.post(f"{shared_sandbox.url}/predictions", content=b"{").status_code == 401


def test_keys_are_not_kept(sandbox: Sandbox, web: httpx.Client) -> None:
    """A remembered request says how a key came, never which."""
    for headers in ({"x-api-key": "sk-secret-1"}, {"authorization": "Bearer sk-secret-2"}, {}):
        web.get(f"{sandbox.url}/models?fields=x", headers=headers)
    assert [request.auth for request in sandbox.state.requests] == ["x-api-key", "bearer", "none"]
    assert "sk-secret" not in repr(sandbox.state.requests)
    assert (sandbox.state.requests[0].path, sandbox.state.requests[0].query) == ("/v1/models", "fields=x")


def test_a_request_s_json_is_remembered(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """Tests can see what a client sent."""
    own_api.post("/predictions", json={"model": "truefusion", "input": {"prompt": "é"}})
    (request,) = sandbox.state.requests
    assert (request.method, request.json) == ("POST", {"model": "truefusion", "input": {"prompt": "é"}})
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nope"), ("GET", "/v1"), ("GET", "/"), ("PATCH", "/v1/models"), ("GET", "/v1/chat/completions")],
)
def test_an_unknown_endpoint_is_told_as_json(
    shared_sandbox: Sandbox, method: str, path: str, web: httpx.Client
) -> None:
    """404 in the unified envelope, also without a key, and also for a known path's other methods."""
    reply = web.request(method, f"http://127.0.0.1:{shared_sandbox.port}{path}")
    assert (reply.status_code, reply.json()["error"]["error_id"]) == (404, "ENDPOINT_NOT_FOUND")
    assert reply.json()["status"] is False


def test_every_reply_has_a_request_id(api: httpx.Client) -> None:
    """Success, refusal, unknown path: `req_…`, and never the same twice."""
    replies = [api.get("/models"), api.get("/models"), api.get("/models/nope"), api.get("/nope")]
    ids = [reply.headers["x-request-id"] for reply in replies]
    assert all(name.startswith("req_") for name in ids)
    assert len(set(ids)) == 4


def test_success_carries_the_limits(api: httpx.Client) -> None:
    """Not configured is a dash."""
    headers = api.get("/models").headers
    assert headers["x-skytells-ratelimit-limit-requests"] == "-"
    assert headers["x-skytells-ratelimit-window"] == "60"
    assert headers["x-skytells-ratelimit-remaining-tokens-out"] == "-"


def test_the_limit_counts_down_and_refuses(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Two a minute: 1 left, 0 left, then 429 with whole seconds and without the headers of success."""
    with Sandbox(requests_per_minute=2) as strict:
        client = client_of(strict)
        left = [client.get("/models").headers["x-skytells-ratelimit-remaining-requests"] for _ in range(2)]
        refused = client.get("/models")
    assert left == ["1", "0"]
    assert (refused.status_code, refused.json()["error_id"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "x-skytells-ratelimit-limit-requests" not in refused.headers


def test_the_limit_s_window_slides(sandbox: Sandbox) -> None:
    """A call is forgotten a minute after it was made."""
    from skytells_nb.local.memory import Memory
    from skytells_nb.local.options import Options

    now = 0.0
    memory = Memory(Options(requests_per_minute=2), monotonic=lambda: now)
    assert [memory.admit() for _ in range(2)] == [None, None]
    now = 20.5
    assert memory.admit() == 40
    now = 60.0
    assert memory.admit() is None
