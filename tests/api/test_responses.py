"""The Responses API: asked whole or streamed, one answer following another, whether the service remembers or not."""

from __future__ import annotations

from typing import Any

import pytest

from skytells_nb.api.client import AsyncClient
from skytells_nb.api.values import Delta, Filters, Reply, Usage
from skytells_nb.errors import BrokenStreamError, InputError, ServiceError
from tests.canned import Asked, Service, Streamed, serving

USAGE = {
    "input_tokens": 12,
    "output_tokens": 41,
    "total_tokens": 53,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens_details": {"reasoning_tokens": 7},
}
PICTURE = b"GIF89a" + bytes(8)
LINK = "data:image/gif;base64,R0lGODlhAAAAAAAAAAA="


def message(*texts: str) -> dict[str, Any]:
    """Write an output item that says these parts."""
    parts = [{"type": "output_text", "text": text} for text in texts]
    return {"type": "message", "role": "assistant", "content": parts}


def response(*output: dict[str, Any], number: int = 1, **more: Any) -> dict[str, Any]:
    """Write a response that the service keeps."""
    return {
        "id": f"resp_{number}",
        "object": "response",
        "status": "completed",
        "model": "gpt-5",
        "output": list(output),
        "usage": USAGE,
        "error": None,
        "store": True,
        "previous_response_id": None,
    } | more


def words(piece: str) -> dict[str, Any]:
    """Write an event that adds text."""
    return {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": piece}


def created(**more: Any) -> dict[str, Any]:
    """Write the event that a response begins with."""
    return {"type": "response.created", "response": response(status="in_progress", usage=None, **more)}


def completed(body: dict[str, Any]) -> dict[str, Any]:
    """Write the event that a response ends with."""
    return {"type": "response.completed", "response": body}


def streamed(service: Service, **params: Any) -> tuple[list[Delta], Reply]:
    """Read a response as it comes."""
    with service.client() as client, client.respond_stream("Hi", **params) as stream:
        deltas = list(stream)
    return deltas, stream.reply


def test_a_text_is_sent_as_text() -> None:
    """With what is asked for, and the wish to be remembered."""
    with serving(response(message("Hi"))) as service, service.client() as client:
        client.respond("Hello", model="gpt-5", instructions="Be brief.", max_output_tokens=5, temperature=0, top_p=None)
        client.respond("Hello", store=False)
    assert service.lines == ["POST /responses"] * 2
    assert service.bodies == [
        {
            "model": "gpt-5",
            "input": "Hello",
            "max_output_tokens": 5,
            "temperature": 0,
            "instructions": "Be brief.",
            "store": True,
        },
        {"model": "deepbrain-router", "input": "Hello", "store": False},
    ]


def test_pictures_and_messages_are_sent_as_items() -> None:
    """In the words of this API, not of chat."""
    with serving(response(message("A fox."))) as service, service.client() as client:
        client.respond("What is this?", images=[PICTURE])
        client.respond([{"role": "system", "content": "Be brief."}, {"role": "user", "content": ["Hi", PICTURE]}])
    shown = {"type": "input_image", "image_url": LINK}
    assert [body["input"] for body in service.bodies] == [
        [{"role": "user", "content": [{"type": "input_text", "text": "What is this?"}, shown]}],
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, shown]},
        ],
    ]


def test_a_response_is_read_in_chat_s_words() -> None:
    """Text from its parts, usage and the reason of its end under the same names, and a record of the call."""
    with serving(response(message("Hi ", "there"), message("!"))) as service, service.client() as client:
        reply = client.respond("Hello", model="gpt-5", tag="t")
    assert (reply.id, reply.model, reply.text, reply.finish_reason) == ("resp_1", "gpt-5", "Hi there!", "stop")
    assert (reply.usage, reply.complete) == (Usage(12, 41, 53, 7, 4), True)
    [call] = service.told.ended
    assert call == reply.call
    assert (call.api, call.endpoint, call.tag, call.status) == ("responses", "POST /responses", "t", "succeeded")
    assert (call.prompt_tokens, call.completion_tokens, call.total_tokens, call.remote_id) == (12, 41, 53, "resp_1")
    assert (call.reasoning_tokens, call.cached_tokens, call.usage) == (7, 4, USAGE)
    assert reply.cost is not None


