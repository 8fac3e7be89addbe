"""What threads look like: all of them as a table, one of them as what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...api.shown import Shown
from .. import page
from ..render import bundle, made
from ..texts import markdown
from .turns import Api, Thread, Turn
from .window import tokens

_HEAD = ("thread", "turns", "tokens", "model", "api", "last question")
_MOST_SHOWN = 100
_TURN = f"border-top:{page.LINE};margin-top:.8em"


@dataclass(frozen=True, slots=True)
class Summary:
    """A thread in a line: how long it is, and how it was asked last."""

    name: str
    turns: int
    tokens: int
    model: str
    api: Api
    question: str

    @classmethod
    def of(cls, name: str, thread: Thread) -> Summary:
        """Sum up a thread of at least one turn."""
        last = thread[-1]
        return cls(name, len(thread), sum(map(tokens, thread)), last.model, last.api, last.asked)


@dataclass(frozen=True, slots=True, repr=False)
class Threads(Shown):
    """The threads that there are, as a table."""

    threads: tuple[Summary, ...]

    def __repr__(self) -> str:
        if not self.threads:
            return "no threads; --thread NAME begins one"
        rows = [_HEAD, *map(_cells, self.threads)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)


@dataclass(frozen=True, slots=True, repr=False)
class Transcript(Shown):
    """What was said in a thread, turn by turn."""

    name: str
    turns: Thread

    def __repr__(self) -> str:
        said = [f"{about}\n{_asked(turn)}\n\n{turn.answer}\n" for about, turn in _last(self)]
        return "\n".join([_head(self), "", *said])


def _head(shown: Transcript) -> str:
    long = len(shown.turns)
    count = f"{long} turn{'' if long == 1 else 's'}"
    return f"thread {shown.name}: {count}" + (f", the last {_MOST_SHOWN} here" if long > _MOST_SHOWN else "")


def _last(shown: Transcript) -> list[tuple[str, Turn]]:
    """Give the turns that are shown, each with the line above it."""
    known = {turn.id for turn in shown.turns}
    numbered = [*enumerate(shown.turns, 1)][-_MOST_SHOWN:]
    return [(_about(number, turn, sum(each not in known for each in turn.sent)), turn) for number, turn in numbered]


def _asked(turn: Turn) -> str:
    return turn.asked[: markdown.LONGEST]


def _about(number: int, turn: Turn, gone: int) -> str:
    """Say of a turn which it is, how it was asked, and what it was asked after; `gone` are no longer in the thread."""
    along = len(turn.sent)
    facts = (
        f"turn {number}",
        page.cut(turn.model, 80),
        turn.api + (", kept by the service" if turn.response else ""),
        f"{along} earlier turn{'' if along == 1 else 's'} went along" + (f", {gone} replaced since" if gone else ""),
        f"{tokens(turn):,} tokens",
    )
    return " · ".join(filter(None, facts))


def _cells(row: Summary) -> tuple[str, ...]:
    model, question = page.cut(row.model, 60), page.cut(row.question, 80)
    return (row.name, f"{row.turns:,}", f"{row.tokens:,}", model, row.api, question)


@bundle.register
def _threads(shown: Threads) -> dict[str, Any]:
    if not shown.threads:
        return made(repr(shown), page.box(page.text(repr(shown))))
    return made(repr(shown), page.box(page.table(_HEAD, [tuple(map(page.text, _cells(row))) for row in shown.threads])))


@bundle.register
def _transcript(shown: Transcript) -> dict[str, Any]:
    said = [
        f'<div style="{_TURN}">{page.caption(about)}{page.pre(_asked(turn))}{markdown.to_html(turn.answer)}</div>'
        for about, turn in _last(shown)
    ]
    return made(repr(shown), page.box(f"<div><strong>{page.text(_head(shown))}</strong></div>", *said))
