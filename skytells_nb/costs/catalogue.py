"""The catalogue as a DataFrame: one row a model, the same columns and dtypes always, with prices as exact amounts."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pandas as pd

from ..api.client import Client
from ..api.prices import price_lists
from ..api.pricing import price_label
from ..api.reading import items, mended, money, text
from ..api.values import Model
from ..errors import InputError, plain
from .arrays import DTYPE_OF, gathering
from .columns import Kind

_COLUMNS: dict[str, Kind] = {
    "slug": "text",
    "name": "text",
    "type": "word",
    "vendor": "word",
    "status": "word",
    "capabilities": "text",
    "price": "money",
    "currency": "word",
    "unit": "word",
    "price_cases": "count",
    "price_in": "money",
    "price_out": "money",
    "price_cached": "money",
    "price_label": "text",
    "inputs": "text",
    "required": "text",
    "description": "text",
}
MODEL_DTYPES: dict[str, str] = {name: DTYPE_OF[kind] for name, kind in _COLUMNS.items()}
"""The columns of `models_frame()`, in order, with their dtypes."""


def models_frame(client: Client | None = None) -> pd.DataFrame:
    """Read the catalogue as a DataFrame, one row a model, in the service's order.

    `price` is the list's amount (`Decimal`, missing where there is none) in `currency` for a `unit`; `price_cases` is
    how many cases change it, and `price_label` says it in words. Of a text model, `price_in`, `price_out` and
    `price_cached` are for a million tokens, as its calls are charged. `inputs` and `required` are names with
    commas between, missing where the service shows no schema. Raises the errors of a request.
    """
    with using(client) as asked:
        rows = [_row(model, asked.base_url) for model in asked.models()]
    columns = {name: gathering(kind) for name, kind in _COLUMNS.items()}
    for name, column in columns.items():
        column.add([row[name] for row in rows])
    return pd.DataFrame({name: column.array() for name, column in columns.items()})


def using(client: Client | None) -> AbstractContextManager[Client]:
    """Use the client that was given, or one that is closed afterwards; raises `InputError` for what is none."""
    if client is None:
        return Client()
    if not isinstance(client, Client):
        raise InputError(f"client={plain(repr(client), 40)} is no Client.", "Give sky.Client(), or leave it out.")
    return nullcontext(client)


def _row(model: Model, address: str) -> dict[str, Any]:
    pricing, fields = model.pricing, model.fields if model.input_schema else None
    said = {
        "slug": model.slug,
        "name": model.name or None,
        "type": model.type or None,
        "vendor": model.vendor or None,
        "status": model.status or None,
        "capabilities": ", ".join(model.capabilities) or None,
        "currency": text(pricing.get("currency")),
        "unit": text(pricing.get("unit")),
        "price_label": price_label(model),
        "inputs": None if fields is None else ", ".join(field.name for field in fields),
        "required": None if fields is None else ", ".join(field.name for field in fields if field.required),
        "description": model.description or None,
    }
    known = {name: None if value is None else mended(value) for name, value in said.items()}
    tokens = price_lists.find(address, model.slug) if model.speaks_chat or model.embeds else ""
    prices = (None, None, None) if isinstance(tokens, str) else (tokens.prompt, tokens.completion, tokens.cached)
    return known | {
        "price": money(pricing.get("amount")),
        "price_cases": len(items(pricing.get("criterias"))) if pricing else None,
        **dict(zip(("price_in", "price_out", "price_cached"), prices, strict=True)),
    }
