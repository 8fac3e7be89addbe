"""How an answer is shown and given back for each -f: what is found in it, what is not, and what cannot get out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.api.values import Choice, Filters, Reply
from skytells_nb.errors import UnknownNameError
from skytells_nb.notebook import formats
from skytells_nb.notebook.painters import Said
from skytells_nb.notebook.preferences import FORMATS, Format, format_named
from tests.notebook.hostile import SOME, faults

KEY = "sk-" + "a1b2c3d4" * 4
PYTHON = "Here:\n\n```python\nprint('<b>')\n```\n\nand\n\n```sh\nls\n```"


def said(text: str, form: Format, **more: Any) -> formats.Finished:
    """Finish an answer of this text."""
    return formats.finish(Reply(text=text, finish_reason="stop", **more), form)


def value_of(text: str, form: Format) -> Any:
    """Give what a magic would give back for an answer that holds what was asked for."""
    finished = said(text, form)
    assert finished.error is None
    return finished.value


def test_an_answer_that_cannot_be_drawn_is_shown_as_its_text() -> None:
    """Whatever a drawing runs into: the answer is paid for."""
    assert formats._surely(lambda text: ("", text[99]))("<b>") == ("<b>", formats.page.pre("<b>"))


@pytest.mark.parametrize("form", ["markdown", "text", "code", "html"])
def test_the_value_is_the_reply(form: Format) -> None:
    """Where the format is only a look, nothing else is given back."""
    assert value_of(PYTHON, form) == Reply(text=PYTHON, finish_reason="stop")


def test_text_stands_as_it_was_written() -> None:
    """No Markdown, no HTML."""
    assert "<pre" in (page := said("**a** <b>", "text").bundle["text/html"])
    assert "**a** &lt;b&gt;" in page


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, null, true, "x"]}', {"a": [1, None, True, "x"]}),
        ("  [1.5, 2]\n", [1.5, 2]),
        ('"word"', "word"),
        ("null", None),
        ('Here it is:\n```json\n{"a": 1}\n```\nAnd {"b": 2}.', {"a": 1}),
        ("```\n[1]\n```", [1]),
        ('- item:\n\n  ```json5\n  {"deep": 1}\n  ```', {"deep": 1}),
        ('So {it} is {"a": {"b": []}}, as said.', {"a": {"b": []}}),
        ('```json\n{"broken": \n```\nor [7]', [7]),
    ],
)
def test_json_is_the_first_value_in_the_answer(text: str, value: object) -> None:
    """The whole of it, else a fenced block, else what stands among the words."""
    assert value_of(text, "json") == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("No braces here.", "The answer holds no JSON."),
        ('{"a": NaN}', "The answer holds no JSON."),
        ("{'a': 1}", "The answer holds no JSON."),
        ('{"a": 1e999}', "The answer holds no JSON."),
        ("[" * 101 + "]" * 101, "The JSON in the answer is nested over 100 deep."),
        ("[" * 10_000, "The answer holds no JSON."),
        ('["\\ud800"]', "The JSON in the answer holds half a character."),
        ("1" * 5_000, "The answer holds no JSON."),
        ("x" * 2_000_001, "The answer is over 2 MB: too long to be read as JSON."),
    ],
)
def test_no_json_is_an_error_that_keeps_the_answer(text: str, what: str) -> None:
    """It was paid for: it is shown as text, and the error carries it."""
    finished = said(text, "json")
    assert finished.error is not None
    assert finished.error.what == what
    assert finished.error.fix == "Ask for it in the prompt. The answer is kept: sys.last_value.reply."
    assert finished.error.reply == finished.value == Reply(text=text, finish_reason="stop")
    assert text[:50] in finished.bundle["text/plain"]


def test_json_is_drawn_as_a_tree_that_folds() -> None:
    """The top is open, what lies deeper is folded with its size; the plain form is the whole value, indented."""
    drawn = said('{"name": "fox", "tags": ["a", "b"], "none": {}}', "json").bundle
    assert drawn["text/plain"] == json.dumps({"name": "fox", "tags": ["a", "b"], "none": {}}, indent=2)
    assert re.findall(r"<details( open)?>", drawn["text/html"]) == [" open", ""]
    shown = re.sub(r"<[^>]*>", " ", drawn["text/html"])
    assert shown.split() == [
        *("{3", "keys}", "name", ":", "&quot;fox&quot;", "tags", ":", "[2", "items]"),
        *(("0", ":", "&quot;a&quot;", "1", ":", "&quot;b&quot;", "none", ":", "{}")),
    ]


def test_a_large_tree_is_cut_with_a_note() -> None:
    """The page stays small; the value is whole."""
    finished = said(json.dumps([[n] * 10 for n in range(1_000)]), "json")
    assert "cut after 2,000 values" in finished.bundle["text/html"]
    assert len(finished.bundle["text/html"]) < 400_000
    assert len(finished.value) == 1_000


def frame_of(text: str) -> pd.DataFrame:
    """Give the DataFrame of an answer."""
    found = value_of(text, "dataframe")
    assert isinstance(found, pd.DataFrame)
    return found


ROWS = [{"name": "fox", "kg": 2.5, "legs": 4}, {"name": "hen", "kg": None, "legs": 2}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps({"animals": ROWS}),
        json.dumps({"about": "animals", "rows": ROWS}),
        json.dumps({"name": ["fox", "hen"], "kg": [2.5, None], "legs": [4, 2]}),
        f"These:\n\n```json\n{json.dumps(ROWS)}\n```",
        f"These: {json.dumps(ROWS)} are two.",
        "Two [1]:\n\n| name | kg | legs |\n|---|--:|:-:|\n| fox | 2.5 | 4 |\n| hen | | 2 |",
        "```csv\nname,kg,legs\nfox,2.5,4\nhen,,2\n```",
        "```csv\nname;kg;legs\nfox;2.5;4\nhen;;2\n```",
        "```tsv\nname\tkg\tlegs\nfox\t2.5\t4\nhen\t\t2\n```",
    ],
)
def test_a_frame_is_made_of_any_table(text: str) -> None:
    """Rows or columns in JSON, a Markdown table, CSV: the same frame, its numbers typed, gaps missing."""
    frame = frame_of(text)
    assert [*frame.columns] == ["name", "kg", "legs"]
    assert [str(kind) for kind in frame.dtypes][1:] == ["Float64", "Int64"]
    assert frame["name"].tolist() == ["fox", "hen"]
    assert frame["kg"][0] == 2.5
    assert frame["kg"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("| a |\n|---|\n| 1,234 |\n| -5 |", [1234, -5]),
        ("| a |\n|---|\n| 1e3 |\n| 2.50 |", [1000.0, 2.5]),
        ("| a |\n|---|\n| 007 |\n| 8 |", ["007", "8"]),
        ("| a |\n|---|\n| $5 |\n| **bold** `c` |", ["$5", "bold c"]),
        ("| a |\n|---|", []),
        ('[{"a": "1"}, {"a": "2"}]', ["1", "2"]),
        ('[{"a": {"b": 1}}, {}]', [{"b": 1}, None]),
        ('{"a": true, "b": []}', [True]),
        ("| a | a | |\n|---|---|---|\n| 1 | 2 | 3 |", [1]),
    ],
)
def test_values_are_typed_as_they_were_meant(text: str, values: list[Any]) -> None:
    """What is written as a number is one, unless a zero leads it; what JSON calls text stays text."""
    column = frame_of(text)["a"].tolist()
    assert [str(value) for value in column] == [str(value) for value in values]


def test_rows_may_be_of_different_length() -> None:
    """What is missing is missing, and a column without a name or with another's gets one of its own."""
    frame = frame_of("```csv\na,a,\n1\n1,2,3,4\n```")
    assert [*frame.columns] == ["a", "a_1", "2"]
    assert frame.isna().to_numpy().tolist() == [[False, True, True], [False, False, False]]


