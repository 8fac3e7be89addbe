"""Prices before and charges after, exact, and honest where they are not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.pricing import charge_prediction, charge_tokens, dollars, outputs_of, price_label, quote
from skytells_nb.api.record import Charge
from skytells_nb.api.values import Model, Prediction, Status, Usage

CRITERIA = [
    {"field": "resolution", "operator": "equals", "value": "720p", "billable_price": 0.07, "unit": "image"},
    {"field": "hd", "operator": "==", "value": True, "billable_price": 0.2, "unit": "image"},
]


def priced(**pricing: Any) -> Model:
    """Make a model with a price, three counted inputs and their defaults."""
    properties = {"num_outputs": {"default": 1}, "resolution": {"default": "1080p"}, "hd": {"default": False}}
    return Model("m", pricing={"currency": "USD", **pricing}, input_schema={"properties": properties})


@pytest.mark.parametrize(
    ("pricing", "values", "amount", "reason"),
    [
        ({"amount": 0.04, "unit": "image"}, {}, "0.04", "1 × $0.04 per image"),
        ({"amount": 0.04, "unit": "image"}, {"num_outputs": 3}, "0.12", "3 × $0.04 per image"),
        ({"amount": 0.1, "unit": "image"}, {"num_outputs": 3}, "0.3", "3 × $0.10 per image"),
        ({"amount": 0.75, "unit": "prediction"}, {"num_outputs": 3}, "0.75", "per prediction"),
        ({"amount": 0.112, "unit": "second"}, {"duration": 5}, "0.560", "5 × $0.112 per second"),
        ({"amount": 0.112, "unit": "video_second"}, {"seconds": 2.5}, "0.336", "3 × $0.112 per video_second"),
        ({"amount": 0.5, "unit": "5 seconds"}, {"duration": 5}, "0.5", "1 × $0.50 per 5 seconds"),
        ({"amount": 0.5, "unit": "5 seconds"}, {"duration": 7}, "1.0", "2 × $0.50 per 5 seconds"),
        ({"amount": 0.9, "unit": "minute"}, {"duration": 61}, "1.8", "2 × $0.90 per minute"),
        ({"amount": 0.1, "unit": "image", "criterias": CRITERIA}, {}, "0.1", "1 × $0.10 per image"),
        (
            {"amount": 0.1, "unit": "image", "criterias": CRITERIA},
            {"resolution": "720p"},
            "0.07",
            "1 × $0.07 per image",
        ),
        ({"amount": 0.1, "unit": "image", "criterias": CRITERIA}, {"hd": True}, "0.2", "1 × $0.20 per image"),
        ({"amount": 0.1, "unit": "image", "criterias": CRITERIA}, {"hd": 1}, "0.1", "1 × $0.10 per image"),
    ],
)
def test_a_quote_is_exact(pricing: dict[str, Any], values: dict[str, Any], amount: str, reason: str) -> None:
    """Amount times outputs, seconds begun or nothing; criteria that match replace the amount."""
    found = quote(priced(**pricing), values)
    assert (found.amount, found.reason) == (Decimal(amount), reason)
    assert str(found) == f"about {dollars(Decimal(amount))}"


@pytest.mark.parametrize(
    ("pricing", "values", "reason"),
    [
        ({}, {}, "the catalogue gives no price"),
        ({"amount": "much", "unit": "image"}, {}, "the catalogue gives no price"),
        ({"amount": 0.1, "unit": "second"}, {}, "it is priced by the second and the inputs do not say how long"),
        ({"amount": 0.1, "unit": "fortnight"}, {}, "the unit 'fortnight' is not known"),
        ({"amount": 0.1}, {}, "the catalogue names no unit of its price"),
        ({"amount": 0.1, "unit": "image", "currency": "<b>"}, {}, "the currency '<b>' is not known"),
        (
            {"amount": 0.1, "unit": "image", "criterias": [{"field": "n", "operator": ">", "value": 1}]},
            {},
            "its price list uses the operator '>'",
        ),
        (
            {"amount": 0.1, "unit": "image", "criterias": [{**CRITERIA[0], "billable_price": None}]},
            {"resolution": "720p"},
            "the price of this case is not a number",
        ),
    ],
)
def test_what_cannot_be_priced_says_why(pricing: dict[str, Any], values: dict[str, Any], reason: str) -> None:
    """Never 0 and never an error."""
    found = quote(priced(**pricing), values)
    assert (found.amount, found.reason) == (None, reason)
    assert str(found) == f"price unknown: {reason}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["amount", "unit", "currency", "formula", "criterias"]), json_values),
    st.lists(st.dictionaries(st.sampled_from(["field", "operator", "value", "billable_price", "unit"]), json_values)),
    st.dictionaries(st.sampled_from(["num_outputs", "duration", "hd"]), json_values),
)
def test_no_price_list_breaks_a_quote(pricing: dict[str, Any], criteria: list[Any], values: dict[str, Any]) -> None:
    """Any JSON in the price and in the inputs: an amount, or unknown."""
    found = quote(priced(**pricing, **({} if "criterias" in pricing else {"criterias": criteria})), values)
    assert all(bound is None or (bound.is_finite() and bound >= 0) for bound in (found.low, found.high))
    assert found.low is None or found.high is None or found.low <= found.high
    assert isinstance(price_label(priced(**pricing)), str)


def job(status: Status, **more: Any) -> Prediction:
    """Make a prediction that has come this far."""
    return Prediction("p", status, model="m", input={"num_outputs": 2}, **more)


IMAGES = priced(amount=0.04, unit="image")


def test_credits_used_beat_any_figure_of_ours() -> None:
    """One credit is one dollar; also where it is 0, and for a failure."""
    billed = Charge(Decimal("0.75"), "USD", "billed", "credits_used, 1 credit is 1 USD")
    assert charge_prediction(job(Status.SUCCEEDED, credits_used=Decimal("0.75")), IMAGES) == billed
    assert charge_prediction(job(Status.FAILED, credits_used=Decimal(0)), IMAGES).amount == Decimal(0)


def test_a_success_without_credits_is_priced() -> None:
    """The catalogue's price stands in, and is marked so."""
    assert charge_prediction(job(Status.SUCCEEDED), IMAGES) == Charge(
        Decimal("0.08"),
        "USD",
        "priced",
        "2 × $0.04 per image",
        {"unit": "image", "amount": "0.04", "quantity": "2", "source": "the catalogue"},
    )


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELED, Status.RUNNING])
def test_what_did_not_succeed_is_not_priced(status: Status) -> None:
    """Nobody knows whether a failure is billed: unknown, not the full price and not 0."""
    charge = charge_prediction(job(status), IMAGES)
    assert (charge.amount, charge.source) == (None, "unknown")


