"""The official Python SDK against everything that the platform's sources spell differently: what it reads, what not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from skytells import SkytellsClient, SkytellsError

from skytells_nb.local import EXAMPLE_KEY, Sandbox

RAIN = {"model": "truefusion-video", "input": {"prompt": "rain"}}


@pytest.fixture
def client_in(server: Sandbox) -> Callable[[str], SkytellsClient]:
    """Make a client of the module's sandbox that is answered in a dialect."""
    return lambda dialect: SkytellsClient(
        EXAMPLE_KEY, base_url=server.url, headers={"x-sandbox-fault": f"dialect;{dialect}"}
    )


@pytest.mark.parametrize(
    "dialect",
    [
        "created=201",
        "created=202",
        "ids=pred",
        "output=list",
        "output=string",
        "output=missing",
        "model=string",
        "times=micros",
        "times=nanos",
        "times=offset",
        "fields=sparse",
        "files=listed",
        "limits=plain",
        "schemas=asked",
        "status=sdk",
        "status=older",
        "status=new",
    ],
)
def test_a_job_runs_in_any_dialect(client_in: Callable[[str], SkytellsClient], dialect: str) -> None:
    """What the SDK does not look at may be written another way; each job ends with its file."""
    client = client_in(dialect)
    prediction = client.run("truefusion", {"prompt": "a fox"})
    assert (prediction.status, str(prediction.outputs())[-4:]) == ("succeeded", ".png")
    ended = client.wait(client.predictions.create(RAIN), {"interval": 1, "max_wait": 10_000})
    assert ended["status"] == "succeeded"


def test_wait_ends_in_the_sdk_s_own_words() -> None:
    """In the vocabulary of its enum a stopped job is cancelled, which ends its `wait`."""
    with Sandbox(dialect={"status": "sdk"}) as slow:
        client = SkytellsClient(EXAMPLE_KEY, base_url=slow.url)
        job = client.predictions.create(RAIN)
        client.cancel_prediction(job["id"])
        assert client.wait(job, {"interval": 10, "max_wait": 5000})["status"] == "cancelled"


def test_outputs_may_be_objects(client_in: Callable[[str], SkytellsClient]) -> None:
    """An output that is no address is handed on as it is."""
    assert set(client_in("output=objects").run("truefusion", {"prompt": "a fox"}).outputs() or ()) == {"url"}


def test_capital_words_are_no_end_to_the_sdk(client_in: Callable[[str], SkytellsClient]) -> None:
    """The console's own words (Succeeded) end no `wait`: the SDK compares letter by letter."""
    client = client_in("status=console")
    with pytest.raises(SkytellsError) as caught:
        client.wait(client.predictions.create(RAIN), {"interval": 10, "max_wait": 500})
    assert (caught.value.error_id, "Succeeded" in caught.value.details) == ("WAIT_TIMEOUT", True)


def test_a_bare_list_is_not_read(client_in: Callable[[str], SkytellsClient]) -> None:
    """The SDK reads the envelope only; of a bare array it makes an error of Python's."""
    with pytest.raises(AttributeError, match="get"):
        client_in("list=array").predictions.list()


@pytest.mark.parametrize("act", ["cancel", "delete"])
def test_an_acknowledgement_is_handed_on(client_in: Callable[[str], SkytellsClient], act: str) -> None:
    """`{"success": true}` in place of the prediction is what the caller gets."""
    client = client_in("ack=success")
    job = client.predictions.create(RAIN)
    answered: Any = client.cancel_prediction(job["id"]) if act == "cancel" else client.delete_prediction(job["id"])
    assert answered == {"success": True}


@pytest.mark.parametrize("act", ["cancel", "delete"])
def test_an_empty_acknowledgement_is_an_error_to_the_sdk(
    client_in: Callable[[str], SkytellsClient], server: Sandbox, act: str
) -> None:
    """A 204 is no JSON, so the SDK raises, although what was asked for is done."""
    client = client_in("ack=empty")
    job = client.predictions.create(RAIN)
    with pytest.raises(SkytellsError) as caught:
        _ = client.cancel_prediction(job["id"]) if act == "cancel" else client.delete_prediction(job["id"])
    assert (caught.value.error_id, caught.value.http_status) == ("SERVER_ERROR", 204)
    assert (job["id"] in [known.id for known in server.state.jobs]) is (act == "cancel")


@pytest.mark.parametrize(("word", "status"), [("404", 404), ("502", 502)])
def test_a_missing_prediction_has_either_status(
    client_in: Callable[[str], SkytellsClient], word: str, status: int
) -> None:
    """The status for an id that nobody knows is told as it comes."""
    with pytest.raises(SkytellsError) as caught:
        client_in(f"unknown={word}").predictions.get("no-such-id")
    assert caught.value.http_status == status


@pytest.mark.parametrize(
    ("shape", "error_id"),
    [("merged", "UNAUTHORIZED"), ("E1", "UNAUTHORIZED"), ("E2", "UNAUTHORIZED"), ("E3", "HTTP_ERROR")],
)
def test_errors_have_the_shape_asked_for(shape: str, error_id: str) -> None:
    """As the sandbox's own option, the shape is that of every error; the SDK cannot see the id in E3."""
    with Sandbox(dialect={"error_shape": shape}) as running, pytest.raises(SkytellsError) as caught:
        SkytellsClient("not-a-key", base_url=running.url).models.list()
    assert (caught.value.http_status, caught.value.error_id) == (401, error_id)


@pytest.mark.parametrize(("word", "kind"), [("audio", "audio"), ("music", "music")])
def test_sound_has_either_type(client_in: Callable[[str], SkytellsClient], word: str, kind: str) -> None:
    """The model that makes music is of type audio or music."""
    assert client_in(f"sound={word}").models.get("beatfusion-2.0")["type"] == kind


def test_schemas_may_have_to_be_asked_for(client_in: Callable[[str], SkytellsClient]) -> None:
    """Where schemas come only when asked for, `fields` asks."""
    client = client_in("schemas=asked")
    assert not client.models.get("truefusion").get("input_schema")
    assert client.models.get("truefusion", fields=["input_schema"])["input_schema"]["type"] == "object"
