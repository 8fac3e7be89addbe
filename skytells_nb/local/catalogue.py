"""The models this sandbox serves, and what each one's work costs.

The data file holds two things for each model: the object the API prints, word for word, and how the sandbox
serves it (seconds of work, which input says how many outputs, token prices). Prices are exact decimals; a
price is a pure function of a model and an input, and the same function sets `credits_used`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from .validation import filled

Kind = Literal["image", "audio", "video", "text"]
SCHEMAS = ("input_schema", "output_schema")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Dollars for a million tokens read and for a million written."""

    input: Decimal
    output: Decimal

    def cost(self, read: int, written: int) -> Decimal:
        """Dollars for so many tokens."""
        return (self.input * read + self.output * written) / _MILLION


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One model: its name, what it makes, how it is served, and its object on the wire."""

    namespace: str
    kind: Kind
    vendor: str
    schema: dict[str, Any]
    pricing: dict[str, Any]
    wire: dict[str, Any]
    seconds: float = 0.0
    instant: bool = False
    count_field: str | None = None
    duration_field: str | None = None
    tokens: TokenPrices | None = None

    def outputs(self, given: dict[str, Any]) -> int:
        """How many files a job with this input makes."""
        return int(filled(self.schema, given)[self.count_field]) if self.count_field else 1

    def price(self, given: dict[str, Any]) -> Decimal:
        """Tell what a job with this input costs, in dollars."""
        values = filled(self.schema, given)
        amount, unit = self.pricing["amount"], self.pricing["unit"]
        for rule in self.pricing.get("criterias", []):
            if values.get(rule["field"]) == rule["value"]:
                amount, unit = rule["billable_price"], rule["unit"]
                break
        match unit:
            case "image":
                times = self.outputs(given)
            case "second":
                times = int(values[self.duration_field]) if self.duration_field else 1
            case _:
                times = 1
        return Decimal(str(amount)) * times


def public(model: Model, fields: frozenset[str] | None = None) -> dict[str, Any]:
    """Return the model's object on the wire; with `fields`, a schema not named there is null."""
    hidden = () if fields is None else tuple(name for name in SCHEMAS if name not in fields)
    return model.wire | dict.fromkeys(hidden)


@cache
def models() -> dict[str, Model]:
    """Every model by namespace, in the order the API lists them."""
    text = files(__package__).joinpath("data", "catalogue.json").read_text(encoding="utf-8")
    served = [_model(entry["model"], entry["serving"]) for entry in json.loads(text)]
    return {model.namespace: model for model in served}


def find(slug: str) -> Model | None:
    """Find the model of a slug, bare (`truefusion`) or with its vendor (`skytells/truefusion`), else None."""
    vendor, _, name = slug.rpartition("/")
    model = models().get(name)
    return model if model is not None and vendor in {"", model.vendor} else None


def _model(wire: dict[str, Any], serving: dict[str, Any]) -> Model:
    tokens = serving.get("tokens")
    return Model(
        namespace=wire["namespace"],
        kind=wire["type"],
        vendor=wire["vendor"]["slug"],
        schema=wire["input_schema"],
        pricing=wire["pricing"],
        wire=wire,
        seconds=serving.get("seconds", 0.0),
        instant=serving.get("instant", False),
        count_field=serving.get("count"),
        duration_field=serving.get("duration"),
        tokens=tokens and TokenPrices(Decimal(str(tokens["input"])), Decimal(str(tokens["output"]))),
    )
