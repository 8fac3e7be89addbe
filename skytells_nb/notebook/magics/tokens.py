r"""A typed line -> its words, as a person at a shell expects. Pure.

Words are parted by blanks. A word or value may be quoted with ' or " (in "…" \" and \\ stand for " and \). Quoted
pieces that touch are one word, and "name=a value" in quotes is a pair, as name="a value" is. Outside quotes `\ ` is a
blank, and a quote inside a word is itself, so don't needs none. A value that begins with [ or { is read to its matching
bracket, so JSON needs no quotes, and {{…}} is one piece wherever it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import InputError, plain
from ...marks import Span
from .interpolate import end_of
from .pointing import pointing

_QUOTES = "\"'"
_BLANKS = " \t"
_RUNS = {
    '"': re.compile(r'(?:[^"\\{]++|\\\{\{|\\.|\{(?!\{))*+', re.DOTALL),
    "'": re.compile(r"(?:[^'\\{]++|\\\{\{|\\|\{(?!\{))*+", re.DOTALL),
}
"""What stands in quotes up to their end, or to a {{."""
_ESCAPE = re.compile(r'\\(["\\])')
_LETTER = re.compile(r"""(-[A-Za-z])=?(?=["'])""")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its text without quotes, and where it stands; for name=value the name, and then the text is the value's.

    The name of an option keeps its dashes.
    """

    text: str
    span: Span
    name: str | None = None
    quoted: bool = False

    @property
    def is_option(self) -> bool:
        """Whether the word is an option: a dash, and no number."""
        if self.name is not None:
            return self.name.startswith("-")
        return self.text.startswith("-") and not self.quoted and self.text not in ("-", "--") and not _number(self.text)

    @property
    def whole(self) -> str:
        """The word as it was meant, name and all."""
        return self.text if self.name is None else f"{self.name}={self.text}"


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def split(line: str, start: int = 0) -> list[Token]:
    """Part a line into words, from `start` on; raises `InputError` for a quote or bracket that is not closed."""
    tokens: list[Token] = []
    position = start
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        begin = position
        name, at = _name(line, begin)
        with pointing(line, (at, len(line))):
            text, position, quoted = _value(line, at)
        if name is None and quoted:
            name, at = _name(text, 0)
            text = text[at:]
        tokens.append(Token(text, (begin, position), name, quoted))
    return tokens


def _name(line: str, position: int) -> tuple[str | None, int]:
    if letter := _LETTER.match(line, position):
        return letter[1], letter.end()
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
    """Read one value: its text, where it ends, and whether it begins with a quote."""
    first = line[start : start + 1]
    if first and first in "[{":
        end = _bracketed(line, start)
        return line[start:end], end, False
    quoted = bool(first) and first in _QUOTES
    pieces: list[str] = []
    position = start
    while position < len(line) and not line[position].isspace():
        if quoted and line[position] in _QUOTES:
            piece, position = _quoted(line, position)
            pieces.append(piece)
        elif line[position] == "\\" and line[position + 1 : position + 2] in (*_BLANKS,):
            pieces.append(line[position + 1])
            position += 2
        else:
            end = _expression(line, position) if line.startswith("{{", position) else position + 1
            pieces.append(line[position:end])
            position = end
    return "".join(pieces), position, quoted


def _bracketed(line: str, start: int) -> int:
    position, depth = start, 0
    while position < len(line):
        character = line[position]
        if line.startswith("{{", position):
            position = _expression(line, position)
            continue
        if character == '"':
            position = _quoted(line, position)[1]
            continue
        depth += (character in "[{") - (character in "]}")
        if character.isspace() and depth <= 0:
            break
        position += 1
    if depth > 0:
        what = f"A bracket is not closed: {plain(line[start:], 60)}."
        raise InputError(what, "Close it, or put the value in quotes.")
    return position


def _expression(line: str, position: int) -> int:
    """Find the end of the {{…}} that begins here; after a backslash it is two braces."""
    if line[position - 1 : position] == "\\":
        return position + 2
    if (end := end_of(line, position)) >= 0:
        return end
    with pointing(line, (position, len(line))):
        raise InputError(f"{plain(line[position:], 60)!r} has no closing }}}}.", "Close it with }}.")


def _quoted(line: str, start: int) -> tuple[str, int]:
    """Read what stands in quotes, and find where they end. A {{…}} that holds such quotes itself stays whole."""
    mark, pieces = line[start], [""]
    begin = position = start + 1
    looks = True
    while True:
        found = _RUNS[mark].match(line, position)
        position = found.end() if found else position
        if line.startswith("{{", position):
            end = end_of(line, position) if looks else -1
            looks = end >= 0
            inner = line[position:end] if looks else ""
            if mark in inner and '\\"' not in inner:
                pieces += [_unescaped(line[begin:position], mark), inner]
                begin = end
            position = end if looks and '\\"' not in inner else position + 2
        elif line.startswith(mark, position):
            return "".join([*pieces, _unescaped(line[begin:position], mark)]), position + 1
        else:
            what = f"A quote is not closed: {plain(line[start:], 60)}."
            raise InputError(what, "Close it; a ' inside a word needs no partner.")


def _unescaped(text: str, mark: str) -> str:
    return _ESCAPE.sub(r"\1", text) if mark == '"' else text
