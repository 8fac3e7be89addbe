"""The quickstart notebook in JupyterLab, run and looked at in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .fronts import Jupyter

pytestmark = pytest.mark.browser

KERNEL_IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
THEME = "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
PICTURES = """images => images.map(image => [image.naturalWidth > 100, image.alt])"""
PLAY = "async sound => { await sound.play(); return sound.duration }"
CELLS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell"


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Jupyter, repository: Path) -> Iterator[Page]:
    """Yield the quickstart, opened in JupyterLab and run from the first cell to the last."""
    shutil.copy(repository / "notebooks" / "01-quickstart.ipynb", lab.folder)
    context = browser.new_context(viewport={"width": 1280, "height": 5200})
    opened = context.new_page()
    opened.goto(lab.url("01-quickstart.ipynb"))
    opened.wait_for_function(KERNEL_IDLE, timeout=60_000)
    opened.evaluate(RUN_ALL)
    opened.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    yield opened
    context.close()


def output(page: Page, source: str) -> str:
    """Select the output of the cell whose source holds a text."""
    return f'{CELLS}:has(.jp-InputArea:has-text("{source}")) .jp-Cell-outputWrapper'


def test_the_pictures_are_seen(page: Page, pictures: Path) -> None:
    """Both pictures are drawn, with their prompt as alternative text; light and dark are photographed."""
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate(THEME, theme)
        page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        page.screenshot(path=pictures / f"quickstart-{theme.split()[1].lower()}.png")
    shown = page.eval_on_selector_all(f"{output(page, '-o fox')} img", PICTURES)
    assert [wide for wide, _ in shown] == [True, True]
    assert all(alt.startswith("A red fox in a snowy forest") for _, alt in shown)


def test_the_song_plays(page: Page) -> None:
    """The song is a player that plays."""
    sound = page.locator(f"{output(page, '%%skytells_predict beatfusion')} audio")
    assert sound.count() == 1
    assert 3.0 < sound.evaluate(PLAY) < 6.0


def test_the_answer_is_markdown(page: Page) -> None:
    """The answer is drawn as Markdown, with a caption that says what it took and that nothing was billed."""
    answer = page.locator(output(page, "and what is it good for?"))
    assert answer.locator("em").first.inner_text() == "Sandbox answer: no model ran and nothing was billed."
    assert "deepbrain-router" in answer.inner_text()
    assert "sandbox: nothing was billed, it would have cost $0.0001" in answer.inner_text()


def test_the_mistake_is_one_line(page: Page) -> None:
    """The mistake made on purpose shows one line, without a traceback."""
    said = page.locator(output(page, "promt=")).inner_text().strip()
    assert said.startswith("InvalidInputError: truefusion-pro: prompt is missing;")
    assert "Traceback" not in said


def test_what_is_seen_is_saved(page: Page, lab: Jupyter) -> None:
    """After saving, the file holds the pictures and the answer: it can be read without a kernel."""
    saved = (lab.folder / "01-quickstart.ipynb").read_text(encoding="utf-8")
    assert saved.count('<img src=\\"data:image/') == 2
    assert "text/markdown" not in saved
    assert "sk-sandbox" not in saved


def test_reopened_from_the_file_it_looks_the_same(page: Page, browser: Browser, lab: Jupyter, pictures: Path) -> None:
    """Opened anew from the saved file, with no kernel run, pictures, player and tables are there."""
    context = browser.new_context(viewport={"width": 1280, "height": 5200})
    again = context.new_page()
    again.goto(lab.url("01-quickstart.ipynb"))
    again.wait_for_function(KERNEL_IDLE, timeout=60_000)
    images = again.locator(f"{output(again, '-o fox')} img")
    images.nth(1).wait_for(timeout=20_000)
    assert [wide for wide, _ in images.evaluate_all(PICTURES)] == [True, True]
    again.locator(f"{output(again, '%%skytells_predict beatfusion')} audio").wait_for(timeout=20_000)
    again.screenshot(path=pictures / "quickstart-reopened.png")
    context.close()
