"""Groups of the calls of a ledger, those that could not be written among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...errors import SetupError
from ..cells import amount, real, text, whole
from ..choice import Choice
from ..columns import COLUMNS, Kind
from ..ledger import Ledger
from ..rows import Row
from ..store import Cursor, Store, StoreError, open_store
from . import by_postgres, by_sqlite
from .grouping import Group


def groups_of(ledger: Ledger, chosen: Choice, keys: Sequence[str]) -> list[Group]:
    """Sum up the chosen rows by some keys.

    Where the store cannot be read, a RuntimeWarning says so, and what is in memory is summed up.
    """
    for large in (False, True):
        try:
            if ledger.store.exists():
                groups = _summed(ledger.store, [[*ledger.unwritten.values()]], chosen, keys, large=large)
                ledger.trouble = ""
                return groups
        except (StoreError, SetupError) as error:
            if "overflow" not in str(error):
                break  # reading says what is wrong, once
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder, "rows.sqlite3"))
        try:
            rows = (
                [dict(zip(COLUMNS, row, strict=True)) for row in chunk] for chunk in ledger.read([*COLUMNS], chosen)
            )
            return _summed(store, rows, chosen, keys, large=True)
        finally:
            store.close()


def _summed(
    store: Store, rows: Iterable[Sequence[Row]], chosen: Choice, keys: Sequence[str], *, large: bool
) -> list[Group]:
    """Sum up what a store holds, and these rows in place of those that it has of the same calls."""
    condition, values = chosen.where()
    with store.reading() as cursor:
        source = f"SELECT * FROM {store.prefix}calls WHERE {condition or 'TRUE'}"  # noqa: S608 - our own names
        if held := _hold(cursor, store, rows):
            kept = f"SELECT * FROM {_HELD} WHERE {condition or 'TRUE'}"  # noqa: S608
            source = f"{source} AND id NOT IN (SELECT id FROM {_HELD}) UNION ALL {kept}"  # noqa: S608
            values = [*values, *values]
        if store.dialect == "postgresql":
            return by_postgres.sums(cursor, source, values, keys)
        with ThreadPoolExecutor(1) as beside:
            early = None if held else beside.submit(_ranks_beside, store, source, values, keys)
            groups = by_sqlite.sums(cursor, source, values, keys, large=large)
            ranks = early.result() if early else {}
        if not _agree(groups, ranks):  # somebody wrote in between, or what is held is in this connection only
            ranks = by_sqlite.ranks(cursor, source, values, keys)
        for key, found in ranks.items():
            groups[key].ranks = found
        return [*groups.values()]


def _ranks_beside(store: Store, source: str, values: Sequence[Any], keys: Sequence[str]) -> by_sqlite.Found:
    """Find the percentiles on another connection, since SQLite works in one thread for each."""
    with store.reading() as cursor:
        return by_sqlite.ranks(cursor, source, values, keys)


def _agree(groups: Mapping[by_sqlite.Key, Group], ranks: by_sqlite.Found) -> bool:
    """Say whether sums and percentiles are of the same calls."""
    counted = {key: [count for count, _ in group.ranks.values()] for key, group in groups.items()}
    found = {key: [count for count, _ in each.values()] for key, each in ranks.items()}
    return {key: counts for key, counts in counted.items() if any(counts)} == {
        key: counts for key, counts in found.items() if any(counts)
    }


_HELD = "skytells_held"


def _hold(cursor: Cursor, store: Store, rows: Iterable[Sequence[Row]]) -> bool:
    """Put rows into a temporary table like that of the calls; says whether there is any."""
    held = False
    for chunk in rows:
        for row in chunk:
            if not held:
                like = f"AS SELECT * FROM {store.prefix}calls LIMIT 0"  # noqa: S608
                cursor.execute(f"CREATE TEMP TABLE {_HELD} {like}")
                held = True
            known = {
                name: _READ[COLUMNS[name]](value)
                for name, value in row.items()
                if value is not None and name in COLUMNS
            }
            given = ", ".join("?" * len(known))
            cursor.execute(f"INSERT INTO {_HELD} ({', '.join(known)}) VALUES ({given})", [*known.values()])  # noqa: S608
    return held


def _money(value: Any) -> str | None:
    read = amount(value)
    return None if read is None else str(read)


_READ: dict[Kind, Any] = {
    "text": text,
    "word": text,
    "json": text,
    "moment": str,
    "flag": bool,
    "count": whole,
    "real": real,
    "money": _money,
}
"""What no store takes is missing."""
