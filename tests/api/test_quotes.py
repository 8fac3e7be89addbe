"""Quotes: exact where the inputs decide the price, a range with its reason where they do not, else unknown."""

from __future__ import annotations

import base64
import decimal
import io
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skytells_nb.api.pricing import Quote, TextPrice, quote, quote_text
from skytells_nb.api.values import Model

HALF = TextPrice(Decimal("0.50"), Decimal("1.25"), "the catalogue")


def model(pricing: dict[str, Any], **properties: Any) -> Model:
    """Make a model with a price and inputs."""
    return Model("m", pricing=pricing, input_schema={"properties": properties})


def picture(kind: str, width: int, height: int, **options: Any) -> str:
    """Make a picture as a data URL."""
    kept = io.BytesIO()
    Image.new("RGB", (width, height)).save(kept, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(kept.getvalue()).decode()}"


@pytest.mark.parametrize(
    ("unit", "values", "low", "high"),
    [
        ("image", {"num_outputs": 3}, 3, 3),
        ("video", {}, 1, 1),
        ("audio", {"n": "2"}, 2, 2),
        ("prediction", {"num_outputs": 3}, 1, 1),
        ("second", {"duration": 5}, 5, 5),
        ("second", {"seconds": "8"}, 8, 8),
        ("second", {"seconds": "8s"}, 8, 8),
        ("second", {"duration": 5, "num_outputs": 2}, 10, 10),
        ("video_second", {"duration_seconds": 4.2}, 5, 5),
        ("audio_second", {"duration": 1}, 1, 1),
        ("5 seconds", {"duration": 11}, 3, 3),
        ("minute", {"duration": 61}, 2, 2),
        ("gpu", {"num_gpus": 4}, 4, 4),
        ("gpu", {}, None, None),
        ("megapixel", {"size": "1024x1024", "n": 2}, "2.097152", "2.097152"),
        ("megapixel", {}, None, None),
        ("image_megapixel", {"width": 2000, "height": 1000}, 2, 2),
        ("computing_second", {"steps": 50}, None, None),
        ("token", {"text": "hello"}, None, None),
        ("tokens", {"text": "hello"}, None, None),
        ("million_token", {"text": "hello"}, None, None),
    ],
)
def test_every_unit_is_counted(unit: str, values: dict[str, Any], low: Any, high: Any) -> None:
    """All sixteen: by the inputs, else unknown with the reason, never 0."""
    found = quote(model({"amount": 1, "unit": unit}), values)
    assert (found.low, found.high) == tuple(None if each is None else Decimal(each) for each in (low, high))
    assert found.reason
    assert str(found).startswith("price unknown: " if high is None else "about $")


@pytest.mark.parametrize(
    ("values", "megapixels"),
    [
        ({"size": "1536×1024"}, ("1.572864", "1.572864")),
        ({"resolution": "1 MP"}, ("1", "1")),
        ({"resolution": "0.5 mp", "aspect_ratio": "16:9"}, ("0.5", "0.5")),
        ({"megapixels": "0.25"}, ("0.25", "0.25")),
        ({"resolution": "720p", "aspect_ratio": "16:9"}, ("0.9216", "0.9216")),
        ({"resolution": "1080p", "aspect_ratio": "9:16"}, ("2.0736", "2.0736")),
        ({"resolution": "720p", "aspect_ratio": "21:9"}, ("1.20960", "1.20960")),
        ({"resolution": "1080p", "aspect_ratio": "21:9"}, ("2.7216", "2.7216")),
        ({"resolution": "100p", "aspect_ratio": "3:2"}, ("0.015", "0.015")),
        ({"resolution": "101p", "aspect_ratio": "3:2"}, ("0.014544", "0.01616")),
        ({"resolution": "2K"}, ("2.0736", "4.194304")),
        ({"aspect_ratio": "custom", "width": 300, "height": 200}, ("0.06", "0.06")),
        ({"aspect_ratio": "16:9"}, (None, None)),
        ({"aspect_ratio": "match_input_image", "width": 300, "height": 200}, (None, None)),
        ({"size": "auto"}, (None, None)),
        ({"resolution": "720p"}, (None, None)),
        ({"resolution": "1 MP", "width": 2000, "height": 1000}, ("1", "2")),
        ({"width": "wide", "height": 200}, (None, None)),
    ],
)
def test_megapixels_are_read_from_every_way_to_say_a_size(
    values: dict[str, Any], megapixels: tuple[str | None, str | None]
) -> None:
    """Sides, sizes, words with an aspect ratio; bounds where services differ; unknown for a ratio alone."""
    found = quote(model({"amount": 1, "unit": "megapixel"}), values)
    assert (found.low, found.high) == tuple(None if each is None else Decimal(each) for each in megapixels)


