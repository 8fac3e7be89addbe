"""What a form's widgets do when people touch them, driven as a front end drives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ipywidgets import HTML, Button, Text, Widget

import skytells_nb as sky
from skytells_nb.local import Sandbox
from skytells_nb.notebook.forms import Control, Form, forget, use
from skytells_nb.notebook.session import current

PICTURE: dict[str, Any] = {
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "description": "What the picture shows. " * 20, "x-order": 0},
        "count": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1, "x-order": 1},
        "seed": {"type": "integer", "nullable": True, "x-order": 2},
    },
}


def parts(widget: Widget) -> Iterator[Widget]:
    """Walk through a widget and all that is in it, in the order of the page."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def named(form: Form, label: str) -> Any:
    """Find the widget that a label names."""
    return next(part for part in parts(form.widget) if getattr(part, "description", "").removesuffix(" *") == label)


def button(form: Form, name: str) -> Button:
    """Find a button by the beginning of its text or tooltip."""
    found = (part for part in parts(form.widget) if isinstance(part, Button))
    return next(one for one in found if one.description.startswith(name) or (one.tooltip or "").startswith(name))


def page_of(form: Form) -> str:
    """Give all the HTML that the form shows."""
    return "".join(part.value for part in parts(form.widget) if isinstance(part, HTML))


def test_typing_changes_the_values() -> None:
    """What is typed is what would be sent."""
    form = Form(PICTURE)
    named(form, "Prompt").value = "a fox"
    named(form, "Count").value = "3"
    assert form.values == {"prompt": "a fox", "count": 3}


def test_a_number_out_of_range_stays_as_typed_with_the_reason() -> None:
    """It is not moved to the limit, and the problem stands under it."""
    form = Form(PICTURE)
    named(form, "Count").value = "99"
    assert named(form, "Count").value == "99"
    assert '<div role="alert"><div>must be at most 4 (got 99)</div></div>' in page_of(form)


def test_what_is_no_number_is_a_problem_of_its_field() -> None:
    """And no value."""
    form = Form(PICTURE)
    named(form, "Prompt").value = "a fox"
    named(form, "Count").value = "many"
    assert form.values == {"prompt": "a fox"}
    assert [str(problem) for problem in form.problems] == ["count must be a whole number"]


def test_a_field_that_nobody_touched_is_not_called_wrong() -> None:
    """What is missing stands by the Run button, not in red all over a fresh form."""
    form = Form(PICTURE)
    assert "alert" not in page_of(form)
    assert "Prompt is missing." in page_of(form)


def test_a_field_that_was_cleared_is_called_missing() -> None:
    """A person was there."""
    form = Form(PICTURE)
    named(form, "Prompt").value = "a fox"
    named(form, "Prompt").value = ""
    assert '<div role="alert"><div>is missing</div></div>' in page_of(form)


def test_reset_returns_to_unset() -> None:
    """The default is shown again, and nothing is sent."""
    form = Form(PICTURE)
    named(form, "Count").value = "3"
    button(form, "Reset Count").click()
    assert form.values == {}
    assert named(form, "Count").value == "1"


def test_null_is_a_switch() -> None:
    """On, null is sent; off, nothing."""
    form = Form(PICTURE)
    switch = named(form, "null")
    switch.value = True
    assert form.values == {"seed": None}
    switch.value = False
    assert form.values == {}


def test_long_help_is_folded() -> None:
    """Its beginning is seen, the whole is one key away."""
    assert "<details><summary>What the picture shows." in page_of(Form(PICTURE))


def test_rarely_used_inputs_are_made_when_more_is_opened() -> None:
    """Twelve optional inputs are not seen at once; their values count all the same."""
    form = Form({"properties": {f"option {n}": {"type": "string", "default": str(n)} for n in range(12)}})
    shown = [part.description for part in parts(form.widget) if isinstance(part, Text)]
    assert len(shown) == 6
    form.set(**{"option 9": "nine"})
    form.face.more.value = True
    assert named(form, "Option 9").value == "nine"
    assert form.face.more.description == "More (6)"


def test_problems_under_more_are_counted_on_it() -> None:
    """Nobody searches for what is folded away."""
    form = Form({"properties": {f"n{n}": {"type": "integer"} for n in range(12)}})
    form.face.more.value = True
    named(form, "N11").value = "many"
    assert form.face.more.description == "More (6, 1 with a problem)"


def test_set_shows_in_the_widgets() -> None:
    """A program and a person fill in the same form."""
    form = Form(PICTURE)
    form.face  # noqa: B018 - makes the widgets
    form.set(prompt="a fox", count=2)
    assert (named(form, "Prompt").value, named(form, "Count").value) == ("a fox", "2")


def test_the_price_stands_on_the_run_button(online: Sandbox) -> None:
    """It follows the inputs."""
    form = sky.form("truefusion-pro")
    assert button(form, "Run").description == "Run, about $0.04"
    named(form, "Num outputs").value = "3"
    assert button(form, "Run").description == "Run, about $0.12"
    named(form, "Num outputs").value = "30"
    assert button(form, "Run").description == "Run"


def test_an_unknown_price_says_so(online: Sandbox) -> None:
    """It is not left out, and never 0."""
    form = sky.form(next(model for model in current().models() if model.pricing.get("unit") == "computing_second"))
    assert button(form, "Run").description == "Run, price unknown"


