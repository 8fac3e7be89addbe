"""The account's predictions in the columns of the record: all pages, joined by id, nothing counted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs import progress
from skytells_nb.costs.frames import DTYPES, usage
from skytells_nb.costs.history import history
from skytells_nb.costs.ledger import Ledger, Recorder, row_of
from skytells_nb.errors import InputError, SkytellsError, UnknownNameError
from skytells_nb.local import Sandbox
from tests.canned import Asked, Said, serving

MakeCall = Callable[..., Call]
PROMPT = {"prompt": "a lighthouse"}


@pytest.fixture(scope="module")
def busy() -> Iterator[Sandbox]:
    """One sandbox with 170 predictions that ended: more than three pages."""
    with Sandbox(pace=5000.0) as running, Client(api_key="sk-test", base_url=running.url, observers=()) as client:
        jobs = [client.submit("truefusion", PROMPT) for _ in range(169)]
        client.predict("beatfusion-1.0", {"lyrics": "[verse] one"})
        for job in jobs[-3:]:
            client.wait(job)
        yield running


@pytest.fixture
def client(busy: Sandbox) -> Iterator[Client]:
    """Give a client that records nothing."""
    with Client(api_key="sk-test", base_url=busy.url, observers=()) as made:
        yield made


def recording(sandbox: Sandbox, ledger: Ledger) -> Client:
    """Make a client whose calls are recorded in a ledger."""
    return Client(api_key="sk-test", base_url=sandbox.url, observers=(Recorder(ledger),))


def a_job(name: str = "job-1", **more: Any) -> dict[str, Any]:
    """Write a prediction as a service lists it."""
    known = {
        "id": name,
        "status": "succeeded",
        "model": {"name": "truefusion", "type": "image"},
        "output": ["https://files.example/1.png"],
        "created_at": "2026-03-06T20:15:23.160110Z",
        "completed_at": "2026-03-06T20:15:30.500000123Z",
        "metrics": {"predict_time": 6.5, "total_time": 7.25},
        "metadata": {"billing": {"credits_used": 0.03}},
    }
    return known | more


def of_one_page(*jobs: dict[str, Any]) -> Callable[[Asked], Any]:
    """Answer with one page."""
    return lambda _: {"data": list(jobs), "pagination": {"last_page": 1}}


def test_all_pages_come_oldest_first(client: Client, ledger: Ledger) -> None:
    """Each prediction once."""
    frame = history(client=client, ledger=ledger)
    assert len(frame) == 170
    assert frame["remote_id"].is_unique
    assert frame["started_at"].is_monotonic_increasing
    assert frame["remote_id"].tolist() == [job.id for job in client.predictions()][::-1]


def test_the_columns_are_those_of_usage_and_whether_it_is_recorded(client: Client, ledger: Ledger) -> None:
    """With the same dtypes, also when there is none."""
    expected = DTYPES | {"recorded": "boolean"}
    for frame in (history(client=client, ledger=ledger), history(client=client, ledger=ledger, until="2020-01-01")):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == expected
    assert len(frame) == 0


def test_a_prediction_that_is_not_recorded_says_what_the_account_knows(ledger: Ledger) -> None:
    """And nothing of what only this machine could have known."""
    with serving(of_one_page(a_job(stream=False))) as service, service.client() as client:
        row = history(client=client, ledger=ledger).iloc[0]
    known = {
        "started_at": pd.Timestamp("2026-03-06T20:15:23.160110Z"),
        "finished_at": pd.Timestamp("2026-03-06T20:15:30.500000Z"),
        "api": "prediction",
        "model": "truefusion",
        "model_used": "truefusion",
        "stream": False,
        "sandbox": False,
        "status": "succeeded",
        "remote_id": "job-1",
        "predict_time": 6.5,
        "total_time": 7.25,
        "outputs": 1,
        "credits": Decimal("0.03"),
        "cost": Decimal("0.03"),
        "cost_source": "billed",
        "cost_reason": "credits_used, 1 credit is 1 USD",
        "currency": "USD",
        "recorded": False,
    }
    assert row.dropna().drop("price", errors="ignore").to_dict() == known


def test_a_recorded_prediction_is_joined_by_its_id(sandbox: Sandbox, any_ledger: Ledger) -> None:
    """The record knows tag, seconds and fingerprint; the two frames count it once."""
    with recording(sandbox, any_ledger) as mine, Client(api_key="sk-test", base_url=sandbox.url, observers=()) as other:
        job = mine.predict("truefusion", PROMPT, tag="lesson")
        alone = other.predict("truefusion", PROMPT)
        frame = history(client=mine, ledger=any_ledger)
    assert frame["remote_id"].tolist() == [job.id, alone.id]
    assert frame["recorded"].tolist() == [True, False]
    mine_, alone_ = frame.iloc[0], frame.iloc[1]
    recorded = usage(live="all", ledger=any_ledger).iloc[0]
    for name in ("id", "tag", "seconds", "fingerprint", "session", "quoted", "started_at", "endpoint", "attempts"):
        assert mine_[name] == recorded[name]
    assert alone_[["id", "tag", "seconds", "fingerprint"]].isna().all()
    whole = pd.concat([usage(live="all", ledger=any_ledger), frame[~frame["recorded"]]])
    assert sorted(whole["remote_id"]) == sorted([job.id, alone.id])


def test_the_account_completes_what_the_record_lacks(any_ledger: Ledger, a_call: MakeCall) -> None:
    """A kernel that was killed left a row that still says that the job runs."""
    any_ledger.insert(
        row_of(a_call("a", api="prediction", model="truefusion", remote_id="job-1", status="running", tag="t"))
    )
    with serving(of_one_page(a_job())) as service, service.client() as client:
        row = history(client=client, ledger=any_ledger).iloc[0]
    assert (row["id"], row["tag"], row["recorded"]) == ("a", "t", True)
    assert (row["status"], row["cost"], row["cost_source"], row["predict_time"]) == (
        "succeeded",
        Decimal("0.03"),
        "billed",
        6.5,
    )
    assert row["finished_at"] == pd.Timestamp("2026-03-06T20:15:30.500000Z")


def test_a_price_of_ours_stays_where_the_account_names_none(ledger: Ledger, a_call: MakeCall) -> None:
    """Until the account says otherwise; without either it is unknown, with the reason."""
    job = {"api": "prediction", "model": "truefusion", "status": "succeeded", "remote_id": "job-1"}
    ledger.insert(row_of(a_call("a", charge=Charge(Decimal("0.05"), "EUR", "priced", "the list"), **job)))
    jobs = (a_job(metadata=None), a_job("job-2", metadata=None))
    with serving(of_one_page(*jobs)) as service, service.client() as client:
        frame = history(client=client, ledger=ledger).set_index("remote_id")
    assert frame.loc["job-1", ["cost", "currency", "cost_source", "cost_reason"]].tolist() == [
        Decimal("0.05"), "EUR", "priced", "the list",
    ]  # fmt: skip
    assert frame.loc["job-2", "cost"] is None
    assert frame.loc["job-2", "cost_source"] == "unknown"
    assert frame.loc["job-2", "cost_reason"] == "the API named no credits and the model's price is not known"


def test_a_job_that_the_record_holds_twice_is_one_row(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Two kernels waited for it, and only the second learned its cost."""
    job = {"api": "prediction", "model": "truefusion", "remote_id": "job-1"}
    any_ledger.insert(row_of(a_call("a", status="running", tag="first", **job)))
    any_ledger.insert(row_of(a_call("b", status="succeeded", cost="0.04", seconds=2.5, **job)))
    with serving(of_one_page(a_job(metadata=None))) as service, service.client() as client:
        frame = history(client=client, ledger=any_ledger)
    row = frame.iloc[0]
    assert len(frame) == 1
    assert (row["id"], row["tag"], row["seconds"]) == ("a", "first", 2.5)
    assert (row["cost"], row["cost_source"]) == (Decimal("0.04"), "priced")


