"""A secret typed into a form in a real browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, expect

from skytells_nb.local import Sandbox

from .forms import START, FormPage, creations, open_cells
from .fronts import LAB, Jupyter

pytestmark = pytest.mark.browser

TOKEN = "hunter2-of-the-form"
FORM = 'import skytells_nb as sky\nform = sky.form("sandbox-form")\nform.set(prompt="a fox")\nform'


def test_it_is_sent_and_stays_in_no_widget(browser: Browser, jupyter: Jupyter, quick: Sandbox) -> None:
    """It goes from its box when that is left, and is sent."""
    quick.state.journal.clear()
    with open_cells(browser, jupyter, LAB, "secret", (START, FORM)) as desk:
        form: FormPage = desk.fresh()
        box = form.root.locator("input[type=password]").first
        box.click()
        form.page.keyboard.type(TOKEN)
        box.blur()
        expect(box).to_have_value("")
        expect(box).to_have_attribute("placeholder", "••• is set; type to replace it")
        form.press_run()
        form.wait_for_result()
        assert TOKEN not in form.page.content()
    assert TOKEN in json.dumps(creations(quick))
