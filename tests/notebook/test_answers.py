"""An answer in a cell: when it is painted while it streams, what lasts of it, and what each -f gives back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter

import skytells_nb
from skytells_nb.local import Sandbox
from tests.canned import KEY, Asked, Service, Streamed, serving
from tests.kernels import Kernel, running_kernel

ROOT = str(Path(skytells_nb.__file__).parents[1])
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
TABLE = "Two:\n\n| name | legs |\n|---|---|\n| fox | 4 |\n| hen | 2 |"
CODE = f"Here:\n\n```python\nkey = '{'sk-' + 'a1b2c3d4' * 4}'\n1 / 0\n```"


def piece(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """Write a chunk of an answer."""
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-1", "model": "gpt-5", "choices": choices}


class Held:
    """Events that come after `gap` seconds each; notes when each was sent."""

    def __init__(self, *events: object, gap: float) -> None:
        self.events, self.gap = events, gap
        self.sent: list[float] = []

    def __iter__(self) -> Iterator[object]:
        for event in self.events:
            time.sleep(self.gap)
            self.sent.append(time.monotonic())
            yield event

    def __getitem__(self, at: int) -> object:
        return self.events[at]

    def __len__(self) -> int:
        return len(self.events)


END = (piece("stop"), {"choices": [], "usage": USAGE}, "[DONE]")
SLOW = Held(piece(content="**First** "), piece(content="words."), *END, gap=0.15)
FAST = (*(piece(content=f"word{n} ") for n in range(4_000)), *END)
THINKING = Held(piece(reasoning_content="*Hm.* "), piece(content="Yes."), *END, gap=0.15)
KEYED = (piece(content=CODE), *END)
CUT = (piece(content="Half an "), piece(content="answer"))


def respond(asked: Asked) -> object:
    """Answer what the question names."""
    question = asked.body["messages"][-1]["content"]
    told = {"slow": SLOW, "fast": FAST, "thinking": THINKING, "cut": CUT, "code": KEYED}.get(question)
    return Streamed(told if told is not None else (piece(content=question), *END))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Run a service that answers as the tests of this file need."""
    with serving(respond) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the service's address."""
    record = tmp_path_factory.mktemp("answers") / "ledger.sqlite3"
    environment = {"SKYTELLS_API_KEY": KEY, "SKYTELLS_BASE_URL": service.url, "SKYTELLS_NB_LEDGER": str(record)}
    with running_kernel(**environment, PYTHONPATH=ROOT) as kernel:
        assert kernel.run("%load_ext skytells_nb").status == "ok"
        kernel.run("%%skytells_chat\nwarm up")
        yield kernel


def test_waiting_is_seen_at_once_and_the_first_words_within_a_tenth_of_a_second(notebook: Kernel) -> None:
    """A sign comes before anything was sent; the first words, drawn, at most 100 ms after they were sent."""
    late = []
    for _ in range(3):
        SLOW.sent.clear()
        ran = notebook.run("%%skytells_chat\nslow")
        assert ran.painted[0]["text/plain"] == "…"
        assert ran.times[0] < SLOW.sent[0]
        assert "<strong>First</strong>" in ran.painted[1]["text/html"]
        late.append(ran.times[1] - SLOW.sent[0])
    assert min(late) <= 0.1


def test_a_flood_of_words_is_a_trickle_of_messages(notebook: Kernel) -> None:
    """However fast they come: at most 25 messages in any second, and the last holds everything and the caption."""
    ran = notebook.run("%%skytells_chat\nfast")
    assert max(sum(1 for at in ran.times if begun <= at < begun + 1) for begun in ran.times) <= 25
    assert (len(ran.shown), ran.result) == (1, None)
    assert re.search(r"word3999 \nasked deepbrain-router, answered gpt-5 · [\d.]+ s · .*9 tokens in, 2 out", ran.text)


def test_thoughts_are_open_until_the_answer_begins(notebook: Kernel) -> None:
    """Then they are folded, and stay so."""
    ran = notebook.run("%%skytells_chat\nthinking")
    folds = [re.findall(r"<details( open)?>", drawn["text/html"]) for drawn in ran.painted]
    assert folds[:2] == [[], [" open"]]
    assert set(map(tuple, folds[2:])) == {("",)}
    assert ran.text.startswith("reasoning: *Hm.*\n\nYes.\n")
    assert notebook.run("_.text, _.reasoning").text == "('Yes.', '*Hm.* ')"


def test_a_broken_answer_stays_and_says_so(notebook: Kernel) -> None:
    """What had come is on the screen, marked; the error is one line."""
    ran = notebook.run("%%skytells_chat\ncut")
    assert ran.text.startswith("Half an answer\n")
    assert ran.text.endswith("interrupted: the answer is not whole")
    assert ran.error.startswith("BrokenStreamError: The answer broke off after 14 characters, without an end mark.")


def test_json_gives_what_was_parsed(notebook: Kernel) -> None:
    """It is shown once, as a tree; -o and _ are the value itself."""
    ran = notebook.run('%%skytells_chat -f json -o data\nSo: {"a": [1, null]}')
    assert (len(ran.shown), ran.result) == (1, None)
    assert "<details open>" in ran.html
    assert notebook.run("data, _ is data").text == "({'a': [1, None]}, True)"


