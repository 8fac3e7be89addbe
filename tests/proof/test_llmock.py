"""Two hundred calls against a server not written here that breaks them on purpose, and its own verdict on us."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.client import Client
from skytells_nb.api.values import Reply
from skytells_nb.errors import BrokenStreamError, RateLimitError

LLMOCK = str(Path(sys.executable).with_name("llmock"))
MODEL = "gpt-4o"
WORDS = " and again" * 10
"""Enough of them that a fault comes before the end, and that the server sees its reader go."""
FAULTS = [
    *("--response-style", "echo", "--stream-chunk-delay-ms", "3"),
    *("--error-rate", "429=0.2", "--stream-fault", "truncate=0.08", "--stream-fault", "malformed=0.03"),
    *("--stream-fault", "stall=0.02", "--stream-fault", "disconnect=0.03", "--stream-stall-seconds", "3"),
]
CALLS = 200


def _streamed(stream: Any) -> Reply:
    for _ in stream:
        pass
    reply: Reply = stream.reply
    return reply


ASK: tuple[Callable[[Client, str], Any], ...] = (
    lambda client, prompt: client.chat(prompt, model=MODEL),
    lambda client, prompt: _streamed(client.chat_stream(prompt, model=MODEL)),
    lambda client, prompt: client.respond(prompt, model=MODEL),
    lambda client, prompt: _streamed(client.respond_stream(prompt, model=MODEL)),
    lambda client, prompt: client.embed(prompt, model="text-embedding-3-small"),
)


def prompt(number: int) -> str:
    """Word a question, each another."""
    return f"question {number}{WORDS}"


@dataclass(frozen=True)
class Asked:
    """What came of one question: the answer in the end, and the errors before it."""

    answer: Any
    errors: tuple[Exception, ...]


def ask_until_answered(client: Client, number: int) -> Asked:
    """Ask as a careful program does: where it is told that an answer is not whole, it decides to ask again."""
    errors: list[Exception] = []
    while True:
        try:
            return Asked(ASK[number % len(ASK)](client, prompt(number)), tuple(errors))
        except BrokenStreamError as error:
            errors.append(error)
            time.sleep(0.1 * 2 ** len(errors))
        except RateLimitError as error:
            errors.append(error)
            time.sleep((error.retry_after or 1.0) + 0.1)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run llmock as its command line does, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [LLMOCK, "serve", "--port", str(port), "--log-level", "error", *FAULTS]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                assert server.poll() is None
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def asked(address: str) -> list[Asked]:
    """Ask two hundred questions, thirty-two at a time; stalls are given up after a second."""
    with (
        Client(api_key="sk-llmock", base_url=f"{address}/v1", observers=(), timeout=1.0) as client,
        ThreadPoolExecutor(32) as threads,
    ):
        return list(threads.map(lambda number: ask_until_answered(client, number), range(CALLS)))


def test_every_answer_is_right_and_whole(asked: list[Asked]) -> None:
    """No stream that was truncated, garbled, stalled or cut is among them."""
    assert len(asked) == CALLS
    for number, each in enumerate(asked):
        if number % len(ASK) == 4:
            assert len(each.answer.vectors[0]) == 1536
        else:
            assert (each.answer.text, each.answer.finish_reason) == (f"Hello! You said: {prompt(number)}", "stop")
            assert each.answer.complete


def test_every_broken_stream_keeps_what_had_come(asked: list[Asked]) -> None:
    """And says of itself that it is not whole."""
    broken = [(each, error) for each in asked for error in each.errors if isinstance(error, BrokenStreamError)]
    assert broken
    for each, error in broken:
        assert each.answer.text.startswith(error.reply.text)
        assert not error.reply.complete


def test_the_server_s_verdict_is_good(asked: list[Asked], address: str) -> None:
    """No storm of retries, Retry-After obeyed, no truncated stream accepted: `llmock report` ends with 0."""
    report = [LLMOCK, "report", "--url", address]
    verdict = json.loads(subprocess.run([*report, "--json"], capture_output=True, text=True, check=False).stdout)
    assert (verdict["errors"], verdict["findings"]) == (0, [])
    assert verdict["faults_injected"] >= 20
    assert subprocess.run(report, capture_output=True, check=False).returncode == 0