def test_a_range_stands_on_the_run_button(online: Sandbox) -> None:
    """From the least to the most, until the input is given that decides it; the reason stands beside it."""
    form = sky.form("sandbox-voice")
    assert button(form, "Run").description == "Run, $0.005 to $0.15"
    form.set(text="Hello")
    assert "duration_seconds is not given" in form.face._reason.value
    form.set(duration_seconds=4)
    assert button(form, "Run").description == "Run, about $0.02"


def test_a_picture_behind_a_link_leaves_the_price_open(online: Sandbox) -> None:
    """Only its least is known."""
    form = sky.form("flux-2-flex")
    form.set(prompt="a fox", input_images=["https://example.org/a.png"])
    assert button(form, "Run").description == "Run, at least $0.06"


def test_run_is_disabled_until_it_can(online: Sandbox) -> None:
    """The reason stands beside it."""
    form = sky.form("truefusion-pro")
    assert button(form, "Run").disabled is True
    named(form, "Prompt").value = "a fox"
    assert button(form, "Run").disabled is False
    named(form, "Num outputs").value = "9"
    assert button(form, "Run").disabled is True
    assert "Num outputs must be at most 4 (got 9)." in page_of(form)


def test_above_the_budget_run_is_disabled(online: Sandbox) -> None:
    """The limit is the reason."""
    form = sky.form("truefusion-pro")
    named(form, "Prompt").value = "a fox"
    with sky.budget("0.10"):
        named(form, "Num outputs").value = "4"
        assert button(form, "Run").disabled is True
        assert "budget" in page_of(form)


def test_a_run_is_loaded_back_and_run_again_with_another_seed(online: Sandbox) -> None:
    """Every run is kept, with its inputs."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox", seed=7)
    form.run()
    form.set(prompt="an owl")
    button(form, "Load run 1").click()
    assert form.values == {"prompt": "a fox", "seed": 7}
    button(form, "Run 1 again").click()
    assert (form.values["prompt"], form.is_running) == ("a fox", True)
    assert form.values["seed"] != 7
    form.cancel()


def test_the_code_view_is_read_back(online: Sandbox) -> None:
    """What was changed in it goes into the form."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox")
    named(form, "Code").value = True
    box = named(form, "Magic")
    assert box.value == '%skytells_predict truefusion-pro prompt="a fox"'
    box.value = '%skytells_predict truefusion-pro prompt="an owl" num_outputs=2'
    button(form, "Load into the form").click()
    assert form.values == {"prompt": "an owl", "num_outputs": 2}


def test_code_that_cannot_be_read_changes_nothing(online: Sandbox) -> None:
    """The reason stands under it."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox")
    named(form, "Code").value = True
    named(form, "Python").value = "import os; os.remove('x')"
    button(form, "Load into the form").click()
    assert form.values == {"prompt": "a fox"}
    assert 'role="alert"' in page_of(form)


HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e$\\href{javascript:alert(3)}{x}$'


def test_nothing_a_schema_says_is_markup() -> None:
    """Titles, descriptions, defaults, examples and choices are text."""
    words = {"title": HOSTILE, "description": HOSTILE, "examples": [HOSTILE]}
    form = Form(
        {
            "title": HOSTILE,
            "required": [HOSTILE],
            "properties": {
                HOSTILE: {"type": "string", **words, "default": HOSTILE, "pattern": "^" + HOSTILE},
                "choice": {"enum": [HOSTILE, "b"], **words, "default": HOSTILE * 2},
                "odd": {"type": "integer", "default": HOSTILE, **words},
                "many": {"type": "array", "items": {"type": "string", "title": HOSTILE}, **words},
                "part": {"type": "object", "properties": {"a": {"type": "integer", **words}}, **words},
                "either": {"anyOf": [{"type": "string", **words}, {"type": "integer"}], **words},
            },
        }
    )
    html = page_of(form) + form.bundle()["text/html"]
    assert "<img" not in html
    assert "<script" not in html
    assert "\u202e" not in html
    labels = "".join(str(getattr(part, "description", "")) for part in parts(form.widget))
    assert "$" not in labels
    assert "\u202e" not in labels


class Dial(Control):
    """A user's own control: a button that counts up."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.widget = Button(description=self.label)
        self.widget.on_click(lambda _: self.typed(5))

    def paint(self, value: Any) -> None:
        self.shown = value

    def enable(self, on: bool) -> None:
        self.widget.disabled = not on


def test_a_control_of_ones_own_is_used() -> None:
    """The table of controls is open."""
    use(Dial, when=lambda field: field.name == "count")
    try:
        form = Form(PICTURE)
        button(form, "Count").click()
        assert form.values == {"count": 5}
        assert "must be at most 4 (got 5)" in page_of(form)
    finally:
        forget(Dial)


def test_a_control_that_fails_leaves_json() -> None:
    """One bad control never takes the form down, and the field says why it is JSON."""

    def broken(*_: Any) -> Control:
        raise RuntimeError("no dial today")

    use(broken, when=lambda field: field.name == "count")
    try:
        form = Form(PICTURE)
        named(form, "Count").value = "2"
        assert form.values == {"count": 2}
        assert "no dial today" in page_of(form)
    finally:
        forget(broken)


@pytest.mark.parametrize("wrong", [(None, lambda _: True), (Dial, None)])
def test_the_table_takes_functions_only(wrong: tuple[Any, Any]) -> None:
    """A mistake is told where it is made."""
    with pytest.raises(TypeError):
        use(wrong[0], when=wrong[1])
