"""Chat, whole and streamed, in every form that an answer comes in; both clients alike."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from skytells_nb.api.client import AsyncClient
from skytells_nb.api.values import Choice, Filters, Reply, Usage
from skytells_nb.errors import BrokenStreamError, ContentBlockedError, InputError, RefusedError
from tests.canned import Said, Service, Streamed, serving

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
OPTION = {"error": {"message": "Unknown parameter", "error_id": "INVALID_PARAMETER", "param": "stream_options"}}


def completion(*messages: dict[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    """Write a whole answer of these choices."""
    choices = [
        {"index": at, "message": {"role": "assistant", **message}, "finish_reason": finish}
        for at, message in enumerate(messages)
    ]
    return {"id": "chatcmpl-1", "model": "gpt-5", "choices": choices, "usage": USAGE} | more


def piece(delta: Any, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    """Write a chunk of one choice."""
    return HEAD | {"choices": [{"index": index, "delta": delta, "finish_reason": finish, **more}]}


HI = (piece({"role": "assistant", "content": "Hi"}), piece({}, "stop"), "[DONE]")


def streamed(service: Service, **params: Any) -> tuple[list[Any], Reply]:
    """Read an answer as it comes."""
    with service.client() as client, client.chat_stream("Hi", model="gpt-5", **params) as stream:
        deltas = list(stream)
    return deltas, stream.reply


def test_pictures_go_out_as_parts() -> None:
    """As links and as data, behind the words."""
    buffer = io.BytesIO()
    picture = Image.new("RGB", (1, 1))
    picture.save(buffer, "PNG")
    data = f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
    with serving(completion({"content": "A fox."})) as service, service.client() as client:
        client.chat("What is this?", images=["https://example.org/a.png", picture])
        client.chat(["What is this?", picture])
    words = {"type": "text", "text": "What is this?"}
    linked = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    drawn = {"type": "image_url", "image_url": {"url": data}}
    assert [body["messages"] for body in service.bodies] == [
        [{"role": "user", "content": [words, linked, drawn]}],
        [{"role": "user", "content": [words, drawn]}],
    ]


def test_a_picture_that_is_not_there_sends_nothing(tmp_path: Path) -> None:
    """Whole or streamed, the mistake is told before the request."""
    with serving(completion({"content": "A fox."})) as service, service.client() as client:
        with pytest.raises(InputError, match=r"cannot be read: No such file"):
            client.chat("Hi", images=[tmp_path / "none.png"])
        with pytest.raises(InputError, match=r"cannot be read: No such file"):
            client.chat_stream("Hi", images=[tmp_path / "none.png"])
    assert (service.asked, service.told.ended) == ([], [])


def test_parameters_go_to_the_api_as_they_are() -> None:
    """Tools, forms of an answer, and words that only the service knows; None is left out."""
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    params = {
        "tools": [WEATHER],
        "tool_choice": "auto",
        "response_format": form,
        "seed": 3,
        "future_option": {"x": [1]},
    }
    with serving(completion({"content": "{}"})) as service, service.client() as client:
        client.chat("Hi", model="gpt-5", top_p=None, max_tokens=5, stop=["a"], **params)
    assert service.bodies == [
        {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5, "stop": ["a"], **params}
    ]


def test_a_tool_call_is_read_and_answered() -> None:
    """The call, in the form in which the next request repeats it, and its result."""
    asked = completion({"content": None, "tool_calls": [CALL]}, finish="tool_calls")
    with serving(asked, completion({"content": "Sunny."})) as service, service.client() as client:
        reply = client.chat("Weather in Paris?", tools=[WEATHER])
        said = {"role": "assistant", "content": None, "tool_calls": list(reply.tool_calls)}
        client.chat([*reply.asked, said, {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}])
    assert (reply.text, reply.finish_reason, reply.tool_calls) == ("", "tool_calls", (CALL,))
    assert service.bodies[1]["messages"] == [
        {"role": "user", "content": "Weather in Paris?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]


def test_a_streamed_tool_call_is_the_whole_one() -> None:
    """Fragments ride on their deltas and are joined in the reply."""
    fragments = [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"city":'}},
        {"index": 0, "function": {"arguments": '"Paris"}'}},
    ]
    pieces = [piece({"tool_calls": [fragment]}) for fragment in fragments]
    with serving(Streamed([*pieces, piece({}, "tool_calls"), "[DONE]"])) as service:
        deltas, reply = streamed(service, tools=[WEATHER])
    assert [delta.tool_calls for delta in deltas] == [*((fragment,) for fragment in fragments), ()]
    assert (reply.tool_calls, reply.finish_reason, reply.complete) == ((CALL,), "tool_calls", True)
    assert deltas[-1].finish_reason == "tool_calls"


@pytest.mark.parametrize("whole", [True, False])
def test_a_refusal_is_told_apart_from_text(whole: bool) -> None:
    """The model's own no: neither an answer nor an error."""
    stream = Streamed([piece({"refusal": "I "}), piece({"refusal": "won't."}), piece({}, "stop"), "[DONE]"])
    with (
        serving(completion({"content": None, "refusal": "I won't."}) if whole else stream) as service,
        service.client() as client,
    ):
        reply = client.chat("Hi") if whole else streamed(service)[1]
    assert (reply.text, reply.refusal, str(reply)) == ("", "I won't.", "I won't.")


