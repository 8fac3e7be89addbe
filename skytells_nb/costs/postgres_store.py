"""The record in a PostgreSQL that a class or a team shares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from ..errors import SetupError, plain
from .connected import Connected
from .migrations import MIGRATIONS
from .store import Cursor, LostError, Result, StoreError, UnfitError

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x736B7974656C6C73
"""The advisory lock of those who write several statements as one."""
_DEFAULTS: Mapping[str, Any] = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 10,
    "application_name": "skytells_nb",
}
"""A server that went away is given up within seconds; the address may say otherwise."""
_WHO = re.compile(r"^(?P<scheme>[^:]*://)(?P<user>[^:@/]*)(?P<password>:.*)?@", re.DOTALL)
_MANNERS = """
SET lock_timeout = '3s'; SET datestyle = 'ISO'; SET timezone = 'UTC'; SET extra_float_digits = 1;
SET default_transaction_isolation = 'read committed'
"""
"""Whatever the environment, the role or the database have as their own."""
_PASSWORD = re.compile(r"[^:]*://[^:@/?]*:(?P<password>[^?]+)@")


class PostgresStore(Connected["psycopg.Connection[Any]"]):
    """A database at an address as SQLAlchemy or libpq writes it; its tables begin with `skytells_`."""

    dialect: Literal["postgresql"] = "postgresql"
    prefix = "skytells_"

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.place = _public(address)
        self._there = False

    def exists(self) -> bool:
        """Say whether the tables are there."""
        if not self._there:
            with self._failing(), closing(self._link()) as connection:
                self._there = _version(connection) > 0
        return self._there

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> int:
        """Run and commit one statement; returns how many rows it changed."""
        with self._lock, self._failing():
            return self._opened().execute(_put(sql), params).rowcount

    def rows(self, sql: str, params: Sequence[Any] = (), /, *, size: int = 20_000) -> Iterator[list[tuple[Any, ...]]]:
        """Read rows in chunks, as of one moment; writers go on."""
        if not self.exists():
            return
        with (
            self._failing(),
            closing(self._current()) as connection,
            connection.transaction(),
            connection.cursor(name="rows") as cursor,
        ):
            cursor.execute(_put(sql), params)
            while chunk := cursor.fetchmany(size):
                yield chunk

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """Read several statements as of one moment, on a connection of its own."""
        with self._failing(), closing(self._current()) as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield _Cursor(connection)

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Write several statements as one; others who do so wait, 3 seconds at most."""
        with self._lock, self._failing():
            try:
                self._opened().execute("SELECT 1")
            except self._driver().OperationalError:  # it may have been idle for hours
                self.close()
            connection = self._opened()
            with connection.transaction():
                self._busy = True
                try:
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                    yield _Cursor(connection)
                finally:
                    self._busy = False

    def _usable(self, connection: psycopg.Connection[Any]) -> bool:
        return not connection.closed

    def _close(self, connection: psycopg.Connection[Any]) -> None:
        connection.close()

    def _connect(self) -> psycopg.Connection[Any]:
        connection = self._link()
        try:
            if self._checked(connection) < len(MIGRATIONS):
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._there = True
        return connection

    def _migrate(self, connection: psycopg.Connection[Any]) -> None:
        for number, step in enumerate(MIGRATIONS, start=1):
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                if _version(connection) < number:
                    for statement in (*_COUNTING, *step.postgresql):
                        connection.execute(statement.encode())
                    connection.execute("UPDATE skytells_version SET number = %s", (number,))

    def _current(self) -> psycopg.Connection[Any]:
        """Open another connection, to tables that are up to date."""
        with self._lock:
            self._opened()
        return self._link()

    def _checked(self, connection: psycopg.Connection[Any]) -> int:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise SetupError(
                f"The ledger {self.place} was written by a newer skytells_nb.",
                "Update the package, or set SKYTELLS_NB_LEDGER to another place.",
            )
        return version

    def _link(self) -> psycopg.Connection[Any]:
        connection = self._driver().connect(autocommit=True, **self._parts() | {"client_encoding": "UTF8"})
        try:
            connection.execute(_MANNERS)
        except BaseException:
            connection.close()
            raise
        return connection  # type: ignore[no-any-return]

    def _parts(self) -> dict[str, Any]:
        """Give libpq the address in parts, so that it repeats none of it that is secret."""
        scheme, _, rest = self._address.partition("://")
        if scheme not in _SCHEMES:
            raise SetupError(
                f"{self.place!r} is no place for a ledger.",
                "Set SKYTELLS_NB_LEDGER to a path or to a postgresql://… address.",
            )
        driver = self._driver()
        try:
            parts = driver.conninfo.conninfo_to_dict(f"postgresql://{rest}")
        except driver.Error:
            parts = {}
        meant = _PASSWORD.match(self._address)  # libpq would take what follows a bare @ or / for the host
        if not parts or (meant and unquote(meant["password"]) != parts.get("password")):
            raise SetupError(
                f"{self.place!r} is not an address of PostgreSQL.",
                "Write postgresql://user:password@host/database, with other characters than letters and digits "
                "of the password as %40 and so on.",
            )
        return {**_DEFAULTS, **parts}

    def _driver(self) -> ModuleType:
        try:
            import psycopg
        except ImportError:
            raise SetupError(
                f"The ledger {self.place} needs psycopg, which is not installed.",
                "Run pip install 'skytells-nb[postgres]', or set SKYTELLS_NB_LEDGER to a file.",
            ) from None
        return psycopg

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Say what the driver says in words of ours; it may know the password, so its error is not shown."""
        driver = self._driver()
        try:
            yield
        except (driver.DataError, UnicodeEncodeError) as error:
            raise UnfitError(self._told(error)) from None
        except driver.Error as error:
            connection = self._connection
            lost = connection is not None and connection.closed
            if lost:
                self._connection = None
            raise (LostError if lost else StoreError)(self._told(error)) from None

    def _told(self, error: Exception) -> str:
        text = next(iter(str(error).strip().splitlines()), type(error).__name__)
        for secret in _secrets(self._address):
            text = text.replace(secret, "…")
        return plain(text, 200)


class _Cursor:
    """A connection that takes `?` for values."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> Result:
        """Run a statement."""
        return self._connection.execute(_put(sql), params)


