"""Vectors: their shape on the wire, their length, and that they mean something."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.local import Sandbox
from skytells_nb.local.inference import embeddings

SMALL = "skytells-embed-3-small"
CATS = ["cat on a mat", "a cat sat on the mat", "stock market prices"]
Embed = Callable[..., dict[str, Any]]


@pytest.fixture
def embed(api: httpx.Client) -> Embed:
    """Embed something; the reply."""

    def post(given: Any, model: str = SMALL, **options: Any) -> dict[str, Any]:
        reply = api.post("/embeddings", json={"model": model, "input": given} | options)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    return post


def rows(reply: dict[str, Any]) -> np.ndarray:
    """Read the vectors as float32, from numbers or from bytes."""
    told = [one["embedding"] for one in reply["data"]]
    return np.array([np.frombuffer(base64.b64decode(v), "<f4") if isinstance(v, str) else np.float32(v) for v in told])


def test_a_reply_has_the_printed_keys_and_types(api: httpx.Client, printed: Callable[[str], Any]) -> None:
    """The document's own request, to the router, gets the document's reply, values aside."""
    mine, seed = api.post("/embeddings", json=printed("embeddings_request")).json(), printed("embeddings")
    assert list(mine) == list(seed)
    assert list(mine["data"][0]) == list(seed["data"][0])
    assert mine["model"] == seed["model"]
    assert mine["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert all(isinstance(number, float) for number in mine["data"][0]["embedding"])


@pytest.mark.parametrize(
    ("model", "size"),
    [("skytells-embed-3-large", 3072), (SMALL, 1536), ("text-embedding-3-small", 1536), (f"skytells/{SMALL}", 1536)],
)
def test_a_model_has_its_own_number_of_dimensions(embed: Embed, model: str, size: int) -> None:
    """As many numbers as the catalogue says, under the model's own name."""
    reply = embed("a fox", model)
    assert rows(reply).shape == (1, size)
    assert reply["model"] == model.removeprefix("skytells/")


@pytest.mark.parametrize("size", [None, 1, 2, 3, 256, 1000, 1535])
def test_a_vector_is_one_long(embed: Embed, size: int | None) -> None:
    """Cut or whole, in float32, its length is 1."""
    lengths = np.linalg.norm(rows(embed(CATS, dimensions=size)).astype(np.float64), axis=1)
    assert lengths == pytest.approx(1, abs=1e-6)


def test_fewer_dimensions_are_the_first_of_all(embed: Embed) -> None:
    """A cut vector points the way the whole one's beginning does."""
    whole, cut = rows(embed(CATS)), rows(embed(CATS, dimensions=100))
    begin = whole[:, :100] / np.linalg.norm(whole[:, :100], axis=1, keepdims=True)
    assert cut == pytest.approx(begin, abs=1e-6)


@pytest.mark.parametrize("size", [None, 256, 64])
def test_texts_that_share_words_are_near(embed: Embed, size: int | None) -> None:
    """A cat on a mat is a cat on a mat, and no share price."""
    cat, sat, stock = rows(embed(CATS, dimensions=size))
    assert cat @ sat > 0.7
    assert abs(cat @ stock) < 0.4


def test_parts_of_words_count(embed: Embed) -> None:
    """Forms of one word are nearer than different words."""
    swim, swimming, banking = rows(embed(["swimmer", "swimming", "banking"]))
    assert swim @ swimming > swimming @ banking + 0.1


def test_models_have_their_own_spaces(embed: Embed) -> None:
    """The same text by two models is not comparable, as in earnest."""
    one, other = rows(embed("a fox", SMALL))[0], rows(embed("a fox", "text-embedding-3-small"))[0]
    assert abs(one @ other) < 0.2


def test_bytes_and_numbers_are_the_same_vectors(embed: Embed) -> None:
    """Base64 holds the float32 that the numbers spell."""
    assert (rows(embed(CATS, encoding_format="base64")) == rows(embed(CATS, encoding_format="float"))).all()


def test_the_same_text_has_the_same_vector(embed: Embed, web: httpx.Client) -> None:
    """On another server too, alone or among others, in the order of the inputs."""
    with Sandbox() as other:
        body = {"model": SMALL, "input": CATS[1]}
        again = web.post(f"{other.url}/embeddings", json=body, headers={"x-api-key": "sk-other"}).json()
    reply = embed(CATS)
    assert [one["index"] for one in reply["data"]] == [0, 1, 2]
    assert (rows(reply)[1] == rows(again)[0]).all()


