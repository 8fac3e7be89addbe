"""Choices, flags and lists: the exact value is told, however alike labels are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ipywidgets import Checkbox, Combobox, Dropdown, RadioButtons

from skytells_nb.notebook.forms.controls.choices import Choices
from skytells_nb.schema.fields import UNSET, ChoiceField, FlagField, ListField, NumberField, TextField
from tests.notebook.forms.test_controls import made
from tests.notebook.hostile import PAYLOADS


@pytest.mark.parametrize(
    ("choices", "kind"),
    [
        (("only",), RadioButtons),
        (("1:1", "16:9", "9:16"), RadioButtons),
        (tuple("abcdefg"), Dropdown),
        (("a long choice that takes its place", "another one that is at least as long as that"), Dropdown),
        (tuple(range(13)), Combobox),
    ],
)
def test_choices_have_the_widget_that_suits_their_number(choices: tuple[Any, ...], kind: type) -> None:
    """A few short choices are all in view, some are in a drop-down, many are found by typing."""
    control, _ = made(ChoiceField, choices=choices)
    assert type(control.widget) is kind


def test_nothing_is_chosen_before_somebody_chooses() -> None:
    """Without a default no button is pressed, a drop-down stands at its dash, and a finder is empty."""
    assert made(ChoiceField, choices=("a", "b"))[0].widget.index is None
    assert made(ChoiceField, choices=tuple("abcdefg"))[0].widget.label == "—"
    assert made(ChoiceField, choices=tuple(range(20)))[0].widget.value == ""


@pytest.mark.parametrize("choices", [("a", "b"), tuple("bcdefgah"), tuple("nopqrstuvwxyzab")])
def test_a_default_is_shown_untold_and_another_choice_told(choices: tuple[str, ...]) -> None:
    """The default is chosen from the start; what a person chooses is told, and reset shows the default again."""
    control, told = made(ChoiceField, choices=choices, default="a")
    trait = "value" if isinstance(control.widget, Combobox) else "label"
    assert getattr(control.widget, trait) == "a"
    setattr(control.widget, trait, "b")
    control.show(UNSET)
    assert getattr(control.widget, trait) == "a"
    assert told == [("b", "")]


@pytest.mark.parametrize("choices", [("a", "b"), tuple("abcdefgh"), tuple("abcdefghijklmno")])
def test_a_default_outside_the_choices_is_shown_as_none(choices: tuple[str, ...]) -> None:
    """A default that is no choice leaves everything unchosen, without an error."""
    control, told = made(ChoiceField, choices=choices, default="zebra")
    assert control.widget.value in (None, "", "—")
    assert told == []


def test_the_dash_takes_a_choice_back() -> None:
    """Choosing the dash tells that nothing is to be sent."""
    control, told = made(ChoiceField, choices=tuple("abcdefgh"))
    control.widget.label = "c"
    control.widget.label = "—"
    assert told == [("c", ""), (UNSET, "")]


def test_choices_that_look_alike_are_told_apart() -> None:
    """Choices of equal text, of equal beginnings and of no text have labels of their own, and give back themselves."""
    values = (1, "1", True, "true", 1.5, "1.5", None, "null", "", " ", "—", "x" * 200 + "a", "x" * 200 + "b", {"a": 1})
    choices = Choices(values)
    assert choices.labels[:9] == (
        *("1 (number)", "1 (text)", "true (true or false)", "true (text)", "1.5 (number)", "1.5 (text)"),
        *("null (null)", "null (text)", "(empty) (text)"),
    )
    assert len(set(choices.labels)) == len(values)
    assert "—" not in choices.labels
    assert [choices.place(value) for value in values] == list(range(len(values)))
    assert repr([choices.read(label) for label in choices.labels]) == repr(list(values))


def test_a_whole_number_with_a_point_is_the_same_choice() -> None:
    """As in JSON Schema 1.0 is 1, and true is not."""
    assert (Choices((1, 2)).place(2.0), Choices((1, 2)).place(True), Choices((0.5, 2.0)).place(2)) == (1, None, 1)


def test_the_same_choice_twice_has_two_labels() -> None:
    """A schema that repeats a choice breaks nothing."""
    control, told = made(ChoiceField, choices=("a", "a"))
    control.widget.index = 1
    assert told == [("a", "")]
    assert len(set(control.widget._options_labels)) == 2


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("style-7", ("style-7", "")),
        (" STYLE-7 ", ("style-7", "")),
        ("", (UNSET, "")),
        ("stile-7", (UNSET, "is none of the 30 choices (did you mean style-7?)")),
        ("?", (UNSET, "is none of the 30 choices")),
    ],
)
def test_many_choices_are_found_by_typing(typed: str, expected: tuple[Any, str]) -> None:
    """A label in any case is its choice; other text is a fault that names the nearest."""
    control, told = made(ChoiceField, choices=tuple(f"style-{n}" for n in range(30)))
    control.show("style-1")
    control.widget.value = typed
    assert told == [expected]


def test_five_thousand_choices_do_not_freeze() -> None:
    """So many choices are made, painted and searched in well under a second each."""
    started = time.perf_counter()
    control, told = made(ChoiceField, choices=tuple(f"voice {n}" for n in range(5000)))
    control.show("voice 4999")
    assert time.perf_counter() - started < 1
    started = time.perf_counter()
    control.widget.value = "voise 4998"
    assert time.perf_counter() - started < 0.3
    assert told[0][0] is UNSET


@pytest.mark.parametrize("count", [2, 9, len(PAYLOADS)])
def test_hostile_choices_are_one_line_of_plain_text(count: int) -> None:
    """Labels hold no formula, no hidden character and no line break, and still tell the exact choice."""
    control, told = made(ChoiceField, choices=PAYLOADS[-count:])
    labels = control.choices.labels
    assert not set("".join(labels)) & set("$\\\n\u202e\u200b\ud800")
    assert len(set(labels)) == count
    if isinstance(control.widget, Combobox):
        control.widget.value = labels[1]
    else:
        control.widget.label = labels[1]
    assert told == [(PAYLOADS[-count:][1], "")]


@pytest.mark.parametrize(
    ("default", "shown"), [(UNSET, False), (True, True), (False, False), ("yes", False), (1, False)]
)
def test_a_flag_shows_its_default_and_tells_each_click(default: Any, shown: bool) -> None:
    """Only true is a ticked box; each click tells true or false."""
    control, told = made(FlagField, default=default)
    assert control.widget.value is shown
    control.widget.value = not shown
    control.widget.value = shown
    assert told == [(not shown, ""), (shown, "")]


def tags(item: Any = None, **more: Any) -> tuple[Any, list[tuple[Any, str]]]:
    """Make the control of a list."""
    return made(ListField, item=item or TextField(name="item", schema={}), **more)


def add(control: Any, *typed: str) -> None:
    """Type entries into a list's box, each with Enter."""
    for entry in typed:
        control.box.value = entry


