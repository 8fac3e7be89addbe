"""The record summed up: exact money, honest percentiles, the same on both stores and with pandas 2 and 3."""

from __future__ import annotations

import decimal
import math
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skytells_nb import settings as session_settings
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.frames import summary, usage
from skytells_nb.costs.ledger import COLUMNS, Ledger, row_of
from skytells_nb.costs.rows import SESSION
from skytells_nb.costs.summing.grouping import GROUPINGS, rank
from skytells_nb.errors import InputError, UnknownNameError

MakeCall = Callable[..., Call]
START = datetime(2026, 3, 6, 20, 15, 23, 160110, tzinfo=UTC)

SUMMED = {
    "calls": "Int64",
    "errors": "Int64",
    "cost": "object",
    "billed": "object",
    "priced": "object",
    "unpriced": "Int64",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "outputs": "Int64",
    "seconds": "Float64",
    "seconds_n": "Int64",
    "seconds_p50": "Float64",
    "seconds_p90": "Float64",
    "seconds_p95": "Float64",
    "seconds_p99": "Float64",
    "ttft_n": "Int64",
    "ttft_p50": "Float64",
    "ttft_p90": "Float64",
    "ttft_p95": "Float64",
    "ttft_p99": "Float64",
}


@pytest.fixture(autouse=True)
def _live() -> Iterator[None]:
    """Let the session be where the service is."""
    before = session_settings._override
    session_settings.use(None)
    yield
    session_settings.use(before)


@pytest.fixture
def filled(any_ledger: Ledger, a_call: MakeCall) -> Ledger:
    """Fill a ledger with six calls of two models, one of them in the sandbox."""
    job: dict[str, Any] = {"api": "prediction", "model": "truefusion"}
    calls = [
        a_call("a", cost="0.1", status="succeeded", prompt_tokens=10, completion_tokens=1, seconds=1.0, outputs=1),
        a_call("b", cost="0.2", status="succeeded", prompt_tokens=20, completion_tokens=2, seconds=3.0, tag="lesson"),
        a_call("c", status="failed", started_at=START + timedelta(days=1)),
        a_call("d", cost="0.0000000000000000000001", status="succeeded", started_at=START + timedelta(days=40), **job),
        a_call("e", cost="0", status="refused", started_at=START + timedelta(hours=4), **job),
        a_call("f", cost="9", status="succeeded", sandbox=True, tag="lesson"),
    ]
    for call in calls:
        any_ledger.insert(row_of(call, lambda: ("lesson.ipynb", "cell-1", 3, None)))
    return any_ledger


def test_sums_are_exact(filled: Ledger) -> None:
    """By model: calls, errors, tokens, outputs, seconds, exact money, and how many have no price."""
    told = summary(ledger=filled)
    assert list(told.index) == ["gpt-5", "truefusion"]
    row = told.loc["gpt-5"]
    assert (row["calls"], row["errors"], row["prompt_tokens"], row["completion_tokens"]) == (3, 1, 30, 3)
    assert (row["outputs"], row["seconds"], row["seconds_n"]) == (1, 4.0, 2)
    assert (row["cost"], row["priced"], row["billed"], row["unpriced"]) == (Decimal("0.3"), Decimal("0.3"), 0, 1)
    assert told.loc["truefusion", "cost"] == Decimal("0.0000000000000000000001")
    assert told.loc["truefusion", "errors"] == 1


@pytest.mark.parametrize("by", [*GROUPINGS, ["model", "status"], ["cell", "execution_count"]])
def test_a_summary_has_the_same_dtypes_for_every_grouping(filled: Ledger, by: Any) -> None:
    """Full or empty."""
    full, empty = summary(by, ledger=filled), summary(by, ledger=filled, model="nobody")
    assert list(full.columns) == list(SUMMED)
    assert {name: str(dtype) for name, dtype in full.dtypes.items()} == SUMMED
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == SUMMED
    assert full.index.names == empty.index.names
    assert full["calls"].sum() == 5
    assert len(empty) == 0


