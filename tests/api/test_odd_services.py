"""Services that are older, vaguer or ruder than documented: nothing is lost, doubled or misread by it."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api import lines
from skytells_nb.api.client import Client
from skytells_nb.api.values import Prediction, Status
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import (
    BrokenStreamError,
    ContentBlockedError,
    InputError,
    NetworkError,
    RefusedError,
    ServiceError,
    SetupError,
)
from skytells_nb.local import Sandbox
from tests.canned import KEY, Asked, Said, Streamed, serving

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


def test_a_character_that_comes_in_two_halves_is_given_out_whole() -> None:
    """JSON may cut an emoji between two chunks; a half that stays alone is no text, and cannot be printed."""
    pieces = [{"choices": [{"delta": {"content": piece}}]} for piece in ("Hi \ud83d", "\ude00!", " \ud83d")]
    with serving(Streamed([*pieces, "[DONE]"])) as service, service.client() as client:
        stream = client.chat_stream("Hi")
        assert [delta.text for delta in stream] == ["Hi ", "😀!", " "]
        assert stream.reply.text == "Hi 😀! \N{REPLACEMENT CHARACTER}"


def test_a_stream_without_an_answer_is_broken() -> None:
    """An end mark alone is no empty answer."""
    nothing = pytest.raises(BrokenStreamError, match="ended without an answer")
    with serving(Streamed(["[DONE]"])) as service, service.client() as client, nothing:
        list(client.chat_stream("Hi"))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda client: client.chat("Hi", messages=[]),
        lambda client: client.respond("Hi", input="Ho"),
        lambda client: client.embed("Hi", input="Ho", model="m"),
        lambda client: client.chat("Hi", model=None),
        lambda client: client.model(["m"]),
        lambda client: client.wait(None),
        lambda client: client.delete(5),
        lambda client: client.predictions(model=5),
        lambda client: client.predict("m", {}, on_progress=5),
    ],
)
def test_a_wrong_argument_is_one_line_and_sends_nothing(wrong: Any) -> None:
    """Of any type, and also where it would have replaced the question."""
    with serving({}) as service, service.client() as client:
        with pytest.raises(InputError):
            wrong(client)
        assert service.lines == []


@pytest.mark.parametrize("options", [{"timeout": -1}, {"timeout": "5"}, {"timeout": True}, {"api_key": b"sk-x"}])
def test_a_wrong_setting_is_told_when_the_client_is_made(options: dict[str, Any]) -> None:
    """Not by the first call."""
    with serving({}) as service, pytest.raises((InputError, SetupError)):
        service.client(**options)


def test_what_only_reads_was_not_billed(sandbox: Sandbox) -> None:
    """A GET that broke off, as often as it was tried, says that it may be repeated."""
    sandbox.inject("cut-body", 4)
    client = Client(api_key=KEY, base_url=sandbox.url, observers=(), sleep=lambda _: None)
    with client, pytest.raises(NetworkError) as caught:
        client.models()
    assert (caught.value.may_have_run, caught.value.fix) == (False, "Nothing was changed by it: try again.")


def test_stop_while_a_job_is_created_says_how_to_look() -> None:
    """The id cannot be known yet; the list of predictions knows."""

    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    stopped = pytest.raises(KeyboardInterrupt)
    with serving(MODEL, Said({}, 429)) as service, service.client(sleep=stop) as client, stopped as caught:
        client.predict("m", {})
    assert "sky.Client().predictions()" in caught.value.__notes__[0]


def test_what_a_progress_function_raises_carries_the_job() -> None:
    """The job goes on, and is paid for."""

    def broken(_job: Prediction, _seconds: float) -> None:
        raise ZeroDivisionError

    running = {"id": "p1", "status": "processing"}
    with serving(MODEL, running) as service, service.client() as client, pytest.raises(ZeroDivisionError) as caught:
        client.predict("m", {}, on_progress=broken)
    assert caught.value.prediction.id == "p1"  # type: ignore[attr-defined]
    assert "may still be running" in caught.value.__notes__[0]


def test_streams_that_nobody_reads_do_not_hold_the_next_call_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound a call waits as long as for an answer, and then says why."""
    monkeypatch.setattr(lines, "MOST", 1)
    piece = {"choices": [{"delta": {"content": "Hi"}}]}
    with serving(Streamed([piece], stays=True)) as service, service.client() as client:
        with client.chat_stream("Hi") as stream:
            next(stream)
            with pytest.raises(NetworkError, match="All connections of this client are in use") as caught:
                client.chat("Hi", timeout=0.05)
        assert caught.value.may_have_run is False


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HTTPS_PROXY", "garbage://proxy", "The proxy that the environment names"),
        ("HTTPS_PROXY", "http://proxy:bad", "The proxy that the environment names"),
        ("SSL_CERT_FILE", "/nonexistent.pem", "The certificates that the environment names"),
    ],
)
def test_a_wrong_environment_is_named(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent, and as an error of ours."""
    monkeypatch.setenv(name, value)
    client = Client(api_key=KEY, base_url="https://api.skytells.test/v1", observers=())
    with client, pytest.raises(SetupError, match=said):
        client.chat("Hi")


def test_a_child_forked_while_a_row_is_written_writes_its_own(tmp_path: Path) -> None:
    """A lock that a thread of the parent held is nobody's in the child."""
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    with ledger.store._lock:
        child = multiprocessing.get_context("fork").Process(target=ledger.rows)
        thread = threading.Thread(target=child.start)
        thread.start()
        thread.join()
        child.join(20)
        exit_code = child.exitcode
        child.kill()
    ledger.close()
    assert exit_code == 0
