"""Exported files read back as a stranger's: what is wrong is said by row and column, and the record grows once."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from skytells_nb.api.record import Call
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.exchange import export_usage, import_usage
from skytells_nb.costs.frames import frame_of_rows, summary, usage
from skytells_nb.costs.ledger import Ledger, row_of
from skytells_nb.errors import InputError, SetupError

MakeCall = Callable[..., Call]
HEADER = ",".join(COLUMNS)
NOTHING = "," * (len(COLUMNS) - 1)
RECORD = dict.fromkeys(COLUMNS)


def line(**known: str) -> str:
    """Write a row of CSV."""
    return ",".join(known.get(name, "") for name in COLUMNS)


@pytest.fixture
def filled(ledger: Ledger, a_call: MakeCall) -> Ledger:
    """Fill a ledger with three calls."""
    for number, cost in enumerate(("0.1", "0.2", None)):
        ledger.insert(row_of(a_call(f"call-{number}", cost=cost, status="succeeded", usage={"n": number})))
    return ledger


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "a.csv: The file has no column 'id', 'session', 'notebook', 'cell', 'execution_count' …."),
        ("a.csv", "id,id\r\n", "The file holds the column 'id' twice."),
        ("a.csv", f"{HEADER},margin\r\n", "The file holds a column that sky.usage() has not: 'margin'."),
        ("a.csv", f"{HEADER}\r\n{NOTHING}\r\na,b\r\n", "Row 2 holds 2 fields, where there are 49 columns."),
        ("a.csv", f"{HEADER}\r\n{NOTHING}", "The last line of the file has no end."),
        ("a.csv", f'{HEADER}\r\n"{NOTHING}\r\n', "Line 2 of the file is no CSV: unexpected end of data."),
        ("a.csv", f"{HEADER}\r\n{line(cost='free')}\r\n", "Row 1, column 'cost': 'free' is no amount"),
        ("a.csv", f"{HEADER}\r\n{line(cost='1E+999')}\r\n", "Row 1, column 'cost': '1E+999' is no amount of"),
        ("a.csv", f"{HEADER}\r\n{line(cost='-1')}\r\n", "Row 1, column 'cost': '-1' is no amount of 0 to 10^15"),
        ("a.csv", f"{HEADER}\r\n{line(attempts='1.0')}\r\n", "Row 1, column 'attempts': '1.0' is no whole number"),
        ("a.csv", f"{HEADER}\r\n{line(seconds='nan')}\r\n", "Row 1, column 'seconds': 'nan' is no number"),
        ("a.csv", f"{HEADER}\r\n{line(seconds='1e999')}\r\n", "Row 1, column 'seconds': '1e999' is no finite number"),
        ("a.csv", f"{HEADER}\r\n{line(stream='1')}\r\n", "Row 1, column 'stream': '1' is neither true nor false"),
        ("a.csv", f"{HEADER}\r\n{line(started_at='22/11/2026')}\r\n", "column 'started_at': '22/11/2026' is no moment"),
        (
            "a.csv",
            f"{HEADER}\r\n{line(started_at='2026-02-30T00:00:00Z')}\r\n",
            "column 'started_at': '2026-02-30T00:00:00Z' is no day and time of the calendar",
        ),
        ("a.csv", f"{HEADER}\r\n{line(id='a')}\r\n{line(id='a')}\r\n", "Row 2 has the id of one before it: a."),
        ("a.csv", b"\xff\xfe\n", "a.csv: The file is no UTF-8 at byte 0. Save it as UTF-8."),
        ("a.json", "{}", "a.json: The file holds no list of rows."),
        ("a.json", "[1]", "Row 1 is no object."),
        ("a.json", "[" * 100_000, "The file is no JSON: it is nested too deeply."),
        ("a.json", '[{"id": "a", "id": "b"}]', "The file is no JSON: an object names a column twice."),
        ("a.json", '[{"id": "a"}]', "Row 1 has no column 'session', "),
        ("a.json", json.dumps([RECORD, RECORD | {"x": 1}]), "Row 2 holds a column that sky.usage() has not: 'x'."),
        ("a.json", json.dumps([RECORD | {"cost": 0.1}]), "Row 1, column 'cost': 0.1 is no amount of 0 to 10^15 with"),
        ("a.json", json.dumps([RECORD | {"usage": {"a": 1}}]), "Row 1, column 'usage': {'a': 1} is no JSON object, as"),
        ("a.json", json.dumps([RECORD | {"cost": {}}]), "Row 1, column 'cost': {} is no amount"),
        ("a.json", json.dumps([RECORD | {"started_at": []}]), "Row 1, column 'started_at': [] is no moment"),
        ("a.json", json.dumps([RECORD | {"model": ["a"]}]), "Row 1, column 'model': ['a'] is no text."),
        ("a.json", json.dumps([RECORD | {"seconds": float("nan")}]), "The file is no JSON: NaN is no number of JSON."),
        ("a.json", f"[{'9' * 5000}]", "The file is no JSON: Exceeds the limit"),
        ("a.jsonl", "[]\n", "Row 1 is no object."),
        ("a.jsonl", json.dumps(RECORD) + "\n{\n", "Row 2 is no JSON: Expecting property name"),
        ("a.parquet", b"PAR1, not", "a.parquet: The file is no sound Parquet: "),
        ("a.txt", "", "'a.txt' does not say which format it has."),
    ],
)
def test_what_is_no_exported_record_is_told_apart(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """Columns, fields, kinds, limits and encodings, with the place where the file is wrong."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        import_usage(path)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Also a folder of such a name."""
    (tmp_path / "folder.csv").mkdir()
    for name in ("none.csv", "folder.csv"):
        with pytest.raises(InputError, match=f"{name}: There is no such file."):
            import_usage(tmp_path / name)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """Whatever it holds."""
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(4 * 2**30 + 1)
    with pytest.raises(InputError, match=r"The file is larger than 4 GB. Export it in parts."):
        import_usage(path)


