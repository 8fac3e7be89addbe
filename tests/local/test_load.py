"""Many callers at once: connections that are all open at the same time, threads, and a long memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from skytells_nb.local import EXAMPLE_KEY, Options, Sandbox
from skytells_nb.local.faults import parse
from skytells_nb.local.memory import Memory
from skytells_nb.local.models import catalogue
from skytells_nb.local.predictions import jobs

MANY = 1000
CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello there"}]}
JOB = {"model": "truefusion", "input": {"prompt": "a fox"}}


@pytest.fixture(autouse=True)
def room_for_connections() -> Iterator[None]:
    """Allow this process both ends of a thousand connections."""
    resource = pytest.importorskip("resource", reason="needs POSIX limits")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: Any) -> Any:
    """Send one request on an open connection and read its whole answer."""
    content = json.dumps(body).encode()
    head = f"POST /v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {EXAMPLE_KEY}\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    status = await reader.readline()
    length = 0
    while line := (await reader.readline()).strip().lower():
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return int(status.split()[1]), json.loads(await reader.readexactly(length))


async def crowd(port: int, path: str, body: Any) -> list[Any]:
    """Open all connections, then send on all of them."""
    opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(MANY)))
    try:
        return await asyncio.gather(*(exchange(reader, writer, path, body) for reader, writer in opened))
    finally:
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in opened))


@pytest.mark.parametrize(("path", "body"), [("/chat/completions", CHAT), ("/predictions", JOB | {"await": True})])
def test_a_thousand_connections_are_served(path: str, body: Any) -> None:
    """All open at once, all answered with 200, and each noted."""
    with Sandbox(pace=20) as server:
        replies = asyncio.run(crowd(server.port, path, body))
        assert [status for status, _ in replies] == [200] * MANY
        assert len({reply["id"] for _, reply in replies}) == MANY
        assert [request.status for request in server.state.requests] == [200] * MANY


def test_sixty_four_threads_are_served(sandbox: Sandbox) -> None:
    """Each with a client of its own and several calls on one connection."""

    def work(_: int) -> list[int]:
        with httpx.Client(base_url=sandbox.url, headers={"x-api-key": EXAMPLE_KEY}, timeout=60, verify=False) as client:
            return [client.post("/chat/completions", json=CHAT).status_code for _ in range(5)]

    with ThreadPoolExecutor(64) as pool:
        assert [status for replies in pool.map(work, range(64)) for status in replies] == [200] * 320


def test_a_long_memory_does_not_slow_a_call() -> None:
    """With 5,000 jobs and as many plans, money and faults cost about what they cost with none."""

    def seconds(memory: Memory) -> float:
        begun = time.thread_time()
        for _ in range(2000):
            memory.affords(Decimal(1))
            memory.next_fault(frozenset({"plain"}))
        return time.thread_time() - begun

    empty, full = Memory(Options(credits=10**6)), Memory(Options(credits=10**6))
    full.inject("cut", times=5000)
    model = catalogue.models()["truefusion"]
    planned = jobs.plan("x", model, {"prompt": "FAIL"}, now=full.clock(), pace=0.001)
    for number in range(5000):
        full.add(replace(planned, id=str(number), outputs=()))
    assert full.credits_left == 10**6 - 5000 * Decimal("0.03")
    assert seconds(full) < 5 * seconds(empty) + 0.05


def test_the_balance_follows_every_end_of_a_job() -> None:
    """Held while it runs; back when it is stopped or fails, once; kept when it is done and deleted."""
    now = 0
    memory = Memory(Options(credits=1), clock=lambda: now)
    model = catalogue.models()["truefusion"]

    def add(name: str, prompt: str) -> None:
        memory.add(jobs.plan(name, model, {"prompt": prompt}, now=now, pace=1))

    for name, prompt in (("done", "x"), ("failing", "FAIL"), ("stopped", "FAIL"), ("kept", "x")):
        add(name, prompt)
    seen = [memory.credits_left]
    memory.cancel("stopped")
    memory.cancel("stopped")
    seen.append(memory.credits_left)
    now = 2 * jobs.SECOND
    seen.append(memory.credits_left)
    for name in ("done", "failing", "stopped"):
        memory.delete(name)
    seen.append(memory.credits_left)
    assert seen == [Decimal("0.88"), Decimal("0.91"), Decimal("0.94"), Decimal("0.94")]


def test_a_plan_with_a_rate_draws_for_each_request() -> None:
    """A share of 0 never comes, a share of 1 always does, and another plan has its turn."""
    never, always = parse("500;rate=0"), parse("503")
    memory = Memory(Options(faults=(never, always)))
    assert [memory.next_fault(frozenset({"plain"})) for _ in range(3)] == [always] * 3
