"""What a call cost, once it has ended, and what came back of it. Pure; Decimal.

`credits_used` of the API (1 credit is 1 USD) beats any figure of ours; else the price object is applied to what came
back. Where even that leaves a range, the cost is unknown, with the range in the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..reading import record
from ..record import Charge
from ..values import Model, Prediction, Status, Usage
from . import price_lists, quantities
from .amounts import MILLION, exact
from .inputs import Inputs
from .quotes import Quote, quote
from .text_prices import TextPrice

_TIMED = ("video", "audio", "music", "multimodal")
_DRAWN = ("image", "multimodal")


def charge_prediction(
    prediction: Prediction, model: Model | None = None, values: Mapping[str, Any] | None = None
) -> Charge:
    """Say what a finished prediction cost: billed by the API, else priced by the catalogue for a success.

    `values` are the inputs that were sent; what is not among them, the prediction may echo. What came back is counted.
    """
    if prediction.credits_used is not None:
        return Charge(prediction.credits_used, "USD", "billed", "credits_used, 1 credit is 1 USD")
    if prediction.status is not Status.SUCCEEDED:
        return Charge(reason="it ended without a result and the API named no credits")
    if model is None or not model.pricing:
        return Charge(reason="the API named no credits and the model's price is not known")
    priced = quote(model, _ran_with(prediction, values), made=_made_by(prediction))
    if priced.amount is None:
        return Charge(currency=priced.currency, reason=_open(priced))
    return Charge(priced.amount, priced.currency, "priced", priced.reason, priced.price)


def _open(priced: Quote) -> str:
    return f"{priced}, {priced.reason}" if priced.known else priced.reason


def _ran_with(prediction: Prediction, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {**prediction.input, **(values or {})}


def _made_by(prediction: Prediction) -> quantities.Made:
    return quantities.Made(len(prediction.output) or None, record(prediction.raw.get("metrics")))


def outputs_of(prediction: Prediction) -> int | None:
    """Say how many files or texts came back; None while there is no result."""
    return len(prediction.output) if prediction.status.final else None


@exact
def measures_of(
    prediction: Prediction, model: Model | None = None, values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Say how much came back of a success: megapixels and seconds of media, where inputs or the service say them."""
    if prediction.status is not Status.SUCCEEDED or model is None:
        return {}
    inputs, made = Inputs(model, _ran_with(prediction, values)), _made_by(prediction)
    lasts = quantities.length(inputs, made) if model.type in _TIMED else None
    total = None if lasts is None else lasts.times(quantities.outputs(inputs, made)).exact
    area = quantities.megapixels(inputs, made).exact if model.type in _DRAWN else None
    return {
        "megapixels": None if area is None else float(area),
        "media_seconds": None if total is None else float(total),
    }


@exact
def charge_tokens(slug: str, usage: Usage | None, *, address: str = "", writes: bool = True) -> Charge:
    """Say what an answer of a text model cost by the tokens it used, as they are priced at the service's address.

    Reasoning is part of the completion and counts once. Tokens from the cache have their own price where one is known.
    `writes` is false for a model that only reads, such as one that makes vectors.
    """
    price = price_lists.find(address, slug)
    if isinstance(price, str):
        return Charge(reason=price)
    counts = None if usage is None else _counts(usage, writes=writes)
    if usage is None or counts is None:
        return Charge(currency=price.currency, reason="the API named no token counts")
    prompt, completion = counts
    cached = usage.cached_tokens or 0
    if cached > prompt:  # that cannot be
        cached = 0
    amount = _amount(price, prompt, completion, cached)
    full = (
        "; tokens from the cache in full, no other price of theirs is known" if cached and price.cached is None else ""
    )
    return Charge(amount, price.currency, "priced", price.source + full, price.told)


def _amount(price: TextPrice, prompt: int, completion: int, cached: int) -> Decimal:
    again = price.prompt if price.cached is None else price.cached
    return (price.prompt * (prompt - cached) + again * cached + price.completion * completion) / MILLION


def _counts(usage: Usage, *, writes: bool) -> tuple[int, int] | None:
    """Give the tokens in and out."""
    completion = usage.completion_tokens if writes else 0
    return None if usage.prompt_tokens is None or completion is None else (usage.prompt_tokens, completion)
