"""langchain-openai when something goes wrong, and its embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import EMBEDDER, MODEL, cosine, norm

EXTRA = "langchain-openai is in the extra 'contract'"
langchain_openai = pytest.importorskip("langchain_openai", reason=EXTRA)
tiktoken = pytest.importorskip("tiktoken", reason=EXTRA)

WAYS = pytest.mark.parametrize("responses", [False, True], ids=["chat", "responses"])


def suffering(server: Sandbox, fault: str, key: str = EXAMPLE_KEY, **options: Any) -> Any:
    """Make a ChatOpenAI without retries, all of whose requests ask for a fault."""
    headers = {"x-sandbox-fault": fault} if fault else {}
    return langchain_openai.ChatOpenAI(
        **{"model": MODEL, "api_key": key, "base_url": server.url, "max_retries": 0, "default_headers": headers}
        | options
    )


def embedder(server: Sandbox, **options: Any) -> Any:
    """Make an OpenAIEmbeddings that sends texts as they are."""
    settings = {
        "model": EMBEDDER,
        "api_key": EXAMPLE_KEY,
        "base_url": server.url,
        "max_retries": 0,
        "check_embedding_ctx_length": False,
    }
    return langchain_openai.OpenAIEmbeddings(**settings | options)


@WAYS
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", openai.BadRequestError),
        ("401", openai.AuthenticationError),
        ("402", openai.APIStatusError),
        ("403", openai.PermissionDeniedError),
        ("404", openai.NotFoundError),
        ("422", openai.UnprocessableEntityError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("503", openai.InternalServerError),
        ("cut-before", openai.APIConnectionError),
    ],
)
def test_an_error_has_its_class(
    server: Sandbox, arrived: Callable[[], list[Any]], responses: bool, fault: str, error: type[openai.APIError]
) -> None:
    """What openai raises comes through, plain and streamed, after one request each."""
    llm = suffering(server, fault, use_responses_api=responses)
    for call in (llm.invoke, lambda question: list(llm.stream(question))):
        with pytest.raises(error):
            call("What is this?")
    assert len(arrived()) == 2


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"key": "wrong"}, openai.AuthenticationError),
        ({"model": "nope"}, openai.NotFoundError),
        ({"model": "truefusion"}, openai.UnprocessableEntityError),
        ({"temperature": 3}, openai.BadRequestError),
    ],
)
@WAYS
def test_a_refusal_reaches_the_caller(
    server: Sandbox, options: dict[str, Any], error: type[openai.APIStatusError], responses: bool
) -> None:
    """A wrong key, model or parameter is refused with the platform's id."""
    with pytest.raises(error) as caught:
        suffering(server, "", use_responses_api=responses, **options).invoke("What is this?")
    assert caught.value.body["error_id"].isupper()  # type: ignore[index]


@WAYS
def test_a_retry_gets_through(sandbox: Sandbox, responses: bool) -> None:
    """`max_retries` passes a 429; the answer is whole and was asked for twice."""
    sandbox.inject("429;retry-after=0")
    llm = suffering(sandbox, "", max_retries=1, use_responses_api=responses)
    assert llm.invoke("REPEAT: hello").text == "hello"
    assert len(sandbox.state.requests) == 2


@WAYS
def test_a_cut_stream_is_noticed(server: Sandbox, responses: bool) -> None:
    """A connection that ends in mid-stream is an error, never a whole answer."""
    with pytest.raises((openai.APIConnectionError, httpx.TransportError)):
        list(suffering(server, "cut-body", use_responses_api=responses).stream("What is this?"))


@WAYS
def test_an_error_in_a_stream_is_raised(server: Sandbox, responses: bool) -> None:
    """An error event in mid-stream is raised, with its sentence."""
    with pytest.raises((openai.APIError, ValueError), match="stopped answering"):
        list(suffering(server, "error-midstream", use_responses_api=responses).stream("What is this?"))


def test_texts_are_embedded_in_batches(server: Sandbox, arrived: Callable[[], list[Any]]) -> None:
    """Five texts in batches of two are three requests; the order holds, and the lengths are 1."""
    made, texts = embedder(server), [f"text {number}" for number in range(5)]
    vectors = made.embed_documents(texts, chunk_size=2)
    assert [request.json["input"] for request in arrived()] == [texts[:2], texts[2:4], texts[4:]]
    assert vectors == [made.embed_query(text) for text in texts]
    assert [norm(vector) for vector in vectors] == pytest.approx([1] * 5, abs=1e-6)


def test_dimensions_shorten(server: Sandbox) -> None:
    """`dimensions` gives shorter vectors, still of length 1."""
    vector = embedder(server, dimensions=32).embed_query("a cat")
    assert (len(vector), norm(vector)) == (32, pytest.approx(1, abs=1e-6))


def test_the_async_embeddings_are_the_same(server: Sandbox) -> None:
    """`aembed_documents` and `aembed_query` give the blocking calls' vectors."""

    async def work() -> tuple[Any, Any]:
        async with openai.DefaultAsyncHttpxClient() as http:
            made = embedder(server, http_async_client=http)
            return await made.aembed_documents(["a cat", "a dog"]), await made.aembed_query("a cat")

    made = embedder(server)
    assert asyncio.run(work()) == (made.embed_documents(["a cat", "a dog"]), made.embed_query("a cat"))


def test_texts_that_share_words_are_found(server: Sandbox) -> None:
    """The nearest of three texts to a question is the one that shares its words."""
    made = embedder(server)
    texts = ["stock market prices", "a cat sat on the mat", "rain over Oslo"]
    asked = made.embed_query("where did the cat sit on the mat?")
    assert max(texts, key=lambda text: cosine(made.embed_query(text), asked)) == "a cat sat on the mat"


def test_token_ids_are_embedded(
    server: Sandbox, arrived: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it comes, LangChain sends token ids; a tokeniser of single bytes stands in for the one it would download."""
    single_bytes = tiktoken.Encoding(
        "cl100k_base",
        pat_str="[^ ]+| ",
        mergeable_ranks={bytes([code]): code for code in range(256)},
        special_tokens={},
    )
    monkeypatch.setitem(tiktoken.registry.ENCODINGS, "cl100k_base", single_bytes)
    one, two = embedder(server, check_embedding_ctx_length=True).embed_documents(["a cat", "a dog"])
    assert arrived()[-1].json["input"] == [list(b"a cat"), list(b"a dog")]
    assert norm(one) == pytest.approx(1, abs=1e-6)
    assert one != two


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"api_key": "wrong"}, openai.AuthenticationError),
        ({"model": "nope"}, openai.NotFoundError),
        ({"dimensions": 5000}, openai.BadRequestError),
        ({"default_headers": {"x-sandbox-fault": "429"}}, openai.RateLimitError),
    ],
)
def test_embedding_errors_have_their_class(
    server: Sandbox, options: dict[str, Any], error: type[openai.APIStatusError]
) -> None:
    """What openai raises comes through."""
    with pytest.raises(error):
        embedder(server, **options).embed_query("a cat")
