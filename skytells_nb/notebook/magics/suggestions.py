"""What could be typed in a place of a magic's line: each suggestion is the text as it would stand there, and a hint.

Pure. Names and values come from a service: one that could not be typed as it is, or would hide what it is, is not
suggested.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...api.pricing import price_label
from ...schema.fields import ChoiceField, Field, FileField, FlagField, ListField, NumberField, UnionField
from ...schema.limits import describe, kind_of
from .. import page
from ..known_models import Known
from .command import HELP, Named, Option, Spec

_LONGEST = 200
"""Characters of what is suggested."""
_FEW = 12
"""So many whole numbers are listed one by one."""
_HINT = 60
_NAME = re.compile(r"\w[\w.-]*")
"""An input that a line can name; others go into --input."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to type, and what is said beside it; `exact` for words of the line's own, which take no quotes."""

    text: str
    hint: str = ""
    exact: bool = False


def _nothing_in(_folder: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What may be suggested, beside what the magics take by themselves.

    `variables` are the names of {{…}}; `entries` gives what is in a folder ("" for this one), folders with a / at their
    end.
    """

    models: tuple[Known, ...] = ()
    threads: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    entries: Callable[[str], Iterable[str]] = _nothing_in

    def model(self, slug: str) -> Known | None:
        """Find a model by its name, as the service does: case and vendor do not matter."""
        name = slug.lower().rpartition("/")[2]
        return next((known for known in self.models if known.model.slug.lower() == name), None)

    def fields_of(self, slug: str) -> tuple[Field, ...]:
        """Give what is known of a model's inputs; () for a model that is not known."""
        known = self.model(slug)
        return () if known is None else known.fields


def typeable(suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """Leave out what could not be typed, would not be seen as it is, or would be evaluated."""
    for each in suggestions:
        text = each.text
        seen = text.isprintable() and page.visible(text) == text
        if text and seen and len(text) <= _LONGEST and "{{" not in text:
            yield replace(each, hint=page.cut(each.hint, _HINT))


def options_of(spec: Spec, given: Iterable[str]) -> Iterator[Suggestion]:
    """Suggest the options that are not given yet, or may be given again."""
    taken = set(given)
    for option in (*spec.options, HELP):
        if option.name not in taken or option.many:
            yield Suggestion(f"--{option.name}", option.meaning, exact=True)


def names(kind: Named, knowledge: Knowledge) -> Iterator[Suggestion]:
    """Suggest what a word or value of a kind may name; files are another matter."""
    match kind:
        case "thread":
            yield from (Suggestion(name, "thread") for name in knowledge.threads)
        case "tag":
            yield from (Suggestion(name, "tag") for name in knowledge.tags)
        case "type":
            types = dict.fromkeys(known.model.type for known in knowledge.models)
            yield from (Suggestion(name, "type of model") for name in types if name)
        case "any model" | "text model" | "media model" | "vector model":
            for known in knowledge.models:
                model = known.model
                use = "vector model" if model.embeds else "text model" if model.speaks_chat else "media model"
                if kind in ("any model", use):
                    yield Suggestion(model.slug, f"{model.type} · {price_label(model)}")


def inputs(known: Known, given: Iterable[str], spec: Spec) -> Iterator[Suggestion]:
    """Suggest the inputs of a model that are not given yet; of a text model only what the magic has no word for."""
    taken = set(given)
    if known.model.speaks_chat:
        taken |= {*_SAID_OTHERWISE, *(option.name.replace("-", "_") for option in spec.options)}
    for field in known.fields:
        if field.name not in taken and _NAME.fullmatch(field.name):
            yield Suggestion(f"{field.name}=", _about(field), exact=True)


def inputs_as_options(known: Known | None, given: Iterable[str], spec: Spec) -> Iterator[Suggestion]:
    """Suggest the inputs of a model in the form of options, where the magic takes them so."""
    taken = {*given, *(option.name.replace("-", "_") for option in spec.options)}
    for field in known.fields if known is not None and spec.inputs else ():
        if field.name not in taken and _NAME.fullmatch(field.name):
            yield Suggestion(f"--{field.name.replace('_', '-')}", _about(field), exact=True)


def _about(field: Field) -> str:
    return " · ".join(filter(None, (kind_of(field), describe(field))))


_SAID_OTHERWISE = ("messages", "prompt", "model", "stream", "input")
"""What the body and the first word of a chat say."""


def values(field: Field) -> Iterator[Suggestion]:
    """Suggest values of an input: all where there are few, else its default; the hint says what is allowed."""
    match field:
        case ChoiceField(choices=choices):
            found = [(choice, "") for choice in choices]
        case FlagField():
            found = [(True, ""), (False, "")]
        case NumberField() if numbers := _few(field):
            found = [(number, "") for number in numbers]
        case UnionField(options=options):
            for option in options:
                yield from values(option)
            return
        case ListField() | FileField():
            return
        case _:
            examples = field.examples[:_FEW]
            default = () if not field.default and field.default not in (0, False) else (field.default,)
            found = [(value, describe(field)) for value in dict.fromkeys(map(_word, (*default, *examples)))]
    for value, hint in found:
        word = value if isinstance(value, str) else _word(value)
        is_default = field.default == value and type(field.default) is type(value)
        yield Suggestion(word, "default" if is_default else hint or kind_of(field))


def _few(field: NumberField) -> range | None:
    low, high = field.minimum, field.maximum
    if not field.integer or low is None or high is None or field.above is not None or field.below is not None:
        return None
    step = field.multiple_of or 1
    if not all(math.isfinite(number) and number == int(number) for number in (low, high, step)) or step < 1:
        return None
    first = -(-int(low) // int(step)) * int(step)
    numbers = range(first, int(high) + 1, int(step))
    return numbers if 0 < len(numbers) <= _FEW else None


def _word(value: Any) -> str:
    """Write a value as a line takes it: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def choices(option: Option) -> Iterator[Suggestion]:
    """Suggest what an option is chosen from."""
    yield from (Suggestion(choice, option.meaning) for choice in option.choices)