def test_a_ledger_that_does_not_exist_is_empty(any_ledger: Ledger) -> None:
    """The same columns, and nothing is made."""
    told = summary(ledger=any_ledger)
    assert {name: str(dtype) for name, dtype in told.dtypes.items()} == SUMMED
    assert len(told) == 0
    assert not any_ledger.store.exists()


def test_times_are_keys(filled: Ledger) -> None:
    """Month, day and hour in UTC."""
    assert list(summary("month", ledger=filled).index) == ["2026-03", "2026-04"]
    assert list(summary("day", ledger=filled).index) == ["2026-03-06", "2026-03-07", "2026-04-15"]
    assert list(summary("hour", ledger=filled).index)[:2] == ["2026-03-06T20", "2026-03-07T00"]


def test_missing_keys_are_empty_text_or_missing(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Text is "", a number is <NA>."""
    any_ledger.insert(row_of(a_call("a")))
    any_ledger.insert(row_of(a_call("b", tag="x"), lambda: (None, "cell", 7, None)))
    assert list(summary("tag", ledger=any_ledger).index) == ["", "x"]
    assert list(summary("execution_count", ledger=any_ledger).index.isna()) == [True, False]


def test_cells_come_in_the_order_in_which_they_were_first_run(any_ledger: Ledger, a_call: MakeCall) -> None:
    """A cell that ran again stays where it was, and its runs stand together where they are asked for."""
    for number, (cell, count) in enumerate([("z", 1), ("a", 2), ("z", 3)]):
        call = a_call(f"{number}", started_at=START + timedelta(seconds=number))
        any_ledger.insert(row_of(call, lambda cell=cell, count=count: ("x.ipynb", cell, count, None)))
    assert list(summary("cell", ledger=any_ledger).index) == ["z", "a"]
    runs = summary(["cell", "execution_count"], ledger=any_ledger)
    assert list(runs.index) == [("z", 1), ("z", 3), ("a", 2)]


def test_a_cost_that_is_nowhere_known_is_missing_in_a_sum(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Never 0; neither is how it is known."""
    any_ledger.insert(row_of(a_call(status="failed")))
    row = summary(ledger=any_ledger).loc["gpt-5"]
    assert [row["cost"], row["billed"], row["priced"], row["unpriced"]] == [None, None, None, 1]


def test_no_percentile_is_claimed_of_too_few(any_ledger: Ledger, a_call: MakeCall) -> None:
    """p50 takes 5 calls that succeeded, p90 10, p95 20, p99 100; they are values that were measured."""
    for model, count in [("four", 4), ("five", 5), ("ten", 10), ("twenty", 20), ("hundred", 100)]:
        for number in range(count):
            call = a_call(f"{model}{number}", model=model, status="succeeded", seconds=number + 1.0, ttft=number / 2)
            any_ledger.insert(row_of(call))
        any_ledger.insert(row_of(a_call(f"{model}-", model=model, status="failed", seconds=1e6, ttft=1e6)))
    told = summary(ledger=any_ledger)
    ranked = told[["seconds_n", *(f"seconds_p{percent}" for percent in (50, 90, 95, 99))]]
    expected = {
        "four": [4, None, None, None, None],
        "five": [5, 3, None, None, None],
        "ten": [10, 5, 9, None, None],
        "twenty": [20, 10, 18, 19, None],
        "hundred": [100, 50, 90, 95, 99],
    }
    found = {model: [None if pd.isna(value) else value for value in row] for model, *row in ranked.itertuples()}
    assert found == expected
    assert told.loc["hundred", "ttft_p99"] == 49.0
    assert told.loc["four", "ttft_n"] == 4


def test_several_currencies_are_never_added_up(any_ledger: Ledger, a_call: MakeCall) -> None:
    """The currency becomes a key."""
    any_ledger.insert(row_of(a_call("a", cost="1")))
    any_ledger.insert(row_of(a_call("b", charge=Charge(Decimal(2), "EUR", "billed"))))
    told = summary(ledger=any_ledger)
    assert told.index.names == ["model", "currency"]
    assert told["cost"].to_dict() == {("gpt-5", "EUR"): 2, ("gpt-5", "USD"): 1}


def test_a_currency_alone_is_named_unless_it_is_usd(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Amounts without a currency are USD."""
    any_ledger.insert(row_of(a_call("b", charge=Charge(Decimal(2), "EUR", "billed"))))
    assert list(summary(ledger=any_ledger).index) == [("gpt-5", "EUR")]
    assert list(summary("currency", ledger=any_ledger).index) == ["EUR"]


def test_rows_in_memory_are_summed_up_with_the_others(filled: Ledger, a_call: MakeCall) -> None:
    """A row that is newer than the one on disk counts in its place; numbers that no store takes are missing."""
    filled.unwritten["a"] = row_of(a_call("a", cost="5", status="succeeded", seconds=7.0, prompt_tokens=2**70))
    filled.unwritten["g"] = row_of(a_call("g", cost="1", status="succeeded", seconds=2.0))
    filled.unwritten["h"] = row_of(a_call("h", cost="1", sandbox=True))
    row = summary(ledger=filled).loc["gpt-5"]
    assert (row["calls"], row["cost"], row["prompt_tokens"], row["seconds"]) == (4, Decimal("6.2"), 20, 12.0)


def test_rows_in_memory_alone_are_summed_up(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Where nothing was ever written."""
    any_ledger.unwritten["a"] = row_of(a_call("a", cost="5", model="\ud83c half"))
    told = summary(ledger=any_ledger)
    assert list(told["cost"]) == [5]
    assert not any_ledger.store.exists()


def test_a_file_that_cannot_be_read_is_told_and_memory_summed_up(path: Path, a_call: MakeCall) -> None:
    """A RuntimeWarning says which; the rows of this kernel are there."""
    path.parent.mkdir()
    path.write_text("this is no database, and long enough to look at " * 100)
    ledger = Ledger(path)
    ledger.unwritten["a"] = row_of(a_call("a", cost="5"))
    with pytest.warns(RuntimeWarning, match="cannot be read"):
        told = summary(ledger=ledger)
    assert list(told["cost"]) == [5]
    ledger.close()


def test_huge_numbers_of_tokens_add_up(any_ledger: Ledger, a_call: MakeCall) -> None:
    """A total that 64 bits hold is right; one that they do not is missing."""
    for name in "ab":
        any_ledger.insert(row_of(a_call(name, prompt_tokens=2**62 - 1, completion_tokens=2**62)))
    row = summary(ledger=any_ledger).loc["gpt-5"]
    assert row["prompt_tokens"] == 2**63 - 2
    assert row["completion_tokens"] is pd.NA


def test_large_amounts_add_up(any_ledger: Ledger, a_call: MakeCall) -> None:
    """Those that no 64-bit number holds, and amounts of cents and of parts of cents beside them."""
    amounts = ["99999999999999999999", "0.01", "1E-20", "99.999999999999", "100", "1E+3", "0.000000000001", "1000000.5"]
    for number, cost in enumerate(amounts):
        any_ledger.insert(row_of(a_call(f"{number}", cost=cost)))
    assert summary(ledger=any_ledger).loc["gpt-5", "cost"] == sum(map(Fraction, amounts))


def test_the_notebook_s_decimal_context_changes_nothing(filled: Ledger) -> None:
    """Three digits of precision, and every trap set."""
    usual = summary(ledger=filled)["cost"].to_dict()
    with decimal.localcontext(decimal.Context(prec=1, traps=[decimal.Inexact, decimal.Rounded])):
        assert summary(ledger=filled)["cost"].to_dict() == usual


def test_here_is_this_notebook(filled: Ledger, a_call: MakeCall, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name where the server tells it, else by this kernel's session."""
    row = row_of(a_call("other")) | {"session": "another kernel", "notebook": "lesson.ipynb"}
    filled.insert(row)
    filled.insert(row_of(a_call("elsewhere"), lambda: ("other.ipynb", None, None, None)))
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/lesson.ipynb")
    assert summary("cell", here=True, ledger=filled)["calls"].to_dict() == {"": 1, "cell-1": 5}
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert list(summary("session", here=True, ledger=filled).index) == [SESSION]
    assert len(usage(here=True, ledger=filled)) == 6


@pytest.mark.parametrize(
    ("chosen", "calls"),
    [
        ({"since": "2026-03-07"}, 3),
        ({"since": date(2026, 3, 7)}, 3),
        ({"since": START}, 5),
        ({"since": START + timedelta(microseconds=1)}, 3),
        ({"until": START}, 0),
        ({"until": START + timedelta(microseconds=1)}, 2),
        ({"since": "2026-03-06 21:00", "until": "2026-03-08"}, 2),
        ({"since": "2026-03-07T03:00+03:00"}, 3),
        ({"since": pd.Timestamp("2026-03-07")}, 3),
    ],
)
def test_times_choose_rows(filled: Ledger, chosen: dict[str, Any], calls: int) -> None:
    """From `since` on and before `until`; UTC where no zone is named; the same for frame and sums."""
    assert len(usage(ledger=filled, **chosen)) == calls
    assert summary(ledger=filled, **chosen)["calls"].sum() == calls


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"since": "yesterday"}, "'yesterday' is no moment."),
        ({"since": 7}, "7 is no moment."),
        ({"since": pd.NaT}, "NaT is no moment."),
        ({"since": "2026-03-07", "until": "2026-03-07"}, "Nothing lies from 2026-03-07"),
        ({"live": "no"}, "live='no' is not one of True, False and 'all'."),
        ({"live": 1}, "live=1 is not one of True, False and 'all'."),
        ({"model": 5}, "model=5 is no name."),
        ({"last": 7}, "7 is not a span of time."),
        ({"by": []}, "Nothing to sum up by."),
        ({"model": "\ud83c"}, "model='\\ud83c' is no name."),
        ({"tag": "a\0b"}, "tag='a\\x00b' is no name."),
        ({"by": None}, "Nothing to sum up by."),
        ({"by": 5}, "Nothing to sum up by."),
        ({"by": ["model", "model"]}, "'model' is named twice."),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(chosen: dict[str, Any], message: str) -> None:
    """It names what was typed; nothing else is done."""
    with pytest.raises(InputError) as caught:
        summary(**chosen)
    assert str(caught.value).startswith(message)


def test_an_unknown_grouping_is_named_with_the_nearest() -> None:
    """One clear line."""
    with pytest.raises(UnknownNameError) as caught:
        summary("modle")
    assert str(caught.value) == "There is no grouping 'modle'. Did you mean 'model'?"


def test_sums_and_percentiles_are_of_the_same_calls_while_others_write(ledger: Ledger, a_call: MakeCall) -> None:
    """However many calls end meanwhile."""
    for number in range(50):
        ledger.insert(row_of(a_call(f"{number}", status="succeeded", seconds=1.0)))
    stop = threading.Event()

    def write() -> None:
        number = 50
        while not stop.is_set():
            ledger.insert(row_of(a_call(f"{number}", status="succeeded", seconds=1.0)))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            row = summary(ledger=ledger).loc["gpt-5"]
            assert row["calls"] == row["seconds_n"] == row["seconds"]
    finally:
        stop.set()
        writer.join()


amounts_ = st.one_of(
    st.none(),
    st.integers(0, 10**9).map(lambda whole: Decimal(whole).scaleb(-9)),
    st.decimals(0, 10**6, places=20),
    st.decimals(0, 2000, places=12),
    st.sampled_from([Decimal("1E-7"), Decimal("1E+2"), Decimal(0)]),
)
calls_ = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["a", "b", "ä", "B"]),
        "tag": st.sampled_from([None, "", "x"]),
        "status": st.sampled_from(["succeeded", "succeeded", "succeeded", "failed", "refused", "running", "canceled"]),
        "seconds": st.none() | st.floats(0, 1e6),
        "ttft": st.none() | st.floats(0, 1e6),
        "prompt_tokens": st.none() | st.integers(0, 2**40),
        "outputs": st.none() | st.integers(0, 5),
        "cost": amounts_,
        "source": st.sampled_from(["billed", "priced"]),
        "currency": st.sampled_from(["USD", "USD", "EUR"]),
    }
)


