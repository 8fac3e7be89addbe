"""A cell that is being typed: which magic of ours the cursor is in, its finished words, and the piece under the cursor.

Pure. The words are read by `command.split`, as they will be when the cell runs; a quote that is still open is closed
for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...errors import InputError
from .command import Option, Spec, Token, split
from .interpolate import end_of

_LONGEST = 20_000
"""Characters of a line, or of a body, before the cursor that are still looked at."""
_CELL = re.compile(r"%%(?P<magic>\w*)(?P<rest>\s.*)?", re.DOTALL)
_LINE = re.compile(r"\s*(?:[^%=]+=\s*)?%(?P<magic>\w*)(?P<rest>\s.*)?", re.DOTALL)
_CLOSERS = ("", '"', "'")


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a magic is being typed, after its sign; `piece` holds both."""

    piece: str
    first_line: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The line of a magic is being typed; `rest` is what stands between its name and the cursor."""

    spec: Spec
    rest: str


@dataclass(frozen=True, slots=True)
class Body:
    """A text that is the body of a cell magic of ours is being typed; `text` is what stands before the cursor."""

    text: str


def place(before: str, specs: Mapping[str, Spec]) -> Name | Line | Body | None:
    """Say where the cursor is, by all the text before it; None where nothing of ours is being typed."""
    before = before.lstrip("\n")
    first, newline, body = before.partition("\n")
    cell = _CELL.fullmatch(first)
    if cell is not None and newline:
        spec = specs.get(cell["magic"])
        if spec is not None and spec.is_cell and not spec.code:
            return Body(body[-_LONGEST:])
    line = before.rpartition("\n")[2]
    found = _CELL.fullmatch(line) if cell is not None and not newline else _LINE.fullmatch(line)
    if found is None or len(line) > _LONGEST:
        return None
    if found["rest"] is None:
        sign = "%%" if found.re is _CELL else "%"
        return Name(sign + found["magic"], first_line=not newline)
    spec = specs.get(found["magic"])
    return None if spec is None else Line(spec, found["rest"])


def open_expression(text: str) -> str | None:
    """Give what is typed so far of a `{{expression}}` that is not closed yet; None where none is open."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        position = start + 2
        if not text.endswith("\\", 0, start):
            position = end_of(text, start)
            if position < 0:
                return text[start + 2 :]
    return None


@dataclass(frozen=True, slots=True)
class Typed:
    """The words of a line up to the cursor. `under` is the one under the cursor, whose text ends there.

    `kind` says what `under` is: a word, the value of the pair `name`, an option's name, or the value of `option`.
    `open_quote` is the quote that it began with, "" for none.
    """

    kind: Literal["word", "pair", "option", "value"]
    under: str = ""
    name: str = ""
    option: Option | None = None
    open_quote: str = ""
    words: tuple[str, ...] = ()
    pairs: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()


def typed(line: Line) -> Typed | None:
    """Read the words up to the cursor; None where no word can be going on, as right after a closing quote."""
    tokens, closer = _tokens(line.rest)
    if tokens is None:
        return None
    under = Token("") if not closer and (not tokens or line.rest[-1:].isspace()) else tokens.pop()
    if not line.rest.endswith(under.text):
        return None
    words, pairs, given, waiting = _finished(tokens, line.spec)
    now = Typed("word", under.text, "", None, closer, tuple(words), frozenset(pairs), frozenset(given))
    if waiting is not None:
        return replace(now, kind="value", under=under.whole, option=waiting)
    if under.name is not None and under.name.startswith("--"):
        option = _option(under.name, line.spec)
        return replace(now, kind="value", option=option) if option and option.read else None
    if under.name is not None:
        return replace(now, kind="pair", name=under.name)
    return replace(now, kind="option") if under.text.startswith("-") and not closer else now


def _tokens(rest: str) -> tuple[list[Token] | None, str]:
    for closer in _CLOSERS:
        try:
            return split(rest + closer), closer
        except InputError:
            continue
    return None, ""


def _finished(tokens: list[Token], spec: Spec) -> tuple[list[str], list[str], list[str], Option | None]:
    """Sort the words that are finished; the option that still waits for its value comes last."""
    words: list[str] = []
    pairs: list[str] = []
    given: list[str] = []
    waiting: Option | None = None
    for token in tokens:
        if waiting is not None:
            waiting = None
        elif token.is_option:
            option = _option(token.name or token.text, spec)
            given += [] if option is None else [option.name]
            is_whole = token.name is None and (token.text.startswith("--") or len(token.text) == 2)
            waiting = option if option is not None and option.read is not None and is_whole else None
        elif token.name is not None and spec.pairs:
            pairs.append(token.name)
        else:
            words.append(token.whole)
    return words, pairs, given, waiting


def _option(typed: str, spec: Spec) -> Option | None:
    if typed.startswith("--"):
        return next((option for option in spec.options if option.name == typed[2:].replace("_", "-")), None)
    return next((option for option in spec.options if option.letter and option.letter == typed[1:2]), None)
