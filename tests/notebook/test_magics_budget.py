"""Budgets in a real kernel: the magic, the question whether a call may go, and what is shown of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel

NO_QUOTE = """
from dataclasses import replace
class Unquoted:
    "Takes the price off each call, as where the catalogue was not read."
    def before(self, call): budget.before(replace(call, quoted=None, quoted_low=None))
    def after(self, call): budget.after(call)
from skytells_nb.costs import budget
import skytells_nb as sky
client = sky.Client(observers=[Unquoted()])
"""

QUESTION = (
    "What gpt-5 will cost is unknown; $2.00 is left of the budget. Send it? [y]es, [a]lways for this model, [n]o: "
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded, the sandbox on, and a client whose calls have no known price."""
    place = tmp_path_factory.mktemp("magics-budget")
    environment = {
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
    }
    with running_kernel(**environment) as running:
        for code in ("%load_ext skytells_nb", "%skytells_sandbox", NO_QUOTE):
            assert running.run(code).status == "ok"
        yield running


@pytest.fixture
def notebook(kernel: Kernel) -> Iterator[Kernel]:
    """Yield the kernel, and end the budgets."""
    yield kernel
    assert kernel.run("from skytells_nb.costs.budgets import standing\nstanding.session.clear()").status == "ok"


def answering(notebook: Kernel, code: str, *answers: str) -> tuple[str, str, list[str]]:
    """Run a cell where a person answers; gives its status, what it printed or raised, and what was asked."""
    asked: list[str] = []
    said: list[str] = []
    waiting = iter(answers)

    def told(message: dict[str, Any]) -> None:
        asked.append(message["content"]["prompt"])
        notebook.client.input(next(waiting))

    def shown(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(content.get("text") or content.get("evalue") or content.get("data", {}).get("text/plain", ""))

    reply = notebook.client.execute_interactive(
        code, allow_stdin=True, stdin_hook=told, output_hook=shown, timeout=60, stop_on_error=False
    )
    return reply["content"]["status"], "".join(said), asked


def sent(sandbox: Sandbox) -> int:
    """Count what was posted to the sandbox."""
    return sum(request.method == "POST" for request in sandbox.state.requests)


def test_the_magic_sets_one_and_shows_it(notebook: Kernel) -> None:
    """Rules and all; alone it shows what holds, `off` ends it."""
    said = notebook.run("%skytells_budget 2.00 --per-call 0.05 --unknown refuse").text
    assert said == ("<Budget $2.00 in the sandbox: $0.00 spent, $0.00 reserved, $2.00 left, at most $0.05 a call>")
    assert notebook.run("%skytells_budget").text == said
    ran = notebook.run("%skytells_predict truefusion-pro prompt=fox num_outputs=2")
    assert ran.error.startswith("OverBudgetError: $0.08 is over the $0.05 that the budget allows a call.")
    assert notebook.run("%skytells_budget off").text == "no budget holds in the sandbox"


def test_several_are_shown_together(notebook: Kernel) -> None:
    """Of a tag, of a name, and the session's own; each is ended by what it was set by."""
    for line in ("1 --tag class", "3 --name lesson --fresh -o kept", "2"):
        assert notebook.run(f"%skytells_budget {line}").status == "ok"
    assert notebook.run("%skytells_budget").text.splitlines() == [
        "<Budget $1.00 tag='class' in the sandbox: $0.00 spent, $0.00 reserved, $1.00 left>",
        "<Budget $3.00 name='lesson' in the sandbox: $0.00 spent, $0.00 reserved, $3.00 left>",
        "<Budget $2.00 in the sandbox: $0.00 spent, $0.00 reserved, $2.00 left>",
    ]
    assert notebook.run("kept.limit").text == "Decimal('3')"
    assert notebook.run("%skytells_budget --tag class").text.startswith("<Budget $1.00 tag='class'")
    assert notebook.run("%skytells_budget --tag other").text == "no budget holds in the sandbox"
    left = notebook.run("%skytells_budget off --tag class").text.splitlines()
    assert [line.split(":")[0] for line in left] == [
        "<Budget $3.00 name='lesson' in the sandbox",
        "<Budget $2.00 in the sandbox",
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("$2", "InputError: limit='$2' is no amount of money. Write USD, such as \"2.00\"."),
        ("--per-call 1", 'InputError: Nothing was set: a budget needs a limit. Write sky.budget("2.00"'),
        ("off --fresh", 'InputError: Nothing was set: a budget needs a limit. Write sky.budget("2.00"'),
        ("2 --unknown maybe", 'InputError: unknown=\'maybe\' is no policy. Use "allow", "ask" or "refuse".'),
        ("--name nobody", "UnknownNameError: There is no budget 'nobody'."),
        ("2 3", "InputError: %skytells_budget does not know what to do with '3'."),
    ],
)
def test_what_it_does_not_understand_is_said(notebook: Kernel, line: str, error: str) -> None:
    """One line under the cell, and nothing is set."""
    assert notebook.run(f"%skytells_budget {line}").error.startswith(error)
    assert notebook.run("sky.budget()").text == ""