def test_every_column_keeps_its_values() -> None:
    """A name that was made for a second column of the same name is not one that is there."""
    frame = frame_of("```csv\na,a_2,a\n1,2,3\n```")
    assert ([*frame.columns], frame.to_numpy().tolist()) == (["a", "a_2", "a_2_2"], [[1, 2, 3]])


def test_a_cell_of_csv_may_have_several_lines() -> None:
    """In quotes."""
    assert frame_of('```csv\na,b\n"one\ntwo",1\n```')["a"].tolist() == ["one\ntwo"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (json.dumps([{f"k{n}": 1} for n in range(100_000)]), "100,000 columns, 100,000 rows"),
        (json.dumps([[0] * 200_000, *[[]] * 200_000]), "200,000 columns, 200,001 rows"),
        (json.dumps({f"k{n}": 1 for n in range(501)}), "501 columns, 1 rows"),
        ("```csv\n" + "," * 100_000 + "\n" + "1,\n" * 50_000 + "```", "100,001 columns, 50,000 rows"),
    ],
    ids=["objects", "lists", "object", "csv"],
)
def test_a_table_that_is_too_large_is_not_made(text: str, size: str) -> None:
    """It could fill the memory, each row being as long as the longest; the answer is kept."""
    finished = said(text, "dataframe")
    assert str(finished.error).startswith(f"The table in the answer is too large: {size}. Ask for a table")
    assert isinstance(finished.value, Reply)


