"""Jobs are found again in the record: by their cell, or because nobody has seen their end."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.record import Call, Charge
from skytells_nb.costs import here
from skytells_nb.costs.jobs import Job, Which, find, known
from skytells_nb.costs.ledger import SESSION, Ledger, row_of
from skytells_nb.costs.rows import Place

MakeCall = Callable[..., Call]

HERE: Place = ("lesson.ipynb", "cell-1", 7, 1)
OURS = Which(True, "f", "cell-1", 1, "lesson.ipynb", here.person())


@pytest.fixture
def a_job(a_call: MakeCall) -> MakeCall:
    """Make calls of predictions by hand."""

    def make(name: str, **told: Any) -> Call:
        told = {"fingerprint": "f", "sandbox": True, "status": "running", "remote_id": f"p-{name}"} | told
        return a_call(name, api="prediction", **told)

    return make


def ids(ledger: Ledger, which: Which) -> list[str]:
    """Give the ids of the calls that are found."""
    return [job.call.id for job in find(ledger, which)]


def test_a_job_comes_back_as_it_was_told(any_ledger: Ledger) -> None:
    """Its call, to the last place of its price and with the zone of its times, and where it was made."""
    call = Call(
        id="c",
        api="prediction",
        endpoint="POST /predictions",
        model="truefusion",
        started_at=datetime(2026, 3, 6, 20, 15, 23, 160110, tzinfo=UTC),
        fingerprint="f",
        sandbox=True,
        tag="t",
        quoted=Decimal("0.040"),
        prompt='{"prompt": "a fox"}',
        status="succeeded",
        finished_at=datetime(2026, 3, 6, 20, 16, tzinfo=UTC),
        remote_id="p",
        attempts=2,
        seconds=1.5,
        megapixels=1.05,
        credits=Decimal("0.1234567890123456789"),
        charge=Charge(Decimal("0.1234567890123456789"), "EUR", "billed", "why", {"unit": "image", "amount": "0.1"}),
        usage={"a": 1},
    )
    any_ledger.insert(row_of(call, lambda: HERE))
    assert find(any_ledger, Which()) == (Job(call, SESSION, "lesson.ipynb", "cell-1", 7),)


@pytest.mark.parametrize(
    ("at", "told", "found"),
    [
        (HERE, {}, True),
        ((None, *HERE[1:]), {}, True),
        (("copy.ipynb", *HERE[1:]), {}, False),
        (("lesson.ipynb", "cell-2", 7, 1), {}, False),
        (("lesson.ipynb", "cell-1", 8, 1), {}, True),
        (("lesson.ipynb", "cell-1", 7, 2), {}, False),
        (("lesson.ipynb", "cell-1", 7, None), {}, False),
        (HERE, {"fingerprint": "other"}, False),
        (HERE, {"sandbox": False}, False),
        (HERE, {"status": "succeeded"}, True),
        (HERE, {"status": "failed"}, True),
        (HERE, {"status": "refused"}, False),
    ],
)
def test_the_jobs_of_a_cell(at: Place, told: dict[str, Any], found: bool, any_ledger: Ledger, a_job: MakeCall) -> None:
    """The same from a store and from memory; a notebook whose name is not known may be the same one."""
    row = row_of(a_job("one", **told), lambda: at)
    any_ledger.insert(row)
    assert (ids(any_ledger, OURS) == ["one"]) is found
    assert OURS.holds(row) is found


@pytest.mark.parametrize(("person", "found"), [(here.person(), True), (None, True), ("another", False)])
def test_a_record_that_people_share(person: str | None, found: bool, any_ledger: Ledger, a_job: MakeCall) -> None:
    """Nobody takes up, lists or cancels what another has made; older rows do not say who made them."""
    row = row_of(a_job("one"), lambda: HERE) | {"person": person}
    any_ledger.insert(row)
    for which in (OURS, Which(unseen=True, person=here.person())):
        assert (ids(any_ledger, which) == ["one"]) is found
        assert which.holds(row) is found


def test_a_person_is_told_apart_and_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that a hub knows, else by that of the system."""
    marks = set()
    for name in ("ada", "grace"):
        monkeypatch.setenv("JUPYTERHUB_USER", name)
        here.person.cache_clear()
        marks.add(here.person())
    monkeypatch.undo()
    here.person.cache_clear()
    marks.add(here.person())
    assert len(marks) == 3
    assert all(re.fullmatch("[0-9a-f]{12}", mark) for mark in marks)


