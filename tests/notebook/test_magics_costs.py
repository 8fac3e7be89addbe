"""The magics about costs, typed into a real kernel: meters, the record, pictures, exports and the status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import default_ledger, row_of
from skytells_nb.local import Sandbox
from skytells_nb.notebook.status import status
from tests.kernels import Kernel, error_line, running_kernel

SETTING_UP = """
import skytells_nb as sky
client = sky.Client()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a folder for this kernel's record, media and files."""
    return tmp_path_factory.mktemp("magics-costs")


@pytest.fixture(scope="module")
def notebook(place: Path, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the sandbox on."""
    environment = {
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
        "JPY_SESSION_NAME": str(place / "lesson.ipynb"),
    }
    with running_kernel(**environment) as kernel:
        for code in ("%load_ext skytells_nb", "%skytells_sandbox", SETTING_UP):
            assert kernel.run(code).status == "ok"
        yield kernel


def test_a_cell_is_metered(notebook: Kernel) -> None:
    """The cell runs as ever, in the notebook's names; its last expression is the result; then the meter is shown."""
    ran = notebook.run("%%skytells_meter\nreply = client.chat('REPEAT: one')\nprint('printed')\nreply.text.upper()")
    assert (ran.status, ran.stdout, ran.text.splitlines()[-1]) == ("ok", "printed\n", "'ONE'")
    (shown,) = ran.shown
    assert shown["text/plain"].startswith("metered for ")
    assert " 1 call in the sandbox, 9 tokens in, 1 out, 1 output, " in shown["text/plain"]
    assert "<code>deepbrain-router</code>" in shown["text/html"]
    assert notebook.run("reply.text").text == "'one'"


def test_the_meter_in_a_variable(notebook: Kernel) -> None:
    """-o gives the meter, already while the cell runs; -q shows none; alone, the magic shows the last one again."""
    ran = notebook.run("%%skytells_meter -q -o m\nclient.chat('REPEAT: a')\nm.calls, m.is_open")
    assert (ran.shown, ran.text) == ([], "(1, True)")
    assert notebook.run("m.calls, m.is_open, str(m.cost), len(m.frame())").text == "(1, False, '0.00000575', 1)"
    assert "1 call in the sandbox" in notebook.run("%skytells_meter").text


def test_a_semicolon_keeps_quiet(notebook: Kernel) -> None:
    """A semicolon at the end of the cell hides its value, as in any cell."""
    ran = notebook.run("%%skytells_meter -q\n6 * 7;")
    assert (ran.status, ran.result) == ("ok", None)


def test_magics_and_commands_inside(notebook: Kernel) -> None:
    """Other magics and ! work in a metered cell, a cell magic on its first line too, and what they call is counted."""
    ran = notebook.run(
        "%%skytells_meter -o m\n%skytells_predict truefusion -q prompt=fox\nwords = !echo shell\nwords[0]"
    )
    assert (ran.status, ran.text.splitlines()[-1]) == ("ok", "'shell'")
    assert notebook.run("m.rows[0]['api'], m.calls").text == "('prediction', 1)"
    ran = notebook.run("%%skytells_meter -o m\n%%skytells_chat\nREPEAT: nested")
    assert [bundle["text/plain"][:7] for bundle in ran.shown] == ["nested\n", "metered"]
    assert notebook.run("m.calls").text == "1"


def test_the_rows_know_the_cell(notebook: Kernel) -> None:
    """A metered call belongs to its cell, and to its notebook."""
    notebook.run("%%skytells_meter -q -o m\nclient.chat('REPEAT: one')", cell_id="cell-m")
    place = "m.rows[0]['notebook'], m.rows[0]['cell'], m.rows[0]['execution_count'] == len(In) - 2"
    assert notebook.run(place).text == "('lesson.ipynb', 'cell-m', True)"


def test_an_error_is_shown_once_with_its_own_lines(notebook: Kernel) -> None:
    """An exception leaves the cell once, its lines named as they stand, after the meter of what ran before it."""
    number = notebook.run("len(In)").text
    ran = notebook.run("%%skytells_meter\n\nclient.chat('REPEAT: one')\ndef fail():\n    return 1 / 0\nfail()")
    assert ran.status == "error"
    assert "1 call in the sandbox" in ran.text
    assert ran.error.count("division by zero") == 1
    plain = re.sub(r"\x1b\[[0-9;]*m", "", ran.error)
    assert re.findall(r"Cell In\[(\d+)\], line (\d)", plain) == [(number, line) for line in "165"]
    assert "-> 5     return 1 / 0" in plain
    assert "cell_body.py" not in plain


def test_our_errors_stay_one_line(notebook: Kernel) -> None:
    """An error of ours in a metered cell is the one line that it is elsewhere."""
    ran = notebook.run("%%skytells_meter -q\nclient.chat('hi', model='nope')")
    assert ran.error.startswith("UnknownNameError: There is no model 'nope'.")
    assert "\n" not in ran.error


def test_a_stopped_cell_shows_its_meter(notebook: Kernel) -> None:
    """Stop ends the cell, and the meter says what was begun."""
    words = " ".join(f"word{n}" for n in range(3000))
    ran = notebook.run(f"%%skytells_meter\n%%skytells_chat\nREPEAT: {words}", interrupt_after="word9")
    assert "KeyboardInterrupt" in ran.error
    assert "metered for" in ran.shown[-1]["text/plain"]


def test_async_calls_in_a_block(notebook: Kernel) -> None:
    """A cell that awaits counts its calls with the block in place of the magic."""
    code = "with sky.meter() as m:\n    replies = [await sky.AsyncClient().chat('REPEAT: x')]\nm.calls"
    assert notebook.run(code).text == "1"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "%%skytells_meter\nimport asyncio\nawait asyncio.sleep(0)",
            "InputError: %%skytells_meter cannot run a cell that awaits. Write `with sky.meter() as m:` around",
        ),
        (
            "%%skytells_meter",
            "InputError: There is nothing to run. Write the code on the lines below %%skytells_meter.",
        ),
        ("%%skytells_meter -o 1x\n1", "InputError: '1x' cannot be the name of a variable."),
        ("%skytells_meter 1 + 1", "InputError: %skytells_meter does not know what to do with '1'."),
        (
            "%skytells_usage --plot pie",
            "UnknownNameError: There is no picture 'pie'. Known: compare, latency, spend, tokens.",
        ),
        (
            "%skytells_usage --plot spend --by model",
            "InputError: --plot draws calls, and --by sums them up. Leave one of them out.",
        ),
        (
            "%skytells_usage --export x.csv --by model",
            "InputError: --export writes calls, and --by sums them up. Leave one of them out.",
        ),
        ("%skytells_usage --since soon", "InputError: 'soon' is no moment."),
        ("%skytells_usage --last fortnight", "InputError: 'fortnight' is not a span of time."),
        ("%skytells_usage --by model,dya", "UnknownNameError: There is no grouping 'dya'. Did you mean 'day'?"),
        ("%skytells_usage --export costs.xls", "InputError: "),
    ],
)
def test_mistakes_are_one_line(notebook: Kernel, code: str, said: str) -> None:
    """A mistake fails the cell with one line that says what to do."""
    ran = notebook.run(code)
    assert ran.status == "error"
    assert error_line(ran, code).startswith(said)


