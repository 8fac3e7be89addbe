"""Inputs that are made of others: objects, lists of them, and values of one of several kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import HTML, Button, Dropdown, Text, Textarea, Widget

from skytells_nb.notebook.forms.control import Tools
from skytells_nb.notebook.forms.controls.lists import MOST, ListControl
from skytells_nb.notebook.forms.controls.objects import ObjectControl
from skytells_nb.notebook.forms.controls.unions import UnionControl
from skytells_nb.notebook.forms.row import Row
from skytells_nb.notebook.forms.shelf import Shelf
from skytells_nb.schema.check import Checker, Problem
from skytells_nb.schema.fields import UNSET
from tests.notebook.hostile import SOME, faults

WHOLE = {"type": "integer"}
WORD = {"type": "string"}
LORA = {
    "type": "object",
    "required": ["path"],
    "properties": {"path": WORD, "scale": {"type": "number"}, "mode": {"type": "string", "default": "add"}},
}
LORAS = {"type": "array", "title": "Loras", "items": LORA}
SIZE = {
    "anyOf": [
        {"const": "auto"},
        {"type": "object", "title": "Exact", "required": ["width"], "properties": {"width": WHOLE, "height": WHOLE}},
        {"type": "integer", "title": "Side"},
    ]
}


class Made:
    """The row of the field `x` of a schema, the list of what it tells, and its widgets by their labels."""

    def __init__(self, schema: dict[str, Any], *, required: bool = False) -> None:
        self.told: list[tuple[Any, str]] = []
        whole = {"type": "object", "properties": {"x": schema}, "required": ["x"] if required else []}
        self.checker = Checker(whole)
        self.row = Row(self.checker.fields[0], lambda *told: self.told.append(told), Tools(self.checker, Shelf(), Row))

    @property
    def widgets(self) -> list[Widget]:
        """All widgets that are seen, from the outside in, in the order of the page."""
        return list(_walk(self.row.widget))

    def boxes(self, label: str) -> list[Any]:
        """Find the inputs of a label, in the order of the page."""
        return [w for w in self.widgets if hasattr(w, "value") and getattr(w, "description", None) == label]

    def type(self, label: str, text: Any, place: int = 0) -> tuple[Any, str]:
        """Fill an input in; gives what was told last."""
        self.boxes(label)[place].value = text
        return self.told[-1]

    def press(self, words: str) -> tuple[Any, str]:
        """Press a button by its name; gives what was told last."""
        self.button(words).click()
        return self.told[-1]

    def button(self, words: str) -> Button:
        """Find a button by its name."""
        return next(w for w in self.widgets if isinstance(w, Button) and words in (w.tooltip, w.description))

    @property
    def page(self) -> str:
        """All the HTML that is seen."""
        return "\n".join(w.value for w in self.widgets if isinstance(w, HTML))

    def judge(self) -> None:
        """Show the problems of what was told last, as a form does."""
        value, fault = self.told[-1]
        found = self.checker.problems({} if value is UNSET else {"x": value})
        inside = [Problem(one.path, one.message, one.steps[1:]) for one in found]
        self.row.show_problems([Problem("x", fault)] if fault else inside)


def _walk(widget: Widget) -> Any:
    yield widget
    for inner in getattr(widget, "children", ()):
        yield from _walk(inner)


def test_each_part_of_an_object_is_a_row_under_a_heading() -> None:
    """Under the labels of the parts."""
    made = Made({**LORA, "title": "Style"}, required=True)
    assert type(made.row.control) is ObjectControl
    assert [made.boxes(label) != [] for label in ("Path *", "Scale", "Mode")] == [True] * 3
    assert '<h4 style="margin:0;font:inherit;font-weight:600">Style *</h4>' in made.page


def test_an_object_begins_with_what_is_required_and_has_a_default() -> None:
    """As a form of its own would."""
    schema = {**LORA, "required": ["path", "mode"]}
    assert Made(schema).type("Scale", "0.3") == ({"mode": "add", "scale": 0.3}, "")


def test_parts_are_told_in_the_order_of_the_schema() -> None:
    """In whatever order a person fills them in."""
    made = Made(LORA)
    made.type("Mode", "mix")
    value, _ = made.type("Path *", "a")
    assert list(value) == ["path", "mode"]


def test_without_parts_an_object_is_unset() -> None:
    """When the last was taken away."""
    made = Made(LORA)
    made.type("Path *", "a")
    assert made.type("Path *", "") == (UNSET, "")


def test_without_parts_a_required_object_is_empty() -> None:
    """It must be sent."""
    made = Made({**LORA, "required": []}, required=True)
    made.type("Path", "a")
    assert made.type("Path", "") == ({}, "")


def test_what_began_by_itself_goes_by_itself() -> None:
    """A required part's default does not keep an optional object alive."""
    made = Made({**LORA, "required": ["mode"]})
    made.type("Path", "a")
    assert made.type("Path", "") == (UNSET, "")


