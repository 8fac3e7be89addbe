"""A form and the notebook around it: other cells, the Code view, files, and what is left in the saved notebook."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from skytells_nb.local import Sandbox

from .forms import Desk, FormPage, at_pace, creations, open_desk
from .fronts import LAB, NOTEBOOK, VOILA, FrontEnd, Jupyter, run_new_cell, save, wait_for_cell

pytestmark = pytest.mark.browser

PROMPT = 'A "red" fox, $5 {{not code}}'
PLAY = "async player => { player.muted = true; await player.play(); return player.duration }"
DRAWN = "image => image.complete && image.naturalWidth > 30"


@pytest.fixture(scope="module", params=(LAB, NOTEBOOK), ids=lambda front: front.name)
def desk(request: pytest.FixtureRequest, browser: Browser, jupyter: Jupyter) -> Iterator[Desk]:
    """Yield a notebook with a form, in the front ends where notebooks are written."""
    front: FrontEnd = request.param
    with open_desk(browser, jupyter, front, "truefusion-pro", name=f"written-in-{front.name}") as opened:
        yield opened


@pytest.fixture
def form(desk: Desk, quick: Sandbox) -> FormPage:
    """Give the form as it is at first, and an empty journal."""
    fresh = desk.fresh()
    quick.state.journal.clear()
    return fresh


def code(form: FormPage, language: str) -> str:
    """Read what the Code view writes in a language."""
    return form.root.get_by_label(language, exact=True).input_value()


def test_other_cells_run_meanwhile(form: FormPage, quick: Sandbox) -> None:
    """While a job runs, another cell answers before it has ended."""
    with at_pace(quick, 0.2):
        form.fill("Prompt", PROMPT)
        form.press_run()
        expect(form.reason).to_contain_text("It is running")
        cell = run_new_cell(form.page, "print(6 * 7)")
        assert cell.locator(".jp-OutputArea-output").inner_text().strip() == "42"
        assert form.cards.count() == 0
        form.cancel.click()
        expect(form.run).to_be_enabled(timeout=10_000)


def test_progress_moves_while_a_cell_blocks(form: FormPage, desk: Desk, quick: Sandbox) -> None:
    """A cell that blocks the kernel stops neither the progress that is shown nor the result."""
    seen = desk.jupyter.folder / "seen"
    block = "import pathlib, time\nwhile not pathlib.Path('seen').exists():\n    time.sleep(0.05)"
    with at_pace(quick, 0.5):
        form.fill("Prompt", PROMPT)
        form.watch(".skytells-outcome")
        form.press_run()
        expect(form.reason).to_contain_text("It is running")
        run_new_cell(form.page, block, wait=False)
        try:
            expect(form.pictures).to_have_count(1, timeout=30_000)
            assert form.page.evaluate("window.lastCellRan") is False
            assert len({share for text in form.seen for share in re.findall(r"(\d+) ?%", text)}) > 2
        finally:
            seen.touch()
            wait_for_cell(form.page)
            seen.unlink()


@pytest.mark.parametrize("language", ["Magic", "Python"])
def test_the_code_sends_the_same(form: FormPage, quick: Sandbox, language: str) -> None:
    """The code of the Code view, run in a cell, sends exactly what the form sends."""
    form.fill("Prompt", PROMPT)
    form.fill("Num outputs", "2")
    form.fill("Guidance", "3.5")
    form.open_code()
    expect(form.root.get_by_label(language, exact=True)).to_have_value(re.compile("3.5"))
    written = code(form, language)
    assert "aspect_ratio" not in written, "only what differs from the defaults"
    form.press_run()
    form.wait_for_result()
    cell = run_new_cell(form.page, written)
    assert cell.locator("[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedError").count() == 0
    by_form, by_code = creations(quick)
    assert by_code == by_form == {"prompt": PROMPT, "num_outputs": 2, "guidance": 3.5}


def test_a_line_that_is_pasted_is_loaded(form: FormPage) -> None:
    """A line of code put into the Code view fills the form; what it does not name is unset again."""
    form.fill("Seed", "3")
    form.open_code()
    form.root.get_by_label("Magic", exact=True).fill("%skytells_predict truefusion-pro prompt='two owls' num_outputs=3")
    form.root.get_by_role("button", name="Load into the form").click()
    expect(form.field("Prompt")).to_have_value("two owls")
    expect(form.field("Num outputs")).to_have_value("3")
    expect(form.field("Seed")).to_have_value("")
    expect(form.run).to_have_text("Run, about $0.12")


def test_a_wrong_line_is_refused_in_words(form: FormPage) -> None:
    """A line of another model changes nothing, and is told why."""
    form.fill("Prompt", PROMPT)
    form.open_code()
    form.root.get_by_label("Magic", exact=True).fill("%skytells_predict lumo prompt=x")
    form.root.get_by_role("button", name="Load into the form").click()
    expect(form.root.locator(".skytells-code").get_by_role("alert")).to_contain_text("lumo")
    expect(form.field("Prompt")).to_have_value(PROMPT)


def test_the_result_is_saved_with_the_notebook(form: FormPage, desk: Desk, pictures: Path) -> None:
    """Saved and opened again without a kernel that knows it, picture, caption and code are there."""
    form.fill("Prompt", "A fox that lasts")
    form.press_run()
    form.wait_for_result()
    lasting = desk.front.cells(form.page).nth(1).locator(".jp-OutputArea-child").last
    expect(lasting.locator("img")).to_have_count(1)
    save(form.page)
    written = desk.jupyter.folder / desk.notebook
    copy = shutil.copy(written, written.with_stem(f"{written.stem}-copy"))
    with form.page.context.new_page() as page:
        desk.front.show(page, desk.jupyter, copy.name)
        reopened = desk.front.cells(page).nth(1)
        kept = reopened.locator("img[src^='data:image/']")
        expect(kept).to_have_count(1, timeout=20_000)
        assert kept.evaluate(DRAWN)
        expect(reopened).to_contain_text("%skytells_predict truefusion-pro")
        expect(reopened).to_contain_text("A fox that lasts")
        page.screenshot(path=pictures / f"form-reopened-{desk.front.name}.png")
    assert "sk-sandbox" not in written.read_text(encoding="utf-8")


def test_the_result_is_exported(desk: Desk, form: FormPage) -> None:
    """On a page that nbconvert writes stand picture, caption and code, without any script or address of ours."""
    form.fill("Prompt", "A fox that travels")
    form.press_run()
    form.wait_for_result()
    expect(desk.front.cells(form.page).nth(1).locator(".jp-OutputArea-child").last.locator("img")).to_have_count(1)
    save(form.page)
    page_file = export(desk.jupyter.folder / desk.notebook)
    with form.page.context.new_page() as page:
        page.goto(page_file.as_uri())
        cell = page.locator(".jp-Cell").nth(1)
        picture = cell.locator("img[src^='data:image/']")
        expect(picture).to_have_count(1)
        assert picture.evaluate(DRAWN)
        expect(cell.locator("pre", has_text="%skytells_predict truefusion-pro")).to_have_count(1)
        expect(cell).to_contain_text("A fox that travels")


def export(notebook: Path) -> Path:
    """Write a notebook as a page."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", str(notebook)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return notebook.with_suffix(".html")


