"""What the sandbox says in a chat, and what it refuses to answer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.local import Sandbox, tokens
from skytells_nb.local.inference import answers

QUESTION = "How do I bake bread with rye?"


@pytest.fixture
def ask(api: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Ask the router; strings are the user's and the assistant's turns in turn."""

    def post(*turns: Any, **options: Any) -> dict[str, Any]:
        messages = [
            turn if isinstance(turn, dict) else {"role": ("user", "assistant")[number % 2], "content": turn}
            for number, turn in enumerate(turns)
        ]
        reply = api.post("/chat/completions", json={"model": "deepbrain-router", "messages": messages} | options)
        return dict(reply.json())

    return post


def text_of(reply: dict[str, Any]) -> str:
    """Read the first choice's words."""
    return str(reply["choices"][0]["message"]["content"])


def test_an_answer_says_first_that_nothing_was_billed(ask: Callable[..., Any]) -> None:
    """The first line, alone, and then the answer."""
    assert text_of(ask(QUESTION)).split("\n\n")[0] == answers.NOTICE


def test_an_answer_takes_up_the_question(ask: Callable[..., Any]) -> None:
    """The question's telling words are in it, and a list."""
    text = text_of(ask(QUESTION))
    assert "**bake**" in text
    assert "rye" in text
    assert "\n- " in text or "\n1. " in text


def test_the_system_prompt_shows(ask: Callable[..., Any]) -> None:
    """An answer names the order it was given."""
    text = text_of(ask({"role": "system", "content": "Answer like a pirate."}, {"role": "user", "content": QUESTION}))
    assert "system prompt says “Answer like a pirate.”" in text


def test_earlier_turns_show(ask: Callable[..., Any]) -> None:
    """A second question is answered with the first one quoted."""
    assert f"“{QUESTION}”" in text_of(ask(QUESTION, "So.", "And with oats?"))


def test_a_long_or_hostile_earlier_turn_is_quoted_shortly(ask: Callable[..., Any]) -> None:
    """A quotation is one short line without Markdown or HTML marks."""
    text = text_of(ask("<b onmouseover=x>`code`</b> **and** " + "more " * 80, "So.", "Next?"))
    quoted = text.split("Before that you asked: “")[1].split("”")[0]
    assert quoted.startswith("code and more")
    assert len(quoted) <= 60


def test_pictures_show(ask: Callable[..., Any]) -> None:
    """Attached pictures are counted."""
    parts = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]
    assert "1 picture is attached" in text_of(ask({"role": "user", "content": parts}))


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "  two spaces", "a\n\nb\n", "ünï 🦊 $x_1$", "REPEAT: twice"]
)
def test_repeat_is_exact(ask: Callable[..., Any], text: str) -> None:
    """What follows `REPEAT: ` comes back byte for byte."""
    assert text_of(ask(f"Please REPEAT: {text}")) == text


def test_the_filter_word_ends_the_answer(ask: Callable[..., Any]) -> None:
    """The reason is content_filter, and one category says it filtered."""
    choice = ask("Say something FILTERED")["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_results"]["violence"] == {"filtered": True, "severity": "medium"}


def test_the_answer_depends_on_the_request_only(ask: Callable[..., Any], api: httpx.Client, web: httpx.Client) -> None:
    """Two servers give one answer; another seed, model or turn gives another."""
    first = text_of(ask(QUESTION, seed=1))
    with Sandbox(pace=20) as other:
        body = {"model": "deepbrain-router", "messages": [{"role": "user", "content": QUESTION}], "seed": 1}
        again = web.post(f"{other.url}/chat/completions", json=body, headers={"x-api-key": "sk-other"}).json()
    assert text_of(again) == first
    assert len({text_of(ask(QUESTION, seed=seed)) for seed in range(12)}) > 5


def test_usage_counts_pieces(ask: Callable[..., Any]) -> None:
    """The completion's tokens are its pieces; a picture and a longer question cost more to read."""
    reply = ask(QUESTION)
    assert reply["usage"]["completion_tokens"] == tokens.count(text_of(reply))
    assert ask(QUESTION + " " + QUESTION)["usage"]["prompt_tokens"] > reply["usage"]["prompt_tokens"]


def test_a_default_answer_is_short(ask: Callable[..., Any]) -> None:
    """Between 60 and 160 tokens over many questions."""
    sizes = [ask(f"{QUESTION} Number {n}")["usage"]["completion_tokens"] for n in range(20)]
    assert 60 <= min(sizes) <= max(sizes) <= 160


@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    """No character is lost, added or moved, and the count is the number of pieces."""
    assert "".join(tokens.pieces(text)) == text
    assert tokens.count(text) == len(tokens.pieces(text))


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3), st.integers(0, 5))
def test_any_words_can_be_answered(system: str, questions: list[str], images: int) -> None:
    """Whatever is said, there is an answer, and its JSON form is JSON."""
    talk = answers.Conversation("m", system, tuple(questions), images)
    assert isinstance(answers.answer(talk), str)
    if answers.REPEAT not in talk.question:
        assert json.loads(answers.answer(talk, as_json=True))["sandbox"] is True


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": None}, 422, "model"),
        ({"messages": "hi"}, 422, "messages"),
        ({"messages": []}, 422, "messages"),
        ({"messages": ["hi"]}, 400, "messages[0]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "messages[0].role"),
        ({"messages": [{"role": [], "content": "x"}]}, 400, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, 400, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, 400, "messages[0].content[0]"),
        ({"temperature": 2.1}, 400, "temperature"),
        ({"temperature": True}, 400, "temperature"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"max_completion_tokens": "9"}, 400, "max_completion_tokens"),
        ({"n": 9}, 400, "n"),
        ({"seed": 0.5}, 400, "seed"),
        ({"stop": [""]}, 400, "stop"),
        ({"stop": 5}, 400, "stop"),
        ({"stream": "yes"}, 400, "stream"),
        ({"stream_options": []}, 200, None),
        ({"stream_options": [1]}, 400, "stream_options"),
        ({"response_format": {"type": "xml"}}, 400, "response_format"),
        ({"response_format": {"type": "json_schema"}}, 400, "response_format.json_schema"),
        ({"top_logprobs": 2}, 400, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, 400, "top_logprobs"),
        ({"response_format": "json"}, 400, "response_format"),
        ({"some_new_option": {"x": 1}}, 200, None),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    api: httpx.Client, body: dict[str, Any], status: int, param: str | None
) -> None:
    """The error's `param` names it; what is unknown is ignored."""
    good = {"model": "gpt-5", "messages": [{"role": "user", "content": QUESTION}]}
    reply = api.post("/chat/completions", json=good | body)
    assert reply.status_code == status
    assert reply.json().get("error", {}).get("param") == param


