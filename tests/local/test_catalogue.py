"""The catalogue: all types, all pricing units, every construct of the schemas, and exact prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from skytells import SkytellsClient

from skytells_nb.api import pricing as client_pricing
from skytells_nb.api.values import Model as ClientModel
from skytells_nb.local import EXAMPLE_KEY, Sandbox
from skytells_nb.local.models import catalogue, pricing, validation
from skytells_nb.schema.fields import read_fields

MODELS = catalogue.models()
LINK = "https://example.org/a.png"
EXAMPLES: dict[str, Any] = {
    "prompt": "a fox in the snow",
    "image": LINK,
    "audio": LINK,
    "lyrics": "la la la",
    "text": "Read this, please.",
    "script": "Hello there.",
    "speakers": [{"name": "Ada", "email": "ada@example.org"}],
    "messages": [{"role": "user", "content": "hello"}],
    "input": "hello",
}
TYPES = {"image", "video", "audio", "music", "text", "code", "multimodal"}
UNITS = {"image", "video", "audio", "second", "prediction", "gpu", "image_megapixel", "megapixel", "computing_second"}
UNITS |= {"audio_second", "video_second", "token", "tokens", "million_token", "5 seconds", "minute"}


def least(model: catalogue.Model) -> dict[str, Any]:
    """Fill only what the model requires."""
    return {name: EXAMPLES[name] for name in model.schema.get("required", [])}


def walk(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a schema, by the keywords that lead to it."""
    yield path, schema
    for keyword in ("properties", "$defs", "definitions"):
        for inner in schema.get(keyword, {}).values():
            yield from walk(inner, f"{path}/{keyword}")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(keyword, []):
            yield from walk(inner, f"{path}/{keyword}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from walk(schema[keyword], f"{path}/{keyword}")


def test_it_has_all_types() -> None:
    """At least 24 models, of every type the platform names, and embeddings besides."""
    assert len(MODELS) >= 24
    assert {model.kind for model in MODELS.values()} == TYPES | {"embedding"}


def test_it_has_all_units() -> None:
    """Every unit is the price of a model; criteria compare text, booleans and numbers, with both operators."""
    assert {model.prices["unit"] for model in MODELS.values()} == UNITS
    rules = [rule for model in MODELS.values() for rule in model.prices.get("criterias", [])]
    assert {(rule["operator"], type(rule["value"])) for rule in rules} == {
        ("equals", str),
        ("equals", bool),
        ("==", str),
        ("==", int),
    }
    keys = {"field", "description", "operator", "value", "billable_price", "unit"}
    assert all(set(rule) == keys for rule in rules)


def test_one_price_is_a_formula() -> None:
    """Its object has the keys that the platform's has."""
    (formula,) = [model.prices["formula"] for model in MODELS.values() if "formula" in model.prices]
    assert set(formula) == {"description", "type", "variables", "terms", "result_key"}
    assert all(set(term) == {"megapixel_type", "megapixels_key", "rate_key"} for term in formula["terms"])


def test_each_model_is_used_by_one_route() -> None:
    """Text by chat, files by predictions, vectors by embeddings; an offline model is there, and private."""
    for model in MODELS.values():
        assert [model.serves_chat, model.predicts, model.kind == "embedding"].count(True) == 1
        assert (model.tokens is None) == model.predicts
    assert [(m.namespace, m.wire["privacy"]) for m in MODELS.values() if m.wire["status"] != "operational"] == [
        ("sandbox-archive", "private")
    ]
    assert {m.namespace for m in MODELS.values() if m.wire["metadata"]["edge_compatible"]} == {
        "truefusion-edge",
        "flux-1-edge",
    }


def test_vectors_have_their_lengths() -> None:
    """The embedding models know how many numbers a vector has; no other model does."""
    assert {m.namespace: m.dimensions for m in MODELS.values() if m.dimensions} == {
        "skytells-embed-3-large": 3072,
        "skytells-embed-3-small": 1536,
        "text-embedding-3-small": 1536,
    }


def test_invented_models_say_so() -> None:
    """A name that starts with sandbox, the sandbox as vendor, and a description that tells."""
    for model in MODELS.values():
        marks = (model.namespace.startswith("sandbox-"), model.vendor == "sandbox")
        assert marks in {(True, True), (False, False)}
        assert model.wire["description"].endswith("exists only in this sandbox.") == marks[0]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_schemas_are_json_schemas(model: catalogue.Model) -> None:
    """Both are valid, the client reads every field, and an input of what is required with all defaults passes."""
    for schema in (model.schema, model.wire["output_schema"]):
        Draft202012Validator.check_schema(schema)
    asked = {name for name, part in model.schema["properties"].items() if not part.get("readOnly")}
    assert {field.name for field in read_fields(model.schema)} == asked
    assert validation.problems(model.schema, least(model)) == ()
    assert validation.problems(model.schema, validation.filled(model.schema, least(model))) == ()


CONSTRUCTS: dict[str, Callable[[str, dict[str, Any]], bool]] = {
    "enum of strings": lambda _, s: "enum" in s and isinstance(s["enum"][0], str),
    "enum of integers": lambda _, s: "enum" in s and isinstance(s["enum"][0], int),
    "enum of more than 50": lambda _, s: len(s.get("enum", [])) > 50,
    "allOf + $ref to definitions": lambda _, s: any("#/definitions/" in i.get("$ref", "") for i in s.get("allOf", [])),
    "allOf + $ref to $defs": lambda _, s: any("#/$defs/" in i.get("$ref", "") for i in s.get("allOf", [])),
    "$ref alone": lambda _, s: "$ref" in s and "default" in s,
    "anyOf": lambda _, s: "anyOf" in s,
    "oneOf": lambda _, s: "oneOf" in s,
    "nullable": lambda _, s: s.get("nullable") is True,
    "type list": lambda _, s: isinstance(s.get("type"), list),
    "minLength": lambda _, s: "minLength" in s,
    "maxLength": lambda _, s: "maxLength" in s,
    "pattern": lambda _, s: "pattern" in s,
    "array of uri": lambda _, s: s.get("items", {}).get("format") == "uri",
    "array with bounds": lambda _, s: "minItems" in s and "maxItems" in s,
    "multi-select": lambda _, s: "enum" in s.get("items", {}) and s.get("uniqueItems") is True,
    "array of objects": lambda _, s: "properties" in s.get("items", {}),
    "nested object": lambda path, s: path.endswith("/properties") and "properties" in s,
    "format uri": lambda _, s: s.get("format") == "uri",
    "format password": lambda _, s: s.get("format") == "password",
    "format date": lambda _, s: s.get("format") == "date",
    "format date-time": lambda _, s: s.get("format") == "date-time",
    "format email": lambda _, s: s.get("format") == "email",
    "format color": lambda _, s: s.get("format") == "color",
    "multipleOf": lambda _, s: "multipleOf" in s and s["type"] == "integer",
    "number with step": lambda _, s: "multipleOf" in s and s["type"] == "number",
    "exclusiveMinimum": lambda _, s: "exclusiveMinimum" in s,
    "exclusiveMaximum": lambda _, s: "exclusiveMaximum" in s,
    "const": lambda _, s: "const" in s,
    "default text": lambda _, s: isinstance(s.get("default"), str),
    "default text of many lines": lambda _, s: "\n" in str(s.get("default")),
    "default integer": lambda _, s: type(s.get("default")) is int,
    "default number": lambda _, s: isinstance(s.get("default"), float),
    "default boolean": lambda _, s: isinstance(s.get("default"), bool),
    "default list": lambda _, s: isinstance(s.get("default"), list),
    "default object": lambda _, s: isinstance(s.get("default"), dict),
    "default null": lambda _, s: s.get("default", 0) is None,
    "title missing": lambda path, s: path == "/properties" and "title" not in s,
    "markup in a description": lambda _, s: "<b>" in s.get("description", ""),
    "integer without bounds": lambda _, s: s.get("type") == "integer" and not {"minimum", "maximum", "enum"} & set(s),
    "bound beyond 2^31": lambda _, s: s.get("maximum", 0) > 2**31,
    "boolean": lambda _, s: s.get("type") == "boolean",
    "no type": lambda path, s: path == "/properties" and not {"type", "$ref", "allOf", "anyOf", "oneOf"} & set(s),
    "examples": lambda _, s: "examples" in s,
    "readOnly": lambda _, s: s.get("readOnly") is True,
    "writeOnly": lambda _, s: s.get("writeOnly") is True,
    "deprecated": lambda _, s: s.get("deprecated") is True,
    "additionalProperties true": lambda _, s: s.get("additionalProperties") is True,
    "additionalProperties false": lambda _, s: s.get("additionalProperties") is False,
    "additionalProperties a schema": lambda _, s: isinstance(s.get("additionalProperties"), dict),
    "nothing required": lambda path, s: path == "" and "required" not in s,
    "x-order with gaps": lambda path, s: path == "" and (o := orders(s)) != [] and sorted(o) != list(range(len(o))),
    "x-order unlike the order given": lambda path, s: path == "" and orders(s) != sorted(orders(s)),
    "no x-order": lambda path, s: path == "" and orders(s) == [],
}


def orders(schema: dict[str, Any]) -> list[int]:
    """List the places of a schema's properties, as given."""
    return [inner["x-order"] for inner in schema.get("properties", {}).values() if "x-order" in inner]


def test_every_construct_is_somewhere() -> None:
    """The schemas together use everything that such schemas are known to use; what is missing is named."""
    parts = [part for model in MODELS.values() for part in walk(model.schema)]
    assert [name for name, holds in CONSTRUCTS.items() if not any(holds(*part) for part in parts)] == []


PRICES = [
    ("image", "truefusion", {"number_of_images": 3}, "0.09"),
    ("image of a case", "truefusion-2", {"resolution": "720p"}, "0.07"),
    ("image, ten of them", "gpt-image-1", {"n": 10}, "0.02"),
    ("video", "veo-3.1", {"duration": 8}, "3"),
    ("audio", "sandbox-jingle", {"num_outputs": 3}, "0.06"),
    ("second", "truefusion-video-pro", {"duration": 10}, "1.96"),
    ("second with sound", "veo-3.1-fast", {}, "1.36"),
    ("second without sound", "veo-3.1-fast", {"generate_audio": False, "duration": 4}, "0.52"),
    ("prediction", "lumo", {}, "1.12"),
    ("prediction of a case", "sandbox-form", {"quality": "draft"}, "0.002"),
    ("prediction of a second case", "sandbox-form", {"steps": 1}, "0.001"),
    ("the first case of two", "sandbox-form", {"quality": "draft", "steps": 1}, "0.002"),
    ("no case", "sandbox-form", {}, "0.01"),
    ("gpu", "sandbox-fleet", {"num_gpus": 8, "num_outputs": 2}, "0.4"),
    ("megapixel", "FLUX.2-pro", {"resolution": "4 MP", "aspect_ratio": "16:9"}, "0.08"),
    ("megapixel of two sides", "FLUX.2-pro", {"aspect_ratio": "custom", "width": 1024, "height": 768}, "0.01572864"),
    ("image_megapixel", "flux-1-edge", {"megapixels": "0.25", "num_outputs": 4}, "0.003"),
    ("computing_second", "truefusion-optima", {}, "0.0096"),
    ("video_second", "sandbox-clip", {"seconds": "8"}, "0.16"),
    ("audio_second", "sandbox-voice", {"duration_seconds": 7}, "0.035"),
    ("audio_second, not said", "sandbox-voice", {}, "0.02"),
    ("5 seconds, one begun", "sandbox-reel", {"duration": 0.5}, "0.1"),
    ("5 seconds, two whole", "sandbox-reel", {"duration": 10}, "0.2"),
    ("5 seconds, three begun", "sandbox-reel", {"duration": 10.5}, "0.3"),
    ("5 seconds of a case", "sandbox-reel", {"duration": 11, "fps": 60}, "0.45"),
    ("minute, one begun", "sandbox-podcast", {"duration": 10}, "0.03"),
    ("minute, two begun", "sandbox-podcast", {"duration": 61}, "0.06"),
    ("token", "sandbox-narrator", {"text": "one two, three"}, "0.0004"),
    ("tokens", "sandbox-songbook", {"lyrics": "la la la la"}, "0.0008"),
    ("million_token", "sandbox-studio", {"prompt": "a fox in the snow"}, "0.0002"),
    ("formula, output alone", "flux-2-flex", {"num_outputs": 2}, "0.12"),
    ("formula, input too", "flux-2-flex", {"input_images": [LINK, LINK + "?2"], "resolution": "2 MP"}, "0.18"),
]


@pytest.mark.parametrize(("name", "given", "price"), [row[1:] for row in PRICES], ids=[row[0] for row in PRICES])
def test_a_price_is_exact(name: str, given: dict[str, Any], price: str) -> None:
    """Each unit by what the input says, to the last digit, for an input that the model takes."""
    given = least(MODELS[name]) | given
    assert validation.problems(MODELS[name].schema, given) == ()
    assert MODELS[name].price(given) == Decimal(price)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_every_unit_has_a_price(unit: str) -> None:
    """Any input at all has a price, an empty one too."""
    assert pricing.price({"amount": 0.1, "unit": unit}, pricing.Work({}, seconds=1.5)) >= 0


def test_an_unknown_unit_is_an_error() -> None:
    """A price that the sandbox cannot tell is never taken as nothing."""
    with pytest.raises(ValueError, match="'parsec' is not known"):
        pricing.price({"amount": 0.1, "unit": "parsec"}, pricing.Work({}))


def test_true_is_not_one() -> None:
    """A case for the number 1 is not met by true, nor one for true by 1."""
    rule = {"field": "x", "operator": "==", "billable_price": 2, "unit": "prediction"}
    for value, given in ((1, True), (True, 1)):
        prices = {"amount": 1, "unit": "prediction", "criterias": [rule | {"value": value}]}
        assert pricing.price(prices, pricing.Work({"x": given})) == 1


@pytest.mark.parametrize("model", [m for m in MODELS.values() if m.predicts], ids=lambda m: m.namespace)
def test_a_quote_of_the_client_is_what_is_billed(model: catalogue.Model) -> None:
    """Where the client can tell a price before the run, it is the sandbox's."""
    seen = ClientModel.from_json(model.wire)
    for row in [{}, *(given for _, name, given, _ in PRICES if name == model.namespace)]:
        quoted = client_pricing.quote(seen, least(model) | row).amount
        assert quoted is None or quoted == model.price(least(model) | row)


@pytest.mark.parametrize(("name", "given", "price"), [row[1:] for row in PRICES[::4]])
def test_the_price_is_what_a_job_bills(
    finished: Callable[..., dict[str, Any]], name: str, given: dict[str, Any], price: str
) -> None:
    """`credits_used` of a finished prediction."""
    job = finished(name, **least(MODELS[name]) | given)
    assert (job["status"], job["metadata"]["billing"]["credits_used"]) == ("succeeded", float(price))


def test_the_official_sdk_lists_them_all(shared_sandbox: Sandbox, api: httpx.Client) -> None:
    """In the catalogue's order, with prices, and each under its own name."""
    client = SkytellsClient(EXAMPLE_KEY, base_url=shared_sandbox.url)
    assert [model["namespace"] for model in client.models.list()] == list(MODELS)
    assert client.models.get("FLUX.2-pro")["pricing"]["unit"] == "megapixel"
    assert api.get("/models/black-forest-labs/FLUX.2-pro").json()["namespace"] == "FLUX.2-pro"
