"""Clients that record their calls, and what a ledger's place then holds, read as another program would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from skytells_nb.api.client import Client
from skytells_nb.costs.ledger import Ledger, Recorder

KEY = "sk-test-4f9a1c77"
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-5",
    "choices": [{"message": {"content": "An answer nobody should keep."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19},
}


def recording_client(ledger: Ledger, address: str = "https://api.skytells.test/v1", **options: Any) -> Client:
    """Make a client whose calls go into a ledger."""
    return Client(api_key=KEY, base_url=address, observers=(Recorder(ledger),), **options)


def stored(place: str | Path) -> list[dict[str, Any]]:
    """Give the rows, oldest first, in plain values: money and moments as text, flags as 0 or 1."""
    if "://" in str(place):
        with psycopg.connect(str(place), autocommit=True, row_factory=dict_row) as server:
            return [plain(row) for row in server.execute("SELECT * FROM skytells_calls ORDER BY started_at, id")]
    with closing(sqlite3.connect(place)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute("SELECT * FROM calls ORDER BY started_at, id")]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Write a row of either store in the same values."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return int(value) if isinstance(value, bool) else value
