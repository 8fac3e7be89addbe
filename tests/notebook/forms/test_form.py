"""What a form holds, refuses, and says: its state and verbs, without widgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import skytells_nb as sky
from skytells_nb.errors import InputError, InvalidInputError, OverBudgetError, UnknownNameError
from skytells_nb.local import Sandbox
from skytells_nb.notebook.forms import Form

PICTURE = {
    "title": "Picture",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "x-order": 0},
        "count": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1, "x-order": 1},
        "guidance": {"type": "number", "minimum": 0, "maximum": 10, "x-order": 2},
        "seed": {"type": "integer", "nullable": True, "x-order": 3},
        "style": {"type": "string", "enum": ["ink", "oil"], "default": "ink", "x-order": 4},
    },
}


def test_an_untouched_form_sends_nothing() -> None:
    """Unset is a state: defaults are shown, and not sent."""
    assert Form(PICTURE).values == {}


def test_a_required_input_with_a_default_is_sent() -> None:
    """Without it the model would refuse what the form shows as filled in."""
    schema = {"required": ["size"], "properties": {"size": {"type": "integer", "default": 512}}}
    form = Form(schema)
    assert form.values == {"size": 512}
    assert form.problems == ()


def test_what_is_set_is_read_back() -> None:
    """`values` holds what was set, exactly."""
    form = Form(PICTURE)
    form.set(prompt="a fox", count=1, guidance=0.3)
    assert form.values == {"prompt": "a fox", "count": 1, "guidance": 0.3}


def test_values_are_a_copy() -> None:
    """Changing what `values` gave changes no form."""
    form = Form({"properties": {"tags": {"type": "array", "items": {"type": "string"}}}})
    form.set(tags=["a"])
    form.values["tags"].append("b")
    assert form.values == {"tags": ["a"]}


def test_what_is_missing_is_a_problem_and_the_obstacle() -> None:
    """The label names it for people."""
    form = Form(PICTURE)
    assert [str(problem) for problem in form.problems] == ["prompt is missing"]
    assert form.obstacle == "Prompt is missing."


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"count": 9}, "count must be at most 4 (got 9)"),
        ({"count": True}, "count must be a whole number (got True)"),
        ({"guidance": "much"}, "guidance must be a number (got 'much')"),
        ({"style": "inc"}, "style must be one of ink, oil (got 'inc'; did you mean ink?)"),
        ({"prompt": None}, "prompt must be text (got None)"),
    ],
)
def test_an_illegal_value_raises_and_changes_nothing(values: dict[str, Any], words: str) -> None:
    """The error names the input and its limit."""
    form = Form(PICTURE)
    form.set(prompt="kept")
    with pytest.raises(InvalidInputError) as caught:
        form.set(**values)
    assert caught.value.what == f"{words}."
    assert form.values == {"prompt": "kept"}


def test_one_illegal_value_among_several_changes_none() -> None:
    """`set` takes all or nothing."""
    form = Form(PICTURE)
    with pytest.raises(InvalidInputError):
        form.set(prompt="a fox", count=9)
    assert form.values == {}


def test_an_unknown_name_is_named_with_the_nearest() -> None:
    """A misspelt input is not lost silently."""
    with pytest.raises(InvalidInputError, match=r"promt is not an input \(did you mean prompt\?\)"):
        Form(PICTURE).set(promt="a fox")


def test_null_is_sent_where_it_is_chosen_and_allowed() -> None:
    """`None` is a value of nullable inputs, and no other way to say unset."""
    form = Form(PICTURE)
    form.set(seed=None)
    assert form.values == {"seed": None}
    form.reset("seed")
    assert form.values == {}


def test_reset_takes_everything_back() -> None:
    """Without a name, the form is as it was made."""
    form = Form(PICTURE)
    form.set(prompt="a fox", seed=3)
    form.reset()
    assert form.values == {}


def test_reset_of_an_unknown_name_raises() -> None:
    """The nearest name is suggested."""
    with pytest.raises(UnknownNameError):
        Form(PICTURE).reset("cuont")


def test_other_names_are_taken_where_the_schema_says_so() -> None:
    """`additionalProperties` opens a form to names of one's own."""
    form = Form({"properties": {"a": {"type": "integer"}}, "additionalProperties": True})
    form.set(a=1, mine="x")
    form.set(yours="y")
    assert form.values == {"a": 1, "mine": "x", "yours": "y"}


def test_load_replaces_everything() -> None:
    """What was set before and is not in the new values is unset."""
    form = Form(PICTURE)
    form.set(prompt="a fox", seed=3)
    form.load({"prompt": "an owl"})
    assert form.values == {"prompt": "an owl"}


def test_load_of_something_illegal_changes_nothing() -> None:
    """The form keeps what it had."""
    form = Form(PICTURE)
    form.set(prompt="a fox")
    with pytest.raises(InvalidInputError):
        form.load({"prompt": "an owl", "count": 0})
    assert form.values == {"prompt": "a fox"}


def test_load_reads_json() -> None:
    """A JSON object as text is a dict."""
    form = Form(PICTURE)
    form.load('{"prompt": "an owl", "seed": null}')
    assert form.values == {"prompt": "an owl", "seed": None}


def test_observers_hear_each_change() -> None:
    """`observe` gets the form, after the change."""
    form, heard = Form(PICTURE), []
    form.observe(lambda changed: heard.append(changed.values))
    form.set(prompt="a fox")
    form.reset()
    assert heard == [{"prompt": "a fox"}, {}]


def test_observe_takes_functions_only() -> None:
    """Anything else is an error at once, not at the first change."""
    with pytest.raises(InputError):
        Form(PICTURE).observe("print")  # type: ignore[arg-type]


