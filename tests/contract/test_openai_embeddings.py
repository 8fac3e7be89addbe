"""The openai client's embeddings, in both encodings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox
from tests.contract.cases import EMBEDDER, cosine, norm


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[openai.OpenAI]:
    """Point the openai client at the module's sandbox, its retries off."""
    with openai.OpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as made:
        yield made


def embed(client: openai.OpenAI, given: Any, model: str = EMBEDDER, **options: Any) -> Any:
    """Embed with the small model unless told otherwise."""
    return client.embeddings.create(model=model, input=given, **options)


@pytest.mark.parametrize("dimensions", [openai.omit, 64])
def test_both_encodings_give_the_same_numbers(
    client: openai.OpenAI, arrived: Callable[[], list[Any]], dimensions: Any
) -> None:
    """The client asks for base64 by itself and decodes it; as floats come the same float32 values."""
    coded = embed(client, "a cat", dimensions=dimensions)
    plain = embed(client, "a cat", dimensions=dimensions, encoding_format="float")
    assert [request.json.get("encoding_format") for request in arrived()] == ["base64", "float"]
    assert coded.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-7)
    assert (coded.usage, coded.model, coded.object) == (plain.usage, EMBEDDER, "list")


def test_base64_is_left_as_it_is_when_asked_for(client: openai.OpenAI) -> None:
    """A caller who names base64 gets the text: four bytes a number."""
    import base64

    text = embed(client, "a cat", encoding_format="base64").data[0].embedding
    assert len(base64.b64decode(text)) == 4 * 1536


@pytest.mark.parametrize(
    ("model", "size"),
    [("skytells-embed-3-large", 3072), ("skytells-embed-3-small", 1536), ("text-embedding-3-small", 1536)],
)
def test_vectors_have_their_model_s_size(client: openai.OpenAI, model: str, size: int) -> None:
    """A vector has the model's dimensions and unit length."""
    vector = embed(client, "a cat", model).data[0].embedding
    assert len(vector) == size
    assert norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_shorter_vector_has_unit_length_too(client: openai.OpenAI) -> None:
    """`dimensions` shortens; the length stays 1."""
    vector = embed(client, "a cat", dimensions=64).data[0].embedding
    assert len(vector) == 64
    assert norm(vector) == pytest.approx(1, abs=1e-6)


def test_many_texts_come_in_order(client: openai.OpenAI) -> None:
    """A batch is the single answers in the order of its texts, and costs what they cost."""
    texts = ["a cat", "stock market prices", "a cat"]
    batch, singles = embed(client, texts), [embed(client, text) for text in texts]
    assert [item.index for item in batch.data] == [0, 1, 2]
    assert [item.embedding for item in batch.data] == [single.data[0].embedding for single in singles]
    assert batch.usage.total_tokens == batch.usage.prompt_tokens == sum(s.usage.total_tokens for s in singles) > 0


def test_tokens_are_taken_for_text(client: openai.OpenAI) -> None:
    """Token ids, one list or several, are embedded too; each counts."""
    one, two = embed(client, [5, 6, 7]), embed(client, [[5, 6, 7], [8]])
    assert (one.usage.prompt_tokens, two.usage.prompt_tokens) == (3, 4)
    assert two.data[0].embedding == one.data[0].embedding != two.data[1].embedding


def test_texts_that_share_words_are_nearer(client: openai.OpenAI) -> None:
    """A cat on a mat is nearer to a cat on the mat than to stock prices."""
    cat, mat, stock = (
        item.embedding for item in embed(client, ["cat on a mat", "a cat sat on the mat", "stock market prices"]).data
    )
    assert cosine(cat, mat) > cosine(cat, stock) + 0.2


@pytest.mark.parametrize(
    ("given", "options", "param"),
    [
        ("a cat", {"dimensions": 1537}, "dimensions"),
        ("a cat", {"dimensions": 0}, "dimensions"),
        ("a cat", {"encoding_format": "hex"}, "encoding_format"),
        ("", {}, "input"),
        ([], {}, "input"),
        (["a", ""], {}, "input"),
        (["x"] * 2049, {}, "input"),
    ],
)
def test_a_wrong_parameter_is_named(client: openai.OpenAI, given: Any, options: dict[str, Any], param: str) -> None:
    """What cannot be embedded is a bad request that names the parameter."""
    with pytest.raises(openai.BadRequestError) as caught:
        embed(client, given, **options)
    assert caught.value.param.startswith(param)


@pytest.mark.parametrize(
    ("model", "error", "error_id"),
    [
        ("nope", openai.NotFoundError, "MODEL_NOT_FOUND"),
        ("truefusion", openai.UnprocessableEntityError, "MODEL_NOT_SUPPORTED"),
        ("gpt-5", openai.UnprocessableEntityError, "MODEL_NOT_SUPPORTED"),
    ],
)
def test_a_model_that_does_not_embed_is_refused(
    client: openai.OpenAI, model: str, error: type[openai.APIStatusError], error_id: str
) -> None:
    """An unknown model is not found; one of another kind is not supported here."""
    with pytest.raises(error) as caught:
        embed(client, "a cat", model)
    assert caught.value.body["error_id"] == error_id


def test_the_async_client_embeds_the_same(client: openai.OpenAI, server: Sandbox) -> None:
    """The async client gets the same vectors, many calls at once."""

    async def run() -> list[Any]:
        async with openai.AsyncOpenAI(api_key=EXAMPLE_KEY, base_url=server.url, max_retries=0) as other:
            calls = [other.embeddings.create(model=EMBEDDER, input=f"text {number}") for number in range(8)]
            return [reply.data[0].embedding for reply in await asyncio.gather(*calls)]

    assert asyncio.run(run()) == [item.embedding for item in embed(client, [f"text {n}" for n in range(8)]).data]


def test_the_raw_reply_parses(client: openai.OpenAI) -> None:
    """`with_raw_response` shows the headers, and parses to the same vectors."""
    raw = client.embeddings.with_raw_response.create(model=EMBEDDER, input="a cat")
    assert raw.headers["x-skytells-sandbox"] == "nothing was billed"
    assert raw.parse().data[0].embedding == embed(client, "a cat").data[0].embedding
