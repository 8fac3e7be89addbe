"""litellm, told only `openai/MODEL` and where: completions, responses, embeddings, tools and errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import (
    MODEL,
    NOTICE,
    PIXEL,
    QUESTION,
    WEATHER_PARAMETERS,
    WEATHER_TOOL,
    Forecast,
    arguments_of,
    norm,
)

EXTRA = "litellm is in the extra 'contract'"
with pytest.MonkeyPatch.context() as patched:
    patched.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it fetches a list of prices when it is imported
    litellm = pytest.importorskip("litellm", reason=EXTRA)
pytest.importorskip("mcp", reason=f"{EXTRA}, with mcp, which its tools and responses need")

# What litellm does with its own types displeases pydantic: a usage that no field declares, a dictionary that is to be
# read only, fields looked up in an instance.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
    pytest.mark.filterwarnings("ignore:Items? .* (is|are) using the .ReadOnly. qualifier:UserWarning"),
    pytest.mark.filterwarnings("ignore:Accessing the .model_:DeprecationWarning"),
]
ROUTER = f"openai/{MODEL}"
EMBEDDER = "openai/text-embedding-3-small"
ASKED = "What is machine learning?"


@pytest.fixture(scope="module", autouse=True)
def runner() -> Iterator[asyncio.Runner]:
    """Give litellm one event loop for the module; at the end close the connections that it keeps for the process."""
    with asyncio.Runner() as running:
        running.get_loop()
        litellm.suppress_debug_info = True
        yield running
        running.run(litellm.close_litellm_async_clients())


@pytest.fixture
def at(server: Sandbox) -> dict[str, Any]:
    """Tell litellm where the module's sandbox is; its retries are off."""
    return {"api_base": server.url, "api_key": EXAMPLE_KEY, "max_retries": 0}


def ask(at: dict[str, Any], messages: Any = QUESTION, **options: Any) -> Any:
    """One completion of the router."""
    return litellm.completion(ROUTER, messages, **at | options)


def respond(at: dict[str, Any], given: Any = ASKED, **options: Any) -> Any:
    """One response of the router."""
    return litellm.responses(model=ROUTER, input=given, **at | options)


def spelled(reply: Any) -> str:
    """Join the texts of a response."""
    return "".join(part.text for item in reply.output if item.type == "message" for part in item.content)


def test_a_chat_is_answered(at: dict[str, Any], arrived: Callable[[], list[Any]]) -> None:
    """`completion` gives the words, and tokens that add up, in one request."""
    reply = ask(at)
    assert NOTICE in reply.choices[0].message.content
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0
    assert (reply.model, reply.choices[0].finish_reason) == (MODEL, "stop")
    assert [(request.path, request.json["model"]) for request in arrived()] == [("/v1/chat/completions", MODEL)]


def test_a_stream_spells_the_plain_answer(at: dict[str, Any]) -> None:
    """The chunks, joined by hand or by litellm's own builder, are the plain answer with its usage."""
    plain = ask(at)
    chunks = list(ask(at, stream=True, stream_options={"include_usage": True}))
    built = litellm.stream_chunk_builder(chunks)
    joined = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert joined == built.choices[0].message.content == plain.choices[0].message.content
    assert (built.usage.prompt_tokens, built.usage.completion_tokens) == (
        plain.usage.prompt_tokens,
        plain.usage.completion_tokens,
    )
    assert built.choices[0].finish_reason == "stop"


def test_several_chats_are_answered_in_order(at: dict[str, Any], arrived: Callable[[], list[Any]]) -> None:
    """`batch_completion` sends one request each, and answers in order."""
    questions = [[{"role": "user", "content": f"REPEAT: number {number}"}] for number in range(4)]
    replies = litellm.batch_completion(ROUTER, questions, **at)
    assert [reply.choices[0].message.content for reply in replies] == [f"number {number}" for number in range(4)]
    assert len(arrived()) == 4


def test_the_parameters_arrive(at: dict[str, Any], arrived: Callable[[], list[Any]]) -> None:
    """Limits, stops, choices and log probabilities do what they do for openai."""
    reply = ask(at, max_tokens=7, n=2, temperature=0.5, seed=3, logprobs=True, top_logprobs=1)
    sent = arrived()[-1].json
    assert [sent[name] for name in ("max_tokens", "n", "temperature", "seed")] == [7, 2, 0.5, 3]
    assert [choice.finish_reason for choice in reply.choices] == ["length", "length"]
    assert reply.usage.completion_tokens == 14
    tokens = reply.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == reply.choices[0].message.content
    stopped = ask(at, [{"role": "user", "content": "REPEAT: one, two"}], stop=[", two"])
    assert stopped.choices[0].message.content == "one"


