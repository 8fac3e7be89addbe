"""What tokens of a text model cost: read from its price object, or as Skytells prints it. Pure.

The catalogue's price object holds one amount, while tokens in and out may cost different amounts. So the four text
prices that Skytells prints on its Inference API page stand here: alone where the catalogue has not been read, and for
tokens out where its one amount is what is printed for tokens in. Else the one amount holds for all tokens. A price
object that names both directions, in any of several spellings, is taken at its word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...errors import plain
from ..reading import items, record, text
from .amounts import MILLION, exact, figure
from .rates import UnpricedError, currency_of


@dataclass(frozen=True, slots=True)
class TextPrice:
    """The price of a million tokens in and out, and in again from the service's cache where that is known."""

    prompt: Decimal
    completion: Decimal
    source: str
    cached: Decimal | None = None
    currency: str = "USD"

    @property
    def told(self) -> Mapping[str, str]:
        """The price as a record keeps it."""
        cached = {} if self.cached is None else {"cached": str(self.cached)}
        amounts = {"prompt": str(self.prompt), "completion": str(self.completion)}
        return {"unit": "million_token", **amounts, **cached, "source": self.source}


_PRINTED = TextPrice(Decimal("0.50"), Decimal("1.25"), "the printed price list, not the live catalogue")
PRINTED_TEXT_PRICES: Mapping[str, TextPrice] = dict.fromkeys(
    ("deepbrain-router", "gpt-5", "gpt-5.3-codex", "gpt-5.4"), _PRINTED
)

_DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "input", "in", "prompt_tokens", "input_tokens"),
    "completion": ("completion", "output", "out", "completion_tokens", "output_tokens"),
    "cached": ("cached", "cached_input", "cached_prompt", "input_cached", "cached_tokens", "cache_read"),
}
_DIRECTION_OF = {word: which for which, words in _DIRECTIONS.items() for word in words}
_DIRECTION_FIELDS = ("direction", "token_type", "token_kind", "tokens", "token", "type")
_IN_A_MILLION = {"token": MILLION, "tokens": MILLION, "million_token": Decimal(1), "million_tokens": Decimal(1)}
_MOST_CASES = 100


def printed(slug: str) -> TextPrice | None:
    """Find a model's printed price, with or without its vendor."""
    return PRINTED_TEXT_PRICES.get(slug.lower().rpartition("/")[2])


@exact
def read_text_price(slug: str, pricing: Mapping[str, Any]) -> TextPrice:
    """Read the price of a model's tokens; raises `UnpricedError` where its price object does not say it."""
    currency = currency_of(pricing)
    amounts = dict(_named(pricing))
    if "prompt" in amounts and "completion" in amounts:
        return TextPrice(
            amounts["prompt"], amounts["completion"], "the catalogue", amounts.get("cached"), currency=currency
        )
    if pricing.get("formula"):
        raise UnpricedError("it is priced by a formula, which says nothing of tokens")
    one = _in_a_million(pricing.get("amount"), pricing.get("unit"))
    known = printed(slug)
    if known is not None and known.prompt == one and currency == known.currency and amounts.keys() <= {"cached"}:
        source = "the catalogue for tokens in, the printed price list for tokens out"
        return TextPrice(one, known.completion, source, amounts.get("cached"), currency)
    if amounts.keys() <= {"cached"}:
        source = "the catalogue, whose one amount holds for all tokens"
        return TextPrice(one, one, source, amounts.get("cached"), currency)
    source = "the catalogue, whose other amount holds for the tokens that it does not name"
    return TextPrice(
        amounts.get("prompt", one), amounts.get("completion", one), source, amounts.get("cached"), currency
    )


def _named(pricing: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Give the amounts that are named by the direction of tokens."""
    for holder in (pricing, record(pricing.get("amount"))):
        for name, value in holder.items():
            which = _DIRECTION_OF.get(name.lower().removesuffix("_price")) if isinstance(name, str) else None
            if which is not None:
                inner = record(value)
                unit = inner.get("unit") or pricing.get("unit")
                yield which, _in_a_million(inner.get("amount") if inner else value, unit)
    cases = items(pricing.get("criterias"))
    if len(cases) > _MOST_CASES:
        raise UnpricedError(f"its price list has {len(cases):,} cases")
    for case in map(record, cases):
        value = case.get("value")
        which = _DIRECTION_OF.get(value.lower()) if isinstance(value, str) else None
        if case.get("operator") not in ("equals", "=="):
            raise UnpricedError(f"its price list uses the operator {plain(case.get('operator'), 40)!r}")
        if which is None or case.get("field") not in _DIRECTION_FIELDS:
            raise UnpricedError(f"its price depends on {plain(case.get('field'), 40)!r}")
        yield which, _in_a_million(case.get("billable_price"), case.get("unit") or pricing.get("unit"))


def _in_a_million(amount: object, unit: object) -> Decimal:
    read, times = figure(amount), _IN_A_MILLION.get(text(unit) or "")
    if read is None:
        raise UnpricedError("the catalogue gives no price")
    if times is None:
        raise UnpricedError(f"the unit {plain(unit, 40)!r} is none of tokens")
    return read * times