@pytest.mark.parametrize(
    ("field", "low", "high", "written"),
    [
        ({"type": "integer", "default": 5, "minimum": 2, "maximum": 10}, 5, 5, "about $5.00"),
        ({"type": "integer", "minimum": 2, "maximum": 10}, 2, 10, "$2.00 to $10.00"),
        ({"type": "integer", "minimum": 2}, 2, None, "at least $2.00"),
        ({"type": "integer", "maximum": 10}, 0, 10, "up to $10.00"),
        ({"type": "string", "enum": ["4", "8", "12"]}, 4, 12, "$4.00 to $12.00"),
        ({"type": "string", "enum": ["4", "long"]}, None, None, "price unknown: it is priced by the second and"),
        ({"$ref": "#/$defs/length"}, 3, 7, "$3.00 to $7.00"),
    ],
)
def test_what_is_not_given_is_bounded_by_the_schema(field: Any, low: Any, high: Any, written: str) -> None:
    """By its default, else by its limits or choices, references followed; the range has a reason."""
    schema = {"properties": {"duration": field}, "$defs": {"length": {"type": "integer", "enum": [3, 7]}}}
    found = quote(Model("m", pricing={"amount": 1, "unit": "second"}, input_schema=schema), {})
    assert (found.low, found.high) == tuple(None if each is None else Decimal(each) for each in (low, high))
    assert str(found).startswith(written)
    assert found.amount is not None or "duration is not given" in found.reason or high is low is None


CASES = [
    {"field": "hd", "operator": "equals", "value": True, "billable_price": "0.2", "unit": "image"},
    {"field": "mode", "operator": "==", "value": "raw", "billable_price": "0.02", "unit": "prediction"},
]
FLAGS = {"hd": {"type": "boolean", "default": False}, "mode": {"type": "string"}}


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ({"hd": True, "mode": "raw"}, "0.2", "0.2"),
        ({"mode": "raw"}, "0.02", "0.02"),
        ({"mode": "fine"}, "0.1", "0.1"),
        ({"mode": None}, "0.1", "0.1"),
        ({}, "0.02", "0.1"),
    ],
)
def test_the_first_case_that_holds_gives_the_price(values: dict[str, Any], low: str, high: str) -> None:
    """With its own unit; where an input is left to the service, any of its cases may hold."""
    found = quote(model({"amount": 0.1, "unit": "image", "criterias": CASES}, **FLAGS), values)
    assert (found.low, found.high) == (Decimal(low), Decimal(high))


def test_a_range_of_cases_says_on_what_it_depends() -> None:
    """The reason names the input."""
    found = quote(model({"amount": 0.1, "unit": "image", "criterias": CASES}, **FLAGS), {})
    assert found.reason == "its price depends on mode, which is not given"
    assert str(found) == "$0.02 to $0.10"


FORMULA = {
    "type": "megapixel",
    "variables": {"in": 0.03, "out": 0.06},
    "terms": [
        {"megapixel_type": "input", "megapixels_key": "input_megapixels", "rate_key": "in"},
        {"megapixel_type": "output", "megapixels_key": "output_megapixels", "rate_key": "out"},
    ],
    "result_key": "price",
}