def test_nothing_metered_yet() -> None:
    """Before the first meter there is none to show again."""
    with running_kernel() as kernel:
        kernel.run("%load_ext skytells_nb")
        assert kernel.run("%skytells_meter").error == (
            "InputError: No cell was metered yet. Write %%skytells_meter, and the code on the lines below it."
        )


def test_nothing_runs_where_the_code_is_wrong(notebook: Kernel) -> None:
    """A cell that is no Python runs no line, and leaves the meter before it as it was."""
    notebook.run("%%skytells_meter -q -o m\n1")
    ran = notebook.run("%%skytells_meter -o wrong\nran = True\nx = = 2")
    assert "SyntaxError" in ran.error
    assert notebook.run("'ran' in globals(), 'wrong' in globals()").text == "(False, False)"


def test_the_cost_of_this_notebook_by_cell(notebook: Kernel) -> None:
    """--by cell --here gives a row for each cell of this notebook that called."""
    notebook.run("client.chat('REPEAT: one'); client.chat('REPEAT: two')", cell_id="cell-n")
    notebook.run("%skytells_usage --by cell --here -o cells")
    assert notebook.run("int(cells.calls['cell-n'])").text == "2"


def test_choices_go_to_the_frame(notebook: Kernel) -> None:
    """--since, --until, --tag, --model and --last choose the calls."""
    notebook.run("client.chat('REPEAT: one', tag='chosen')")
    notebook.run("%skytells_usage --tag chosen --model deepbrain-router --since 2026-01-01 --last 1d -o found")
    notebook.run("%skytells_usage --tag chosen --until 2026-01-01 -o none")
    assert notebook.run("len(found), len(none)").text == "(1, 0)"


