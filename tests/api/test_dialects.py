"""Every way in which the platform's sources spell an answer means the same to the client: the sandbox speaks each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.values import Status
from skytells_nb.errors import JobFailedError, KeyRejectedError, SkytellsError, UnknownNameError
from skytells_nb.local import EXAMPLE_KEY, Sandbox
from skytells_nb.local.dialect import WORDS
from tests.canned import Told

FOX = {"prompt": "a fox"}
ALONE = [{row: word} for row, words in WORDS.items() for word in words[1:]]
TOGETHER = [
    {row: words[-1] for row, words in WORDS.items()},
    {row: words[1] for row, words in WORDS.items()},
]
Pair = tuple[Sandbox, Client, Told]


@pytest.fixture
def speaking() -> Iterator[Callable[[dict[str, str]], Pair]]:
    """Start sandboxes that speak a dialect, each with a client that is told of its calls."""
    with ExitStack() as running:

        def start(dialect: dict[str, str]) -> Pair:
            sandbox, told = running.enter_context(Sandbox(pace=50, dialect=dialect)), Told()
            options: dict[str, Any] = {"sleep": lambda _: time.sleep(0.01), "observers": (told,)}
            client = running.enter_context(Client(api_key=EXAMPLE_KEY, base_url=sandbox.url, **options))
            return sandbox, client, told

        yield start


def named(dialect: dict[str, str]) -> str:
    """Name a dialect for the report."""
    return "-".join(f"{row}={word}" for row, word in dialect.items()) if len(dialect) == 1 else "many"


@pytest.mark.parametrize("dialect", [{}, *ALONE, *TOGETHER], ids=named)
def test_a_dialect_changes_nothing_of_what_is_said(dialect: dict[str, str], speaking: Callable[..., Pair]) -> None:
    """Jobs are run, failed, canceled, listed, found, deleted, priced and recorded alike."""
    sandbox, client, told = speaking(dialect)
    run = client.predict("truefusion", {**FOX, "number_of_images": 2})
    assert (run.status, len(run.links), run.text, run.cost) == (Status.SUCCEEDED, 2, "", Decimal("0.06"))
    assert [file.kind for file in run.links] == ["image", "image"]
    assert client.predict("truefusion", FOX, server_wait=True).status is Status.SUCCEEDED
    sandbox.inject("fail")
    with pytest.raises(JobFailedError) as failed:
        client.predict("truefusion", FOX)
    assert failed.value.prediction.error
    film = client.submit("truefusion-video", FOX)
    assert client.cancel(film).status is Status.CANCELED
    assert client.prediction(film.id).status is Status.CANCELED
    assert [job.status for job in client.predictions(per_page=2)] == [
        Status.CANCELED,
        Status.FAILED,
        Status.SUCCEEDED,
        Status.SUCCEEDED,
    ]
    assert [job.id for job in client.predictions(status="cancelled")] == [film.id]
    assert len(list(client.predictions(status="succeeded", model="truefusion", since="2020-01-01"))) == 2
    client.delete(film)
    client.delete(run.id)
    assert {film.id, run.id}.isdisjoint({job.id for job in client.predictions()})
    with pytest.raises(SkytellsError):
        client.prediction(film.id)
    with pytest.raises(UnknownNameError, match="Did you mean 'truefusion'"):
        client.predict("truefusoin", FOX)
    ended = {call.id: call.status for call in told.ended if call.remote_id}
    assert list(ended.values()) == ["succeeded", "succeeded", "failed", "canceled"]


@pytest.mark.parametrize("shape", WORDS["error_shape"])
def test_a_refused_key_is_one_error_in_each_shape(shape: str, speaking: Callable[..., Pair]) -> None:
    """The service's word is read wherever it stands."""
    sandbox, _, _ = speaking({"error_shape": shape})
    with (
        Client(api_key="sk-sandbox-revoked", base_url=sandbox.url, observers=()) as client,
        pytest.raises(KeyRejectedError) as caught,
    ):
        client.models()
    assert caught.value.error_id in {"UNAUTHORIZED", "FORBIDDEN", "ACCOUNT_SUSPENDED"}