_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_VERSIONED = "SELECT 1 FROM pg_class WHERE relname = 'skytells_version' AND pg_table_is_visible(oid)"
"""Reads the catalogue itself: to_regclass() may answer from before the lock that was waited for."""
_COUNTING = (
    "CREATE TABLE IF NOT EXISTS skytells_version (number INTEGER NOT NULL)",
    "INSERT INTO skytells_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM skytells_version)",
)


def _version(connection: psycopg.Connection[Any]) -> int:
    """Give the number of the last migration; 0 where there is no table."""
    if connection.execute(_VERSIONED).fetchone() is None:
        return 0
    found = connection.execute("SELECT number FROM skytells_version").fetchone()
    return int(found[0]) if found else 0


@lru_cache(1024)
def _put(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _public(address: str) -> str:
    """Write an address without its password and options."""
    found = _WHO.match(address)
    end = address[found.end() :] if found else address.partition("://")[2]
    who = f"{found['scheme']}{found['user']}@" if found else f"{address.partition('://')[0]}://"
    return plain(who + end.partition("?")[0], 200)


def _secrets(address: str) -> list[str]:
    """Give what of an address is secret, as it is written and as it is meant."""
    found = _WHO.match(address)
    written = [found["password"][1:]] if found and found["password"] else []
    written += re.findall(r"[?&](?:ssl)?password=([^&]+)", address)
    return sorted(filter(None, {*written, *map(unquote, written)}), key=len, reverse=True)
