"""The lasting output under a form, in real kernels: it arrives from a thread, is saved, and survives export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel
from tests.notebook.hostile import faults

SETUP = """
from skytells_nb import settings
from skytells_nb.notebook.forms.outcome import Outcome
from skytells_nb.notebook.jobs.runner import start
from skytells_nb.notebook.forms.slot import Slot
settings.use(settings.Override(address={url!r}, key=settings.Key("sk-sandbox"), sandbox=True))

def run(slot, model="truefusion-pro", **values):
    code = {{"Magic": f"%skytells_predict {{model}} {{values}}"}}
    return start(model, values, lambda told: told.ended and slot.show(told, code))
"""
BUSY = "import time; time.sleep(1.5)"


def setup(sandbox: Sandbox) -> str:
    """Write the first cell: go to a sandbox, and a function that runs a model for a slot."""
    return SETUP.format(url=sandbox.url)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel whose session uses the sandbox."""
    folder = tmp_path_factory.mktemp("slot")
    files = {"SKYTELLS_NB_LEDGER": str(folder / "ledger.sqlite3"), "SKYTELLS_NB_MEDIA": str(folder / "media")}
    with running_kernel(**files) as running:
        assert running.run(setup(shared_sandbox)).error == ""
        yield running


def next_update(kernel: Kernel) -> dict[str, Any]:
    """Wait for the next repainting of a display, whatever it belongs to."""
    while True:
        message: dict[str, Any] = kernel.client.get_iopub_msg(timeout=20)
        if message["msg_type"] == "update_display_data":
            return message["content"]  # type: ignore[no-any-return]


def test_it_is_an_empty_place_at_first(kernel: Kernel) -> None:
    """Before the first run nothing is seen where it is."""
    ran = kernel.run("slot = Slot()")
    assert [bundle["text/html"] for bundle in ran.shown] == [""]


def test_it_is_painted_while_no_cell_runs(kernel: Kernel) -> None:
    """A run that a cell only started ends after that cell, and its result arrives by the same display id."""
    kernel.run('slot = Slot(); name = slot._id; going = run(slot, prompt="a fox")')
    update = next_update(kernel)
    assert update["transient"]["display_id"] == kernel.run("print(name)").stdout.strip()
    assert '<img src="data:image/' in update["data"]["text/html"]


def test_it_is_painted_while_another_cell_runs(kernel: Kernel) -> None:
    """The result arrives in the middle of a cell that blocks the main thread."""
    kernel.run('slot = Slot(); going = run(slot, prompt="a fox")')
    ran = kernel.run(f"{BUSY}; print(going.done)")
    assert ran.stdout == "True\n"
    assert ran.messages == 1
    assert "a fox" in ran.html


def test_it_is_painted_once_for_a_run(kernel: Kernel) -> None:
    """Progress is not painted here: one message comes, the result's."""
    ran = kernel.run('slot = Slot(); job = run(slot, prompt="a fox").wait(20)')
    assert ran.messages == 2


def test_it_has_the_result_the_caption_and_the_code(kernel: Kernel) -> None:
    """Picture, line and code stand there as HTML that no page can be hurt by, and as plain text."""
    ran = kernel.run('slot = Slot(); job = run(slot, prompt="a <b>fox</b>").wait(20)')
    ours = ["attribute div.class"]
    assert faults(ran.html) == ours
    assert "sandbox: nothing was billed" in ran.html
    assert (
        "%skytells_predict truefusion-pro {&#x27;prompt&#x27;: &#x27;a &lt;b&gt;fox&lt;/b&gt;&#x27;}</pre>" in ran.html
    )
    assert "%skytells_predict truefusion-pro {'prompt': 'a <b>fox</b>'}" in ran.text
    assert "(picture, 768 × 768" in ran.text


def test_earlier_runs_are_lines(kernel: Kernel) -> None:
    """Only the last run is shown whole; the others keep a line each, the newest first."""
    ran = kernel.run("""
slot = Slot()
ids = [run(slot, prompt=prompt).wait(20).id for prompt in ("one fox", "two foxes", "three foxes")]
print(*ids)
""")
    first, second, third = ran.stdout.split()
    assert ran.html.count("<img") == 1
    places = [ran.html.index(name) for name in (third, "Earlier runs:", second, first)]
    assert places == sorted(places)


