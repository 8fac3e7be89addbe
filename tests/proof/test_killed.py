"""A program that is killed at any moment of a prediction leaves a record that leads back to everything it paid for."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api import requests
from skytells_nb.api.client import Client
from skytells_nb.costs.ledger import Ledger
from skytells_nb.local import Sandbox

from .killed import TRIALS

SEED = 20261122
SLUGS = ("truefusion", "truefusion-video", "truefusion-edge")


@dataclass(frozen=True)
class Aftermath:
    """What the server made, by prompt, and what each killed program had written down."""

    created: dict[str, str]
    rows: dict[int, list[dict[str, Any]]]
    files: list[Path]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """Kill fifty programs, and look at what is left of them."""
    folder = tmp_path_factory.mktemp("ledgers")
    with Sandbox(pace=100.0) as sandbox:
        script = [sys.executable, "-m", "tests.proof.killed", sandbox.url, str(folder), str(SEED), *SLUGS]
        subprocess.run(script, check=True, timeout=100, cwd=Path(__file__).parents[2])
        with Client(api_key="sk-sandbox-killed", base_url=sandbox.url, observers=()) as client:
            created = {job.input["prompt"]: job.id for job in client.predictions()}
    files = sorted(folder.glob("*.sqlite3"))
    rows = {}
    for file in files:
        ledger = Ledger(file)
        rows[int(file.stem)] = ledger.rows()
        ledger.close()
    return Aftermath(created, rows, files)


def fingerprint_of(prompt: str) -> str:
    """Give the SHA-256 of the body that creates the prediction of a prompt."""
    return requests.create_prediction(prompt.split("/", 2)[2], {"prompt": prompt}).fingerprint


def test_no_prediction_is_lost(aftermath: Aftermath) -> None:
    """Each one that the server made has exactly one row, by its fingerprint, and by its id once that was heard of."""
    assert len(aftermath.created) >= TRIALS
    for prompt, job in aftermath.created.items():
        rows = aftermath.rows[int(prompt.partition("/")[0])]
        (row,) = [row for row in rows if row["fingerprint"] == fingerprint_of(prompt)]
        assert row["remote_id"] in (None, job)
        assert (row["api"], row["remote_id"] is None) == ("prediction", row["status"] == "sent")


def test_no_row_is_there_twice_or_for_nothing(aftermath: Aftermath) -> None:
    """One row a call; a row without a prediction is a call that was killed before the server had it."""
    made = {fingerprint_of(prompt) for prompt in aftermath.created}
    for rows in aftermath.rows.values():
        assert set(Counter(row["fingerprint"] for row in rows).values()) <= {1}
        assert {row["status"] for row in rows if row["fingerprint"] not in made} <= {"sent"}
        assert sum(row["status"] in ("sent", "running") for row in rows) <= 1


def test_every_ledger_is_whole(aftermath: Aftermath) -> None:
    """SQLite finds nothing wrong with any of the files that were open when their program was killed."""
    assert len(aftermath.files) >= TRIALS * 0.9  # one killed before its first call has none
    for file in aftermath.files:
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_kills_struck_every_phase_of_a_call(aftermath: Aftermath) -> None:
    """Before the id was known, while the job ran, and between two calls; so the others prove something."""
    last = Counter(rows[-1]["status"] for rows in aftermath.rows.values() if rows)
    assert all(last[status] >= 3 for status in ("sent", "running", "succeeded")), last