def test_plot(notebook: Kernel) -> None:
    """--plot shows one picture of the chosen calls, and no frame; -o takes the frame."""
    ran = notebook.run("%skytells_usage --plot spend -o frame")
    assert (ran.status, ran.result, len(ran.shown)) == ("ok", None, 1)
    assert "image/png" in ran.shown[0]
    assert notebook.run("type(frame).__name__").text == "'DataFrame'"


def test_export(notebook: Kernel, place: Path) -> None:
    """--export writes the chosen calls, and says how many and where."""
    notebook.run("client.chat('REPEAT: one', tag='exported')")
    ran = notebook.run(f"%skytells_usage --tag exported --export {place}/costs.csv")
    assert (ran.stdout, ran.result) == (f"1 call written to {place}/costs.csv.\n", None)
    assert len((place / "costs.csv").read_text().splitlines()) == 2


def test_status_says_what_was_spent(place: Path, shared_sandbox: Sandbox, tmp_path: Path) -> None:
    """Status sums up this session and today, live and sandbox calls apart, and says where the record is."""
    ledger = tmp_path / "ledger.sqlite3"
    with running_kernel(SKYTELLS_NB_SANDBOX=shared_sandbox.url, SKYTELLS_NB_LEDGER=str(ledger)) as kernel:
        kernel.run("%load_ext skytells_nb")
        shown = kernel.run("%skytells_status").text
        assert "this session  0 calls: $0.00\n" in shown
        kernel.run("%skytells_sandbox")
        kernel.run("%skytells_predict -q truefusion-pro prompt=fox num_outputs=2")
        shown = kernel.run("%skytells_status").text
    assert "this session  in the sandbox 1 call: $0.08, had they been billed\n" in shown
    assert "today (UTC)   in the sandbox 1 call: $0.08, had they been billed\n" in shown
    assert f"record        {ledger}\n" in shown


def test_status_counts_rows_in_memory(shared_sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the record cannot be written, status says so, counts what is in memory, and how much of it that is."""
    (tmp_path / "file").write_text("")
    where = str(tmp_path / "file" / "ledger.sqlite3")
    with running_kernel(SKYTELLS_NB_SANDBOX=shared_sandbox.url, SKYTELLS_NB_LEDGER=where) as kernel:
        kernel.run("%load_ext skytells_nb\n%skytells_sandbox")
        kernel.run("%skytells_predict -q truefusion-pro prompt=fox")
        shown = kernel.run("%skytells_status").text
    assert "this session  in the sandbox 1 call: $0.04" in shown
    assert "; 1 row kept in this kernel's memory only\n" in shown


def test_status_takes_what_is_no_amount_for_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that another program has written stops nobody from reading the rest."""
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "ledger.sqlite3"))
    ledger = default_ledger()
    for name, cost in (("a", "free"), ("b", "0.25")):
        ledger.insert(row_of(Call(name, "chat", "POST /x", "m", datetime.now(UTC), "f")) | {"cost": cost})
    assert dict(status().rows)["this session"] == "2 calls: $0.25, 1 of unknown cost"
    ledger.close()
