"""The dialects of the API: each row of the table, asked for as an option, in a header and on a command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb.local import Dialect, Sandbox, dialect
from skytells_nb.local.dialect import WORDS, speak, states_of

JOB = {"model": "truefusion", "input": {"prompt": "a fox"}}
FAILING = {"model": "truefusion", "input": {"prompt": "please FAIL"}, "await": True}
VIDEO = {"model": "truefusion-video", "input": {"prompt": "x"}}


def said(**parts: Any) -> dict[str, Any]:
    """Write a prediction as the sandbox thinks of it."""
    moment = "2026-03-06T20:15:23.160110Z"
    whole = {
        "id": "1",
        "status": "succeeded",
        "output": ["http://h/a.png"],
        "created_at": moment,
        "started_at": "2026-03-06T20:15:23.160110297Z",
        "completed_at": None,
        "updated_at": moment,
        "model": {"name": "truefusion", "type": "image"},
        "metrics": {},
        "urls": {},
    }
    return whole | parts


@pytest.mark.parametrize(
    ("vocabulary", "state", "progress", "word"),
    [
        ("docs", "queued", 0, "queued"),
        ("docs", "canceled", 0, "canceled"),
        ("sdk", "queued", 0, "pending"),
        ("sdk", "processing", 0, "starting"),
        ("sdk", "processing", 40, "started"),
        ("sdk", "processing", 99, "processing"),
        ("sdk", "canceled", 0, "cancelled"),
        ("older", "queued", 0, "starting"),
        ("older", "processing", 0, "processing"),
        ("console", "succeeded", 0, "Succeeded"),
        ("console", "canceled", 0, "Cancelled"),
        ("new", "queued", 0, "scheduled"),
        ("new", "processing", 99, "rendering"),
        ("new", "succeeded", 0, "succeeded"),
    ],
)
def test_a_state_has_its_vocabulary_s_word(vocabulary: str, state: str, progress: int, word: str) -> None:
    """Where a vocabulary has several words for one state, they follow the progress."""
    given = said(status=state, metrics={"progress": progress})
    assert speak(given, Dialect(status=vocabulary))["status"] == word


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("queued", {"queued"}),
        ("PENDING", {"queued"}),
        ("scheduled", {"queued"}),
        ("starting", {"queued", "processing"}),
        ("started", {"processing"}),
        ("Succeeded", {"succeeded"}),
        ("completed", {"succeeded"}),
        ("cancelled", {"canceled"}),
        ("canceled", {"canceled"}),
        ("lost", set()),
    ],
)
def test_a_word_of_any_vocabulary_is_understood(word: str, states: set[str]) -> None:
    """As the list's filter takes it, in any case; a word that means two things means both."""
    assert states_of(word) == states


@pytest.mark.parametrize(
    ("precision", "created", "started"),
    [
        ("mixed", "2026-03-06T20:15:23.160110Z", "2026-03-06T20:15:23.160110297Z"),
        ("micros", "2026-03-06T20:15:23.160110Z", "2026-03-06T20:15:23.160110Z"),
        ("nanos", "2026-03-06T20:15:23.160110000Z", "2026-03-06T20:15:23.160110297Z"),
        ("offset", "2026-03-06T20:15:23+00:00", "2026-03-06T20:15:23+00:00"),
    ],
)
def test_a_moment_has_the_precision_asked_for(precision: str, created: str, started: str) -> None:
    """Six digits, nine, or none and an offset; a moment that has not come stays null."""
    spoken = speak(said(), Dialect(times=precision))
    assert (spoken["created_at"], spoken["started_at"], spoken["completed_at"]) == (created, started, None)


