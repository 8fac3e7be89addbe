r"""`{{expression}}` in a magic's line or body becomes its value; nothing else is touched.

Single braces, `$`, `%`, code and JSON pass as they are; `\{{` stands for a literal `{{`. The expression is the
user's own Python, evaluated in the user's namespace. A name that does not exist is an error with the nearest one.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import InputError, UnknownNameError, plain

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


def expand(text: str, names: Mapping[str, Any], evaluated: Evaluated | None = None) -> str:
    """Replace every `{{expression}}` by the text of its value; `evaluated` (default `evaluate`) gives the values."""
    done: list[str] = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if text.endswith("\\", position, start):
            done.append(text[position : start - 1] + "{{")
            position = start + 2
            continue
        end = end_of(text, start)
        if end < 0:
            break
        expression = text[start + 2 : end - 2]
        value = str((evaluated or evaluate)(expression, names)) if expression.strip() else text[start:end]
        done.append(text[position:start] + value)
        position = end
    return "".join([*done, text[position:]])


def whole(text: str) -> str:
    """Give the expression where the text is one whole `{{expression}}`, "" otherwise."""
    return text[2:-2].strip() if text.startswith("{{") and end_of(text, 0) == len(text) else ""


def value_of(text: str, names: Mapping[str, Any]) -> Any:
    """Give the value itself where the text is one whole `{{expression}}`, the expanded text otherwise."""
    expression = whole(text)
    return evaluate(expression, names) if expression else expand(text, names)


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression; raises `UnknownNameError` for a name that does not exist, `InputError` for what fails."""
    source = expression.strip()
    shown = plain("{{" + source + "}}", 80)
    try:
        return eval(compile(source, "<{{…}}>", "eval"), dict(names))  # noqa: S307 - the user's own code, in their notebook
    except NameError as error:
        candidates = [name for name in (*names, *dir(builtins)) if not name.startswith("_")]
        missing = error.name or source
        raise UnknownNameError.of("name", missing, candidates, where=f" for {shown}") from error
    except SyntaxError as error:
        raise InputError(f"{shown} is not a Python expression.", r"For a literal {{ write \{{.") from error
    except Exception as error:
        raise InputError(
            f"{shown} failed: {type(error).__name__}: {plain(error, 160)}.", "Mend the expression."
        ) from error
