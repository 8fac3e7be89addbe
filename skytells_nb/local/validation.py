"""Checks a job's input against a model's `input_schema`, for the part of JSON Schema the catalogue uses.

Pure: a schema and a value in, a tuple of problems out, all of them and not only the first. A problem names
the field, the rule and the limit, because that is what a form needs to show it at the right place. Unlike
JSON Schema's own rule, a name the schema does not list is a problem: a misspelt option must not be lost
silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """Every way in which `value` does not fit `schema`; empty when it does."""
    fields: dict[str, Any] = schema["properties"]
    found = [
        Problem(name, "required", None, f"'{name}' is required")
        for name in schema.get("required", [])
        if name not in value
    ]
    for name, given in value.items():
        if name in fields:
            found.extend(_field(name, fields[name], given))
        else:
            near = get_close_matches(name, fields, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(fields)}"
            found.append(Problem(name, "unknown", None, f"'{name[:80]}' is not an input of this model{hint}"))
    return tuple(found)


def filled(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """`value` with the schema's defaults for what it leaves out."""
    defaults = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
    return defaults | value


def _field(name: str, field: dict[str, Any], given: Any) -> Iterator[Problem]:
    if given is None and field.get("nullable"):
        return
    kind = field["type"]
    if not _is(kind, given):
        article = "an" if kind[0] in "aeiou" else "a"
        yield Problem(name, "type", kind, f"'{name}' must be {article} {kind}, not {_kind_of(given)}")
        return
    if "enum" in field and given not in field["enum"]:
        allowed = ", ".join(str(choice) for choice in field["enum"])
        yield Problem(name, "enum", field["enum"], f"'{name}' must be one of {allowed}")
    if kind in {"integer", "number"}:
        yield from _bounds(name, field, given, "minimum", "maximum", "")
    elif kind == "string":
        yield from _bounds(name, field, len(given), "minLength", "maxLength", " characters long")
        if field.get("format") == "uri" and not _is_uri(given):
            yield Problem(name, "format", "uri", f"'{name}' must be an http(s) or data URL")
    elif kind == "array":
        yield from _bounds(name, field, len(given), "minItems", "maxItems", " items long")
        for position, item in enumerate(given[:100]):
            yield from _field(f"{name}[{position}]", field.get("items", {"type": "string"}), item)


def _bounds(name: str, field: dict[str, Any], size: float, low: str, high: str, what: str) -> Iterator[Problem]:
    if low in field and size < field[low]:
        yield Problem(name, low, field[low], f"'{name}' must be at least {field[low]}{what}, not {_short(size)}")
    if high in field and size > field[high]:
        yield Problem(name, high, field[high], f"'{name}' must be at most {field[high]}{what}, not {_short(size)}")


def _short(number: float) -> str:
    text = str(number)
    return text if len(text) <= 30 else f"{text[:27]}..."


def _is(kind: str, given: Any) -> bool:
    if isinstance(given, bool):
        return kind == "boolean"
    match kind:
        case "string":
            return isinstance(given, str)
        case "integer":
            return isinstance(given, int) or (isinstance(given, float) and given.is_integer())
        case "number":
            return isinstance(given, int | float)
        case "array":
            return isinstance(given, list)
        case _:
            return False


def _kind_of(given: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "an array"}
    return names.get(type(given), "null" if given is None else "an object")


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (parts.scheme in {"http", "https"} and bool(parts.netloc)) or text.startswith("data:")
