"""One attempt at a value for a JSON Schema, by plain rules and without a guarantee.

Each keyword is met where a simple rule meets it; what no rule meets (`not`, a clever pattern, branches that
contradict each other) is left to the judge and to the next draft. Work is bounded: a schema may refer to
itself, branch without end or ask for a million items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import scalars
from .merging import merged

if TYPE_CHECKING:
    from .chance import Chooser

_MOST_NODES = 4000
_DEEPEST = 40
_SHALLOW = 4
_MOST_ITEMS = 1000
_CHOICES = ("anyOf", "oneOf")
_INDIRECT = frozenset({"$ref", "allOf", "if", *_CHOICES})
_NESTING = frozenset({"$ref", "properties", "items", "allOf", *_CHOICES})
_TELLING = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_KINDS = ("string", "integer", "object", "array", "boolean", "null")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hints:
    """What a value may be filled with: words, numbers, and a mark to put behind each free text."""

    words: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    mark: str = ""


class DraftError(ValueError):
    """The rules lead nowhere."""


class Draft:
    """One attempt; `bare` leaves out whatever the schema does not require."""

    def __init__(self, schema: Any, chance: Chooser, hints: Hints, *, bare: bool = False) -> None:
        self._root = schema
        self._chance = chance
        self._hints = hints
        self._bare = bare
        self._nodes = 0
        self._words = 0
        self._numbers = list(hints.numbers)

    def value(self) -> Any:
        """Return the value; raises `ValueError` when the rules lead nowhere."""
        return self._make(self._root, 0)

    def _make(self, given: Any, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES or depth > _DEEPEST:
            raise DraftError("the value would be too large")
        schema = self._settled(given, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._one_of(schema["enum"])
        match self._kind(schema):
            case "null":
                return None
            case "boolean":
                return bool(self._chance.below(2))
            case "integer" | "number" as kind:
                return scalars.number(schema, self._chance, self._numbers, whole=kind == "integer")
            case "array":
                return self._array(schema, depth + 1)
            case "object":
                return self._object(schema, depth + 1)
            case _:
                return scalars.text(schema, self._chance, self._word(), self._hints.mark)

    def _settled(self, schema: Any, depth: int) -> Json:
        """Follow references and take one branch of each choice, until plain keywords are left."""
        for _ in range(_DEEPEST):
            if schema is True:
                return {}
            if not isinstance(schema, dict):
                raise DraftError("the schema allows nothing")
            if schema.keys().isdisjoint(_INDIRECT):
                return schema
            plain: Any = {key: value for key, value in schema.items() if key not in _INDIRECT}
            if "$ref" in schema:
                plain = merged(self._at(schema["$ref"]), plain)
            for part in schema.get("allOf", []):
                plain = merged(plain, part)
            for name in _CHOICES:
                if name in schema:
                    plain = merged(plain, self._branch(schema[name], depth))
            if "if" in schema:
                ways = merged(schema["if"], schema.get("then", {})), schema.get("else", {})
                plain = merged(plain, self._chance.of(ways))
            schema = plain
        raise DraftError("the schema only refers to itself")

    def _at(self, reference: str) -> Any:
        path = reference.removeprefix("#")
        if path == reference or (path and not path.startswith("/")):
            raise DraftError("only references into the schema are followed")
        found = self._root
        for step in path.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(name)] if isinstance(found, list) else found[name]
            except (KeyError, IndexError, ValueError, TypeError):
                raise DraftError(f"there is nothing at {reference}") from None
        return found

    def _branch(self, branches: list[Any], depth: int) -> Any:
        """Take a branch: one with something in it, and further down one that soon ends."""
        full = [branch for branch in branches if branch != {"type": "null"}] or branches
        if depth <= _SHALLOW and not self._bare:
            return self._chance.of(full)
        flat = [branch for branch in branches if isinstance(branch, dict) and branch.keys().isdisjoint(_NESTING)]
        return self._chance.of(flat or full)

    def _kind(self, schema: Json) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            return str(self._chance.of([name for name in kind if name != "null"] or ["null"]))
        telling = next((name for name, words in _TELLING.items() if not schema.keys().isdisjoint(words)), None)
        # Where anything goes, a first draft is a text; without hints it is a later one, which may try the others.
        return str(kind or telling or ("string" if self._hints.words else self._chance.of(_KINDS)))

    def _one_of(self, choices: list[Any]) -> Any:
        if not choices:
            raise DraftError("the schema allows no value")
        return self._chance.of([choice for choice in choices if choice in self._hints.words] or choices)

    def _word(self) -> str:
        words = self._hints.words
        self._words += 1
        return words[(self._words - 1) % len(words)] if words else ""

    def _array(self, schema: Json, depth: int) -> list[Any]:
        first, rule = schema.get("prefixItems", []), schema.get("items", {})
        least = max(schema.get("minItems", 0), schema.get("minContains", 1) if "contains" in schema else 0)
        wanted = least if self._bare or depth > _SHALLOW else max(least, len(first), 2)
        size = min(wanted, schema.get("maxItems", wanted), len(first) if rule is False else wanted)
        if size > _MOST_ITEMS:
            raise DraftError("the list would be too long")
        if "contains" in schema:
            rule = merged(rule, schema["contains"])
        found: list[Any] = []
        for position in range(size):
            of = first[position] if position < len(first) else rule
            item = self._make(of, depth)
            for _ in range(20 if schema.get("uniqueItems") and item in found else 0):
                item = self._make(of, depth)
                if item not in found:
                    break
            found.append(item)
        # A list of all its possible items may be shorter than was wanted.
        return found if not schema.get("uniqueItems") else [v for n, v in enumerate(found) if v not in found[:n]]

    def _object(self, schema: Json, depth: int) -> Json:
        fields = schema.get("properties", {})
        names: dict[str, None] = dict.fromkeys(schema.get("required", []))
        most, least = schema.get("maxProperties", _MOST_ITEMS), schema.get("minProperties", 0)
        if least > _MOST_ITEMS:
            raise DraftError("the object would be too large")
        rich = not self._bare and depth <= _SHALLOW
        if rich:
            spare = [name for name in fields if name not in names]
            names |= dict.fromkeys(spare[: max(0, most - len(names))])
        dependent = schema.get("dependentRequired", {})
        names |= dict.fromkeys(other for name in [*names] for other in dependent.get(name, []))
        others = schema.get("additionalProperties")
        if rich and not names and isinstance(others, dict) and most:
            least = max(least, 1)
        spare = [name for name in fields if name not in names]
        names |= dict.fromkeys(spare[: max(0, least - len(names))])
        names |= dict.fromkeys([self._name(schema, number) for number in range(least - len(names))])
        ordered = [name for name in fields if name in names] + [name for name in names if name not in fields]
        return {name: self._make(_rule(schema, name), depth) for name in ordered}

    def _name(self, schema: Json, number: int) -> str:
        """Name a field that the schema does not name."""
        rule = schema.get("propertyNames")
        if isinstance(rule, dict):
            return str(self._make(merged({"type": "string"}, rule), 1))
        patterns = schema.get("patternProperties", {})
        if patterns:
            return scalars.text({"pattern": next(iter(patterns))}, self._chance, self._word(), "")
        words = self._hints.words
        return words[number] if number < len(words) else f"item_{number + 1}"


def _rule(schema: Json, name: str) -> Any:
    """Return the schema of the field of this name."""
    known = schema.get("properties", {})
    rules = [known[name]] if name in known else []
    rules += [rule for pattern, rule in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
    rule = rules[0] if rules else schema.get("additionalProperties", {})
    for more in rules[1:]:
        rule = merged(rule, more)
    return rule
