"""Both APIs whole, against the sandbox over a real socket: what is sent is understood, what comes back is read."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.values import Delta, Prediction, Reply
from skytells_nb.errors import BrokenStreamError, RefusedError, SkytellsError, UnknownNameError
from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.canned import Asked, Said, Told, serving

MODEL = "gpt-5"
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather in a city", "parameters": CITY},
}
FORM = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": CITY}}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """Give a client of this test's own sandbox that hardly sleeps."""
    options: dict[str, Any] = {"sleep": lambda _: time.sleep(0.01), "observers": ()}
    with Client(api_key=EXAMPLE_KEY, base_url=sandbox.url, **options) as made:
        yield made


def read(stream: Any) -> tuple[str, Reply]:
    """Read a stream to its end."""
    return "".join(delta.text for delta in stream), stream.reply


def test_a_picture_is_taken_by_both_apis(client: Client, sandbox: Sandbox) -> None:
    """As bytes, drawn, or by its link; the sandbox refuses what it cannot read."""
    buffer = io.BytesIO()
    picture = Image.new("RGB", (4, 4), (255, 0, 0))
    picture.save(buffer, "JPEG")
    images = [buffer.getvalue(), picture, "https://example.org/a.png"]
    assert client.chat("What is this?", model=MODEL, images=images).text
    assert client.respond("What is this?", model=MODEL, images=images).text
    assert [received.status for received in sandbox.state.requests] == [200, 200]


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_its_result_used(stream: bool, client: Client) -> None:
    """By chat: the call's arguments fit the tool's schema, and the conversation goes on with its result."""
    asked: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
    options: dict[str, Any] = {"model": MODEL, "tools": [WEATHER], "tool_choice": "required"}
    reply = read(client.chat_stream(asked, **options))[1] if stream else client.chat(asked, **options)
    [call] = reply.tool_calls
    assert (call["function"]["name"], reply.finish_reason) == ("weather", "tool_calls")
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)
    asked += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "sunny"},
    ]
    assert client.chat(asked, model=MODEL, tools=[WEATHER]).text


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_by_a_response(stream: bool, store: bool, client: Client) -> None:
    """Whether the service remembers the call or is told of it again."""
    tool = {"type": "function", **WEATHER["function"]}  # type: ignore[dict-item]
    options: dict[str, Any] = {"model": MODEL, "tools": [tool], "tool_choice": "required", "store": store}
    question = "What is the weather in Paris?"
    reply = read(client.respond_stream(question, **options))[1] if stream else client.respond(question, **options)
    [call] = reply.tool_calls
    assert (call["function"]["name"], reply.finish_reason) == ("weather", "tool_calls")
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)
    result = {"type": "function_call_output", "call_id": call["id"], "output": "sunny"}
    assert client.respond([result], previous=reply, store=store).text


def test_an_answer_in_a_form_has_that_form(client: Client) -> None:
    """By chat and by responses, streamed and whole."""
    whole = client.chat("Where is the Louvre?", model=MODEL, response_format=FORM)
    streamed, _ = read(client.chat_stream("Where is the Louvre?", model=MODEL, response_format=FORM))
    text = {"format": {"type": "json_schema", "name": "place", "strict": True, "schema": CITY}}
    response = client.respond("Where is the Louvre?", model=MODEL, text=text)
    for said in (whole.text, streamed, response.text):
        assert list(json.loads(said)) == ["city"]


def test_several_answers_are_read_whole_and_streamed(client: Client) -> None:
    """The same ones, each in its place."""
    whole = client.chat("Hi", model=MODEL, n=3, seed=7)
    stream = client.chat_stream("Hi", model=MODEL, n=3, seed=7)
    deltas: list[Delta] = list(stream)
    spelled = ["".join(delta.text for delta in deltas if delta.index == at) for at in range(3)]
    assert [choice.text for choice in whole.choices] == spelled == [choice.text for choice in stream.reply.choices]
    assert stream.reply.usage == whole.usage


def test_a_streamed_response_says_what_the_whole_one_says(client: Client) -> None:
    """Text, usage and the reason of its end; nothing is doubled."""
    whole = client.respond("Hello there", model=MODEL, max_output_tokens=8, seed=1)
    spelled, reply = read(client.respond_stream("Hello there", model=MODEL, max_output_tokens=8, seed=1))
    assert spelled == reply.text == whole.text != ""
    assert (reply.usage, reply.finish_reason, whole.finish_reason) == (whole.usage, "length", "length")


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_is_remembered_or_told_again(stream: bool, client: Client, sandbox: Sandbox) -> None:
    """The one that the service keeps by id, the one that it does not with all that was said."""

    def ask(prompt: str, **options: Any) -> Reply:
        return read(client.respond_stream(prompt, **options))[1] if stream else client.respond(prompt, **options)

    kept = ask("One", model=MODEL)
    ask("Two", previous=kept)
    lost = ask("One", model=MODEL, store=False)
    ask("Two", previous=lost)
    chat = client.chat("One", model=MODEL, system="Be brief.")
    ask("Two", previous=chat)
    second, _, fourth, _, sixth = [received.json for received in sandbox.state.requests][1:]
    assert (second["previous_response_id"], second["input"]) == (kept.id, "Two")
    assert [item["content"] for item in fourth["input"]] == ["One", lost.text, "Two"]
    assert [item["content"] for item in sixth["input"]] == ["Be brief.", "One", chat.text, "Two"]
    assert "previous_response_id" not in fourth | sixth
    assert [received.status for received in sandbox.state.requests] == [200] * 6


