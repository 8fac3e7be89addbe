"""A cell that is being typed: which magic of ours the cursor is in, its finished words, and the piece under the cursor.

Pure. The words are read by `tokens.split`, as they will be when the cell runs; a quote that is still open is closed
for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...errors import InputError
from ...schema.coercion import FLAGS
from ...schema.fields import Field, FlagField
from .command import Option, Spec, alike
from .interpolate import end_of
from .tokens import Token, split

_LONGEST = 20_000
"""Characters of a line, or of a body, before the cursor that are still looked at."""
_CELL = re.compile(r"%%(?P<magic>\w*)(?P<rest>\s.*)?", re.DOTALL)
_LINE = re.compile(r"\s*+(?:[^%=\s][^%=]*=\s*)?%(?P<magic>\w*)(?P<rest>\s.*)?", re.DOTALL)
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
    if len(line) > _LONGEST:
        return None
    found = _CELL.fullmatch(line) if cell is not None and not newline else _LINE.fullmatch(line)
    if found is None:
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


FieldsOf = Callable[[str], Iterable[Field]]
"""Gives what is known of a model's inputs by its name."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The words of a line up to the cursor. `under` is the one under the cursor, whose text ends there.

    `kind` says what `under` is: a word, an option's name, the value of `option`, or the value of the input `name`,
    which may be given as a pair or as an option. `open_quote` is the quote that it began with, "" for none. `words`,
    `pairs` (the inputs' names) and `options` stand before it.
    """

    kind: Literal["word", "option", "value", "input"]
    under: str = ""
    name: str = ""
    option: Option | None = None
    open_quote: str = ""
    words: tuple[str, ...] = ()
    pairs: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()


def typed(line: Line, fields_of: FieldsOf) -> Typed | None:
    """Read the words up to the cursor; None where no word can be going on, as right after a closing quote."""
    tokens, closer = _tokens(line.rest)
    if tokens is None:
        return None
    blank = not closer and (not tokens or line.rest[-1:].isspace())
    under = None if blank else tokens.pop()
    reader = _Reader(line.spec, fields_of)
    for token in tokens:
        reader.read(token)
    now = reader.so_far(closer)
    if under is None:
        return now
    if not line.rest.endswith(under.text):
        return None
    if now.kind != "word":
        return replace(now, under=under.whole)
    if under.name is None:
        is_option = under.text.startswith("-") and not closer
        return replace(now, kind="option" if is_option else "word", under=under.text)
    if not under.name.startswith("-"):
        return replace(now, kind="input", under=under.text, name=under.name)
    reader.read_option(under.name)
    now = reader.so_far(closer)
    return None if now.kind == "word" else replace(now, under=under.text)


def _tokens(rest: str) -> tuple[list[Token] | None, str]:
    for closer in _CLOSERS:
        try:
            return split(rest + closer), closer
        except InputError:
            continue
    return None, ""


class _Reader:
    """Sorts the words that are finished, as `command` will when the line runs, but minds no mistakes."""

    def __init__(self, spec: Spec, fields_of: FieldsOf) -> None:
        self._spec = spec
        self._fields_of = fields_of
        self._words: list[str] = []
        self._pairs: list[str] = []
        self._options: list[str] = []
        self._waiting: Option | Field | None = None
        self._is_flag = False

    def so_far(self, open_quote: str) -> Typed:
        """Give what was read; what waits for its value says of which kind the next word is."""
        now = Typed(
            "word", "", "", None, open_quote, tuple(self._words), frozenset(self._pairs), frozenset(self._options)
        )
        match self._waiting:
            case Option() as option:
                return replace(now, kind="value", option=option)
            case Field(name=name):
                return replace(now, kind="input", name=name)
        return now

    def read(self, token: Token) -> None:
        """Read one word."""
        flag, self._is_flag = self._is_flag, False
        if self._waiting is not None:
            self._waiting = None
        elif token.is_option:
            self.read_option(token.name or token.text)
            if token.name is not None or (not token.text.startswith("--") and len(token.text) > 2):
                self._waiting = None  # its value is there
        elif token.name is not None and self._spec.pairs:
            self._pairs.append(token.name)
        elif not (flag and token.text.lower() in FLAGS):
            self._words.append(token.whole)

    def read_option(self, written: str) -> None:
        """Read an option's name, and note what waits for a value then."""
        options = self._spec.options
        if not written.startswith("--"):
            option = next((each for each in options if each.letter and each.letter == written[1:2]), None)
        else:
            option = next((each for each in options if alike(each.name, written[2:])), None)
        if option is not None:
            self._options.append(option.name)
            self._waiting = option if option.read is not None else None
        elif self._spec.inputs and self._words:
            fields = self._fields_of(self._words[0])
            field = next((each for each in fields if alike(each.name, written[2:])), None)
            if field is not None:
                self._pairs.append(field.name)
                self._is_flag = isinstance(field, FlagField)
                self._waiting = None if self._is_flag else field
