"""What a chat is asked with, in the words of the Responses API. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import InputError

_RENAMED = {"system": "instructions", "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
_NESTED = {
    "reasoning_effort": ("reasoning", "effort"),
    "verbosity": ("text", "verbosity"),
    "response_format": ("text", "format"),
}
_UNKNOWN = ("stop", "n", "seed", "logit_bias", "logprobs")


def for_responses(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of a chat their names at `/responses`; others stay as they are, what is None is left out.

    Raises `InputError` for one that is not known there, and for one that is said twice.
    """
    told: dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        if name in _UNKNOWN:
            raise InputError(f"{name} is no parameter of the Responses API.", "Leave it out, or ask with --api chat.")
        whole, part = _NESTED.get(name, (_RENAMED.get(name, name), ""))
        known = told.get(whole, {}) if part else {}
        if not isinstance(known, Mapping) or part in known or (not part and whole in told):
            raise InputError(f"{whole} is said twice, once as {name}.", "Keep one of them; nothing was sent.")
        told[whole] = {**known, part: _flat(value) if part == "format" else value} if part else value
    return told


def _flat(form: Any) -> Any:
    """Write chat's `json_schema`, which nests what it is about, as the other API has it."""
    schema = form.get("json_schema") if isinstance(form, Mapping) else None
    return {**schema, "type": form["type"]} if isinstance(schema, Mapping) and "type" in form else form