@pytest.mark.parametrize("whole", [True, False])
def test_a_filtered_answer_names_what_was_blocked(whole: bool) -> None:
    """In the prompt and in the answer; what was only looked at is not named."""
    prompt = [{"prompt_index": 0, "content_filter_results": {"jailbreak": {"filtered": True, "detected": True}}}]
    blocked = {"hate": {"filtered": True, "severity": "high"}, "violence": {"filtered": False, "severity": "low"}}
    body = completion({"content": "Well"}, finish="content_filter", prompt_filter_results=prompt)
    body["choices"][0]["content_filter_results"] = blocked
    first = HEAD | {"choices": [], "prompt_filter_results": prompt}
    last = piece({}, "content_filter", content_filter_results=blocked)
    stream = Streamed([first, piece({"content": "Well"}), last, "[DONE]"])
    with serving(body if whole else stream) as service, service.client() as client:
        reply = client.chat("Hi") if whole else streamed(service)[1]
    assert (reply.text, reply.finish_reason) == ("Well", "content_filter")
    assert reply.filters == Filters(prompt=("jailbreak",), completion=("hate",))


@pytest.mark.parametrize(
    ("status", "word"),
    [(451, "CONTENT_POLICY_VIOLATION"), (403, "SECURITY_VIOLATION"), (400, "content_policy_violation")],
)
def test_a_blocked_prompt_is_an_error(status: int, word: str) -> None:
    """The service's word decides, in any letter case, before the status."""
    body = {"error": {"message": "Blocked", "error_id": word, "status": status}}
    with (
        serving(Said(body, status)) as service,
        service.client() as client,
        pytest.raises(ContentBlockedError, match="safety layer blocked this: Blocked"),
    ):
        client.chat("Hi")
    assert service.told.ended[-1].status == "refused"


def test_several_choices_stand_in_their_order() -> None:
    """Whatever order the service gives them in."""
    body = completion({"content": "A"}, {"content": "B"}, {"content": "C"})
    body["choices"].reverse()
    with serving(body) as service, service.client() as client:
        reply = client.chat("Hi", n=3)
    assert [choice.text for choice in reply.choices] == ["A", "B", "C"]
    assert (reply.text, reply.others[1], reply.call and reply.call.outputs) == (
        "A",
        Choice(text="C", finish_reason="stop", index=2),
        3,
    )
    assert service.bodies[0]["n"] == 3


def test_several_choices_are_streamed_beside_each_other() -> None:
    """Each delta names its choice; the answer is whole when all have ended."""
    events = [piece({"content": "B"}, index=1), piece({"content": "A"}), piece({}, "stop", 1), piece({}, "length")]
    with serving(Streamed([*events, "[DONE]"])) as service:
        deltas, reply = streamed(service, n=2)
    assert [(delta.index, delta.text) for delta in deltas] == [(1, "B"), (0, "A"), (1, ""), (0, "")]
    assert [(c.text, c.finish_reason) for c in reply.choices] == [("A", "length"), ("B", "stop")]


