"""Answers in a form: a JSON object, or an instance of the caller's own schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

RECIPE = {
    "type": "object",
    "$defs": {
        "step": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "minutes": {"type": "integer", "minimum": 1}},
            "required": ["text", "minutes"],
            "additionalProperties": False,
        }
    },
    "properties": {
        "title": {"type": "string", "minLength": 3},
        "kind": {"enum": ["bread", "soup"]},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 2, "maxItems": 4},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "on": {"type": "string", "format": "date"},
    },
    "required": ["title", "kind", "steps", "note", "on"],
    "additionalProperties": False,
}


def form(schema: Any) -> dict[str, Any]:
    """Ask for an instance of a schema, chat's way."""
    return {"type": "json_schema", "json_schema": {"name": "recipe", "schema": schema, "strict": True}}


@pytest.fixture
def ask(api: httpx.Client) -> Callable[..., httpx.Response]:
    """Ask for a recipe in a form."""

    def post(schema: Any, content: str = "How do I bake rye bread?", **options: Any) -> httpx.Response:
        body = {"model": "gpt-5", "messages": [{"role": "user", "content": content}], "response_format": form(schema)}
        return api.post("/chat/completions", json=body | options)

    return post


def value_of(reply: httpx.Response) -> Any:
    """Read the first choice's JSON."""
    return json.loads(reply.json()["choices"][0]["message"]["content"])


def test_an_answer_fits_the_schema(ask: Callable[..., httpx.Response]) -> None:
    """It is JSON, valid, about the question, and its free texts say whose they are."""
    value = value_of(ask(RECIPE))
    Draft202012Validator(RECIPE).validate(value)
    assert value["title"] == "bake (sandbox)"
    assert value["kind"] == "bread"


def test_the_seed_makes_another_instance(ask: Callable[..., httpx.Response]) -> None:
    """The same request, the same value; another seed, mostly another."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert value_of(ask(schema, seed=1)) == value_of(ask(schema, seed=1))
    assert len({value_of(ask(schema, seed=seed))["n"] for seed in range(20)}) > 3


def test_a_limit_cuts_even_json(ask: Callable[..., httpx.Response]) -> None:
    """As from the real service, a cut object is not JSON any more, and the reason says why."""
    choice = ask(RECIPE, max_tokens=5).json()["choices"][0]
    assert choice["finish_reason"] == "length"
    with pytest.raises(ValueError, match="line 1"):
        json.loads(choice["message"]["content"])


def test_the_schema_wins_over_the_word_repeat(ask: Callable[..., httpx.Response]) -> None:
    """An answer that has to fit a schema fits it, whatever the question says."""
    assert isinstance(value_of(ask({"type": "integer"}, "REPEAT: no number")), int)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"type": "json_schema"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": {"schema": {}}}, "response_format.json_schema.name"),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, "response_format.json_schema.schema"),
        (form({"type": "nothing"}), "response_format.json_schema.schema"),
        (form({"not": {}}), "response_format.json_schema.schema"),
        ([], "response_format"),
    ],
)
def test_a_wrong_form_is_refused_by_name(api: httpx.Client, given: Any, param: str) -> None:
    """The error names the part that is missing, is no schema, or allows no value."""
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "x"}], "response_format": given}
    error = api.post("/chat/completions", json=body).json()["error"]
    assert (error["status"], error["error_id"], error["param"]) == (400, "INVALID_PARAMETER", param)
