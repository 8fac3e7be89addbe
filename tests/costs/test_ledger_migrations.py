"""A ledger of an older version is brought up to date, step by step, and keeps every row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from skytells_nb.api.record import Call
from skytells_nb.costs import postgres_store, sqlite_store
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.jobs import Which, find
from skytells_nb.costs.ledger import Ledger, row_of
from skytells_nb.costs.migrations import MIGRATIONS, Migration
from skytells_nb.costs.store import StoreError
from tests.postgres import Postgres
from tests.recording import plain

MakeCall = Callable[..., Call]

FIRST = """
CREATE TABLE calls (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, tag TEXT,
    cell TEXT, execution_count INTEGER,
    api TEXT NOT NULL, endpoint TEXT NOT NULL, model TEXT NOT NULL, model_used TEXT, stream INTEGER NOT NULL,
    sandbox INTEGER NOT NULL, status TEXT NOT NULL, error_id TEXT, http_status INTEGER,
    request_id TEXT, remote_id TEXT,
    attempts INTEGER NOT NULL, waited REAL NOT NULL, seconds REAL, ttft REAL,
    prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER, reasoning_tokens INTEGER,
    cached_tokens INTEGER, predict_time REAL, total_time REAL, outputs INTEGER,
    quoted TEXT, cost TEXT, cost_source TEXT NOT NULL, cost_reason TEXT, currency TEXT NOT NULL,
    fingerprint TEXT NOT NULL, usage TEXT
) WITHOUT ROWID;
CREATE INDEX calls_remote ON calls (remote_id) WHERE api = 'prediction';
PRAGMA user_version = 1;
"""
"""What the first version made, as it was published."""

OLD = {
    "session": "old",
    "started_at": "2026-03-06T20:15:23+00:00",
    "cell": "cell-1",
    "execution_count": 7,
    "api": "prediction",
    "endpoint": "POST /predictions",
    "model": "truefusion",
    "stream": 0,
    "sandbox": 1,
    "status": "running",
    "remote_id": "p-500",
    "attempts": 1,
    "waited": 0.5,
    "quoted": "0.040",
    "cost": "0.1234567890123456789",
    "cost_source": "unknown",
    "currency": "USD",
    "fingerprint": "f",
    "usage": '{"a": 1}',
}


def older(path: Path, rows: int = 1000) -> None:
    """Write a file as the first version did."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(FIRST)
        names = ["id", *OLD]
        file.executemany(
            f"INSERT INTO calls ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            [
                (f"{n:04}", *(f"p-{n}" if name == "remote_id" else value for name, value in OLD.items()))
                for n in range(rows)
            ],
        )
        file.commit()


def test_a_file_of_the_first_version_keeps_every_row(path: Path, ledger: Ledger) -> None:
    """Every value stands as it was; what was not kept then is missing."""
    older(path)
    rows = ledger.rows()
    assert [row["id"] for row in rows] == [f"{n:04}" for n in range(1000)]
    assert rows[500] == dict.fromkeys(COLUMNS) | OLD | {"id": "0500"}
    assert list(rows[0]) == list(COLUMNS)


def test_a_job_that_an_older_version_began_is_completed(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """By its remote id; the new columns are filled."""
    older(path)
    ended = a_call("new", api="prediction", remote_id="p-7", status="succeeded", cost="0.04", megapixels=1.05)
    ledger.complete(row_of(ended))
    rows = {row["id"]: row for row in ledger.rows()}
    assert len(rows) == 1000
    assert (rows["0007"]["status"], rows["0007"]["megapixels"]) == ("succeeded", 1.05)


def test_a_job_of_an_older_version_is_listed_and_belongs_to_no_cell(path: Path, ledger: Ledger) -> None:
    """Nobody noted which of its cell's jobs it was."""
    older(path, rows=2)
    assert [job.id for job in find(ledger, Which(unseen=True))] == ["p-0", "p-1"]
    assert find(ledger, Which(fingerprint="f", cell="cell-1", nth=1)) == ()


def test_a_postgresql_of_the_first_step_keeps_every_row(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, a_call: MakeCall
) -> None:
    """The same steps, in its own types."""
    place = postgres.place()
    monkeypatch.setattr(postgres_store, "MIGRATIONS", MIGRATIONS[:1])
    names = ["id", *OLD]
    with closing(Ledger(place)) as first:
        values = [bool(value) if COLUMNS[name] == "flag" else value for name, value in OLD.items()]
        sql = f"INSERT INTO skytells_calls ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        first.store.execute(sql, ["one", *values])
    monkeypatch.undo()
    with closing(Ledger(place)) as now:
        (row,) = now.rows()
    expected = dict.fromkeys(COLUMNS) | OLD | {"id": "one", "started_at": "2026-03-06T20:15:23.000000+00:00"}
    assert plain(row) == expected
    assert row["cost"] == Decimal("0.1234567890123456789")


FAILING = Migration(
    sqlite=("CREATE TABLE half_done (a TEXT)", "SELECT * FROM no_such_table"),
    postgresql=("CREATE TABLE half_done (a TEXT)", "SELECT * FROM no_such_table"),
)


def test_a_step_that_fails_is_taken_back_whole_and_those_before_it_stand(
    place: str, any_ledger: Ledger, monkeypatch: pytest.MonkeyPatch, a_call: MakeCall
) -> None:
    """Each is a transaction of its own: the program that lacks the faulty step goes on where it was."""
    with monkeypatch.context() as faulty:
        for store in (sqlite_store, postgres_store):
            faulty.setattr(store, "MIGRATIONS", (*MIGRATIONS, FAILING))
        with pytest.raises(StoreError, match="no_such_table"):
            any_ledger.insert(row_of(a_call("one")))
    any_ledger.insert(row_of(a_call("two")))
    assert [row["id"] for row in any_ledger.rows()] == ["two"]
    with pytest.raises(StoreError, match="half_done"):
        any_ledger.store.execute("SELECT * FROM half_done")


def test_a_newer_postgresql_is_left_untouched(postgres: Postgres, a_call: MakeCall) -> None:
    """Its tables are as before, and it is refused for reading and writing."""
    place = postgres.place()
    with psycopg.connect(place, autocommit=True) as server:
        server.execute("CREATE TABLE skytells_version (number INTEGER NOT NULL)")
        server.execute("INSERT INTO skytells_version VALUES (%s)", (len(MIGRATIONS) + 1,))
        with closing(Ledger(place)) as ledger:
            ledger_row = row_of(a_call())
            with pytest.warns(RuntimeWarning, match="was written by a newer skytells_nb"):
                ledger.record(ledger_row, ended=False)
            with pytest.warns(RuntimeWarning, match=r"cannot be read .* was written by a newer skytells_nb"):
                assert [row["id"] for row in ledger.rows()] == ["call"]
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
        assert tables == [("skytells_version",)]
