"""What the sources spell differently about chat and responses, each asked for in a header."""

from __future__ import annotations

from typing import Any

import httpx

CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


def respond(api: httpx.Client, dialect: str, **options: Any) -> httpx.Response:
    """Ask for a response in a dialect."""
    return api.post(
        "/responses",
        json={"model": "gpt-5", "input": "Hi"} | options,
        headers={"x-sandbox-fault": f"dialect;{dialect}"},
    )


def test_a_response_may_have_no_text_at_its_top(api: httpx.Client) -> None:
    """Only its parts have it, whole and streamed."""
    reply = respond(api, "output_text=absent")
    assert "output_text" not in reply.json()
    assert reply.json()["output"][0]["content"][0]["text"]
    assert '"output_text":"' not in respond(api, "output_text=absent", stream=True).text


def test_a_response_may_be_stored_unasked(api: httpx.Client) -> None:
    """As OpenAI does it; asked not to, it is not kept."""
    kept, forgotten = respond(api, "store=on").json(), respond(api, "store=on", store=False).json()
    assert (kept["store"], forgotten["store"]) == (True, False)
    assert respond(api, "store=on", previous_response_id=kept["id"]).status_code == 200
    assert respond(api, "store=on", previous_response_id=forgotten["id"]).status_code == 400


def test_a_response_s_stream_may_end_in_done(api: httpx.Client) -> None:
    """By default it ends by itself."""
    assert respond(api, "done=all", stream=True).text.endswith("data: [DONE]\n\n")
    assert "[DONE]" not in respond(api, "done=chat", stream=True).text


def test_stream_options_may_be_refused(api: httpx.Client) -> None:
    """400 that names them; a stream without them goes on."""
    header = {"x-sandbox-fault": "dialect;stream_options=refused"}
    refused = api.post("/chat/completions", json=CHAT | {"stream_options": {"include_usage": True}}, headers=header)
    error = refused.json()["error"]
    assert (error["status"], error["error_id"], error["param"]) == (400, "INVALID_PARAMETER", "stream_options")
    assert api.post("/chat/completions", json=CHAT, headers=header).text.endswith("[DONE]\n\n")
