"""Checks a job's input against a model's `input_schema` (JSON Schema, draft 2020-12).

Pure: a schema and a value in, a tuple of problems out, all of them and not only the first. jsonschema judges; this
module names the field, the rule and the limit, because that is what a form needs to show it at the right place. It
differs from JSON Schema's own rules in three points: a name the schema does not list is a problem unless the schema
says otherwise, for a misspelt option must not be lost silently; `nullable` allows null, as in OpenAPI; and the
formats of links, dates, addresses and colours are checked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.exceptions import ValidationError

_MOST_PROBLEMS = 100
_LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field: the rule broken, its limit as the schema has it, and a sentence."""

    field: str
    rule: str
    limit: Any
    message: str

    def to_json(self) -> dict[str, Any]:
        """Return the problem as the error's `details` carry it."""
        return {"field": self.field, "rule": self.rule, "limit": self.limit, "message": self.message}


def problems(schema: dict[str, Any], value: dict[str, Any]) -> tuple[Problem, ...]:
    """Every way (of the first hundred) in which `value` does not fit `schema`; empty when it does.

    What is missing comes first, then the fields in the order they were given.
    """
    from jsonschema_specifications import REGISTRY

    judge = _judge()(schema, registry=REGISTRY, format_checker=_formats())
    places = {name: place for place, name in enumerate(value)}
    found = [
        (places[path[0]] if path else -1, problem)
        for error in islice(judge.iter_errors(value), _MOST_PROBLEMS)
        for path in [tuple(error.absolute_path)]
        for problem in _told(error, path)
    ]
    if "additionalProperties" not in schema:
        known = list(schema["properties"])
        strange = islice((name for name in value if name not in known), _MOST_PROBLEMS)
        found += [(places[name], _unknown("", name, known)) for name in strange]
    found.sort(key=lambda placed: placed[0])
    mistyped = {problem.field for _, problem in found if problem.rule == "type"}
    told = [problem for _, problem in found if problem.rule == "type" or problem.field not in mistyped]
    return tuple(told[:_MOST_PROBLEMS])