def _parquet(path: Path, **columns: Any) -> Path:
    table = {name: columns.get(name, pa.nulls(1)) for name in COLUMNS}
    pq.write_table(pa.table(table), path)
    return path


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("cost", pa.array([0.1]), "The column 'cost' holds double, which is no money."),
        ("model", pa.array([[1]]), "The column 'model' holds list<element: int64>, which is no word."),
        ("attempts", pa.array(["1"]), "The column 'attempts' holds string, which is no count."),
        ("attempts", pa.array([-1]), "Row 1, column 'attempts': -1 is no whole number"),
        ("started_at", pa.array([0], pa.timestamp("us")), "The column 'started_at' holds timestamp[us], which is no"),
        ("started_at", pa.array([1], pa.timestamp("ns", tz="UTC")), "The file is no sound Parquet: Casting from"),
        ("usage", pa.array(["{"]), "Row 1, column 'usage': '{' is no JSON object, as text"),
    ],
)
def test_parquet_of_other_types_is_told_apart(tmp_path: Path, name: str, array: Any, message: str) -> None:
    """By the type of the column, or by the row."""
    with pytest.raises(InputError) as caught:
        import_usage(_parquet(tmp_path / "a.parquet", **{name: array}))
    assert message in str(caught.value)


def test_parquet_that_others_wrote_is_read(tmp_path: Path) -> None:
    """Words in dictionaries, wider and narrower types, columns without a value."""
    path = _parquet(
        tmp_path / "a.parquet",
        model=pa.array(["gpt-5"]).dictionary_encode(),
        attempts=pa.array([1], pa.int8()),
        seconds=pa.array([2]),
        started_at=pa.array([0], pa.timestamp("s", tz="Europe/Berlin")),
        cost=pa.nulls(1, pa.decimal128(10, 2)),
    )
    known = {"model": "gpt-5", "attempts": 1, "seconds": 2.0, "started_at": "1970-01-01T00:00:00+00:00"}
    assert_frame_equal(import_usage(path), frame_of_rows([RECORD | known]))


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet"])
@settings(max_examples=10)
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_is_no_other_record(
    tmp_path_factory: pytest.TempPathFactory, ending: str, part: float
) -> None:
    """Wherever it was cut: it is refused, or (lines of text, cut between two of them) holds the first rows."""
    folder = tmp_path_factory.getbasetemp()
    frame = frame_of_rows([RECORD | {"id": f"call-{number}", "output": "a\nb"} for number in range(3)])
    path = export_usage(folder / f"cut{ending}", frame, overwrite=True)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content.rstrip()))])
    with contextlib.suppress(InputError):  # which is what is to be seen
        back = import_usage(path)
        assert ending in (".csv", ".jsonl")
        assert_frame_equal(back, frame.iloc[: len(back)])
        assert len(back) < 3


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet"])
@settings(max_examples=12)
@given(data=st.data())
def test_a_file_with_a_byte_changed_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject
) -> None:
    """And nothing else ever happens."""
    folder = tmp_path_factory.getbasetemp()
    frame = frame_of_rows([RECORD | {"id": "a", "cost": "0.1", "started_at": "2026-03-06T20:15:23.160110+00:00"}])
    content = bytearray(export_usage(folder / f"changed{ending}", frame, overwrite=True).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / f"changed{ending}").write_bytes(content)
    with contextlib.suppress(InputError):
        import_usage(folder / f"changed{ending}")