def test_a_call_that_is_no_job_is_none(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Whatever its fingerprint."""
    row = row_of(a_call("one", fingerprint="f", sandbox=True), lambda: HERE)
    any_ledger.insert(row)
    assert ids(any_ledger, Which()) == []
    assert not Which().holds(row)


@pytest.mark.parametrize("status", ["sent", "running", "interrupted"])
@pytest.mark.parametrize("session", ["dead", SESSION], ids=["another process", "this process"])
def test_what_other_processes_have_left(status: str, session: str, any_ledger: Ledger, a_job: MakeCall) -> None:
    """Outside of cells; what this one made is not left, and what is in memory is of this one."""
    left = Which(fingerprint="f", sandbox=True, unseen=True, left=True)
    for name, place in (("free", (None, None, None, None)), ("cell", HERE)):
        any_ledger.insert(row_of(a_job(name, status=status), lambda place=place: place) | {"session": session})
    assert ids(any_ledger, left) == (["free"] if session == "dead" else [])
    assert not left.holds(row_of(a_job("free", status=status)))
    assert ids(any_ledger, Which(unseen=True)) == ["cell", "free"]


def test_an_end_that_was_seen_is_not_listed(any_ledger: Ledger, a_job: MakeCall) -> None:
    """A row leaves the list as it is completed."""
    any_ledger.insert(row_of(a_job("one")))
    assert ids(any_ledger, Which(unseen=True)) == ["one"]
    any_ledger.complete(row_of(a_job("one", status="succeeded")))
    assert ids(any_ledger, Which(unseen=True)) == []


def test_only_what_was_begun_lately(any_ledger: Ledger, a_job: MakeCall) -> None:
    """By the ids of calls, which sort by time; the same from memory."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    rows = [
        row_of(replace(a_job("x"), id=f"{int((now - timedelta(days=days)).timestamp() * 1000):012x}{'0' * 20}"))
        for days in (8, 6)
    ]
    for row in rows:
        any_ledger.insert(row)
    lately = Which(since=now - timedelta(days=7))
    assert ids(any_ledger, lately) == [rows[1]["id"]]
    assert [lately.holds(row) for row in rows] == [False, True]


def test_which_ids_are_known(any_ledger: Ledger, a_job: MakeCall) -> None:
    """Of those that are asked for."""
    any_ledger.insert(row_of(a_job("one")))
    assert known(any_ledger, ["p-one", "p-two"]) == {"p-one"}
    assert known(any_ledger, []) == frozenset()


def test_a_row_that_another_program_spoiled_is_left_out(ledger: Ledger, a_job: MakeCall) -> None:
    """The others are found."""
    for name in ("one", "two", "three", "four"):
        ledger.insert(row_of(a_job(name)))
    ledger.store.execute("UPDATE calls SET started_at = 'yesterday' WHERE id = 'one'")
    ledger.store.execute("UPDATE calls SET usage = '{' WHERE id = 'two'")
    ledger.store.execute("UPDATE calls SET usage = ? WHERE id = 'four'", ["[" * 200_000])
    assert ids(ledger, Which()) == ["three"]


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (OURS, "calls_alike (fingerprint=?)"),
        (Which(sandbox=True, unseen=True), "calls_unseen (sandbox=?)"),
        (Which(ids=("p",)), "calls_remote (remote_id=?)"),
        (Which(since=datetime(2026, 3, 6, tzinfo=UTC)), "PRIMARY KEY (id>?)"),
    ],
)
def test_each_question_has_an_index(which: Which, index: str, path: Path, a_job: MakeCall) -> None:
    """So that a record of a million calls answers in a millisecond."""
    with closing(Ledger(path)) as ledger:
        ledger.insert(row_of(a_job("one")))
        condition, values = which.where()
        plan = ledger.store.rows(f"EXPLAIN QUERY PLAN SELECT id FROM calls WHERE {condition} ORDER BY id", values)
        (*_, said), *more = (row for chunk in plan for row in chunk)
    assert index in said
    assert more == [] or "remote" in index