def test_rows_that_could_not_be_written_count_as_recorded(ledger: Ledger, a_call: MakeCall) -> None:
    """They are in memory."""
    call = a_call("a", api="prediction", model="truefusion", remote_id="job-1", tag="kept")
    ledger.unwritten["a"] = row_of(call)
    with serving(of_one_page(a_job())) as service, service.client() as client:
        frame = history(client=client, ledger=ledger)
    assert frame[["tag", "recorded"]].iloc[0].tolist() == ["kept", True]


def test_the_sandbox_and_the_service_are_kept_apart(ledger: Ledger, a_call: MakeCall) -> None:
    """A row of the sandbox says nothing of a job of the service that has the same id."""
    ledger.insert(row_of(a_call("a", api="prediction", remote_id="job-1", sandbox=True)))
    with serving(of_one_page(a_job())) as service, service.client() as client:
        frame = history(client=client, ledger=ledger)
    assert frame[["sandbox", "recorded"]].iloc[0].tolist() == [False, False]


def test_predictions_of_the_sandbox_are_marked(client: Client, ledger: Ledger) -> None:
    """By what it says of itself."""
    assert history(client=client, ledger=ledger)["sandbox"].all()


def test_model_and_status_choose(client: Client, ledger: Ledger) -> None:
    """As for the client's list; a name that nobody knows is said."""
    frame = history(client=client, ledger=ledger, model="beatfusion-1.0", status="succeeded")
    assert frame[["model", "status"]].to_numpy().tolist() == [["beatfusion-1.0", "succeeded"]]
    with pytest.raises(UnknownNameError):
        history(client=client, ledger=ledger, status="done")


