"""What a job costs: a price object of the catalogue and an input -> dollars. Pure; exact decimals.

The platform publishes no algorithm, so this is the sandbox's own reading:

* the first of `criterias` whose field has its value gives the amount and the unit, else the object itself does;
* image, video, audio: for each output. prediction: once. gpu: for each of `num_gpus`, else one;
* second, video_second, audio_second, minute, "5 seconds": for each one begun, by the length asked for (in seconds),
  else by the length of what is made;
* megapixel, image_megapixel: for the pixels of all outputs. computing_second: for the seconds of work;
* token, tokens: for each token of the text that was sent; million_token: for a million of them;
* a `formula` prices the job by itself: it adds, over its `terms`, the megapixels of the term's `megapixel_type`
  ("output": of all outputs; "input": of the pictures sent, each taken as one megapixel, for the sandbox fetches none)
  times the variable that `rate_key` names. `megapixels_key` and `result_key` only name these figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from ..tokens import count
from .sizes import size_of

_MILLION = Decimal(1_000_000)
_LENGTHS = {"second": 1, "video_second": 1, "audio_second": 1, "5 seconds": 5, "minute": 60}
_LENGTH_INPUTS = ("duration", "duration_seconds", "seconds")
_TEXT_INPUTS = ("prompt", "text", "lyrics", "script", "input")


@dataclass(frozen=True, slots=True)
class Work:
    """What a job does: its input with defaults, its outputs, its seconds of work, the seconds an output lasts."""

    values: Mapping[str, Any]
    outputs: int = 1
    seconds: float = 0.0
    length: float = 0.0


def price(pricing: Mapping[str, Any], work: Work) -> Decimal:
    """Tell what `work` costs, in dollars. Raises `ValueError` for a unit that is not of the platform's."""
    if "formula" in pricing:
        return _by_formula(pricing["formula"], work)
    amount, unit = pricing["amount"], pricing["unit"]
    for rule in pricing.get("criterias", ()):
        if _same(work.values.get(rule["field"]), rule["value"]):
            amount, unit = rule["billable_price"], rule["unit"]
            break
    return Decimal(str(amount)) * _times(unit, work)


def _times(unit: str, work: Work) -> Decimal:
    """How many units of `unit` the work is."""
    match unit:
        case "prediction":
            return Decimal(1)
        case "image" | "video" | "audio":
            return Decimal(work.outputs)
        case "gpu":
            return Decimal(work.values.get("num_gpus") or 1)
        case "megapixel" | "image_megapixel":
            return _megapixels("output", work)
        case "computing_second":
            return Decimal(str(work.seconds))
        case "token" | "tokens":
            return _tokens(work)
        case "million_token":
            return _tokens(work) / _MILLION
        case _ if unit in _LENGTHS:
            return (_length(work) / _LENGTHS[unit]).to_integral_value(ROUND_CEILING) * work.outputs
        case _:
            raise ValueError(f"the unit {unit!r} is not known")


def _by_formula(formula: Mapping[str, Any], work: Work) -> Decimal:
    rates = formula["variables"]
    return sum(
        (
            _megapixels(term["megapixel_type"], work) * Decimal(str(rates[term["rate_key"]]))
            for term in formula["terms"]
        ),
        Decimal(0),
    )


def _megapixels(which: str, work: Work) -> Decimal:
    if which == "output":
        return size_of(work.values).megapixels * work.outputs
    sent = [value if isinstance(value, list) else [value] for value in work.values.values()]
    return Decimal(sum(_is_link(item) for items in sent for item in items))


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://", "data:"))


def _length(work: Work) -> Decimal:
    for name in _LENGTH_INPUTS:
        try:
            length = Decimal(str(work.values.get(name)))
        except InvalidOperation:
            continue
        if length > 0:
            return length
    return Decimal(str(work.length))


def _tokens(work: Work) -> Decimal:
    return Decimal(sum(count(text) for name in _TEXT_INPUTS if isinstance(text := work.values.get(name), str)))


def _same(given: Any, value: Any) -> bool:
    """Equal as JSON has it: true is not 1."""
    return bool(given == value) and isinstance(given, bool) == isinstance(value, bool)
