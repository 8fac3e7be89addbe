"""The record as a file and back: exact in every format, hostile files told apart, nothing written by halves."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.columns import COLUMNS, Kind
from skytells_nb.costs.exchange import export_usage, import_usage
from skytells_nb.costs.exchange.plain_values import quieted
from skytells_nb.costs.frames import frame_of_rows, usage
from skytells_nb.costs.ledger import Ledger, row_of
from skytells_nb.errors import InputError, SetupError

MakeCall = Callable[..., Call]
ENDINGS = (".csv", ".json", ".jsonl", ".parquet")
EVERY = pytest.mark.parametrize("ending", ENDINGS)
START = datetime(2026, 3, 6, 20, 15, 23, 160110, tzinfo=UTC)

VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=8) | st.text("=+-@\t\r\n'\",\0;ä", max_size=4),
    "word": st.sampled_from(["", "'", "=1", "gpt-5", "ü"]),
    "moment": st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.isoformat(timespec="microseconds")
    ),
    "flag": st.booleans(),
    "count": st.integers(0, 2**63 - 1),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "money": st.decimals(0, 10**12, places=20).map(str) | st.sampled_from(["0", "0.10", "0.1", "0.5", "1E-22", "2E+3"]),
    "json": st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2).map(json.dumps),
}
ROWS = st.lists(
    st.fixed_dictionaries({kind: st.none() | values for kind, values in VALUES.items()}), min_size=1, max_size=4
).map(
    lambda rows: [
        {name: row[kind] for name, kind in COLUMNS.items()} | {"id": f"call-{number}"}
        for number, row in enumerate(rows)
    ]
)
few = settings(max_examples=15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that the examples of a property share."""
    return tmp_path_factory.mktemp("exported")


@pytest.fixture
def filled(ledger: Ledger, a_call: MakeCall) -> Ledger:
    """Fill a ledger with calls that hold what is awkward in files."""
    odd = {"tag": '=HYPERLINK("http://evil.example")', "model": 'a "quoted",\r\nname', "error_id": ""}
    calls = [
        a_call("a", cost="0.10", quoted=Decimal("0.0000000000000000000001"), seconds=0.1, stream=True),
        a_call("b", cost="12345678901.123456789012345678", finished_at=START, prompt_tokens=2**53 + 1, **odd),
        a_call("c", usage={"note": "\u2028 and 'more'", "n": 1e300}, prompt="-1", output="'quoted'", bytes=0),
        a_call("d", charge=Charge(Decimal("1E-7"), "EUR", "billed", "@x", {"unit": "image"}), sandbox=True),
    ]
    for call in calls:
        ledger.insert(row_of(call))
    return ledger


@EVERY
def test_an_exported_record_comes_back_the_same(filled: Ledger, tmp_path: Path, ending: str) -> None:
    """Values, columns, order and dtypes."""
    frame = usage(live="all", ledger=filled)
    path = export_usage(tmp_path / f"usage{ending}", frame)
    assert path == tmp_path / f"usage{ending}"
    assert len(frame) == 4
    assert_frame_equal(import_usage(path), frame)


@EVERY
def test_an_empty_record_comes_back_empty(ledger: Ledger, tmp_path: Path, ending: str) -> None:
    """With all columns and dtypes."""
    frame = usage(ledger=ledger)
    back = import_usage(export_usage(tmp_path / f"usage{ending}", frame))
    assert len(back) == 0
    assert_frame_equal(back, frame)


@EVERY
def test_calls_of_unknown_cost_stay_unknown(ledger: Ledger, a_call: MakeCall, tmp_path: Path, ending: str) -> None:
    """A column without a single amount is no column of zeros."""
    ledger.insert(row_of(a_call("a")))
    back = import_usage(export_usage(tmp_path / f"usage{ending}", live="all", ledger=ledger))
    assert back["cost"].tolist() == [None]
    assert_frame_equal(back, usage(ledger=ledger))


@EVERY
@few
@given(rows=ROWS)
def test_any_values_survive(folder: Path, ending: str, rows: list[dict[str, Any]]) -> None:
    """Texts of formulas, quotes and controls, amounts of 32 digits, whole numbers of 63 bits, all floats."""
    frame = frame_of_rows(rows)
    back = import_usage(export_usage(folder / f"any{ending}", frame, overwrite=True))
    assert_frame_equal(back, frame)


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl"])
def test_text_files_hold_amounts_as_they_were_recorded(filled: Ledger, tmp_path: Path, ending: str) -> None:
    """To the last place, zeros at the end among them."""
    text = export_usage(tmp_path / f"usage{ending}", live="all", ledger=filled).read_text("utf-8")
    quote = "" if ending == ".csv" else '"'
    for amount in ("0.10", "12345678901.123456789012345678", "1E-22", "1E-7"):
        assert f"{quote}{amount}{quote}" in text


def test_parquet_holds_amounts_as_decimals(filled: Ledger, tmp_path: Path) -> None:
    """Wide enough for the smallest and the largest: 22 places need more than 128 bits."""
    schema = pq.read_schema(export_usage(tmp_path / "usage.parquet", live="all", ledger=filled))
    assert schema.field("cost").type == pa.decimal128(38, 18)
    assert schema.field("quoted").type == pa.decimal256(42, 22)
    assert schema.field("started_at").type == pa.timestamp("us", tz="UTC")


def test_amounts_that_no_decimal_holds_are_refused_in_parquet(tmp_path: Path) -> None:
    """The error names formats that hold them, and nothing is left behind."""
    frame = frame_of_rows([dict.fromkeys(COLUMNS) | {"id": "a", "cost": "1E-57"}])
    with pytest.raises(InputError, match=r"57 after it. Parquet takes 76 in all: write .csv or .json"):
        export_usage(tmp_path / "usage.parquet", frame)
    assert list(tmp_path.iterdir()) == []