def test_moments_choose_as_for_usage(ledger: Ledger) -> None:
    """From `since` on and before `until`, to the microsecond; the service is asked for whole days."""
    moments = ["2026-03-07T00:00:00Z", "2026-03-06T12:00:00.000001Z", "2026-03-06T12:00:00Z", "2026-03-06T11:59:59Z"]
    jobs = [a_job(f"job-{number}", created_at=moment) for number, moment in enumerate(moments)]
    noon = datetime(2026, 3, 6, 12, tzinfo=UTC)
    with serving(of_one_page(*jobs)) as service, service.client() as client:
        spans: list[dict[str, Any]] = [
            {"since": noon},
            {"until": noon},
            {"since": date(2026, 3, 6), "until": date(2026, 3, 7)},
            {"since": "2026-03-06T12:00", "until": noon + timedelta(microseconds=1)},
        ]
        found = [history(client=client, ledger=ledger, **span)["remote_id"].tolist() for span in spans]
    assert found == [["job-2", "job-1", "job-0"], ["job-3"], ["job-3", "job-2", "job-1"], ["job-2"]]
    asked = [{name: each.query.get(name) for name in ("from", "to")} for each in service.asked]
    assert asked == [
        {"from": "2026-03-06", "to": None},
        {"from": None, "to": "2026-03-06"},
        {"from": "2026-03-06", "to": "2026-03-06"},
        {"from": "2026-03-06", "to": "2026-03-06"},
    ]


@pytest.mark.parametrize("span", [{"since": "soon"}, {"since": "2026-03-07", "until": "2026-03-06"}])
def test_what_is_no_span_is_refused(ledger: Ledger, span: dict[str, str]) -> None:
    """Before anything is asked."""
    with serving(of_one_page()) as service, service.client() as client, pytest.raises(InputError):
        history(client=client, ledger=ledger, **span)
    assert service.asked == []


