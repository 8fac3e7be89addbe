"""Accessibility and looks of a form with every kind of input: axe's judgement, and screenshots to be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from skytells_nb.local import Sandbox

from .forms import Desk, FormPage, at_pace, open_desk
from .fronts import LAB, VOILA, Jupyter, take_theme

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")
SWATCH = ".widget-colorpicker input[type=color]"
"""ipywidgets ties the label of a colour to the box for its code alone; the swatch beside it cannot be named."""
THEMES = ("Dark", "Light")
UNNAMED = """() => [...document.querySelectorAll('.skytells-form :is(input, textarea, select, button, [tabindex])')]
  .filter(part => !part.matches('.widget-colorpicker input[type=color]'))
  .filter(part => part.checkVisibility({visibilityProperty: true}) && !part.disabled && part.tabIndex >= 0)
  .filter(part => !(part.ariaLabel || part.title || part.placeholder || part.textContent.trim()
    || (part.labels && [...part.labels].some(label => label.textContent.trim()))))
  .map(part => part.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def desk(browser: Browser, jupyter: Jupyter) -> Iterator[Desk]:
    """Yield a notebook in JupyterLab with the form that holds every kind of input."""
    with open_desk(browser, jupyter, LAB, "sandbox-form", height=5000) as opened:
        yield opened


@pytest.fixture(scope="module")
def form(desk: Desk) -> FormPage:
    """Give the form with all of it open, and with errors shown."""
    fresh = desk.fresh()
    fresh.open_more()
    fresh.fill("Scale", "99")
    fresh.fill("Code Name", "NO NAME")
    fresh.fill("Large", "many")
    expect(fresh.root.get_by_role("alert")).to_have_count(3)
    fresh.open_code()
    return fresh


def grave(page: Page) -> list[str]:
    """List what axe calls serious or critical in the form, with where it is."""
    found = Axe().run(page, context={"include": [[".skytells-form"]], "exclude": [[SWATCH]]}).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_grave(form: FormPage, pictures: Path, theme: str) -> None:
    """Every kind of input, errors and the Code view: names, roles and contrast hold in the light and the dark theme."""
    take_theme(form.page, theme)
    form.root.screenshot(path=pictures / f"form-all-kinds-{theme.lower()}.png")
    assert grave(form.page) == []


def test_everything_that_takes_the_focus_has_a_name(form: FormPage) -> None:
    """Whatever Tab reaches says what it is."""
    assert form.page.evaluate(UNNAMED) == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_form_is_photographed(browser: Browser, jupyter: Jupyter, quick: Sandbox, pictures: Path, theme: str) -> None:
    """A form before, while and after it runs, and with an error, looks right; axe agrees once there is a result."""
    name = f"lab-{theme.lower()}"
    with open_desk(browser, jupyter, LAB, "truefusion-pro", name=f"photographed-{name}", height=1400) as desk:
        take_theme(desk.page, theme)
        form = desk.fresh()
        desk.page.screenshot(path=pictures / f"form-{name}.png")
        form.fill("Prompt", "A red fox in the snow")
        form.fill("Num outputs", "99")
        expect(form.problems("Num outputs")).to_be_visible()
        desk.page.screenshot(path=pictures / f"form-{name}-error.png")
        form.fill("Num outputs", "2")
        with at_pace(quick, 0.6):
            form.press_run()
            expect(form.root.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
            desk.page.screenshot(path=pictures / f"form-{name}-running.png")
            form.wait_for_result()
        desk.page.screenshot(path=pictures / f"form-{name}-result.png")
        assert grave(desk.page) == []


def test_a_narrow_page_holds_it(browser: Browser, jupyter: Jupyter, pictures: Path) -> None:
    """On a page as narrow as a phone nothing stands out of the form."""
    with open_desk(browser, jupyter, VOILA, "sandbox-form", name="narrow", width=480, height=3000) as desk:
        form = desk.fresh()
        form.open_more()
        form.root.screenshot(path=pictures / "form-narrow.png")
        assert desk.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        wide = "form => form.scrollWidth <= form.clientWidth + 1"
        assert form.root.evaluate(wide)
