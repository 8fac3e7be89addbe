"""Measure what showing an answer takes over reading it unseen, and how many messages reach the front end.

    python tests/benchmarks/painting.py        a minute and a half; part of what run.py prints

An answer of 4,000 tokens of Markdown (headings, paragraphs, lists, tables, code) is streamed by a server in a process
of its own, an event for each token, to a real kernel: as fast as it is read, at 500 and at 50 tokens a second (of
which 500 only). The kernel's CPU is that of its whole process, the thread that sends to the front end included; rounds
alternate, figures are medians. Both are judged: how much longer the answer takes, and how much more CPU, which at the
rates of real models is a small part of one core in either case.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.kernels import Kernel

TOKENS = 4_000
_RATES = ((0, TOKENS, 9), (500, TOKENS, 1), (50, 500, 1))
"""Tokens a second (0: as fast as they are read), how many of them, and how many rounds."""
TARGET, MOST_MESSAGES = 1.25, 25
"""Times that a displayed answer may take of an undisplayed one; messages a second."""

_KEY = "sk-benchmark"
_SECTION = """## Part {n}: what a notebook is

A **notebook** is a document of *cells*: some hold code, which runs in a kernel, others hold text. See
[the page](https://example.com/notebooks/{n}) about it; the rest is `output_{n}` that stays with the document.

- the first point, with **some weight**
- the second one, about `kernel.run(cell)`

| name | rows | note |
|------|-----:|------|
| one | {n} | begins |
| two | 22 | ends |

```python
def part_{n}(rows: list[int]) -> float:
    total = sum(row * {n} for row in rows)  # all of them
    return total / len(rows)
```

"""


def pieces() -> list[str]:
    """Write the answer's tokens, about four characters each."""
    text = "".join(_SECTION.format(n=n) for n in range(60))
    return [text[at : at + 4] for at in range(0, TOKENS * 4, 4)]


def _events(count: int) -> Iterator[bytes]:
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1773759323, "model": "deepbrain-router"}
    deltas: list[dict[str, Any]] = [{"content": piece} for piece in pieces()[:count]]
    choices = [[{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas]
    usage = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": count + 9}
    chunks: list[dict[str, Any]] = [{"choices": choice, "usage": None} for choice in choices]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None})
    chunks.append({"choices": [], "usage": usage})
    yield from (f"data: {json.dumps(shared | chunk, separators=(',', ':'))}\n\n".encode() for chunk in chunks)
    yield b"data: [DONE]\n\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request at the rate and with the count that its path names: /RATE/COUNT/…; a rate of 0 has no end."""
    head = await reader.readuntil(b"\r\n\r\n")
    _, rate, count, *_ = head.split()[1].decode().split("/")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    loop = asyncio.get_running_loop()
    due = loop.time()
    for event in _events(int(count)):
        writer.write(event)
        if float(rate):
            due += 1 / float(rate)
            await asyncio.sleep(max(0.0, due - loop.time()))
        await writer.drain()
    writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()


@contextmanager
def serving() -> Iterator[str]:
    """Run the server in a process of its own; give its address."""
    with subprocess.Popen([sys.executable, __file__, "serve"], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


_PREPARE = """
import time
import skytells_nb as sky
from skytells_nb.notebook import answers
from skytells_nb.notebook.session import current

def ask(address, shown):
    with sky.Client(api_key={key!r}, base_url=address, observers=()) as client:
        stream = client.chat_stream("What is a notebook?")
        begun, worked = time.perf_counter(), time.process_time()
        if shown:
            answers.show(stream, "markdown")
        else:
            for _ in stream:
                pass
        return time.process_time() - worked, time.perf_counter() - begun
"""


def report() -> str:
    """Measure, and write the table."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests.kernels import running_kernel

    with serving() as address, running_kernel() as kernel:
        assert kernel.run(_PREPARE.format(key=_KEY)).status == "ok"
        return "\n".join(_line(kernel, address, *each) for each in _RATES)


def _line(kernel: Kernel, address: str, rate: int, count: int, rounds: int) -> str:
    """Measure at one rate, after a round that does not count where there are several, and write a line."""
    took: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    busiest = 0
    for number in range(-1 if rounds > 1 else 0, rounds):
        for shown in (False, True):
            ran = kernel.run(f"print(*ask('{address}/{rate}/{count}', {shown}))", timeout=200)
            assert ran.status == "ok", ran.error
            cpu, wall = map(float, ran.stdout.split())
            if number >= 0:
                took[shown].append((cpu, wall))
            busiest = max(busiest, *(sum(1 for at in ran.times if begun <= at < begun + 1) for begun in ran.times), 0)
    cpu = [statistics.median(each for each, _ in took[shown]) for shown in (False, True)]
    wall = [statistics.median(each for _, each in took[shown]) for shown in (False, True)]
    verdicts = [_verdict(wall[1] / wall[0] <= TARGET), _verdict(cpu[1] / cpu[0] <= TARGET)]
    return (
        f"{f'{rate} a second' if rate else 'as fast as read':<16}{count:,} tokens"
        f"   seconds {wall[0]:7.3f} unseen {wall[1]:7.3f} shown {wall[1] / wall[0]:5.2f}x {verdicts[0]}"
        f"   CPU {cpu[0]:6.3f} unseen {cpu[1]:6.3f} shown {cpu[1] / cpu[0]:5.2f}x {verdicts[1]}"
        f"   {busiest} messages in the busiest second: {_verdict(busiest <= MOST_MESSAGES)}"
    )


def _verdict(passed: bool) -> str:
    return "PASS" if passed else "short of it"


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(_serve())
    else:
        print(report())
