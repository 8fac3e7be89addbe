"""The record as DataFrames: fixed columns and dtypes, exact money, live and sandbox apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skytells_nb import settings
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.choice import span
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.frames import DTYPES, frame_of_rows, usage
from skytells_nb.costs.ledger import Ledger, row_of
from skytells_nb.errors import InputError
from tests.postgres import Postgres

MakeCall = Callable[..., Call]


@pytest.fixture(autouse=True)
def _live() -> Iterator[None]:
    """Let the session be where the service is."""
    before = settings._override
    settings.use(None)
    yield
    settings.use(before)


@pytest.fixture
def filled(ledger: Ledger, a_call: MakeCall) -> Ledger:
    """Fill a ledger with six calls of two models, one of them in the sandbox."""
    now = datetime.now(UTC)
    job: dict[str, Any] = {"api": "prediction", "model": "truefusion"}
    calls = [
        a_call("a", cost="0.1", status="succeeded", prompt_tokens=10, completion_tokens=1, seconds=1.0, outputs=1),
        a_call("b", cost="0.2", status="succeeded", prompt_tokens=20, completion_tokens=2, seconds=3.0, tag="lesson"),
        a_call("c", status="failed", started_at=now - timedelta(days=3)),
        a_call("d", cost="0.0000000000000000000001", status="succeeded", started_at=now - timedelta(hours=2), **job),
        a_call("e", cost="0", status="refused", started_at=now - timedelta(minutes=5), **job),
        a_call("f", cost="9", status="succeeded", sandbox=True, tag="lesson"),
    ]
    for call in calls:
        ledger.insert(row_of(call))
    return ledger


def test_an_empty_record_has_all_columns_and_dtypes(ledger: Ledger) -> None:
    """The same frame as a full one, without rows."""
    frame = usage(ledger=ledger)
    assert len(frame) == 0
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES


def test_a_full_record_has_the_same_dtypes(filled: Ledger) -> None:
    """Also where a column holds nothing but missing values."""
    frame = usage(ledger=filled)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert list(frame.index) == list(range(5))


def test_the_frame_has_the_ledger_s_columns() -> None:
    """No column of the file is hidden, none is made up."""
    assert list(DTYPES) == list(COLUMNS)


def test_money_is_exact(filled: Ledger) -> None:
    """0.1 and 0.2 are 0.3; a missing cost is missing."""
    costs = usage(ledger=filled).set_index("id")["cost"]
    assert costs["a"] + costs["b"] == Decimal("0.3")
    assert costs["d"] == Decimal("0.0000000000000000000001")
    assert costs["c"] is None


def test_moments_are_aware_utc(filled: Ledger) -> None:
    """To the microsecond."""
    row = usage(ledger=filled).set_index("id").loc["a"]
    assert row["started_at"] == pd.Timestamp("2026-03-06T20:15:23.160110Z")
    assert row["finished_at"] is pd.NaT


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        ({}, "abcde"),
        ({"live": True}, "abcde"),
        ({"live": False}, "f"),
        ({"live": "all"}, "abfcde"),
        ({"model": "truefusion"}, "de"),
        ({"tag": "lesson"}, "b"),
        ({"tag": "lesson", "live": "all"}, "bf"),
        ({"last": "30m"}, "e"),
        ({"last": "12h"}, "de"),
        ({"last": "7d"}, "cde"),
        ({"last": "99999w"}, "abcde"),
        ({"last": "7d", "model": "gpt-5"}, "c"),
        ({"model": "nobody"}, ""),
    ],
)
def test_rows_are_chosen(filled: Ledger, chosen: dict[str, Any], ids: str) -> None:
    """By time, model, tag, and live or not; oldest first."""
    assert "".join(sorted(usage(ledger=filled, **chosen)["id"])) == "".join(sorted(ids))


def test_a_session_in_the_sandbox_sees_the_sandbox_s_calls(filled: Ledger) -> None:
    """By default the calls of where this session is now."""
    settings.use(settings.Override("http://127.0.0.1:1/v1", settings.Key("sk-x"), sandbox=True))
    assert list(usage(ledger=filled)["id"]) == ["f"]


@pytest.mark.parametrize(
    ("text", "length"), [("30m", 1800), ("30 min", 1800), ("12H", 43200), (" 7d ", 604800), ("2w", 1209600)]
)
def test_a_span_is_read(text: str, length: int) -> None:
    """A number and m, h, d or w."""
    assert span(text).total_seconds() == length


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "7 days ago", "1.5h", "999999d", "７d7"])
def test_an_odd_span_is_one_clear_line(text: str) -> None:
    """It names what was typed, and how to type it."""
    with pytest.raises(InputError) as caught:
        span(text)
    assert str(caught.value) == f"{text!r} is not a span of time. Use a number and m, h, d or w, such as 7d."


def test_rows_in_memory_are_rows_too(ledger: Ledger, a_call: MakeCall) -> None:
    """What could not be written is in the frame."""
    ledger.unwritten["x"] = row_of(a_call("x", cost="0.5"))
    frame = usage(ledger=ledger)
    assert list(frame["cost"]) == [Decimal("0.5")]
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES


def test_a_row_in_memory_is_shown_instead_of_the_older_one_on_disk(filled: Ledger, a_call: MakeCall) -> None:
    """A call is never there twice."""
    filled.unwritten["a"] = row_of(a_call("a", cost="7", status="succeeded"))
    frame = usage(ledger=filled)
    assert sorted(frame["id"]) == [*"abcde"]
    assert frame.set_index("id").loc["a", "cost"] == 7


def test_rows_are_ordered_by_when_they_began(ledger: Ledger, a_call: MakeCall) -> None:
    """Whatever their ids are, and those in memory among them."""
    start = datetime(2026, 3, 6, tzinfo=UTC)
    for name, second in (("b", 3), ("c", 1), ("a", 2)):
        ledger.insert(row_of(a_call(name, started_at=start + timedelta(seconds=second))))
    ledger.unwritten["d"] = row_of(a_call("d", started_at=start))
    frame = usage(ledger=ledger)
    assert "".join(frame["id"]) == "dcab"
    assert list(frame.index) == [0, 1, 2, 3]


def test_both_stores_give_the_same_frame(path: Path, postgres: Postgres, a_call: MakeCall) -> None:
    """Of text and numbers, or of the types that PostgreSQL has."""
    frames = []
    for place in (str(path), postgres.place()):
        ledger = Ledger(place)
        price = {"unit": "image", "amount": "0.04"}
        charge = Charge(Decimal("0.0400"), "USD", "billed", "4 cents", price)
        more: dict[str, Any] = {"seconds": 1.25, "prompt_tokens": 2**60 + 1, "stream": True, "usage": {"a": [1]}}
        ledger.insert(row_of(a_call("a", charge=charge, status="succeeded", **more)))
        ledger.insert(row_of(a_call("b", tag="ä"), lambda: ("x.ipynb", "cell", 4, None)))
        frames.append(usage(ledger=ledger))
        ledger.close()
    pd.testing.assert_frame_equal(*frames)
    assert frames[0]["prompt_tokens"][0] == 2**60 + 1


ODD: dict[str, list[Any]] = {
    "count": ["x", 2.5, 2**70, math.inf],
    "real": ["x", math.nan, math.inf, 10**400],
    "money": ["", "x", "NaN", "Infinity", 0.5, "1E+999999"],
    "moment": ["", "soon", "2026-13-45", 7e99],
    "flag": ["x", math.nan],
}


@pytest.mark.parametrize(("kind", "odd"), [(kind, value) for kind, values in ODD.items() for value in values])
def test_what_is_not_of_its_kind_is_missing(kind: str, odd: object) -> None:
    """The dtypes stay, and the other rows are read."""
    name = next(name for name, each in COLUMNS.items() if each == kind)
    good: dict[str, Any] = {
        "count": 7,
        "real": 0.5,
        "money": "0.5",
        "moment": "2026-03-06T20:15:23+00:00",
        "flag": True,
    }
    frame = frame_of_rows([{name: odd}, {name: good[kind]}, {}])
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert list(frame[name].isna()) == [True, False, True]


def test_text_that_cannot_be_written_is_marked() -> None:
    """Half a character, and what is no text at all."""
    frame = frame_of_rows([{"id": "\ud83c", "model": "\ud83c", "tag": 7}, {"id": 7}])
    assert list(frame["id"]) == ["?", "7"]
    assert (frame["model"][0], frame["tag"][0]) == ("?", "7")


def test_rows_by_name_make_the_same_frame(filled: Ledger) -> None:
    """As the ledger gives them."""
    pd.testing.assert_frame_equal(frame_of_rows(filled.rows()), usage(ledger=filled, live="all"))


def test_a_frame_can_be_grouped_and_compared(filled: Ledger) -> None:
    """Categories behave as the words that they are."""
    frame = usage(ledger=filled)
    assert int((frame["model"] == "truefusion").sum()) == 2
    assert frame.groupby("model", observed=True)["cost"].count().to_dict() == {"gpt-5": 2, "truefusion": 2}
    assert list(frame["model"].cat.categories) == ["gpt-5", "truefusion"]