def test_a_cell_that_csv_cannot_hold_makes_no_table() -> None:
    """The answer is shown as its text, and kept."""
    finished = said(f"```csv\na\n{'x' * 140_000}\n```", "dataframe")
    assert str(finished.error).startswith("The answer holds no table")


@pytest.mark.parametrize("form", ["json", "dataframe"])
def test_what_is_drawn_stays_about_as_long_as_the_answer(form: Format) -> None:
    """Neither deep nesting nor a long name is repeated with every line."""
    deep = "[" * 99 + "1," * 50_000 + "1" + "]" * 99
    wide = json.dumps([{"k" * 100_000: n} for n in range(15)])
    text = deep if form == "json" else wide
    assert sum(map(len, said(text, form).bundle.values())) < 1_000_000


@pytest.mark.parametrize("text", ["Nothing.", "[1, 2]", "```python\na,b\n```"])
def test_no_table_is_an_error_that_keeps_the_answer(text: str) -> None:
    """What is no table makes no frame."""
    finished = said(text, "dataframe")
    assert str(finished.error).startswith("The answer holds no table: no JSON of rows, no Markdown table, no CSV. Ask")
    assert isinstance(finished.value, Reply)


def test_a_frame_is_drawn_by_its_beginning() -> None:
    """Thirty rows of twenty columns, and how many there are."""
    finished = said(json.dumps([{f"c{n}": row for n in range(25)} for row in range(100)]), "dataframe")
    page = finished.bundle["text/html"]
    assert (page.count("<tr>"), page.count("<th "), "100 rows, 25 columns" in page) == (31, 20, True)


def test_code_is_the_first_block() -> None:
    """Highlighted; nothing of what stands around it."""
    drawn = said(PYTHON, "code").bundle
    assert drawn["text/plain"] == "print('<b>')\n"
    assert "Here" not in drawn["text/html"]
    assert '<span style="color:' in drawn["text/html"]


def test_no_code_is_an_error_that_keeps_the_answer() -> None:
    """An answer in words holds nothing to insert."""
    assert str(said("Words.", "code").error).startswith("The answer holds no block of code. Ask for a fenced block")


@pytest.mark.parametrize(
    ("code", "inserted"),
    [
        (f"Client(api_key='{KEY}')", "Client(api_key='sk-…')"),
        ("a = 1 \u202e# hidden", "a = 1 ⟨U+202E⟩# hidden"),
        ("%%bash\nls", "%%bash\nls"),
    ],
)
def test_inserted_code_holds_no_key_and_nothing_hidden(code: str, inserted: str) -> None:
    """It goes into a cell that a person reads before running it."""
    assert formats.code_to_insert(Reply(text=f"```py\n{code}\n```")) == inserted


def test_half_an_answer_inserts_nothing() -> None:
    """What was interrupted may be half a line."""
    assert formats.code_to_insert(Reply(text="```py\nrm = 1\n```", complete=False)) is None


