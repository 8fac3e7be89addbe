"""The events of a streamed response add up to the response, however many of them come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.response_assembly import ResponseAssembly, whole_response
from skytells_nb.api.values import Delta, Filters, Usage
from skytells_nb.errors import BrokenStreamError, ServiceError

OPEN = {"id": "resp_1", "object": "response", "status": "in_progress", "model": "gpt-5", "output": [], "usage": None}
SAID = {"type": "output_text", "text": "Hi there", "annotations": []}
MESSAGE = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [SAID]}
CALL_ITEM = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "add", "arguments": '{"a":1}'}
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}
USAGE = {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11, "output_tokens_details": {"reasoning_tokens": 1}}
DONE = OPEN | {"status": "completed", "output": [MESSAGE], "usage": USAGE}


def event(kind: str, **more: Any) -> dict[str, Any]:
    """Write an event of a response."""
    return {"type": f"response.{kind}", "sequence_number": 0, **more}


def words(piece: str, output: int = 0, content: int = 0) -> dict[str, Any]:
    """Write an event that adds text."""
    return event("output_text.delta", output_index=output, content_index=content, item_id="msg_1", delta=piece)


ALL = (
    event("created", response=OPEN),
    event("in_progress", response=OPEN),
    event("output_item.added", output_index=0, item=MESSAGE | {"content": [], "status": "in_progress"}),
    event("content_part.added", output_index=0, content_index=0, item_id="msg_1", part=SAID | {"text": ""}),
    words("Hi ") | {"obfuscation": "x9"},
    words("there"),
    event("output_text.done", output_index=0, content_index=0, item_id="msg_1", text="Hi there"),
    event("content_part.done", output_index=0, content_index=0, item_id="msg_1", part=SAID),
    event("output_item.done", output_index=0, item=MESSAGE),
    event("completed", response=DONE),
)


def fed(*events: dict[str, Any]) -> tuple[ResponseAssembly, list[Delta]]:
    """Feed events; the assembly and all deltas."""
    assembly = ResponseAssembly()
    return assembly, [delta for each in events for delta in assembly.feed(json.dumps(each))]


def test_the_documented_events_add_up_to_the_response() -> None:
    """Each event is a delta; only those that add text have some."""
    assembly, deltas = fed(*ALL)
    assert [delta.text for delta in deltas] == ["", "", "", "", "Hi ", "there", "", "", "", ""]
    assert [delta.raw for delta in deltas] == list(ALL)
    reply = assembly.reply()
    assert (reply.id, reply.model, reply.text, reply.finish_reason) == ("resp_1", "gpt-5", "Hi there", "stop")
    assert (reply.usage, reply.complete, reply.raw) == (Usage(9, 2, 11, 1), True, DONE)


@pytest.mark.parametrize("cut", range(len(ALL)))
def test_a_response_is_whole_with_its_last_event_only(cut: int) -> None:
    """What came before it is kept, and says that it is not whole."""
    assembly, _ = fed(*ALL[:cut])
    spoken = "" if cut < 5 else "Hi " if cut == 5 else "Hi there"
    assert (assembly.finished, assembly.done, assembly.reply().complete) == (False, False, False)
    assert (assembly.reply().text, assembly.reply().id) == (spoken, "resp_1" if cut else "")


def test_the_end_mark_of_chat_may_follow_but_is_no_last_event() -> None:
    """`[DONE]` after a response is nothing; in its place it does not make the response whole."""
    early, _ = fed(*ALL[:6])
    assert early.feed("[DONE]") == []
    assert (early.done, early.finished, early.reply().complete) == (False, False, False)
    whole, _ = fed(*ALL)
    assert whole.feed("[DONE]") == []
    assert (whole.done, whole.reply().complete) == (True, True)


def test_the_last_event_counts_where_it_says_more() -> None:
    """It brings the whole response again; a piece that was lost is in it."""
    assembly, _ = fed(ALL[0], words("Hi "), ALL[-1])
    assert assembly.reply().text == "Hi there"


def test_the_pieces_count_where_the_last_event_says_less() -> None:
    """Some services end without repeating the output."""
    assembly, _ = fed(ALL[0], words("Hi "), words("there"), event("completed", response=DONE | {"output": []}))
    assert (assembly.reply().text, assembly.reply().complete) == ("Hi there", True)


def test_text_that_comes_at_once_is_a_delta() -> None:
    """A part that is done without having been streamed; one that was is not repeated."""
    assembly, deltas = fed(words("A", 0), event("output_text.done", output_index=1, content_index=0, text="B"))
    assert [delta.text for delta in deltas] == ["A", "B"]
    assert assembly.reply().text == "AB"


def test_an_incomplete_response_is_cut_not_broken() -> None:
    """It reached its token limit: an answer with a reason, as in chat."""
    cut = DONE | {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assembly, _ = fed(ALL[0], words("Hi there"), event("incomplete", response=cut))
    assert (assembly.finished, assembly.reply().finish_reason, assembly.reply().complete) == (True, "length", True)


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (event("failed", response=OPEN | {"status": "failed", "error": {"code": "x", "message": "Broke"}}), "Broke"),
        ({"type": "error", "code": "x", "message": "Broke", "param": None, "sequence_number": 3}, "Broke"),
        ({"type": "error", "error": {"error_id": "X", "message": "Broke"}}, "Broke"),
        ({"error": {"error_id": "X", "message": "Broke"}}, "Broke"),
    ],
)
def test_an_error_is_trouble_in_each_of_its_forms(last: dict[str, Any], message: str) -> None:
    """OpenAI's two events, and the service's own object."""
    assembly, _ = fed(ALL[0], words("Hi "), last)
    assert assembly.trouble is not None
    assert assembly.trouble["error"]["message"] == message
    assert (assembly.finished, assembly.reply().text) == (False, "Hi ")


def test_an_unknown_event_is_passed_on() -> None:
    """Its delta adds nothing and shows it whole."""
    strange = event("something.new", delta="not text", output_index=0)
    assembly, deltas = fed(ALL[0], strange)
    assert (deltas[-1], deltas[-1].raw, bool(deltas[-1])) == (Delta("", {}), strange, False)
    assert assembly.reply().text == ""


def test_a_refusal_comes_in_pieces() -> None:
    """They ride on their deltas; the last event may have the whole."""
    refused = OPEN | {"output": [MESSAGE | {"content": [{"type": "refusal", "refusal": "I won't."}]}]}
    pieces = [event("refusal.delta", delta=piece) for piece in ("I ", "won't.")]
    assembly, deltas = fed(*pieces)
    assert ([delta.refusal for delta in deltas], assembly.reply().refusal) == (["I ", "won't."], "I won't.")
    whole, _ = fed(*pieces, event("completed", response=refused | {"status": "completed"}))
    assert (whole.reply().text, whole.reply().refusal) == ("", "I won't.")


def test_a_tool_call_has_chat_s_form() -> None:
    """It begins with its item and grows by its arguments; the reply has it whole, also where it broke off."""
    added = event("output_item.added", output_index=0, item=CALL_ITEM | {"arguments": ""})
    grown = [event("function_call_arguments.delta", output_index=0, delta=piece) for piece in ('{"a"', ":1}")]
    assembly, deltas = fed(ALL[0], added, *grown)
    begun = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": ""}, "index": 0}
    assert deltas[1].tool_calls == (begun,)
    assert [delta.tool_calls[0]["function"]["arguments"] for delta in deltas[2:]] == ['{"a"', ":1}"]
    assert assembly.reply().tool_calls == (CALL,)
    whole, _ = fed(added, *grown, event("completed", response=DONE | {"output": [CALL_ITEM]}))
    assert (whole.reply().tool_calls, whole.reply().finish_reason) == ((CALL,), "tool_calls")
    at_once, _ = fed(event("completed", response=DONE | {"output": [CALL_ITEM]}))
    assert at_once.reply().tool_calls == (CALL,)


def test_what_was_blocked_is_read_from_the_last_event() -> None:
    """Filters are null until then."""
    found = [
        {"blocked": True, "source_type": "prompt", "content_filter_results": {"jailbreak": {"filtered": True}}},
        {"blocked": True, "source_type": "completion", "content_filter_results": {}},
        {"blocked": False, "source_type": "completion", "content_filter_results": {"hate": {"filtered": False}}},
    ]
    assembly, _ = fed(
        event("created", response=OPEN | {"content_filters": None}),
        event("completed", response=DONE | {"content_filters": found}),
    )
    assert assembly.reply().filters == Filters(prompt=("jailbreak",), completion=("blocked",))


def test_a_whole_response_in_place_of_a_stream_is_one_delta() -> None:
    """With its text and its tool calls."""
    assembly = ResponseAssembly()
    body = DONE | {"output": [MESSAGE, CALL_ITEM]}
    assert assembly.add_whole(body) == [Delta("Hi there", {}, tool_calls=(CALL,))]
    assert (assembly.finished, assembly.done, assembly.reply().usage) == (True, True, Usage(9, 2, 11, 1))


def test_a_whole_response_that_goes_on_elsewhere_is_not_complete() -> None:
    """What was asked to run in the background is no answer yet, streamed or not."""
    assembly = ResponseAssembly()
    assembly.add_whole(OPEN | {"status": "queued"})
    assert (assembly.done, assembly.reply().complete) == (True, False)


@pytest.mark.parametrize("status", ["failed", "cancelled", "canceled"])
def test_a_response_that_failed_is_an_error(status: str) -> None:
    """With the service's reason, or without one."""
    with pytest.raises(
        ServiceError, match=r"^The response ended without an answer: Broke\. It may have been"
    ) as caught:
        whole_response(OPEN | {"status": status, "error": {"code": "server_error", "message": "Broke."}})
    assert (caught.value.error_id, caught.value.may_have_run) == ("SERVER_ERROR", True)
    with pytest.raises(ServiceError, match="the service gave no reason"):
        whole_response(OPEN | {"status": status})


@pytest.mark.parametrize("body", [None, [], {}, {"id": "resp_1"}, {"output": "text"}, {"output_text": 3}])
def test_an_answer_without_output_is_an_error(body: Any) -> None:
    """It is never an empty answer."""
    with pytest.raises(ServiceError, match="The answer holds no output"):
        whole_response(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KINDS = [each["type"] for each in ALL] + ["response.failed", "error", "response.function_call_arguments.delta"]
KEYS = ["response", "item", "delta", "text", "output_index", "content_index", "error", "part", "usage", "output"]


@given(
    st.lists(
        st.builds(
            lambda kind, more: {"type": kind, **more},
            st.sampled_from(KINDS) | json_values,
            st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5),
        ),
        max_size=6,
    )
)
def test_no_events_break_the_assembly(events: list[Any]) -> None:
    """Any JSON in any place gives deltas, and a reply that can be shown."""
    assembly = ResponseAssembly()
    for each in events:
        try:
            assert all(isinstance(delta.text, str) for delta in assembly.feed(json.dumps(each)))
        except BrokenStreamError:
            pytest.fail("these are objects")
    assert isinstance(repr(assembly.reply()), str)
