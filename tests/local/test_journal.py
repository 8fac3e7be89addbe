"""The journal: what was asked, how it was answered, and never a key."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.local import Sandbox
from skytells_nb.local.journal import Journal, hidden, note, without_keys

KEY = "sk-my/very.secret"
JOB = {"model": "truefusion-edge", "input": {"prompt": "a fox"}}


def root(sandbox: Sandbox) -> str:
    """Name the server without a path."""
    return sandbox.url.removesuffix("/v1")


def test_requests_are_listed(sandbox: Sandbox, web: httpx.Client) -> None:
    """With what was sent, what came of it, and when."""
    web.post(f"{sandbox.url}/predictions?a=1", json=JOB, headers={"x-api-key": KEY})
    web.get(f"{sandbox.url}/nope")
    made, missed = web.get(f"{root(sandbox)}/_sandbox/requests").json()
    assert (made["method"], made["path"], made["query"]) == ("POST", "/v1/predictions", "a=1")
    assert (made["auth"], made["json"], made["status"]) == ("x-api-key", JOB, 200)
    assert made["at"].endswith("+00:00")
    assert (missed["path"], missed["auth"], missed["status"]) == ("/v1/nope", "none", 404)


def test_requests_are_forgotten_on_demand(sandbox: Sandbox, web: httpx.Client) -> None:
    """After DELETE there are none; reading the journal is not listed."""
    web.get(f"{sandbox.url}/models")
    assert web.delete(f"{root(sandbox)}/_sandbox/requests").status_code == 204
    assert web.get(f"{root(sandbox)}/_sandbox/requests").json() == []
    assert web.get(f"{root(sandbox)}/_sandbox/deliveries").json() == []


def test_a_key_is_in_no_part_of_it(sandbox: Sandbox, web: httpx.Client) -> None:
    """Not in the address, the headers, the body or a webhook, however it is written there."""
    body = JOB | {"input": {"prompt": f"my key is {KEY}!"}, "webhook": f"https://far.example/?k={KEY}"}
    for headers in ({"x-api-key": KEY, "x-note": f"key {KEY}"}, {"authorization": f"Bearer {KEY}", "cookie": KEY}):
        reply = web.post(f"{sandbox.url}/predictions?key={KEY}&other=sk-my%2Fvery.secret", json=body, headers=headers)
        assert reply.status_code == 200
    told = web.get(f"{root(sandbox)}/_sandbox/requests").text
    assert "secret" not in told
    assert "secret" not in web.get(f"{root(sandbox)}/_sandbox/deliveries").text
    assert "secret" not in repr(sandbox.state.requests) + repr(sandbox.state.deliveries) + repr(sandbox.state)
    assert json.loads(told)[0]["json"]["input"]["prompt"] == "my key is [key]!"


def test_what_looks_like_a_key_is_hidden_from_strangers_too() -> None:
    """Also a key that is sent in the wrong place, without the header."""
    assert hidden("?api_key=sk-0123456789abcdef0123&x=1", ()) == "?api_key=[key]&x=1"
    assert hidden("a task-force and a risk-free desk", ()) == "a task-force and a risk-free desk"


@given(
    value=st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.booleans() | st.none()),
    key=st.text(min_size=1, max_size=5),
)
def test_any_key_can_be_hidden_in_any_body(value: dict[str, object], key: str) -> None:
    """A key that is a piece of JSON leaves no body at all; another is in no string of it."""
    clean = without_keys({"a": key} | value, (key,))
    if isinstance(clean, dict) and key not in "[key]":
        assert key not in clean.values()


@pytest.mark.parametrize(("size", "kept"), [(10, True), (1_000_001, False)])
def test_a_long_body_is_left_out(size: int, kept: bool) -> None:
    """Over 1 MB, only the rest of the request is kept."""
    assert (note("POST", "/", "", {}, b"x" * size, {"a": 1}).json is not None) == kept


def test_only_the_newest_are_kept() -> None:
    """Two thousand requests; an answer that comes later finds its request all the same."""
    journal = Journal()
    entries = [journal.record(note("GET", f"/{number}", "", {})) for number in range(2005)]
    entries[-1].answered(200)
    assert (len(journal.requests), journal.requests[0].path, journal.requests[-1].status) == (2000, "/5", 200)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("?api_key=sk-querykey99", "?api_key=[key]"),
        ("?api_key=sk-12345678", "?api_key=[key]"),
        ("?api_key=sk-1234567", "?api_key=sk-1234567"),
        ("?then=%2Fv1%3Fkey%3Dsk-querykey99", "?then=%2Fv1%3Fkey%3D[key]"),
        ("my_sk-querykey99", "my_[key]"),
        ("wfb_12345678", "[key]"),
        ("a desk-organizer and a task-forcefully", "a desk-organizer and a task-forcefully"),
    ],
)
def test_a_short_key_is_hidden_too(text: str, told: str) -> None:
    """From eight characters after its beginning, where a word or an escape's rest begins."""
    assert hidden(text, ()) == told


def test_a_stranger_s_key_is_hidden_at_the_start_of_a_line() -> None:
    """JSON writes the line's end as a letter, which is no part of the key."""
    assert without_keys({"prompt": "my key:\nsk-querykey99\tsk-otherkey99"}, ()) == {"prompt": "my key:\n[key]\t[key]"}


def test_a_key_in_a_query_is_not_in_the_journal(sandbox: Sandbox, web: httpx.Client) -> None:
    """Also where it is not the key that was sent in the header."""
    web.get(f"{sandbox.url}/models?api_key=sk-querykey99", headers={"x-api-key": KEY})
    assert web.get(f"{root(sandbox)}/_sandbox/requests").json()[0]["query"] == "api_key=[key]"
