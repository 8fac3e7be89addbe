"""jsonschema as the judge of one document's values, with patience that ends.

A few of its keywords are put in our own words: those whose verdict must name a missing or unknown part, and those that
a hostile schema could make slow. It gives up, and leaves the rest to the service, where a schema refers to nowhere or
asks for too much work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from . import formats, patterns
from .decimals import is_multiple
from .shapes import identity

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any]]

_MOST_STEPS = 20_000
_SLOW_PATTERN = 5_000
"""Steps that a pattern costs which could not be judged in time."""
_MOST_VERDICTS = 200
_MOST_OPEN = 100
_SLOW = (
    "$ref", "additionalProperties", "allOf", "anyOf", "contains", "dependentSchemas", "if", "items", "not", "oneOf",
    "patternProperties", "prefixItems", "properties", "propertyNames", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip


class Judge:
    """Judges values by rewritten schemas; `targets` are what their references name."""

    def __init__(self, targets: dict[str, Any]) -> None:
        self._targets = targets
        self._patience = _Patience(targets)

    def ready(self, schema: Any) -> Any:
        """Prepare one rewritten schema for being asked often."""
        from jsonschema_specifications import REGISTRY

        whole = schema if isinstance(schema, bool) else {"$defs": self._targets, **schema}
        return _judge_class()(whole, registry=REGISTRY, format_checker=self._patience)

    def verdicts(self, ready: Any, value: Any) -> list[ValidationError]:
        """Collect what is wrong with a value, the first two hundred; what cannot be judged is left out."""
        self._patience.begin()
        found: list[ValidationError] = []
        try:
            found.extend(islice(ready.iter_errors(value), _MOST_VERDICTS))
        except BaseException as failure:
            # A schema from elsewhere can raise anything; then the service is the judge. A panic is no Exception.
            if isinstance(failure, Exception) or type(failure).__name__ == "PanicException":
                return found
            raise
        return found


class _Patience:
    """How much work is left; stands where jsonschema keeps its checker of formats, which every keyword is given."""

    def __init__(self, targets: dict[str, Any]) -> None:
        self.targets = targets
        self.begin()

    def begin(self) -> None:
        self._left = _MOST_STEPS
        self._open: set[tuple[str, int]] = set()

    def spend(self, steps: int = 1) -> None:
        self._left -= steps
        if self._left < 0:
            raise TimeoutError

    @contextmanager
    def following(self, ref: str, instance: object) -> Iterator[Any]:
        """Give what a reference names; one that is followed again for the same value would never end."""
        step = (ref, id(instance))
        if step in self._open or len(self._open) > _MOST_OPEN:
            raise RecursionError
        self._open.add(step)
        try:
            yield self.targets[ref.removeprefix("#/$defs/")]
        finally:
            self._open.discard(step)


@cache
def _judge_class() -> Any:
    # The package first, here and in the sandbox: two threads that begin at its two ends lock each other out.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    known: dict[str, Any] = {**Draft202012Validator.VALIDATORS, **_own_keywords()}
    return extend(Draft202012Validator, {**known, **{word: _patient(known[word]) for word in _SLOW}})


def _patient(keyword: Keyword) -> Keyword:
    def judge(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        validator.format_checker.spend()
        return keyword(validator, value, instance, schema) or iter(())

    return judge


def _own_keywords() -> dict[str, Keyword]:
    from jsonschema import Draft202012Validator, ValidationError

    theirs = Draft202012Validator.VALIDATORS

    def refer(judge: Any, ref: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        with judge.format_checker.following(ref, instance) as target:
            yield from judge.descend(instance, target)

    def kind(judge: Any, kinds: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if not any(judge.is_type(instance, one) for one in (kinds if isinstance(kinds, list) else [kinds])):
            yield ValidationError("")

    def required(_judge: Any, names: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            yield from (ValidationError("", path=(name,)) for name in names if name not in instance)

    def dependent(_judge: Any, needs: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        for name, needed in needs.items() if isinstance(instance, dict) else ():
            if name in instance:
                yield from (
                    ValidationError("", path=(other,), validator_value=name)
                    for other in needed
                    if other not in instance
                )

    def additional(judge: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if allowed is not False:
            yield from theirs["additionalProperties"](judge, allowed, instance, schema)
        elif isinstance(instance, dict):
            known, fitting = schema.get("properties", {}), schema.get("patternProperties", ())
            yield from (
                ValidationError("", path=(name,))
                for name in instance
                if name not in known and not any(patterns.found(pattern, name) is not False for pattern in fitting)
            )

    def names(judge: Any, schema: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        for name in instance if isinstance(instance, dict) else ():
            for verdict in judge.descend(name, schema):
                yield ValidationError("", path=(name,), context=(verdict,))

    def pattern(judge: Any, form: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        there = patterns.found(form, instance) if isinstance(instance, str) else True
        if there is None:
            judge.format_checker.spend(_SLOW_PATTERN)
        elif not there:
            yield ValidationError("")

    def form(_judge: Any, name: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and (wanted := formats.wanted(name, instance)):
            yield ValidationError(wanted)

    def multiple(judge: Any, step: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if judge.is_type(instance, "number") and not is_multiple(instance, step):
            yield from theirs["multipleOf"](judge, step, instance, schema)

    def unique(_judge: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if wanted and isinstance(instance, list) and len({identity(entry) for entry in instance}) < len(instance):
            yield ValidationError("")

    return {
        "$ref": refer,
        "type": kind,
        "required": required,
        "dependentRequired": dependent,
        "additionalProperties": additional,
        "propertyNames": names,
        "pattern": pattern,
        "format": form,
        "multipleOf": multiple,
        "uniqueItems": unique,
    }
