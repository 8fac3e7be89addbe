"""Turn what was typed into values (`coerce`), and say everything that is wrong with them (`problems_of`).

jsonschema is the judge; this module only puts its verdicts into sentences that name the input and its limit. References
in a schema are looked up in the schema itself, never fetched. All problems are collected; `check` raises once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import InputError, InvalidInputError, nearest, plain
from .fields import ChoiceField, Field, FlagField, JsonField, ListField, NumberField, TextField, limits, read_fields

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TRUE = {"true": True, "yes": True, "on": True, "1": True}
_FALSE = {"false": False, "no": False, "off": False, "0": False}
_FLAGS = _TRUE | _FALSE


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: the input's path ("" for the whole; `steps` are its parts), and a phrase."""

    path: str
    message: str
    steps: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"{self.path} {self.message}" if self.path else self.message


class Checker:
    """Judges values by one schema: made once, then cheap to ask."""

    def __init__(self, schema: object, components: Mapping[str, Any] | None = None) -> None:
        self.schema = schema
        self.fields = read_fields(schema)

    def problems(self, values: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Collect everything that is wrong with the values; () if nothing."""
        return problems_of(self.schema, values)  # type: ignore[arg-type]


def coerce(fields: Iterable[Field], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Read typed text by each field's kind; what does not fit stays text, for `problems_of` to judge.

    Names without a field are read as JSON where they are JSON. A value that is no text stays as it is, except that a
    number given to a text field becomes text.
    """
    by_name = {field.name: field for field in fields}
    return {name: _value(by_name.get(name), value) for name, value in typed.items()}


def _value(field: Field | None, value: Any) -> Any:
    if isinstance(value, str):
        return _read(field, value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number and isinstance(field, TextField) else value


def _read(field: Field | None, typed: str) -> Any:
    if isinstance(field, ChoiceField):
        return next((choice for choice in field.choices if str(choice) == typed or read_json(typed) == choice), typed)
    if isinstance(field, FlagField):
        return _FLAGS.get(typed.strip().lower(), typed)
    if isinstance(field, NumberField | ListField | JsonField) or field is None:
        value = read_json(typed)
        if isinstance(field, ListField) and isinstance(value, str):
            return [_read(field.item, part.strip()) for part in typed.split(",")]
        return value
    return typed


def native(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn numbers and arrays of numpy into Python's own, which JSON can say; other values stay as they are."""
    if not isinstance(values, Mapping):
        raise InputError(f"The inputs are {plain(type(values).__name__)}, not a dict.", 'Use {"prompt": "…"}.')
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in values.items()}


def read_json(typed: Any) -> Any:
    """Read text as JSON; what is no JSON, or no text, stays as it is."""
    if not isinstance(typed, str):
        return typed

    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        return json.loads(typed, parse_constant=refuse)
    except (ValueError, RecursionError):
        return typed


def problems_of(schema: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Collect everything that the schema (and the list of its names) holds against the values; () if nothing."""
    from jsonschema.validators import Draft202012Validator, validator_for
    from jsonschema_specifications import REGISTRY

    found: list[Problem] = []
    properties = schema.get("properties")
    names = list(properties) if isinstance(properties, dict) else []
    if names and not schema.get("additionalProperties") and "patternProperties" not in schema:
        found += [_unknown(name, names) for name in values if name not in names]
    try:
        judge = _judge(validator_for(schema, default=Draft202012Validator))
        verdicts = [e for e in judge(schema, registry=REGISTRY).iter_errors(dict(values)) if not _allowed_null(e)]
        told = [_in_words(error) for error in verdicts if not (error.validator == "additionalProperties" and found)]
    except Exception:  # noqa: BLE001 - a schema that is itself broken can raise anything; then the service is the judge
        told = []
    named = {problem.path for problem in told}
    found += [Problem(n, "is empty") for n in _required(schema) if n not in named and _blank(values.get(n))]
    return tuple(sorted(dict.fromkeys(found + told), key=lambda problem: problem.path))


def check(model: str, schema: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise `InvalidInputError` with every problem of the values, or return."""
    if problems := problems_of(schema, values):
        told = "; ".join(str(problem) for problem in problems)
        raise InvalidInputError(
            f"{plain(model, 80)}: {plain(told, 600)}.",
            f"Nothing was sent; %skytells_models {plain(model, 80)} shows the inputs.",
            problems=problems,
        )


@cache
def _judge(chosen: Any) -> Any:
    from jsonschema.validators import extend

    return extend(chosen, {"pattern": _pattern})


def _pattern(judge: Any, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    """Judge a pattern, but for one that could take for ever: then the service judges."""
    from jsonschema.exceptions import ValidationError

    if not judge.is_type(instance, "string"):
        return
    text = str(instance)
    repeats = len(_REPEAT.findall(pattern))
    if _REPEATED_GROUP.search(pattern) or len(text) > (5000 if repeats < 2 else 500 if repeats < 3 else 60):
        return
    if not re.search(pattern, text):
        yield ValidationError(f"does not have the form {pattern}")


_REPEAT = re.compile(r"[*+}]")
_REPEATED_GROUP = re.compile(r"\)[*+{?]")


def _allowed_null(error: ValidationError) -> bool:
    """Say whether a verdict is on null where OpenAPI's `nullable` allows it."""
    return error.instance is None and isinstance(error.schema, dict) and error.schema.get("nullable") is True


def _required(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("required")
    return [name for name in given if isinstance(name, str)] if isinstance(given, list) else []


def _blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _unknown(name: str, names: list[str]) -> Problem:
    suggestion = nearest(name, names)
    hint = f"did you mean {suggestion}?" if suggestion else f"known inputs: {', '.join(names[:20])}"
    return Problem(name, f"is not an input ({hint})")


def _in_words(error: ValidationError) -> Problem:
    path = ".".join(str(step) for step in error.absolute_path)
    limit: Any = error.validator_value
    instance: Any = error.instance
    got = f"(got {plain(repr(instance), 60)})"
    match error.validator:
        case "required":
            if not isinstance(limit, list):
                raise TypeError(limit)
            missing = [name for name in limit if name not in instance]
            message = f"is required: {', '.join(missing)}" if path else f"{', '.join(missing)} is missing"
            return Problem(path, message)
        case "type":
            return Problem(path, f"must be {_kinds(limit)} {got}")
        case "enum":
            options = [str(option) for option in limit]
            hint = nearest(str(instance), options)
            got = f"{got[:-1]}; did you mean {hint}?)" if hint else got
            return Problem(path, f"must be one of {', '.join(options[:20])} {got}")
        case "minimum" | "maximum" as bound:
            return Problem(path, f"must be {'at least' if bound == 'minimum' else 'at most'} {limit} {got}")
        case "minLength" | "maxLength" as bound:
            size = f"(it has {len(str(instance))})"
            return Problem(
                path, f"must have {'at least' if bound == 'minLength' else 'at most'} {limit} characters {size}"
            )
        case _:
            return Problem(path, plain(error.message, 200))


_KIND_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _kinds(limit: object) -> str:
    kinds = limit if isinstance(limit, list) else [limit]
    return " or ".join(_KIND_WORDS.get(str(kind), str(kind)) for kind in kinds)


def describe(field: Field) -> str:
    """Say in one line what a field takes: its limits and default."""
    told = list(limits(field))
    if field.required:
        told.insert(0, "required")
    elif field.default or field.default in (0, False):
        told.append(f"default {field.default}")
    return ", ".join(told)
