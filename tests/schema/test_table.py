"""Every construct of the table: read as it should be, accepted and refused as it should be, and as jsonschema says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from skytells_nb.schema.check import Checker
from skytells_nb.schema.fields import UNSET, Field, read_fields

from .table import CASES, Case

OLD_WORDS = ("dependencies", "additionalItems")
cases = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def attribute(field: Field, dotted: str) -> Any:
    """Give an attribute of a field, or of one inside it."""
    found: Any = field
    for step in dotted.split("."):
        found = found[int(step)] if step.isdecimal() else getattr(found, step)
    return found


def plain_judge(case: Case) -> Any:
    """Give the judge that jsonschema itself would be."""
    old = "draft-07" in str(case.schema) or any(f"'{word}'" in str(case.schema) for word in OLD_WORDS)
    schema = case.schema if case.components is None else {**case.schema, "components": case.components}
    return (Draft7Validator if old else Draft202012Validator)(schema)


def untouched(fields: tuple[Field, ...]) -> dict[str, Any]:
    """Give what a form sends that nobody touched: what is required and has a default."""
    return {field.name: field.default for field in fields if field.required and field.default not in (UNSET, None)}


def test_the_table_is_large_and_its_names_are_its_own() -> None:
    """At least 120 schemas, each with a name of its own."""
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@cases
def test_its_fields_are_of_these_kinds_in_this_order(case: Case) -> None:
    """Kinds, order, and the attributes that matter."""
    fields = read_fields(case.schema, case.components)
    assert [(field.name, type(field)) for field in fields] == list(case.kinds.items())
    by_name = {field.name: field for field in fields}
    told = {name: {dotted: attribute(by_name[name], dotted) for dotted in facts} for name, facts in case.facts.items()}
    assert told == case.facts
    assert untouched(fields) == case.untouched


@cases
def test_what_fits_is_accepted(case: Case) -> None:
    """A filled instance has no problems, as a whole and field by field, and jsonschema agrees."""
    checker = Checker(case.schema, case.components)
    assert checker.problems(case.filled) == ()
    assert [field.name for field in checker.fields if not checker.fits(field, case.filled.get(field.name, UNSET))
            and field.name in case.filled] == []  # fmt: skip
    assert not case.plain or plain_judge(case).is_valid(case.filled)


@cases
def test_what_does_not_fit_is_refused_where_it_is_wrong(case: Case) -> None:
    """Each wrong instance has a problem at the right place that names the limit, and jsonschema refuses it too."""
    checker = Checker(case.schema, case.components)
    for instance, path, words in case.refused:
        problems = {problem.path: problem.message for problem in checker.problems(instance)}
        assert words in problems.get(path, f"nothing at {path!r}, but {problems}")
        assert not case.plain or not plain_judge(case).is_valid(instance)


@cases
def test_a_problem_s_steps_are_its_path(case: Case) -> None:
    """The steps of each problem lead to a value, or to a name that is missing."""
    checker = Checker(case.schema, case.components)
    for instance, _, _ in case.refused:
        for problem in checker.problems(instance):
            assert ".".join(str(step) for step in problem.steps) == problem.path
            around: Any = instance
            for step in problem.steps[:-1]:
                around = around[step]
            assert (
                not problem.steps
                or problem.steps[-1] in around
                or "missing" in problem.message
                or isinstance(around, list)
            )
