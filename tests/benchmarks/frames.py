"""Measure the frames of a record of a million calls: `sky.usage()`, `sky.summary()`, and what SQL alone takes for them.

    python tests/benchmarks/frames.py        five minutes; needs 1 GB of disk, and 8 GB of memory for the bare frame

Every measurement is a process of its own, so that none finds the memory that another left; the kinds alternate, and
figures are medians. Memory is the peak of the process above what it held once everything was imported.

What would make it ten times faster: for `usage`, asking for the columns that are needed and not for all 49, or keeping
the record beside the SQLite file in columns (Arrow), since nearly all its time goes into making a Python object of each
of 49 million cells; for `summary`, sums and sketches of the percentiles by model and hour, kept by the recorder, which
would give up exact percentiles, or an index over model and seconds, which every call would pay for and only one
grouping would use.
"""

from __future__ import annotations

import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CALLS, ROUNDS = 1_000_000, 3
USAGE, SUMMARY, MEMORY = 1.5, 3.0, 300.0
"""The targets: times the bare read, seconds, MB."""
MODELS = [f"model-{number}" for number in range(43)]
APIS = ("chat", "responses", "embeddings", "prediction")

_TASKS = {
    "usage": "usage(live='all', ledger=ledger)",
    "bare": "pd.read_sql_query('SELECT ' + ', '.join(COLUMNS) + ' FROM calls', sqlite3.connect(path))",
    "summary": "summary('model', live='all', ledger=ledger)",
    "summary by model and day": "summary(['model', 'day'], live='all', ledger=ledger)",
    "group by": "bare('SELECT model, count(*), sum(prompt_tokens), sum(seconds) FROM calls GROUP BY model')",
    "window": "bare('SELECT model, max(k) FROM (SELECT model, row_number() OVER (PARTITION BY model ORDER BY seconds) "
    "AS k FROM calls) GROUP BY model')",
}
_PROGRAM = """
import json, resource, sqlite3, sys, time
import pandas as pd
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.frames import summary, usage
from skytells_nb.costs.ledger import Ledger

path = sys.argv[1]
ledger = Ledger(path)
bare = lambda sql: sqlite3.connect(path).execute(sql).fetchall()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
pd.DataFrame({"a": pd.array(["x"], dtype="string")})
before = peak()
begun, worked = time.perf_counter(), time.process_time()
found = TASK
print(json.dumps([time.perf_counter() - begun, time.process_time() - worked, peak() - before, len(found)]))
"""


def calls(count: int) -> Iterator[dict[str, Any]]:
    """Make rows as calls leave them: four APIs, 43 models of unequal use, three in a hundred failed."""
    chance = random.Random(5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        model = int(chance.random() ** 2 * len(MODELS))
        api = APIS[model % len(APIS)]
        seconds, prompt, completion = chance.lognormvariate(0, 1), chance.randrange(10, 3000), chance.randrange(1, 2000)
        begun = start + timedelta(seconds=20 * number, microseconds=chance.randrange(10**6))
        well = chance.random() > 0.03
        cost = f"{(prompt * 125 + completion * 1000) / 10**8:.8f}" if well else None
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        yield {
            "id": f"{number:012x}{chance.getrandbits(80):020x}",
            "session": f"session-{number // 500}",
            "notebook": f"notebook-{number // 5000}.ipynb",
            "cell": f"cell-{number // 50 % 40}",
            "execution_count": number // 50 % 400,
            "started_at": begun.isoformat(timespec="microseconds"),
            "finished_at": (begun + timedelta(seconds=seconds)).isoformat(timespec="microseconds"),
            "tag": chance.choice([None, "lesson", "a", "b"]),
            "api": api,
            "endpoint": f"POST /{api}",
            "model": MODELS[model],
            "model_used": MODELS[model],
            "stream": chance.random() < 0.5,
            "sandbox": False,
            "status": "succeeded" if well else "failed",
            "error_id": None if well else "RATE_LIMIT_EXCEEDED",
            "http_status": 200 if well else 429,
            "request_id": f"req_{number:024d}",
            "remote_id": f"pred-{number}" if api == "prediction" else None,
            "attempts": 1,
            "seconds": seconds,
            "ttft": None if api == "prediction" else seconds / 3,
            "waited": 0.0,
            **usage,
            "cached_tokens": 0,
            "tokens_per_second": completion / seconds,
            "bytes": chance.randrange(500, 9000),
            "quoted_currency": "USD",
            "cost": cost,
            "cost_source": "priced" if well else "unknown",
            "cost_reason": "$1.25 in and $10.00 out per million tokens" if well else "no usage was told",
            "currency": "USD",
            "price": json.dumps({"unit": "million_token", "prompt": "1.25", "completion": "10", "source": "catalogue"}),
            "fingerprint": f"{chance.getrandbits(256):064x}",
            "usage": json.dumps(usage),
        }


def fill(path: Path, count: int = CALLS) -> None:
    """Make a ledger and put the rows into it, all at once."""
    from skytells_nb.costs.ledger import Ledger

    ledger = Ledger(path)
    ledger.store.execute("DELETE FROM calls")
    ledger.close()
    rows = calls(count)
    first = next(rows)
    names = ", ".join(first)
    with sqlite3.connect(path) as connection:
        insert = f"INSERT INTO calls ({names}) VALUES ({', '.join('?' * len(first))})"
        connection.execute(insert, tuple(first.values()))
        connection.executemany(insert, (tuple(row.values()) for row in rows))
    connection.close()


def measured(task: str, path: Path) -> list[float]:
    """Give wall seconds, CPU seconds, megabytes and the number of rows of one task."""
    program = _PROGRAM.replace("TASK", _TASKS[task])
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    return [float(figure) for figure in json.loads(done.stdout)]


def report(count: int = CALLS, rounds: int = ROUNDS) -> str:
    """Measure everything; give the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.sqlite3")
        fill(path, count)
        found: dict[str, list[list[float]]] = {task: [] for task in _TASKS}
        for _ in range(rounds):
            for task, figures in found.items():
                figures.append(measured(task, path))
    wall, cpu, memory = (
        {task: statistics.median(each[at] for each in figures) for task, figures in found.items()} for at in range(3)
    )
    ratio = wall["usage"] / wall["bare"]
    judged = {
        "usage": (f"{ratio:.2f} times bare", f"at most {USAGE}", ratio <= USAGE),
        "summary": (
            f"{wall['summary']:.2f} s, {memory['summary']:.0f} MB",
            f"at most {SUMMARY} s, {MEMORY:.0f} MB",
            wall["summary"] <= SUMMARY and memory["summary"] <= MEMORY,
        ),
    }
    lines = [f"frames of {count:,} calls; medians of {rounds} fresh processes each"]
    lines += [f"{'':<28}{'wall':>9}{'CPU':>9}{'memory':>10}"]
    for task in _TASKS:
        line = f"{task:<28}{wall[task]:7.2f} s{cpu[task]:7.2f} s{memory[task]:7.0f} MB"
        if task in judged:
            figure, target, well = judged[task]
            line += f"   {figure}, target {target}: {'PASS' if well else 'short of it'}"
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
