"""Threads as files: for people, for a notebook, and to be read back."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from skytells_nb.errors import InputError
from skytells_nb.notebook.magics.interpolate import expand
from skytells_nb.notebook.threads import as_json, as_markdown, as_notebook, files
from skytells_nb.notebook.threads.turns import APIS, Asker, Thread, Turn
from tests.notebook.hostile import PAYLOADS, faults

FOX = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
ASKED = ({"type": "text", "text": "What is it?"}, FOX)
TUTOR: Thread = (
    Turn("What is **Python**?", "A *language*.", Asker("cell-1", 3), "a1", (), "gpt-5", "chat", "", 12, 5),
    Turn(ASKED, "A fox.", Asker("cell-2", 4), "a2", ("a1",), "gpt-5", "responses", "resp_2", 1030, 3),
)

counts = st.none() | st.integers(0, 10**9)
parts = st.lists(st.builds(lambda text: {"type": "text", "text": text}, st.text()) | st.just(FOX), min_size=1)
turns = st.builds(
    Turn,
    question=st.text() | parts.map(tuple),
    answer=st.text(),
    asker=st.builds(Asker, st.none() | st.text(), counts),
    id=st.text(),
    sent=st.lists(st.text()).map(tuple),
    model=st.text(),
    api=st.sampled_from(APIS),
    response=st.text(),
    question_tokens=counts,
    answer_tokens=counts,
)


@settings(max_examples=50)
@given(st.lists(turns, max_size=3).map(tuple))
def test_what_was_written_as_json_is_read_back(thread: Thread) -> None:
    """The same name and the same turns, pictures and all."""
    assert as_json.read(as_json.write("tutor", thread)) == ("tutor", thread)


def test_json_is_for_other_programs_too() -> None:
    """A file says what it is, in which version, and has a plain object for each turn."""
    written = json.loads(as_json.write("tutor", TUTOR))
    assert (written["skytells_thread"], written["name"], len(written["turns"])) == (1, "tutor", 2)
    assert written["turns"][1] == {
        "id": "a2",
        "question": [{"type": "text", "text": "What is it?"}, FOX],
        "answer": "A fox.",
        "model": "gpt-5",
        "api": "responses",
        "cell": "cell-2",
        "run": 4,
        "sent": ["a1"],
        "response": "resp_2",
        "question_tokens": 1030,
        "answer_tokens": 3,
    }


def test_half_a_character_can_be_written() -> None:
    """What is no whole character becomes JSON's own escape, and comes back."""
    thread = (Turn("\ud800 ሰላም", "A"),)
    written = as_json.write("tutor", thread)
    assert "\\ud800 ሰላም" in written
    assert as_json.read(written) == ("tutor", thread)


def test_no_key_is_written() -> None:
    """What looks like a key is left out of every form, wherever it stood."""
    key = "sk-abcdef123456"
    thread = (Turn(f"Is {key} mine?", f"{key}!", model=key), Turn(({"type": "text", "text": key},), "No."))
    for write in (as_json.write, as_markdown.write, as_notebook.write):
        assert "abcdef" not in write("tutor", thread)


