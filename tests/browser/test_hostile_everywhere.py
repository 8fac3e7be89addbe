"""Every hostile text in every place where something is shown, in every front end: nothing runs, loads or gets out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page

from tests.canned import serving
from tests.notebook.hostile import PAYLOADS

from .fronts import LAB, NOTEBOOK, VOILA, FrontEnd, Jupyter, save, take_theme
from .guards import guarded, outputs, touch
from .hostile_service import CELLS, OUTPUTS, answer, write_data

pytestmark = pytest.mark.browser

_PATIENCE = 120_000
_ALL_SHOWN = "count => document.querySelectorAll('.jp-OutputArea-output').length >= count"


@dataclass(frozen=True)
class Shown:
    """A page with the outputs of the hostile notebook, and what happened on it that must not."""

    page: Page
    happened: list[str]

    def check(self) -> None:
        """Look at all outputs, touch them all, and look again: there are all, and nothing is wrong with them."""
        for _ in range(2):
            count, faults = outputs(self.page)
            assert faults == []
            assert count >= OUTPUTS
            touch(self.page)
        assert self.page.evaluate("window.ran") is None
        assert self.happened == []


@pytest.fixture(scope="module", autouse=True)
def _service(jupyter: Jupyter) -> Iterator[None]:
    """Run the service, and put what the notebook reads beside it."""
    with serving(answer) as service:
        write_data(jupyter.folder, service.url)
        yield


@contextmanager
def showing(browser: Browser, jupyter: Jupyter, front: FrontEnd) -> Iterator[Shown]:
    """Run the notebook in a front end, and wait until all of it is shown. No other machine is reached."""
    notebook = jupyter.write(f"hostile-{front.name}", *CELLS)
    with browser.new_context(viewport={"width": 1280, "height": 4000}) as context:
        context.route(lambda address: not address.startswith(jupyter.address), lambda route: route.abort())
        page = context.new_page()
        with guarded(page, jupyter.address) as happened:
            front.show(page, jupyter, notebook)
            if front.editable:
                front.run_first(page, len(CELLS))
            page.wait_for_function(_ALL_SHOWN, arg=OUTPUTS, timeout=_PATIENCE)
            yield Shown(page, happened)


@pytest.fixture(scope="module")
def in_lab(browser: Browser, jupyter: Jupyter) -> Iterator[Shown]:
    """Yield the notebook in JupyterLab, run and saved."""
    with showing(browser, jupyter, LAB) as shown:
        save(shown.page)
        yield shown


def test_there_are_enough() -> None:
    """More than 150 texts, each another, through each place."""
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 150


def test_nothing_hostile_gets_out_in_lab(in_lab: Shown, pictures: Path) -> None:
    """In JupyterLab no text becomes an element, a handler or a request, and nothing leaves its output."""
    in_lab.check()
    for theme in ("Dark", "Light"):
        take_theme(in_lab.page, theme)
        in_lab.page.screenshot(path=pictures / f"hostile-{theme.lower()}.png")


@pytest.mark.parametrize("front", [NOTEBOOK, VOILA], ids=lambda front: front.name)
def test_nor_in_other_front_ends(browser: Browser, jupyter: Jupyter, front: FrontEnd, pictures: Path) -> None:
    """Notebook 7 and Voila show the same as harmlessly."""
    with showing(browser, jupyter, front) as shown:
        shown.check()
        shown.page.screenshot(path=pictures / f"hostile-{front.name}.png")


@pytest.mark.parametrize("scripts", [{"mathjax_url": "", "require_js_url": ""}, {}], ids=["alone", "with MathJax"])
def test_nor_on_the_page_that_nbconvert_makes(
    browser: Browser, jupyter: Jupyter, in_lab: Shown, tmp_path: Path, scripts: dict[str, str]
) -> None:
    """Of the notebook as JupyterLab saved it, with the page's own scripts from elsewhere or without; none comes."""
    saved = nbformat.read(jupyter.folder / "hostile-lab.ipynb", as_version=4)
    body, _ = HTMLExporter(**scripts).from_notebook_node(saved)
    file = tmp_path / "page.html"
    file.write_text(body, encoding="utf-8")
    with browser.new_context() as context:
        context.route(lambda address: not address.startswith("file:"), lambda route: route.abort())
        page = context.new_page()
        with guarded(page, file.as_uri()) as happened:
            page.goto(file.as_uri())
            Shown(page, happened).check()
