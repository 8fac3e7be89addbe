"""A model's price object -> what a call would cost (a quote, before) and what it cost (a charge, after). Pure; Decimal.

What cannot be priced is unknown with the reason, never 0 and never an error: units and operators may grow on the
service's side. `credits_used` of the API (1 credit is 1 USD) beats any figure of ours.

Text: the catalogue's price object holds one amount, while tokens in and out cost different amounts, so the four text
prices that Skytells prints on its Inference API page stand here as a fallback, and a charge made from them says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from .reading import count, money, record, text
from .record import Charge
from .shown import Shown
from .values import Model, Prediction, Status, Usage

MILLION = Decimal(1_000_000)
_LEAST_SHOWN = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class TextPrice:
    """USD for a million tokens in and out, and where the figures are from."""

    prompt: Decimal
    completion: Decimal
    source: str


_PRINTED = TextPrice(Decimal("0.50"), Decimal("1.25"), "the printed price list, not the live catalogue")
PRINTED_TEXT_PRICES: Mapping[str, TextPrice] = dict.fromkeys(
    ("deepbrain-router", "gpt-5", "gpt-5.3-codex", "gpt-5.4"), _PRINTED
)

_PER_OUTPUT = {"image", "video", "audio"}
_PER_RUN = {"prediction"}
_PER_SECOND = {"second": 1, "video_second": 1, "audio_second": 1, "5 seconds": 5, "minute": 60}
_OUTPUT_INPUTS = ("num_outputs", "number_of_images", "num_images", "n")
_LENGTH_INPUTS = ("duration", "duration_seconds", "seconds")


@dataclass(frozen=True, slots=True)
class Quote(Shown):
    """What a call would cost; `amount` is None where that cannot be known before, and `reason` says why or how."""

    amount: Decimal | None
    currency: str
    reason: str

    def __str__(self) -> str:
        return f"about {dollars(self.amount)}" if self.amount is not None else f"price unknown: {self.reason}"


def dollars(amount: Decimal | None, currency: str = "USD") -> str:
    """Write an amount for people: two decimals, more for what is under a cent."""
    if amount is None:
        return "unknown"
    if 0 < abs(amount) < _LEAST_SHOWN:
        return f"under {dollars(_LEAST_SHOWN, currency)}"
    places = 2 if amount == 0 or (abs(amount) >= Decimal("0.01") and amount == round(amount, 2)) else 6
    figure = f"{amount:.{places}f}"
    figure = figure.rstrip("0") if places > 2 else figure
    whole, _, fraction = figure.partition(".")
    figure = f"{whole}.{fraction:0<2}"
    return f"${figure}" if currency == "USD" else f"{figure} {currency}"


def quote(model: Model, values: Mapping[str, Any], *, outputs: int | None = None) -> Quote:
    """Say what a prediction with these inputs would cost; `outputs` is how many came back, once that is known."""
    pricing = model.pricing
    currency = text(pricing.get("currency")) or "USD"
    amount, unit, why = _rate(pricing, model, values)
    if amount is None:
        return Quote(None, currency, why)
    if unit in _PER_RUN:
        return Quote(amount, currency, "per prediction")
    if unit in _PER_OUTPUT:
        number = _input(model, values, _OUTPUT_INPUTS) or Decimal(1) if outputs is None else Decimal(outputs)
        return Quote(amount * number, currency, f"{number} × {dollars(amount)} per {unit}")
    if unit in _PER_SECOND:
        length = _input(model, values, _LENGTH_INPUTS)
        if length is None:
            return Quote(None, currency, f"it is priced by the {unit} and the inputs do not say how long")
        parts = (length / _PER_SECOND[unit]).to_integral_value(ROUND_CEILING)
        return Quote(amount * parts, currency, f"{parts} × {dollars(amount)} per {unit}")
    return Quote(None, currency, f"the unit {unit!r} is known only after the run")


def _rate(pricing: dict[str, Any], model: Model, values: Mapping[str, Any]) -> tuple[Decimal | None, str, str]:
    amount, unit = money(pricing.get("amount")), text(pricing.get("unit")) or ""
    if pricing.get("formula"):
        return None, unit, "it is priced by a formula over the result"
    criteria = pricing.get("criterias")
    for rule in map(record, criteria if isinstance(criteria, list) else []):
        operator = rule.get("operator")
        if operator not in ("equals", "=="):
            return None, unit, f"its price list uses the operator {operator!r}"
        name = text(rule.get("field")) or ""
        given = values.get(name, _default(model, name))
        if given == rule.get("value") and isinstance(given, bool) == isinstance(rule.get("value"), bool):
            return (
                money(rule.get("billable_price")),
                text(rule.get("unit")) or unit,
                "the price of this case is not a number",
            )
    return amount, unit, "the catalogue gives no price"


def _default(model: Model, name: str) -> object:
    return record(record(model.input_schema.get("properties")).get(name)).get("default")


def _input(model: Model, values: Mapping[str, Any], names: tuple[str, ...]) -> Decimal | None:
    for name in names:
        value = money(values.get(name, _default(model, name)))
        if value is not None and value > 0:
            return value
    return None


def charge_prediction(
    prediction: Prediction, model: Model | None = None, values: Mapping[str, Any] | None = None
) -> Charge:
    """Say what a finished prediction cost: billed by the API, else priced by the catalogue for a success.

    `values` are the inputs that were sent; without them, those that the prediction echoes. What came back is counted.
    """
    if prediction.credits_used is not None:
        return Charge(prediction.credits_used, "USD", "billed", "credits_used, 1 credit is 1 USD")
    if prediction.status is not Status.SUCCEEDED:
        return Charge(reason="it ended without a result and the API named no credits")
    if model is None or not model.pricing:
        return Charge(reason="the API named no credits and the model's price is not known")
    priced = quote(model, prediction.input if values is None else values, outputs=len(prediction.output) or None)
    if priced.amount is None:
        return Charge(currency=priced.currency, reason=priced.reason)
    return Charge(priced.amount, priced.currency, "priced", priced.reason)


def charge_tokens(slug: str, usage: Usage | None) -> Charge:
    """Say what an answer of a text model cost by the tokens it used."""
    price = PRINTED_TEXT_PRICES.get(slug)
    if price is None:
        return Charge(reason="the price of a token of this model is not known")
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return Charge(reason="the API named no token counts")
    amount = (price.prompt * usage.prompt_tokens + price.completion * usage.completion_tokens) / MILLION
    return Charge(amount, "USD", "priced", price.source)


def outputs_of(prediction: Prediction) -> int | None:
    """Say how many files or texts came back; None while there is no result."""
    return count(len(prediction.output)) if prediction.status.final else None


def price_label(model: Model) -> str:
    """Write a model's price for the catalogue's table, such as "$0.04 / image"; "unknown" where it has none."""
    if text_price := PRINTED_TEXT_PRICES.get(model.slug):
        return f"{dollars(text_price.prompt)} in, {dollars(text_price.completion)} out / 1M tokens"
    amount = money(model.pricing.get("amount"))
    unit = text(model.pricing.get("unit"))
    if amount is None or unit is None:
        return "unknown"
    return f"{dollars(amount, text(model.pricing.get('currency')) or 'USD')} / {unit.replace('_', ' ')}"
