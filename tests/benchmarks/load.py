"""Measure many calls at once: 64 in flight against a server that takes 50 ms to answer, the ledger on.

    python tests/benchmarks/load.py          two minutes; part of what run.py prints

The ideal rate is what waiting alone allows: 64 / 0.05 s = 1,280 calls a second. Rounds alternate between the packages;
figures are medians. The CPU of a call tells what the wall does not, where other programs keep the machine busy: above
781 µs no single core reaches the ideal.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from itertools import cycle, permutations
from pathlib import Path
from typing import Any

from run import BODY, KEY, MODEL, PROMPT, machine, server
from server import LATENCY

IN_FLIGHT = 64
IDEAL = IN_FLIGHT / LATENCY
WARM_UP, CALLS, FEWER = 4, 30, 6
"""How often each of those in flight calls, before the clock runs and while it does; the openai client, which is slow
here, fewer times."""
ROUNDS = 5
TARGETS = {"AsyncClient": 0.85, "Client": 0.80}

Timed = tuple[float, float]
"""Calls a second, and CPU seconds of this process for a call."""


async def tasks_at_once(ask: Callable[[], Awaitable[object]], calls: int = CALLS) -> Timed:
    """Call from `IN_FLIGHT` tasks of one loop."""

    async def repeat(times: int) -> None:
        for _ in range(times):
            await ask()

    async def all_of(times: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(repeat(times))

    await all_of(WARM_UP)
    gc.collect()
    gc.freeze()  # what the imports left is not walked again; garbage of the calls themselves is
    begun, worked = time.perf_counter(), time.process_time()
    await all_of(calls)
    count = IN_FLIGHT * calls
    return count / (time.perf_counter() - begun), (time.process_time() - worked) / count


def threads_at_once(ask: Callable[[], object], calls: int = CALLS) -> Timed:
    """Call from `IN_FLIGHT` threads."""

    def repeat(times: int) -> None:
        for _ in range(times):
            ask()

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(repeat, [WARM_UP] * IN_FLIGHT))
        gc.collect()
        gc.freeze()  # what the imports left is not walked again; garbage of the calls themselves is
        begun, worked = time.perf_counter(), time.process_time()
        list(threads.map(repeat, [calls] * IN_FLIGHT))
        count = IN_FLIGHT * calls
        return count / (time.perf_counter() - begun), (time.process_time() - worked) / count


async def awaited(stack: AsyncExitStack, address: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """Make the async clients; give for each what asks once."""
    import aiohttp
    import openai

    import skytells_nb

    ours = await stack.enter_async_context(skytells_nb.AsyncClient(api_key=KEY, base_url=address))
    theirs = await stack.enter_async_context(openai.AsyncOpenAI(api_key=KEY, base_url=address))
    bare = await stack.enter_async_context(
        aiohttp.ClientSession(headers={"x-api-key": KEY}, connector=aiohttp.TCPConnector(limit=0))
    )
    messages: Any = BODY["messages"]

    async def ask_bare() -> object:
        async with bare.post(f"{address}/chat/completions", json=BODY) as response:
            return await response.json()

    return {
        "skytells_nb": lambda: ours.chat(PROMPT),
        "aiohttp": ask_bare,
        "openai": lambda: theirs.chat.completions.create(model=MODEL, messages=messages),
    }


def blocking(stack: ExitStack, address: str) -> dict[str, Callable[[], object]]:
    """Make the blocking clients; give for each what asks once."""
    import httpx
    import openai

    import skytells_nb

    ours = stack.enter_context(skytells_nb.Client(api_key=KEY, base_url=address))
    theirs = stack.enter_context(openai.OpenAI(api_key=KEY, base_url=address))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    bare = stack.enter_context(httpx.Client(headers={"x-api-key": KEY}, timeout=60, limits=limits))
    messages: Any = BODY["messages"]
    return {
        "skytells_nb": lambda: ours.chat(PROMPT),
        "httpx": lambda: bare.post(f"{address}/chat/completions", json=BODY).json(),
        "openai": lambda: theirs.chat.completions.create(model=MODEL, messages=messages),
    }


async def measure_tasks(address: str) -> dict[str, list[Timed]]:
    """Run the async clients in turn."""
    async with AsyncExitStack() as stack:
        asks = await awaited(stack, address)
        found: dict[str, list[Timed]] = {name: [] for name in asks}
        orders = cycle(permutations(asks))
        for _ in range(ROUNDS):
            for name in next(orders):
                found[name].append(await tasks_at_once(asks[name], FEWER if name == "openai" else CALLS))
        return found


def measure_threads(address: str) -> dict[str, list[Timed]]:
    """Run the blocking clients in turn."""
    with ExitStack() as stack:
        asks = blocking(stack, address)
        found: dict[str, list[Timed]] = {name: [] for name in asks}
        orders = cycle(permutations(asks))
        for _ in range(ROUNDS):
            for name in next(orders):
                found[name].append(threads_at_once(asks[name], FEWER if name == "openai" else CALLS))
        return found


def row(what: str, found: dict[str, list[Timed]], target: float) -> str:
    """Write one line of the table: the share of the ideal rate and the CPU of a call, by package."""
    cells: list[str] = []
    for name, rounds in found.items():
        rate = statistics.median(rate for rate, _ in rounds)
        cpu = statistics.median(cpu for _, cpu in rounds)
        cells.append(f"{name} {rate / IDEAL:4.0%} {cpu * 1e6:5.0f} µs")
    share = statistics.median(rate for rate, _ in found["skytells_nb"]) / IDEAL
    verdict = "PASS" if share >= target else "short of it"
    return f"{what:<32}" + " ".join(f"{cell:>24}" for cell in cells) + f"  {target:.0%} {verdict}"


def report(address: str) -> str:
    """Measure, and write the table."""
    tasks = asyncio.run(measure_tasks(f"{address}/late"))
    threads = measure_threads(f"{address}/late")
    title = (
        f"(d) {IN_FLIGHT} calls in flight, {LATENCY * 1e3:.0f} ms each: share of {IDEAL:,.0f} calls/s, CPU of a call"
    )
    return "\n".join(
        [
            title,
            row("    AsyncClient, one loop", tasks, TARGETS["AsyncClient"]),
            row(f"    Client, {IN_FLIGHT} threads", threads, TARGETS["Client"]),
        ]
    )


def main() -> None:
    """Measure by itself."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["SKYTELLS_NB_LEDGER"] = str(Path(folder, "ledger.sqlite3"))
        address = f"http://127.0.0.1:{stack.enter_context(server())}"
        print(machine())
        print(report(address))


if __name__ == "__main__":
    main()
