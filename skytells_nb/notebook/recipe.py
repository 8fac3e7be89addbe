"""Values as code: the `%skytells_predict` line and the Python that send exactly them. Pure; `read` reads them back.

Each value is written in the most readable way that the magic's own reader reads back as exactly that value, types and
all; what no name=value can carry goes into --input. A file is written as its path. A secret is never written: the code
asks whoever runs it, and read back it is not set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..api.inline import InlineFile
from ..errors import InputError, SkytellsError, plain
from ..schema.check import Problem
from ..schema.fields import Field, ListField, ObjectField, TextField, UnionField
from . import literals
from .literals import FILE, SECRET, Call, is_plain, same
from .magics.command import parse
from .magics.inputs import inputs_of, main_text
from .magics.specs import PREDICT
from .reading_back import Written as Written
from .reading_back import file_call, value_in, with_literals
from .reading_back import read as read

WIDTH = 100
"""Columns of the Python that is written."""

_WORD = re.compile(r"[\w@./:,+*#-]+")


def worth_saying(
    fields: Iterable[Field], values: Mapping[str, Any], problems_of: Callable[[Mapping[str, Any]], Sequence[Problem]]
) -> dict[str, Any]:
    """Leave out the optional values that are their field's default anyway, unless that would change the verdict."""
    defaults = {field.name: field.default for field in fields if not field.required}
    spare = [name for name, value in values.items() if name in defaults and same(defaults[name], value)]
    verdict = list(problems_of(values))
    said = _without(values, spare)
    if list(problems_of(said)) == verdict:
        return said
    said = dict(values)
    for name in spare:
        if list(problems_of(fewer := _without(said, [name]))) == verdict:
            said = fewer
    return said