def test_parts_without_a_row_are_kept() -> None:
    """A value that came from a program may hold more than the schema names."""
    made = Made({**LORA, "additionalProperties": True})
    made.row.show({"path": "a", "more": [1]})
    assert made.type("Path *", "b") == ({"path": "b", "more": [1]}, "")


def test_a_part_s_fault_is_the_object_s() -> None:
    """It names the part; nothing is set until it can be read."""
    made = Made(LORA)
    made.type("Path *", "a")
    assert made.type("Scale", "x") == (UNSET, "part Scale must be a number")
    assert made.type("Scale", "2") == ({"path": "a", "scale": 2}, "")


def test_a_part_s_fault_is_shown_at_the_part() -> None:
    """Once."""
    made = Made(LORA)
    made.type("Scale", "x")
    made.judge()
    assert made.page.count("must be a number") == 1


def test_a_problem_is_shown_at_the_part_it_lies_in() -> None:
    """And goes when it is mended."""
    made = Made({**LORA, "properties": {"scale": {"type": "number", "maximum": 4}}, "required": []})
    made.type("Scale", "99")
    made.judge()
    assert made.page.count("must be at most 4 (got 99)") == 1
    made.type("Scale", "3")
    made.judge()
    assert "must be" not in made.page


def test_a_problem_of_no_row_is_shown_at_the_object() -> None:
    """It is not lost."""
    made = Made({**LORA, "additionalProperties": False})
    made.row.show({"path": "a", "more": 1})
    made.row.show_problems([Problem("x.more", "is not an input", ("more",)), Problem("x", "is odd")])
    assert "x.more is not an input" in made.page
    assert "is odd" in made.page


def test_an_object_s_default_is_shown_in_its_parts() -> None:
    """Touching one part sends the others with it."""
    made = Made({**LORA, "default": {"path": "p", "scale": 2}})
    assert [made.boxes(label)[0].value for label in ("Path *", "Scale", "Mode")] == ["p", "2", "add"]
    assert made.told == []
    assert made.type("Scale", "3") == ({"path": "p", "scale": 3}, "")


def test_an_object_s_default_is_never_changed() -> None:
    """It belongs to the schema."""
    schema = {**LORA, "default": {"path": "p"}}
    Made(schema).type("Scale", "3")
    assert schema["default"] == {"path": "p"}


def test_what_lies_too_deep_is_json_and_says_so() -> None:
    """More than four levels of boxes in boxes cannot be read."""
    schema: dict[str, Any] = {"type": "string", "title": "Leaf"}
    for level in range(6, 0, -1):
        schema = {"type": "object", "title": f"Level {level}", "properties": {"in": schema}}
    made = Made(schema)
    assert [isinstance(made.boxes("Level 5")[0], Textarea), made.boxes("Leaf")] == [True, []]
    assert "edited as JSON: it lies more than 4 levels deep" in made.page
    assert made.type("Level 5", '{"in": 1}') == ({"in": {"in": {"in": {"in": {"in": 1}}}}}, "")


def test_a_list_begins_without_items() -> None:
    """And can be added to."""
    made = Made(LORAS)
    assert type(made.row.control) is ListControl
    assert [w.description for w in made.widgets if isinstance(w, Button)] == ["Add to Loras"]


def test_an_added_item_waits_to_be_filled_in() -> None:
    """Nothing is sent in its place."""
    made = Made(LORAS)
    assert made.press("Add to Loras") == (UNSET, "item 1 has no value yet: fill it in, or remove it")
    assert made.type("Path *", "a") == ([{"path": "a"}], "")


