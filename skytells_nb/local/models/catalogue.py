"""The models this sandbox serves, and what each one's work costs.

The data file holds two things for each model: the object the API prints, word for word, and how the sandbox
serves it (seconds of work, which input says how many outputs, seconds an output lasts, token prices, dimensions of
a vector). Prices are exact decimals; a price is a pure function of a model and an input, and the same function sets
`credits_used`. A model that the platform is not known to have is named `sandbox-…` and says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from . import pricing
from .validation import filled

Kind = Literal["image", "audio", "music", "video", "text", "code", "multimodal", "embedding"]
Made = Literal["image", "audio", "video"]
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
    prices: dict[str, Any]
    wire: dict[str, Any]
    seconds: float = 0.0
    instant: bool = False
    count_field: str | None = None
    length: float = 0.0
    tokens: TokenPrices | None = None
    dimensions: int | None = None

    @property
    def serves_chat(self) -> bool:
        """Whether the chat and responses routes take it."""
        return self.kind in {"text", "code", "multimodal"} and bool(self.wire["metadata"]["openai_compatible"])

    @property
    def predicts(self) -> bool:
        """Whether the prediction routes take it: it makes files."""
        return self.kind in {"image", "audio", "music", "video", "multimodal"} and not self.serves_chat

    def outputs(self, given: dict[str, Any]) -> int:
        """How many files a job with this input makes."""
        return int(filled(self.schema, given)[self.count_field]) if self.count_field else 1

    def makes(self, given: dict[str, Any]) -> Made:
        """Tell what the files of a job with this input are; a multimodal model makes what `output_type` says."""
        match self.kind:
            case "audio" | "music":
                return "audio"
            case "video":
                return "video"
            case _:
                asked = filled(self.schema, given).get("output_type")
                return asked if asked in ("audio", "video") else "image"

    def price(self, given: dict[str, Any]) -> Decimal:
        """Tell what a job with this input costs, in dollars."""
        work = pricing.Work(filled(self.schema, given), self.outputs(given), self.seconds, self.length)
        return pricing.price(self.prices, work)


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
        prices=wire["pricing"],
        wire=wire,
        seconds=serving.get("seconds", 0.0),
        instant=serving.get("instant", False),
        count_field=serving.get("count"),
        length=serving.get("length", 0.0),
        tokens=tokens and TokenPrices(Decimal(str(tokens["input"])), Decimal(str(tokens["output"]))),
        dimensions=serving.get("dimensions"),
    )