def test_the_page_shows_what_is_taken(notebook: Kernel) -> None:
    """A table with a bar, whose figures are told to screen readers; a dollar sign makes no formula."""
    notebook.run("%skytells_budget 0.10")
    notebook.run("job = sky.Client().predict('truefusion-pro', {'prompt': 'fox'})")
    page = notebook.run("%skytells_budget").html
    assert "<span>$</span>0.04" in page
    assert 'aria-label="40 % spent, 0 % reserved"' in page
    assert "<Budget" not in page


def test_the_status_names_the_budgets(notebook: Kernel) -> None:
    """How much of each is spent, in a line of %skytells_status."""
    notebook.run("%skytells_budget 2")
    assert "budget of $2.00: $0.00 spent" in notebook.run("%skytells_status").text


def test_a_yes_sends_the_call(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """The person is asked in the cell, until an answer is understood."""
    notebook.run("%skytells_budget 2 --unknown ask")
    before = sent(shared_sandbox)
    status, said, asked = answering(notebook, 'client.chat("REPEAT: fine", model="gpt-5").text', "well", "y")
    assert (status, said) == ("ok", "'fine'")
    assert asked == [QUESTION, "Please type y, a or n: "]
    assert sent(shared_sandbox) == before + 1


def test_a_no_sends_nothing(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """The cell fails with one line."""
    notebook.run("%skytells_budget 2 --unknown ask")
    before = sent(shared_sandbox)
    status, said, asked = answering(notebook, 'client.chat("Hi", model="gpt-5")', "No")
    assert (status, len(asked)) == ("error", 1)
    assert said == "What gpt-5 will cost is unknown, and you said no. Nothing was sent."
    assert sent(shared_sandbox) == before


def test_always_asks_no_more_about_the_model(notebook: Kernel) -> None:
    """Two calls, one question."""
    notebook.run("%skytells_budget 2 --unknown ask")
    code = '[client.chat("REPEAT: x", model="gpt-5").text for _ in range(2)]'
    assert answering(notebook, code, "a")[1:] == ("['x', 'x']", [QUESTION])


def test_an_awaited_call_is_asked_about_too(notebook: Kernel) -> None:
    """In a cell with await."""
    notebook.run("%skytells_budget 2 --unknown ask")
    code = """
async with sky.AsyncClient(observers=[Unquoted()]) as other:
    print((await other.chat("REPEAT: x", model="gpt-5")).text)
"""
    status, said, asked = answering(notebook, code, "yes")
    assert (status, said, len(asked)) == ("ok", "x\n", 1)


@pytest.mark.parametrize("where", ["cell", "thread"])
def test_where_nobody_can_answer_the_call_is_refused(notebook: Kernel, where: str) -> None:
    """In a run without a front end that answers, and from a thread; the line says what to do."""
    notebook.run("%skytells_budget 2 --unknown ask")
    code = 'client.chat("Hi", model="gpt-5")'
    refusal = (
        "What gpt-5 will cost is unknown, and the budget asks first, but nobody can be asked here. Nothing was sent."
    )
    if where == "cell":
        assert refusal in notebook.run(code).error
    else:
        threaded = (
            f"import concurrent.futures as c\nwith c.ThreadPoolExecutor() as pool: pool.submit(lambda: {code}).result()"
        )
        status, said, asked = answering(notebook, threaded)
        assert (status, asked) == ("error", [])
        assert "nobody can be asked here" in said


def test_stop_instead_of_an_answer_stops_the_cell(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """Ctrl-C at the question: nothing is sent, and nothing is held."""
    notebook.run("%skytells_budget 2 --unknown ask -o held")
    before = sent(shared_sandbox)
    asked: list[str] = []

    def stop(message: dict[str, Any]) -> None:
        asked.append(message["content"]["prompt"])
        notebook.manager.interrupt_kernel()

    reply = notebook.client.execute_interactive(
        'client.chat("Hi", model="gpt-5")', allow_stdin=True, stdin_hook=stop, output_hook=lambda _: None, timeout=60
    )
    assert (reply["content"]["ename"], len(asked)) == ("KeyboardInterrupt", 1)
    assert notebook.run("held.reserved, held.spent").text == "(Decimal('0'), Decimal('0'))"
    assert sent(shared_sandbox) == before
