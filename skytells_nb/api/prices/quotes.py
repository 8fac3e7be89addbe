"""A model's price object -> what a run would cost (a quote). Pure; Decimal.

What cannot be priced is unknown with the reason, never 0 and never an error: units and operators may grow on the
service's side. A quote is exact where the inputs decide it, and a range where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...errors import plain
from ..shown import Shown
from ..values import Model
from . import quantities
from .amounts import LEAST_SHOWN, MOST, dollars, exact
from .extents import Extent, exactly
from .inputs import Inputs
from .rates import Rate, UnpricedError, currency_of, rates_for, terms_of
from .text_prices import TextPrice, printed, read_text_price


@dataclass(frozen=True, slots=True)
class Quote(Shown):
    """What a call would cost: at least `low` and at most `high`; None where nothing is known, or there is no bound.

    `reason` says by what it is that, or why it is a range or unknown; `price` is the rate, in exact figures.
    """

    low: Decimal | None
    high: Decimal | None
    currency: str
    reason: str
    price: Mapping[str, str] | None = None

    @property
    def amount(self) -> Decimal | None:
        """The price, where it is exactly known; else None."""
        return self.low if self.low is not None and self.low == self.high else None

    @property
    def known(self) -> bool:
        """Whether anything worth showing is known of the price."""
        return self.high is not None or (self.low is not None and self.low >= LEAST_SHOWN)

    def __str__(self) -> str:
        if not self.known:
            return f"price unknown: {self.reason}"
        if self.amount is not None:
            return f"about {dollars(self.amount, self.currency)}"
        if self.high is None:
            return f"at least {dollars(self.low, self.currency)}"
        most = dollars(self.high, self.currency)
        if self.low is None or self.low < LEAST_SHOWN:
            return f"up to {most}"
        return f"{dollars(self.low, self.currency)} to {most}"


def unpriced(reason: str, currency: str = "USD") -> Quote:
    """Give the quote of a call of which nothing is known."""
    return Quote(None, None, currency, reason)


NO_QUOTE = unpriced("nobody asked")


@exact
def quote(model: Model, values: Mapping[str, Any], *, made: quantities.Made = quantities.NOTHING_YET) -> Quote:
    """Say what a prediction with these inputs would cost; `made` is what came back, once that is known."""
    inputs = Inputs(model, values)
    try:
        currency = currency_of(model.pricing)
        if model.pricing.get("formula"):
            return _by_formula(inputs, made, currency)
        rates = rates_for(model.pricing, inputs)
        found = [_by_rate(rate, inputs, made, currency) for rate in rates.candidates]
    except UnpricedError as error:
        return unpriced(str(error))
    return found[0] if len(found) == 1 else _one_of(found, rates.why)


def _one_of(found: list[Quote], why: str) -> Quote:
    """Give the range of several quotes, of which nobody knows which holds."""
    extent = Extent(found[0].low, found[0].high)
    for each in found[1:]:
        extent = extent.or_else(Extent(each.low, each.high))
    return Quote(extent.low, extent.high, found[0].currency, why)


def _by_rate(rate: Rate, inputs: Inputs, made: quantities.Made, currency: str) -> Quote:
    number = quantities.of_unit(rate.unit, inputs, made)
    if number is None:
        return unpriced(f"the unit {plain(rate.unit, 40)!r} is not known", currency)
    each = f"{dollars(rate.amount, currency)} per {rate.unit}"
    if number.low is number.high is None and rate.amount:
        return unpriced(number.why, currency)
    reason = "per prediction" if rate.unit == "prediction" else f"{number} × {each}"
    price = {"unit": rate.unit, "amount": str(rate.amount), "quantity": str(number), "source": "the catalogue"}
    return _quoted(exactly(rate.amount).times(number), reason, price, currency)


def _by_formula(inputs: Inputs, made: quantities.Made, currency: str) -> Quote:
    total, said = exactly(0), []
    for term in terms_of(inputs.model.pricing["formula"]):
        count = quantities.megapixels_sent if term.of_input else quantities.megapixels
        number = count(inputs, made, key=term.key)
        total = total.plus(exactly(term.rate).times(number))
        if number.exact != 0:
            said.append(f"{number} × {dollars(term.rate, currency)} per megapixel {'in' if term.of_input else 'out'}")
    written = " + ".join(said) or "no megapixels"
    if total.low is total.high is None:
        return unpriced(f"it is priced by the megapixel and {total.why}", currency)
    return _quoted(total, written, {"unit": "formula", "quantity": written, "source": "the catalogue"}, currency)


def _quoted(extent: Extent, reason: str, price: Mapping[str, str], currency: str) -> Quote:
    if any(bound is not None and bound > MOST for bound in (extent.low, extent.high)):
        return unpriced("the price is absurdly high", currency)
    why = f"{reason}: {extent.why}" if extent.exact is None and extent.why else reason
    return Quote(extent.low, extent.high, currency, why, price)


def price_label(model: Model) -> str:
    """Write a model's price for the catalogue's table, such as "$0.04 / image"; "unknown" where it has none."""
    price = _text_price(model)
    if price is not None and price.prompt != price.completion:
        both = f"{dollars(price.prompt, price.currency)} in, {dollars(price.completion, price.currency)} out"
        return f"{both} / 1M tokens"
    try:
        currency = currency_of(model.pricing)
        rate = rates_for({**model.pricing, "criterias": None}, Inputs(model, {})).candidates[0]
    except UnpricedError:
        return "unknown"
    return f"{dollars(rate.amount, currency)} / {rate.unit.replace('_', ' ')}"


def _text_price(model: Model) -> TextPrice | None:
    try:
        return read_text_price(model.slug, model.pricing) if model.speaks_chat or model.embeds else printed(model.slug)
    except UnpricedError:
        return printed(model.slug)
