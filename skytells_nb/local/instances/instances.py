"""A value that fits a JSON Schema, made without a model: what structured answers and tool calls are filled with.

A schema says what is allowed, not what is meant, so the value is built by rule (`drafts`), from words and
numbers of the question where they fit, and then judged by jsonschema. Where the first draft does not pass, barer
and other ones are tried: the result is valid or there is none. The same schema, seed and hints always give the
same value. References are looked up in the schema itself, never fetched.
"""

from __future__ import annotations

from typing import Any

from .chance import Chooser
from .drafts import Draft, DraftError, Hints

_TRIES = 24


class UnsatisfiableError(ValueError):
    """No value was found: the schema forbids all, is out of reach of simple rules, or asks for too much."""


def flaw(schema: Any) -> str | None:
    """Say what keeps `schema` from being a JSON Schema (Draft 2020-12); None when it is one."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message[:200]}"
    except RecursionError:
        return "it is nested too deeply"
    return None


def instance(schema: Any, seed: str, hints: Hints | None = None) -> Any:
    """Return a value that `schema` accepts; raises `UnsatisfiableError` when none is found."""
    from jsonschema import Draft202012Validator
    from jsonschema_specifications import REGISTRY
    from referencing.exceptions import Unresolvable

    judge = Draft202012Validator(schema, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)
    given = hints or Hints()
    for number in range(_TRIES):
        # The first drafts are the rich ones; each third one has only what is required.
        bare, plain = number % 3 == 2, number > 1
        draft = Draft(schema, Chooser(f"{number} {seed}"), Hints() if plain else given, bare=bare)
        try:
            value = draft.value()
            if judge.is_valid(value):
                return value
        except (DraftError, ValueError, OverflowError, RecursionError, Unresolvable):
            continue
    raise UnsatisfiableError("no value was found that fits the schema")
