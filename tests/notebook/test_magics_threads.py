"""%skytells_threads and what stands under the answers of a thread, in a real kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, error_line, running_kernel
from tests.notebook.hostile import PAYLOADS, faults


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a folder for this kernel's files."""
    return tmp_path_factory.mktemp("threads")


@pytest.fixture(scope="module")
def kernel(place: Path, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Start a kernel with the extension loaded and the sandbox on."""
    with running_kernel(
        SKYTELLS_NB_SANDBOX=shared_sandbox.url, SKYTELLS_NB_LEDGER=str(place / "ledger.sqlite3")
    ) as running:
        assert running.run(f"%load_ext skytells_nb\n%skytells_sandbox\n%cd -q {place}").status == "ok"
        yield running


@pytest.fixture
def notebook(kernel: Kernel) -> Kernel:
    """Give the kernel with one thread of two turns."""
    kernel.run("%skytells_threads reset --all")
    kernel.run("%%skytells_chat gpt-5 -q --thread tutor\nREPEAT: A *language*.", cell_id="a")
    kernel.run("%%skytells_chat gpt-5 -q --thread tutor\nREPEAT: two", cell_id="b")
    return kernel


def test_an_answer_says_which_turns_went_along(notebook: Kernel) -> None:
    """Under the caption, as text and as HTML."""
    ran = notebook.run("%%skytells_chat --thread tutor\nREPEAT: three")
    assert ran.text.endswith("\nthread tutor: turn 3, 2 of 2 earlier turns sent")
    assert "thread tutor: turn 3, 2 of 2 earlier turns sent</div>" in ran.html
    notebook.run("%config SkytellsMagics.window = 0")
    ran = notebook.run("%%skytells_chat --thread tutor\nREPEAT: four")
    notebook.run("%config SkytellsMagics.window = 16000")
    assert ran.text.endswith("\nthread tutor: turn 4, 0 of 3 earlier turns sent")
    ran = notebook.run("%%skytells_chat --thread new\nREPEAT: one")
    assert ran.text.endswith("\nthread new: turn 1")


def test_an_answer_says_what_the_service_remembers(notebook: Kernel) -> None:
    """And that it had forgotten it, where it had."""
    notebook.run("%%skytells_chat -q --thread kept --api responses\nREPEAT: one")
    ran = notebook.run("%%skytells_chat --thread kept\nREPEAT: two")
    assert ran.text.endswith("\nthread kept: turn 2, 1 of 1 earlier turn remembered by the service")
    notebook.run(
        "from skytells_nb.notebook.session import current; from dataclasses import replace; book = current().threads\n"
        "book.add('kept', replace(book.find('kept')[0], response='resp_gone'), anew=True)"
    )
    ran = notebook.run("%%skytells_chat --thread kept\nREPEAT: two")
    assert (ran.status, len(ran.shown)) == ("ok", 1)
    assert ran.text.endswith(
        "\nthread kept: turn 2, 1 of 1 earlier turn sent · "
        "the service had forgotten the conversation, which was sent again"
    )


def test_a_stopped_answer_is_not_remembered(notebook: Kernel) -> None:
    """And says so under what had come."""
    words = " ".join(f"word{n}" for n in range(3000))
    ran = notebook.run(f"%%skytells_chat --thread tutor\nREPEAT: {words}", interrupt_after="word9")
    assert "KeyboardInterrupt" in ran.error
    assert ran.text.endswith(
        "\nthread tutor: turn 3, 2 of 2 earlier turns sent · this turn is not remembered: its answer is not whole"
    )
    assert "2 turns" in notebook.run("%skytells_threads show tutor").text


def test_a_refused_question_shows_no_note(notebook: Kernel) -> None:
    """Where no answer came, nothing is said about it but the error."""
    notebook.run("%skytells_budget 0.0000001 --unknown refuse")
    ran = notebook.run("%%skytells_chat --thread tutor\nREPEAT: three")
    notebook.run("%skytells_budget off")
    assert ran.error.startswith("OverBudgetError: ")
    assert "thread" not in ran.text


def test_the_threads_are_listed(notebook: Kernel) -> None:
    """A line each: how many turns and tokens, and how it was asked last."""
    notebook.run("%%skytells_chat -q --thread b --api responses\nREPEAT: <b>one</b>")
    ran = notebook.run("%skytells_threads -o threads")
    head, first, second = ran.text.splitlines()
    assert head.split() == ["thread", "turns", "tokens", "model", "api", "last", "question"]
    assert first.split()[:2] + first.split()[3:] == ["tutor", "2", "gpt-5", "chat", "REPEAT:", "two"]
    assert second.split()[3:] == ["deepbrain-router", "responses", "REPEAT:", "<b>one</b>"]
    assert "REPEAT: &lt;b&gt;one&lt;/b&gt;" in ran.html
    assert notebook.run("[row.name for row in threads.threads]").text == "['tutor', 'b']"


def test_without_threads_it_says_how_to_begin_one(notebook: Kernel) -> None:
    """A line, and no table."""
    assert notebook.run("%skytells_threads reset --all").text == "no threads; --thread NAME begins one"


def test_a_thread_is_shown_as_what_was_said(notebook: Kernel) -> None:
    """Turn by turn, with what went along; the answers as Markdown."""
    ran = notebook.run("%skytells_threads show tutor")
    head, _, about, question, _, answer, *_ = ran.text.splitlines()
    assert (head, question, answer) == ("thread tutor: 2 turns", "REPEAT: A *language*.", "A *language*.")
    assert about.startswith("turn 1 · gpt-5 · chat · 0 earlier turns went along · ")
    assert "turn 2 · gpt-5 · chat · 1 earlier turn went along · " in ran.text
    assert "<em>language</em>" in ran.html


def test_a_turn_says_that_what_it_followed_was_replaced(notebook: Kernel) -> None:
    """An answer that was given after a turn which is no longer there is marked."""
    notebook.run("%%skytells_chat -q --thread tutor\nREPEAT: one again", cell_id="a")
    ran = notebook.run("%skytells_threads show tutor")
    assert "turn 2 · gpt-5 · chat · 1 earlier turn went along, 1 replaced since · " in ran.text


def test_a_picture_is_named(notebook: Kernel) -> None:
    """It is not shown again, but stands where it was."""
    notebook.run(
        "import base64; from skytells_nb.notebook.conversing import chat\n"
        "gif = base64.b64decode('R0lGODlhAQABAAAAACwAAAAAAQABAAA=')\n"
        "chat(['What is this?', gif], thread='fox', quiet=True)"
    )
    assert "What is this?\n[picture]\n" in notebook.run("%skytells_threads show fox").text


def test_threads_are_renamed_forked_and_forgotten(notebook: Kernel) -> None:
    """Each shows what there is then."""
    names = "[row.name for row in _.threads], [row.turns for row in _.threads]"
    notebook.run("%skytells_threads rename tutor maths")
    assert notebook.run(names).text == "(['maths'], [2])"
    notebook.run("%skytells_threads fork maths aside --at 1")
    assert notebook.run(names).text == "(['maths', 'aside'], [2, 1])"
    notebook.run("%skytells_threads reset maths")
    assert notebook.run(names).text == "(['aside'], [1])"


def test_a_thread_goes_through_a_file(notebook: Kernel, place: Path, shared_sandbox: Sandbox) -> None:
    """Written, forgotten, read back: its cells replace their turns, and what follows is sent the same."""
    ran = notebook.run("%skytells_threads export tutor tutor.json -o path")
    assert (ran.stdout, ran.result) == ("Thread tutor is written to tutor.json.\n", None)
    notebook.run("%skytells_threads reset tutor")
    assert "tutor" in notebook.run("%skytells_threads import {{path}}").text
    notebook.run("%%skytells_chat -q --thread tutor\nREPEAT: two again", cell_id="b")
    said = [message["content"] for message in shared_sandbox.state.requests[-1].json["messages"]]
    assert said == ["REPEAT: A *language*.", "A *language*.", "REPEAT: two again"]
    assert "tutor2" in notebook.run("%skytells_threads import tutor.json tutor2").text
    assert notebook.run("%skytells_threads export tutor tutor.ipynb").status == "ok"
    assert len(json.loads((place / "tutor.ipynb").read_text())["cells"]) == 3
    (place / "mine.md").write_text("mine")
    assert "mine.md is there already" in notebook.run("%skytells_threads export tutor mine.md").error
    assert notebook.run("%skytells_threads export tutor mine.md --force").status == "ok"
    assert (place / "mine.md").read_text().startswith("# Thread tutor\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shwo tutor", "UnknownNameError: There is no verb 'shwo' of %skytells_threads. Did you mean 'show'?"),
        ("tutor", "InputError: tutor is a thread; what is to become of it? Write show tutor, or another verb."),
        ("show tutr", "UnknownNameError: There is no thread 'tutr'. Did you mean 'tutor'?"),
        ("show", "InputError: show does not go with what follows it. Write show NAME."),
        ("reset", "InputError: reset does not go with what follows it. Write reset NAME, or reset --all."),
        ("reset tutor --all", "InputError: reset does not go with what follows it."),
        ("rename tutor tutor", "InputError: There is a thread tutor already. Choose another name, or reset tutor fir"),
        (
            "fork tutor a --at 3",
            "InputError: Thread tutor has 2 turns: it cannot fork at 3. Give a number from 1 to 2.",
        ),
        ("show tutor --force", "InputError: --force belongs to export. Write %skytells_threads export NAME FILE."),
        ("export tutor t.txt", "InputError: 't.txt' ends in none of .md, .json, .ipynb. Name the file so."),
        ("import no.json", "InputError: no.json cannot be read: No such file or directory. Check its name."),
    ],
)
def test_what_cannot_be_done_is_one_line(notebook: Kernel, line: str, said: str) -> None:
    """With the nearest name, or what to write."""
    code = f"%skytells_threads {line}"
    assert error_line(notebook.run(code), code).startswith(said)


def test_no_hostile_text_gets_through(notebook: Kernel, place: Path) -> None:
    """A file from anybody: its questions, answers and models are shown as text."""
    turn = {"cell": None, "run": None, "sent": [], "response": "", "api": "chat"}
    turns = [turn | {"id": str(n), "question": bad, "answer": bad, "model": bad} for n, bad in enumerate(PAYLOADS)]
    (place / "bad.json").write_text(json.dumps({"skytells_thread": 1, "name": "bad", "turns": turns}))
    shown = [notebook.run("%skytells_threads import bad.json"), notebook.run("%skytells_threads show bad")]
    assert [faults(ran.html) for ran in shown] == [[], []]
