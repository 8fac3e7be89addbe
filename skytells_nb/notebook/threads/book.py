"""The named threads of a kernel. Safe to use from several threads of Python: each change is made whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from ...errors import InputError, UnknownNameError, plain
from .turns import Thread, Turn, of_another_kernel, with_turn

LONGEST_NAME = 60


def checked(name: str) -> str:
    """Give back a thread's name; raises `InputError` for one that is none.

    It has letters, digits, - _ and ., begins with no - or ., and is at most 60 characters long.
    """
    fits = isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name[0] not in "-."
    if not fits or not all(character.isalnum() or character in "-_." for character in name):
        what = f"{plain(name, 80)!r} cannot be the name of a thread."
        raise InputError(what, f"Use letters, digits, -, _ and ., at most {LONGEST_NAME}, no - or . first.")
    return name


class Book:
    """Threads by their names; iterating gives the names, in the order in which they were begun."""

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(tuple(self._threads))

    def __len__(self) -> int:
        return len(self._threads)

    def __contains__(self, name: object) -> bool:
        return name in self._threads

    def so_far(self, name: str) -> Thread:
        """Give the turns of a thread, none where it is not begun; raises `InputError` for what is no name."""
        return self._threads.get(checked(name), ())

    def find(self, name: str) -> Thread:
        """Give the turns of a thread; raises `UnknownNameError`, with the nearest name, where there is none."""
        with self._lock:
            return self._found(name)

    def add(self, name: str, turn: Turn, *, anew: bool = False) -> None:
        """Add a turn, where `with_turn` puts it; `anew` forgets all others."""
        with self._lock:
            self._threads[name] = (turn,) if anew else with_turn(self._threads.get(name, ()), turn)

    def put(self, name: str, thread: Thread) -> None:
        """Take in a thread that another kernel remembered; raises `InputError` where the name is taken or none."""
        with self._lock:
            self._free(name)
            self._threads[name] = of_another_kernel(thread)

    def rename(self, old: str, new: str) -> None:
        """Give a thread another name; raises `UnknownNameError`, and `InputError` where the new one is taken."""
        with self._lock:
            self._found(old)
            self._free(new)
            self._threads = {new if name == old else name: thread for name, thread in self._threads.items()}

    def fork(self, name: str, new: str, at: int | None = None) -> None:
        """Begin another thread with the first `at` turns of one, or all; raises as `rename` does.

        An `at` that is not from 1 to the number of turns is an `InputError` too.
        """
        with self._lock:
            thread = self._found(name)
            self._free(new)
            if at is not None and not 1 <= at <= len(thread):
                what = f"Thread {name} has {len(thread)} turn{'' if len(thread) == 1 else 's'}: it cannot fork at {at}."
                raise InputError(what, f"Give a number from 1 to {len(thread)}.")
            self._threads[new] = thread[:at]

    def reset(self, name: str) -> None:
        """Forget a thread; raises `UnknownNameError` where there is none."""
        with self._lock:
            self._found(name)
            del self._threads[name]

    def clear(self) -> None:
        """Forget all threads."""
        with self._lock:
            self._threads.clear()

    def _found(self, name: str) -> Thread:
        if name not in self._threads:
            where = "" if self._threads else ": none is begun yet"
            raise UnknownNameError.of("thread", name, self._threads, where=where)
        return self._threads[name]

    def _free(self, name: str) -> None:
        if checked(name) in self._threads:
            raise InputError(f"There is a thread {name} already.", f"Choose another name, or reset {name} first.")
