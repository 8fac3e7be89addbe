"""How the openai client tells what goes wrong: classes by status, its own retries, and streams that break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import EMBEDDER, MODEL, QUESTION

CALLS: dict[str, Callable[..., Any]] = {
    "chat": lambda c, **o: c.chat.completions.create(model=MODEL, messages=QUESTION, **o),
    "chat stream": lambda c, **o: c.chat.completions.create(model=MODEL, messages=QUESTION, stream=True, **o),
    "responses": lambda c, **o: c.responses.create(model=MODEL, input="x", **o),
    "responses stream": lambda c, **o: c.responses.create(model=MODEL, input="x", stream=True, **o),
    "embeddings": lambda c, **o: c.embeddings.create(model=EMBEDDER, input="x", **o),
}
STREAMS = ("chat stream", "responses stream")
CLASSES = [
    ("400", openai.BadRequestError, "INVALID_REQUEST"),
    ("401", openai.AuthenticationError, "UNAUTHORIZED"),
    ("402", openai.APIStatusError, "INSUFFICIENT_CREDITS"),
    ("403", openai.PermissionDeniedError, "FORBIDDEN"),
    ("404", openai.NotFoundError, "MODEL_NOT_FOUND"),
    ("422", openai.UnprocessableEntityError, "VALIDATION_ERROR"),
    ("429", openai.RateLimitError, "RATE_LIMIT_EXCEEDED"),
    ("451", openai.APIStatusError, "CONTENT_POLICY_VIOLATION"),
    ("500", openai.InternalServerError, "INTERNAL_ERROR"),
    ("503", openai.InternalServerError, "SERVICE_UNAVAILABLE"),
    ("504", openai.InternalServerError, "INFERENCE_TIMEOUT"),
]
# The client's older major version shows its transport's own error where a stream breaks.
BROKEN = (openai.APIConnectionError, httpx.TransportError)


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def suffering(fault: str) -> dict[str, Any]:
    """Ask for a fault, as an option of any call."""
    return {"extra_headers": {"x-sandbox-fault": fault}}


@pytest.mark.parametrize(("fault", "error", "error_id"), CLASSES)
@pytest.mark.parametrize("call", CALLS)
def test_an_error_has_its_class(
    client: openai.OpenAI,
    arrived: Callable[[], list[Any]],
    call: str,
    fault: str,
    error: type[openai.APIStatusError],
    error_id: str,
) -> None:
    """Each status becomes the class openai has for it, with the platform's id and the request's, after one request."""
    with pytest.raises(error) as caught:
        CALLS[call](client, **suffering(fault))
    body: Any = caught.value.body
    assert (caught.value.status_code, body["error_id"], body["status"]) == (int(fault), error_id, int(fault))
    assert caught.value.request_id == body["request_id"]
    assert (caught.value.type, caught.value.code) == (body["type"], body["code"])
    assert len(arrived()) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("call", CALLS)
def test_a_server_s_fault_is_no_request_s(client: openai.OpenAI, call: str, status: int) -> None:
    """What goes wrong in the server is told as its error, not as one of the request."""
    with pytest.raises(openai.InternalServerError) as caught:
        CALLS[call](client, **suffering(str(status)))
    assert (caught.value.status_code, caught.value.type) == (status, "server_error")


@pytest.mark.parametrize(
    ("key", "error", "error_id"),
    [
        ("wrong", openai.AuthenticationError, "UNAUTHORIZED"),
        ("sk-sandbox-revoked", openai.AuthenticationError, "UNAUTHORIZED"),
        ("sk-sandbox-broke", openai.APIStatusError, "INSUFFICIENT_CREDITS"),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_a_key_is_judged(
    server: Sandbox, call: str, key: str, error: type[openai.APIStatusError], error_id: str
) -> None:
    """A key that is no key, one that was revoked, and one without money are refused at every door."""
    with openai.OpenAI(api_key=key, base_url=server.url, max_retries=0) as other, pytest.raises(error) as caught:
        CALLS[call](other)
    assert caught.value.body["error_id"] == error_id  # type: ignore[index]


def retried(call: str) -> tuple[Any, float, list[Any]]:
    """Make a call that is told to wait for a second: its answer, the seconds it took, and what was sent."""
    with (
        Sandbox(faults=["429;retry-after=1;times=1"]) as strict,
        openai.OpenAI(api_key=EXAMPLE_KEY, base_url=strict.url, max_retries=1) as client,
    ):
        begun = time.monotonic()
        answer = CALLS[call](client)
        return answer, time.monotonic() - begun, list(strict.state.requests)


@pytest.fixture(scope="module")
def retries() -> dict[str, tuple[Any, float, list[Any]]]:
    """Make each call against a sandbox of its own, all at once."""
    with ThreadPoolExecutor(len(CALLS)) as threads:
        return dict(zip(CALLS, threads.map(retried, CALLS), strict=True))


@pytest.mark.parametrize("call", CALLS)
def test_a_retry_waits_as_long_as_it_is_told(retries: dict[str, tuple[Any, float, list[Any]]], call: str) -> None:
    """A 429 is passed by a client that may retry, not before its Retry-After is over."""
    answer, seconds, sent = retries[call]
    assert answer
    assert seconds >= 1
    assert len(sent) == 2
    assert sent[1].headers["x-stainless-retry-count"] == "1"


def test_retries_end(sandbox: Sandbox) -> None:
    """A client that may retry twice gives up after three requests."""
    sandbox.inject("429;retry-after=0", times=5)
    client = openai.OpenAI(api_key=EXAMPLE_KEY, base_url=sandbox.url, max_retries=2)
    with client, pytest.raises(openai.RateLimitError) as caught:
        CALLS["chat"](client)
    assert caught.value.response.headers["retry-after"] == "0"
    assert len(sandbox.state.requests) == 3


def test_the_limit_of_calls_is_told() -> None:
    """Past the limit of a minute a call is refused, and told how long to wait."""
    with (
        Sandbox(requests_per_minute=1) as strict,
        openai.OpenAI(api_key=EXAMPLE_KEY, base_url=strict.url, max_retries=0) as client,
    ):
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION)  # type: ignore[arg-type]
        assert raw.headers["x-skytells-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as caught:
            CALLS["chat"](client)
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60


def test_an_error_in_a_chat_stream_is_raised(client: openai.OpenAI) -> None:
    """An error in the middle of a chat comes after the words before it."""
    seen: list[Any] = []
    with pytest.raises(openai.APIError, match="stopped answering"):
        seen.extend(CALLS["chat stream"](client, **suffering("error-midstream")))


def test_a_response_that_fails_says_so_last(client: openai.OpenAI) -> None:
    """A response that fails in mid-stream ends with an event that carries the failed response and its reason."""
    last = list(CALLS["responses stream"](client, **suffering("error-midstream")))[-1]
    assert (last.type, last.response.status) == ("response.failed", "failed")
    assert (last.response.error.code, "stopped answering" in last.response.error.message) == ("server_error", True)


def test_a_chat_stream_that_ends_early_has_no_reason(client: openai.OpenAI) -> None:
    """A stream that ends cleanly before its time brings words, but no finish reason and no usage."""
    fault = suffering("cut") | {"stream_options": {"include_usage": True}}
    chunks = list(CALLS["chat stream"](client, **fault))
    assert any(choice.delta.content for chunk in chunks for choice in chunk.choices)
    assert {choice.finish_reason for chunk in chunks for choice in chunk.choices} == {None}
    assert {chunk.usage for chunk in chunks} == {None}


def test_a_response_stream_that_ends_early_is_never_completed(client: openai.OpenAI) -> None:
    """A stream that ends cleanly before its time has no last event; the helper knows that it has no response."""
    last = list(CALLS["responses stream"](client, **suffering("cut")))[-1]
    assert last.type == "response.output_text.delta"
    helper = client.responses.stream(model=MODEL, input="x", **suffering("cut"))
    with helper as stream, pytest.raises(RuntimeError, match=r"response\.completed"):
        stream.get_final_response()


@pytest.mark.parametrize("call", CALLS)
def test_a_connection_cut_in_the_middle_is_noticed(client: openai.OpenAI, call: str) -> None:
    """A connection that closes inside an answer, plain or streamed, is an error and never a whole answer."""
    with pytest.raises(BROKEN):
        list(CALLS[call](client, **suffering("cut-body")))


@pytest.mark.parametrize("call", STREAMS)
def test_a_stalled_stream_times_out(client: openai.OpenAI, call: str) -> None:
    """A stream that falls silent ends with the client's own limit."""
    with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout)):
        list(CALLS[call](client, timeout=0.3, **suffering("stall")))


