"""Measure this package beside bare HTTP clients and the openai package, in one run, against one small local server.

    python tests/benchmarks/run.py           ten minutes; prints tables, and ends with status 0 whatever they say

Nine questions, each with its target: (a) what a chat call takes, the ledger on; (b) what CPU a streamed chunk takes
over an answer of 20,000; (c) what the import takes in a fresh process; (d), in `load`, how near 64 calls in flight come
to the rate that waiting alone allows; (e), in `forms`, what a form and a keystroke in it take; (f), in `record`, what
recording a call takes; (g), in `frames`, what a million calls take as a DataFrame and summed up; (h), in `painting`,
what showing an answer takes over reading it unseen; (i), in `media`, what keeping and showing pictures takes over
fetching and decoding them. Rounds alternate between the packages, so that a slow moment of the
machine meets all of them, and in changing order, so that none always runs in the caches that the same other one leaves;
figures are medians, ratios of (a) to (c) are to bare httpx.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import cycle, permutations
from pathlib import Path

CALLS, WARM_UP = 600, 60
STREAMS = 7
IMPORTS = 15
TARGET = 1.5
KEY = "sk-benchmark"
MODEL = "deepbrain-router"
PROMPT = "What is machine learning?"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}]}

Figures = Mapping[str, float]


def clients(stack: ExitStack, address: str) -> tuple[dict[str, Callable[[], object]], dict[str, Callable[[], int]]]:
    """Make the three clients; give for each what asks once, and what reads a stream and counts its pieces."""
    import httpx
    import openai

    import skytells_nb

    ours = stack.enter_context(skytells_nb.Client(api_key=KEY, base_url=address))
    bare = stack.enter_context(httpx.Client(headers={"x-api-key": KEY}, timeout=60))
    theirs = stack.enter_context(openai.OpenAI(api_key=KEY, base_url=address))
    url = f"{address}/chat/completions"
    messages = BODY["messages"]

    def stream_bare() -> int:
        count = 0
        with bare.stream("POST", url, json=BODY | {"stream": True}) as response:
            for line in response.iter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    json.loads(line[6:])
                    count += 1
        return count

    asks: dict[str, Callable[[], object]] = {
        "skytells_nb": lambda: ours.chat(PROMPT),
        "httpx": lambda: bare.post(url, json=BODY).json(),
        "openai": lambda: theirs.chat.completions.create(model=MODEL, messages=messages),
    }
    reads: dict[str, Callable[[], int]] = {
        "skytells_nb": lambda: sum(1 for _ in ours.chat_stream(PROMPT)),
        "httpx": stream_bare,
        "openai": lambda: sum(1 for _ in theirs.chat.completions.create(model=MODEL, messages=messages, stream=True)),
    }
    return asks, reads


def measure(
    tasks: Mapping[str, Callable[[], object]], rounds: int, warm_up: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Run the tasks in turn; give each one's median seconds by the wall and by the CPU of this process."""
    wall: dict[str, list[float]] = {name: [] for name in tasks}
    cpu: dict[str, list[float]] = {name: [] for name in tasks}
    orders = cycle(permutations(tasks))
    for number in range(-warm_up, rounds):
        if number == 0:
            gc.collect()
            gc.freeze()  # what the imports left is not walked again; garbage of the calls themselves is
        for name in next(orders):
            task = tasks[name]
            begun, worked = time.perf_counter(), time.process_time()
            task()
            ended, done = time.perf_counter(), time.process_time()
            if number >= 0:
                wall[name].append(ended - begun)
                cpu[name].append(done - worked)
    gc.unfreeze()
    middle = statistics.median
    return {name: middle(wall[name]) for name in tasks}, {name: middle(cpu[name]) for name in tasks}


def imports() -> dict[str, float]:
    """Time fresh processes that import one package each, and one that imports nothing."""
    codes = {
        "skytells_nb": "import skytells_nb",
        "httpx": "import httpx",
        "openai": "import openai",
        "nothing": "pass",
        "skytells_nb.Client": "import skytells_nb; skytells_nb.Client",
    }
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def fresh(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, env=surroundings)

    wall, _ = measure({name: fresh(code) for name, code in codes.items()}, IMPORTS, 2)
    return wall


@contextmanager
def server() -> Iterator[int]:
    """Run the server in a process of its own; give its port."""
    program = Path(__file__).with_name("server.py")
    with subprocess.Popen([sys.executable, str(program)], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def machine() -> str:
    """Say what this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    packages = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("skytells_nb", "httpx", "aiohttp", "openai")
    )
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {system}, {packages}"


def row(what: str, figures: Figures, unit: str, scale: float, *, judged: bool = True) -> str:
    """Write one line of the table."""
    bare = figures["httpx"]
    cells = [
        f"{figures[name] * scale:8.1f} {unit} {figures[name] / bare:6.2f}x"
        for name in ("skytells_nb", "httpx", "openai")
    ]
    ratio = figures["skytells_nb"] / bare
    verdict = ("PASS" if ratio <= TARGET else "short of it") if judged else ""
    target = f"{TARGET}x" if judged else ""
    return f"{what:<44}" + " ".join(f"{cell:>21}" for cell in cells) + f"  {target:<6} {verdict}"


def main() -> None:
    """Measure, and print the tables."""
    import forms
    import frames
    import load
    import media
    import painting
    import record

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["SKYTELLS_NB_LEDGER"] = str(Path(folder, "ledger.sqlite3"))
        port = stack.enter_context(server())
        address = f"http://127.0.0.1:{port}"
        asks, by_block = clients(stack, f"{address}/blocks")
        _, by_event = clients(stack, f"{address}/events")
        call_wall, call_cpu = measure(asks, CALLS, WARM_UP)
        pieces = {name: read() for name, read in by_block.items()}
        _, block_cpu = measure(by_block, STREAMS, 0)
        _, event_cpu = measure(by_event, STREAMS, 1)
        at_once = load.report(address)
    started = imports()

    def each(figures: Figures) -> dict[str, float]:
        return {name: figures[name] / pieces[name] for name in pieces}

    print(machine())
    sizes = f"{CALLS} calls, {STREAMS} streams of {pieces['httpx']:,} chunks, {IMPORTS} imports"
    print(f"medians of {sizes}; ratios to bare httpx\n")
    print(f"{'':<44}{'skytells_nb':>21} {'bare httpx':>21} {'openai':>21}  target")
    print(row("(a) one chat call, wall", call_wall, "µs", 1e6))
    print(row("    one chat call, CPU", call_cpu, "µs", 1e6, judged=False))
    print(row("(b) one streamed chunk, CPU, 8 KiB blocks", each(block_cpu), "µs", 1e6))
    print(row("    one streamed chunk, CPU, one at a time", each(event_cpu), "µs", 1e6))
    print(row("(c) import in a fresh process, wall", started, "ms", 1e3))
    print(f"\nfor comparison: python -c pass {started['nothing'] * 1e3:.1f} ms, ", end="")
    print(f"import skytells_nb; skytells_nb.Client {started['skytells_nb.Client'] * 1e3:.1f} ms")
    print(f"\n{at_once}")
    for part in (forms, record, frames, painting, media):
        print(f"\n{part.report()}")


if __name__ == "__main__":
    main()
