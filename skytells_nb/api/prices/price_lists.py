"""The text prices that this process has read, by the address of their service. Thread-safe; holds the latest addresses.

A call of a text model is priced without a request of its own: by the catalogue where any client has read it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from ..values import Model
from .rates import UnpricedError
from .text_prices import TextPrice, printed, read_text_price

__all__ = ["find", "note", "printed"]

_MOST_ADDRESSES = 16
_MOST_MODELS = 10_000

_lock = threading.Lock()
_read: OrderedDict[str, dict[str, TextPrice | str]] = OrderedDict()


def note(address: str, models: Iterable[Model]) -> None:
    """Remember the prices of the text models among those that a service described."""
    found: dict[str, TextPrice | str] = {}
    for model in models:
        if model.speaks_chat or model.embeds:
            found[model.slug.lower()] = _price_of(model)
    with _lock:
        known = _read.setdefault(address, {})
        for slug, price in found.items():
            if slug in known or len(known) < _MOST_MODELS:
                known[slug] = price
        _read.move_to_end(address)
        while len(_read) > _MOST_ADDRESSES:
            _read.popitem(last=False)


def _price_of(model: Model) -> TextPrice | str:
    try:
        return read_text_price(model.slug, model.pricing)
    except UnpricedError as error:
        return str(error)


def find(address: str, slug: str) -> TextPrice | str:
    """Find the price of a model's tokens: the catalogue's, else the printed one; else why it is not known."""
    name = slug.lower()
    with _lock:
        known = _read.get(address, {})
        price = known.get(name) or known.get(name.rpartition("/")[2])
    if isinstance(price, TextPrice):
        return price
    return printed(slug) or price or _NOT_READ


_NOT_READ = "the price of a token of this model is not known: client.models() reads the catalogue's"