@pytest.mark.parametrize("front", [LAB, VOILA], ids=lambda front: front.name)
def test_a_song_plays(browser: Browser, jupyter: Jupyter, pictures: Path, front: FrontEnd) -> None:
    """The song is a player in the form that plays."""
    with open_desk(browser, jupyter, front, "beatfusion-2.0") as opened:
        form = opened.fresh()
        form.fill("Lyrics", "La la la")
        form.press_run()
        form.wait_for_result()
        player = form.root.locator("audio")
        expect(player).to_have_count(1)
        assert 3.0 < player.evaluate(PLAY) < 6.0
        form.page.screenshot(path=pictures / f"form-song-{front.name}.png")


def test_a_film_plays(browser: Browser, jupyter: Jupyter, pictures: Path, tmp_path: Path) -> None:
    """A film begins with a picture from this machine, which is previewed; the film plays in the form."""
    Image.new("RGB", (320, 180), "teal").save(tmp_path / "first.png")
    with open_desk(browser, jupyter, LAB, "truefusion-video") as opened:
        form = opened.fresh()
        form.fill("Prompt", "A fox that walks")
        with form.page.expect_file_chooser() as chooser:
            form.row("First frame").get_by_role("button", name=re.compile("upload", re.IGNORECASE)).click()
        chooser.value.set_files(tmp_path / "first.png")
        preview = form.row("First frame").locator("img")
        expect(preview).to_have_count(1)
        assert preview.evaluate(DRAWN)
        form.page.screenshot(path=pictures / "form-upload.png")
        form.press_run()
        form.wait_for_result()
        film = form.root.locator("video")
        expect(film).to_have_count(1)
        assert film.evaluate(PLAY) > 1.0
        form.page.screenshot(path=pictures / "form-film.png")