def test_dataframe_gives_one(notebook: Kernel) -> None:
    """It is shown once; another frame, in the same cell and after, is shown as always."""
    ran = notebook.run(f"%%skytells_chat -f dataframe -o animals\n{TABLE}")
    assert (len(ran.shown), ran.result) == (1, None)
    assert "2 rows, 2 columns" in ran.text
    assert notebook.run("int(animals.legs.sum()), animals.dtypes.legs").text == "(6, Int64Dtype())"
    again = notebook.run("get_ipython().run_cell_magic('skytells_chat', '-f dataframe', '''" + TABLE + "''')[:1]")
    assert again.result is not None
    assert "dataframe" in again.result["text/html"]
    assert "dataframe" in notebook.run("animals").result["text/html"]  # type: ignore[index]


def test_what_is_not_in_the_answer_is_an_error_that_keeps_it(notebook: Kernel) -> None:
    """The answer is shown and can be had, and its thread has the turn: it was paid for."""
    ran = notebook.run("%%skytells_chat -f json --thread t\nOnly words.")
    assert ran.error == (
        "UnreadableAnswerError: The answer holds no JSON. Ask for it in the prompt. "
        "The answer is kept: sys.last_value.reply."
    )
    assert "Only words." in ran.text
    assert notebook.run("import sys; sys.last_value.reply.text").text == "'Only words.'"
    notebook.run("%%skytells_chat -q --thread t\nAgain.")
    assert notebook.run("len(_.asked)").text == "3"


def test_insert_makes_a_cell_and_runs_nothing(notebook: Kernel) -> None:
    """The first block, without the key in it; it is on the screen too, for front ends that make no cells."""
    ran = notebook.run("%%skytells_chat --insert\ncode")
    assert ran.payload == [{"source": "set_next_input", "text": "key = 'sk-…'\n1 / 0", "replace": False}]
    assert (ran.status, ran.stdout) == ("ok", "The code is put into a new cell. It was not run.\n")
    assert "1 / 0" in ran.text
    assert "Here" not in ran.text


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("-f jsn", "UnknownNameError: There is no format 'jsn'. Did you mean 'json'?"),
        (
            "-f html --insert",
            "InputError: --insert inserts code, and the answer is shown as html. Write -f code, or just --insert.",
        ),
        ("format=json", "InputError: format is no parameter here. Write --format."),
    ],
)
def test_a_wrong_format_is_named_before_anything_is_asked(
    notebook: Kernel, service: Service, line: str, error: str
) -> None:
    """Nothing is sent."""
    asked = len(service.asked)
    assert notebook.run(f"%%skytells_chat {line}\nhello").error.partition("\n")[0] == error
    assert len(service.asked) == asked


def test_a_preferred_format_holds_until_another_is_said(notebook: Kernel) -> None:
    """`%config` sets it, -f overrules it."""
    notebook.run('%config SkytellsMagics.format = "text"')
    drawn = [notebook.run(f"%%skytells_chat {line}\n**a**").html for line in ("", "-f markdown")]
    notebook.run('%config SkytellsMagics.format = "markdown"')
    assert ["<strong>a</strong>" in page for page in drawn] == [False, True]


def test_a_terminal_prints_everything_once(shared_sandbox: Sandbox, tmp_path: Path) -> None:
    """Plain text as it comes, its caption behind it; what looks different in the end is printed in the end."""
    questions = (("", "THINK REPEAT: one **two**"), ("-f json", 'REPEAT: {"a": 1}'), ("n=2", "REPEAT: three"))
    lines = ["%load_ext skytells_nb", "%skytells_sandbox"]
    lines += [f"_ = get_ipython().run_cell_magic('skytells_chat', {line!r}, {body!r})" for line, body in questions]
    (tmp_path / "lines.ipy").write_text("\n".join(lines))
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "lines.ipy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={
            **os.environ,
            "PYTHONPATH": ROOT,
            "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
            "SKYTELLS_NB_LEDGER": str(tmp_path / "ledger.sqlite3"),
        },
    )
    printed = re.sub(r"(?m)^deepbrain-router · .*$", "CAPTION", ran.stdout[ran.stdout.index("reasoning: ") :])
    thought = "reasoning: The question is about “think”"
    assert printed.startswith(thought)
    assert printed.count(thought) == 1
    _, _, answers = printed.partition("(Sandbox: nothing was thought.)\n\n")
    assert answers == (
        'one **two**\nCAPTION\n{\n  "a": 1\n}\nCAPTION\nchoice 1 of 2\nthree\nchoice 2 of 2\nthree\nCAPTION\n'
    )


def test_a_run_without_a_front_end_keeps_the_last_painting(shared_sandbox: Sandbox, tmp_path: Path) -> None:
    """What nbclient saves is one static output, and nbconvert writes it on its page, colours and all."""
    ask = "%%skytells_chat\nREPEAT: A **word**.[^1]\n\n```python\nx = 1\n```\n\n[^1]: A note."
    cells = [nbformat.v4.new_code_cell(source) for source in ("%load_ext skytells_nb\n%skytells_sandbox", ask)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    environment = {
        **os.environ,
        "PYTHONPATH": ROOT,
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(tmp_path / "ledger.sqlite3"),
    }
    nbclient.NotebookClient(notebook, timeout=60).execute(env=environment)
    (output,) = notebook.cells[1].outputs
    assert set(output["data"]) == {"text/plain", "text/html"}
    assert "…" not in output["data"]["text/html"]
    page, _ = HTMLExporter().from_notebook_node(notebook)
    for part in ("<strong>word</strong>", "1</sup> A note.", '<span style="color:#b8692a">1</span>'):
        assert part in page