def test_an_added_item_begins_with_what_is_required_and_has_a_default() -> None:
    """So that it may be whole already."""
    made = Made({**LORAS, "items": {**LORA, "required": ["mode"]}})
    assert made.press("Add to Loras") == ([{"mode": "add"}], "")


def test_an_item_can_be_removed() -> None:
    """The others close up."""
    made = Made(LORAS)
    made.row.show([{"path": "a"}, {"path": "b"}, {"path": "c"}])
    assert made.press("Remove item 2 of Loras") == ([{"path": "a"}, {"path": "c"}], "")
    assert [box.value for box in made.boxes("Path *")] == ["a", "c"]


def test_items_can_be_moved() -> None:
    """Up and down, within the list."""
    made = Made(LORAS)
    made.row.show([{"path": "a"}, {"path": "b"}, {"path": "c"}])
    assert made.press("Move down item 1 of Loras")[0] == [{"path": "b"}, {"path": "a"}, {"path": "c"}]
    assert made.press("Move up item 3 of Loras")[0] == [{"path": "b"}, {"path": "c"}, {"path": "a"}]
    assert [box.value for box in made.boxes("Path *")] == ["b", "c", "a"]


def test_the_ends_of_a_list_cannot_be_passed() -> None:
    """Their buttons are off."""
    made = Made(LORAS)
    made.row.show([{"path": "a"}, {"path": "b"}])
    off = [w.tooltip for w in made.widgets if isinstance(w, Button) and w.disabled]
    assert off == ["Move up item 1 of Loras", "Move down item 2 of Loras"]


def test_an_item_moves_with_what_stands_in_it() -> None:
    """A half-typed number too."""
    made = Made(LORAS)
    made.row.show([{"path": "a"}, {"path": "b"}])
    assert made.type("Scale", "1,") == (UNSET, "item 1 part Scale must be a number")
    assert made.press("Move down item 1 of Loras") == (UNSET, "item 2 part Scale must be a number")
    assert [box.value for box in made.boxes("Scale")] == ["", "1,"]


def test_a_list_without_items_is_unset() -> None:
    """When the last was removed."""
    made = Made(LORAS)
    made.row.show([{"path": "a"}])
    assert made.press("Remove item 1 of Loras") == (UNSET, "")


def test_a_required_list_without_items_is_empty() -> None:
    """And so is one whose default is not."""
    for made in (Made(LORAS, required=True), Made({**LORAS, "default": [{"path": "a"}]})):
        made.row.show([{"path": "a"}])
        assert made.press("Remove item 1 of Loras") == ([], "")


def test_a_removed_item_leaves_nothing_behind() -> None:
    """One that is added later begins anew."""
    made = Made(LORAS)
    made.row.show([{"path": "a", "scale": 2}])
    made.press("Remove item 1 of Loras")
    made.press("Add to Loras")
    assert [made.boxes(label)[0].value for label in ("Path *", "Scale")] == ["", ""]


def test_removed_items_leave_no_widgets_behind() -> None:
    """Adding and removing again makes none anew."""
    made = Made(LORAS)
    made.press("Add to Loras")
    first = made.widgets
    for _ in range(3):
        made.press("Remove item 1 of Loras")
        made.press("Add to Loras")
    assert made.widgets == first


def test_no_more_items_can_be_added_than_is_allowed() -> None:
    """Until one is removed."""
    made = Made({**LORAS, "maxItems": 2})
    made.row.show([{"path": "a"}, {"path": "b"}])
    assert made.button("Add to Loras").disabled
    made.press("Remove item 1 of Loras")
    assert not made.button("Add to Loras").disabled


def test_a_list_s_default_is_shown_and_not_told() -> None:
    """Touching an item sends them all."""
    made = Made({**LORAS, "default": [{"path": "a"}, {"path": "b"}]})
    assert ([box.value for box in made.boxes("Path *")], made.told) == (["a", "b"], [])
    assert made.type("Path *", "c", place=1) == ([{"path": "a"}, {"path": "c"}], "")


