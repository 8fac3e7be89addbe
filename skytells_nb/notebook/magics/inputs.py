"""The inputs that a magic's line names: its pairs, its --input and its body, read by the model's fields. Pure.

Pairs are typed: their text is read by the field's kind, and @path stands for a file where the field takes one and the
line itself has the @. A value of {{…}} may come from anywhere, so an @ in it names no file. What --input holds is taken
as it is. How {{…}} becomes a value, and a path a file, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ...api.pictures import picture_link
from ...errors import InputError, plain
from ...schema.check import coerce
from ...schema.fields import Field, FileField, JsonField, ListField, ObjectField, TextField, UnionField
from .. import preferences
from .command import Command
from .interpolate import pieces
from .named_files import json_file, strictly
from .pointing import pointing
from .wording import is_array, is_frame, picture_in, plainly, text_of


def inputs_of(
    read: Command,
    fields: Iterable[Field],
    value_of: Callable[[str], Any],
    open_file: Callable[[str], Any],
    body: str = "",
    open_json: Callable[[str], Any] = json_file,
) -> dict[str, Any]:
    """Give the inputs by name; `body` is the main text, {{…}} replaced, or "" for none.

    Raises `InputError` for an input that is given twice, for an --input that is no object, and for a value that its
    input cannot take.
    """
    fields = tuple(fields)
    by_name = {field.name: field for field in fields}
    exact = _exact(read, value_of, open_json)
    typed: dict[str, Any] = {}
    for name, text in read.pairs.items():
        with _pointing(read, name):
            if name in exact:
                raise InputError(f"{plain(name, 80)} is given twice, as a pair and in --input.", "Keep one of them.")
            value = value_of(text)
            is_json = names_files(text) and _names_json(by_name.get(name), value)
            typed[name] = open_json(value[1:]) if is_json else value
    if body:
        main = main_text(fields)
        if main is None:
            raise InputError("The model takes no text.", "Give its inputs as name=value on the line.")
        if main in typed or main in exact:
            with _pointing(read, main if main in typed else "--input"):
                raise InputError(f"{plain(main, 80)} is given twice, in the line and as the body.", "Keep one of them.")
        typed[main] = body
    found: dict[str, Any] = {}
    for name, value in coerce(fields, typed).items():
        with _pointing(read, name):
            found[name] = fitted(by_name.get(name), value)
            if names_files(read.pairs.get(name, "")):
                found[name] = with_files(by_name.get(name), found[name], open_file)
    return {**found, **exact}


def names_files(text: str) -> bool:
    """Say whether a text on a line has an @ outside of its {{…}}, so that its value may name a file."""
    return any("@" in piece for piece in pieces(text) if isinstance(piece, str))


def _pointing(read: Command, name: str) -> AbstractContextManager[None]:
    places = read.places.get(name)
    return pointing(read.line, places[-1]) if places else nullcontext()


def _exact(read: Command, value_of: Callable[[str], Any], open_json: Callable[[str], Any]) -> dict[str, Any]:
    if "input" not in read.options:
        return {}
    with _pointing(read, "--input"):
        given = value_of(read.options["input"])
        is_path = isinstance(given, str) and given.startswith("@") and names_files(read.options["input"])
        return _object(open_json(given[1:]) if is_path else given)


def _names_json(field: Field | None, value: Any) -> bool:
    """Say whether a value is the @path of a JSON file: its input takes a list, an object or any JSON, and no file.

    For a list of texts the name must end in .json, since @name may be somebody.
    """
    if field is None or not isinstance(value, str) or not value.startswith("@") or "," in value:
        return False
    of_texts = isinstance(field, ListField) and isinstance(field.item, TextField)
    return _is_json(field) and (not of_texts or value.lower().endswith(".json"))


def _is_json(field: Field) -> bool:
    match field:
        case ListField(item=item):
            return not _is_file(item)
        case UnionField(options=options):
            return not any(isinstance(option, TextField) or _is_file(option) for option in options) and any(
                map(_is_json, options)
            )
    return isinstance(field, ObjectField | JsonField)


def _is_file(field: Field) -> bool:
    return isinstance(field, FileField) or (isinstance(field, UnionField) and any(map(_is_file, field.options)))


def fitted(field: Field | None, value: Any) -> Any:
    """Give a Python value the form that its input takes.

    A picture becomes a link where the input takes a file; a table or an array becomes text for a text, and records or
    values for anything else. Raises `InputError` for a picture that has no place.
    """
    if isinstance(field, ListField) and isinstance(value, list):
        return [fitted(field.item, part) for part in value]
    if (picture := picture_in(value)) is not None:
        if field is None or not _is_file(field):
            name = plain(field.name, 80) if field else "This input"
            raise InputError(f"{name} takes no picture.", "Give it to an input that takes a file.")
        return picture_link(picture)
    if isinstance(field, TextField) and (is_frame(value) or is_array(value)):
        return text_of(value, plain(field.name, 80), preferences.current().value_characters)
    return plainly(value)


def main_text(fields: Iterable[Field]) -> str | None:
    """Name the input that a cell's body is for: a required prompt, else the first required text, else the first."""
    texts = [field for field in fields if isinstance(field, TextField) and not field.secret]
    ranked = sorted(texts, key=lambda field: (field.name != "prompt" or not field.required, not field.required))
    return ranked[0].name if ranked else None


def with_files(field: Field | None, value: Any, open_file: Callable[[str], Any]) -> Any:
    """Open what is named as @path where a field, or a part of it, takes a file and no other text."""
    match field:
        case FileField() if isinstance(value, str) and value.startswith("@"):
            return open_file(value[1:])
        case ListField() if isinstance(value, list):
            return [with_files(field.item, part, open_file) for part in value]
        case ObjectField() if isinstance(value, dict):
            parts = {part.name: part for part in field.fields}
            return {name: with_files(parts.get(name), part, open_file) for name, part in value.items()}
        case UnionField() if not any(isinstance(option, TextField) for option in field.options):
            for option in field.options:
                opened = with_files(option, value, open_file)
                if opened is not value and opened != value:
                    return opened
    return value


def _object(given: Any) -> dict[str, Any]:
    value = json_object(given, "--input") if isinstance(given, str) else given
    if not isinstance(value, Mapping):
        raise InputError(f"--input is {plain(type(value).__name__)}, not an object.", _EXAMPLE)
    for name in value:
        if not isinstance(name, str):
            raise InputError(f"--input has the name {plain(name, 40)}, which is no text.", _EXAMPLE)
    return dict(value)


_EXAMPLE = 'For example: --input {"seed": 7}, or --input {{a_dict}}.'


def json_object(text: str, what: str = "The text") -> dict[str, Any]:
    """Read a JSON object; raises `InputError` for what is none, and for one that gives a name twice."""
    try:
        value = strictly(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what} is no JSON object: {plain(error, 120)}.", _EXAMPLE) from error
    if not isinstance(value, dict):
        raise InputError(f"{what} is {plain(type(value).__name__)}, not a JSON object.", _EXAMPLE)
    return value
