"""Texts as vectors: one for each, in order and exact, or one clear error that keeps what had come."""

from __future__ import annotations

import json
import math
import pickle
import struct
from array import array
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.client import AsyncClient
from skytells_nb.api.record import Call
from skytells_nb.api.values import Embeddings, Usage, vectors
from skytells_nb.api.values.vectors import read_vector
from skytells_nb.api.vectors import MOST_CHARACTERS, batches_of
from skytells_nb.costs.frames import vectors_frame
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import InputError, OutOfCreditsError, ServiceError, SetupError, UnknownNameError
from tests.canned import Asked, Said, serving

MODEL = "skytells-embed-3-large"


def vector_of(text: str) -> list[float]:
    """Make a vector that tells its text by its first number; the others are no short binary fractions."""
    return [float(text.rpartition(" ")[2]), 0.1, -2.5e-7]


def encoded(vector: list[float]) -> str:
    """Write a vector as the service does in base64."""
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def embedding(asked: Asked) -> dict[str, Any]:
    """Answer as the service does, the last text first, in the encoding that is asked for."""
    write: Callable[[list[float]], Any] = encoded if asked.body.get("encoding_format") == "base64" else list
    rows = [
        {"object": "embedding", "index": at, "embedding": write(vector_of(text))}
        for at, text in enumerate(asked.body["input"])
    ]
    tokens = 2 * len(rows)
    return {
        "object": "list",
        "data": rows[::-1],
        "model": MODEL,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


TEXTS = [f"text {number}" for number in range(7)]


def test_one_text_is_one_vector() -> None:
    """Sent as a list of one, in the short encoding."""
    with serving(embedding) as service, service.client() as client:
        found = client.embed("text 3", model=MODEL, tag="t")
    assert service.bodies == [{"model": MODEL, "input": ["text 3"], "encoding_format": "base64"}]
    assert (len(found), found.dimensions, found.texts, found[0][0], found.model) == (1, 3, ("text 3",), 3.0, MODEL)
    assert found.usage == Usage(prompt_tokens=2, total_tokens=2)
    assert (found.calls, found.id) == (tuple(service.told.ended), service.told.ended[0].id)
    [call] = found.calls
    assert (call.api, call.endpoint, call.model, call.tag, call.status) == (
        "embeddings",
        "POST /embeddings",
        MODEL,
        "t",
        "succeeded",
    )
    assert (call.prompt_tokens, call.total_tokens, call.outputs, call.usage) == (
        2,
        2,
        1,
        {"prompt_tokens": 2, "total_tokens": 2},
    )


def test_many_texts_come_back_in_their_order() -> None:
    """Whatever order the service gives them in, over as many requests as it takes."""
    with serving(embedding) as service, service.client() as client:
        found = client.embed(TEXTS, model=MODEL, batch_size=3)
    assert [body["input"] for body in service.bodies] == [TEXTS[:3], TEXTS[3:6], TEXTS[6:]]
    assert [vector[0] for vector in found] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert found.texts == tuple(TEXTS)
    assert found.usage == Usage(prompt_tokens=14, total_tokens=14)
    assert len(found.raw["batches"]) == 3


def test_each_request_has_a_record_of_its_own() -> None:
    """With its tokens and its count; together they are the whole."""
    with serving(embedding) as service, service.client() as client:
        found = client.embed(TEXTS, model="deepbrain-router", batch_size=3)
    assert service.told.ended == list(found.calls)
    assert [(call.prompt_tokens, call.outputs, call.status) for call in found.calls] == [
        (6, 3, "succeeded"),
        (6, 3, "succeeded"),
        (2, 1, "succeeded"),
    ]
    assert found.cost == Decimal("0.50") * 14 / 1_000_000
    assert found.seconds == sum(call.seconds or 0 for call in found.calls)


def test_vectors_without_an_index_keep_the_order_of_the_answer() -> None:
    """Nothing else says what belongs to what."""
    rows = [{"embedding": [1.0]}, {"embedding": [2.0]}]
    with serving({"data": rows}) as service, service.client() as client:
        found = client.embed(["a", "b"], model=MODEL)
    assert (found.vectors, found.usage, found.model, found.cost) == ([[1.0], [2.0]], None, "", None)


def test_both_encodings_give_the_same_numbers() -> None:
    """32-bit floats to the last bit."""
    with serving(embedding) as service, service.client() as client:
        short = client.embed(TEXTS, model=MODEL)
        plain = client.embed(TEXTS, model=MODEL, encoding_format="float")
    assert short == plain
    assert short.to_numpy().tobytes() == plain.to_numpy().tobytes()
    assert [body["encoding_format"] for body in service.bodies] == ["base64", "float"]


def test_a_service_that_knows_one_encoding_is_read() -> None:
    """Numbers in place of the base64 that was asked for."""
    with serving({"data": [{"index": 0, "embedding": [1, 0.5]}]}) as service, service.client() as client:
        assert client.embed("a", model=MODEL).vectors == [[1.0, 0.5]]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_32_bit_number_survives_either_encoding(numbers: list[float]) -> None:
    """Also the smallest, and the zero with a sign."""
    wanted = array("f", numbers).tobytes()
    for form in (numbers, json.loads(json.dumps(numbers)), encoded(numbers)):
        read = read_vector(form)
        assert read is not None
        assert read.tobytes() == wanted


def test_dimensions_and_other_parameters_are_sent() -> None:
    """To every request."""
    with serving(embedding) as service, service.client() as client:
        client.embed(TEXTS, model=MODEL, batch_size=6, dimensions=3, user="ada", something=None)
    assert [{k: v for k, v in body.items() if k != "input"} for body in service.bodies] == [
        {"model": MODEL, "encoding_format": "base64", "dimensions": 3, "user": "ada"}
    ] * 2


WRONG: list[tuple[Any, str]] = [
    ([[1.0], [1.0, 2.0]], r"have different lengths \(1, 2\)"),
    ([[1.0], [math.nan]], "Vector 1 of the answer cannot be read"),
    ([[1.0], [math.inf]], "Vector 1 of the answer cannot be read"),
    ([[math.inf, -math.inf], [1.0, 1.0]], "Vector 0 of the answer cannot be read"),
    ([[1e39, -1e39], [1.0, 1.0]], "Vector 0 of the answer cannot be read"),
    ([[1.0], [True]], "Vector 1 of the answer cannot be read"),
    ([[1.0], ["1.0"]], "Vector 1 of the answer cannot be read"),
    ([[1.0], [10**400]], "Vector 1 of the answer cannot be read"),
    ([[1.0], []], "Vector 1 of the answer cannot be read"),
    ([[1.0], None], "Vector 1 of the answer cannot be read"),
    ([[1.0], {"x": 1}], "Vector 1 of the answer cannot be read"),
    ([[1.0], "AACAPw"], "Vector 1 of the answer cannot be read"),
    ([[1.0], "AACA?A=="], "Vector 1 of the answer cannot be read"),
    ([[1.0], "AACAPwA="], "Vector 1 of the answer cannot be read"),
    ([[1.0], encoded([math.nan])], "Vector 1 of the answer cannot be read"),
    ([[math.inf, -math.inf], encoded([1.0])], "Vector 0 of the answer cannot be read"),
    ([[1.0], "é\ud800"], "Vector 1 of the answer cannot be read"),
    ([[1.0]], "2 texts were sent and 1 vectors came"),
    ([[1.0]] * 3, "2 texts were sent and 3 vectors came"),
    ([], "2 texts were sent and 0 vectors came"),
]


@pytest.mark.parametrize(("found", "message"), WRONG)
def test_vectors_that_cannot_be_right_are_an_error(found: Any, message: str) -> None:
    """It says what is wrong, and that the call may have been billed; it is not sent again."""
    rows = [{"index": at, "embedding": vector} for at, vector in enumerate(found)]
    with (
        serving({"data": rows, "model": MODEL}) as service,
        service.client() as client,
        pytest.raises(ServiceError, match=message) as caught,
    ):
        client.embed(["a", "b"], model=MODEL)
    assert caught.value.may_have_run
    assert [call.status for call in service.told.ended] == ["failed"]
    assert len(service.asked) == 1


@pytest.mark.parametrize("indexes", [(0, 0), (0, 2), (1, 2), (-1, 0)])
def test_an_index_that_fits_no_text_is_an_error(indexes: tuple[int, int]) -> None:
    """A vector is never given to another text."""
    rows = [{"index": index, "embedding": [1.0]} for index in indexes]
    with serving({"data": rows}) as service, service.client() as client, pytest.raises(ServiceError):
        client.embed(["a", "b"], model=MODEL)


@pytest.mark.parametrize("body", [{}, [], None, {"data": None}, {"data": "x"}, {"data": [None, 3]}])
def test_an_answer_without_vectors_is_an_error(body: Any) -> None:
    """Whatever stands in their place."""
    with serving(Said(json.dumps(body).encode())) as service, service.client() as client, pytest.raises(ServiceError):
        client.embed(["a", "b"], model=MODEL)


def test_a_batch_of_another_length_is_an_error() -> None:
    """Vectors that cannot be compared are never put together."""
    first = {"data": [{"embedding": [1.0, 2.0]}]}
    with (
        serving(first, {"data": [{"embedding": [1.0]}]}) as service,
        service.client() as client,
        pytest.raises(ServiceError, match=r"different lengths \(1, 2\)"),
    ):
        client.embed(["a", "b"], model=MODEL, batch_size=1)


def test_what_came_before_an_error_is_kept_on_it() -> None:
    """With its records: it was paid for."""
    broke = Said({"error": {"message": "Top up", "error_id": "INSUFFICIENT_CREDITS"}}, 402)
    with (
        serving(embedding, embedding, broke) as service,
        service.client() as client,
        pytest.raises(OutOfCreditsError) as caught,
    ):
        client.embed(TEXTS, model=MODEL, batch_size=2)
    kept = caught.value.embeddings  # type: ignore[attr-defined]
    assert (kept.texts, [vector[0] for vector in kept]) == (tuple(TEXTS[:4]), [0.0, 1.0, 2.0, 3.0])
    assert [call.status for call in service.told.ended] == ["succeeded", "succeeded", "refused"]
    assert kept.calls == tuple(service.told.ended[:2])
    assert caught.value.__notes__ == ["The vectors of the first 4 texts are kept: `embeddings` of this error."]


def test_an_error_in_the_first_batch_has_nothing_to_keep() -> None:
    """It is an error as of any other verb."""
    with serving(Said({}, 500)) as service, service.client() as client, pytest.raises(ServiceError) as caught:
        client.embed(TEXTS, model=MODEL, batch_size=2)
    assert not hasattr(caught.value, "embeddings")
    assert len(service.asked) == 1


def test_what_came_before_a_stop_is_kept_on_it() -> None:
    """Ctrl-C while a later batch waits to be sent again."""

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    busy = Said({"error": {"message": "Slow down"}}, 429, {"retry-after": "1"})
    with (
        serving(embedding, busy) as service,
        service.client(sleep=stop) as client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        client.embed(TEXTS, model=MODEL, batch_size=4)
    assert caught.value.embeddings.texts == tuple(TEXTS[:4])  # type: ignore[attr-defined]
    assert [call.status for call in service.told.ended] == ["succeeded", "interrupted"]


def test_a_stop_while_the_last_batch_is_recorded_keeps_all() -> None:
    """What was paid for rides on the interruption."""

    class Stopping:
        ended = 0

        def before(self, call: Call) -> None:
            pass

        def after(self, call: Call) -> None:
            self.ended += 1
            if self.ended == 2:
                raise KeyboardInterrupt

    with (
        serving(embedding) as service,
        service.client(observers=(Stopping(), service.told)) as client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        client.embed(TEXTS, model=MODEL, batch_size=4)
    assert caught.value.embeddings.texts == tuple(TEXTS)  # type: ignore[attr-defined]
    assert [call.status for call in service.told.ended] == ["succeeded", "succeeded"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "There is nothing to embed"),
        ("", "Text 0 is empty"),
        (["a", " \n"], "Text 1 is empty"),
        (["a", None], "Text 1 is 'None'"),
        (["a", 3], "Text 1 is '3'"),
        ([["a"]], "Text 0 is "),
        (3, "What to embed is int, not text"),
        (None, "What to embed is NoneType, not text"),
        (b"a", "What to embed is bytes, not text"),
        ({"a": 1}, "What to embed is dict, not text"),
        (pd.DataFrame({"text": ["a"]}), "What to embed is DataFrame, not text"),
        (pd.Series(["a", float("nan")]), "Text 1 is 'nan'"),
    ],
)
def test_what_is_no_text_sends_nothing(texts: Any, message: str) -> None:
    """The first wrong one is named by its place."""
    with serving(embedding) as service, service.client() as client, pytest.raises(InputError, match=f"^{message}"):
        client.embed(texts, model=MODEL)
    assert service.asked == []


@pytest.mark.parametrize("size", [0, -1, True, 2.0, "3", None])
def test_a_batch_has_at_least_one_text(size: Any) -> None:
    """Anything else is a slip."""
    with (
        serving(embedding) as service,
        service.client() as client,
        pytest.raises(InputError, match=r"^batch_size must be a whole number of at least 1"),
    ):
        client.embed("a", model=MODEL, batch_size=size)


@given(st.lists(st.text(min_size=1, max_size=30), max_size=20), st.integers(1, 6))
def test_batches_are_the_texts_in_order(texts: list[str], size: int) -> None:
    """None is lost, doubled or empty."""
    batches = list(batches_of(texts, size))
    assert [text for batch in batches for text in batch] == texts
    assert all(1 <= len(batch) <= size for batch in batches)


def test_long_texts_go_in_smaller_batches() -> None:
    """By their characters; one that is longer than any batch goes alone."""
    half, over = "x" * (MOST_CHARACTERS // 2), "x" * (MOST_CHARACTERS + 1)
    assert [len(batch) for batch in batches_of([half, half, "a", over, "b", "c"], 100)] == [2, 1, 1, 2]


def test_the_model_is_the_environment_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is named; no catalogue is read then."""
    monkeypatch.setenv("SKYTELLS_NB_EMBEDDING_MODEL", "text-embedding-3-small")
    with serving(embedding) as service, service.client() as client:
        client.embed("text 1")
        client.embed("text 1", model=MODEL)
    assert [body["model"] for body in service.bodies] == ["text-embedding-3-small", MODEL]


def test_the_model_is_the_catalogue_s_first_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its type, its name or its capabilities; the catalogue is read once."""
    monkeypatch.delenv("SKYTELLS_NB_EMBEDDING_MODEL", raising=False)
    models = [
        {"namespace": "gpt-5", "type": "text"},
        {"namespace": "vectors-2", "type": "text", "capabilities": ["embeddings"]},
    ]

    def answer(asked: Asked) -> Any:
        return models if asked.path == "/models" else embedding(asked)

    with serving(answer) as service, service.client() as client:
        client.embed("text 1")
        client.embed("text 1")
    assert service.lines == ["GET /models", "POST /embeddings", "POST /embeddings"]
    assert [body["model"] for body in service.bodies[1:]] == ["vectors-2"] * 2


def test_a_catalogue_without_such_a_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text model is guessed at."""
    monkeypatch.delenv("SKYTELLS_NB_EMBEDDING_MODEL", raising=False)
    with (
        serving([{"namespace": "gpt-5", "type": "text"}]) as service,
        service.client() as client,
        pytest.raises(InputError, match=r"names no model that makes vectors\. Name one with model=, or set SKYTELLS_"),
    ):
        client.embed("a")


@pytest.mark.parametrize("wrong", [5, b"x", ["a"], "  "])
def test_what_is_no_name_is_no_model(wrong: Any) -> None:
    """It is said before anything is sent."""
    with serving() as server, server.client() as client, pytest.raises(InputError, match="is no model's name"):
        client.embed("a cat", model=wrong)


def test_an_unknown_model_is_named_with_the_nearest() -> None:
    """As for every verb."""

    def answer(asked: Asked) -> Any:
        if asked.path == "/models":
            return [{"namespace": MODEL}]
        return Said({"error": {"message": "No such model", "error_id": "MODEL_NOT_FOUND"}}, 404)

    with (
        serving(answer) as service,
        service.client() as client,
        pytest.raises(UnknownNameError, match=f"Did you mean '{MODEL}'"),
    ):
        client.embed("a", model="skytells-embed-3-larg")


def test_a_column_of_a_frame_is_many_texts() -> None:
    """In the order of its rows, whatever their labels."""
    column = pd.Series(["text 1", "text 2"], index=[5, 3])
    with serving(embedding) as service, service.client() as client:
        assert client.embed(column, model=MODEL).texts == ("text 1", "text 2")  # type: ignore[arg-type]


def test_a_numpy_array_has_a_row_for_each_text() -> None:
    """Of 32-bit floats; also where there is no row."""
    found = Embeddings(("a", "b"), (array("f", [1, 0.1]), array("f", [3, 4])))
    made = found.to_numpy()
    assert (made.dtype, made.shape, made.tolist()) == (np.float32, (2, 2), found.vectors)
    assert Embeddings().to_numpy().shape == (0, 0)


def test_a_frame_has_a_row_for_each_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named by it; the columns are the dimensions. The whole package hands in what makes frames."""
    monkeypatch.setattr(vectors, "_framer", vectors._no_frames)
    with pytest.raises(SetupError, match=r"Make the client by skytells_nb\.Client\(\)"):
        Embeddings().to_frame()
    vectors.frame_with(vectors_frame)
    found = Embeddings(("a", "b"), (array("f", [1, 0.1]), array("f", [3, 4])))
    frame = found.to_frame()
    assert (list(frame.index), frame.index.name, list(frame.columns)) == (["a", "b"], "text", [0, 1])
    assert {str(kind) for kind in frame.dtypes} == {"float32"}
    assert frame.to_numpy().tolist() == found.vectors
    assert Embeddings().to_frame().shape == (0, 0)


def test_vectors_are_a_plain_value() -> None:
    """Equal by what they say, short as a repr, and whole after a journey to another process."""
    found = Embeddings(("a", "b"), (array("f", [1, 0.5]), array("f", [3, 4])), MODEL, raw={"x": 1})
    assert found == Embeddings(("a", "b"), (array("f", [1, 0.5]), array("f", [3, 4])), MODEL)
    assert found != Embeddings(("a", "b"), (array("f", [1, 0.5]), array("f", [3, 5])), MODEL)
    assert repr(found) == f"<Embeddings texts=2 dimensions=2 model='{MODEL}'>"
    assert pickle.loads(pickle.dumps(found)) == found
    assert (found[1], list(found), found.cost, found.seconds) == ([3.0, 4.0], [[1.0, 0.5], [3.0, 4.0]], None, None)


def test_the_async_client_embeds_the_same() -> None:
    """Batch after batch, with the same records."""
    with serving(embedding) as service:
        with service.client() as client:
            expected = client.embed(TEXTS, model=MODEL, batch_size=3, dimensions=3)

        async def body(client: AsyncClient) -> Embeddings:
            return await client.embed(TEXTS, model=MODEL, batch_size=3, dimensions=3)

        found = service.asynchronously(body)
    assert found == expected
    assert service.bodies[:3] == service.bodies[3:]
    assert [call.outputs for call in found.calls] == [3, 3, 1]


def test_the_ledger_has_a_row_for_each_request(tmp_path: Path) -> None:
    """With its tokens, and with what became of one that failed."""
    columns = ("api", "model", "status", "prompt_tokens", "total_tokens", "outputs", "http_status")
    with (
        closing(Ledger(tmp_path / "ledger.sqlite")) as ledger,
        serving(embedding, embedding, Said({}, 500)) as service,
        service.client(observers=(Recorder(ledger),)) as client,
    ):
        with pytest.raises(ServiceError):
            client.embed(TEXTS, model=MODEL, batch_size=3)
        rows = ledger.rows()
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("embeddings", MODEL, "succeeded", 6, 6, 3, 200),
        ("embeddings", MODEL, "succeeded", 6, 6, 3, 200),
        ("embeddings", MODEL, "failed", None, None, None, 500),
    ]


def test_tokens_that_one_request_does_not_tell_are_not_known_of_all() -> None:
    """A sum of some would be read as the sum of all."""
    silent = {"data": [{"embedding": [1.0, 2.0, 3.0]}], "model": MODEL}
    with serving(embedding, silent) as service, service.client() as client:
        found = client.embed(["text 1", "text 2"], model=MODEL, batch_size=1)
    assert found.usage == Usage()
    assert [call.prompt_tokens for call in found.calls] == [2, None]