@pytest.mark.parametrize(
    ("form", "one", "two"),
    [
        ("list", ["a"], ["a", "b"]),
        ("string", "a", ["a", "b"]),
        ("objects", [{"url": "a"}], [{"url": "a"}, {"url": "b"}]),
        ("missing", ["a"], ["a", "b"]),
    ],
)
def test_an_output_has_the_form_asked_for(form: str, one: Any, two: Any) -> None:
    """A list of addresses, the only one bare, or objects; `missing` leaves out only an output that is not there."""
    spoken = [speak(said(output=urls), Dialect(output=form)).get("output", "-") for urls in (["a"], ["a", "b"], None)]
    assert spoken == [one, two, "-" if form == "missing" else None]


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("both", {"error": "why", "response": "why"}),
        ("error", {"error": "why"}),
        ("response", {"response": "why"}),
        ("message", {"error": None, "error_message": "why", "error_id": "PREDICTION_FAILED"}),
    ],
)
def test_a_failure_is_told_where_asked(place: str, fields: dict[str, Any]) -> None:
    """In `error`, in `response`, in both, or in `error_message` beside an `error` of null."""
    spoken = speak(said(status="failed", output=None, error="why", response="why"), Dialect(failure=place))
    names = {"error", "response", "error_message", "error_id"}
    assert {name: value for name, value in spoken.items() if name in names} == fields


def test_files_may_be_listed() -> None:
    """With their names, and a type only for pictures."""
    urls = ["http://h/us/a.png", "http://h/us/b.mp3"]
    spoken = speak(said(output=urls, metadata={"data_available": True}), Dialect(files="listed", output="objects"))
    assert spoken["metadata"]["data_available"] is True
    assert spoken["metadata"]["storage"]["files"] == [
        {"name": "a.png", "type": "image/png", "url": urls[0]},
        {"name": "b.mp3", "type": "application/octet-stream", "url": urls[1]},
    ]


def test_a_sparse_prediction_has_what_no_reader_can_do_without() -> None:
    """The id, the state and the output; no nulls."""
    spoken = speak(said(), Dialect(fields="sparse"))
    assert spoken == {"id": "1", "status": "succeeded", "output": ["http://h/a.png"]}


def test_the_default_dialect_changes_nothing() -> None:
    """What the sandbox thinks is what it says."""
    assert speak(said(), Dialect()) == said()


def test_every_row_has_its_default_first() -> None:
    """The table of words and the value agree on what there is."""
    assert {name: words[0] for name, words in WORDS.items()} == {name: getattr(Dialect(), name) for name in WORDS}
    documented = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", str(dialect.__doc__), re.MULTILINE))
    assert {name: tuple(re.findall(r"`(\w+)`", words)) for name, words in documented.items()} == WORDS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"statos": "sdk"}, "did you mean 'status'"),
        ({"list": "tuple"}, "list must be one of 'envelope', 'array', not 'tuple'"),
    ],
)
def test_an_unknown_row_or_word_is_named(changes: dict[str, str], message: str) -> None:
    """When the sandbox is made."""
    with pytest.raises(ValueError, match=message):
        Sandbox(dialect=changes)


@pytest.mark.parametrize("parts", [[], ["status"], ["status=odd"], ["=sdk"]])
def test_a_dialect_that_cannot_be_read_is_refused(parts: list[str]) -> None:
    """Each part is a row and its word."""
    with pytest.raises(ValueError, match=r"dialect|status"):
        dialect.pairs(parts)


