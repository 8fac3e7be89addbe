r"""A magic's line -> words, options and name=value pairs. Pure: it evaluates nothing.

Words are parted by blanks. A word or value may be quoted with ' or " (in "…" \" and \\ stand for " and \); a
quote inside a word is itself, so don't needs none. A value that begins with [ or { is read to its matching bracket, so
JSON needs no quotes, and {{…}} is one piece wherever it stands. `--name value` and `--name=value` are the same.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import InputError, UnknownNameError, plain
from .interpolate import end_of

Named = Literal["", "any model", "text model", "media model", "vector model", "type", "thread", "tag", "file"]
"""What kind of thing a word or value names, so that TAB can offer those there are; "" for none."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its long name without dashes, a letter, and how its text is read (None for a flag).

    A `raw` one keeps its {{…}}, as pairs do. `choices` are the texts to choose from, of which a `several` one takes
    more than one, with commas between; `of` says what it names otherwise.
    """

    name: str
    letter: str = ""
    read: Callable[[str], Any] | None = str
    meaning: str = ""
    metavar: str = ""
    raw: bool = False
    choices: tuple[str, ...] = ()
    several: bool = False
    of: Named = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a magic takes; `words` names its positional words, `pairs` says whether it takes name=value.

    `sign` is "%" where there is a line magic to show, `body` says what a cell magic's body is, and `code` that it is
    Python. The first word may be one of `verbs`; the next (the first, where there are no verbs) names something `of` a
    kind. `raw_words` keep their {{…}}, as pairs do.
    """

    magic: str
    summary: str
    words: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    pairs: bool = False
    examples: tuple[str, ...] = ()
    sign: str = "%"
    verbs: tuple[str, ...] = ()
    of: Named = ""
    body: str = ""
    raw_words: bool = False
    code: bool = False

    @property
    def is_cell(self) -> bool:
        """Whether there is a cell magic of the name."""
        return bool(self.body) or self.sign == "%%"


@dataclass(frozen=True, slots=True)
class Command:
    """A line, read. `pairs` holds raw text, before {{…}} is replaced."""

    words: tuple[str, ...] = ()
    pairs: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