def entries(control: Any) -> list[str]:
    """Read what the buttons of a list's entries say."""
    return [button.description for button in control.entries.children]


def test_each_entry_is_told_with_the_whole_list() -> None:
    """What is typed becomes an entry, the box is free for the next one, and the same again is one more."""
    control, told = tags()
    add(control, "a", " b ", "b", "  ")
    assert (entries(control), control.box.value.strip()) == (["a ✕", "b ✕", "b ✕"], "")
    assert told[:3] == [(["a"], ""), (["a", "b"], ""), (["a", "b", "b"], "")]


def test_an_entry_is_taken_out_by_its_button() -> None:
    """A click on an entry removes that one of several equal ones, and the others keep their order."""
    control, told = tags()
    control.show(["a", "b", "a", "c"])
    control.entries.children[2].click()
    control.entries.children[0].click()
    assert told == [(["a", "b", "c"], ""), (["b", "c"], "")]
    assert [button.tooltip for button in control.entries.children] == ["Remove b", "Remove c"]


@pytest.mark.parametrize(
    ("more", "value"), [({}, UNSET), ({"default": []}, UNSET), ({"default": ["x"]}, []), ({"required": True}, [])]
)
def test_an_emptied_list_is_unset_unless_it_is_needed(more: dict[str, Any], value: Any) -> None:
    """No entries means nothing to send; where a default would come back or a list is required, the empty list."""
    control, told = tags(**more)
    control.show(["a"])
    control.entries.children[0].click()
    assert told == [(value, "")]


def test_a_default_list_is_shown_untold() -> None:
    """An untouched list shows its default; the first entry that is added is added to it."""
    control, told = tags(default=["a"])
    assert (entries(control), told) == (["a ✕"], [])
    add(control, "b")
    assert told == [(["a", "b"], "")]