def test_columns_may_come_in_any_order_and_with_a_mark(filled: Ledger, tmp_path: Path) -> None:
    """As a spreadsheet writes UTF-8; flags in capitals, as it writes them too."""
    path = export_usage(tmp_path / "a.csv", ledger=filled)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, sorted(COLUMNS))
        writer.writeheader()
        writer.writerows(row | {"stream": row["stream"].upper()} for row in rows)
    assert_frame_equal(import_usage(path), usage(ledger=filled))


def test_a_long_text_is_read(ledger: Ledger, a_call: MakeCall, tmp_path: Path) -> None:
    """Longer than the library's own limit, which is as it was afterwards."""
    ledger.insert(row_of(a_call("a", output="x" * 1_000_000)))
    limit = csv.field_size_limit()
    back = import_usage(export_usage(tmp_path / "a.csv", ledger=ledger))
    assert back["output"].tolist() == ["x" * 1_000_000]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet"])
def test_an_import_is_recorded_once(filled: Ledger, tmp_path: Path, a_call: MakeCall, ending: str) -> None:
    """Rows that the record holds stay as they are, the others are added, and again adds nothing."""
    path = export_usage(tmp_path / f"a{ending}", ledger=filled)
    other = Ledger(tmp_path / "other.sqlite3")
    other.insert(row_of(a_call("call-1", cost="9")))
    for _ in range(2):
        back = import_usage(path, record=True, ledger=other)
        assert_frame_equal(back, usage(ledger=filled))
        costs = usage(ledger=other).set_index("id")["cost"].to_dict()
        assert costs == {"call-0": Decimal("0.1"), "call-1": Decimal(9), "call-2": None}
    other.close()


@pytest.mark.parametrize("cost", ["1e-13", "0.0000000000001", "1e2"])
def test_amounts_of_an_import_add_up_as_they_are_written(any_ledger: Ledger, tmp_path: Path, cost: str) -> None:
    """Other programs write e where the record writes E."""
    known = {"id": "a", "session": "s", "started_at": "2026-03-06T20:15:23.160110+00:00", "api": "chat"}
    known |= {"endpoint": "POST /x", "model": "m", "stream": "false", "sandbox": "false", "status": "succeeded"}
    known |= {"attempts": "1", "waited": "0", "cost": cost, "cost_source": "priced", "currency": "USD"}
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEADER}\r\n{line(**known, fingerprint='f')}\r\n".encode())
    import_usage(path, record=True, ledger=any_ledger)
    assert summary(ledger=any_ledger).loc["m", "cost"] == Decimal(cost)


def test_an_import_is_the_same_in_the_record(any_ledger: Ledger, tmp_path: Path, a_call: MakeCall) -> None:
    """Every column of every row; what a store cannot hold of a text is replaced there."""
    kept = Ledger(tmp_path / "kept.sqlite3")
    more = {"finished_at": datetime(2026, 3, 6, 21, tzinfo=UTC), "credits": Decimal("0.10"), "seconds": 0.1}
    for name, said in (("a", "plain"), ("b", "with \0 in it")):
        kept.insert(row_of(a_call(name, cost="0.0000000001", output=said, usage={"n": [1]}, stream=True, **more)))
    frame = usage(ledger=kept)
    import_usage(export_usage(tmp_path / "a.csv", frame), record=True, ledger=any_ledger)
    back = usage(ledger=any_ledger)
    assert_frame_equal(back.drop(columns="output"), frame.drop(columns="output"))
    assert back["output"].str.replace("\N{REPLACEMENT CHARACTER}", "\0").tolist() == ["plain", "with \0 in it"]
    kept.close()


def test_without_record_nothing_is_recorded(filled: Ledger, tmp_path: Path) -> None:
    """The frame is all that comes of it."""
    other = Ledger(tmp_path / "other.sqlite3")
    import_usage(export_usage(tmp_path / "a.csv", ledger=filled), ledger=other)
    assert not other.store.exists()


def test_rows_that_no_record_made_are_not_recorded(ledger: Ledger, tmp_path: Path) -> None:
    """Such as those of the account alone; none of the file's is recorded then."""
    path = export_usage(tmp_path / "a.csv", frame_of_rows([RECORD | {"model": "gpt-5"}]))
    assert len(import_usage(path)) == 1
    with pytest.raises(InputError, match="Row 1 does not say its id, session, started_at, api, endpoint, stream"):
        import_usage(path, record=True, ledger=ledger)
    assert not ledger.store.exists()


def test_a_record_that_cannot_be_written_says_how_far_it_came(filled: Ledger, tmp_path: Path) -> None:
    """A folder stands where the file should be."""
    path = export_usage(tmp_path / "a.csv", ledger=filled)
    with pytest.raises(SetupError, match="Of 3 rows, 0 were recorded in "):
        import_usage(path, record=True, ledger=Ledger(tmp_path))
