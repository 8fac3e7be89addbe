"""Programs that predict, each with a ledger of its own, and are killed; run as `killed.py ADDRESS FOLDER SEED SLUG...`.

One process has everything imported, runs no thread and forks for each trial, so that fifty lives cost seconds. Each
life writes a mark when it enters a phase of a call; the kill comes a random moment after the mark that was drawn.
"""

from __future__ import annotations

import itertools
import os
import random
import select
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from skytells_nb.api.client import Client
from skytells_nb.api.pool import Pool
from skytells_nb.api.transfer import limits
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.schema.check import check

TRIALS = 50
AT_ONCE = 4
PHASES = b"BPALE"
"""Before the call, the POST leaves, it is answered, a look leaves, the call ends."""


class Marking(httpx.BaseTransport):
    """Sends as the client itself does, and writes a mark at each step of a call."""

    def __init__(self, address: str, pipe: int) -> None:
        self.pool = Pool(address, limits(None))
        self.pipe = pipe

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        created = request.method == "POST"
        if created or "/predictions/" in request.url.path:
            os.write(self.pipe, b"P" if created else b"L")
        response = self.pool.send(request)
        if created:
            os.write(self.pipe, b"A")
        return response


def live(address: str, folder: Path, trial: int, slugs: list[str], pipe: int) -> None:
    """Predict until the end, which comes from outside."""
    recorder = Recorder(Ledger(folder / f"{trial}.sqlite3"))
    options = {"transport": Marking(address, pipe), "observers": (recorder,), "sleep": lambda _: time.sleep(0.004)}
    with Client(api_key="sk-sandbox-killed", base_url=address, **options) as client:  # type: ignore[arg-type]
        for call in itertools.count():
            slug = slugs[call % len(slugs)]
            os.write(pipe, b"B")
            client.predict(slug, {"prompt": f"{trial}/{call}/{slug}"})
            os.write(pipe, b"E")


@dataclass
class Life:
    """A process that is to be killed so many seconds after the nth mark of a phase."""

    process: int
    pipe: int
    phase: bytes
    nth: int
    delay: float
    due: float = float("inf")

    def hear(self) -> None:
        """Read marks, and set the moment of the kill once the awaited one has come."""
        marks = os.read(self.pipe, 4096)
        if not marks:
            sys.exit("A program ended before it was killed.")
        self.nth -= marks.count(self.phase)
        if self.nth <= 0 and self.due == float("inf"):
            self.due = time.monotonic() + self.delay

    def kill(self) -> None:
        """Kill it, and see that it was this that ended it."""
        os.kill(self.process, signal.SIGKILL)
        if os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1]) != -signal.SIGKILL:
            sys.exit("A program ended before it was killed.")
        os.close(self.pipe)


def main() -> None:
    """Run all lives, a few at a time."""
    address, folder, seed, *slugs = sys.argv[1:]
    # To have the library that judges inputs imported, which takes over a second: an obvious value would not need it.
    check("", {"properties": {"link": {"type": "string", "format": "uri"}}}, {"link": "https://files.example/1.png"})
    chance = random.Random(int(seed))
    waiting, lives = iter(range(TRIALS)), []
    while True:
        for trial in itertools.islice(waiting, AT_ONCE - len(lives)):
            reading, writing = os.pipe()
            process = os.fork()
            if not process:
                live(address, Path(folder), trial, slugs, writing)
            os.close(writing)
            phase = PHASES[trial % len(PHASES) :][:1]
            lives.append(Life(process, reading, phase, chance.randint(1, 6), chance.uniform(0, 0.006)))
        if not lives:
            return
        soonest = max(0.0, min(life.due for life in lives) - time.monotonic())
        ready, _, _ = select.select([life.pipe for life in lives], [], [], min(soonest, 1.0))
        for life in list(lives):
            if life.due <= time.monotonic():
                life.kill()
                lives.remove(life)
            elif life.pipe in ready:
                life.hear()


if __name__ == "__main__":
    main()
