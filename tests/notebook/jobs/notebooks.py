"""A notebook in this process: its cells are run by a real IPython, and ask a local Skytells of their own."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from skytells_nb.local import Sandbox

FOX = "%skytells_predict truefusion prompt=fox -q -o run"
FILM = "%skytells_predict truefusion-video prompt=fox -q -o run"


@dataclass
class Notebook:
    """Cells that are run in this process, and what becomes of them at a local Skytells and in the record."""

    shell: InteractiveShell
    sandbox: Sandbox
    ledger: Path

    def run(self, code: str, cell: str | None = "cell-1") -> Any:
        """Run a cell, and give what it left in the variable `run`; raises what it raised."""
        self.shell.user_ns.pop("run", None)
        result = self.shell.run_cell(code, cell_id=cell)
        result.raise_error()
        return self.shell.user_ns.get("run")

    @property
    def asked(self) -> list[str]:
        """Method and path of each request about predictions, in order."""
        return [
            f"{each.method} {each.path.removeprefix('/v1')}"
            for each in self.sandbox.state.requests
            if "/predictions" in each.path
        ]

    @property
    def made(self) -> int:
        """How many jobs were asked for."""
        return self.asked.count("POST /predictions")

    def rows(self) -> list[tuple[Any, ...]]:
        """Give (status, remote id, nth) of every call in the record."""
        with closing(sqlite3.connect(self.ledger)) as record:
            return record.execute("SELECT status, remote_id, nth FROM calls ORDER BY id").fetchall()

    def change(self, sql: str) -> None:
        """Write to the record as another process would."""
        with closing(sqlite3.connect(self.ledger)) as record, record:
            record.execute(sql)

    def at(self, seconds: float) -> None:
        """Stop the service's clock so many seconds from now: jobs that end by then have ended, others stay."""
        moment = time.time_ns() + int(seconds * 1e9)
        self.sandbox.state.clock = lambda: moment
