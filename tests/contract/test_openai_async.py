"""The openai client's async twin: the same words, events and errors, many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import MODEL, QUESTION, WEATHER_TOOL, Forecast, arguments_of

ASKED = "What is machine learning?"


@pytest.fixture
def perform(server: Sandbox) -> Callable[[Callable[[Any], Awaitable[Any]]], Any]:
    """Run something with an async client of the module's sandbox, and close the client."""

    def run(work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with openai.AsyncOpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as client:
                return await work(client)

        return asyncio.run(inside())

    return run


@pytest.fixture
def plain(server: Sandbox) -> str:
    """Say what the sync client reads for the same question."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url) as client:
        return client.responses.create(model=MODEL, input=ASKED).output_text


def test_a_chat_is_answered(perform: Any, plain: str) -> None:
    """One await, the same words."""
    reply = perform(lambda c: c.chat.completions.create(model=MODEL, messages=QUESTION))
    assert reply.choices[0].message.content == plain


def test_many_chats_at_once(perform: Any, arrived: Callable[[], list[Any]]) -> None:
    """Thirty calls in flight each get their own answer, with one request each."""

    async def work(client: Any) -> list[Any]:
        texts = [f"REPEAT: number {number}" for number in range(30)]
        calls = [
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}]) for text in texts
        ]
        return [reply.choices[0].message.content for reply in await asyncio.gather(*calls)]

    assert perform(work) == [f"number {number}" for number in range(30)]
    assert len(arrived()) == 30


def test_a_chat_streams(perform: Any, plain: str) -> None:
    """The chunks spell the same words."""

    async def work(client: Any) -> str:
        stream = await client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True)
        return "".join([c.delta.content or "" async for chunk in stream for c in chunk.choices])

    assert perform(work) == plain


def test_the_chat_helpers_work(perform: Any, plain: str) -> None:
    """`stream()` ends with the same words, `parse()` with an instance of the model."""

    async def work(client: Any) -> tuple[Any, Any]:
        async with client.chat.completions.stream(model=MODEL, messages=QUESTION) as stream:
            events = [event async for event in stream]
            final = await stream.get_final_completion()
        parsed = await client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Forecast)
        assert "".join(event.delta for event in events if event.type == "content.delta") == plain
        return final.choices[0].message.content, parsed.choices[0].message.parsed

    words, forecast = perform(work)
    assert words == plain
    assert isinstance(forecast, Forecast)


def test_a_tool_is_called(perform: Any) -> None:
    """The call's arguments are what the tool's parameters allow."""
    reply = perform(
        lambda c: c.chat.completions.create(
            model=MODEL, messages=QUESTION, tools=[WEATHER_TOOL], tool_choice="required"
        )
    )
    assert arguments_of(reply.choices[0].message.tool_calls[0].function.arguments)


def test_a_response_is_read_and_continued(perform: Any, plain: str) -> None:
    """A stored response is the parent of the next."""

    async def work(client: Any) -> tuple[str, str]:
        parent = await client.responses.create(model=MODEL, input=ASKED, store=True)
        child = await client.responses.create(model=MODEL, input="And then?", previous_response_id=parent.id)
        return parent.output_text, child.output_text

    first, second = perform(work)
    assert first == plain
    assert ASKED in second


def test_the_response_helpers_work(perform: Any, plain: str) -> None:
    """Raw events, `stream()` and `parse()` say the same as the sync client's."""

    async def work(client: Any) -> tuple[str, str, Any]:
        raw = await client.responses.create(model=MODEL, input=ASKED, stream=True)
        spelled = "".join([event.delta async for event in raw if event.type == "response.output_text.delta"])
        async with client.responses.stream(model=MODEL, input=ASKED) as stream:
            final = await stream.get_final_response()
        parsed = await client.responses.parse(model=MODEL, input=ASKED, text_format=Forecast)
        return spelled, final.output_text, parsed.output_parsed

    spelled, final, forecast = perform(work)
    assert spelled == final == plain
    assert isinstance(forecast, Forecast)


def test_the_raw_reply_has_its_headers(perform: Any) -> None:
    """`with_raw_response` shows the headers."""
    raw = perform(lambda c: c.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION))
    assert raw.headers["x-skytells-sandbox"] == "nothing was billed"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", openai.AuthenticationError),
        ("403", openai.PermissionDeniedError),
        ("404", openai.NotFoundError),
        ("422", openai.UnprocessableEntityError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("cut-before", openai.APIConnectionError),
    ],
)
def test_an_error_has_its_class(perform: Any, fault: str, error: type[openai.APIError]) -> None:
    """The same statuses become the same classes."""
    headers = {"x-sandbox-fault": fault}
    with pytest.raises(error):
        perform(lambda c: c.responses.create(model=MODEL, input=ASKED, extra_headers=headers))


def test_an_error_in_a_stream_is_raised(perform: Any) -> None:
    """An error event in mid-stream is raised."""

    async def work(client: Any) -> None:
        headers = {"x-sandbox-fault": "error-midstream"}
        async for _ in await client.chat.completions.create(
            model=MODEL, messages=QUESTION, stream=True, extra_headers=headers
        ):
            pass

    with pytest.raises(openai.APIError, match="stopped answering"):
        perform(work)


def test_a_canceled_call_leaves_the_others(perform: Any, plain: str) -> None:
    """A task that is canceled in mid-stream does not disturb the next call."""

    async def work(client: Any) -> Any:
        started = asyncio.Event()

        async def endless() -> None:
            question = [{"role": "user", "content": f"REPEAT:{'word ' * 5000}"}]
            async for _ in await client.chat.completions.create(model=MODEL, messages=question, stream=True):
                started.set()

        task = asyncio.create_task(endless())
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        reply = await client.chat.completions.create(model=MODEL, messages=QUESTION)
        return task.cancelled(), reply.choices[0].message.content

    assert perform(work) == (True, plain)