def test_the_text_beside_the_parts_is_not_said_twice() -> None:
    """Some answers have `output_text` at the top as well, and some have it alone."""
    with (
        serving(response(message("Hi"), output_text="Hi"), response(output_text="Hi")) as service,
        service.client() as client,
    ):
        assert [client.respond("Hello").text for _ in range(2)] == ["Hi", "Hi"]


def test_what_is_no_message_is_not_text() -> None:
    """Reasoning and searches stand in `raw`."""
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hmm"}], "content": [{"text": "Hmm"}]}
    with serving(response(thought, message("Hi"))) as service, service.client() as client:
        reply = client.respond("Hello")
    assert (reply.text, reply.raw["output"][0]) == ("Hi", thought)


@pytest.mark.parametrize(
    ("more", "finish"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "something_new"}}, "something_new"),
        ({"status": "incomplete", "incomplete_details": None}, "incomplete"),
        ({"status": "something_new"}, None),
    ],
)
def test_a_response_that_was_cut_says_why(more: dict[str, Any], finish: str) -> None:
    """In chat's words where there is one; a new word stays as it is."""
    with serving(response(message("Hi"), **more)) as service, service.client() as client:
        reply = client.respond("Hello")
    assert (reply.text, reply.finish_reason, reply.complete) == ("Hi", finish, True)


def test_a_response_that_goes_on_elsewhere_is_not_complete() -> None:
    """What was asked to run in the background is no answer yet."""
    with serving(response(status="in_progress")) as service, service.client() as client:
        assert not client.respond("Hello", background=True).complete


def test_a_refusal_and_what_was_blocked_are_read() -> None:
    """The same values as in chat."""
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "I won't."}]}
    blocked = {"source_type": "completion", "content_filter_results": {"hate": {"filtered": True}}, "blocked": True}
    with serving(response(refused, content_filters=[blocked])) as service, service.client() as client:
        reply = client.respond("Hello")
    assert (reply.text, reply.refusal, reply.filters) == ("", "I won't.", Filters(completion=("hate",)))


def test_a_response_that_failed_is_an_error() -> None:
    """With the service's reason; it may have been billed."""
    body = response(status="failed", error={"code": "server_error", "message": "Out of luck."})
    with (
        serving(body) as service,
        service.client() as client,
        pytest.raises(ServiceError, match=r"^The response ended without an answer: Out of luck\. ") as caught,
    ):
        client.respond("Hello")
    assert (caught.value.error_id, caught.value.may_have_run) == ("SERVER_ERROR", True)
    assert service.told.ended[-1].status == "failed"


def test_what_the_service_keeps_is_followed_by_its_id() -> None:
    """Only what is new is sent; the model is the one that was asked before."""
    with (
        serving(response(message("Hi"), model="gpt-5-2026"), response(message("Ho"), number=2)) as service,
        service.client() as client,
    ):
        first = client.respond("Hello", model="gpt-5", instructions="Be brief.")
        client.respond("And then?", previous=first)
    assert service.bodies[1] == {
        "model": "gpt-5",
        "input": "And then?",
        "store": True,
        "previous_response_id": "resp_1",
    }


def test_an_id_is_followed_as_it_is() -> None:
    """Of a response of another day; the model is the default one."""
    with serving(response(message("Ho"))) as service, service.client() as client:
        client.respond("And then?", previous="resp_0", model="gpt-5")
        client.respond("And then?", previous="resp_0")
    assert [(body["model"], body["previous_response_id"]) for body in service.bodies] == [
        ("gpt-5", "resp_0"),
        ("deepbrain-router", "resp_0"),
    ]


