"""What the tests of this layer share: ledgers of their own, and calls made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.ledger import Ledger
from tests.postgres import Postgres
from tests.recording import recording_client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the file of a ledger that does not exist yet."""
    return tmp_path / "deep" / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Give a ledger of this test's own."""
    made = Ledger(path)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """Name a place for a ledger that does not exist yet: a file, and then one in a PostgreSQL."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("path"))
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.place()


@pytest.fixture
def any_ledger(place: str) -> Iterator[Ledger]:
    """Give a ledger of this test's own: a file, and then one in a PostgreSQL."""
    made = Ledger(place)
    yield made
    made.close()


@pytest.fixture
def recording(any_ledger: Ledger) -> Iterator[Callable[..., Client]]:
    """Make clients that record in this test's ledger."""
    made: list[Client] = []

    def make(*args: Any, **options: Any) -> Client:
        made.append(recording_client(any_ledger, *args, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def a_call() -> Callable[..., Call]:
    """Make calls: `a_call("id", cost="0.01", status="succeeded", …)`."""

    def make(name: str = "call", *, cost: str | None = None, **more: Any) -> Call:
        known: dict[str, Any] = {
            "id": name,
            "api": "chat",
            "endpoint": "POST /chat/completions",
            "model": "gpt-5",
            "started_at": datetime(2026, 3, 6, 20, 15, 23, 160110, tzinfo=UTC),
            "fingerprint": "f" * 64,
            "charge": Charge(reason="unknown") if cost is None else Charge(Decimal(cost), source="priced"),
        }
        return Call(**(known | more))

    return make
