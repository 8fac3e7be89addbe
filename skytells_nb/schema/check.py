"""Say everything that is wrong with values, by a schema: jsonschema judges, this module asks and collects.

It is stricter than JSON Schema in four points: a name that the schema does not list is a problem where the schema does
not speak of `additionalProperties`; a required text must not be blank; a few formats are checked, leniently; and what
no JSON can carry is refused. It is milder in one: a multiple of 0.1 is judged as written, so that 0.3 is one. Where a
schema is itself broken, the service is the judge. References are looked up in the schema, never fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ..errors import InvalidInputError, plain
from .coercion import coerce, native, read_json
from .dialect import Standard
from .document import Document
from .fields import Field, read_fields
from .hygiene import faults
from .judge import Judge
from .kinds import UNSET, ChoiceField
from .limits import describe, limits
from .names import known_properties
from .obvious import is_plain, plainly_fits
from .sentences import Problem, problem, problems, shown, unknown
from .shapes import words

__all__ = [
    "Checker", "Problem", "check", "coerce", "describe", "limits", "native", "problems_of", "read_fields", "read_json",
]  # fmt: skip

_SAYS_MORE = ("additionalProperties", "patternProperties", "unevaluatedProperties")


class Checker:
    """Judges values by one schema: made once, then cheap to ask.

    `components` is what an OpenAPI document keeps its schemas in, for references. Nothing that a schema holds raises.
    """

    def __init__(self, schema: object, components: Mapping[str, Any] | None = None) -> None:
        self.schema = schema
        self._components = components
        self._document = Document(schema, components)
        self._standard = Standard(self._document)
        self._judge = Judge(self._standard.targets)
        root = self._document.root
        self._root: dict[str, Any] = root if isinstance(root, dict) else {}
        flat = self._document.flat(root, frozenset({"#"}))
        self._known = known_properties(self._document, flat)
        self._places = {name: place for place, name in enumerate(self._known)}
        self._required = words(flat.schema.get("required"))
        self.open = not self._known or any(flat.schema.get(word, False) is not False for word in _SAYS_MORE)
        self._parts: dict[str, Any] = {}
        self._single: dict[int, tuple[object, Any]] = {}

    @property
    def title(self) -> str:
        """The schema's own title, "" where it has none."""
        given = self._root.get("title")
        return given if isinstance(given, str) else ""

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The inputs, in the order in which a person should meet them."""
        return read_fields(self.schema, self._components)

    def problems(self, values: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Collect everything that is wrong with the values; () if nothing. What is missing comes first."""
        given = dict(values)
        if not given and self._is_plain:
            return tuple(problem((name,), "is missing") for name in sorted(self._required, key=self._place))
        found = [fault for name, value in given.items() for fault in faults((name,), value)]
        for name, value in given.items():
            if (ready := self._part(name)) is not None:
                for verdict in self._judge.verdicts(ready, value):
                    found += problems(verdict, (name,))
        for verdict in self._judge.verdicts(self._rest, given):
            found += problems(verdict)
        told = {one.steps for one in found}
        found += [problem((name,), m) for name, m in self._on_names(given) if (name,) not in told]
        return tuple(sorted(dict.fromkeys(found), key=self._rank))

    def fits(self, field: Field, value: Any) -> bool:
        """Say whether a value is valid for one field, union option or list entry by itself."""
        return plainly_fits(field, value) or not self._of_field(field, value)

    def doubt(self, field: Field) -> str:
        """Say what is odd about a field's own default, "" for nothing; a default of null is none."""
        if field.default is UNSET or field.default is None or plainly_fits(field, field.default):
            return ""
        wrong = self._of_field(field, field.default)
        if wrong and isinstance(field, ChoiceField):
            return f"its default {shown(field.default)} is none of its choices"
        return f"its default breaks its own rule: {wrong[0]}" if wrong else ""

    @cached_property
    def _is_plain(self) -> bool:
        return is_plain(self._root)

    def _place(self, name: str) -> int:
        return self._places.get(name, len(self._places))

    def _of_field(self, field: Field, value: Any) -> list[Problem]:
        if id(field.schema) not in self._single:
            self._single[id(field.schema)] = (field.schema, self._judge.ready(self._standard.read(field.schema)))
        ready = self._single[id(field.schema)][1]
        judged = [told for verdict in self._judge.verdicts(ready, value) for told in problems(verdict)]
        return [*faults((), value), *judged]

    def _part(self, name: str) -> Any:
        """Prepare the judge of one property when it is first asked; None for a name without a property of its own."""
        if name not in self._parts:
            properties = self._root.get("properties")
            part = properties.get(name) if isinstance(properties, dict) else None
            known = isinstance(part, dict | bool)
            self._parts[name] = self._judge.ready(self._standard.read(part)) if known else None
        return self._parts[name]

    @cached_property
    def _rest(self) -> Any:
        """The judge of all that the schema says of the values together."""
        root = self._root
        properties = root.get("properties")
        names = dict.fromkeys(properties, True) if isinstance(properties, dict) else {}
        closed = any(word in root for word in _SAYS_MORE)
        rest = {word: value for word, value in root.items() if word != "properties"}
        return self._judge.ready(self._standard.read({**rest, "properties": names} if closed else rest))

    def _on_names(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if not self.open:
            yield from ((name, unknown(name, self._known)) for name in values if name not in self._known)
        for name in self._required:
            value = values.get(name)
            if isinstance(value, str) and not value.strip():
                yield name, "is empty"

    def _rank(self, found: Problem) -> tuple[bool, int, tuple[tuple[int, str], ...]]:
        first = found.steps[0] if found.steps else ""
        steps = tuple((step, "") if isinstance(step, int) else (-1, str(step)) for step in found.steps)
        return not found.message.startswith("is missing"), self._place(str(first)), steps


def problems_of(schema: object, values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Collect everything that the schema (and the list of its names) holds against the values; () if nothing."""
    return Checker(schema).problems(values)


def check(model: str, schema: object, values: Mapping[str, Any]) -> None:
    """Raise `InvalidInputError` with every problem of the values, or return."""
    if found := problems_of(schema, values):
        told = "; ".join(str(one) for one in found)
        raise InvalidInputError(
            f"{plain(model, 80)}: {plain(told, 600)}.",
            f"Nothing was sent; %skytells_models {plain(model, 80)} shows the inputs.",
            problems=found,
        )