@pytest.mark.parametrize("call", STREAMS)
def test_a_broken_line_is_an_error(client: openai.OpenAI, call: str) -> None:
    """A line of a stream that is no JSON raises; nothing is made up for it."""
    with pytest.raises(ValueError, match=r"."):
        list(CALLS[call](client, **suffering("malformed")))


@pytest.mark.parametrize("call", CALLS)
def test_a_connection_cut_before_the_answer(client: openai.OpenAI, call: str) -> None:
    """A socket that closes without a byte is a connection error."""
    with pytest.raises(openai.APIConnectionError):
        CALLS[call](client, **suffering("cut-before"))


@pytest.mark.parametrize("call", CALLS)
def test_silence_times_out(client: openai.OpenAI, call: str) -> None:
    """An answer that does not come ends with the client's own limit."""
    with pytest.raises(openai.APITimeoutError):
        CALLS[call](client, timeout=0.3, **suffering("hang"))


@pytest.mark.parametrize("call", CALLS)
def test_a_gateway_s_page_is_an_error(client: openai.OpenAI, call: str) -> None:
    """HTML with a 502 is a server error whose body is the page."""
    with pytest.raises(openai.InternalServerError) as caught:
        CALLS[call](client, **suffering("502-html"))
    assert "<h1>502 Bad Gateway</h1>" in caught.value.response.text


def test_an_empty_error_is_an_error(client: openai.OpenAI) -> None:
    """A 500 without a body is a server error all the same."""
    with pytest.raises(openai.InternalServerError):
        CALLS["chat"](client, **suffering("empty"))
