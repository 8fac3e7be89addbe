r"""Plain values as Python literals, and back. Pure: it reads by the syntax tree and evaluates nothing, ever.

Two calls may stand where a value stands, because code needs them: sky.file("a.png") for a file of this computer, and
getpass("token: ") for what must not be written down. As values they are a `Call`.
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, plain

FILE = "sky.file"
SECRET = "getpass"  # noqa: S105 - the name of a function
DEEPEST = 90
"""How many levels a value may have to be written: Python's own reader takes 200 brackets."""

_CALLS = {"sky.file": FILE, "skytells_nb.file": FILE, "getpass": SECRET, "getpass.getpass": SECRET}
_MOST_LINES = 500
_JOINERS = str.maketrans("", "", "\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a value's place: `FILE` with a path, or `SECRET` with what it asks."""

    function: str
    argument: str


def same(one: object, other: object) -> bool:
    """Say whether two plain values are the same, types and all: 1, 1.0 and True are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other) if isinstance(one, float) else one == other


def is_plain(text: str) -> bool:
    """Say whether a text shows on one line as what it is: no control, direction or other unseen characters."""
    return text.translate(_JOINERS).isprintable()


def write(value: object, *, sure: bool = False) -> str:
    """Write a value on one line; raises `InputError` for what is no JSON value.

    With `sure`, texts hold no quote or brace, so that nothing around them can be misled.
    """
    if isinstance(value, Call):
        return f"{value.function}({write(value.argument, sure=sure)})"
    if isinstance(value, str):
        return _text(value, sure=sure)
    if isinstance(value, dict):
        pairs = (f"{write(name, sure=sure)}: {write(part, sure=sure)}" for name, part in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(write(part, sure=sure) for part in value)}]"
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        with suppress(ValueError):  # Python writes no integer of thousands of digits
            return repr(value)
    shown = repr(value) if isinstance(value, float) else type(value).__name__
    raise InputError(f"{plain(shown, 60)} is no JSON value, so no code can hold it.", "Use text, numbers, lists.")


def _text(text: str, *, sure: bool) -> str:
    escaped = _SURELY if sure else _ESCAPED
    body = text.translate(escaped)
    if not is_plain(body):
        body = "".join(c if is_plain(c) else c.encode("unicode_escape").decode() for c in body)
    return f'"{body}"'


_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\""})
_SURELY = str.maketrans({"\\": r"\\", '"': r"\x22", "'": r"\x27", "{": r"\x7b", "}": r"\x7d"})


def layout(value: object, width: int, indent: str = "") -> str:
    """Write a value on as many lines as it takes to stay within `width`, where that can be."""
    line = write(value)
    if len(indent) + len(line) <= width:
        return line
    inner = indent + "    "
    if isinstance(value, dict) and value:
        parts = [f"{write(name)}: {layout(part, width - len(write(name)) - 2, inner)}" for name, part in value.items()]
        return _bracketed("{", parts, "}", indent)
    if isinstance(value, list) and value:
        return _bracketed("[", [layout(part, width, inner) for part in value], "]", indent)
    if isinstance(value, str) and 0 < value.rstrip("\n").count("\n") < _MOST_LINES:
        lines = "\n".join(inner + write(part) for part in re.findall(r"[^\n]*\n|[^\n]+", value))
        return f"(\n{lines}\n{indent})"
    return line


def _bracketed(opening: str, parts: list[str], closing: str, indent: str) -> str:
    lines = "".join(f"{indent}    {part},\n" for part in parts)
    return f"{opening}\n{lines}{indent}{closing}"


def read(source: str) -> Any:
    """Read one literal; raises `InputError` that names the part which is none."""
    return value_of(_parsed(source.strip(), "eval").body)


def read_module(source: str) -> ast.Module:
    """Read Python without running it; raises `InputError` for what is none."""
    module: ast.Module = _parsed(textwrap.dedent(source.strip("\n")), "exec")
    return module


def _parsed(source: str, mode: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(source, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{plain(source, 60)} cannot be read as Python.", "Mend it, or give a dict.") from error


def value_of(node: ast.expr) -> Any:
    """Give the value of a literal's syntax tree; raises `InputError` for anything that would have to be evaluated."""
    match node:
        case ast.Constant(value=None | bool() | int() | str() as value):
            return value
        case ast.Constant(value=float() as value) if math.isfinite(value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)) if (
            not isinstance(value, bool) and math.isfinite(value)
        ):
            return -value if isinstance(sign, ast.USub) else value
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [value_of(part) for part in parts]
        case ast.Dict(keys=keys, values=parts):
            names = [_name(key, node) for key in keys]
            if len(set(names)) < len(names):
                raise InputError(f"A name is given twice in {_shown(node)}.", "Keep one of them.")
            return {name: value_of(part) for name, part in zip(names, parts, strict=True)}
        case ast.Call(func=function, args=[ast.Constant(value=str() as argument)], keywords=[]) if called := _CALLS.get(
            _dotted(function)
        ):
            return Call(called, argument)
        case ast.Call(func=function, args=[], keywords=[]) if _CALLS.get(_dotted(function)) == SECRET:
            return Call(SECRET, "")
    raise _no_value(node)


def _name(key: ast.expr | None, node: ast.expr) -> str:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    raise _no_value(key or node)


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"{module}.{name}"
    return ""


def _no_value(node: ast.expr) -> InputError:
    what = f"{_shown(node)} is no plain value; code is read here, not run."
    return InputError(what, 'Write text, numbers, lists or sky.file("…").')


def _shown(node: ast.expr) -> str:
    try:
        return plain(ast.unparse(node), 60)
    except (RecursionError, ValueError):
        return "It"