_QUOTED = re.compile(r""" "(?P<double>(?:[^"\\]++|\\.)*+)" | '(?P<single>[^']*+)' """, re.VERBOSE | re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')
_LONGEST_NAME = 200

HELP = Option("help", "h", None, "show this help")


def parse(line: str, spec: Spec, expand: Callable[[str], str] = str) -> Command:
    """Read a line; raises `InputError` or `UnknownNameError` that names the word at fault.

    `expand` replaces {{…}} in words and options, before they are read as numbers; pairs and raw options keep theirs.
    """
    options = (*spec.options, HELP)
    words: list[str] = []
    pairs: dict[str, str] = {}
    chosen: dict[str, Any] = {}
    tokens = deque(split(line))
    while tokens:
        token = tokens.popleft()
        if token.is_option:
            option, given = _option(token, options, spec)
            if option.read is None:
                if given is not None:
                    raise InputError(f"--{option.name} takes no value.", f"Write just --{option.name}.")
                chosen[option.name] = True
                continue
            if given is None:
                if not tokens:
                    raise InputError(
                        f"--{option.name} needs a value.", f"For example: --{option.name} {option.metavar or '…'}."
                    )
                given = tokens.popleft().text
            if option.name in chosen:
                raise InputError(f"--{option.name} is given twice.", "Keep one of them.")
            chosen[option.name] = given if option.raw else _read(option, expand(given))
        elif token.name is not None and spec.pairs:
            if token.name in pairs:
                raise InputError(f"{token.name} is given twice.", "Keep one of them.")
            pairs[token.name] = token.text
        else:
            words.append(token.whole if spec.raw_words else expand(token.whole))
    if len(words) > len(spec.words) and "help" not in chosen:
        word = plain(words[len(spec.words)], 60)
        hint = (
            f'Text with blanks needs quotes: name="… {word} …".'
            if spec.pairs
            else f"%{spec.magic} --help shows what it takes."
        )
        raise InputError(f"%{spec.magic} does not know what to do with {word!r}.", hint)
    return Command(tuple(words), pairs, chosen)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _option(token: Token, options: Sequence[Option], spec: Spec) -> tuple[Option, str | None]:
    text = token.text
    if token.name is not None or text.startswith("--"):
        name, given = (token.name[2:], text) if token.name is not None else (text[2:], None)
        for option in options:
            if option.name == name.replace("_", "-"):
                return option, given
        known = [f"--{option.name}" for option in options]
        raise UnknownNameError.of("option", f"--{name}", known, where=f" of %{spec.magic}")
    for option in options:
        if option.letter and text[1] == option.letter:
            return option, text[2:].removeprefix("=") or None
    known = [f"-{option.letter}" for option in options if option.letter]
    raise UnknownNameError.of("option", text, known, where=f" of %{spec.magic}")


def _read(option: Option, given: str) -> Any:
    try:
        return option.read(given) if option.read else given
    except ValueError as error:
        kind = "a whole number" if option.read is int else "a number"
        raise InputError(
            f"--{option.name} must be {kind}, not {plain(given, 60)!r}.", f"For example: {option.metavar}."
        ) from error


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its text without quotes; for name=value the name, and then the text is the value's."""

    text: str
    name: str | None = None
    quoted: bool = False

    @property
    def is_option(self) -> bool:
        """Whether the word is an option: a dash, and no number."""
        if self.name is not None:
            return self.name.startswith("--")
        return self.text.startswith("-") and not self.quoted and self.text not in ("-", "--") and not _number(self.text)

    @property
    def whole(self) -> str:
        """The word as it was meant, name and all."""
        return self.text if self.name is None else f"{self.name}={self.text}"


def split(line: str) -> list[Token]:
    """Part a line into words; raises `InputError` for a quote or bracket that is not closed."""
    tokens: list[Token] = []
    position, end = 0, len(line)
    while position < end:
        if line[position].isspace():
            position += 1
            continue
        name, start = _name(line, position)
        text, position, quoted = _value(line, start)
        tokens.append(Token(text, name, quoted))
    return tokens


def _name(line: str, position: int) -> tuple[str | None, int]:
    equals = line.find("=", position, position + _LONGEST_NAME)
    name = line[position:equals] if equals > position else ""
    if (
        name.strip("-")
        and (not name.startswith("-") or name.startswith("--"))
        and all(c.isalnum() or c in "_-." for c in name)
    ):
        return name, equals + 1
    return None, position


def _value(line: str, start: int) -> tuple[str, int, bool]:
    first = line[start : start + 1]
    if first and first in "\"'":
        text, position = _quoted(line, start)
        if position < len(line) and not line[position].isspace():
            raise InputError(
                f"There is text right after the closing quote: {plain(line[start:], 60)}.", "Put a blank there."
            )
        return text, position, True
    position = start
    depth = 0
    while position < len(line):
        if line.startswith("{{", position):
            close = end_of(line, position)
            if close < 0:
                raise InputError(f"{plain(line[position:], 60)!r} has no closing }}}}.", "Close it with }}.")
            position = close
            continue
        character = line[position]
        if first and first in "[{":
            if character == '"':
                position = _quoted(line, position)[1]
                continue
            depth += (character in "[{") - (character in "]}")
        if character.isspace() and depth <= 0:
            break
        position += 1
    if depth > 0:
        raise InputError(
            f"A bracket is not closed: {plain(line[start:], 60)}.", "Close it, or put the value in quotes."
        )
    return line[start:position], position, False


def _quoted(line: str, start: int) -> tuple[str, int]:
    found = _QUOTED.match(line, start)
    if found is None:
        raise InputError(
            f"A quote is not closed: {plain(line[start:], 60)}.", "Close it; a ' inside a word needs no partner."
        )
    text = found["single"] if found["double"] is None else _ESCAPE.sub(r"\1", found["double"])
    return text, found.end()


def help_text(spec: Spec) -> str:
    """Write the help of a magic: what it does, how it is called, its options and examples."""
    shape = " ".join([spec.magic, *spec.words, *(["name=value …"] if spec.pairs else []), "[options]"])
    forms = [f"%{shape}"] * (spec.sign == "%") + [f"%%{shape}", *filter(None, [spec.body])] * spec.is_cell
    rows = [(_flags(option), option.meaning) for option in (*spec.options, HELP)]
    width = max(len(flags) for flags, _ in rows) + 2
    lines = [
        spec.summary,
        "",
        *(f"    {form}" for form in forms),
        "",
        "Options:",
        *(f"    {flags:<{width}}{meaning}" for flags, meaning in rows),
    ]
    return "\n".join([*lines, "", "Examples:", *(f"    {example}" for example in spec.examples)])


def _flags(option: Option) -> str:
    flags = ", ".join([*([f"-{option.letter}"] if option.letter else []), f"--{option.name}"])
    return flags if option.read is None else f"{flags} {option.metavar or option.name.upper()}"
