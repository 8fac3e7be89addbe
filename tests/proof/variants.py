"""Models with prices that the sandbox's catalogue does not have, as the API would describe them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def _rule(field: str, value: Any, price: Any, *, unit: str = "image", operator: str = "equals") -> dict[str, Any]:
    return {
        "field": field,
        "description": "",
        "operator": operator,
        "value": value,
        "billable_price": price,
        "unit": unit,
    }


_PIXELS = {
    "description": "output megapixels x 0.011",
    "type": "megapixel",
    "variables": {"output_rate": 0.011},
    "terms": [{"megapixel_type": "output", "megapixels_key": "output_megapixels", "rate_key": "output_rate"}],
    "result_key": "price",
}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}


def _media() -> Iterator[dict[str, Any]]:
    images: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "lab-first-match": (
            {
                "amount": 0.05,
                "criterias": [
                    _rule("hd", True, 0.09),
                    _rule("steps", 1, 0.011, operator="=="),
                    _rule("style", "raw", 0.02, unit="prediction"),
                ],
            },
            {
                "num_outputs": _NUMBER,
                "hd": {"type": "boolean", "default": False},
                "steps": {"type": "integer", "default": 4},
                "style": {"type": "string", "default": "fine"},
            },
        ),
        "lab-flag": ({"amount": 0.03, "criterias": [_rule("flag", 1, 0.5)]}, {"flag": {"type": "boolean"}}),
        "lab-operator": (
            {
                "amount": 0.05,
                "criterias": [
                    _rule("style", "raw", 0.02, unit="prediction"),
                    _rule("steps", 4, 0.5, operator="at_least_about"),
                ],
            },
            {"style": {"type": "string"}, "steps": {"type": "integer", "default": 4}},
        ),
        "lab-moonbeam": ({"amount": 0.05, "unit": "moonbeam"}, {}),
        "lab-free": ({"amount": 0}, {}),
        "lab-euro": ({"amount": 0.07, "currency": "EUR"}, {}),
        "lab-tiny": ({"amount": 1e-07}, {"num_outputs": _NUMBER}),
        "lab-spoilt": ({"amount": "NaN"}, {}),
        "lab-silent": ({}, {}),
        "lab-formula": (
            {"amount": 0.011, "unit": "image_megapixel", "formula": _PIXELS},
            {"width": {"type": "integer"}, "height": {"type": "integer"}, "num_outputs": _NUMBER},
        ),
        "lab-lines": (
            {"amount": 0.0123, "unit": "megapixel"},
            {"resolution": {"type": "string"}, "aspect_ratio": {"type": "string", "default": "1:1"}},
        ),
        "lab-quoted": ({"amount": "0.015", "unit": "prediction"}, {}),
    }
    for slug, (pricing, properties) in images.items():
        yield {
            "name": slug,
            "namespace": slug,
            "type": "image",
            "pricing": {"currency": "USD", "unit": "image"} | pricing if pricing else {},
            "metadata": {"openai_compatible": False},
            "input_schema": {
                "type": "object",
                "required": ["prompt"],
                "properties": {"prompt": {"type": "string"}} | properties,
            },
        }


MEDIA = tuple(_media())


def _token_rule(value: str, price: float) -> dict[str, Any]:
    return {
        "field": "token_type",
        "operator": "equals",
        "value": value,
        "billable_price": price,
        "unit": "million_token",
    }


_TEXT_PRICINGS: dict[str, dict[str, Any]] = {
    "lab-keys": {"unit": "million_token", "input": 0.3, "output": 2.4, "cached": 0.03},
    "lab-words": {"unit": "million_token", "amount": 0.7, "prompt": 0.7, "completion": "0.9"},
    "lab-rules": {
        "unit": "million_token",
        "amount": 1.1,
        "criterias": [_token_rule("input", 1.1), _token_rule("output", 4.4), _token_rule("cached", 0.275)],
    },
    "lab-token": {"unit": "token", "amount": 2e-06},
    "lab-quiet": {},
    "lab-dozen": {"unit": "dozen_tokens", "amount": 0.01},
    "lab-embed": {"unit": "tokens", "amount": 1e-13},
}
TEXT = tuple(
    {
        "name": slug,
        "namespace": slug,
        "type": "embedding" if slug == "lab-embed" else "text",
        "pricing": {"currency": "USD"} | pricing if pricing else {},
        "metadata": {"openai_compatible": True},
        "input_schema": {"type": "object", "properties": {}},
    }
    for slug, pricing in _TEXT_PRICINGS.items()
)
