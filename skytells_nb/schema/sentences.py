"""The judge's verdicts as problems: where something is wrong, and a phrase for people that names the limit."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import nearest, plain
from .limits import word

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Steps = tuple[str | int, ...]

_KIND_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
    "multipleOf": "a multiple of",
}
_SIZES = {
    "minLength": ("at least", "character", "characters"),
    "maxLength": ("at most", "character", "characters"),
    "minItems": ("at least", "entry", "entries"),
    "maxItems": ("at most", "entry", "entries"),
    "minProperties": ("at least", "name", "names"),
    "maxProperties": ("at most", "name", "names"),
}
_CHOICES_SHOWN = 20
_CHOICES_COMPARED = 200
_MISFITS = frozenset({"type", "const", "enum"})
"""Verdicts that say of a value as a whole: this is another kind of thing."""

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60
_short.maxlevel = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: the input's path ("" for the whole; `steps` are its parts), and a phrase."""

    path: str
    message: str
    steps: Steps = ()

    def __str__(self) -> str:
        return f"{self.path} {self.message}" if self.path else self.message


def problem(steps: Steps, message: str) -> Problem:
    """Make a problem of a place and a phrase, which is made safe to print."""
    return Problem(".".join(str(step) for step in steps), plain(message, 300), steps)


def shown(value: Any) -> str:
    """Write a value short enough for a sentence."""
    try:
        return plain(_short.repr(value), 60)
    except Exception:  # noqa: BLE001 - what a caller passes may refuse to be written; the sentence must not
        return type(value).__name__


def unknown(name: str, names: Iterable[str]) -> str:
    """Say that there is no such input, and which was meant, or which there are."""
    known = list(names)
    suggestion = nearest(name, known[:_CHOICES_COMPARED])
    listed = ", ".join(known[:_CHOICES_SHOWN]) + (", …" if len(known) > _CHOICES_SHOWN else "")
    hint = f"did you mean {suggestion}?" if suggestion else f"known inputs: {listed}"
    return f"is not an input ({hint})" if known else "is not an input"


def problems(verdict: ValidationError, within: Steps = ()) -> Iterator[Problem]:
    """Put one verdict into words; `within` is where the value stands that was judged."""
    steps = (*within, *verdict.absolute_path)
    if verdict.validator == "propertyNames":
        for inner in verdict.context or ():
            yield problem(steps, f"is a name that {_phrase(inner)}")
    elif verdict.validator in ("anyOf", "oneOf") and verdict.context:
        yield from _of_alternatives(verdict, steps, within)
    else:
        yield problem(steps, _phrase(verdict))


def _of_alternatives(verdict: ValidationError, steps: Steps, within: Steps) -> Iterator[Problem]:
    """Say what is wrong by the alternative that the value comes nearest to."""
    groups: dict[Any, list[ValidationError]] = {}
    for inner in verdict.context or ():
        groups.setdefault(inner.schema_path[0], []).append(inner)
    given = list(groups.values())
    fitting = [group for group in given if not any(map(_is_misfit, group))]
    if not fitting:
        misfits = [next(filter(_is_misfit, group)) for group in given]
        yield problem(steps, f"must be {_any_of(misfits)} (got {shown(verdict.instance)})")
    elif len(fitting) > 1 and all(inner.validator == "required" for group in fitting for inner in group):
        names = list(dict.fromkeys(str(group[0].path[-1]) for group in fitting))
        others = " or ".join(names[1:6]) + (" or …" if len(names) > 6 else "")
        yield problem((*steps, names[0]), f"is missing, or {others} instead" if others else "is missing")
    else:
        for inner in min(fitting, key=_distance):
            yield from problems(inner, within)


def _is_misfit(verdict: ValidationError) -> bool:
    never = verdict.validator == "not" and verdict.validator_value == {}
    return not verdict.path and (never or verdict.validator in _MISFITS)