def test_pictures_are_taken(at: dict[str, Any]) -> None:
    """A picture among the parts reaches the sandbox."""
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    assert "1 picture is attached" in ask(at, [{"role": "user", "content": parts}]).choices[0].message.content


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_answered(at: dict[str, Any], stream: bool) -> None:
    """A required tool is called with fitting arguments, streamed or not; its result is in the next answer."""
    options = {"tools": [WEATHER_TOOL], "tool_choice": "required", "stream": stream}
    reply = litellm.stream_chunk_builder(list(ask(at, **options))) if stream else ask(at, **options)
    message = reply.choices[0].message
    (call,) = message.tool_calls
    assert (reply.choices[0].finish_reason, call.function.name) == ("tool_calls", "get_weather")
    assert arguments_of(call.function.arguments)
    result = {"role": "tool", "tool_call_id": call.id, "content": "eleven degrees and drizzle"}
    answered = ask(at, [*QUESTION, message.model_dump(), result], tools=[WEATHER_TOOL])
    assert "eleven degrees" in answered.choices[0].message.content


def test_a_model_is_filled(at: dict[str, Any]) -> None:
    """A pydantic model as `response_format` is sent as its schema; the answer fits it."""
    assert Forecast.model_validate_json(ask(at, response_format=Forecast).choices[0].message.content)
    plain = ask(at, response_format={"type": "json_object"}).choices[0].message.content
    assert json.loads(plain)["sandbox"] is True


def test_a_response_is_read_and_continued(at: dict[str, Any], arrived: Callable[[], list[Any]]) -> None:
    """`responses` gives chat's words; a stored one is the parent of the next."""
    parent = respond(at, store=True)
    assert spelled(parent) == ask(at).choices[0].message.content
    assert parent.usage.total_tokens == parent.usage.input_tokens + parent.usage.output_tokens > 0
    assert ASKED in spelled(respond(at, "And then?", previous_response_id=parent.id))
    assert [request.path for request in arrived()].count("/v1/responses") == 2


def test_a_response_streams(at: dict[str, Any]) -> None:
    """The pieces spell the plain response, and the last event completes it."""
    events = list(respond(at, stream=True))
    pieces = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert pieces == spelled(respond(at)) == spelled(events[-1].response)
    assert events[-1].type == "response.completed"


def test_a_response_calls_a_tool(at: dict[str, Any]) -> None:
    """A tool in its flat form is called, with arguments that its parameters allow."""
    tool = {"type": "function", "name": "get_weather", "parameters": WEATHER_PARAMETERS}
    (call,) = respond(at, tools=[tool], tool_choice="required").output
    assert (call.type, call.name, bool(arguments_of(call.arguments))) == ("function_call", "get_weather", True)


def test_a_response_can_be_cut(at: dict[str, Any]) -> None:
    """Sixteen tokens are sixteen tokens, and the reply says why it ends."""
    reply = respond(at, max_output_tokens=16)
    assert (reply.status, reply.incomplete_details.reason, reply.usage.output_tokens) == (
        "incomplete",
        "max_output_tokens",
        16,
    )


def test_texts_are_embedded(at: dict[str, Any]) -> None:
    """`embedding` gives a vector a text, in order, of the size asked for and of unit length."""
    reply = litellm.embedding(EMBEDDER, ["a cat", "a dog"], dimensions=64, **at)
    vectors = [item["embedding"] for item in reply.data]
    assert [item["index"] for item in reply.data] == [0, 1]
    assert [len(vector) for vector in vectors] == [64, 64]
    assert [norm(vector) for vector in vectors] == pytest.approx([1, 1], abs=1e-6)
    assert reply.usage.total_tokens == reply.usage.prompt_tokens > 0
    alone = litellm.embedding(EMBEDDER, "a dog", dimensions=64, encoding_format="float", **at)
    assert alone.data[0]["embedding"] == vectors[1] != vectors[0]


def test_the_async_calls_say_the_same(at: dict[str, Any], runner: asyncio.Runner) -> None:
    """`acompletion`, its stream, `aresponses` and `aembedding` give the blocking calls' answers."""

    async def work() -> tuple[Any, ...]:
        plain = await litellm.acompletion(ROUTER, QUESTION, **at)
        stream = await litellm.acompletion(ROUTER, QUESTION, stream=True, **at)
        joined = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        response = await litellm.aresponses(model=ROUTER, input=ASKED, **at)
        vector = (await litellm.aembedding(EMBEDDER, ["a cat"], **at)).data[0]["embedding"]
        return plain.choices[0].message.content, joined, spelled(response), vector

    words, joined, response, vector = runner.run(work())
    assert words == joined == response == ask(at).choices[0].message.content
    assert vector == litellm.embedding(EMBEDDER, ["a cat"], **at).data[0]["embedding"]


