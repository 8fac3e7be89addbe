"""How far a long reading is: told to the line that the notebook's layer hands in, and to nobody before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from ..errors import InputError, plain

Line = Callable[[str], object]
"""Shows a sentence in place of the one before."""


@contextmanager
def _nowhere() -> Iterator[Line]:
    yield lambda _: None


_shown: Callable[[], AbstractContextManager[Line]] = _nowhere


def show_with(line: Callable[[], AbstractContextManager[Line]]) -> None:
    """Let `line` show progress from now on; it is taken away when its block ends."""
    global _shown
    _shown = line


@contextmanager
def counting(progress: bool | Callable[[int], object], what: str) -> Iterator[Callable[[int], object]]:  # noqa: FBT001
    """Give who is told how many `what` have been read: a line on the screen (True), nobody (False), or a function.

    Raises `InputError` for what is none of them.
    """
    if not isinstance(progress, bool):
        if not callable(progress):
            raise InputError(f"progress={plain(progress, 40)} is no function.", "Give one of a number, True or False.")
        yield progress
        return
    with _shown() if progress else _nowhere() as line:
        yield lambda number: line(f"Reading · {what} · {number:,} so far")