def _distance(group: list[ValidationError]) -> tuple[bool, int]:
    """Rank an alternative: a wrong constant in a part says that another one is meant."""
    return any(len(inner.path) == 1 and inner.validator in ("const", "enum") for inner in group), len(group)


def _any_of(misfits: list[ValidationError]) -> str:
    """Say what any of several alternatives would take: kinds, and then values."""
    kinds = dict.fromkeys(_wanted(misfit) for misfit in misfits if misfit.validator == "type")
    values: list[Any] = []
    for misfit in misfits:
        limit: Any = misfit.validator_value
        values += limit if misfit.validator == "enum" else [limit] if misfit.validator == "const" else []
    some = [f"one of {_listed(values)}" if len(values) > 1 else word(values[0])] if values else []
    return " or ".join([*kinds, *some]) or "nothing"


def _wanted(verdict: ValidationError) -> str:
    limit: Any = verdict.validator_value
    match verdict.validator:
        case "type":
            return _kinds(limit)
        case "const":
            return word(limit)
        case "enum":
            return f"one of {_listed(limit)}"
        case _:
            return ""


def _kinds(limit: Any) -> str:
    return " or ".join(_KIND_WORDS[kind] for kind in (limit if isinstance(limit, list) else [limit]))


def _listed(choices: list[Any]) -> str:
    some = ", ".join(plain(word(choice), 60) for choice in choices[:_CHOICES_SHOWN])
    return some + (", …" if len(choices) > _CHOICES_SHOWN else "")


def _phrase(verdict: ValidationError) -> str:
    rule: Any = verdict.validator
    limit: Any = verdict.validator_value
    value: Any = verdict.instance
    got = f"(got {shown(value)})"
    if rule in _BOUNDS:
        return f"must be {_BOUNDS[rule]} {limit} {got}"
    if rule in _SIZES:
        bound, one, many = _SIZES[rule]
        return f"must have {bound} {limit} {one if limit == 1 else many} (it has {len(value)})"
    match rule:
        case "type" | "const":
            return f"must be {_wanted(verdict)} {got}"
        case "enum":
            hint = nearest(str(value)[:100], [word(option) for option in limit[:_CHOICES_COMPARED]])
            return (
                f"must be {_wanted(verdict)} {got[:-1]}; did you mean {hint}?)"
                if hint
                else f"must be {_wanted(verdict)} {got}"
            )
        case "required":
            return "is missing"
        case "dependentRequired":
            return f"is missing, which {limit} needs"
        case "additionalProperties" if limit is False and isinstance(verdict.schema, dict):
            return unknown(str(verdict.path[-1]), verdict.schema.get("properties", ()))
        case "pattern":
            return f"does not have the form {plain(limit, 100)}"
        case "format":
            return f"must be {verdict.message} {got}"
        case "uniqueItems":
            return "must not hold the same entry twice"
        case "contains":
            return "must hold a fitting entry"
        case "minContains":
            return f"must hold at least {limit} fitting entries"
        case "maxContains":
            return f"must hold at most {limit} fitting entries"
        case "items" | "unevaluatedItems":
            return f"holds too many entries {got}"
        case "oneOf":
            return f"fits several of its alternatives, but must fit only one {got}"
        case "unevaluatedProperties":
            return f"holds names that are not allowed {got}"
        case "not" if limit:
            return f"must not be {_barred(limit)} {got}"
        case _:
            return f"is not allowed here {got}"


def _barred(schema: Any) -> str:
    """Say in words what a `not` rules out, where that is simple."""
    if isinstance(schema, dict) and len(schema) == 1:
        ((rule, limit),) = schema.items()
        if rule == "const":
            return word(limit)
        if rule == "enum":
            return f"any of {_listed(limit)}"
        if rule == "type":
            return _kinds(limit)
        if rule == "required":
            return f"given together with {', '.join(map(str, limit))}"
    return "what its schema rules out"
