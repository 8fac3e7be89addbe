"""The turns of a conversation. Pure: a thread is a tuple of turns, and adding to it gives a new one.

A turn is what was asked and answered, and which run of which cell asked. Running a cell again replaces the turns of its
earlier run, in their place, so history does not double; a cell that asks several times in one run adds them all. A turn
that failed never enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Api = Literal["chat", "responses"]
APIS: tuple[Api, ...] = get_args(Api)

Content = str | tuple[Mapping[str, Any], ...]
"""What was asked: a text, or the parts of a message, pictures among them, as the API takes them."""

_NAMED = {"image_url": "[picture]", "input_audio": "[sound]", "file": "[file]"}


@dataclass(frozen=True, slots=True)
class Asker:
    """A run of a cell: the cell's id and the execution count, each None where not known."""

    cell: str | None = None
    run: int | None = None

    def replaces(self, other: Asker) -> bool:
        """Say whether this is another run of the same cell, whose turns then count no more."""
        return self.cell is not None and self.cell == other.cell and self.run != other.run


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, who asked, and how.

    `sent` are the ids of the turns that went along, oldest first. `response` is the id under which the service keeps
    the answer with all that it followed, "" where it keeps nothing. The tokens are what the service counted, None where
    it did not say.
    """

    question: Content
    answer: str
    asker: Asker = Asker()
    id: str = ""
    sent: tuple[str, ...] = ()
    model: str = ""
    api: Api = "chat"
    response: str = ""
    question_tokens: int | None = None
    answer_tokens: int | None = None

    @property
    def asked(self) -> str:
        """The question as text, as `shown` writes it."""
        return shown(self.question)


Thread = tuple[Turn, ...]


def shown(content: Content) -> str:
    """Write a question as text, a line for each part; what is no text is named: [picture], [sound], [file]."""
    if isinstance(content, str):
        return content
    said = [part.get("text") for part in content]
    named = [_NAMED.get(str(part.get("type")), "[part]") for part in content]
    return "\n".join(text if isinstance(text, str) else name for text, name in zip(said, named, strict=True))


def before(thread: Thread, asker: Asker) -> Thread:
    """Give the turns that a question follows: all, or those before the asker's earlier run."""
    turns, place = _place(thread, asker)
    return turns[:place]


def messages(thread: Thread, question: Content) -> list[dict[str, Any]]:
    """Write the turns and a new question as chat messages."""
    said = [
        {"role": role, "content": _sent(content)}
        for turn in thread
        for role, content in (("user", turn.question), ("assistant", turn.answer))
    ]
    return [*said, {"role": "user", "content": _sent(question)}]


def _sent(content: Content) -> str | list[Mapping[str, Any]]:
    return content if isinstance(content, str) else list(content)


def with_turn(thread: Thread, turn: Turn) -> Thread:
    """Add a turn, in place of those that an earlier run of the same cell made."""
    turns, place = _place(thread, turn.asker)
    return (*turns[:place], turn, *turns[place:])


def of_another_kernel(thread: Thread) -> Thread:
    """Give turns whose runs are long over: a cell that is run now, whatever its number, replaces its own."""
    return tuple(replace(turn, asker=replace(turn.asker, run=None)) for turn in thread)


def api_of(thread: Thread) -> Api:
    """Name the API by which the newest turn was asked; a new thread speaks chat."""
    return thread[-1].api if thread else "chat"


def _place(thread: Thread, asker: Asker) -> tuple[Thread, int]:
    """Drop what the asker replaces, and find where its next turn goes."""
    turns = tuple(turn for turn in thread if not asker.replaces(turn.asker))
    own = [n for n, turn in enumerate(turns) if turn.asker == asker and asker.cell is not None]
    if own:
        return turns, own[-1] + 1
    old = next((n for n, turn in enumerate(thread) if asker.replaces(turn.asker)), len(turns))
    return turns, old
