"""The pieces of a streamed answer add up to the answer, in every form that pieces come in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.api.assembly import Assembly, ChatAssembly
from skytells_nb.api.values import Delta, Filters, Usage
from skytells_nb.errors import BrokenStreamError, ServiceError

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}


def piece(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """Write a chunk with one choice."""
    return HEAD | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def assembled(*chunks: dict[str, Any], done: bool = False) -> Assembly:
    """Put chunks together."""
    assembly = ChatAssembly()
    for chunk in chunks:
        assembly.feed(json.dumps(chunk))
    if done:
        assert assembly.feed("[DONE]") == []
    return assembly


def test_pieces_of_text_are_joined_and_given_out() -> None:
    """Each piece is a delta with its chunk; the reply is their sum."""
    assembly = ChatAssembly()
    deltas = [assembly.feed(json.dumps(piece({"content": text}))) for text in ("Ma", "chine", "")]
    assert deltas == [[Delta("Ma", {})], [Delta("chine", {})], [Delta("", {})]]
    assert deltas[0][0].raw == piece({"content": "Ma"})
    reply = assembly.reply()
    assert (reply.text, reply.id, reply.model, reply.complete) == ("Machine", "chatcmpl-1", "gpt-5", False)


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        ({"role": "assistant", "content": None}, ""),
        ({"content": "Hi"}, "Hi"),
        ({"content": [{"type": "text", "text": "H"}, {"text": "i"}]}, "Hi"),
        ({"content": "Hi", "obfuscation": "xK9"}, "Hi"),
        ({"content": 7}, ""),
        ({}, ""),
        (None, ""),
        ("Hi", ""),
    ],
)
def test_a_delta_s_content_has_many_forms(delta: Any, text: str) -> None:
    """Null, a string, an array of parts, padding, nonsense."""
    assert assembled(piece(delta, obfuscation="pad")).reply().text == text


@pytest.mark.parametrize("end", ["stop", "length", "content_filter", "tool_calls", "something_new"])
def test_a_finish_reason_ends_an_answer(end: str) -> None:
    """Any word counts; the answer is whole without an end mark."""
    assembly = assembled(piece({"content": "Hi"}), piece({}, end))
    assert (assembly.finished, assembly.done) == (True, False)
    assert (assembly.reply().complete, assembly.reply().finish_reason) == (True, end)


def test_the_end_mark_ends_an_answer() -> None:
    """Also where no finish reason came."""
    assert assembled(piece({"content": "Hi"}), done=True).reply().complete


def test_neither_is_a_broken_answer() -> None:
    """Text alone is never whole."""
    assert not assembled(piece({"content": "Hi"})).reply().complete


def test_usage_comes_with_a_chunk_of_its_own_or_with_the_last_piece() -> None:
    """The first is how OpenAI's form does it; null on the others is nothing."""
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    apart = assembled(piece({"content": "Hi"}, usage=None), HEAD | {"choices": [], "usage": usage})
    within = assembled(piece({"content": "Hi"}, "stop", usage=usage))
    assert apart.reply().usage == within.reply().usage == Usage(9, 2, 11)
    assert apart.reply().raw == HEAD | {"usage": usage}


def test_filters_ahead_of_the_answer_do_not_take_its_name() -> None:
    """The first chunk may carry the prompt's filters and name neither id nor model."""
    found = [{"prompt_index": 0, "content_filter_results": {"jailbreak": {"filtered": True}}}]
    ahead = {"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": found}
    blocked = piece({}, "content_filter")
    blocked["choices"][0]["content_filter_results"] = {"hate": {"filtered": True}}
    reply = assembled(ahead, piece({"content": "Hi"}), blocked).reply()
    assert (reply.id, reply.model, reply.text) == ("chatcmpl-1", "gpt-5", "Hi")
    assert reply.filters == Filters(prompt=("jailbreak",), completion=("hate",))
    assert reply.raw["prompt_filter_results"] == found


def test_a_refusal_is_joined() -> None:
    """What the model declines comes in pieces too."""
    assert assembled(piece({"refusal": "I "}), piece({"refusal": "won't."})).reply().refusal == "I won't."


def test_tool_calls_are_joined_by_their_index() -> None:
    """Fragments of two calls, interleaved."""
    reply = assembled(
        piece(
            {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "w", "arguments": ""}}]}
        ),
        piece({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "x", "arguments": "{"}}]}),
        piece({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]}),
        piece({"tool_calls": [{"index": 1, "function": {"arguments": "}"}}]}),
        piece({"tool_calls": [{"index": 0, "id": None, "function": {"arguments": '"Paris"}'}}]}),
    ).reply()
    assert reply.tool_calls == (
        {"id": "a", "type": "function", "function": {"name": "w", "arguments": '{"city":"Paris"}'}},
        {"id": "b", "function": {"name": "x", "arguments": "{}"}},
    )


def test_a_tool_call_without_an_index_begins_with_its_id() -> None:
    """What has no id, or the same one, goes on with the last call."""
    reply = assembled(
        piece({"tool_calls": [{"id": "a", "function": {"name": "w", "arguments": "{"}}]}),
        piece({"tool_calls": [{"function": {"arguments": "}"}}]}),
        piece({"tool_calls": [{"id": "b", "function": {"name": "x", "arguments": "{}"}}]}),
    ).reply()
    assert [(call["id"], call["function"]["arguments"]) for call in reply.tool_calls] == [("a", "{}"), ("b", "{}")]


