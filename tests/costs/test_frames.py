"""The record as DataFrames: fixed columns and dtypes, exact money, live and sandbox apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from skytells_nb import settings
from skytells_nb.api.record import Call
from skytells_nb.costs.choice import span
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.frames import DTYPES, usage
from skytells_nb.costs.ledger import Ledger, row_of
from skytells_nb.errors import InputError

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
