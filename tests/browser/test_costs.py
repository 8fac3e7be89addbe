"""The notebook about costs in JupyterLab, run and looked at in a real browser: pictures, amounts, and a refusal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .fronts import LAB, Jupyter, run_new_cell, save, take_theme

pytestmark = pytest.mark.browser

RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
DRAWN = "picture => picture.complete && [picture.naturalWidth, picture.naturalHeight]"
SPEND = "sky.plot.spend(df)"
PICTURES = (SPEND, "sky.plot.latency(df)", "sky.plot.tokens(df)", "sky.plot.compare(df)")


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Jupyter, repository: Path) -> Iterator[Page]:
    """Yield the notebook, opened in JupyterLab and run from the first cell to the last."""
    shutil.copy(repository / "notebooks" / "03-costs.ipynb", lab.folder)
    context = browser.new_context(viewport={"width": 1280, "height": 7600})
    opened = context.new_page()
    LAB.show(opened, lab, "03-costs.ipynb")
    opened.evaluate(RUN_ALL)
    save(opened)
    yield opened
    context.close()


def output(page: Page, source: str) -> Locator:
    """Find the output of the cell whose source holds a text."""
    return page.locator(f"{LAB.panel} .jp-CodeCell", has_text=source).locator(".jp-Cell-outputWrapper").first


def test_pictures_are_seen(page: Page, pictures: Path) -> None:
    """Each picture is there, once, without the Axes' repr beside it; light and dark are photographed."""
    for theme in ("Dark", "Light"):
        take_theme(page, theme)
        page.screenshot(path=pictures / f"costs-{theme.lower()}.png")
    for source in PICTURES:
        shown = output(page, source)
        expect(shown.locator("img")).to_have_count(1)
        width, height = shown.locator("img").evaluate(DRAWN)
        assert width > 600
        assert height > 300
        assert "Axes" not in shown.inner_text()


def test_axes_that_end_a_cell_show_once(page: Page) -> None:
    """A picture that a cell ends with shows once, also where the cell gives its Axes back."""
    cell = run_new_cell(page, "sky.plot.spend(df)")
    expect(cell.locator(".jp-Cell-outputWrapper img")).to_have_count(1)


def test_account_and_record_agree(page: Page) -> None:
    """The account's credits and the record's costs are the same amount, and every prediction is on record."""
    said = output(page, "the account says").inner_text()
    account, record = re.findall(r"says +([\d.]+) USD for (\d+)", said)
    assert account == record
    assert "not recorded here: 0" in said


def test_the_budget_refuses_in_one_line(page: Page) -> None:
    """What is over the budget is one line, without a traceback."""
    said = output(page, "Four posters").inner_text().strip()
    assert said.startswith("OverBudgetError: $0.16 is over the $0.12 left of the budget.")
    assert "Traceback" not in said


def test_what_is_saved_can_be_read_alone(page: Page, lab: Jupyter) -> None:
    """The saved notebook holds the pictures, and neither a key nor a warning."""
    saved = (lab.folder / "03-costs.ipynb").read_text(encoding="utf-8")
    assert saved.count('"image/png"') == len(PICTURES)
    assert "sk-sandbox" not in saved
    assert "Warning" not in saved
