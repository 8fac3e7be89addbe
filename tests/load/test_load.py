"""A thousand calls at once, in tasks and in threads: none fails, none is doubled, each is recorded once."""

from __future__ import annotations

import asyncio
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.values import Reply
from skytells_nb.costs.ledger import Ledger, Recorder

KEY = "sk-test-4f9a1c77"
TASKS = 1000
THREADS, CALLS = 64, 5


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run a local Skytells in a process of its own."""
    command = [sys.executable, "-m", "skytells_nb", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+/v1", process.stdout.readline())
        assert found
        yield found[0]
        process.terminate()
        process.stdout.read()


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """Let this process open 1,024 files, as a terminal usually does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Give a ledger of this test's own."""
    made = Ledger(tmp_path / "ledger.sqlite3")
    yield made
    made.close()


def check(address: str, ledger: Ledger, replies: dict[str, Reply]) -> None:
    """Compare what was asked with what came back, what the record says and what the service received."""
    for prompt, reply in replies.items():
        assert f"“{prompt}”" in reply.text
    rows = ledger.rows()
    assert Counter(row["remote_id"] for row in rows) == Counter(reply.id for reply in replies.values())
    assert {(row["status"], row["attempts"], row["finished_at"] is not None) for row in rows} == {
        ("succeeded", 1, True)
    }
    assert ledger.unwritten == {}
    origin = address.removesuffix("/v1")
    received = httpx.get(f"{origin}/_sandbox/requests", trust_env=False).json()
    assert Counter(request["json"]["messages"][0]["content"] for request in received) == Counter([*replies])
    httpx.delete(f"{origin}/_sandbox/requests", trust_env=False)


def test_a_thousand_tasks_at_once(address: str, ledger: Ledger) -> None:
    """Each is answered, in a process that may open 1,024 files."""
    prompts = [f"Say the number {number}" for number in range(TASKS)]

    async def main() -> list[Reply]:
        async with AsyncClient(api_key=KEY, base_url=address, observers=(Recorder(ledger),)) as client:
            return await asyncio.gather(*(client.chat(prompt) for prompt in prompts))

    check(address, ledger, dict(zip(prompts, asyncio.run(main()), strict=True)))


def test_many_threads_at_once(address: str, ledger: Ledger) -> None:
    """64 threads share one client and one ledger."""
    prompts = [f"Thread {number // CALLS} says {number % CALLS}" for number in range(THREADS * CALLS)]
    with (
        Client(api_key=KEY, base_url=address, observers=(Recorder(ledger),)) as client,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        replies = threads.map(client.chat, prompts)
        check(address, ledger, dict(zip(prompts, replies, strict=True)))