def test_the_list_may_be_bare(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """An array, cut into the same pages."""
    with Sandbox(pace=50, dialect={"list": "array"}) as server:
        client = client_of(server)
        made = [client.post("/predictions", json=JOB).json()["id"] for _ in range(3)]
        assert [job["id"] for job in client.get("/predictions?per_page=2").json()] == [made[2], made[1]]


@pytest.mark.parametrize(("word", "status", "body"), [("success", 200, b'{"success":true}'), ("empty", 204, b"")])
def test_cancel_and_delete_may_say_less(
    word: str, status: int, body: bytes, client_of: Callable[[Sandbox], httpx.Client]
) -> None:
    """`{"success": true}`, or nothing; the job is stopped and gone all the same."""
    with Sandbox(dialect={"ack": word}) as server:
        client = client_of(server)
        job = client.post("/predictions", json=VIDEO).json()
        stopped = client.post(f"/predictions/{job['id']}/cancel")
        seen = client.get(f"/predictions/{job['id']}").json()["status"]
        gone = client.delete(f"/predictions/{job['id']}")
    assert [(reply.status_code, reply.content) for reply in (stopped, gone)] == [(status, body)] * 2
    assert (seen, server.state.jobs) == ("canceled", ())


@pytest.mark.parametrize(("word", "status"), [("200", 200), ("201", 201), ("202", 202)])
def test_a_create_may_have_another_status(api: httpx.Client, word: str, status: int) -> None:
    """With the limits, as every success."""
    reply = api.post("/predictions", json=JOB, headers={"x-sandbox-fault": f"dialect;created={word}"})
    assert (reply.status_code, reply.json()["status"]) == (status, "queued")
    assert "x-skytells-ratelimit-window" in reply.headers


def test_ids_may_begin_with_pred(api: httpx.Client) -> None:
    """And lead back to their job."""
    job = api.post("/predictions", json=JOB, headers={"x-sandbox-fault": "dialect;ids=pred"}).json()
    assert re.fullmatch("pred_[0-9a-f]{24}", job["id"])
    assert api.get(job["urls"]["get"]).json()["id"] == job["id"]


def test_an_unknown_prediction_may_be_404(api: httpx.Client) -> None:
    """With an id of its own."""
    reply = api.get("/predictions/none", headers={"x-sandbox-fault": "dialect;unknown=404"})
    assert (reply.status_code, reply.json()["error_id"]) == (404, "PREDICTION_NOT_FOUND")


def test_one_request_may_ask_for_several_rows(api: httpx.Client) -> None:
    """Also for the shape of its errors."""
    header = {"x-sandbox-fault": "dialect;model=string;failure=error;error_shape=E2"}
    job = api.post("/predictions", json=FAILING, headers=header).json()
    assert (job["model"], "response" in job, "FAIL" in job["error"]) == ("truefusion", False, True)
    assert list(api.get("/predictions/none", headers=header).json()) == ["error"]


def test_an_injected_dialect_is_spoken_once(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """As any fault."""
    sandbox.inject("dialect;list=array")
    assert [type(own_api.get("/predictions").json()) for _ in range(2)] == [list, dict]


def test_sound_may_be_music(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """In a model and in a prediction."""
    with Sandbox(dialect={"sound": "music"}) as server:
        client = client_of(server)
        model = client.get("/models/beatfusion-2.0").json()
        job = client.post("/predictions", json={"model": "beatfusion-2.0", "input": {"lyrics": "la"}}).json()
    assert (model["type"], job["model"]["type"]) == ("music", "music")


def test_schemas_may_come_only_when_asked_for(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """On the list and on one model alike."""
    with Sandbox(dialect={"schemas": "asked"}) as server:
        client = client_of(server)
        found = [
            client.get("/models").json()[0]["input_schema"],
            client.get("/models/truefusion").json()["input_schema"],
            client.get("/models/truefusion?fields=input_schema").json()["input_schema"],
            client.get("/models?fields=input_schema,output_schema").json()[0]["output_schema"],
        ]
    assert [schema is None for schema in found] == [True, True, False, False]


def test_the_limits_may_have_their_older_names(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Only what is configured, and no dashes."""
    with Sandbox(requests_per_minute=9, dialect={"limits": "plain"}) as server:
        headers = client_of(server).get("/models").headers
    assert (headers["x-ratelimit-limit-rpm"], headers["x-ratelimit-remaining-rpm"]) == ("9", "8")
    assert not [name for name in headers if name.startswith("x-skytells-ratelimit")]


@pytest.mark.parametrize("word", ["pending", "starting", "scheduled", "Queued"])
def test_the_filter_takes_every_vocabulary(own_api: httpx.Client, word: str) -> None:
    """A new job is found under each of its words."""
    own_api.post("/predictions", json=VIDEO)
    assert own_api.get("/predictions", params={"status": word}).json()["pagination"]["total"] == 1