def test_a_bare_schema_has_no_run() -> None:
    """There is no model to run."""
    form = Form(PICTURE)
    form.set(prompt="a fox")
    with pytest.raises(InputError, match="bare schema"):
        form.run()


def test_references_are_looked_up_in_the_components_given() -> None:
    """Cog's schemas keep their enums beside the input."""
    schema = {"properties": {"ratio": {"allOf": [{"$ref": "#/components/schemas/ratio"}], "default": "1:1"}}}
    form = Form(schema, components={"schemas": {"ratio": {"type": "string", "enum": ["1:1", "16:9"]}}})
    form.set(ratio="16:9")
    with pytest.raises(InvalidInputError):
        form.set(ratio="2:1")


@pytest.mark.parametrize("model", [None, 3, ["truefusion"], b"truefusion"])
def test_what_is_no_model_is_refused(model: Any) -> None:
    """The error says what a form takes."""
    with pytest.raises(InputError, match="is no model"):
        Form(model)


def test_a_text_model_has_no_form(online: Sandbox) -> None:
    """It is used by chat."""
    with pytest.raises(InputError, match="text model"):
        sky.form("deepbrain-router")


def test_a_model_that_nobody_knows_is_named_with_the_nearest(online: Sandbox) -> None:
    """As everywhere else."""
    with pytest.raises(UnknownNameError) as caught:
        sky.form("truefusion-prro")
    assert caught.value.suggestion == "truefusion-pro"


def test_the_price_follows_the_inputs(online: Sandbox) -> None:
    """`quote` asks nobody."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox")
    one = form.quote.amount
    form.set(num_outputs=3)
    assert one is not None
    assert form.quote.amount == 3 * one


def test_a_run_gives_the_result_and_keeps_it(online: Sandbox) -> None:
    """`run` waits; `result` and `runs` hold what came."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox")
    job = form.run()
    assert (job.status, len(job.links)) == ("succeeded", 1)
    assert form.result is job
    assert form.runs == (job,)


def test_a_run_sends_what_values_says(online: Sandbox) -> None:
    """Nothing is added, not even defaults."""
    form = sky.form("truefusion-pro")
    form.set(prompt="an exact owl", guidance=0.3)
    sent = form.values
    assert form.run().input == sent == {"prompt": "an exact owl", "guidance": 0.3}


def test_an_invalid_form_sends_nothing(online: Sandbox) -> None:
    """Run raises with every problem."""
    form = sky.form("truefusion-pro")
    with pytest.raises(InvalidInputError, match="prompt is missing"):
        form.run()
    assert not online.state.requests or all("prompt" not in str(entry) for entry in online.state.requests[-1:])


def test_a_second_run_is_refused_while_one_goes_on(slow: Sandbox) -> None:
    """Two runs of one form are never mixed up."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox")
    first = form.start()
    with pytest.raises(InputError, match="running already"):
        form.start()
    form.cancel()
    with pytest.raises(sky.errors.JobCanceledError):
        first.wait()
    assert form.is_running is False


def test_above_the_budget_it_refuses(online: Sandbox) -> None:
    """The obstacle says so, and nothing is sent."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox", num_outputs=4)
    with sky.budget("0.01"):
        assert "budget" in form.obstacle
        with pytest.raises(OverBudgetError):
            form.run()
    assert form.obstacle == ""


def test_the_code_is_read_back(online: Sandbox) -> None:
    """Both writings give the same values."""
    form = sky.form("truefusion-pro")
    form.set(prompt='say "hi" {{twice}}\nplease?', num_outputs=2, seed=7)
    values = form.values
    for text in form.code.values():
        form.reset()
        form.load(text)
        assert form.values == values


def test_code_of_another_model_is_refused(online: Sandbox) -> None:
    """The error names the form that it is for."""
    form = sky.form("truefusion-pro")
    with pytest.raises(InputError, match=r"sky\.form\('truefusion'\)"):
        form.load("%skytells_predict truefusion prompt=fox")


def test_a_prediction_is_loaded_back(online: Sandbox) -> None:
    """Its inputs are the form's values then."""
    form = sky.form("truefusion-pro")
    form.set(prompt="a fox", seed=3)
    job = form.run()
    form.reset()
    form.load(job)
    assert form.values == {"prompt": "a fox", "seed": 3}


def test_a_run_of_the_form_is_loaded_back_with_its_files(online: Sandbox, tmp_path: Path) -> None:
    """Its code names them by their paths, not as the long links that the service gives back."""
    path = tmp_path / "dot.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    form = sky.form("truefusion-ultra")
    form.set(prompt="a fox", image=sky.file(path))
    before = form.code
    job = form.run()
    form.reset()
    form.load(job)
    assert form.code == before


def test_a_path_is_the_file_it_names(tmp_path: Path) -> None:
    """It is sent as a link that holds the file."""
    path = tmp_path / "dot.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    form = Form({"properties": {"image": {"type": "string", "format": "uri"}}})
    form.set(image=path)
    assert form.values["image"].startswith("data:image/png;base64,")


def test_it_says_what_it_is() -> None:
    """One line, for lists of forms and logs."""
    form = Form(PICTURE)
    form.set(prompt="a fox")
    assert repr(form) == "<Form Picture: 1 of 5 inputs set>"


def test_in_a_terminal_it_is_a_table() -> None:
    """Where no widgets are, the inputs are still readable."""
    form = Form(PICTURE)
    form.set(prompt="a fox")
    assert form.bundle()["text/plain"].splitlines()[:3] == [
        "Picture",
        "input     value  takes         limits",
        "prompt *  a fox  text          required",
    ]