@few
@given(rows=ROWS)
def test_no_text_in_csv_begins_like_a_formula(folder: Path, rows: list[dict[str, Any]]) -> None:
    """A spreadsheet reads none of a model's, a server's or a user's texts as one."""
    path = export_usage(folder / "quiet.csv", frame_of_rows(rows), overwrite=True)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name, field in row.items():
                if COLUMNS[name] != "real":
                    assert not field.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(("value", "field"), [("=1", "'=1"), ("'", "''"), ("", "'"), ("a=1", "a=1"), ("-", "'-")])
def test_a_quiet_text_is_told_by_its_first_character(value: str, field: str) -> None:
    """Only where it must be, and never twice the same for two texts."""
    assert quieted(value) == field


def test_a_frame_put_together_can_be_exported(filled: Ledger, tmp_path: Path) -> None:
    """Joining frames loses categories, and rows may come in any order of columns."""
    frame = usage(live="all", ledger=filled)
    parts = pd.concat([frame.iloc[:2].astype({"model": "object"}), frame.iloc[2:]])[list(reversed(COLUMNS))]
    assert_frame_equal(import_usage(export_usage(tmp_path / "usage.csv", parts)), frame)


def test_without_a_frame_the_choices_are_those_of_usage(filled: Ledger, tmp_path: Path) -> None:
    """By default only calls of where the session is."""
    back = import_usage(export_usage(tmp_path / "usage.json", ledger=filled, live=False))
    assert back["id"].tolist() == ["d"]


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("usage.xlsx", {}, "'usage.xlsx' does not say which format it has. End its name with .csv, .json, .jsonl, "),
        ("usage", {}, "'usage' does not say which format it has."),
        ("usage.csv", {"model": "gpt-5"}, "A frame was given, and 'model' to choose calls by."),
        ("no/such/usage.csv", {}, "usage.csv cannot be written: No such file or directory. Choose another folder."),
    ],
)
def test_what_cannot_be_exported_is_said(
    ledger: Ledger, tmp_path: Path, name: str, more: dict[str, Any], message: str
) -> None:
    """Before anything is written."""
    with pytest.raises(InputError) as caught:
        export_usage(tmp_path / name, usage(ledger=ledger), **more)
    assert message in str(caught.value)


def test_a_frame_with_other_columns_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """What is one too many, one too few and one twice."""
    frame = usage(ledger=ledger)
    for other, message in (
        (frame.assign(recorded=True), "The frame holds a column that sky.usage() has not: 'recorded'."),
        (frame.drop(columns="cost"), "The frame has no column 'cost'."),
        (pd.concat([frame, frame[["cost"]]], axis=1), "The frame holds the column 'cost' twice."),
    ):
        with pytest.raises(InputError) as caught:
            export_usage(tmp_path / "usage.csv", other)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("cost", 0.1, '0.1 is no amount of 0 to 10^15 with at most 60 places, as text such as "0.25"'),
        ("cost", Decimal("Infinity"), "is no amount of 0 to 10^15"),
        ("cost", Decimal(-1), "is no amount of 0 to 10^15"),
        ("seconds", float("inf"), "inf is no finite number"),
        ("started_at", datetime(2026, 1, 1), "is no moment with a time zone"),  # noqa: DTZ001
        ("model", 5, "5 is no text"),
        ("stream", "yes", "'yes' is neither true nor false"),
        ("cost", 0.5, "0.5 is no amount of 0 to 10^15"),
        ("usage", "[1]", "'[1]' is no JSON object, as text"),
        ("attempts", 2**63, "is no whole number"),
    ],
)
def test_a_value_of_another_kind_is_refused(filled: Ledger, tmp_path: Path, name: str, value: Any, what: str) -> None:
    """By row and column, and nothing is written."""
    frame = usage(live="all", ledger=filled).astype("object")
    frame.loc[2, name] = value
    with pytest.raises(InputError) as caught:
        export_usage(tmp_path / "usage.csv", frame)
    assert f"Row 3, column {name!r}: " in str(caught.value)
    assert what in str(caught.value)
    assert not (tmp_path / "usage.csv").exists()


def test_a_file_that_is_there_is_replaced_only_when_asked(filled: Ledger, tmp_path: Path) -> None:
    """And then whole."""
    path = tmp_path / "usage.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        export_usage(path, ledger=filled)
    assert path.read_text("utf-8") == "mine"
    export_usage(path, ledger=filled, overwrite=True)
    assert len(import_usage(path)) == 3


def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """No half file, and no other beside it."""
    path = tmp_path / "usage.parquet"
    path.write_text("mine", encoding="utf-8")
    frame = frame_of_rows([dict.fromkeys(COLUMNS) | {"id": "a", "cost": "1E-57"}])
    with pytest.raises(InputError):
        export_usage(path, frame, overwrite=True)
    assert [each.read_text("utf-8") for each in tmp_path.iterdir()] == ["mine"]


def test_without_pyarrow_parquet_says_what_to_install(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other formats need nothing."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "skytells_nb.costs.exchange.parquet", raising=False)
    monkeypatch.delattr("skytells_nb.costs.exchange.parquet", raising=False)
    with pytest.raises(SetupError, match=r"pip install 'skytells-nb\[parquet\]'"):
        export_usage(tmp_path / "usage.parquet", ledger=ledger)
    assert list(tmp_path.iterdir()) == []