def oracle(rows: list[dict[str, Any]], names: list[str]) -> dict[tuple[str, ...], list[Any]]:
    """Sum rows up in plain Python."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] or "" for name in names), []).append(row)
    return {key: _expected(members) for key, members in groups.items()}


def _expected(rows: list[dict[str, Any]]) -> list[Any]:
    def ranked(name: str) -> list[Any]:
        values = sorted(row[name] for row in rows if row["status"] == "succeeded" and row[name] is not None)
        least = {50: 5, 90: 10, 95: 20, 99: 100}
        found = [
            values[math.ceil(Fraction(p, 100) * len(values)) - 1] if len(values) >= n else None
            for p, n in least.items()
        ]
        return [len(values), *found]

    def total(name: str) -> Any:
        known = [row[name] for row in rows if row[name] is not None]
        return sum(known) if known else None

    costs = [(row["source"], Fraction(row["cost"])) for row in rows if row["cost"] is not None]
    money = [
        sum((cost for source, cost in costs if source in chosen), Fraction(0)) if costs else None
        for chosen in (("billed", "priced"), ("billed",), ("priced",))
    ]
    errors = sum(row["status"] in ("failed", "refused") for row in rows)
    seconds = total("seconds")
    return [
        len(rows), errors, total("prompt_tokens"), total("outputs"),
        seconds if seconds is None else pytest.approx(seconds),
        *ranked("seconds"), *ranked("ttft"), *money, len(rows) - len(costs),
    ]  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(calls_, max_size=60), repeat=st.sampled_from([1, 1, 1, 7]), held=st.integers(0, 3))
def test_a_summary_equals_an_oracle(
    any_ledger: Ledger, a_call: MakeCall, rows: list[dict[str, Any]], repeat: int, held: int
) -> None:
    """Whatever amounts, currencies, statuses and times there are, on disk and in memory."""
    rows = rows * repeat
    any_ledger.store.execute(f"DELETE FROM {any_ledger.store.prefix}calls")
    any_ledger.unwritten.clear()
    with any_ledger.store.transaction() as cursor:
        for number, row in enumerate(rows):
            known = {name: value for name, value in row.items() if name not in ("cost", "source", "currency")}
            source = "unknown" if row["cost"] is None else row["source"]
            call = a_call(f"{number}", charge=Charge(row["cost"], row["currency"], source), **known)
            written = row_of(call)
            if number < held:
                any_ledger.unwritten[call.id] = written
                continue
            names = ", ".join(written)
            places = ", ".join("?" * len(written))
            cursor.execute(
                f"INSERT INTO {any_ledger.store.prefix}calls ({names}) VALUES ({places})", (*written.values(),)
            )
    told = summary(["model", "tag", "currency"], ledger=any_ledger)
    columns = [
        "calls",
        "errors",
        "prompt_tokens",
        "outputs",
        *[name for name in SUMMED if name[:7] in ("seconds", "ttft_n") or name.startswith("ttft")],
        "cost",
        "billed",
        "priced",
        "unpriced",
    ]
    found = {
        index: [
            None if value is None or value is pd.NA else Fraction(value) if isinstance(value, Decimal) else value
            for value in row
        ]
        for index, *row in told[columns].astype(object).itertuples()
    }
    assert found == oracle(rows, ["model", "tag", "currency"])


def test_ranks_are_the_nearest() -> None:
    """The first of sorted values that this share of them does not pass."""
    assert [rank(50, 5), rank(90, 10), rank(95, 20), rank(99, 100), rank(99, 101), rank(50, 6)] == [
        3,
        9,
        19,
        99,
        100,
        3,
    ]


def test_every_column_can_be_read_of_both_stores(filled: Ledger) -> None:
    """The frame of a file and of a PostgreSQL have the same columns."""
    assert list(usage(ledger=filled).columns) == list(COLUMNS)