def test_many_chats_at_once(at: dict[str, Any], runner: asyncio.Runner) -> None:
    """Twenty calls in flight each get their own answer."""

    async def work() -> list[Any]:
        questions = [[{"role": "user", "content": f"REPEAT: number {number}"}] for number in range(20)]
        return await asyncio.gather(*(litellm.acompletion(ROUTER, question, **at) for question in questions))

    words = [reply.choices[0].message.content for reply in runner.run(work())]
    assert words == [f"number {number}" for number in range(20)]


@pytest.mark.parametrize("call", [ask, respond])
@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ("400", litellm.BadRequestError, 400),
        ("401", litellm.AuthenticationError, 401),
        ("402", litellm.APIError, 402),
        ("403", litellm.APIError, 403),
        ("404", litellm.NotFoundError, 404),
        ("422", litellm.BadRequestError, 422),
        ("429", litellm.RateLimitError, 429),
        ("451", litellm.ContentPolicyViolationError, 451),
        ("500", litellm.InternalServerError, 500),
        ("503", litellm.ServiceUnavailableError, 503),
        ("504", litellm.Timeout, 504),
        ("502-html", litellm.BadGatewayError, 502),
        ("cut-before", litellm.InternalServerError, 500),
        ("cut-body", litellm.InternalServerError, 500),
    ],
)
def test_an_error_has_its_class(
    at: dict[str, Any],
    arrived: Callable[[], list[Any]],
    call: Callable[..., Any],
    fault: str,
    error: type[Exception],
    status: int,
) -> None:
    """Each status becomes the class litellm has for it, after one request."""
    with pytest.raises(error) as caught:
        call(at, extra_headers={"x-sandbox-fault": fault})
    assert (caught.value.status_code, len(arrived())) == (status, 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fault", "error"),
    [("400", litellm.BadRequestError), ("401", litellm.AuthenticationError), ("404", litellm.NotFoundError)],
)
def test_an_embedding_error_has_its_class(at: dict[str, Any], fault: str, error: type[Exception]) -> None:
    """The same statuses become the same classes."""
    with pytest.raises(error):
        litellm.embedding(EMBEDDER, "a cat", extra_headers={"x-sandbox-fault": fault}, **at)


@pytest.mark.parametrize("call", [ask, respond])
def test_a_wrong_key_is_refused(at: dict[str, Any], call: Callable[..., Any]) -> None:
    """A key that is none is an authentication error, in openai's family too."""
    with pytest.raises(litellm.AuthenticationError) as caught:
        call(at, api_key="wrong")
    assert isinstance(caught.value, openai.AuthenticationError)


def test_a_retry_gets_through(sandbox: Sandbox) -> None:
    """`num_retries` passes a 429; the answer is whole and was asked for twice."""
    sandbox.inject("429;retry-after=0")
    reply = ask({"api_base": sandbox.url, "api_key": EXAMPLE_KEY, "num_retries": 1})
    assert reply.choices[0].finish_reason == "stop"
    assert len(sandbox.state.requests) == 2


@pytest.mark.parametrize("fault", ["cut-body", "error-midstream", "malformed"])
def test_a_broken_stream_is_noticed(at: dict[str, Any], fault: str) -> None:
    """A stream that breaks is an error after its first words, never a whole answer."""
    seen: list[Any] = []
    with pytest.raises(openai.APIError):
        seen.extend(ask(at, stream=True, extra_headers={"x-sandbox-fault": fault}))


def test_a_router_asks_the_same(at: dict[str, Any], arrived: Callable[[], list[Any]]) -> None:
    """A router, with a name of its own for the model, sends the one request."""
    router = litellm.Router([{"model_name": "mine", "litellm_params": {"model": ROUTER, **at}}], num_retries=0)
    assert router.completion("mine", QUESTION).choices[0].message.content == ask(at).choices[0].message.content
    assert len(arrived()) == 2


def test_what_the_platform_does_not_offer_is_not_found(at: dict[str, Any]) -> None:
    """OpenAI's oldest endpoint, which Skytells does not have, is not found."""
    with pytest.raises(litellm.NotFoundError):
        litellm.text_completion(model=f"text-completion-openai/{MODEL}", prompt=ASKED, **at)


def test_silence_times_out(at: dict[str, Any]) -> None:
    """An answer that does not come ends with litellm's own limit."""
    with pytest.raises(litellm.Timeout):
        ask(at, timeout=0.3, extra_headers={"x-sandbox-fault": "hang"})