def test_numbers_in_a_list_are_exact_or_refused() -> None:
    """An entry is read like a number box; a bad one stays in the box, is told as a fault, and hides no other change."""
    control, told = tags(NumberField(name="item", schema={}, integer=True))
    fault = "1.5 must be a whole number"
    add(control, "9007199254740993", "7", "1.5")
    control.entries.children[1].click()
    assert control.box.value == "1.5"
    add(control, "")
    assert told[2:] == [(UNSET, fault), (UNSET, fault), ([9007199254740993], "")]


def test_entries_that_nobody_touched_stay_as_they_were_set() -> None:
    """A list that was set with odd entries keeps them exactly when a person adds one."""
    control, told = tags()
    control.show(["", " a ", 1, 1.0, None, "\ud800"])
    assert entries(control) == ["(empty) ✕", "a ✕", "1 ✕", "1.0 ✕", "null ✕", "� ✕"]
    add(control, "b")
    assert repr(told) == repr([(["", " a ", 1, 1.0, None, "\ud800", "b"], "")])


def test_what_was_told_does_not_change_afterwards() -> None:
    """Each told list is one of its own."""
    control, told = tags()
    add(control, "a", "b")
    assert told[0] == (["a"], "")


def test_a_long_list_has_no_more_than_a_hundred_buttons() -> None:
    """A list of thousands is kept whole, and drawn in part."""
    control, told = tags()
    control.show([str(n) for n in range(5000)])
    assert len(control.entries.children) == 101
    assert entries(control)[-1] == "and 4900 more"
    control.entries.children[0].click()
    assert (len(told[0][0]), entries(control)[-1]) == (4999, "and 4899 more")


def test_entries_added_while_disabled_stay_disabled() -> None:
    """Entries that are painted while the form is busy cannot be taken out."""
    control, _ = tags()
    control.enable(False)
    control.show(["a"])
    assert control.entries.children[0].disabled


def test_hostile_entries_are_one_line_of_plain_text() -> None:
    """Buttons hold no formula, no hidden character and no line break, and the list stays exact."""
    control, told = tags()
    control.show(list(PAYLOADS))
    assert not set("".join(entries(control))) & set("$\\\n\u202e\u200b\ud800")
    add(control, "end")
    assert told == [([*PAYLOADS, "end"], "")]


def test_a_few_different_choices_are_boxes_to_tick() -> None:
    """Ticking keeps the order in which entries were set, and adds new ones in the schema's order."""
    item = ChoiceField(name="item", schema={}, choices=("a", 1, "1", None))
    control, told = tags(item, unique=True)
    control.show(["1", "a"])
    boxes = control.ticks
    assert [(type(box), box.description, box.value) for box in boxes] == [
        *(
            (Checkbox, "a", True),
            (Checkbox, "1 (number)", False),
            (Checkbox, "1 (text)", True),
            (Checkbox, "null", False),
        ),
    ]
    boxes[3].value = True
    boxes[1].value = True
    boxes[0].value = False
    assert told == [(["1", "a", None], ""), (["1", "a", None, 1], ""), (["1", None, 1], "")]


def test_entries_outside_the_choices_are_kept_while_ticking() -> None:
    """An entry that is no choice is not lost behind a person's back: the checker says what is wrong with it."""
    control, told = tags(ChoiceField(name="item", schema={}, choices=("a", "b")), unique=True)
    control.show(["zebra"])
    control.ticks[0].value = True
    assert told == [(["zebra", "a"], "")]


def test_many_choices_are_suggested() -> None:
    """Entries of a list of many choices are found by typing; the choice itself is told, or what may have been meant."""
    control, told = tags(ChoiceField(name="item", schema={}, choices=tuple(f"pick {n}" for n in range(40))))
    assert control.box.options[:2] == ("pick 0", "pick 1")
    add(control, "PICK 3", "pik 3")
    assert told == [(["pick 3"], ""), (UNSET, "pik 3 is none of the 40 choices (did you mean pick 3?)")]


def test_numbers_among_choices_are_told_as_numbers() -> None:
    """An entry is the choice, not its label."""
    control, told = tags(ChoiceField(name="item", schema={}, choices=(1, 2.5, "2.5")))
    add(control, "1", "2.5 (text)")
    assert told == [([1], ""), ([1, "2.5"], "")]
