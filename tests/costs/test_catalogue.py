"""The catalogue as a DataFrame: one row a model, fixed columns and dtypes, exact prices, whatever the service lists."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.api.client import Client
from skytells_nb.costs.catalogue import MODEL_DTYPES, models_frame
from skytells_nb.local import Sandbox
from tests.canned import serving


def framed(*models: Any) -> Any:
    """Make the frame of a service that lists these models."""
    with serving({"data": list(models)}) as service, service.client() as client:
        return models_frame(client)


def test_each_model_is_one_row(shared_sandbox: Sandbox) -> None:
    """In the order of the service."""
    with Client(api_key="sk-test", base_url=shared_sandbox.url) as client:
        frame = models_frame(client)
        assert frame["slug"].tolist() == [model.slug for model in client.models()]
    row = frame.set_index("slug").loc["truefusion"]
    assert row["price"] == Decimal("0.03")
    assert row[["type", "unit", "currency", "price_label"]].tolist() == ["image", "image", "USD", "$0.03 / image"]
    assert row["required"] == "prompt"
    assert "aspect_ratio" in row["inputs"].split(", ")


def test_the_columns_and_dtypes_are_always_the_same(shared_sandbox: Sandbox) -> None:
    """Also of an empty catalogue, and of one that says nothing."""
    with Client(api_key="sk-test", base_url=shared_sandbox.url) as client:
        full = models_frame(client)
    for frame, rows in ((full, len(full)), (framed(), 0), (framed({"namespace": "bare"}), 1)):
        assert len(frame) == rows
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == MODEL_DTYPES


def test_what_the_service_does_not_say_is_missing() -> None:
    """No price is no 0, and no schema is no model without inputs."""
    row = framed({"namespace": "bare"}).iloc[0]
    assert row["price"] is None
    silent = ["type", "vendor", "status", "capabilities", "description", "currency", "unit", "price_cases", "inputs"]
    assert row[[*silent, "required"]].isna().all()
    assert row["price_label"] == "unknown"


def test_a_price_with_cases_says_how_many() -> None:
    """The amount is the list's own."""
    rules = [{"field": "resolution", "operator": "equals", "value": word, "billable_price": 1} for word in "ab"]
    pricing = {"amount": 0.1, "currency": "EUR", "unit": "image", "criterias": rules}
    row = framed({"namespace": "model", "pricing": pricing}).iloc[0]
    assert (row["price"], row["currency"], row["price_cases"]) == (Decimal("0.1"), "EUR", 2)


def test_a_text_model_says_what_tokens_cost() -> None:
    """A million of them; a model of pictures has no such price."""
    pricing = {"prompt": 0.25, "completion": "1.50", "cached": 0.1, "unit": "million_token", "currency": "USD"}
    text = {"namespace": "writer", "type": "text", "pricing": pricing}
    frame = framed(text, {"namespace": "painter", "type": "image", "pricing": {"amount": 1, "unit": "image"}})
    assert frame[["price_in", "price_out", "price_cached"]].to_numpy().tolist() == [
        [Decimal("0.25"), Decimal("1.50"), Decimal("0.1")],
        [None, None, None],
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MODEL = st.fixed_dictionaries(
    {"namespace": st.just("odd")},
    optional={
        **dict.fromkeys(("name", "type", "status", "description", "capabilities", "vendor", "input_schema"), JSON),
        "pricing": JSON | st.fixed_dictionaries(dict.fromkeys(("amount", "unit", "currency", "criterias"), JSON)),
    },
)


@settings(max_examples=30)
@given(models=st.lists(MODEL | JSON, max_size=3))
def test_any_catalogue_is_a_frame(models: list[Any]) -> None:
    """Whatever stands in the place of a name, a price or a schema."""
    frame = framed(*json.loads(json.dumps(models)))
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == MODEL_DTYPES
    assert all(price is None or isinstance(price, Decimal) for price in frame["price"])