def test_an_assistant_turn_may_be_a_tool_call(ask: Callable[..., Any]) -> None:
    """Null content is fine where there are tool calls, and a tool may answer."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "42"},
    ]
    assert text_of(ask(*turns))


def test_a_chat_is_paid_from_the_balance(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Tokens in and out at the model's two prices; an empty balance refuses."""
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": QUESTION}]}
    with Sandbox(credits=0.0002) as poor:
        client = client_of(poor)
        usage = client.post("/chat/completions", json=body).json()["usage"]
        left = poor.state.credits_left
        refused = client.post("/chat/completions", json=body)
    spent = (usage["prompt_tokens"] * 0.5 + usage["completion_tokens"] * 1.25) / 1e6
    assert left is not None
    assert float(left) == pytest.approx(0.0002 - spent)
    assert refused.json()["error"]["error_id"] == "INSUFFICIENT_CREDITS"


@pytest.mark.parametrize(
    ("asked", "mark"), [("a table", "| --- |"), ("some code", "```python"), ("a formula", "$$\n"), ("LaTeX", "\\frac{")]
)
def test_an_answer_shows_what_it_is_asked_to_show(ask: Callable[..., Any], asked: str, mark: str) -> None:
    """A table, code or a formula, whenever the question names it."""
    assert all(mark in text_of(ask(f"Show me {asked} about bread number {n}")) for n in range(5))


def test_a_question_may_be_refused(ask: Callable[..., Any]) -> None:
    """The magic word gives a refusal in place of content, billed as what it says."""
    reply = ask("Please REFUSE this")
    message = reply["choices"][0]["message"]
    assert message["content"] is None
    assert "sandbox refusal" in message["refusal"]
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["usage"]["completion_tokens"] == tokens.count(message["refusal"])


def test_a_prompt_may_be_blocked(api: httpx.Client) -> None:
    """The magic word gives 451 with what the filters found, and nothing is spent."""
    reply = api.post(
        "/chat/completions", json={"model": "gpt-5", "messages": [{"role": "user", "content": "a BLOCKED word"}]}
    )
    error = reply.json()["error"]
    assert (reply.status_code, error["error_id"]) == (451, "CONTENT_POLICY_VIOLATION")
    assert error["details"]["content_filter_results"]["violence"] == {"filtered": True, "severity": "medium"}


def test_every_reply_is_marked_as_the_sandbox_s(ask: Callable[..., Any]) -> None:
    """Even an answer in which no word may stand but the caller's has its mark beside it."""
    assert ask("REPEAT: yes")["system_fingerprint"].startswith("fp_sandbox_")


def test_a_model_that_does_not_chat_names_the_place_that_serves_it(api: httpx.Client) -> None:
    """An embedding model is sent to embeddings."""
    body = {"model": "skytells-embed-3-small", "messages": [{"role": "user", "content": "hi"}]}
    error = api.post("/chat/completions", json=body).json()["error"]
    assert (error["error_id"], error["status"]) == ("MODEL_NOT_SUPPORTED", 422)
    assert "/v1/embeddings" in error["message"]


def test_log_probabilities_come_when_asked_for(ask: Callable[..., Any]) -> None:
    """One entry a piece, each with its bytes and so many others, the likeliest first."""
    reply = ask("REPEAT: one, zwölf", logprobs=True, top_logprobs=3)
    listed = reply["choices"][0]["logprobs"]["content"]
    assert [entry["token"] for entry in listed] == list(tokens.pieces("one, zwölf"))
    assert bytes(listed[-1]["bytes"]).decode() == " zwölf"
    assert all(len(entry["top_logprobs"]) == 3 for entry in listed)
    assert all(entry["logprob"] == entry["top_logprobs"][0]["logprob"] <= 0 for entry in listed)
    assert all(x["logprob"] > y["logprob"] for e in listed for x, y in itertools.pairwise(e["top_logprobs"]))


def test_log_probabilities_without_others_have_an_empty_list(ask: Callable[..., Any]) -> None:
    """`logprobs` alone lists each piece and nothing beside it; not asked for, there is none."""
    assert ask("REPEAT: a", logprobs=True)["choices"][0]["logprobs"]["content"][0]["top_logprobs"] == []
    assert ask("REPEAT: a")["choices"][0]["logprobs"] is None


def test_a_large_prompt_holds_nobody_up(api: httpx.Client, ask: Callable[..., Any]) -> None:
    """A megabyte is read beside the server's loop, and repeated whole."""
    text = "word " * 200_000
    assert text_of(ask(f"REPEAT: {text}", max_tokens=10**6)) == text
