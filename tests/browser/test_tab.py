"""TAB where notebooks are written: the front end's own completer shows what there is, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .forms import START, open_cells
from .fronts import LAB, NOTEBOOK, FrontEnd, Jupyter, run_new_cell

pytestmark = pytest.mark.browser

ITEMS = ".jp-Completer .jp-Completer-item"
GPT = "text · $0.50 in, $1.25 out / 1M tokens".replace(" ", "\N{NO-BREAK SPACE}")
HOSTILE = "<img/src=x/onerror=window.ran=1>"
LAST = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell >> nth=-1"


@pytest.fixture(scope="module", params=(LAB, NOTEBOOK), ids=lambda front: front.name)
def page(request: pytest.FixtureRequest, browser: Browser, jupyter: Jupyter) -> Iterator[Page]:
    """Yield a notebook in the sandbox, with a cell to type in."""
    front: FrontEnd = request.param
    with open_cells(browser, jupyter, front, f"tab-in-{front.name}", (START,)) as desk:
        run_new_cell(desk.page, START)
        run_new_cell(desk.page, "fox = 'a red fox'")
        yield desk.page


def press(page: Page, typed: str) -> None:
    """Type into the last cell, in place of what stands there, and press Tab."""
    page.keyboard.press("Escape")
    editor = page.locator(f"{LAST} >> .cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(typed)
    page.keyboard.press("Tab")


def accept(page: Page, only: str) -> None:
    """Take the one suggestion that there is."""
    expect(page.locator(f"{ITEMS}[data-value='{only}']")).to_be_visible()
    page.keyboard.press("Enter")


def test_models_are_listed_with_their_prices(page: Page, pictures: Path, request: pytest.FixtureRequest) -> None:
    """The text models that begin so, each with its price beside it; the screen is photographed."""
    press(page, "%%skytells_chat gpt-5.")
    items = page.locator(ITEMS)
    expect(items).to_have_count(2)
    expect(page.locator(f"{ITEMS}[data-value='gpt-5.4']")).to_have_attribute("title", GPT)
    page.screenshot(path=pictures / f"{request.node.name}.png")


def test_a_value_with_a_colon_is_written_whole(page: Page) -> None:
    """The only value that fits goes in, in place of what was typed of it."""
    press(page, "%skytells_predict truefusion-pro aspect_ratio=16:")
    accept(page, "16:9")
    expect(page.locator(f"{LAST} >> .cm-content")).to_have_text("%skytells_predict truefusion-pro aspect_ratio=16:9")


def test_variables_are_offered_in_the_body(page: Page) -> None:
    """Inside {{ a variable is written out."""
    press(page, "%%skytells_chat\nTell me of {{fo")
    accept(page, "fox")
    expect(page.locator(f"{LAST} >> .cm-content")).to_contain_text("{{fox")


def test_a_tag_is_text_in_the_list_too(page: Page) -> None:
    """What looks like a page's code is shown as it was written, and runs nowhere."""
    run_new_cell(page, f"%%skytells_chat -q --tag {HOSTILE}\nhello")
    press(page, "%%skytells_chat --tag <im")
    item = page.locator(f"{ITEMS} .jp-Completer-match").first
    expect(item).to_have_text(f'"{HOSTILE}"')
    assert page.evaluate("[window.ran, document.querySelectorAll('.jp-Completer img').length]") == [None, 0]