def test_several_choices_are_told_apart() -> None:
    """With n over 1 a delta names its choice; the reply's text is the first's, the others stand beside it."""
    assembly = ChatAssembly(expected=2)
    other = {"index": 1, "delta": {"content": "B"}, "finish_reason": "stop"}
    assert assembly.feed(json.dumps(HEAD | {"choices": [other]})) == [Delta("B", {}, index=1)]
    assembly.feed(json.dumps(piece({"content": "A"})))
    assert (assembly.reply().text, [choice.text for choice in assembly.reply().choices]) == ("A", ["A", "B"])
    assert not assembly.finished
    assembly.feed(json.dumps(piece({}, "length")))
    assert (assembly.finished, [choice.finish_reason for choice in assembly.reply().choices]) == (
        True,
        ["length", "stop"],
    )


def test_choices_that_share_a_chunk_give_a_delta_each() -> None:
    """Their texts are never mixed."""
    both = HEAD | {"choices": [{"index": at, "delta": {"content": text}} for at, text in enumerate("AB")]}
    assert ChatAssembly(2).feed(json.dumps(both)) == [Delta("A", {}), Delta("B", {}, index=1)]


def test_refusals_and_tool_calls_ride_on_their_delta() -> None:
    """A delta that adds no text may still say something."""
    refused = ChatAssembly().feed(json.dumps(piece({"refusal": "No."})))
    assert [(delta.text, delta.refusal, bool(delta)) for delta in refused] == [("", "No.", True)]
    fragment = {"index": 0, "id": "a", "function": {"name": "w", "arguments": ""}}
    assert ChatAssembly().feed(json.dumps(piece({"tool_calls": [fragment]})))[0].tool_calls == (fragment,)


def test_an_error_among_the_chunks_is_trouble() -> None:
    """It has no choices, whatever else it has."""
    assembly = ChatAssembly()
    chunk = {"error": {"message": "Overloaded", "code": "service_error"}}
    assert assembly.feed(json.dumps(chunk)) == [Delta("", {})]
    assert assembly.trouble == chunk


def test_a_whole_answer_is_a_delta_for_each_choice() -> None:
    """What a service gives that does not stream: texts, refusals, tool calls, filters, usage."""
    calls = [{"id": name, "function": {"name": "w", "arguments": "{}"}} for name in "ab"]
    body = HEAD | {
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
        "choices": [
            {"index": 0, "message": {"content": "A", "tool_calls": calls}, "finish_reason": "tool_calls"},
            {"index": 1, "message": {"content": None, "refusal": "No."}, "finish_reason": "stop"},
        ],
    }
    assembly = ChatAssembly(2)
    assert assembly.add_whole(body) == [
        Delta("A", {}, tool_calls=tuple(calls)),
        Delta("", {}, index=1, refusal="No."),
    ]
    reply = assembly.reply()
    assert (assembly.done, reply.complete, reply.text, reply.tool_calls) == (True, True, "A", tuple(calls))
    assert (reply.choices[1].refusal, reply.usage) == ("No.", Usage(9, 2, 11))


@pytest.mark.parametrize("body", [None, {}, [], {"choices": []}, {"choices": None}, {"id": "x", "choices": {}}])
def test_a_whole_answer_without_choices_is_an_error(body: Any) -> None:
    """It is no empty answer, and it may have been billed."""
    with pytest.raises(ServiceError, match="The answer holds no choices") as caught:
        ChatAssembly().add_whole(body)
    assert caught.value.may_have_run


@pytest.mark.parametrize("index", [None, "1", -1, True, 2.0])
def test_a_choice_without_a_sound_index_is_the_first(index: Any) -> None:
    """Its text is not lost."""
    chunk = HEAD | {"choices": [{"index": index, "delta": {"content": "Hi"}}]}
    assert assembled(chunk).reply().text == "Hi"


@pytest.mark.parametrize("data", ["", " ", "\n"])
def test_blank_data_is_nothing(data: str) -> None:
    """Some gateways keep a connection alive so."""
    assert ChatAssembly().feed(data) == []


@pytest.mark.parametrize("data", ["{", "nonsense", '{"a": 1} trailing', "NaN x", "[" * 100_000])
def test_data_that_is_no_json_breaks_the_stream(data: str) -> None:
    """A malformed piece is never passed over."""
    with pytest.raises(BrokenStreamError, match="a piece that is not JSON"):
        ChatAssembly().feed(data)


@pytest.mark.parametrize("data", ["[]", "3", '"text"', "null"])
def test_json_that_is_no_object_breaks_the_stream(data: str) -> None:
    """Nor is a piece of another kind."""
    with pytest.raises(BrokenStreamError, match="a piece that is not an object"):
        ChatAssembly().feed(data)


def test_json_with_blanks_around_it_is_json() -> None:
    """Padding is no fault."""
    assert ChatAssembly().feed(" " + json.dumps(piece({"content": "Hi"})) + " \n") == [Delta("Hi", {})]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
keys = ["id", "model", "choices", "usage", "prompt_filter_results", "index", "delta", "finish_reason", "content",
        "refusal", "tool_calls", "function", "arguments", "content_filter_results", "text"]  # fmt: skip
objects = st.dictionaries(st.sampled_from(keys), json_values, max_size=6)
chunks = st.dictionaries(
    st.sampled_from(keys),
    json_values
    | st.lists(st.dictionaries(st.sampled_from(keys), json_values | objects | st.lists(objects)), max_size=2),
    max_size=6,
)


@given(st.lists(chunks, max_size=4))
@settings(max_examples=50)
def test_no_chunk_breaks_the_assembly(pieces: list[dict[str, Any]]) -> None:
    """Any JSON in any place of a chunk adds up to a reply that can be shown."""
    assert isinstance(repr(assembled(*pieces).reply()), str)