def test_a_failure_lasts_too(kernel: Kernel) -> None:
    """A run without a result leaves what happened."""
    ran = kernel.run("""
slot = Slot()
try:
    run(slot, prompt="FAIL").wait(20)
except Exception as error:
    print(type(error).__name__)
""")
    assert ran.stdout == "JobFailedError\n"
    assert "failed: The model failed because an input says FAIL" in ran.text


def test_what_was_never_sent_lasts_as_a_line(kernel: Kernel) -> None:
    """Inputs that were refused have no job: one line says why."""
    ran = kernel.run("""
slot = Slot()
try:
    run(slot, prompt="a fox", num_outputs=99).wait(20)
except Exception as error:
    print(type(error).__name__)
""")
    assert ran.stdout == "InvalidInputError\n"
    assert "truefusion-pro · failed · truefusion-pro: num_outputs" in ran.text


def test_a_form_that_is_shown_again_shows_its_result_again(kernel: Kernel) -> None:
    """A second place has what the first has, and both are painted from then on: they share their display id."""
    kernel.run('slot = Slot(); job = run(slot, prompt="a fox").wait(20)')
    ran = kernel.run("slot.place(); print(slot._id)")
    assert '<img src="data:image/' in ran.html
    kernel.run('going = run(slot, prompt="a bear")')
    assert next_update(kernel)["transient"]["display_id"] == ran.stdout.strip()


def test_it_stays_small(kernel: Kernel) -> None:
    """Four pictures take at most 250 kB of the notebook's file."""
    ran = kernel.run('slot = Slot(); job = run(slot, prompt="a fox", num_outputs=4).wait(20)')
    assert ran.html.count("<img") == 4
    assert len(ran.html) < 250_000


def test_a_form_hears_of_another_budget(kernel: Kernel) -> None:
    """Run is disabled above the budget, and enabled by the cell that raises it; nobody has to touch an input."""
    is_disabled = "print(form.face._run.disabled)"
    kernel.run('import skytells_nb as sky; form = sky.form("truefusion-pro"); form.set(prompt="a fox"); form')
    said = []
    for amount in ("'0.01'", "None"):
        kernel.run(f"sky.budget({amount})")
        said.append(kernel.run(is_disabled).stdout)
    assert said == ["True\n", "False\n"]


CELLS = (
    "slot = Slot()",
    'going = run(slot, prompt="a fox")',
    "job = going.wait(30)",
    'slot = Slot(); job = run(slot, "beatfusion-2.0", prompt="a calm song", lyrics="[verse] a fox la la").wait(30)',
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> nbformat.NotebookNode:
    """Give a notebook that was run as nbclient, papermill and nbconvert do, with its files beside it."""
    folder = tmp_path_factory.mktemp("executed")
    cells = [nbformat.v4.new_code_cell(code) for code in (setup(shared_sandbox), *CELLS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SKYTELLS_NB_LEDGER", str(folder / "ledger.sqlite3"))
        patched.delenv("SKYTELLS_NB_MEDIA", raising=False)
        NotebookClient(notebook, timeout=60, resources={"metadata": {"path": folder}}).execute()
    return notebook


def test_it_is_saved_when_a_run_ends_in_a_third_cell(executed: nbformat.NotebookNode) -> None:
    """One cell starts, another waits: the result is saved where the form is, with a link to its file."""
    html = executed.cells[1].outputs[0].data["text/html"]
    assert '<img src="data:image/' in html
    assert 'href="skytells_media/truefusion-pro_a-fox_' in html


def test_it_survives_export(executed: nbformat.NotebookNode) -> None:
    """The exported page shows the picture, the player and the code, and has no widget and no script of ours."""
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(executed)
    assert 'alt="a fox"' in page
    assert '<audio controls="" preload="metadata" src="data:audio/' in page
    assert "%skytells_predict truefusion-pro" in page
    assert "<script" not in page
