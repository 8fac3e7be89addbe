"""A schema in which every text that may be shown attacks the page, and a model whose every text does."""

from __future__ import annotations

import copy
from typing import Any

from tests.notebook.hostile import SOME
from tests.notebook.hostile_texts import PICTURE, SCRIPT

ENDLESS = "W" * 100_000
TEXTS = (
    *SOME,
    "javascript:window.ran=1",
    ENDLESS,
    "\u202e" * 2000 + "x",
    "e" + "\u0301" * 3000,
)
_LINKED = ("javascript:window.ran=1", "https://evil.example/pixel.png", "data:text/html,<script>window.ran=1</script>")
_FEW = 4


def hostile_schema() -> dict[str, Any]:
    """Make the schema: each text stands as title, description, default, choice and example of some kind of input."""
    kinds = _kinds()
    properties: dict[str, Any] = {}
    for index, text in enumerate(TEXTS):
        part = kinds[index % len(kinds)](text, TEXTS[index - _FEW : index] or TEXTS[:_FEW])
        notes = {"title": text, "description": text, "examples": [text], "x-order": index}
        properties[f"{index} {text}"[:5_000]] = notes | part
    for index, link in enumerate(_LINKED):
        properties[f"link{index}"] = {"type": "string", "format": "uri", "default": link, "title": "Picture"}
    return {"type": "object", "title": SCRIPT, "description": PICTURE, "properties": properties}


def hostile_model(model: dict[str, Any]) -> dict[str, Any]:
    """Make a model on the wire hostile in all that is shown of it; it takes one picture's worth of inputs still."""
    changed = copy.deepcopy(model)
    changed |= {"name": PICTURE, "description": SCRIPT + PICTURE}
    changed["pricing"] |= {"unit": PICTURE}
    changed["input_schema"] = {
        "type": "object",
        "properties": {"prompt": {"type": "string", "title": PICTURE, "description": ENDLESS, "default": SCRIPT}},
    }
    return changed


def _kinds() -> tuple[Any, ...]:
    return (
        lambda text, others: {"type": "string", "default": text},
        lambda text, others: {"type": "string", "default": f"{text}\n{text}", "pattern": "^a+$"},
        lambda text, others: {"enum": [text, *others], "default": text},
        lambda text, others: {"enum": [text, *others, *map(str, range(60))]},
        lambda text, others: {"type": "array", "items": {"type": "string"}, "default": [text, *others]},
        lambda text, others: {"type": "array", "items": {"enum": [text, *others]}, "default": [text]},
        lambda text, others: {"type": "object", "properties": {text[:200]: {"title": text, "default": text}}},
        lambda text, others: {"anyOf": [{"type": "string", "title": text}, {"type": "integer", "title": text}]},
        lambda text, others: {"const": text},
        lambda text, others: {"type": "integer", "minimum": 0, "maximum": 9, "default": text},
        lambda text, others: {"type": "boolean", "default": text},
        lambda text, others: {"type": "string", "format": text, "default": text},
        lambda text, others: {"type": "string", "format": "date", "default": text},
        lambda text, others: {"type": "string", "format": "color", "default": text},
        lambda text, others: {"type": "string", "format": "uri", "default": text, "nullable": True},
        lambda text, others: {"type": "array", "items": {"type": "object", "properties": {"part": {"title": text}}}},
        lambda text, others: {"type": "string", "format": "password", "default": text},
        lambda text, others: {"type": text, "default": {text[:200]: text}},
        lambda text, others: {"$ref": f"#/definitions/{text[:200]}"},
        lambda text, others: {"type": "array", "items": {"type": "string", "format": "uri"}, "default": [text]},
    )
