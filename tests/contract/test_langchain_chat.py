"""langchain-openai's ChatOpenAI, through chat completions and through responses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import MODEL, NOTICE, PIXEL, WEATHER_PARAMETERS, Forecast, GetWeather

EXTRA = "langchain-openai is in the extra 'contract'"
langchain_openai = pytest.importorskip("langchain_openai", reason=EXTRA)
messages = pytest.importorskip("langchain_core.messages", reason=EXTRA)

ASKED = "What is machine learning?"


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def llm(server: Sandbox, request: pytest.FixtureRequest) -> Any:
    """Point ChatOpenAI at the module's sandbox, through either endpoint."""
    return model_of(server, use_responses_api=request.param)


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def perform(server: Sandbox, request: pytest.FixtureRequest) -> Any:
    """Run something with a ChatOpenAI whose connections end with its loop."""

    def run(work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with openai.DefaultAsyncHttpxClient() as http:
                return await work(model_of(server, use_responses_api=request.param, http_async_client=http))

        return asyncio.run(inside())

    return run


def model_of(server: Sandbox, **options: Any) -> Any:
    """Make a ChatOpenAI without retries that asks for usage in streams."""
    settings = {"model": MODEL, "api_key": EXAMPLE_KEY, "base_url": server.url, "max_retries": 0, "stream_usage": True}
    return langchain_openai.ChatOpenAI(**settings | options)


def summed(chunks: Any) -> Any:
    """Add chunks to one message, as LangChain does."""
    first, *others = chunks
    return sum(others, first)


def test_a_question_is_answered(llm: Any, arrived: Callable[[], list[Any]]) -> None:
    """`invoke` gives the words, and tokens that add up, in one request to the endpoint."""
    reply = llm.invoke(ASKED)
    assert NOTICE in reply.text
    usage = reply.usage_metadata
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0
    path = "/v1/responses" if llm.use_responses_api else "/v1/chat/completions"
    assert [request.path for request in arrived()] == [path]


def test_both_endpoints_say_the_same(server: Sandbox) -> None:
    """Through chat and through responses come the same words at the same cost."""
    chat, response = (model_of(server, use_responses_api=way).invoke(ASKED) for way in (False, True))
    assert chat.text == response.text
    for part in ("input_tokens", "output_tokens", "total_tokens"):
        assert chat.usage_metadata[part] == response.usage_metadata[part]


def test_a_stream_adds_up_to_the_answer(llm: Any) -> None:
    """The chunks' sum has the plain reply's words and usage."""
    plain, chunks = llm.invoke(ASKED), list(llm.stream(ASKED))
    assert len(chunks) > 10
    assert summed(chunks).text == plain.text
    assert summed(chunks).usage_metadata == plain.usage_metadata


def test_a_batch_keeps_its_order(llm: Any, arrived: Callable[[], list[Any]]) -> None:
    """`batch` sends one request each and answers in order."""
    replies = llm.batch([f"REPEAT: number {number}" for number in range(5)])
    assert [reply.text for reply in replies] == [f"number {number}" for number in range(5)]
    assert len(arrived()) == 5


def test_the_async_calls_say_the_same(perform: Any) -> None:
    """`ainvoke`, `astream` and `abatch` give the blocking call's words."""

    async def work(llm: Any) -> list[str]:
        chunks = [chunk async for chunk in llm.astream(ASKED)]
        (batched,) = await llm.abatch([ASKED])
        return [llm.invoke(ASKED).text, (await llm.ainvoke(ASKED)).text, summed(chunks).text, batched.text]

    assert len(set(perform(work))) == 1


def test_events_tell_the_stream(perform: Any) -> None:
    """`astream_events` gives each piece, and ends with the whole message."""

    async def work(llm: Any) -> list[Any]:
        return [event async for event in llm.astream_events(ASKED)]

    events = perform(work)
    pieces = [event["data"]["chunk"] for event in events if event["event"] == "on_chat_model_stream"]
    assert events[-1]["event"] == "on_chat_model_end"
    assert NOTICE in summed(pieces).text == events[-1]["data"]["output"].text


def test_roles_and_pictures_are_read(llm: Any) -> None:
    """A system message, an earlier turn and a picture all reach the sandbox."""
    picture = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    reply = llm.invoke(
        [
            messages.SystemMessage("Answer as a pirate."),
            messages.HumanMessage("Tell me of whales"),
            messages.AIMessage("They are big."),
            messages.HumanMessage(picture),
        ]
    )
    for seen in ("Answer as a pirate", "Tell me of whales", "1 picture is attached"):
        assert seen in reply.text


def test_a_limit_cuts(llm: Any) -> None:
    """`max_tokens` holds at either endpoint, and the message says why it ends."""
    reply = llm.bind(max_tokens=16).invoke(ASKED)
    assert reply.usage_metadata["output_tokens"] == 16
    ended = reply.response_metadata
    assert ended.get("finish_reason") == "length" or ended["incomplete_details"] == {"reason": "max_output_tokens"}


def test_a_tool_is_called_and_answered(llm: Any) -> None:
    """A bound tool is called with fitting arguments; its result is in the next answer."""
    bound = llm.bind_tools([GetWeather], tool_choice="GetWeather")
    called = bound.invoke(ASKED)
    (call,) = called.tool_calls
    assert (call["name"], bool(GetWeather.model_validate(call["args"]))) == ("GetWeather", True)
    result = messages.ToolMessage("eleven degrees and drizzle", tool_call_id=call["id"])
    reply = llm.bind_tools([GetWeather]).invoke([messages.HumanMessage(ASKED), called, result])
    assert (reply.tool_calls, "eleven degrees" in reply.text) == ([], True)


def test_a_tool_call_streams(llm: Any) -> None:
    """The fragments' sum is the plain call."""
    bound = llm.bind_tools([GetWeather], tool_choice="any")
    plain, streamed = bound.invoke(ASKED), summed(bound.stream(ASKED))
    assert [call["args"] for call in streamed.tool_calls] == [call["args"] for call in plain.tool_calls]
    assert len(streamed.tool_calls) == 1


# In a stream LangChain writes a parsed chunk with a type that does not know it; that is between it and pydantic.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output_fills_a_model(llm: Any, method: str) -> None:
    """Both ways of asking for a model give an instance of it; streamed, the last value is the same."""
    structured = llm.with_structured_output(Forecast, method=method)
    plain = structured.invoke(ASKED)
    assert isinstance(plain, Forecast)
    assert list(structured.stream(ASKED))[-1] == plain


def test_tools_and_models_work_async(perform: Any) -> None:
    """A bound tool and a structured answer are the blocking calls' own."""

    async def work(llm: Any) -> tuple[Any, Any]:
        called = await llm.bind_tools([GetWeather], tool_choice="any").ainvoke(ASKED)
        filled = await llm.with_structured_output(Forecast, method="json_schema").ainvoke(ASKED)
        assert filled == llm.with_structured_output(Forecast, method="json_schema").invoke(ASKED)
        return called.tool_calls[0]["args"], filled

    arguments, filled = perform(work)
    assert GetWeather.model_validate(arguments)
    assert isinstance(filled, Forecast)


def test_json_mode_gives_an_object(llm: Any) -> None:
    """`json_mode` gives the sandbox's own object, and with `include_raw` the message it came in."""
    found = llm.with_structured_output(None, method="json_mode", include_raw=True).invoke("Answer in JSON")
    assert (found["parsed"]["sandbox"], found["parsing_error"]) == (True, None)
    assert found["raw"].usage_metadata["total_tokens"] > 0


def test_a_plain_schema_fills_a_dict(llm: Any) -> None:
    """A JSON Schema in place of a model gives a dict that fits it."""
    schema = WEATHER_PARAMETERS | {"title": "get_weather", "description": "Look up the weather."}
    found = llm.with_structured_output(schema, method="json_schema").invoke(ASKED)
    assert GetWeather.model_validate(found)


def test_log_probabilities_are_kept(server: Sandbox) -> None:
    """`logprobs` are in the message's metadata, a token each."""
    reply = model_of(server, logprobs=True, top_logprobs=2).invoke(ASKED)
    tokens = reply.response_metadata["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == reply.text


def test_several_answers_are_generated(server: Sandbox) -> None:
    """`n` gives so many generations, and one count of tokens for all."""
    result = model_of(server, n=3).generate([[messages.HumanMessage(ASKED)]])
    assert len({generation.text for generation in result.generations[0]}) == 3
    usage = result.llm_output["token_usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_refusal_is_kept(server: Sandbox) -> None:
    """A refused question has no words; the refusal is beside them."""
    reply = model_of(server).invoke("REFUSE this")
    assert (reply.text, bool(reply.additional_kwargs["refusal"])) == ("", True)


def test_a_stored_response_is_continued(server: Sandbox, arrived: Callable[[], list[Any]]) -> None:
    """With `use_previous_response_id` only the new turn is sent; the sandbox knows the earlier one."""
    llm = model_of(server, use_responses_api=True, store=True, use_previous_response_id=True)
    first = llm.invoke("Tell me of whales")
    reply = llm.invoke([messages.HumanMessage("Tell me of whales"), first, messages.HumanMessage("And dolphins?")])
    sent = arrived()[-1].json
    assert (sent["previous_response_id"], len(sent["input"])) == (first.response_metadata["id"], 1)
    assert "Tell me of whales" in reply.text
