"""What a model thinks before it answers: kept apart from the answer, under whatever name and in whatever form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from skytells_nb.api.assembly import ChatAssembly
from skytells_nb.api.client import Client
from skytells_nb.api.response_assembly import ResponseAssembly
from skytells_nb.api.streams import ChatStream
from skytells_nb.api.values import Delta, Reply
from skytells_nb.local import EXAMPLE_KEY, Sandbox

QUESTION = "THINK: what is a notebook?"


@pytest.fixture(scope="module")
def client(shared_sandbox: Sandbox) -> Iterator[Client]:
    """Ask the local Skytells."""
    with Client(api_key=EXAMPLE_KEY, base_url=shared_sandbox.url, observers=()) as asking:
        yield asking


def chunk(**delta: Any) -> dict[str, Any]:
    """Write a chunk of chat."""
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("said", ["Hm. ", [{"type": "text", "text": "Hm. "}]], ids=["text", "parts"])
def test_chat_deltas_bring_reasoning(name: str, said: object) -> None:
    """Servers call it by two names and write it in two ways; the answer's text is none of it."""
    assembly = ChatAssembly()
    thinking = assembly.add(chunk(**{name: said, "content": ""}))
    assembly.add(chunk(content="Yes."))
    assert thinking == [Delta("", {}, reasoning="Hm. ")]
    assert (assembly.reply().reasoning, assembly.reply().text) == ("Hm. ", "Yes.")


def test_both_names_at_once_count_once() -> None:
    """A server that writes the same thought under both names thinks it once."""
    assembly = ChatAssembly()
    assembly.add(chunk(reasoning_content="Hm.", reasoning="Hm."))
    assert assembly.reply().reasoning == "Hm."


def test_a_piece_of_reasoning_is_no_piece_of_the_answer() -> None:
    """Such a delta is false: the first words, whose time is measured, are the answer's."""
    assert not Delta("", {}, reasoning="Hm.")


def test_a_whole_chat_has_its_reasoning() -> None:
    """In the message, beside its content; each choice has its own."""
    messages = [{"content": "Yes.", "reasoning_content": "Hm."}, {"content": "No.", "reasoning": "Well."}]
    reply = Reply.from_json({"choices": [{"index": at, "message": message} for at, message in enumerate(messages)]})
    assert [(choice.text, choice.reasoning) for choice in reply.choices] == [("Yes.", "Hm."), ("No.", "Well.")]


@pytest.mark.parametrize("kind", ["reasoning_summary_text", "reasoning_text"])
def test_response_events_bring_reasoning(kind: str) -> None:
    """As a summary or as it was thought; parts are parted by an empty line."""
    place = "summary_index" if "summary" in kind else "content_index"
    assembly = ResponseAssembly()
    pieces = [
        assembly.add({"type": f"response.{kind}.delta", "output_index": 0, place: part, "delta": said})[0].reasoning
        for part, said in ((0, "One"), (0, "."), (1, "Two."))
    ]
    assembly.add({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Yes."})
    assert pieces == ["One", ".", "\n\nTwo."]
    assert (assembly.reply().reasoning, assembly.reply().text) == ("One.\n\nTwo.", "Yes.")


@pytest.mark.parametrize("key", ["summary", "content"])
def test_a_whole_response_has_its_reasoning(key: str) -> None:
    """An item of its own, whose parts are a summary or the thoughts."""
    thoughts = {"type": "reasoning", key: [{"text": "One."}, {"text": "Two."}]}
    said = {"type": "message", "content": [{"type": "output_text", "text": "Yes."}]}
    reply = Reply.from_response({"status": "completed", "output": [thoughts, said]})
    assert (reply.reasoning, reply.text) == ("One.\n\nTwo.", "Yes.")


@pytest.mark.parametrize("nonsense", [None, 5, {"text": "x"}, [None, 5, {"text": 5}]])
def test_what_cannot_be_read_is_no_reasoning(nonsense: object) -> None:
    """Whatever stands in its place, the answer is read."""
    assembly = ChatAssembly()
    assembly.add(chunk(reasoning_content=nonsense, content="Yes."))
    body = {"status": "completed", "output": [{"type": "reasoning", "summary": nonsense}], "output_text": "Yes."}
    for reply in (assembly.reply(), Reply.from_response(body)):
        assert (reply.reasoning, reply.text) == ("", "Yes.")


@pytest.mark.parametrize("verb", ["chat", "respond"])
def test_the_sandbox_thinks_on_request(client: Client, verb: str) -> None:
    """THINK in a question gets thoughts before the answer: the same streamed and whole, and counted as tokens."""
    stream: ChatStream = getattr(client, f"{verb}_stream")(QUESTION)
    deltas = list(stream)
    whole: Reply = getattr(client, verb)(QUESTION)
    assert "".join(delta.reasoning for delta in deltas) == stream.reply.reasoning == whole.reasoning
    assert whole.reasoning.startswith("The question is about “think”.")
    assert whole.text == stream.reply.text
    assert "is about “think”" not in whole.text
    assert whole.usage is not None
    assert whole.usage.reasoning_tokens == sum(1 for delta in deltas if delta.reasoning)


def test_thoughts_come_first(client: Client) -> None:
    """All of them are there before the answer's first word."""
    kinds = [
        ("thought" if delta.reasoning else "said") for delta in client.chat_stream(QUESTION) if delta or delta.reasoning
    ]
    assert kinds == sorted(kinds, key=["thought", "said"].index)


def test_thoughts_may_use_up_all_tokens(client: Client) -> None:
    """A limit that the thoughts fill leaves no answer, as with real models."""
    reply = client.chat(QUESTION, max_tokens=5)
    assert (reply.text, reply.finish_reason) == ("", "length")
    assert reply.reasoning == "The question is about “"


def test_time_to_the_first_words_leaves_thinking_out(asking: Callable[[Sandbox], Client]) -> None:
    """`ttft` is until the answer's first word, however early the first thought came."""
    with Sandbox(token_seconds=0.02) as slow, asking(slow) as client:
        stream = client.chat_stream(QUESTION, max_tokens=400)
        thoughts = 0
        for delta in stream:
            thoughts += bool(delta.reasoning)
            if delta:
                break
        stream.close()
    call = stream.reply.call
    assert call is not None
    assert call.ttft is not None
    assert call.ttft >= thoughts * 0.02


@pytest.fixture
def asking() -> Callable[[Sandbox], Client]:
    """Make clients of a sandbox that is the test's own."""
    return lambda sandbox: Client(api_key=EXAMPLE_KEY, base_url=sandbox.url, observers=())
