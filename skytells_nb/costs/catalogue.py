"""The catalogue as a DataFrame: one row a model, the same columns and dtypes always, with prices as exact amounts."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pandas as pd

from ..api.client import Client
from ..api.pricing import price_label
from ..api.reading import items, mended, money, text
from ..api.values import Model
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
    how many inputs or cases change it, and `price_label` says it in words. `inputs` and `required` are names with
    commas between, missing where the service shows no schema. Raises the errors of a request.
    """
    with Client() if client is None else nullcontext(client) as asked:
        rows = [_row(model) for model in asked.models()]
    columns = {name: gathering(kind) for name, kind in _COLUMNS.items()}
    for name, column in columns.items():
        column.add([row[name] for row in rows])
    return pd.DataFrame({name: column.array() for name, column in columns.items()})


def _row(model: Model) -> dict[str, Any]:
    pricing, fields = model.pricing, model.fields if model.input_schema else None
    said = {
        "slug": model.slug,
        "name": model.name,
        "type": model.type,
        "vendor": model.vendor,
        "status": model.status,
        "capabilities": ", ".join(model.capabilities),
        "currency": text(pricing.get("currency")),
        "unit": text(pricing.get("unit")),
        "price_label": price_label(model),
        "inputs": None if fields is None else ", ".join(field.name for field in fields),
        "required": None if fields is None else ", ".join(field.name for field in fields if field.required),
        "description": model.description,
    }
    known = {name: None if value is None else mended(value) for name, value in said.items()}
    cases = len(items(pricing.get("criterias"))) if pricing else None
    return known | {"price": money(pricing.get("amount")), "price_cases": cases}