@pytest.mark.parametrize(
    ("pictures", "low", "high"),
    [
        ([], "0.12", "0.12"),
        ([picture("PNG", 1000, 500)], "0.135", "0.135"),
        ([picture("JPEG", 1000, 500), picture("GIF", 100, 100)], "0.1353", "0.1353"),
        ([picture("WEBP", 200, 100, lossless=True), picture("WEBP", 200, 100)], "0.1212", "0.1212"),
        (["https://example.org/a.png"], "0.12", None),
        (["data:image/png;base64,AAAA"], "0.12", None),
        (["data:image/png;base64,%%"], "0.12", None),
        (["data:audio/mpeg;base64,AAAA"], "0.12", "0.12"),
    ],
)
def test_a_formula_adds_megapixels_in_and_out(pictures: list[str], low: str, high: str | None) -> None:
    """A picture in a data URL tells its size; one behind a link has no upper bound."""
    values = {"resolution": "1 MP", "num_outputs": 2, "pictures": pictures}
    found = quote(model({"amount": 9, "unit": "image", "formula": FORMULA}), values)
    assert (found.low, found.high) == (Decimal(low), None if high is None else Decimal(high))


@pytest.mark.parametrize(
    "broken",
    [
        "price = 3",
        {"type": "x"},
        {**FORMULA, "terms": []},
        {**FORMULA, "terms": FORMULA["terms"] * 50},  # type: ignore[operator]
        {**FORMULA, "minimum": 5},
        {**FORMULA, "variables": {"in": 0.03, "out": -1}},
        {**FORMULA, "variables": {"in": 0.03}},
        {**FORMULA, "terms": [{"megapixel_type": "latent", "rate_key": "in"}]},
        {**FORMULA, "terms": [{"megapixel_type": "input", "rate_key": "in", "factor": 2}]},
    ],
)
def test_a_formula_that_says_more_than_we_know_is_unknown(broken: Any) -> None:
    """No part of it is left out."""
    found = quote(model({"amount": 1, "unit": "image", "formula": broken}), {"resolution": "1 MP"})
    assert (found.low, found.high) == (None, None)
    assert found.reason == "it is priced by a formula that this version cannot read"


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "pricing",
    [
        {"amount": float("nan"), "unit": "image"},
        {"amount": float("inf"), "unit": "image"},
        {"amount": -1, "unit": "image"},
        {"amount": 10**300, "unit": "image"},
        {"amount": "9" * 100_000, "unit": "image"},
        {"amount": 1e12, "unit": "image"},
        {"amount": True, "unit": "image"},
        {"amount": {"amount": 1}, "unit": "image"},
        {"amount": 1, "unit": ["image"]},
        {"amount": 1, "unit": "x" * 1_000_000},
        {"amount": 1, "unit": "image", "criterias": {"field": "hd"}},
        {"amount": 1, "unit": "image", "criterias": [None] * 10_000},
        {"amount": 1, "unit": "image", "criterias": CASES * 10_000},
        {"amount": 1, "unit": "image", "criterias": [{**CASES[0], "value": _nested(900)}]},
        {"amount": 1, "unit": "image", "criterias": [{**CASES[0], "operator": _nested(900)}]},
        {"amount": 1, "unit": "image", "criterias": [{**CASES[0], "operator": ["equals"]}]},
        {"amount": 1, "unit": "image", "criterias": [{**CASES[0], "operator": "multiply"}]},
    ],
)
def test_a_hostile_price_is_unknown_at_once(pricing: dict[str, Any]) -> None:
    """With a short reason, whatever it holds."""
    begun = time.perf_counter()
    found = quote(model(pricing, hd={"default": True}), {"hd": True, "num_outputs": 2})
    assert (found.low, found.high) == (None, None)
    assert 0 < len(found.reason) < 200
    assert time.perf_counter() - begun < 0.5


def test_the_notebook_s_own_decimal_context_changes_nothing() -> None:
    """Products are exact, also in a context of two digits."""
    with decimal.localcontext(prec=2):
        found = quote(model({"amount": 1.234567, "unit": "image"}), {"num_outputs": 1001})
    assert found.amount == Decimal("1235.801567")


