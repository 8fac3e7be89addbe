"""What a model's inputs say where a price asks: given values, else the schema's defaults, else its limits. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from ...schema.fields import ChoiceField, Field, NumberField
from ..reading import record
from ..values import Model
from .amounts import figure
from .extents import Extent, between

_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?s(?:ec(?:ond)?s?)?", re.IGNORECASE)
_LINKS = ("http://", "https://", "data:")


@dataclass(frozen=True)
class Inputs:
    """The inputs of one run: `values` that are given, of `model`."""

    model: Model
    values: Mapping[str, Any]

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {field.name: field for field in self.model.fields}

    @cached_property
    def _properties(self) -> dict[str, Any]:
        return record(self.model.input_schema.get("properties"))

    def has(self, name: str) -> bool:
        """Say whether a value is given."""
        return self.values.get(name) is not None

    def get(self, name: str) -> Any:
        """Give the value, else the schema's default, else None."""
        if name in self.values:
            return self.values[name]
        return record(self._properties.get(name)).get("default")

    def decides(self, name: str) -> bool:
        """Say whether a value or a default is known; without one, what the service takes is its own affair."""
        return name in self.values or "default" in record(self._properties.get(name))

    def number(self, names: tuple[str, ...]) -> Extent | None:
        """Give the first positive number of these inputs; else the limits of the first that the schema knows.

        None where the schema knows none of them, and where one is given that is no positive number.
        """
        for name in names:
            found = _positive(self.get(name))
            if found is None and self.get(name) is None:
                found = _positive(record(self._properties.get(name)).get("default"))
            if found is not None:
                return Extent(found, found)
        known = next((name for name in names if name in self._properties), None)
        return None if known is None or self.get(known) is not None else _limits(self._fields.get(known))

    def links(self) -> Iterator[str]:
        """Give the links among the values, alone and in lists."""
        for name in dict.fromkeys((*self._properties, *self.values)):
            value = self.get(name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str) and item.startswith(_LINKS):
                    yield item


def _positive(value: object) -> Decimal | None:
    spoken = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    found = figure(spoken[1] if spoken else value)
    return found if found is not None and found > 0 else None


def _limits(field: Field | None) -> Extent | None:
    """Give the bounds of a field for numbers, or of one of choices that all are."""
    if field is None:
        return None
    why = f"{field.name} is not given"
    if isinstance(field, ChoiceField):
        numbers = [_positive(choice) for choice in field.choices]
        known = [number for number in numbers if number is not None]
        return between(known, why) if known and len(known) == len(numbers) else None
    if isinstance(field, NumberField):
        low, high = figure(field.minimum), _positive(field.maximum)
        return Extent(max(low, Decimal(0)) if low is not None else Decimal(0), high, why)
    return None