def test_progress_is_told_to_a_function(client: Client, ledger: Ledger) -> None:
    """After each prediction; what is no function is refused."""
    counted: list[int] = []
    history(client=client, ledger=ledger, progress=counted.append)
    assert counted == list(range(1, 171))
    with pytest.raises(InputError, match=r"progress=5 is no function."):
        history(client=client, ledger=ledger, progress=5)  # type: ignore[arg-type]


def test_progress_is_shown_on_the_line_that_was_handed_in(client: Client, ledger: Ledger) -> None:
    """Unless it is off."""
    said: list[str] = []

    @contextmanager
    def line() -> Iterator[progress.Line]:
        yield said.append
        said.append("gone")

    before = progress._shown
    progress.show_with(line)
    try:
        history(client=client, ledger=ledger, model="beatfusion-1.0")
        history(client=client, ledger=ledger, progress=False)
    finally:
        progress.show_with(before)
    assert said == ["Reading · predictions · 1 so far", "gone"]


def test_a_list_that_breaks_off_keeps_what_was_read(ledger: Ledger) -> None:
    """The error carries the frame of the pages before."""

    def answer(asked: Asked) -> Any:
        page = int(asked.query["page"])
        if page == 3:
            return Said({"error": {"message": "broken"}}, 400)
        jobs = [a_job(f"job-{page}-{number}") for number in range(50)]
        return {"data": jobs, "pagination": {"last_page": 4}}

    with (
        serving(answer) as service,
        service.client() as client,
        pytest.raises(SkytellsError, match="broken") as caught,
    ):
        history(client=client, ledger=ledger)
    error: Any = caught.value
    assert len(error.frame) == 100
    assert error.__notes__ == ["The 100 predictions that were read until then are on this error, as its frame."]


def test_stop_keeps_what_was_read(client: Client, ledger: Ledger) -> None:
    """Ctrl-C while the third page is read."""

    def stop(number: int) -> None:
        if number == 120:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        history(client=client, ledger=ledger, progress=stop)
    error: Any = caught.value
    assert len(error.frame) == 120
    assert error.frame["recorded"].tolist() == [False] * 120


def test_a_hostile_list_is_read(ledger: Ledger) -> None:
    """Keys, halves of characters and things of other kinds do not stop it."""
    odd = a_job(
        "job-\ud800",
        status={"a": 1},
        model="sk-" + "a" * 30,
        output={"deep": [[["x"]]]},
        created_at=5,
        completed_at="never",
        metrics=[1],
        metadata={"billing": {"credits_used": -1}},
        stream="yes",
    )
    with serving(of_one_page(odd, {"id": "bare"}, {"no": "id"})) as service, service.client() as client:
        frame = history(client=client, ledger=ledger, since="2026-01-01")
    assert len(frame) == 2
    row = frame.set_index("remote_id").loc["job-\N{REPLACEMENT CHARACTER}"]
    assert (row["model"], row["status"], row["cost"], row["cost_source"]) == ("sk-…", "running", None, "unknown")


def test_a_record_that_cannot_be_read_does_not_stop_it(tmp_path: Path) -> None:
    """It warns, and nothing counts as recorded."""
    (tmp_path / "damaged").write_bytes(b"no ledger at all" * 100)
    damaged = Ledger(tmp_path / "damaged")
    with (
        serving(of_one_page(a_job())) as service,
        service.client() as client,
        pytest.warns(RuntimeWarning, match="cannot be read"),
    ):
        frame = history(client=client, ledger=damaged)
    assert frame["recorded"].tolist() == [False]


def test_until_the_first_day_of_all_is_no_crash(client: Client, ledger: Ledger) -> None:
    """Python's calendar ends there, and nothing was made before it."""
    assert history(until=date.min, client=client, ledger=ledger, progress=False).empty


def test_half_a_character_is_no_model(client: Client, ledger: Ledger) -> None:
    """It cannot be sent."""
    with pytest.raises(InputError, match="is no name"):
        history(model="\ud800", client=client, ledger=ledger, progress=False)