@pytest.mark.parametrize(
    ("given", "count", "read"), [("a b c", 1, 3), (["a b", "c"], 2, 3), ([1, 2, 3], 1, 3), ([[1], [2, 3]], 2, 3)]
)
def test_each_kind_of_input_is_read(embed: Embed, given: Any, count: int, read: int) -> None:
    """A text, texts, token ids, lists of token ids; tokens are counted."""
    reply = embed(given)
    assert len(reply["data"]) == count
    assert reply["usage"] == {"prompt_tokens": read, "total_tokens": read}


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": None}, 422, "model"),
        ({"model": "gpt-5"}, 422, "model"),
        ({"model": "truefusion"}, 422, "model"),
        ({"model": "nope"}, 404, None),
        ({"input": None}, 422, "input"),
        ({"input": ""}, 400, "input"),
        ({"input": []}, 400, "input"),
        ({"input": {}}, 400, "input"),
        ({"input": ["a", ""]}, 400, "input[1]"),
        ({"input": ["a", 5]}, 400, "input[1]"),
        ({"input": [[1], []]}, 400, "input[1]"),
        ({"input": [[-1]]}, 400, "input[0]"),
        ({"input": ["a"] * 2049}, 400, "input"),
        ({"input": "a " * 8193}, 400, "input"),
        ({"dimensions": 0}, 400, "dimensions"),
        ({"dimensions": 1537}, 400, "dimensions"),
        ({"dimensions": True}, 400, "dimensions"),
        ({"encoding_format": "hex"}, 400, "encoding_format"),
        ({"encoding_format": []}, 400, "encoding_format"),
        ({"user": "me"}, 200, None),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    api: httpx.Client, body: dict[str, Any], status: int, param: str | None
) -> None:
    """The error's `param` names it."""
    reply = api.post("/embeddings", json={"model": SMALL, "input": "a"} | body)
    assert reply.status_code == status
    assert reply.json().get("error", {}).get("param") == param


def test_a_text_over_the_limit_says_so(api: httpx.Client) -> None:
    """8,192 tokens can be embedded, one more not."""
    error = api.post("/embeddings", json={"model": SMALL, "input": ["a", "b" + " b" * 8192]}).json()["error"]
    assert (error["error_id"], error["type"]) == ("context_length_exceeded", "InferenceError")
    assert "Input 1 has 8193 tokens" in error["message"]
    assert api.post("/embeddings", json={"model": SMALL, "input": "b" + " b" * 8191}).status_code == 200


def test_tokens_are_paid_from_the_balance(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Tokens read at the model's price; an empty balance refuses."""
    with Sandbox(credits=0.001) as poor:
        client = client_of(poor)
        spent = client.post("/embeddings", json={"model": SMALL, "input": "a " * 5000}).json()["usage"]["total_tokens"]
        left = poor.state.credits_left
        refused = client.post("/embeddings", json={"model": SMALL, "input": ["a " * 8000] * 7})
    assert left is not None
    assert float(left) == pytest.approx(0.001 - spent * 0.02 / 1e6)
    assert refused.json()["error"]["error_id"] == "INSUFFICIENT_CREDITS"


def test_usage_may_be_missing(api: httpx.Client) -> None:
    """The fault takes it away."""
    reply = api.post("/embeddings", json={"model": SMALL, "input": "a"}, headers={"x-sandbox-fault": "no-usage"})
    assert list(reply.json()) == ["object", "data", "model"]


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5), st.integers(1, 64))
def test_any_text_has_a_direction(texts: list[str], size: int) -> None:
    """Marks, signs, one letter, any script, and any number of dimensions: finite and one long."""
    found = embeddings.vectors(texts, "space", 64, size)
    assert np.linalg.norm(found.astype(np.float64), axis=1) == pytest.approx(1, abs=1e-6)


def test_a_thousand_texts_take_less_than_a_second_of_work() -> None:
    """Of this thread's own time, since a machine may be busy; the best of three."""
    texts = [f"Sentence {n} about cats, dogs and the weather in city {n % 50}, with words {n * 7}" for n in range(1000)]

    def seconds() -> float:
        begun = time.thread_time()
        embeddings.vectors(texts, "space", 1536, 1536)
        return time.thread_time() - begun

    assert any(seconds() < 1 for _ in range(3))
