"""Measure what recording a call takes: both commits, beside two bare ones, and whether it grows with the record.

    python tests/benchmarks/record.py        a minute; part of what run.py prints

Two bare commits are those of an INSERT and an UPDATE of three columns, into a file in WAL mode and into a PostgreSQL on
loopback with fsync on. Rounds alternate; figures are medians of single calls, in wall time.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.ledger import Ledger, Recorder

ROUNDS, CALLS, APPENDED, BY_SERVER = 20, 250, 100_000, 25
"""Rounds, calls in each, rows appended one by one, and how many times fewer of all into a server."""
TARGET, LINEAR = 0.2e-3, 1.5
"""Seconds of a call's two commits; times that the last tenth of the rows may take the first."""

Step = Callable[[], None]


def calls() -> Iterator[tuple[Call, Call]]:
    """Give chat calls as they are told, before and after."""
    usage = {"prompt_tokens": 900, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 20}}
    price = {"unit": "million_token", "prompt": "0.50", "completion": "1.25", "source": "catalogue"}
    for number in count():
        begun = Call(
            f"{number:012x}{'a' * 20}",
            "chat",
            "POST /chat/completions",
            "gpt-5",
            datetime.now(UTC),
            "f" * 64,
            tag="lesson",
            quoted=Decimal("0.01"),
            quoted_low=Decimal("0.001"),
        )
        yield (
            begun,
            replace(
                begun,
                status="succeeded",
                finished_at=datetime.now(UTC),
                model_used="gpt-5",
                request_id="req_0123456789",
                http_status=200,
                attempts=1,
                seconds=1.25,
                ttft=0.3,
                prompt_tokens=900,
                completion_tokens=100,
                total_tokens=1000,
                cached_tokens=20,
                tokens_per_second=80.5,
                outputs=1,
                bytes=12345,
                charge=Charge(Decimal("0.000575"), source="priced", reason="the catalogue's price", price=price),
                usage=usage,
            ),
        )


def recording(ledger: Ledger) -> Step:
    """Record calls in a ledger, one each time."""
    recorder, told = Recorder(ledger), calls()

    def step() -> None:
        before, after = next(told)
        recorder.before(before)
        recorder.after(after)

    return step


def bare_file(path: Path, stack: ExitStack) -> Step:
    """Commit twice into a bare file."""
    import sqlite3

    file = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = NORMAL")
    return _bare(lambda sql, values: file.execute(sql, values), "?", "WITHOUT ROWID")


def bare_server(address: str, stack: ExitStack) -> Step:
    """Commit twice into a bare table of a server."""
    import psycopg

    server = stack.enter_context(psycopg.connect(address, autocommit=True))
    return _bare(lambda sql, values: server.execute(sql.encode(), values), "%s", "")


def _bare(execute: Callable[[str, tuple[Any, ...]], Any], mark: str, kind: str) -> Step:
    execute(f"CREATE TABLE bare (id TEXT PRIMARY KEY, status TEXT, seconds FLOAT) {kind}", ())
    insert = f"INSERT INTO bare VALUES ({mark}, {mark}, {mark})"
    update = f"UPDATE bare SET status = {mark}, seconds = {mark} WHERE id = {mark}"
    names = (f"{number:032x}" for number in count())

    def step() -> None:
        name = next(names)
        execute(insert, (name, "sent", None))
        execute(update, ("succeeded", 1.25, name))

    return step


def medians(steps: dict[str, Step], times: int) -> dict[str, float]:
    """Time single steps, the kinds in turn."""
    took: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(ROUNDS):
        for name, step in steps.items():
            for _ in range(times):
                begun = time.perf_counter()
                step()
                took[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in took.items()}


def tenths(step: Step, times: int) -> list[float]:
    """Time a long row of steps: the seconds of each tenth."""
    took = []
    for _ in range(10):
        begun = time.perf_counter()
        for _ in range(times // 10):
            step()
        took.append(time.perf_counter() - begun)
    return took


def measure(ledger: Ledger, bare: Callable[[ExitStack], Step], fewer: int) -> tuple[dict[str, float], list[float]]:
    """Measure one kind of store."""
    with ExitStack() as stack:
        stack.callback(ledger.close)
        record = recording(ledger)
        figures = medians({"recorded": record, "bare": bare(stack)}, max(1, CALLS // fewer))
        return figures, tenths(record, APPENDED // fewer)


def _verdict(passed: bool) -> str:
    return "PASS" if passed else "short of it"


def _lines(what: str, figures: dict[str, float], parts: list[float], rows: int, *, judged: bool) -> list[str]:
    two = f"{figures['recorded'] * 1e3:6.3f} ms   two bare commits {figures['bare'] * 1e3:6.3f} ms"
    each = " ".join(f"{part:.2f}" for part in parts)
    grown = parts[-1] / parts[0]
    verdicts = [
        f"   at most {TARGET * 1e3} ms: {_verdict(figures['recorded'] <= TARGET)}" if judged else "",
        f"   last/first {grown:.2f}, at most {LINEAR}: {_verdict(grown <= LINEAR)}",
    ]
    return [f"{what:<12} a call {two}{verdicts[0]}", f"{'':<12} {rows:,} calls, s a tenth: {each}{verdicts[1]}"]


def report() -> str:
    """Measure, and write the table."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests import postgres

    lines = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        found = measure(Ledger(place / "ledger.sqlite3"), lambda stack: bare_file(place / "bare.sqlite3", stack), 1)
        lines += _lines("SQLite", *found, APPENDED, judged=True)
    if postgres.programs() is None:
        return "\n".join([*lines, "PostgreSQL   none is installed"])
    with postgres.running(fsync=True) as server:
        address = server.place()
        found = measure(Ledger(address), lambda stack: bare_server(address, stack), BY_SERVER)
        lines += _lines("PostgreSQL", *found, APPENDED // BY_SERVER, judged=False)
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
