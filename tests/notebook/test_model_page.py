"""The page about one model: its lines can be copied, whatever the model is called and takes."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from skytells_nb.api.values import Model
from skytells_nb.local.models.catalogue import models
from skytells_nb.notebook.magics.command import parse
from skytells_nb.notebook.magics.inputs import inputs_of
from skytells_nb.notebook.magics.specs import CHAT, EMBED, PREDICT
from skytells_nb.notebook.model_page import examples
from skytells_nb.notebook.reading_back import file_call, value_in, with_literals
from skytells_nb.schema.check import check

SANDBOX = [Model.from_json(model.wire) for model in models().values()]


def called(code: str) -> ast.Call:
    """Find the call of a client's verb in Python code."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and (node.args or node.keywords)]
    return next(call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr != "Client")


@pytest.mark.parametrize("model", [model for model in SANDBOX if not model.speaks_chat], ids=lambda model: model.slug)
def test_the_lines_of_a_media_model_are_right(model: Model) -> None:
    """The magic's line and the Python name the model and the same inputs, and those fit its schema."""
    line, code = examples(model)
    first, _, body = line.partition("\n")
    read = parse(first.lstrip("%").removeprefix(PREDICT.magic), PREDICT, with_literals)
    values: dict[str, Any] = inputs_of(read, model.fields, value_in, file_call, with_literals(body))
    check(model.slug, model.input_schema, values)
    assert read.words == (model.slug,)
    assert [ast.literal_eval(argument) for argument in called(code).args] == [model.slug, values]


def test_lines_that_nobody_would_copy_are_left_out() -> None:
    """A name or a default may be of any length; the page stays short."""
    long = {"properties": {"prompt": {"type": "string", "default": "x" * 5_000}}}
    assert examples(Model.from_json({"namespace": "m", "type": "image", "input_schema": long})) == ()
    assert examples(Model("m" * 5_000, type="text")) == ()


@pytest.mark.parametrize("slug", ["gpt-5", 'two "words"', "it's", "{{1 / 0}}", "--out=os", "a\\b", "é", "a\nb", "\x00"])
@pytest.mark.parametrize(("kind", "spec"), [("text", CHAT), ("embedding", EMBED), ("image", PREDICT)])
def test_a_name_never_becomes_code(slug: str, kind: str, spec: Any) -> None:
    """However a model is called, the lines name it and do nothing else."""
    cell, code = examples(Model(slug, type=kind))
    line = cell.partition("\n")[0].lstrip("%").removeprefix(spec.magic)
    (word,) = parse(line, spec, with_literals).words
    assert (word if word == slug else with_literals(word)) == slug
    literals = [node.value for node in ast.walk(called(code)) if isinstance(node, ast.Constant)]
    assert slug in literals