def _without(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def python_code(model: str, values: Mapping[str, Any], fields: Iterable[Field] = ()) -> str:
    """Write the values as Python to run; `fields` tell what is secret.

    Raises `InputError` for what is no JSON value.
    """
    coded = _coded_all(fields, values)
    call = f"run = client.predict({literals.write(model)}, {literals.write(coded)})"
    if len(call) > WIDTH:
        parts = (literals.write(model), literals.layout(coded, WIDTH, "    "))
        call = "run = client.predict(\n" + "".join(f"    {part},\n" for part in parts) + ")"
    imports = ["from getpass import getpass", ""] if any(_asks(value) for value in coded.values()) else []
    return "\n".join([*imports, "import skytells_nb as sky", "", "client = sky.Client()", call, "run"])


def json_text(values: Mapping[str, Any], fields: Iterable[Field] = ()) -> str:
    """Write the values as a JSON object: files as @path, secrets left out. Raises as `python_code` does."""
    return json.dumps(_in_json(_coded_all(fields, values)), ensure_ascii=False, indent=2)


def magic_line(model: str, fields: Iterable[Field], values: Mapping[str, Any]) -> str:
    """Write the values as a line of `%skytells_predict`, or as its cell where the main text has several lines.

    Raises `InputError` for what is no JSON value.
    """
    fields = tuple(fields)
    by_name = {field.name: field for field in fields}
    coded = _coded_all(fields, values)
    words = [model_word(model)]
    body = _body(fields, coded)
    left: dict[str, Any] = {}
    for name, value in _without(coded, body).items():
        field = by_name.get(name)
        pair = next((pair for pair in _pairs(name, value) if _reads(pair, field, {name: value})), None)
        if pair is None:
            left[name] = value
        else:
            words.append(pair)
    if left:
        words.append(_exact(left))
    line = f"%skytells_predict {' '.join(words)}"
    return "\n".join([f"%{line}", *map(_escaped, body.values())]) if body else line


def _body(fields: Sequence[Field], coded: Mapping[str, Any]) -> dict[str, str]:
    """Give the main text by its name, where it has several lines and a cell's body is exactly it; else {}."""
    name = main_text(fields)
    text = coded.get(name) if name is not None else None
    if name is None or not isinstance(text, str) or "\n" not in text or text != text.strip():
        return {}
    exact = is_plain(text.replace("\n", "")) and with_literals(_escaped(text)) == text
    return {name: text} if exact else {}


def model_word(model: str) -> str:
    """Write a model's name as a word of a magic's line; raises `InputError` for one that no line can hold."""
    for word in (*_quotings(_escaped(model)), f"{{{{{literals.write(model, sure=True)}}}}}"):
        try:
            if is_plain(word) and parse(word, PREDICT, with_literals).words == (model,):
                return word
        except SkytellsError:
            continue
    raise InputError(f"No line can name the model {plain(model, 60)!r}.", "Use the Python code.")


def _reads(line: str, field: Field | None, expected: Mapping[str, Any]) -> bool:
    """Say whether a piece of a line is read as exactly these inputs."""
    if not is_plain(line):
        return False
    try:
        command = parse(line, PREDICT, with_literals)
        return not command.words and same(
            inputs_of(command, [field] if field else [], value_in, file_call, open_json=_unread), dict(expected)
        )
    except SkytellsError:
        return False


def _unread(path: str) -> Any:
    raise InputError(f"{plain(path, 60)} stands for what it holds.", "Write the value itself.")


def _pairs(name: str, value: Any) -> Iterator[str]:
    return (f"{name}={text}" for text in _writings(value))


def _exact(values: Mapping[str, Any]) -> str:
    for text in _writings(dict(values)):
        if _reads(line := f"--input {text}", None, values):
            return line
    raise InputError(f"No line can carry {plain(', '.join(values), 80)}.", "Use the Python code.")


def _writings(value: Any) -> Iterator[str]:
    """Give the texts that may stand for a value on a line, from the most readable to the surest."""
    if isinstance(value, Call) and value.function == FILE:
        yield from _quotings(_escaped(f"@{value.argument}"))
    elif isinstance(value, str):
        yield from _quotings(_escaped(value))
    elif isinstance(value, list) and (joined := _joined(value)):
        yield joined
    if not _asks(value):
        text = _escaped(json.dumps(_in_json(value), ensure_ascii=False))
        yield text
        yield from _quotings(text)
    for sure in (False, True):
        text = literals.write(value, sure=sure)
        yield f"{{{{ {text} }}}}" if text.startswith("{") else f"{{{{{text}}}}}"


def _joined(values: Sequence[Any]) -> str:
    words = [f"@{value.argument}" if isinstance(value, Call) else value for value in values]
    fit = all(isinstance(word, str) and "," not in word and _WORD.fullmatch(word) for word in words)
    return ",".join(words) if fit else ""


def _quotings(text: str) -> Iterator[str]:
    if _WORD.fullmatch(text):
        yield text
    if "\\" not in text:
        yield from (f"{mark}{text}{mark}" for mark in "\"'" if mark not in text)
    # A backslash is itself, but where it would be taken for the escape of what follows it.
    yield '"' + re.sub(r'\\(?=["\\]|$)', r"\\\\", text).replace('"', r"\"") + '"'


def _escaped(text: str) -> str:
    return text.replace("{{", r"\{{")


def _coded_all(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    by_name = {field.name: field for field in fields}
    return {name: coded(by_name.get(name), value) for name, value in values.items()}


def coded(field: Field | None, value: Any, levels: int = literals.DEEPEST) -> Any:
    """Put a `Call` in the place of each file and secret; raises `InputError` for what is no JSON value."""
    if isinstance(value, InlineFile):
        return file_call(str(value.path))
    if value is not None and isinstance(value, str | int | float) and _is_secret(field):
        return Call(SECRET, f"{field.name if field else ''}: ")
    if levels == 0:
        raise InputError(f"A value has over {literals.DEEPEST} levels.", "No code can hold it; load it as a dict.")
    if isinstance(value, list | tuple):
        return [coded(_part(field, None), each, levels - 1) for each in value]
    if isinstance(value, dict):
        return {_name(name): coded(_part(field, name), each, levels - 1) for name, each in value.items()}
    return _plainly(value)


def _name(name: object) -> str:
    if isinstance(name, str):
        return str(name)
    raise InputError(f"An object with the name {plain(name, 60)} is no JSON value.", "Use text for names.")


def _plainly(value: Any) -> Any:
    """Give a scalar as Python's own type, whatever subclass it is of; raises `InputError` for what is no JSON value."""
    own = next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value)
    literals.write(own)
    return own


def _part(field: Field | None, name: object) -> Field | None:
    """Give the field of a list's items, or of an object's part."""
    if isinstance(field, ListField):
        return field.item
    if isinstance(field, ObjectField):
        return next((part for part in field.fields if part.name == name), None)
    if isinstance(field, UnionField):
        parts = [part for option in field.options if (part := _part(option, name)) is not None]
        return next((part for part in parts if _is_secret(part)), parts[0] if parts else None)
    return None


def _is_secret(field: Field | None) -> bool:
    if isinstance(field, UnionField):
        return any(map(_is_secret, field.options))
    return isinstance(field, TextField) and field.secret


def _asks(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_asks, value.values()))
    if isinstance(value, list):
        return any(map(_asks, value))
    return _is_call_for_secret(value)


def _in_json(value: Any) -> Any:
    """Write files as @path, and leave secrets out."""
    if isinstance(value, dict):
        return {name: _in_json(part) for name, part in value.items() if not _is_call_for_secret(part)}
    if isinstance(value, list):
        return [_in_json(part) for part in value if not _is_call_for_secret(part)]
    return f"@{value.argument}" if isinstance(value, Call) else value


def _is_call_for_secret(value: Any) -> bool:
    return isinstance(value, Call) and value.function == SECRET
