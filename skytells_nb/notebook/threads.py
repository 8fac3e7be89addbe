"""Named conversations that remember. Pure: a thread is a tuple of turns, and adding to it gives a new one.

A turn is what was asked and answered, and the cell that asked. Running a cell again replaces its own turn, so history
does not double; a turn that failed never enters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer; `cell` is the id of the cell that asked, or None."""

    question: str
    answer: str
    cell: str | None = None


Thread = tuple[Turn, ...]


def before(thread: Thread, cell: str | None) -> Thread:
    """Give the turns that a cell's question follows: all, or those before the cell's own where it ran already."""
    position = _position(thread, cell)
    return thread if position is None else thread[:position]


def messages(thread: Thread, question: str) -> list[dict[str, str]]:
    """Write the turns and a new question as chat messages."""
    said = [
        {"role": role, "content": content}
        for turn in thread
        for role, content in (("user", turn.question), ("assistant", turn.answer))
    ]
    return [*said, {"role": "user", "content": question}]


def with_turn(thread: Thread, turn: Turn) -> Thread:
    """Add a turn, in place of the one that the same cell made before."""
    position = _position(thread, turn.cell)
    return (*thread, turn) if position is None else (*thread[:position], turn, *thread[position + 1 :])


def _position(thread: Thread, cell: str | None) -> int | None:
    return next((n for n, turn in enumerate(thread) if cell is not None and turn.cell == cell), None)
