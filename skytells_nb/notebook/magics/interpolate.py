r"""`{{expression}}` in a magic's line or body becomes its value; nothing else is touched.

Single braces, `$`, `%`, code and JSON pass as they are; `\{{` stands for a literal `{{`. The expression is the
user's own Python, evaluated in the user's namespace. A name that does not exist is an error with the nearest one.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InputError, UnknownNameError, nearest, plain
from ...marks import Span
from .pointing import pointing

Evaluated = Callable[[str, Mapping[str, Any]], Any]
"""Gives the value of an expression, by the names it may use."""


def end_of(text: str, start: int) -> int:
    """Find where the `{{expression}}` that begins at `start` ends; -1 where it is never closed.

    Braces and quoted strings inside the expression are passed over.
    """
    position, depth = start + 2, 0
    unclosed = ""
    while position < len(text):
        if not depth and text.startswith("}}", position):
            return position + 2
        character = text[position]
        if character in "\"'" and character not in unclosed:
            string = _STRING.match(text, position)
            position = string.end() - 1 if string else position
            unclosed += "" if string else character
        depth += (character == "{") - (character == "}" and depth > 0)
        position += 1
    return -1


_STRING = re.compile(r""" "(?:[^"\\]++|\\.)*+" | '(?:[^'\\]++|\\.)*+' """, re.VERBOSE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expression:
    """The Python between {{ and }}, and where it stands in its text, braces and all."""

    source: str
    span: Span


def pieces(text: str) -> Iterator[str | Expression]:
    """Part a text into what stays as it is and the expressions between."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if text.endswith("\\", position, start):
            yield text[position : start - 1] + "{{"
            position = start + 2
            continue
        end = end_of(text, start)
        if end < 0:
            break
        yield text[position:start]
        source = text[start + 2 : end - 2]
        yield Expression(source, (start, end)) if source.strip() else text[start:end]
        position = end
    yield text[position:]


def expand(text: str, names: Mapping[str, Any], evaluated: Evaluated | None = None) -> str:
    """Replace every `{{expression}}` by the text of its value; `evaluated` (default `evaluate`) gives the values."""
    return "".join(map(str, filled(text, names, evaluated)))


def filled(text: str, names: Mapping[str, Any], evaluated: Evaluated | None = None) -> Iterator[Any]:
    """Give the pieces of a text in their order, the value in the place of each expression."""
    for piece in pieces(text):
        if isinstance(piece, str):
            yield piece
        else:
            with pointing(text, piece.span):
                value = (evaluated or evaluate)(piece.source, names)
            yield value


def whole(text: str) -> str:
    """Give the expression where the text is one whole `{{expression}}`, "" otherwise."""
    return text[2:-2].strip() if text.startswith("{{") and end_of(text, 0) == len(text) else ""


def value_of(text: str, names: Mapping[str, Any], evaluated: Evaluated | None = None) -> Any:
    """Give the value itself where the text is one whole `{{expression}}`, the expanded text otherwise."""
    expression = whole(text)
    return evaluate(expression, names) if expression else expand(text, names, evaluated)


def written(expression: str) -> str:
    """Write an expression for a message, with its braces."""
    return plain("{{" + expression.strip() + "}}", 80)


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression; raises `UnknownNameError` for a name that does not exist, `InputError` for what fails."""
    source, shown = expression.strip(), written(expression)
    try:
        return eval(compile(source, "<{{…}}>", "eval"), dict(names))  # noqa: S307 - the user's own code, in their notebook
    except NameError as error:
        candidates = [name for name in (*names, *filter(str.islower, dir(builtins))) if not name.startswith("_")]
        missing = error.name or source
        near = nearest(missing, candidates)
        raise UnknownNameError(
            f"There is no name {plain(missing, 80)!r} for {shown}.",
            f"Did you mean {near!r}?" if near else r"Run the cell that makes it first; for a literal {{ write \{{.",
            name=missing,
            suggestion=near,
        ) from error
    except SyntaxError as error:
        raise InputError(f"{shown} is not a Python expression.", r"For a literal {{ write \{{.") from error
    except Exception as error:
        raise InputError(
            f"{shown} failed: {type(error).__name__}: {plain(error, 160)}.", "Mend the expression."
        ) from error