def test_a_list_s_problem_is_shown_at_the_item_it_lies_in() -> None:
    """In its part."""
    made = Made({**LORAS, "items": {"type": "object", "properties": {"n": {"type": "integer", "maximum": 4}}}})
    made.row.show([{"n": 1}, {"n": 2}])
    made.type("N", "99", place=1)
    made.judge()
    assert made.page.count("must be at most 4 (got 99)") == 1


def test_an_item_that_waits_is_named_at_the_list() -> None:
    """Not as an error of the item itself."""
    made = Made(LORAS)
    made.press("Add to Loras")
    made.judge()
    assert made.page.count("item 1 has no value yet") == 1


def test_very_many_items_are_kept() -> None:
    """Rows are made for the first; the rest is sent as it is."""
    made = Made(LORAS)
    made.row.show([{"path": str(number)} for number in range(MOST + 10)])
    assert "Loras (and 10 more, sent as they are)" in made.page
    assert made.button("Add to Loras").disabled
    value, _ = made.type("Path *", "a")
    assert [entry["path"] for entry in value] == ["a", *map(str, range(1, MOST + 10))]


def test_each_link_of_a_list_is_a_file_input() -> None:
    """With the list's label."""
    made = Made({"type": "array", "title": "Images", "items": {"type": "string", "format": "uri"}})
    made.press("Add to Images")
    made.type("Images", "https://a.b/1.png")
    made.press("Add to Images")
    assert made.type("Images", "https://a.b/2.png", place=1)[0] == ["https://a.b/1.png", "https://a.b/2.png"]
    assert made.type("Images", "nowhere", place=1) == (
        UNSET,
        "item 2 is no link, and no file of that name is here",
    )


def test_several_links_can_be_pasted_at_once() -> None:
    """One a line; lines that cannot be read, or have no room, stay to be mended."""
    made = Made({"type": "array", "title": "Images", "maxItems": 3, "items": {"type": "string", "format": "uri"}})
    made.row.show(["https://a.b/0"])
    lines = "https://a.b/1\n\nnowhere\n https://a.b/2 \nhttps://a.b/3"
    box = made.boxes("Several at once for Images")[0]
    assert made.type("Several at once for Images", lines) == (["https://a.b/0", "https://a.b/1", "https://a.b/2"], "")
    assert (box.value, box.disabled, len(made.told)) == ("nowhere\nhttps://a.b/3", True, 1)
    assert box.description == "Several at once for Images: these are no links or files here, or have no room"
    box.value = ""
    assert (box.description, len(made.told)) == ("Several at once for Images", 1)


def test_a_list_can_be_disabled() -> None:
    """Items that are there and items to come; the ends of the list stay off."""
    made = Made(LORAS)
    made.row.show([{"path": "a"}])
    made.row.enable(False)
    made.row.show([{"path": "a"}, {"path": "b"}])
    able = [w for w in made.widgets if isinstance(w, Text | Button) and not w.disabled]
    assert [w.tooltip for w in able if "skytells-reset" not in w._dom_classes] == []
    made.row.enable(True)
    off = [w.tooltip for w in made.widgets if getattr(w, "disabled", False)]
    assert off == ["Move up item 1 of Loras", "Move down item 2 of Loras"]


def test_of_the_kinds_nothing_is_chosen_at_first() -> None:
    """The kinds are named by their titles."""
    made = Made(SIZE)
    assert type(made.row.control) is UnionControl
    (choice,) = made.boxes("X")
    assert [name for name, _ in choice.options] == ["choose…", "auto", "Exact", "Side"]
    assert choice.label == "choose…"


def test_a_kind_with_only_one_value_is_set_by_its_choice() -> None:
    """There is nothing to fill in."""
    assert Made(SIZE).type("X", 0) == ("auto", "")


def test_a_kind_to_be_filled_in_is_unset_at_first() -> None:
    """Then its value is the value."""
    made = Made(SIZE)
    assert made.type("X", 1) == (UNSET, "")
    assert made.type("Width *", "3") == ({"width": 3}, "")


def test_an_object_s_constant_parts_are_set_by_its_choice() -> None:
    """Such as the name of the kind."""
    kinds = [
        {"type": "object", "title": word, "required": ["kind"], "properties": {"kind": {"const": word}, "n": WHOLE}}
        for word in ("cat", "dog")
    ]
    made = Made({"oneOf": kinds})
    assert made.type("X", 1) == ({"kind": "dog"}, "")
    assert made.type("N", "3") == ({"kind": "dog", "n": 3}, "")


