"""A row is committed before its request leaves and completed after it, in a file and in a PostgreSQL alike."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.ledger import SESSION, Ledger, Place, Recorder, row_of
from skytells_nb.errors import RefusedError, ServiceError, StillRunningError
from skytells_nb.local import Sandbox
from tests.recording import ANSWER, plain, stored

MakeCall = Callable[..., Call]


def test_the_row_is_committed_before_the_request_leaves(place: str, recording: Callable[..., Client]) -> None:
    """At the moment of sending another process reads it: sent, and nothing more."""
    seen: list[dict[str, Any]] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.extend(stored(place))
        return httpx.Response(200, json=ANSWER, headers={"x-request-id": "req_1"})

    recording(transport=httpx.MockTransport(answer)).chat("Hi", model="gpt-5", tag="lesson")
    (before,) = seen
    assert (before["status"], before["model"], before["tag"], before["session"]) == ("sent", "gpt-5", "lesson", SESSION)
    assert (before["finished_at"], before["cost"], before["http_status"]) == (None, None, None)
    (after,) = stored(place)
    assert (after["id"], after["status"], after["started_at"]) == (before["id"], "succeeded", before["started_at"])
    assert (after["prompt_tokens"], after["completion_tokens"], after["total_tokens"]) == (9, 10, 19)
    assert (after["cost"], after["cost_source"], after["currency"]) == ("0.000017", "priced", "USD")
    assert (after["request_id"], after["http_status"], after["attempts"]) == ("req_1", 200, 1)
    assert after["seconds"] > 0


def test_a_failed_call_is_a_row_with_its_error(place: str, recording: Callable[..., Client]) -> None:
    """What it cost is not known: missing, not 0."""
    transport = httpx.MockTransport(lambda _: httpx.Response(500, json={"error_id": "INFERENCE_ERROR"}))
    with pytest.raises(ServiceError):
        recording(transport=transport).chat("Hi", model="gpt-5")
    (row,) = stored(place)
    assert (row["status"], row["error_id"], row["http_status"], row["cost"], row["cost_source"]) == (
        "failed",
        "INFERENCE_ERROR",
        500,
        None,
        "unknown",
    )


def test_a_refused_call_is_a_row_that_cost_nothing(place: str, recording: Callable[..., Client]) -> None:
    """Nothing ran: exactly 0."""
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json={"error_id": "VALIDATION_ERROR"}))
    with pytest.raises(RefusedError):
        recording(transport=transport).chat("Hi", model="gpt-5")
    (row,) = stored(place)
    assert (row["status"], row["error_id"], row["cost"]) == ("refused", "VALIDATION_ERROR", "0")


def test_every_fact_of_a_call_comes_back(any_ledger: Ledger) -> None:
    """A row holds all that the record says, exactly."""
    call = Call(
        id="c",
        api="prediction",
        endpoint="POST /predictions",
        model="truefusion",
        started_at=datetime(2026, 3, 6, 20, 15, 23, 160110, tzinfo=UTC),
        fingerprint="f",
        stream=True,
        sandbox=True,
        tag="t",
        quoted=Decimal("0.040"),
        quoted_low=Decimal("0.010"),
        quoted_currency="EUR",
        prompt="a fox",
        status="succeeded",
        finished_at=datetime(2026, 3, 6, 20, 16, tzinfo=UTC),
        model_used="truefusion-2",
        remote_id="p",
        request_id="req",
        http_status=200,
        error_id="E",
        attempts=2,
        seconds=1.5,
        ttft=0.25,
        waited=3.0,
        prompt_tokens=1,
        completion_tokens=2,
        total_tokens=3,
        reasoning_tokens=4,
        cached_tokens=5,
        audio_tokens=6,
        tokens_per_second=80.5,
        predict_time=6.5,
        total_time=7.5,
        outputs=8,
        output="https://cdn.test/fox.png",
        megapixels=1.05,
        media_seconds=9.5,
        bytes=10,
        credits=Decimal("0.1234567890123456789"),
        charge=Charge(Decimal("0.1234567890123456789"), "EUR", "billed", "why", {"unit": "image", "amount": "0.1"}),
        usage={"a": 1},
    )
    any_ledger.insert(row_of(call, lambda: ("lesson.ipynb", "cell-1", 7, 2)))
    (row,) = any_ledger.rows()
    assert plain(row) == {
        "id": "c",
        "session": SESSION,
        "notebook": "lesson.ipynb",
        "cell": "cell-1",
        "execution_count": 7,
        "started_at": "2026-03-06T20:15:23.160110+00:00",
        "finished_at": "2026-03-06T20:16:00.000000+00:00",
        "tag": "t",
        "api": "prediction",
        "endpoint": "POST /predictions",
        "model": "truefusion",
        "model_used": "truefusion-2",
        "stream": 1,
        "sandbox": 1,
        "status": "succeeded",
        "error_id": "E",
        "http_status": 200,
        "request_id": "req",
        "remote_id": "p",
        "attempts": 2,
        "seconds": 1.5,
        "ttft": 0.25,
        "waited": 3.0,
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "reasoning_tokens": 4,
        "cached_tokens": 5,
        "audio_tokens": 6,
        "tokens_per_second": 80.5,
        "predict_time": 6.5,
        "total_time": 7.5,
        "outputs": 8,
        "megapixels": 1.05,
        "media_seconds": 9.5,
        "bytes": 10,
        "credits": "0.1234567890123456789",
        "quoted": "0.040",
        "quoted_low": "0.010",
        "quoted_currency": "EUR",
        "cost": "0.1234567890123456789",
        "cost_source": "billed",
        "cost_reason": "why",
        "currency": "EUR",
        "price": '{"unit": "image", "amount": "0.1"}',
        "fingerprint": "f",
        "usage": '{"a": 1}',
        "prompt": "a fox",
        "output": "https://cdn.test/fox.png",
    }
    assert list(row) == list(COLUMNS)


def test_completing_keeps_what_was_known_before(any_ledger: Ledger, a_call: MakeCall) -> None:
    """A second end that knows less takes nothing away."""
    any_ledger.insert(row_of(a_call(tag="lesson")))
    any_ledger.complete(row_of(a_call(status="running", request_id="req_1", http_status=200)))
    any_ledger.complete(row_of(a_call(status="succeeded", cost="0.01", tag="other")))
    (row,) = any_ledger.rows()
    assert (row["status"], row["request_id"], row["http_status"]) == ("succeeded", "req_1", 200)
    assert (row["tag"], plain(row)["cost"]) == ("lesson", "0.01")


def test_a_job_collected_elsewhere_completes_the_row_that_began_it(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Found by the service's id; what the first kernel counted stays."""
    begun = {"api": "prediction", "remote_id": "p", "model": "truefusion"}
    any_ledger.insert(row_of(a_call("first", **begun, status="running", sandbox=True, attempts=2, waited=3.0)))
    any_ledger.complete(
        row_of(a_call("second", **begun, status="succeeded", cost="0.04", endpoint="GET /predictions/p"))
    )
    (row,) = any_ledger.rows()
    assert (row["id"], row["status"], plain(row)["cost"]) == ("first", "succeeded", "0.04")
    assert (row["endpoint"], row["sandbox"], row["attempts"], row["waited"]) == ("POST /chat/completions", 1, 2, 3.0)


