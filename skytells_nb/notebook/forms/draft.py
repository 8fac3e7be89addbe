"""What a person has entered so far: values that would be sent, and texts that are no values yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ...schema.check import Problem
from ...schema.fields import UNSET, Field


def resting(field: Field) -> Any:
    """Give what an untouched field sends: a required one its default, any other nothing (`UNSET`)."""
    return field.default if field.required and field.default is not None else UNSET


@dataclass(frozen=True, slots=True)
class Draft:
    """`values` holds what would be sent, by name; a name that is not in it is unset.

    `faults` says, by name, why what stands in a field cannot be read as a value; such a field has no value.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    def put(self, name: str, value: Any, fault: str = "") -> Self:
        """Give the draft with one field changed; `UNSET` takes its value away."""
        values = {key: kept for key, kept in self.values.items() if key != name}
        faults = {key: kept for key, kept in self.faults.items() if key != name}
        if fault:
            faults[name] = fault
        elif value is not UNSET:
            values[name] = value
        return type(self)(values, faults)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The faults, as problems of their fields."""
        return tuple(Problem(name, fault, (name,)) for name, fault in self.faults.items())
