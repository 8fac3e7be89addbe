"""{{expression}} becomes its value, and nothing else is touched."""

from __future__ import annotations

import pytest

from skytells_nb.errors import InputError, UnknownNameError
from skytells_nb.marks import Mark
from skytells_nb.notebook.magics.interpolate import expand, value_of

NAMES = {"students": 24, "name": "Ada", "rows": [1, 2], "table": {"a": {"b": 3}}}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("for {{students}} people", "for 24 people"),
        ("{{ name.upper() }}, {{rows[0] + 1}}", "ADA, 2"),
        ("{{table['a']['b']}}", "3"),
        ("{{ {'x': 1}['x'] }}", "1"),
        ("{{ {1: {2: 3}}[1][2] }}!", "3!"),
        ("{{ '}}' + name }} {{{'a': 1}['a']}}", "}}Ada 1"),
        (r"""{{ "it's \"}}\" " + 'so' }}""", 'it\'s "}}" so'),
        ("open {{ and never closed", "open {{ and never closed"),
        ("{{len(rows)}}", "2"),
        ("{single} $x %d {'a': 1}", "{single} $x %d {'a': 1}"),
        ('{"a": {"b": {"c": 1}}}', '{"a": {"b": {"c": 1}}}'),
        (r"\frac{a}{b} and \{{students}}", r"\frac{a}{b} and {{students}}"),
        ("$x^{2}$ costs $5", "$x^{2}$ costs $5"),
        ("{{}} {{ }}", "{{}} {{ }}"),
    ],
)
def test_expand(text: str, expanded: str) -> None:
    """Expressions become text; code, JSON, LaTeX and single braces pass through."""
    assert expand(text, NAMES) == expanded


def test_whole_value_keeps_its_type() -> None:
    """A value that is one whole expression is the object itself, not its text."""
    assert value_of("{{rows}}", NAMES) is NAMES["rows"]
    assert value_of("{{students}} of {{name}}", NAMES) == "24 of Ada"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{studens}}", "There is no name 'studens' for {{studens}}. Did you mean 'students'?"),
        (
            "{{zzyzx}}",
            "There is no name 'zzyzx' for {{zzyzx}}. "
            r"Run the cell that makes it first; for a literal {{ write \{{.",
        ),
        ("{{a b}}", r"{{a b}} is not a Python expression. For a literal {{ write \{{."),
        ("{{1/0}}", "{{1/0}} failed: ZeroDivisionError: division by zero. Mend the expression."),
    ],
)
def test_faults(text: str, said: str) -> None:
    """An undefined name is named with the nearest one; other faults say what failed."""
    with pytest.raises((InputError, UnknownNameError)) as caught:
        expand(text, NAMES)
    assert str(caught.value) == said


def test_the_users_names_are_not_changed() -> None:
    """Evaluating adds nothing to the namespace."""
    before = dict(NAMES)
    expand("{{name}} {{[y for y in rows]}}", NAMES)
    assert before == NAMES


def test_an_error_points_at_its_expression() -> None:
    """Of a text of several lines, the braces at fault are marked."""
    text = "for {{students}}\nand {{studens}}"
    with pytest.raises(UnknownNameError) as caught:
        expand(text, NAMES)
    assert caught.value.mark == Mark(text, ((21, 32),))