class _Frame(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.facts: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.facts = dict(attrs)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("<h1>Hi</h1>", "<h1>Hi</h1>"),
        ("Here:\n```html\n<p>'\"&amp;</p>\n```\nDone.", "<p>'\"&amp;</p>\n"),
        (
            '<LINK rel=preconnect href="//e"><base href=x><a-b>',
            '&lt;LINK rel=preconnect href="//e">&lt;base href=x><a-b>',
        ),
        ("<meta http-equiv=refresh content=0>", "&lt;meta http-equiv=refresh content=0>"),
    ],
)
def test_html_stands_in_a_frame_without_rights(text: str, body: str) -> None:
    """The first block of HTML, or all of it, behind a policy that lets nothing load; its source is folded under it."""
    drawn = said(text, "html").bundle
    frame = _Frame(drawn["text/html"])
    assert frame.facts["sandbox"] == ""
    assert (frame.facts["srcdoc"] or "").endswith(f'<base target="_blank">{body}')
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in (frame.facts["srcdoc"] or "")
    assert ">source</summary>" in drawn["text/html"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("payload", SOME, ids=range(len(SOME)))
def test_hostile_answers_stay_harmless_in_every_format(payload: str, form: Format) -> None:
    """As the text, as reasoning, and inside what the format looks for."""
    inside = {
        "json": json.dumps({payload: [payload]}),
        "dataframe": json.dumps([{payload: payload}]),
        "code": f"````{next(iter(payload[:20].split()), '')}\n{payload}\n````",
    }.get(form, payload)
    for text in (payload, inside):
        drawn = said(text, form, reasoning=payload).bundle
        assert set(drawn) == {"text/plain", "text/html"}
        assert faults(drawn["text/html"]) == []


_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@settings(max_examples=60)
@given(_values | st.lists(st.dictionaries(st.sampled_from("abc"), _leaves), min_size=1))
def test_no_answer_is_lost_to_its_format(value: object) -> None:
    """Whatever JSON comes, each format shows it or says that it cannot; nothing else is raised."""
    for form in FORMATS:
        finished = said(json.dumps(value), form)
        assert finished.bundle["text/html"]
        assert finished.error is None or finished.error.reply is finished.value


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"text": "", "refusal": "No."}, "refused: No."),
        ({"text": ""}, "The answer is empty."),
        ({"text": "half", "complete": False}, "interrupted: the answer is not whole"),
        (
            {"text": "", "finish_reason": "content_filter", "filters": Filters((), ("hate",))},
            "blocked by the safety layer",
        ),
    ],
)
def test_what_is_no_whole_answer_is_said_plainly(form: Format, change: dict[str, Any], shown: str) -> None:
    """Nothing is looked for in it, whatever the format."""
    finished = formats.finish(replace(Reply(text="x", finish_reason="stop"), **change), form)
    assert shown in finished.bundle["text/plain"]
    assert isinstance(finished.value, Reply)
    assert finished.error is None


def test_several_choices_are_each_shown_so() -> None:
    """The value is the first one's; a choice without what is looked for is shown as text."""
    finished = said("[1]", "json", others=(Choice("none"), Choice("[2]", index=2)))
    assert finished.value == [1]
    assert finished.bundle["text/plain"] == "choice 1 of 3\n[\n  1\n]\nchoice 2 of 3\nnone\nchoice 3 of 3\n[\n  2\n]"


def test_reasoning_is_folded_before_the_answer() -> None:
    """The plain form names it."""
    drawn = said("Yes.", "markdown", reasoning="*Hm.*").bundle
    assert drawn["text/plain"] == "reasoning: *Hm.*\n\nYes."
    assert re.sub(r' style="[^"]*"', "", drawn["text/html"]) == (
        "<div><details><summary>reasoning</summary><div><p><em>Hm.</em></p>\n</div></details><p>Yes.</p>\n</div>"
    )


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("markdown", Said("a", "hm")),
        ("text", Said("a", "hm", markdown=False)),
        ("html", Said("a", "hm", markdown=False)),
        ("json", Said("a", "hm", markdown=False, stays=False)),
        ("code", Said("a", "hm", markdown=False, stays=False)),
        ("dataframe", Said("a", "hm", markdown=False, stays=False)),
    ],
)
def test_while_it_comes_only_markdown_is_drawn(form: Format, shown: Said) -> None:
    """All else is text until it is whole; a terminal waits for what will look different."""
    assert formats.growing(Reply(text="a", reasoning="hm"), form) == shown


def test_an_unknown_format_is_named() -> None:
    """With the nearest one."""
    with pytest.raises(UnknownNameError, match=r"There is no format 'jsn'. Did you mean 'json'\?"):
        format_named("jsn")