@pytest.mark.parametrize(
    ("found", "written"),
    [
        (Quote(Decimal("0.04"), Decimal("0.04"), "USD", ""), "about $0.04"),
        (Quote(Decimal("0.02"), Decimal("0.08"), "USD", ""), "$0.02 to $0.08"),
        (Quote(Decimal("0.02"), Decimal("0.08"), "EUR", ""), "0.02 EUR to 0.08 EUR"),
        (Quote(Decimal("0.01"), None, "USD", ""), "at least $0.01"),
        (Quote(Decimal("0.0000005"), Decimal("0.01"), "USD", ""), "up to $0.01"),
        (Quote(None, Decimal("0.01"), "USD", ""), "up to $0.01"),
        (Quote(Decimal("0.0000005"), None, "USD", "why"), "price unknown: why"),
        (Quote(None, None, "USD", "why"), "price unknown: why"),
        (Quote(Decimal(0), Decimal(0), "USD", ""), "about $0.00"),
    ],
)
def test_a_quote_is_written_for_people(found: Quote, written: str) -> None:
    """Exact, a range, one bound, or unknown with the reason."""
    assert str(found) == written


@given(st.lists(st.text(), min_size=1), st.integers(0, 10_000), st.integers(1, 5))
def test_an_answer_costs_at_most_its_bytes_and_its_limit(texts: list[str], limit: int, answers: int) -> None:
    """No token is shorter than a byte; what frames a message is counted too."""
    asked = [{"role": "user", "content": text} for text in texts]
    found = quote_text(HALF, asked, {"max_tokens": limit, "n": answers})
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    at_least = (Decimal("0.50") * size + Decimal("1.25") * limit * answers) / 10**6
    overhead = Decimal("0.50") * (80 + 60 * len(texts)) / 10**6
    assert found.high is not None
    assert at_least <= found.high <= at_least + overhead
    assert found.low == Decimal("0.0000005")


@pytest.mark.parametrize(
    ("asked", "params", "why"),
    [
        ("hello", {}, "without max_tokens nothing bounds the answer"),
        ("hello", {"max_tokens": True}, "without max_tokens nothing bounds the answer"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}],
            {"max_tokens": 5},
            "pictures and files are counted in tokens by the service",
        ),
        ("hello", {"max_output_tokens": 5, "previous_response_id": "r"}, "what the service remembers"),
        ("hello", {"max_tokens": 5, "tools": [{"type": "web_search"}]}, "a tool of the service reads what it wants"),
        ([{"type": "item_reference", "id": "x"}], {"max_tokens": 5}, "pictures and files"),
        ([{"type": ["message"], "content": "x"}], {"max_tokens": 5}, "pictures and files"),
        ([{"role": "user", "content": [{"type": {}}]}], {"max_tokens": 5}, "pictures and files"),
        ([{"role": "user", "content": [None]}], {"max_tokens": 5}, "pictures and files"),
        ([{"role": "user", "content": "x"}], {"max_tokens": {}, "n": []}, "without max_tokens"),
    ],
)
def test_what_nothing_bounds_has_no_upper_bound(asked: Any, params: dict[str, Any], why: str) -> None:
    """The reason says what is open."""
    found = quote_text(HALF, asked, params)
    assert (found.high, found.known) == (None, False)
    assert found.reason.startswith(why)


def test_tools_and_formats_are_counted_as_prompt() -> None:
    """What describes a tool is read by the model too."""
    tool = {"type": "function", "function": {"name": "look", "description": "x" * 1000, "parameters": {}}}
    bare = quote_text(HALF, "hello", {"max_tokens": 1}).high
    with_tool = quote_text(HALF, "hello", {"max_tokens": 1, "tools": [tool]}).high
    assert bare is not None
    assert with_tool is not None
    assert with_tool - bare >= Decimal("0.0005")


def test_vectors_cost_what_is_read() -> None:
    """Nothing is written, so nothing needs a limit."""
    found = quote_text(HALF, ["ab", "c"], writes=False)
    assert found.high is not None
    assert Decimal("0.0000015") <= found.high < Decimal("0.0001")
    assert found.price == {"unit": "million_token", "prompt": "0.50", "completion": "1.25", "source": "the catalogue"}