def filled(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """`value` with the schema's defaults for what it leaves out."""
    defaults = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
    return defaults | value


def _told(error: ValidationError, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Put one verdict into sentences: one for each name it is about."""
    field, rule = _name(path), str(error.validator)
    limit: Any = error.validator_value
    given: Any = error.instance
    match rule:
        case "required":
            # One verdict comes for each missing name, and each lists them all.
            name = next(name for name in limit if error.message.startswith(f"{name!r} "))
            inner = _name((*path, name))
            yield Problem(inner, rule, None, f"'{inner}' is required")
        case "additionalProperties" if limit is False:
            known = list(error.schema.get("properties", {})) if isinstance(error.schema, dict) else []
            strange = islice((name for name in given if name not in known), _MOST_PROBLEMS)
            yield from (_unknown(field, name, known) for name in strange)
        case _:
            subject = f"'{field}'" if field else "the input"
            yield Problem(field, rule, limit, f"{subject} {_sentence(error, rule, limit, given)}")


def _sentence(error: ValidationError, rule: str, limit: Any, given: Any) -> str:
    match rule:
        case "type":
            kinds = limit if isinstance(limit, list) else [limit]
            return f"must be {' or '.join(map(_with_article, kinds))}, not {_kind_of(given)}"
        case "enum":
            return f"must be one of {', '.join(str(choice) for choice in limit)}"
        case "const":
            return f"must be {limit}"
        case "format":
            return f"must be {_FORMATS[limit][0]}"
        case "pattern":
            return f"must have the form {limit}"
        case "multipleOf":
            return f"must be a multiple of {limit}, not {_short(given)}"
        case "uniqueItems":
            return "must not hold the same item twice"
        case "anyOf" | "oneOf" if error.context:
            reasons = dict.fromkeys(
                _sentence(e, str(e.validator), e.validator_value, e.instance) for e in error.context
            )
            return " or ".join(reasons)
        case _ if rule in _BOUNDS:
            words, what = _BOUNDS[rule]
            return f"must be {words} {limit}{what}, not {_short(len(given) if what else given)}"
        case _:
            return f"does not fit the rule {rule}: {error.message}"[:_LONGEST_MESSAGE]


_BOUNDS = {
    "minimum": ("at least", ""),
    "maximum": ("at most", ""),
    "exclusiveMinimum": ("more than", ""),
    "exclusiveMaximum": ("less than", ""),
    "minLength": ("at least", " characters long"),
    "maxLength": ("at most", " characters long"),
    "minItems": ("at least", " items long"),
    "maxItems": ("at most", " items long"),
    "minProperties": ("at least", " entries long"),
    "maxProperties": ("at most", " entries long"),
}


def _unknown(where: str, name: str, known: list[str]) -> Problem:
    near = get_close_matches(name[:100], known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(known)}"
    field = f"{where}.{name}" if where else name
    return Problem(field, "unknown", None, f"'{field[:80]}' is not an input of this model{hint}")


def _name(path: tuple[str | int, ...]) -> str:
    """Write a path as `references[0].weight`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _short(number: float) -> str:
    text = str(number)
    return text if len(text) <= 30 else f"{text[:27]}..."


def _with_article(kind: str) -> str:
    return kind if kind == "null" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _kind_of(given: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "an array"}
    return names.get(type(given), "null" if given is None else "an object")


@cache
def _judge() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    rules = Draft202012Validator.VALIDATORS | {"multipleOf": _multiple_of, "uniqueItems": _unique}
    return extend(Draft202012Validator, {name: _but_null(rule) for name, rule in rules.items()})


def _but_null(rule: Callable[..., Any]) -> Callable[..., Any]:
    """`rule` where null passes if the schema it stands in says `nullable`."""

    def judged(judge: Any, limit: Any, given: Any, schema: dict[str, Any]) -> Any:
        return () if given is None and schema.get("nullable") is True else rule(judge, limit, given, schema) or ()

    return judged


def _multiple_of(judge: Any, step: float, given: Any, _schema: dict[str, Any]) -> Iterator[ValidationError]:
    """Judge by the numbers as they are written, so that 0.3 is a multiple of 0.1, and however large they are."""
    from jsonschema.exceptions import ValidationError

    if not judge.is_type(given, "number"):
        return
    try:
        rest = (Fraction(given) if isinstance(given, int) else Fraction(str(given))) % Fraction(str(step))
    except ValueError:  # infinite, or not a number
        rest = Fraction(1)
    if rest:
        yield ValidationError("is not a multiple")


def _unique(judge: Any, wanted: bool, given: Any, _schema: dict[str, Any]) -> Iterator[ValidationError]:  # noqa: FBT001
    """Judge by the items as JSON writes them: the time grows with their number, not with its square."""
    from jsonschema.exceptions import ValidationError

    if wanted and judge.is_type(given, "array"):
        written = {json.dumps(item, sort_keys=True) for item in given}
        if len(written) < len(given):
            yield ValidationError("has an item twice")


@cache
def _formats() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, (_, test) in _FORMATS.items():
        checker.checks(name)(lambda given, test=test: not isinstance(given, str) or test(given))
    return checker


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (parts.scheme in {"http", "https"} and bool(parts.netloc)) or text.startswith("data:")


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


_FORMATS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "uri": ("an http(s) or data URL", _is_uri),
    "date": ("a date as YYYY-MM-DD", _is_date),
    "date-time": ("a moment as YYYY-MM-DDThh:mm:ssZ", _is_moment),
    "email": ("an e-mail address", lambda text: bool(re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text[:255]))),
    "color": ("a colour as #rrggbb", lambda text: bool(re.fullmatch(r"#[0-9a-fA-F]{6}", text))),
}