def changed(**given: Any) -> str:
    """Write a file of one turn, some of whose fields are others."""
    document = json.loads(as_json.write("tutor", TUTOR[:1]))
    return json.dumps(document | {"turns": [document["turns"][0] | given]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The file is no JSON: "),
        ("[" * 100_000, "The file is no JSON: "),
        ("[]", "The file holds no thread. Give a .json that %skytells_threads export wrote; nothing was taken in."),
        ('{"skytells_thread": 2}', "The file is of version 2, and this package reads 1. Read it with a newer"),
        ('{"skytells_thread": 1, "name": 3}', "The file's name must be a text, not 3."),
        ('{"skytells_thread": 1, "name": "../a"}', "'../a' cannot be the name of a thread."),
        ('{"skytells_thread": 1, "name": "a"}', "The file's turns must be a list, not null."),
        ('{"skytells_thread": 1, "name": "a", "turns": [3]}', "The file's turns[0] must be an object, not 3."),
        (changed(answer=None), "The file's turns[0].answer must be a text, not null."),
        (changed(api="soap"), 'The file\'s turns[0].api must be chat or responses, not "soap".'),
        (changed(sent="a1"), 'The file\'s turns[0].sent must be a list of texts, not "a1".'),
        (changed(run=True), "The file's turns[0].run must be a whole number of at least 0, not true."),
        (changed(answer_tokens=-1), "The file's turns[0].answer_tokens must be a whole number of at least 0, not -1."),
        (changed(question=[]), "The file's turns[0].question must be a text or a list of texts and pictures, not []."),
        *(
            (changed(question=[part]), "The file's turns[0].question must be a text or a list of texts and pictures")
            for part in (
                "text",
                {"type": "file", "file": {"path": "/etc/passwd"}},
                {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
                {"type": "image_url", "image_url": "https://example.org/a.png"},
            )
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_its_place(text: str, said: str) -> None:
    """What anybody may have written is checked, field by field."""
    with pytest.raises(InputError) as caught:
        as_json.read(text)
    assert str(caught.value).startswith(said)


def test_names_of_later_versions_are_passed_over() -> None:
    """A field that is not known here does no harm."""
    assert as_json.read(changed(mood="good"))[1] == TUTOR[:1]


def test_markdown_is_for_people() -> None:
    """Turn by turn, question and answer as quotations, in their own Markdown; a picture is named."""
    assert as_markdown.write("tutor", TUTOR) == (
        "# Thread tutor\n\n"
        "## Turn 1\n\n> What is **Python**?\n\nAnswer by ` gpt-5 `:\n\n> A *language*.\n\n"
        "## Turn 2\n\n> What is it?\n> [picture]\n\nAnswer by ` gpt-5 `:\n\n> A fox.\n"
    )


def test_an_open_block_of_code_does_not_swallow_the_next_turn() -> None:
    """A quotation ends what was left open in it."""
    thread = (Turn("Code?", "```python\nprint(1)"), Turn("And then?", "Nothing."))
    html = MarkdownIt().render(as_markdown.write("tutor", thread))
    assert "<h2>Turn 2</h2>" in html
    assert "<p>And then?</p>" in html


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ("a <b>word</b>", "> ```text\n> a <b>word</b>\n> ```"),
        ("![](https://example.org/a.png)", "> ```text\n> ![](https://example.org/a.png)\n> ```"),
        ("```\n<i>\n```\n<b>", "> ````text\n> ```\n> <i>\n> ```\n> <b>\n> ````"),
        ("```html\n<b>\n```", "> ```html\n> <b>\n> ```"),
        ("`<b>` and [a](https://b.org)", "> ```text\n> `<b>` and [a](https://b.org)\n> ```"),
    ],
)
def test_what_a_viewer_might_run_or_load_is_code(answer: str, written: str) -> None:
    """It stands as it was typed, in a block of code; what is harmless stays Markdown."""
    assert as_markdown.write("tutor", (Turn("?", answer),)).endswith(f"Answer:\n\n{written}\n")


@pytest.mark.parametrize(
    "text",
    [
        "Use the `<b>` tag, or `![`.",
        "# A\n\n- *b*\n- `c`\n\n1 < 2, a<=b, `x`\n\n~~~\n<b>\n~~~\n\n[a](https://b.org 'c')",
        "<https://example.org/a>",
        "[a]\n\n[a]: https://example.org",
        "| a | `b` |\n|---|---|\n| AT&T | $x < y$ |",
    ],
)
def test_plain_markdown_is_harmless(text: str) -> None:
    """Most answers are, code and links among them."""
    assert as_markdown.is_harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:b)",
        "[a]( javascript:b)",
        "[a](\njavascript:b)",
        "[a]:\njavascript:b",
        "[a]:  javascript:b",
        "&#106;",
        "```python title\n```\n<b>",
        "```\n ```\n<b>",
        "```{=html}\n<b>\n```",
        "```python\n<b>",
        "> ```\n<b>\n```",
        "``` `\n<b>\n```",
        "`\n<b>`",
        "`` ` `` <b> `",
        "\\` <b> `",
        "|`|<b>|`|",
        "<https://a`> <b> ` `c `",
        "[a](https://b`) <b> `",
        "[a](https://b\n'`') <b> `",
        "[a]: https://b\n'`' <b> `",
        "- " * 30 + "<b>",
        "[" * 30 + "a" + "]" * 30 + "(javascript:b)",
        r"$\href{javascript:b}{a}$",
        r"\[\style{position:fixed}{a}\]",
    ],
)
def test_what_leaves_a_doubt_is_not_harmless(text: str) -> None:
    """Code that is none to some reader hides nothing."""
    assert not as_markdown.is_harmless(text)


