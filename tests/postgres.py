"""A real PostgreSQL on loopback, from Debian's package: started for the tests, stopped by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

USER = "teacher"
PASSWORD = "a p@ss/word:of its own"  # all that has to be escaped in an address


def programs() -> Path | None:
    """Name the folder of initdb and postgres, the newest of several; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    path = str(found[-1]) if found else shutil.which("postgres")
    return Path(path).resolve().parent if path else None


def skip_without_postgres() -> None:
    """Skip the test where no server is installed."""
    if programs() is None:
        pytest.skip("no PostgreSQL is installed: Debian's package postgresql brings one")


def _user() -> dict[str, Any]:
    """Give up root, which PostgreSQL refuses to run as."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class Postgres:
    """A server with a data folder of its own; `url` names a place in it. `fsync` off: tests need no power cut."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._programs = programs()
        self._data = folder / "data"
        self._log = folder / "log"
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._made = 0
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if owner := _user():
            for path in (folder, secret):
                shutil.chown(path, owner["user"], owner["group"])
        initdb = [self._program("initdb"), "--no-sync", "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}"]
        self._run([*initdb, "-E", "UTF8", "--locale=C.UTF-8", "-D", str(self._data)])

    def _program(self, name: str) -> str:
        assert self._programs is not None
        return str(self._programs / name)

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **_user())

    def start(self) -> None:
        """Start, on the port that it had before; returns when it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port or _free_port()),
            "unix_socket_directories": "",
            "fsync": "on" if self._fsync else "off",
            "max_connections": "60",
            "shared_buffers": "32MB",
        }
        self.port = int(options["port"])
        command = [self._program("postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_user())
        self._await()

    def _await(self) -> None:
        assert self._process is not None
        patience = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url(), autocommit=True, connect_timeout=5).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > patience:
                    raise RuntimeError(self._log.read_text(errors="replace")) from None
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT ends connections and writes what is open, SIGQUIT does neither."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def url(self, schema: str | None = None, *, database: str = "postgres") -> str:
        """Write the address of a database, or of a schema in it, as SQLAlchemy does."""
        options = f"?options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}{options}"

    def place(self) -> str:
        """Make a place for a ledger in which there is none yet."""
        self._made += 1
        name = f"place_{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return self.url(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*, fsync: bool = False) -> Iterator[Postgres]:
    """Run a server in a folder of its own, which is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="skytells-nb-postgres-"))
    server = None
    try:
        server = Postgres(folder, fsync=fsync)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
