"""What is entered for one schema, judged as it is entered: values in, values and problems out.

It has no widgets and runs nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from ...api.inline import file
from ...errors import InputError, InvalidInputError, UnknownNameError, plain
from ...schema.check import Checker, Problem, native
from ...schema.fields import UNSET, Field, JsonField
from .draft import Draft, resting

OTHERS = "\0others"
"""Where a draft keeps inputs that the schema allows without naming them."""


class Entries:
    """The inputs of one schema as they are entered; `components` is where its references may lead."""

    def __init__(self, schema: object, components: Mapping[str, Any] | None = None) -> None:
        self.checker = Checker(schema, components)
        others = JsonField(name=OTHERS, title="Other inputs", schema={}, why="names of your own are allowed")
        self.fields: tuple[Field, ...] = (*self.checker.fields, *([others] if self.checker.open else []))
        self._by_name = {field.name: field for field in self.fields}
        self._draft = Draft({field.name: resting(field) for field in self.fields if resting(field) is not UNSET})
        self._problems: tuple[Problem, ...] | None = None
        self._observers: list[Callable[[Any], object]] = []

    @property
    def title(self) -> str:
        """What stands over them."""
        return self.checker.title or "Form"

    @property
    def values(self) -> dict[str, Any]:
        """What would be sent: a dict of its own. Inputs that nobody set are not in it."""
        return copy.deepcopy(_sent(self._draft))

    @property
    def draft(self) -> Draft:
        """What was entered, as it was entered."""
        return self._draft

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with what was entered, in the order of the fields; () where it can be sent."""
        if self._problems is None:
            unread = {problem.steps[0]: problem for problem in self._draft.problems}
            judged = self.checker.problems(_sent(self._draft))
            found = [*unread.values(), *(p for p in judged if not p.steps or p.steps[0] not in unread)]
            place: dict[object, int] = {name: index for index, name in enumerate(self._by_name)}
            last = len(place)
            found.sort(key=lambda p: place.get(p.steps[0], last) if p.steps else last + 1)
            self._problems = tuple(found)
        return self._problems

    def set(self, **values: Any) -> None:
        """Set inputs by name; a path counts as the file it names.

        Raises `InvalidInputError` for values that the schema refuses and for names it does not have; nothing is changed
        then. `reset` takes values away again.
        """
        self._take(self._draft, values)

    def replace(self, values: Mapping[str, Any]) -> None:
        """Put other values in the place of all; raises what `set` raises, and nothing is changed then."""
        self._take(Draft(), values)

    def reset(self, *names: str) -> None:
        """Take the values of some inputs away, or of all where none is named."""
        draft = self._draft
        for name in names or tuple(self._by_name):
            if name not in self._by_name:
                known = [field.name for field in self.checker.fields]
                raise UnknownNameError.of("input", name, known, where=f" of {plain(self.title, 80)}")
            draft = draft.put(name, resting(self._by_name[name]))
        self._now(draft, names or self._by_name)

    def _take(self, draft: Draft, values: Mapping[str, Any]) -> None:
        given = {name: file(value) if isinstance(value, Path) else value for name, value in native(values).items()}
        others = {name: copy.deepcopy(value) for name, value in given.items() if name not in self._by_name}
        for name, value in given.items():
            if name in self._by_name:
                draft = draft.put(name, copy.deepcopy(value))
        if others:
            draft = draft.put(OTHERS, {**draft.values.get(OTHERS, {}), **others})
        wrong = tuple(p for p in self.checker.problems(_sent(draft)) if p.steps and p.steps[0] in given)
        if wrong:
            told = "; ".join(map(str, wrong))
            raise InvalidInputError(f"{plain(told, 600)}.", "Nothing was changed.", problems=wrong)
        touched = {*self._draft.values, *self._draft.faults, *draft.values}
        self._now(draft, [name for name in self._by_name if name in touched])

    def _now(self, draft: Draft, names: Iterable[str]) -> None:
        self._draft = draft
        self._problems = None
        self.show({name: draft.values.get(name, UNSET) for name in names})
        self.announce()

    def enter(self, name: str, value: Any, fault: str = "") -> None:
        """Take what a control tells; `UNSET` takes the value away, a `fault` says why the text there is none."""
        if name == OTHERS and value is not UNSET and not isinstance(value, dict):
            value, fault = UNSET, "must be a JSON object of names and values"
        self._draft = self._draft.put(name, value, fault)
        self._problems = None
        self.announce()

    def show(self, values: Mapping[str, Any]) -> None:
        """Hear which values changed that no control told; `UNSET` for none."""

    def announce(self) -> None:
        """Tell everybody who observes that an input changed."""
        for observer in tuple(self._observers):
            observer(self)

    def observe(self, fn: Callable[[Self], object]) -> None:
        """Call `fn(form)` after each change of an input, from now on."""
        if not callable(fn):
            raise InputError(f"observe({plain(fn, 40)}) takes a function.", "Give one of the form.")
        self._observers.append(fn)


def _sent(draft: Draft) -> dict[str, Any]:
    others = draft.values.get(OTHERS)
    named = {name: value for name, value in draft.values.items() if name != OTHERS}
    return {**others, **named} if isinstance(others, dict) else named
