"""Which cell is running, and what it has already put on the screen.

The magics show a result while it arrives and also return it, so that `x = %skytells_predict …` and `_` work. What they
have shown is noted here, so that IPython does not show the returned value a second time under the same cell.

Work that goes on beside the cells, as a run of a form does, belongs to the cell that it was begun for: `belonging_to`.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Place = tuple[str | None, int | None]
"""A cell: its id and its execution count, each None where not known."""

_cell_id: str | None = None
_execution_count: int | None = None
_counter: int | None = None
_ahead = 0
"""How far IPython's counter is ahead of the running cell's number: newer versions count on before they run it."""
_on_screen: list[object] = []
_silenced: dict[type, Callable[[], object]] = {}
_counts: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
"""How often each word was counted while the running cell runs."""
_owner: ContextVar[tuple[Place, int | None] | None] = ContextVar("skytells_cell", default=None)


def where() -> Place:
    """Name the cell that this belongs to: the running one, unless another was said."""
    owner = _owner.get()
    return (_cell_id, _execution_count) if owner is None else owner[0]


def nth() -> int | None:
    """Say which of the like jobs of its cell's run a call in this block is, counted from 1; None where that is open."""
    owner = _owner.get()
    return None if owner is None else owner[1]


def count(word: str) -> int | None:
    """Count how often the running cell has met a word, this time included; None where the cell's id is not known."""
    return None if where()[0] is None else next(_counts[word])


@contextmanager
def belonging_to(place: Place, nth: int | None = None) -> Iterator[None]:
    """Let calls that are made in this block, and in tasks begun in it, belong to one cell, whichever runs.

    `nth` says which of the like jobs of the cell's run they are.
    """
    token = _owner.set((place, nth))
    try:
        yield
    finally:
        _owner.reset(token)


def shown(value: object) -> None:
    """Note that the running cell has shown a value."""
    _on_screen.append(value)


def is_on_screen(value: object) -> bool:
    """Say whether the running cell has shown this very value."""
    return any(value is other for other in _on_screen)


def silence(shell: InteractiveShell, value: object) -> None:
    """Let IPython not show a value of a foreign class again that the running cell has shown, if it ends in it.

    Values that show themselves know it already. What the user has for that class is put back when the cell ends.
    """
    formatter = shell.display_formatter.ipython_display_formatter if shell.display_formatter else None
    if formatter is None or hasattr(value, "_ipython_display_") or type(value) in _silenced:
        return
    kind = type(value)
    before = formatter.type_printers.get(kind)

    def display(found: object) -> None:
        if not is_on_screen(found):
            if before is None:
                raise NotImplementedError  # IPython then asks for the bundle
            before(found)

    _silenced[kind] = lambda: formatter.for_type(kind, before) if before else formatter.pop(kind, None)
    formatter.for_type(kind, display)


def _put_back() -> None:
    while _silenced:
        _silenced.popitem()[1]()


def watch(shell: InteractiveShell) -> None:
    """Follow which cell runs, as far as `begin` and `end` are told of each."""
    global _counter
    _counter = shell.execution_count


def unwatch(_: InteractiveShell) -> None:
    """Stop following."""
    _put_back()


def begin(info: Any) -> None:
    """Hear that a cell begins to run."""
    global _cell_id, _counter, _execution_count
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    _cell_id = getattr(info, "cell_id", None)
    _counter = getattr(shell, "execution_count", None)
    ahead = _ahead if getattr(info, "store_history", False) else 0
    _execution_count = None if _counter is None else _counter - ahead
    _on_screen.clear()
    _counts.clear()


def end(result: Any) -> None:
    """Hear that a cell has ended."""
    global _ahead
    number = getattr(result, "execution_count", None)
    if _counter is not None and number is not None and getattr(result.info, "store_history", False):
        _ahead = _counter - number
    _on_screen.clear()
    _put_back()
