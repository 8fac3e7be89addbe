"""What the sandbox's own tests share: a plain HTTP client with a key, and the bodies the platform prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from skytells_nb.local import EXAMPLE_KEY, Sandbox

SEEDS = Path(__file__).resolve().parent.parent / "data" / "seeds"


@pytest.fixture(scope="session")
def web() -> Iterator[httpx.Client]:
    """Any HTTP client, without a key; made once because making one loads certificates that nothing here needs."""
    with httpx.Client(timeout=20, verify=False) as client:
        yield client


@pytest.fixture
def api(shared_sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Talk to the shared sandbox with the example key."""
    with httpx.Client(
        base_url=shared_sandbox.url, headers={"x-api-key": EXAMPLE_KEY}, timeout=20, verify=False
    ) as client:
        yield client


@pytest.fixture
def own_api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Talk to this test's own sandbox with the example key."""
    with httpx.Client(base_url=sandbox.url, headers={"x-api-key": EXAMPLE_KEY}, timeout=20, verify=False) as client:
        yield client


@pytest.fixture
def client_of() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    """Make clients for sandboxes with options of their own."""
    made: list[httpx.Client] = []

    def make(server: Sandbox) -> httpx.Client:
        made.append(httpx.Client(base_url=server.url, headers={"x-api-key": EXAMPLE_KEY}, timeout=20, verify=False))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def finished(api: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Run a job on the shared sandbox to its end; the reply of its last look."""

    def run(model: str, **given: Any) -> dict[str, Any]:
        job = api.post("/predictions", json={"model": model, "input": given, "await": True}).json()
        while job["status"] in {"queued", "processing"}:
            job = api.get(job["urls"]["get"]).json()
        return job

    return run


@pytest.fixture
def events() -> Callable[[httpx.Response], list[Any]]:
    """Read a whole stream's events: JSON values, and text where it is not JSON (`[DONE]`, a broken line)."""

    def read(response: httpx.Response) -> list[Any]:
        found: list[Any] = []
        for block in response.read().decode().split("\n\n"):
            if block:
                assert block.startswith("data: ")
                try:
                    found.append(json.loads(block[6:]))
                except ValueError:
                    found.append(block[6:])
        return found

    return read


@pytest.fixture
def said() -> Callable[[list[Any]], str]:
    """Join the text that a stream's events spell."""

    def join(found: list[Any]) -> str:
        chunks = [event for event in found if isinstance(event, dict)]
        return "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk.get("choices", []))

    return join


@pytest.fixture
def printed() -> Callable[[str], Any]:
    """Read a body as the platform's documents print it, by its file name."""
    return lambda name: json.loads((SEEDS / f"{name}.json").read_text(encoding="utf-8"))
