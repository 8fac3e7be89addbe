"""The tables of named budgets: what the statements are, and how their rows are read.

Money is written as exact text. Sums stand beside the rules, so that a call costs the same work however many went
before; they change in the same transaction as the shares that they are sums of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ...api.reading import moment
from ...api.record import Call
from ...errors import plain
from ..rows import SESSION
from ..store import Cursor, Store
from .accounts import Reservation, State
from .rules import Rules, Share, Totals

_OPEN = True
_STATE = "limit_usd, per_call, unknown, tag, spent, reserved, unpriced"


class BudgetTable:
    """The rows of one name, in the sandbox or live."""

    def __init__(self, store: Store, name: str, *, sandbox: bool) -> None:
        self.store = store
        self.name = name
        self.sandbox = sandbox
        self._budgets, self._shares = f"{store.prefix}budgets", f"{store.prefix}budget_shares"
        self._key = (name, sandbox)

    def read(self, cursor: Cursor | None = None) -> State | None:
        """Read how it stands, within a transaction or without; None where there is no such budget."""
        sql = f"SELECT {_STATE} FROM {self._budgets} WHERE name = ? AND sandbox = ?"  # noqa: S608 - our own names
        found = self._all(sql, cursor)
        if not found:
            return None
        limit, per_call, unknown, tag, spent, reserved, unpriced = found[0]
        rules = Rules(_exact(limit), _money(per_call), unknown, self.sandbox, tag)
        return State(rules, Totals(_exact(spent), _exact(reserved), unpriced))

    def write(self, cursor: Cursor, state: State) -> None:
        """Write how it stands, over what was there."""
        rules, totals = state.rules, state.totals
        columns = ("name", "sandbox", *_STATE.split(", "))
        values = (rules.limit, rules.per_call, rules.unknown, rules.tag, totals.spent, totals.reserved, totals.unpriced)
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
        cursor.execute(
            f"INSERT INTO {self._budgets} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
            f" ON CONFLICT (name, sandbox) DO UPDATE SET {changes}",
            (*self._key, *(str(value) if isinstance(value, Decimal) else value for value in values)),
        )

    def forget_calls(self, cursor: Cursor) -> None:
        """Drop all shares."""
        cursor.execute(f"DELETE FROM {self._shares} WHERE name = ? AND sandbox = ?", self._key)  # noqa: S608

    def share(self, cursor: Cursor, call: Call) -> tuple[str, Share] | None:
        """Find the share of a call: by its own id, or by its job's, where another kernel began it."""
        sql = f"SELECT call, amount, open, sure FROM {self._shares} WHERE name = ? AND sandbox = ? AND "  # noqa: S608
        found = cursor.execute(f"{sql} call = ?", (*self._key, call.id)).fetchone()
        if found is None and (job := job_of(call)):
            found = cursor.execute(f"{sql} job = ? ORDER BY since", (*self._key, job)).fetchone()
        return None if found is None else (found[0], Share(_money(found[1]), bool(found[2]), bool(found[3])))

    def reserve(self, cursor: Cursor, call: Call, share: Share) -> None:
        """Add the share of a call that begins."""
        facts = (plain(call.model, 120), SESSION, call.started_at.isoformat())
        cursor.execute(
            f"INSERT INTO {self._shares} (name, sandbox, call, amount, open, sure, model, session, since)"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*self._key, call.id, _text(share.amount), share.open, share.sure, *facts),
        )

    def settle(self, cursor: Cursor, call: str, share: Share, job: str | None) -> None:
        """Write what became of a share."""
        cursor.execute(
            f"UPDATE {self._shares} SET amount = ?, open = ?, sure = ?, job = coalesce(?, job)"  # noqa: S608
            " WHERE name = ? AND sandbox = ? AND call = ?",
            (_text(share.amount), share.open, share.sure, job, *self._key, call),
        )

    def held(self, cursor: Cursor | None = None) -> list[tuple[Share, Reservation]]:
        """List the shares that are open, oldest first."""
        sql = (
            f"SELECT amount, sure, call, model, since, session, job FROM {self._shares}"  # noqa: S608
            " WHERE name = ? AND sandbox = ? AND open = ? ORDER BY since, call"
        )
        found = self._all(sql, cursor, _OPEN)
        return [
            (
                Share(_money(amount), open=True, sure=bool(sure)),
                Reservation(call, model, _money(amount), _moment(since), session, job),
            )
            for amount, sure, call, model, since, session, job in found
        ]

    def _all(self, sql: str, cursor: Cursor | None, *values: object) -> Sequence[tuple[Any, ...]]:
        values = (*self._key, *values)
        if cursor is not None:
            return cursor.execute(sql, values).fetchall()
        return [row for chunk in self.store.rows(sql, values) for row in chunk]


def names(store: Store) -> list[str]:
    """Give the names of all budgets."""
    sql = f"SELECT DISTINCT name FROM {store.prefix}budgets"  # noqa: S608 - our own name
    return [row[0] for chunk in store.rows(sql) for row in chunk]


def counting(store: Store, call: Call) -> list[tuple[str, bool]]:
    """Give the budgets (name, in the sandbox) in which a job has a share, whichever kernel began it."""
    sql = f"SELECT DISTINCT name, sandbox FROM {store.prefix}budget_shares WHERE job = ?"  # noqa: S608
    with store.transaction() as cursor:
        return [(name, bool(sandbox)) for name, sandbox in cursor.execute(sql, (job_of(call),)).fetchall()]


def job_of(call: Call) -> str | None:
    """Give the id of a call's job as the tables keep it."""
    return plain(call.remote_id, 200) if call.api == "prediction" and call.remote_id else None


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _exact(value: Any) -> Decimal:
    return Decimal(str(value))


def _money(value: Any) -> Decimal | None:
    return None if value is None else _exact(value)


def _moment(value: Any) -> datetime:
    read = value if isinstance(value, datetime) else moment(value)
    return read.astimezone(UTC) if read else datetime.fromtimestamp(0, UTC)