def test_what_the_service_does_not_keep_is_sent_again() -> None:
    """The whole conversation, over several turns."""

    def answer(asked: Asked) -> dict[str, Any]:
        return response(message(f"Answer {len(service.asked)}"), store=False, number=len(service.asked))

    with serving(answer) as service, service.client() as client:
        first = client.respond(["One", PICTURE], store=False)
        second = client.respond("Two", previous=first, store=False)
        client.respond("Three", previous=second, store=False)
    question = {
        "role": "user",
        "content": [{"type": "input_text", "text": "One"}, {"type": "input_image", "image_url": LINK}],
    }
    assert service.bodies[1]["input"] == [
        question,
        {"role": "assistant", "content": "Answer 1"},
        {"role": "user", "content": "Two"},
    ]
    assert service.bodies[2]["input"] == [
        *service.bodies[1]["input"],
        {"role": "assistant", "content": "Answer 2"},
        {"role": "user", "content": "Three"},
    ]
    assert all("previous_response_id" not in body for body in service.bodies)


def test_what_is_not_kept_may_follow_what_is() -> None:
    """Then the last kept answer is followed by its id, and what came after it is sent again."""
    bodies = [
        response(message("A")),
        response(message("B"), number=2, store=False, previous_response_id="resp_1"),
        response(message("C"), number=3),
    ]
    with serving(*bodies) as service, service.client() as client:
        first = client.respond("One")
        second = client.respond("Two", previous=first, store=False)
        client.respond("Three", previous=second)
    assert (service.bodies[2]["previous_response_id"], service.bodies[2]["input"]) == (
        "resp_1",
        [
            {"role": "user", "content": "Two"},
            {"role": "assistant", "content": "B"},
            {"role": "user", "content": "Three"},
        ],
    )


def test_a_chat_goes_on_as_a_response() -> None:
    """With its system text, its pictures, its tool calls and their results, as items."""
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}
    chat = {
        "id": "chatcmpl-1",
        "model": "gpt-5",
        "choices": [{"message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}],
    }
    with serving(chat, response(message("3"))) as service, service.client() as client:
        first = client.chat("Add", model="gpt-5", system="Be exact.", images=[PICTURE])
        client.respond([{"type": "function_call_output", "call_id": "call_1", "output": "3"}], previous=first)
    assert service.bodies[1] == {
        "model": "gpt-5",
        "input": [
            {"role": "system", "content": "Be exact."},
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "Add"}, {"type": "input_image", "image_url": LINK}],
            },
            {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": '{"a":1}'},
            {"type": "function_call_output", "call_id": "call_1", "output": "3"},
        ],
        "store": True,
    }


def test_a_refusal_is_part_of_a_conversation() -> None:
    """Sent again as what was said."""
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "I won't."}]}
    with serving(response(refused, store=False), response(message("Hi"))) as service, service.client() as client:
        client.respond("And now?", previous=client.respond("Do it", store=False))
    assert service.bodies[1]["input"][1] == {"role": "assistant", "content": "I won't."}


@pytest.mark.parametrize("previous", [3, {"id": "resp_1"}, b"resp_1"])
def test_what_is_no_answer_cannot_be_followed(previous: Any) -> None:
    """Nothing is sent."""
    with (
        serving(response(message("Hi"))) as service,
        service.client() as client,
        pytest.raises(InputError, match=r"^`previous` is no Reply and no id"),
    ):
        client.respond("Hi", previous=previous)
    assert service.asked == []


def test_a_stream_is_read_to_its_last_event() -> None:
    """Nothing after it is waited for; events that nobody knows are passed on."""
    last = completed(response(message("Hi there")))
    strange = {"type": "response.something.new", "x": 1}
    with serving(Streamed([created(), words("Hi "), strange, words("there"), last], stays=True)) as service:
        deltas, reply = streamed(service)
        assert service.left.wait(5)
    assert ([delta.text for delta in deltas], deltas[2].raw) == (["", "Hi ", "", "there", ""], strange)
    assert (reply.text, reply.finish_reason, reply.usage) == ("Hi there", "stop", Usage(12, 41, 53, 7, 4))
    assert service.bodies == [{"model": "deepbrain-router", "input": "Hi", "store": True, "stream": True}]
    assert reply.call is not None
    assert (reply.call.ttft is not None, reply.call.status, reply.call.api) == (True, "succeeded", "responses")