def test_choosing_another_kind_and_back_loses_nothing() -> None:
    """Values and half-typed texts come back."""
    made = Made(SIZE)
    made.type("X", 1)
    made.type("Width *", "3")
    assert made.type("X", 2) == (UNSET, "")
    assert made.type("Side", "7x") == (UNSET, "must be a whole number")
    assert made.type("X", 1) == ({"width": 3}, "")
    assert made.type("X", 2) == (UNSET, "must be a whole number")
    assert made.boxes("Side")[0].value == "7x"


def test_choosing_no_kind_unsets_a_union() -> None:
    """As the reset does."""
    made = Made(SIZE)
    made.type("X", 0)
    assert made.type("X", -1) == (UNSET, "")


@pytest.mark.parametrize(("value", "kind"), [("auto", 0), ({"width": 1}, 1), ({}, 1), (7, 2), (7.5, 2), ([], 0)])
def test_a_value_is_painted_in_the_kind_it_fits(value: Any, kind: int) -> None:
    """The first that allows it, else the first of its type, else the first."""
    made = Made(SIZE)
    made.row.show(value)
    assert (made.boxes("X")[0].value, made.told) == (kind, [])


def test_a_union_s_default_is_shown_and_not_told() -> None:
    """In the kind that it fits."""
    made = Made({**SIZE, "default": 512})
    assert (made.boxes("X")[0].value, made.boxes("Side")[0].value, made.told) == (2, "512", [])


def test_a_union_s_problem_is_shown_in_the_chosen_kind() -> None:
    """Where the value was entered."""
    made = Made({"anyOf": [{"type": "integer", "title": "Side", "maximum": 4}, {"type": "boolean"}]})
    made.type("X", 0)
    made.type("Side", "99")
    made.judge()
    assert made.page.count("must be") == 1


def test_a_union_can_be_disabled() -> None:
    """Kinds that are shown later too."""
    made = Made(SIZE)
    made.row.enable(False)
    made.row.show({"width": 1})
    shown = [w for w in made.widgets if isinstance(w, Text | Dropdown)]
    assert {w.disabled for w in shown} == {True}
    assert len(shown) >= 3


NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {"size": SIZE, "loras": LORAS, "flag": {"type": "boolean"}, "inner": LORA},
}
ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists) | st.dictionaries(
    st.sampled_from(["size", "loras", "flag", "inner", "path", "width", "other"]), st.none() | st.integers() | st.text()
)


@pytest.mark.parametrize("schema", [NESTED, LORAS, SIZE, {"type": "array", "items": NESTED}])
@settings(max_examples=12)
@given(value=ANY)
def test_any_value_is_painted_in_silence(schema: dict[str, Any], value: Any) -> None:
    """A value of any type, as a value and as a default, is painted without an error and without telling."""
    made = Made({**schema, "default": value})
    made.row.show(value)
    made.row.show(UNSET)
    for widget in made.widgets:
        json.dumps({name: kept for name, kept in widget.get_state().items() if name != "layout"}, default=str).encode()
    assert made.told == []


@pytest.mark.parametrize("payload", SOME)
def test_hostile_titles_stay_text(payload: str) -> None:
    """Of an object, a list, a union, and of what is in them."""
    inner = {"type": "object", "title": payload, "properties": {payload: {**WORD, "title": payload}}}
    made = Made(
        {
            "type": "object",
            "title": payload,
            "properties": {"l": {"type": "array", "title": payload, "items": inner}, "u": {"anyOf": [inner, WHOLE]}},
        }
    )
    made.row.show({"l": [{payload: payload}], "u": {payload: payload}})
    controls = [w for w in made.widgets if isinstance(w, HTML) and w._dom_classes != ("skytells-note",)]
    assert [faults(widget.value) for widget in controls] == [[]] * len(controls)
    for widget in made.widgets:
        for shown in (getattr(widget, "description", ""), getattr(widget, "tooltip", "") or ""):
            assert not set(shown) & set("$\\\n\u202e")
