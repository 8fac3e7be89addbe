"""What the tests of this layer share: bodies, recorders of time and calls, and clients that are always closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.record import Call

SEEDS = Path(__file__).resolve().parent.parent / "data" / "seeds"
ADDRESS = "https://api.skytells.test/v1"
KEY = "sk-test-4f9a1c77"


@dataclass
class Told:
    """An observer that keeps what it was told, in order."""

    calls: list[tuple[str, Call]] = field(default_factory=list)

    def before(self, call: Call) -> None:
        self.calls.append(("before", call))

    def after(self, call: Call) -> None:
        self.calls.append(("after", call))

    @property
    def story(self) -> list[tuple[str, str]]:
        """When it was told, and the status of the call then."""
        return [(when, call.status) for when, call in self.calls]

    @property
    def last(self) -> Call:
        """The last that was told."""
        return self.calls[-1][1]


@dataclass
class Scripted:
    """A client whose answers are written down, with the requests it sent and the seconds it slept."""

    client: Client
    sent: list[httpx.Request]
    naps: list[float]
    told: Told


Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="session")
def seed() -> Callable[[str], Any]:
    """Give a body that the platform's documents print, by its file's name."""
    return lambda name: json.loads((SEEDS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def told() -> Told:
    """Give an observer that keeps what it was told."""
    return Told()


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Make clients that are answered from a list, in order; the last answer is given again and again."""
    with ExitStack() as open_clients:

        def make(*answers: Answer, **options: Any) -> Scripted:
            sent: list[httpx.Request] = []
            naps: list[float] = []
            told = Told()

            def answer(request: httpx.Request) -> httpx.Response:
                sent.append(request)
                chosen = answers[min(len(sent), len(answers)) - 1]
                if isinstance(chosen, Exception):
                    raise chosen
                if isinstance(chosen, httpx.Response):
                    return httpx.Response(chosen.status_code, headers=chosen.headers, content=chosen.content)
                return chosen(request)

            given = {"api_key": KEY, "base_url": ADDRESS, "sleep": naps.append, "observers": (told,), **options}
            client = open_clients.enter_context(Client(transport=httpx.MockTransport(answer), **given))
            return Scripted(client, sent, naps, told)

        yield make


@pytest.fixture
def chat_answer(seed: Callable[[str], Any]) -> httpx.Response:
    """Give the printed chat answer as a response."""
    return httpx.Response(200, json=seed("chat_completion"), headers={"x-request-id": "req_1"})