def in_any_viewer(text: str) -> str:
    """Render Markdown as a program would that lets everything through."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda _: True
    return str(parser.render(text))


PIECES = [*"`~\\|[]()!:; 'h", "\n", "```", "\n```\n", "](https://a", "<https://a", "<b>", "&lt;"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_what_is_called_harmless_is(text: str) -> None:
    """Rendered by a program that lets everything through, with tables too, it holds only plain tags."""
    html = in_any_viewer(text) if as_markdown.is_harmless(text) else ""
    assert {*faults(html)} <= {"a link in this tab", "attribute code.class"}


def test_no_hostile_text_gets_through_markdown() -> None:
    """Shown without any care, the file holds only plain tags, whatever was asked, answered, or claimed as a model."""
    for bad in PAYLOADS:
        places = ("", "\t", "`", "- x\n\n\t") if len(bad) < 1000 else ("",)
        thread = tuple(Turn("?", f"{place}{bad}", model=bad) for place in places)
        html = in_any_viewer(as_markdown.write("tutor", (*thread, Turn("[x]", "[x]"))))
        assert {*faults(html)} <= {"a link in this tab", "attribute code.class"}, bad
        assert f"<h2>Turn {len(thread) + 1}</h2>" in html, bad


def test_a_notebook_holds_what_the_notebook_would() -> None:
    """A cell for each turn, which asks its question, with the answer as text and as safe HTML."""
    document = nbformat.reads(as_notebook.write("tutor", TUTOR), as_version=4)
    nbformat.validate(document)
    assert [cell.source for cell in document.cells] == [
        "%load_ext skytells_nb",
        "%%skytells_chat gpt-5 --thread tutor\nWhat is **Python**?",
        "%%skytells_chat gpt-5 --thread tutor --api responses\nWhat is it?\n[picture]",
    ]
    assert {cell.cell_type for cell in document.cells} == {"code"}
    output = document.cells[1].outputs[0]
    assert (output.output_type, {*output.data}) == ("display_data", {"text/plain", "text/html"})
    assert output.data["text/plain"] == "A *language*."
    assert "<em>language</em>" in output.data["text/html"]


def test_no_hostile_text_gets_through_a_notebook() -> None:
    """Whatever was asked, answered, or claimed as a model, the saved HTML holds only what may be there."""
    document = json.loads(as_notebook.write("tutor", tuple(Turn(bad, bad, model=bad) for bad in PAYLOADS)))
    for bad, cell in zip(PAYLOADS, document["cells"][1:], strict=True):
        assert faults(cell["outputs"][0]["data"]["text/html"]) == [], cell["source"]
        model = "toString " if bad == "toString" else ""  # the one that may be a name
        assert cell["source"].startswith(f"%%skytells_chat {model}--thread tutor\n")


def nothing(expression: str, names: Any) -> str:
    """Evaluate nothing."""
    raise AssertionError(f"{expression} was evaluated")


@given(st.text(st.sampled_from("{}\\ a\n\"'")))
def test_a_cell_of_a_notebook_asks_what_was_asked(question: str) -> None:
    """Braces and backslashes come through the magic as they were, and nothing in them is evaluated."""
    document = json.loads(as_notebook.write("tutor", (Turn(question, "A"),)))
    line, _, body = document["cells"][1]["source"].partition("\n")
    assert (line, expand(body, {}, nothing)) == ("%%skytells_chat --thread tutor", question)


@pytest.mark.parametrize("model", ["{{run()}}", "x\n!ls", "x --system y", "-o x", 'x"', "$(ls)"])
def test_a_model_s_name_is_no_code(model: str) -> None:
    """A name that is no plain word is not written into the line of a cell."""
    document = json.loads(as_notebook.write("tutor", (Turn("Hi", "A", model=model),)))
    assert document["cells"][1]["source"] == "%%skytells_chat --thread tutor\nHi"


@pytest.mark.parametrize(
    ("ending", "write"), [("md", as_markdown.write), ("JSON", as_json.write), ("ipynb", as_notebook.write)]
)
def test_the_name_s_ending_says_the_form(tmp_path: Path, ending: str, write: Callable[[str, Thread], str]) -> None:
    """The file is written whole, and nothing else is left in the folder."""
    file = files.export("tutor", TUTOR, str(tmp_path / f"t.{ending}"))
    assert file.read_text(encoding="utf-8") == write("tutor", TUTOR)
    assert [*tmp_path.iterdir()] == [file]


def test_no_file_is_written_over_unasked(tmp_path: Path) -> None:
    """What is there stays, unless it is to be written over."""
    file = tmp_path / "t.json"
    file.write_text("mine")
    with pytest.raises(InputError, match=re.escape("t.json is there already. Give another name, or --force.")):
        files.export("tutor", TUTOR, str(file))
    assert file.read_text() == "mine"
    files.export("tutor", TUTOR, str(file), overwrite=True)
    assert files.load(str(file)) == ("tutor", TUTOR)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            lambda at: files.export("t", TUTOR, f"{at}/t.pdf"),
            "t.pdf' ends in none of .md, .json, .ipynb. Name the file",
        ),
        (lambda at: files.export("t", TUTOR, f"{at}/no/t.md"), "t.md cannot be written: No such file or directory. Ch"),
        (lambda at: files.load(f"{at}/no.json"), "no.json cannot be read: No such file or directory. Check its name."),
        (lambda at: files.load(str(at)), " cannot be read: Is a directory."),
        (lambda at: files.load(f"{at}/latin.json"), "latin.json is no text. Give a .json file that export wrote."),
        (lambda at: files.load(f"{at}/pipe"), "pipe cannot be read: no plain file. Check its name."),
        (lambda at: files.load(f"{at}/a\0.json"), "a.json' names no file."),
        (lambda at: files.export("t", TUTOR, f"{at}/a\0.json"), "a.json' names no file."),
        (lambda _: files.load("~nobody-here/a.json"), "'~nobody-here/a.json' names an unknown home."),
    ],
)
def test_files_that_cannot_be_had_are_named(tmp_path: Path, act: Callable[[Path], object], said: str) -> None:
    """With what to do."""
    (tmp_path / "latin.json").write_bytes(b"\xff")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=re.escape(said)):
        act(tmp_path)


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has a limit."""
    monkeypatch.setattr(files, "LARGEST", 1024**2)
    (tmp_path / "t.json").write_bytes(b" " * (1024**2 + 1))
    with pytest.raises(InputError, match=r"has more than 1 MB\. No thread is so long\."):
        files.load(str(tmp_path / "t.json"))
