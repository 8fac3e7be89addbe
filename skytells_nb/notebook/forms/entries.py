"""What is entered for one schema, judged as it is entered: values in, values and problems out.

It has no widgets and runs nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Self

from ...api.inline import file
from ...errors import InputError, InvalidInputError, UnknownNameError, plain
from ...schema.check import Checker, Problem, native
from ...schema.fields import UNSET, Field, JsonField
from ..literals import same
from .draft import Draft, resting


class Entries:
    """The inputs of one schema as they are entered; `components` is where its references may lead."""

    def __init__(self, schema: object, components: Mapping[str, Any] | None = None) -> None:
        self.checker = Checker(schema, components)
        self._named = {field.name for field in self.checker.fields}
        # The draft keeps inputs that the schema allows without naming them under a name that it does not name.
        self._others = next(name for n in count() if (name := "\0" * n + "others") not in self._named)
        others = JsonField(name=self._others, title="Other inputs", schema={}, why="names of your own are allowed")
        self.fields: tuple[Field, ...] = (*self.checker.fields, *([others] if self.checker.open else []))
        self._by_name = {field.name: field for field in self.fields}
        self._draft = self._resting()
        self._problems: tuple[Problem, ...] | None = None
        self._observers: list[Callable[[Any], object]] = []

    @property
    def title(self) -> str:
        """What stands over them."""
        return self.checker.title or "Form"

    @property
    def values(self) -> dict[str, Any]:
        """What would be sent: a dict of its own. Inputs that nobody set are not in it."""
        return copy.deepcopy(self._sent(self._draft))

    @property
    def draft(self) -> Draft:
        """What was entered, as it was entered."""
        return self._draft

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with what was entered, in the order of the fields; () where it can be sent."""
        if self._problems is None:
            unread = {problem.steps[0]: problem for problem in self._draft.problems}
            judged = self.checker.problems(self._sent(self._draft))
            found = [*unread.values(), *(p for p in judged if not p.steps or p.steps[0] not in unread)]
            place: dict[object, int] = {name: index for index, name in enumerate(self._by_name)}
            last = len(place)
            found.sort(key=lambda p: place.get(p.steps[0], last) if p.steps else last + 1)
            self._problems = tuple(found)
        return self._problems

    def place_of(self, problem: Problem) -> tuple[str, Problem]:
        """Say under which field a problem stands, "" for none, and give it as it is seen from there."""
        name = str(problem.steps[0]) if problem.steps else ""
        if name and name not in self._by_name:
            return self._others, problem
        return name, replace(problem, steps=problem.steps[1:])

    def set(self, /, **values: Any) -> None:
        """Set inputs by name; a path counts as the file it names.

        Raises `InvalidInputError` for values that the schema refuses and for names it does not have; nothing is changed
        then. `reset` takes values away again.
        """
        self._now(self._taken(self._draft, values))

    def replace(self, values: Mapping[str, Any]) -> None:
        """Put other values in the place of all; raises what `set` raises, and nothing is changed then."""
        self._now(self._taken(Draft(), values), self._by_name)

    def reset(self, *names: str) -> None:
        """Take the values of some inputs away, or of all where none is named."""
        draft = self._draft if names else self._resting()
        for name in names:
            if name in self._named:
                draft = draft.put(name, resting(self._by_name[name]))
            elif name in draft.values.get(self._others, ()):
                draft = self._with(draft, name, UNSET)
            else:
                known = [field.name for field in self.checker.fields]
                raise UnknownNameError.of("input", name, known, where=f" of {plain(self.title, 80)}")
        self._now(draft, [name for name in names if name in self._named] if names else self._by_name)

    def _taken(self, draft: Draft, values: Mapping[str, Any]) -> Draft:
        """Give the draft with values put in, as copies; raises what `set` raises."""
        given = {name: file(value) if isinstance(value, Path) else value for name, value in native(values).items()}
        for name, value in given.items():
            draft = self._with(draft, name, value)
        wrong = tuple(p for p in self.checker.problems(self._sent(draft)) if p.steps and p.steps[0] in given)
        if wrong:
            told = "; ".join(map(str, wrong))
            raise InvalidInputError(f"{plain(told, 600)}.", "Nothing was changed.", problems=wrong)
        return replace(draft, values=copy.deepcopy(dict(draft.values)))

    def _with(self, draft: Draft, name: str, value: Any) -> Draft:
        """Give the draft with one input changed, whether the schema names it or not; `UNSET` takes it away."""
        if name in self._named:
            return draft.put(name, value)
        others = Draft(draft.values.get(self._others, {})).put(name, value).values
        return draft.put(self._others, others or UNSET)

    def _resting(self) -> Draft:
        return Draft({field.name: value for field in self.fields if (value := resting(field)) is not UNSET})

    def _now(self, draft: Draft, also: Iterable[str] = ()) -> None:
        """Take another draft; shows what changed, and no other field: there may be something half-typed in it."""
        before, self._draft = self._draft, draft
        self._problems = None
        changed = [name for name in (*self._named, self._others) if not _stays(name, before, draft)]
        self.show({name: draft.values.get(name, UNSET) for name in (*changed, *also)})
        if changed:
            self.announce()

    def enter(self, name: str, value: Any, fault: str = "") -> None:
        """Take what a control tells; `UNSET` takes the value away, a `fault` says why the text there is none."""
        if name == self._others and value is not UNSET:
            fault = self._fault_of_others(value)
            value = UNSET if fault else value
        self._draft = self._draft.put(name, value, fault)
        self._problems = None
        self.announce()

    def _fault_of_others(self, value: Any) -> str:
        if not isinstance(value, dict):
            return "must be a JSON object of names and values"
        named = next((name for name in value if name in self._named), None)
        return "" if named is None else f"holds {named}, which has a field of its own"

    def show(self, values: Mapping[str, Any]) -> None:
        """Hear which values changed that no control told; `UNSET` for none."""

    def announce(self) -> None:
        """Tell everybody who observes that an input changed; what they raise reaches whoever changed it."""
        for observer in tuple(self._observers):
            observer(self)

    def observe(self, fn: Callable[[Self], object]) -> None:
        """Call `fn(form)` after each change of an input, from now on; it may set inputs itself."""
        if not callable(fn):
            raise InputError(f"observe({plain(fn, 40)}) takes a function.", "Give one of the form.")
        self._observers.append(fn)

    def _sent(self, draft: Draft) -> dict[str, Any]:
        named = {name: value for name, value in draft.values.items() if name != self._others}
        return {**draft.values.get(self._others, {}), **named}


def _stays(name: str, before: Draft, after: Draft) -> bool:
    unchanged = same(before.values.get(name, UNSET), after.values.get(name, UNSET))
    return unchanged and before.faults.get(name) == after.faults.get(name)