def test_what_was_not_kept_cannot_be_followed_by_its_id(client: Client) -> None:
    """The service says so; nothing is lost in silence."""
    lost = client.respond("One", model=MODEL, store=False)
    with pytest.raises(RefusedError):
        client.respond("Two", previous=lost.id, model=MODEL)


@pytest.mark.parametrize("verb", ["chat_stream", "respond_stream"])
@pytest.mark.parametrize("fault", ["cut", "malformed", "error-midstream"])
def test_a_stream_that_breaks_keeps_what_came(verb: str, fault: str, client: Client, sandbox: Sandbox) -> None:
    """It is never reported as whole, and never asked again."""
    sandbox.inject(fault)
    stream = getattr(client, verb)("Tell me something long", model=MODEL)
    deltas: list[str] = []
    with pytest.raises(BrokenStreamError) as caught:
        deltas += [delta.text for delta in stream]
    assert not caught.value.reply.complete
    assert caught.value.reply == stream.reply
    assert len(sandbox.state.requests) == 1


@pytest.mark.parametrize("verb", ["chat_stream", "respond_stream"])
@pytest.mark.parametrize("fault", ["obfuscation", "drip;seconds=0.01"])
def test_an_odd_stream_says_the_same(verb: str, fault: str, client: Client, sandbox: Sandbox) -> None:
    """Padding and small pieces change nothing."""
    plain, _ = read(getattr(client, verb)("Hi", model=MODEL, seed=3))
    sandbox.inject(fault)
    odd, reply = read(getattr(client, verb)("Hi", model=MODEL, seed=3))
    assert (odd, reply.complete) == (plain, True)


def test_vectors_are_of_unit_length_and_near_where_words_are_shared(client: Client, sandbox: Sandbox) -> None:
    """In batches, in both encodings, of as many numbers as are asked for."""
    texts = ["the red fox runs", "a red fox runs fast", "quarterly revenue report", "the red fox runs"]
    short = client.embed(texts, batch_size=3, dimensions=64)
    plain = client.embed(texts, batch_size=3, dimensions=64, encoding_format="float")
    assert short == plain
    assert (short.dimensions, len(short), len(short.calls)) == (64, 4, 2)
    assert all(math.isclose(sum(number**2 for number in vector), 1, rel_tol=1e-5) for vector in short)
    near, far = (sum(a * b for a, b in zip(short[0], short[at], strict=True)) for at in (1, 2))
    assert near > far
    assert short[0] == short[3]
    assert [len(received.json["input"]) for received in sandbox.state.requests if received.method == "POST"] == [
        3,
        1,
    ] * 2
    assert short.usage is not None
    assert short.usage.prompt_tokens == sum(call.prompt_tokens or 0 for call in short.calls)


def test_a_long_list_is_read_whole(client: Client) -> None:
    """Over many pages, newest first, each job once."""
    made = [client.submit("truefusion", {"prompt": f"fox {number}"}).id for number in range(23)]
    assert [job.id for job in client.predictions(per_page=5)] == made[::-1]
    assert [job.id for job in client.predictions()] == made[::-1]
    assert list(client.predictions(model="truefusion-video")) == []
    assert list(client.predictions(until="2001-01-01")) == []
    with pytest.raises(UnknownNameError):
        list(client.predictions(model="truefusoin"))


def test_a_webhook_is_called_when_the_job_has_ended(client: Client) -> None:
    """With the prediction, signed with the key."""
    called = threading.Event()

    def answer(asked: Asked) -> Said:
        called.set()
        return Said()

    with serving(answer) as service:
        run = client.predict("truefusion", {"prompt": "a fox"}, webhook=f"{service.url}/hook")
        assert called.wait(10)
    [told] = service.asked
    assert Prediction.from_json(told.body) == run
    signature = hmac.new(EXAMPLE_KEY.encode(), told.content, hashlib.sha256).hexdigest()
    assert told.headers["x-skytells-signature"] == signature


def test_a_job_that_is_deleted_is_gone(client: Client) -> None:
    """With its files; another deletion says that there is nothing."""
    run = client.predict("truefusion", {"prompt": "a fox"})
    client.delete(run)
    for look in (client.prediction, client.delete, client.wait, client.cancel):
        with pytest.raises(SkytellsError):
            look(run.id)


def test_both_clients_hold_the_same_conversation(sandbox: Sandbox) -> None:
    """Every text verb of the async client, with what the blocking one says."""
    told = Told()
    options: dict[str, Any] = {"api_key": EXAMPLE_KEY, "base_url": sandbox.url}

    async def body(client: AsyncClient) -> list[Any]:
        first = await client.respond("One", model=MODEL, seed=1)
        stream = client.respond_stream("Two", previous=first, seed=1)
        spelled = "".join([delta.text async for delta in stream])
        vectors = await client.embed(["a fox"], dimensions=8)
        return [first.text, spelled, stream.reply.usage, vectors]

    async def main() -> list[Any]:
        async with AsyncClient(**options, observers=(told,)) as client:
            return await body(client)

    found = asyncio.run(main())
    with Client(**options, observers=()) as client:
        first = client.respond("One", model=MODEL, seed=1)
        stream = client.respond_stream("Two", previous=first, seed=1)
        spelled, reply = read(stream)
        assert found == [first.text, spelled, reply.usage, client.embed(["a fox"], dimensions=8)]
    assert [call.api for call in told.ended] == ["responses", "responses", "embeddings"]
