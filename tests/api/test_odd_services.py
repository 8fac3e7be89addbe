"""Services that are older, vaguer or ruder than documented: nothing is lost, doubled or misread by it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.values import Prediction, Status
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import ContentBlockedError, InputError, RefusedError, ServiceError
from tests.canned import KEY, Asked, Said, serving

MODEL = {"namespace": "m", "type": "image", "input_schema": {"type": "object", "properties": {}}}


@pytest.mark.parametrize("empty", [{"id": None}, {"id": ""}, {"data": None}, {"output": None, "id": None}])
def test_a_refusal_with_empty_fields_is_a_refusal(empty: dict[str, Any]) -> None:
    """`status: false` under HTTP 200 is a queued job only where it names one."""
    refused = {"status": False, "response": "No capacity.", **empty}
    said = r"^The service refused the request: No capacity\."
    with serving(MODEL, refused) as service, service.client() as client, pytest.raises(RefusedError, match=said):
        client.submit("m", {})


def test_a_filter_that_says_no_is_known_by_its_code() -> None:
    """OpenAI's form of it: HTTP 400, the code content_filter."""
    blocked = {"error": {"message": "Blocked.", "type": "invalid_request_error", "code": "content_filter"}}
    with serving(Said(blocked, 400)) as service, service.client() as client, pytest.raises(ContentBlockedError):
        client.chat("Hi")


def test_a_deletion_tries_the_documented_path_after_an_old_link() -> None:
    """A link that the service itself gave may be of another version; each path is tried once."""

    def answer(asked: Asked) -> Said:
        return Said(status=204) if asked.path == "/predictions/p" else Said({}, 404)

    with serving(answer) as service, service.client() as client:
        urls = {"delete": f"{service.url}/predictions/p/delete"}
        client.delete(Prediction("p", Status.SUCCEEDED, raw={"urls": urls}))
        assert service.lines == ["DELETE /predictions/p/delete", "DELETE /predictions/p"]


def test_a_whole_page_of_new_jobs_ends_no_list() -> None:
    """A bare array, and as many jobs created between two looks as a page holds: the rest is still read."""
    pages = [["c", "b"], ["d", "c"], ["b", "a"], []]
    answers = [[{"id": name, "status": "succeeded"} for name in page] for page in pages]
    with serving(*answers) as service, service.client() as client:
        assert [job.id for job in client.predictions(per_page=2)] == ["c", "b", "d", "a"]


@pytest.mark.parametrize("address", ["https://", "https:///hook", "https://:443/hook"])
def test_a_webhook_needs_a_host(address: str) -> None:
    """Nobody could be called there; nothing is sent."""
    with serving(MODEL) as service, service.client() as client:
        with pytest.raises(InputError, match="is not https"):
            client.submit("m", {}, webhook=address)
        assert service.lines == []


def test_a_response_that_does_not_say_is_followed_as_kept() -> None:
    """The platform's own example follows a response that does not name `store`."""
    printed = {"id": "resp_1", "object": "response", "status": "completed", "output": []}
    with serving(printed) as service, service.client() as client:
        client.respond("And then?", previous=client.respond("Hi"))
        assert service.bodies[1]["previous_response_id"] == "resp_1"
        assert service.bodies[1]["input"] == "And then?"


def test_vectors_can_be_sliced() -> None:
    """As the lists that they are shown as."""
    rows = [{"index": at, "embedding": [float(at), 1.0]} for at in range(3)]
    with serving({"data": rows}) as service, service.client() as client:
        assert client.embed(["a", "b", "c"], model="e")[1:] == [[1.0, 1.0], [2.0, 1.0]]


def test_a_key_that_a_service_repeats_is_in_no_error_and_no_record(tmp_path: Path) -> None:
    """Wherever it stands: in an answer that makes no sense, in the names of model and answer, in the usage."""
    told = {"id": f"chat-{KEY}", "model": KEY, "usage": {"prompt_tokens": 1, KEY: KEY}, "choices": []}
    whole = told | {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    path = tmp_path / "ledger.sqlite3"
    ledger = Ledger(path)
    with serving(told, whole) as service, service.client(observers=(Recorder(ledger),)) as client:
        with pytest.raises(ServiceError) as caught:
            client.chat("Hi")
        client.chat("Hi")
    ledger.close()
    assert KEY not in repr(vars(caught.value))
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT * FROM calls").fetchall()
    file.close()
    assert len(rows) == 2
    assert KEY not in json.dumps(rows)
