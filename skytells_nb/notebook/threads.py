"""Named conversations that remember. Pure: a thread is a tuple of turns, and adding to it gives a new one.

A turn is what was asked and answered, and which run of which cell asked. Running a cell again replaces the turns of its
earlier run, in their place, so history does not double; a cell that asks several times in one run adds them all. A turn
that failed never enters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asker:
    """A run of a cell: the cell's id and the execution count, each None where not known."""

    cell: str | None = None
    run: int | None = None

    def replaces(self, other: Asker) -> bool:
        """Say whether this is a later run of the same cell."""
        return self.cell is not None and self.cell == other.cell and self.run != other.run


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, and who asked."""

    question: str
    answer: str
    asker: Asker = Asker()


Thread = tuple[Turn, ...]


def before(thread: Thread, asker: Asker) -> Thread:
    """Give the turns that a question follows: all, or those before the asker's earlier run."""
    turns, place = _place(thread, asker)
    return turns[:place]


def messages(thread: Thread, question: str) -> list[dict[str, str]]:
    """Write the turns and a new question as chat messages."""
    said = [
        {"role": role, "content": content}
        for turn in thread
        for role, content in (("user", turn.question), ("assistant", turn.answer))
    ]
    return [*said, {"role": "user", "content": question}]


def with_turn(thread: Thread, turn: Turn) -> Thread:
    """Add a turn, in place of those that an earlier run of the same cell made."""
    turns, place = _place(thread, turn.asker)
    return (*turns[:place], turn, *turns[place:])


def _place(thread: Thread, asker: Asker) -> tuple[Thread, int]:
    """Drop what the asker replaces, and find where its next turn goes."""
    turns = tuple(turn for turn in thread if not asker.replaces(turn.asker))
    own = [n for n, turn in enumerate(turns) if turn.asker == asker and asker.cell is not None]
    if own:
        return turns, own[-1] + 1
    old = next((n for n, turn in enumerate(thread) if asker.replaces(turn.asker)), len(turns))
    return turns, old