def test_a_choice_that_did_not_end_breaks_the_answer() -> None:
    """One of two that ended is no whole answer."""
    with (
        serving(Streamed([piece({"content": "A"}, "stop"), piece({"content": "B"}, index=1)])) as service,
        pytest.raises(BrokenStreamError) as caught,
    ):
        streamed(service, n=2)
    assert [choice.text for choice in caught.value.reply.choices] == ["A", "B"]
    assert not caught.value.reply.complete


def test_every_form_of_a_chunk_is_read() -> None:
    """No choices, null, an array of parts, padding, and a chunk of usage at the end."""
    events = [
        HEAD | {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]},
        piece({"role": "assistant", "content": None}) | {"obfuscation": "x9Kq"},
        piece({"content": [{"type": "text", "text": "H"}, {"text": "i"}]}),
        piece({"content": "!"}) | {"obfuscation": "p"},
        piece({}, "stop"),
        HEAD | {"choices": [], "usage": USAGE},
        "[DONE]",
    ]
    with serving(Streamed(events)) as service:
        deltas, reply = streamed(service)
    assert [delta.text for delta in deltas] == ["", "", "Hi", "!", "", ""]
    assert (reply.text, reply.usage, reply.complete) == ("Hi!", Usage(9, 2, 11), True)
    assert "obfuscation" not in reply.raw
    assert reply.call is not None
    assert (reply.call.total_tokens, reply.call.stream) == (11, True)


def test_usage_is_asked_for() -> None:
    """Unless the caller asks for something else."""
    with serving(Streamed(HI)) as service:
        streamed(service)
        streamed(service, stream_options={"include_usage": False})
    assert [body["stream_options"] for body in service.bodies] == [{"include_usage": True}, {"include_usage": False}]
    assert [body["stream"] for body in service.bodies] == [True, True]


def test_a_wish_for_usage_that_is_refused_is_dropped_and_remembered() -> None:
    """The first stream takes two requests, the next one only one; another client asks for itself."""

    def answer(asked: Any) -> Any:

        return Said(OPTION, 400) if "stream_options" in asked.body else Streamed(HI)

    with serving(answer) as service:
        with service.client() as client:
            texts = ["".join(delta.text for delta in client.chat_stream("Hi")) for _ in range(2)]
        wishes = ["stream_options" in body for body in service.bodies]
        with service.client() as other:
            list(other.chat_stream("Hi"))
    assert (texts, wishes) == (["Hi", "Hi"], [True, False, False])
    assert ["stream_options" in body for body in service.bodies[3:]] == [True, False]
    assert [(call.status, call.attempts) for call in service.told.ended] == [
        ("succeeded", 2),
        ("succeeded", 1),
        ("succeeded", 2),
    ]


def test_another_refusal_is_no_reason_to_ask_again() -> None:
    """Only an answer that names the option drops it."""
    with (
        serving(Said({"error": {"message": "no", "error_id": "INVALID_PARAMETER", "param": "top_p"}}, 400)) as service,
        pytest.raises(RefusedError),
    ):
        streamed(service)
    assert len(service.asked) == 1


def test_an_error_in_mid_stream_keeps_what_came() -> None:
    """It is told in the service's words, with its id and its request."""
    trouble = {"error": {"message": "Overloaded", "error_id": "inference_error", "request_id": "req_7", "status": 500}}
    with serving(Streamed([piece({"content": "Half"}), trouble], stays=True)) as service:
        with service.client() as client:
            stream = client.chat_stream("Hi")
            with pytest.raises(BrokenStreamError, match="ended the answer with an error: Overloaded") as caught:
                list(stream)
        assert service.left.wait(5)
    assert (caught.value.error_id, caught.value.request_id, caught.value.reply.text) == (
        "INFERENCE_ERROR",
        "req_7",
        "Half",
    )
    assert (stream.reply.text, stream.reply.complete) == ("Half", False)
    assert (service.told.ended[-1].status, service.told.ended[-1].error_id) == ("failed", "INFERENCE_ERROR")
    assert len(service.asked) == 1