def test_seconds_of_a_job_collected_elsewhere_count_from_its_beginning(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Not only those of the last wait, which is all that the other kernel measured."""
    begun = a_call("first", api="prediction", remote_id="p", status="running")
    any_ledger.insert(row_of(begun))
    later = begun.started_at + timedelta(seconds=90)
    any_ledger.complete(row_of(replace(begun, id="second", status="succeeded", finished_at=later, seconds=0.25)))
    assert [(row["id"], row["seconds"]) for row in any_ledger.rows()] == [("first", 90.0)]


def test_a_row_that_ended_keeps_its_end(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Looked at again later, a job adds what was missing and changes nothing of what stands."""
    job = {"api": "prediction", "remote_id": "p", "finished_at": datetime(2026, 3, 6, 20, 16, tzinfo=UTC)}
    any_ledger.insert(row_of(a_call("first", api="prediction")))
    any_ledger.complete(row_of(a_call("first", **job, status="succeeded", seconds=5.0)))
    later = job | {"finished_at": datetime(2026, 3, 7, tzinfo=UTC), "seconds": 9999.0, "predict_time": 4.5}
    for name, status in (("first", "interrupted"), ("second", "running"), ("second", "succeeded")):
        any_ledger.complete(row_of(a_call(name, **later, status=status)))
    (row,) = any_ledger.rows()
    assert (row["id"], row["status"], row["seconds"], row["predict_time"]) == ("first", "succeeded", 5.0, 4.5)
    assert plain(row)["finished_at"] == "2026-03-06T20:16:00.000000+00:00"


def test_a_job_that_failed_for_us_may_have_succeeded(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Its server could not be asked; asked again, it says so, and the error goes."""
    any_ledger.insert(row_of(a_call(api="prediction", remote_id="p")))
    any_ledger.complete(row_of(a_call(status="failed", error_id="NetworkError")))
    any_ledger.complete(row_of(a_call("other", api="prediction", remote_id="p", status="succeeded", cost="0.04")))
    (row,) = any_ledger.rows()
    assert (row["status"], row["error_id"], plain(row)["cost"]) == ("succeeded", None, "0.04")


BILLED = Charge(Decimal("0.03"), "USD", "billed", "credits", {"unit": "image"})
PRICED = Charge(Decimal("0.04"), "EUR", "priced", "by the list", {"unit": "second"})
UNKNOWN = Charge(reason="no price")


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        (UNKNOWN, PRICED, PRICED),
        (UNKNOWN, BILLED, BILLED),
        (PRICED, BILLED, BILLED),
        (BILLED, PRICED, BILLED),
        (BILLED, UNKNOWN, BILLED),
        (PRICED, UNKNOWN, PRICED),
    ],
    ids=lambda charge: charge.source,
)
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "open"])
def test_what_a_call_cost_is_written_as_one_and_never_known_worse(
    first: Charge, second: Charge, stands: Charge, *, ended: bool, any_ledger: Ledger, a_call: MakeCall
) -> None:
    """Amount, source, reason, currency and price come from one charge: billed beats priced beats unknown."""
    any_ledger.insert(row_of(a_call()))
    any_ledger.complete(row_of(a_call(status="succeeded" if ended else "interrupted", charge=first)))
    any_ledger.complete(row_of(a_call(status="succeeded", charge=second)))
    (row,) = any_ledger.rows()
    amount = None if stands.amount is None else str(stands.amount)
    price = None if stands.price is None else json.dumps(dict(stands.price))
    assert (plain(row)["cost"], row["cost_source"], row["cost_reason"], row["currency"], row["price"]) == (
        amount,
        stands.source,
        stands.reason,
        stands.currency,
        price,
    )


def test_a_job_of_which_nothing_is_known_becomes_a_row(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Begun on another machine, collected here."""
    any_ledger.complete(row_of(a_call("new", api="prediction", remote_id="p", status="succeeded")))
    assert [row["id"] for row in any_ledger.rows()] == ["new"]


def test_a_wait_given_up_and_taken_up_by_id_is_one_row(place: str, recording: Callable[..., Client]) -> None:
    """Timed out, then collected by its id: the same row, completed, with the cost as billed."""
    with Sandbox(pace=2) as sandbox:
        client = recording(sandbox.url)
        with pytest.raises(StillRunningError) as caught:
            client.predict("truefusion", {"prompt": "a fox"}, timeout=0.01, tag="art")
        job = caught.value.prediction
        (open_row,) = stored(place)
        assert (open_row["status"], open_row["remote_id"]) == ("running", job.id)
        client.wait(job.id)
    (row,) = stored(place)
    assert (row["id"], row["status"], row["tag"]) == (open_row["id"], "succeeded", "art")
    assert (row["cost"], row["cost_source"], row["endpoint"]) == ("0.03", "billed", "POST /predictions")
    assert (row["sandbox"], row["attempts"]) == (1, 1)


def test_calls_of_the_sandbox_are_marked(place: str, recording: Callable[..., Client], sandbox: Sandbox) -> None:
    """It says so itself on every reply."""
    recording(sandbox.url).chat("Hi")
    assert stored(place)[0]["sandbox"] == 1


ODD = [
    ({"tag": "half \ud800 of NUL \0"}, "tag", "half ? of NUL \N{REPLACEMENT CHARACTER}"),
    ({"prompt_tokens": 10**30}, "prompt_tokens", None),
    ({"seconds": float("nan")}, "seconds", None),
    ({"usage": {"tokens": float("nan"), "more": 10**30}}, "usage", f'{{"tokens": NaN, "more": {10**30}}}'),
    ({"quoted": Decimal("1E+40")}, "quoted", str(10**40)),
]


@pytest.mark.parametrize(("told", "column", "kept"), ODD, ids=[column for _, column, _ in ODD])
def test_what_a_store_cannot_hold_loses_no_row(
    told: dict[str, Any], column: str, kept: Any, place: str, any_ledger: Ledger, a_call: MakeCall
) -> None:
    """Half a character, NUL, a count past 64 bits, no number: the column is mended or missing, and nobody is warned."""
    recorder = Recorder(any_ledger)
    recorder.before(a_call(**told))
    recorder.after(a_call(**told, status="succeeded"))
    (row,) = stored(place)
    assert (row["status"], any_ledger.unwritten) == ("succeeded", {})
    assert (Decimal(row[column]) == Decimal(kept)) if column == "quoted" else (row[column] == kept)


def test_the_recorder_asks_which_cell_runs(place: str, any_ledger: Ledger, a_call: MakeCall) -> None:
    """Once, at the beginning; the end keeps it."""
    cells: Iterator[Place] = iter([("a.ipynb", "cell-1", 3, 1), ("b.ipynb", "cell-2", 4, 2)])
    recorder = Recorder(any_ledger, lambda: next(cells))
    recorder.before(a_call())
    recorder.after(a_call(status="succeeded"))
    assert [(row["notebook"], row["cell"], row["execution_count"], row["nth"]) for row in stored(place)] == [
        ("a.ipynb", "cell-1", 3, 1)
    ]


def test_rows_come_oldest_first(any_ledger: Ledger, a_call: MakeCall) -> None:
    """By the time they began."""
    early = datetime(2025, 1, 1, tzinfo=UTC)
    any_ledger.insert(row_of(a_call("late")))
    any_ledger.insert(row_of(replace(a_call("early"), started_at=early)))
    assert [row["id"] for row in any_ledger.rows()] == ["early", "late"]


def _next_millisecond() -> None:
    """Wait until the clock shows another millisecond, by which ids sort."""
    now = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        pass


def test_ids_of_calls_sort_by_time(place: str, recording: Callable[..., Client]) -> None:
    """So a file of them grows at its end."""
    client = recording(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)))
    for _ in range(3):
        client.chat("Hi")
        _next_millisecond()
    rows = stored(place)
    assert sorted(rows, key=lambda row: row["id"]) == rows
    assert {len(row["id"]) for row in rows} == {32}


def test_closing_twice_is_fine(any_ledger: Ledger, a_call: MakeCall) -> None:
    """And a closed ledger opens again when it is needed."""
    any_ledger.insert(row_of(a_call("one")))
    any_ledger.close()
    any_ledger.close()
    any_ledger.insert(row_of(a_call("two")))
    assert len(any_ledger.rows()) == 2