def test_a_success_of_an_unknown_model_is_unknown() -> None:
    """No catalogue, no figure."""
    assert charge_prediction(job(Status.SUCCEEDED), None).reason == (
        "the API named no credits and the model's price is not known"
    )


@pytest.mark.parametrize("slug", ["deepbrain-router", "gpt-5", "gpt-5.4", "gpt-5.3-codex"])
def test_tokens_are_priced_by_the_printed_list(slug: str) -> None:
    """$0.50 in and $1.25 out for a million; the source is named."""
    charge = charge_tokens(slug, Usage(prompt_tokens=9, completion_tokens=10))
    assert (charge.amount, charge.source) == (Decimal("0.000017"), "priced")
    assert charge.reason == "the printed price list, not the live catalogue"


@pytest.mark.parametrize(
    ("slug", "usage"), [("some-new-model", Usage(9, 10)), ("gpt-5", None), ("gpt-5", Usage(prompt_tokens=9))]
)
def test_tokens_that_cannot_be_priced_are_unknown(slug: str, usage: Usage | None) -> None:
    """Without a price or without counts there is no figure, and the reason is told."""
    charge = charge_tokens(slug, usage)
    assert (charge.amount, charge.source) == (None, "unknown")
    assert charge.reason


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (None, "unknown"),
        ("0", "$0.00"),
        ("0.75", "$0.75"),
        ("12", "$12.00"),
        ("0.5", "$0.50"),
        ("0.112", "$0.112"),
        ("0.000017", "$0.000017"),
        ("0.0000005", "under $0.000001"),
        ("1234.5", "$1234.50"),
    ],
)
def test_amounts_are_written_for_people(amount: str | None, written: str) -> None:
    """Two decimals, more for what is under a cent, and never 0 for what is something."""
    assert dollars(None if amount is None else Decimal(amount)) == written


def test_another_currency_is_named() -> None:
    """A dollar sign only on dollars."""
    assert dollars(Decimal("0.5"), "EUR") == "0.50 EUR"


def test_outputs_are_counted_when_there_is_a_result() -> None:
    """None while it runs."""
    assert outputs_of(job(Status.RUNNING)) is None
    assert outputs_of(job(Status.SUCCEEDED, output=("a", "b"))) == 2


@pytest.mark.parametrize(
    ("model", "label"),
    [
        (Model("gpt-5"), "$0.50 in, $1.25 out / 1M tokens"),
        (IMAGES, "$0.04 / image"),
        (priced(amount=0.008, unit="computing_second"), "$0.008 / computing second"),
        (Model("m"), "unknown"),
    ],
)
def test_a_price_has_a_label_for_the_catalogue(model: Model, label: str) -> None:
    """What the table of models shows."""
    assert price_label(model) == label