def test_time_runs_between_pieces_not_over_the_whole_answer() -> None:
    """An answer may take longer than `timeout` as long as it goes on."""
    pieces = [piece({"content": "x"}) for _ in range(8)]
    with serving(Streamed([*pieces, piece({}, "stop"), "[DONE]"], gap=0.15)) as service:
        _, reply = streamed(service, timeout=1.0)
    assert reply.text == "x" * 8
    assert reply.seconds is not None
    assert reply.seconds > 1.0


def test_a_silence_ends_a_stream() -> None:
    """The text that had come is kept, and the connection is closed."""
    with serving(Streamed([piece({"content": "Half"})], stays=True)) as service:
        with pytest.raises(BrokenStreamError, match="broke off after 4 characters") as caught:
            streamed(service, timeout=0.2)
        assert service.left.wait(5)
    assert caught.value.reply.text == "Half"


def test_leaving_the_loop_hangs_up_and_keeps_what_came() -> None:
    """The service sees the connection close while it still has more to say."""
    with serving(Streamed([piece({"content": "Half"})], stays=True)) as service, service.client() as client:
        stream = client.chat_stream("Hi")
        for delta in stream:
            assert delta.text == "Half"
            break
        assert service.left.wait(5)
    assert (stream.reply.text, stream.reply.complete) == ("Half", False)
    assert [call.status for call in service.told.ended] == ["interrupted"]


def test_leaving_an_async_loop_hangs_up_and_keeps_what_came() -> None:
    """As the blocking one does, once it is closed."""
    with serving(Streamed([piece({"content": "Half"})], stays=True)) as service:

        async def body(client: AsyncClient) -> Reply:
            async with client.chat_stream("Hi") as stream:
                async for _ in stream:
                    break
            return stream.reply

        reply = service.asynchronously(body)
        assert service.left.wait(5)
    assert (reply.text, reply.complete) == ("Half", False)


@pytest.mark.parametrize("finish", ["stop", "tool_calls"])
def test_a_whole_answer_to_a_streamed_question_is_read_whole(finish: str) -> None:
    """A service that does not stream gives each choice as one delta."""
    body = completion({"content": "A", "tool_calls": [CALL]}, {"content": "B"}, finish=finish)
    with serving(body) as service:
        deltas, reply = streamed(service, n=2)
    assert [(delta.index, delta.text, delta.tool_calls) for delta in deltas] == [(0, "A", (CALL,)), (1, "B", ())]
    assert [choice.text for choice in reply.choices] == ["A", "B"]
    assert (reply.tool_calls, reply.finish_reason, reply.usage, reply.complete) == (
        (CALL,),
        finish,
        Usage(9, 2, 11),
        True,
    )


def test_the_async_client_reads_the_same_answers() -> None:
    """Whole and streamed: the same request bodies, the same replies."""
    events = [piece({"content": "Hi"}), piece({"tool_calls": [CALL | {"index": 0}]}), piece({}, "tool_calls"), "[DONE]"]
    with serving(
        completion({"content": "Hi"}), Streamed(events), completion({"content": "Hi"}), Streamed(events)
    ) as service:
        with service.client() as client:
            first = client.chat("Hi", images=["https://example.org/a.png"], temperature=1)
            second = client.chat_stream("Hi", tools=[WEATHER])
            list(second)

        async def body(client: AsyncClient) -> tuple[Reply, Reply]:
            reply = await client.chat("Hi", images=["https://example.org/a.png"], temperature=1)
            stream: AsyncIterator[Any] = client.chat_stream("Hi", tools=[WEATHER])
            assert "".join([delta.text async for delta in stream]) == "Hi"
            return reply, stream.reply

        assert service.asynchronously(body) == (first, second.reply)
    assert service.bodies[:2] == service.bodies[2:]
    assert json.dumps(service.bodies[1]).count("weather") == 1
