"""Code -> the inputs that it would send, without running any of it: a magic's line or cell, Python, or JSON. Pure.

Only literals and sky.file("…") are values. Files are opened last, and only those.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..api.inline import file
from ..errors import InputError, plain
from ..schema.fields import Field
from . import literals
from .literals import FILE, SECRET, Call
from .magics.command import parse
from .magics.inputs import inputs_of, json_object, with_files
from .magics.interpolate import expand, whole
from .magics.named_files import text_file
from .magics.specs import PREDICT

_MAGIC = re.compile(
    r"(?:\w+\s*=\s*)?%(?P<cell>%?)skytells_predict(?:[^\S\n]+(?P<line>[^\n]*))?(?P<rest>\n.*)?", re.DOTALL
)
_MOST = 12_000_000
_MOST_PARTS = 1_000_000
_WORDS = re.compile(r"\w+")
_VERBS = ("predict", "submit", "quote")
_SHAPES = 'Give a %skytells_predict line, client.predict("MODEL", {…}), or a JSON object.'


@dataclass(frozen=True, slots=True)
class Written:
    """What a piece of code asks for; `model` is None where it names none."""

    model: str | None
    values: dict[str, Any]


def read(text: str, fields: Iterable[Field] = (), open_file: Callable[[str], Any] = file) -> Written:
    """Read a `%skytells_predict` line or cell, a call of `predict`, or an object of inputs, JSON or Python.

    `fields` say how text on a magic's line is typed; `open_file` is called for each file. Secrets that the code asks
    for are left out. Raises `InputError` for anything else, and what `open_file` raises.
    """
    if not isinstance(text, str):
        raise InputError(f"{plain(type(text).__name__)} is no text.", _SHAPES)
    fields = tuple(fields)
    try:
        model, values = _read(text, fields)
    except RecursionError as error:
        raise InputError("This code is nested too deeply to be read.", _SHAPES) from error
    return Written(model, {name: part for name, value in values.items() for part in _opened(value, open_file)})


def _read(text: str, fields: tuple[Field, ...]) -> tuple[str | None, dict[str, Any]]:
    _check_size(text)
    code, text = text, text.strip()
    if magic := _MAGIC.fullmatch(text):
        return _of_magic(magic["line"] or "", magic["rest"] or "", fields, cell=bool(magic["cell"]))
    if not text.startswith("{"):
        return _of_python(literals.read_module(code))
    try:
        values = json_object(text)
    except InputError as no_json:
        try:
            values = literals.read(text)
        except InputError:
            raise no_json from None
    if not isinstance(values, dict):
        raise InputError("This is no object of inputs.", _SHAPES)
    by_name = {field.name: field for field in fields}
    return None, {name: with_files(by_name.get(name), value, file_call) for name, value in values.items()}


def _check_size(text: str) -> None:
    """Raise `InputError` for a text that would take long to read; a word counts as one part, however long it is."""
    if len(text) > _MOST or len(_WORDS.sub("_", text)) > _MOST_PARTS:
        raise InputError(f"This is too long to be read as code ({len(text):,} characters).", "Give a dict.")


def file_call(path: str) -> Call:
    """Stand for a file, unopened."""
    return Call(FILE, path)


def value_in(text: str) -> Any:
    """Give the value of a text on a magic's line as the magic would; raises `InputError` where it would evaluate."""
    expression = whole(text)
    return literals.read(expression) if expression else with_literals(text)


def with_literals(text: str) -> str:
    """Replace every `{{literal}}` in a text."""
    return expand(text, {}, _in_a_text)


def _in_a_text(expression: str, _: Mapping[str, Any]) -> Any:
    value = literals.read(expression)
    if isinstance(value, Call):
        raise InputError(f"{plain(expression, 60)} stands inside a text.", "Make it the whole value.")
    return value


def _of_magic(line: str, rest: str, fields: tuple[Field, ...], *, cell: bool) -> tuple[str, dict[str, Any]]:
    if rest.strip() and not cell:
        raise InputError("There is more than the line of the magic.", "Give one line, or a cell that begins with %%.")
    command = parse(line, PREDICT, with_literals, inputs=lambda _: fields)
    if not command.words:
        raise InputError("The line names no model.", _SHAPES)
    body = with_literals(rest.strip())
    if "file" in command.options:
        if body:
            raise InputError("The text is given twice, by --file and on the lines below.", "Keep one of them.")
        body = text_file(command.options["file"]).strip("\n")
    return command.words[0], inputs_of(command, fields, value_in, file_call, body)


def _of_python(module: ast.Module) -> tuple[str, dict[str, Any]]:
    calls = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VERBS
    ]
    if len(calls) != 1:
        found = "no call" if not calls else f"{len(calls)} calls"
        raise InputError(f"There is {found} of predict in this code.", _SHAPES)
    named = {word.arg: word.value for word in calls[0].keywords}
    named.update(zip(("model", "values"), calls[0].args, strict=False))
    assigned = {
        statement.targets[0].id: statement.value
        for statement in module.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    model, values = (_argument(name, named, assigned) for name in ("model", "values"))
    if not isinstance(model, str) or not isinstance(values, dict):
        raise InputError("The call has no model, or no dict of inputs.", _SHAPES)
    return model, values


def _argument(name: str, named: Mapping[str | None, ast.expr], assigned: Mapping[str, ast.expr]) -> Any:
    if name not in named:
        raise InputError(f"The call has no {name}.", _SHAPES)
    node = named[name]
    return literals.value_of(assigned.get(node.id, node) if isinstance(node, ast.Name) else node)


def _opened(value: Any, open_file: Callable[[str], Any]) -> tuple[Any, ...]:
    """Give the value with its files opened, alone in a tuple; () where it is a secret, which is not set."""
    match value:
        case Call(function=function, argument=argument):
            return () if function == SECRET else (open_file(argument),)
        case list():
            return ([part for item in value for part in _opened(item, open_file)],)
        case dict():
            return ({name: part for name, item in value.items() for part in _opened(item, open_file)},)
    return (value,)
