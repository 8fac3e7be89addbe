"""Several pieces of work at once, in a few threads, that Stop ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

THREADS = 4
_PATIENCE = 1.0

T = TypeVar("T")
R = TypeVar("R")


def together(items: Sequence[T], work: Callable[[T, threading.Event], R]) -> list[R]:
    """Do `work(item, stop)` for all items in at most 4 threads; returns the results in the order of the items.

    Stop (Ctrl-C) sets the event, waits a second for the threads to notice, and goes on its way. What a piece of work
    raises ends the others in the same way, and is raised.
    """
    results: dict[int, R] = {}
    failed: list[BaseException] = []
    waiting, hand_out = iter(enumerate(items)), threading.Lock()
    stop, ended = threading.Event(), threading.Semaphore(0)

    def run() -> None:
        try:
            while not stop.is_set():
                with hand_out:
                    index, item = next(waiting, (-1, None))
                if item is None:
                    return
                results[index] = work(item, stop)
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that asked
            failed.append(error)
            stop.set()
        finally:
            ended.release()

    running = 0
    try:
        for _ in range(min(THREADS, len(items))):
            threading.Thread(target=run, daemon=True).start()
            running += 1
        while running:  # not join(): one that is interrupted takes a running thread for an ended one
            running -= ended.acquire(timeout=0.1)
    except BaseException:
        stop.set()
        patience = time.monotonic() + _PATIENCE
        while running and time.monotonic() < patience:
            running -= ended.acquire(timeout=0.1)
        raise
    if failed:
        raise failed[0]
    return [results[index] for index in range(len(items))]