def test_a_streamed_answer_can_be_followed() -> None:
    """As one that came whole."""
    stream = Streamed([created(), completed(response(message("Hi")))])
    with serving(stream, response(message("Ho"), number=2)) as service:
        _, reply = streamed(service, model="gpt-5")
        with service.client() as client:
            client.respond("And then?", previous=reply)
    assert (service.bodies[1]["previous_response_id"], service.bodies[1]["model"]) == ("resp_1", "gpt-5")


@pytest.mark.parametrize("end", [[], ["[DONE]"]])
def test_a_stream_without_its_last_event_is_broken(end: list[str]) -> None:
    """Also where the end mark of chat stands in its place; what came is kept."""
    with (
        serving(Streamed([created(), words("Half"), *end])) as service,
        pytest.raises(BrokenStreamError, match="broke off after 4 characters") as caught,
    ):
        streamed(service)
    assert (caught.value.reply.text, caught.value.reply.id, caught.value.reply.complete) == ("Half", "resp_1", False)
    assert service.told.ended[-1].status == "failed"


@pytest.mark.parametrize(
    "trouble",
    [
        {
            "type": "response.failed",
            "response": response(status="failed", error={"code": "x_error", "message": "Broke"}),
        },
        {"type": "error", "code": "x_error", "message": "Broke", "param": None},
        {"error": {"error_id": "x_error", "message": "Broke", "status": 500}},
    ],
)
def test_an_error_in_mid_stream_keeps_what_came(trouble: dict[str, Any]) -> None:
    """In each of its forms, with the service's words and id; nothing is asked again."""
    with serving(Streamed([created(), words("Half"), trouble], stays=True)) as service:
        with pytest.raises(BrokenStreamError, match="ended the answer with an error: Broke") as caught:
            streamed(service)
        assert service.left.wait(5)
    assert (caught.value.reply.text, caught.value.reply.complete) == ("Half", False)
    assert (caught.value.error_id, len(service.asked)) == ("X_ERROR", 1)


def test_leaving_the_loop_hangs_up_and_keeps_what_came() -> None:
    """As in chat."""
    with serving(Streamed([created(), words("Half")], stays=True)) as service, service.client() as client:
        stream = client.respond_stream("Hi")
        for delta in stream:
            if delta.text:
                break
        assert service.left.wait(5)
    assert (stream.reply.text, stream.reply.id, stream.reply.complete) == ("Half", "resp_1", False)
    assert [call.status for call in service.told.ended] == ["interrupted"]


def test_a_whole_answer_to_a_streamed_question_is_read() -> None:
    """A service that does not stream; one that failed is an error."""
    with serving(response(message("Hi"))) as service:
        deltas, reply = streamed(service)
    assert ([delta.text for delta in deltas], reply.text, reply.complete) == (["Hi"], "Hi", True)
    with serving(response(status="failed")) as service, pytest.raises(ServiceError, match="without an answer"):
        streamed(service)


@pytest.mark.parametrize("verb", ["respond", "respond_stream"])
def test_streaming_is_no_parameter(verb: str) -> None:
    """It is a verb of its own."""
    with (
        serving(response()) as service,
        service.client() as client,
        pytest.raises(InputError, match=r"^`stream` is not a parameter of respond"),
    ):
        getattr(client, verb)("Hi", stream=True)


def test_the_async_client_reads_the_same_answers() -> None:
    """Whole, following, and streamed: the same request bodies, the same replies."""
    answers = [response(message("Hi")), response(message("Ho"), number=2)]
    answers.append(Streamed([created(), words("Hi"), completed(response(message("Hi")))]))
    with serving(*answers, *answers) as service:
        with service.client() as client:
            first = client.respond("One", images=[PICTURE])
            second = client.respond("Two", previous=first)
            stream = client.respond_stream("Three", previous=second)
            list(stream)

        async def body(client: AsyncClient) -> tuple[Reply, Reply, Reply]:
            first = await client.respond("One", images=[PICTURE])
            second = await client.respond("Two", previous=first)
            stream = client.respond_stream("Three", previous=second)
            assert [delta.text async for delta in stream] == ["", "Hi", ""]
            return first, second, stream.reply

        assert service.asynchronously(body) == (first, second, stream.reply)
    assert service.bodies[:3] == service.bodies[3:]
