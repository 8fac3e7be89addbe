"""What the proofs share: a server that says any bytes, and places for a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres

from .raw import RawServer, running


@pytest.fixture(scope="module")
def raw_server() -> Iterator[RawServer]:
    """Run a server of this module's own, whose bytes its tests choose."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a place for a ledger that does not exist yet: a file, and then one in a PostgreSQL."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite3")
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.place()
