"""Forms of schemas, models and services that attack: nothing runs, nothing is asked for, nothing leaves the form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from skytells_nb.local import Sandbox
from skytells_nb.local.models.catalogue import models
from tests.canned import KEY, Asked, Said, serving
from tests.notebook.hostile_texts import PICTURE, SCRIPT

from .forms import open_cells
from .fronts import LAB, Jupyter
from .hostile_schema import TEXTS, hostile_model, hostile_schema

pytestmark = pytest.mark.browser

TOUCH_ALL = """() => document.querySelectorAll('.skytells-form *').forEach(part => {
  part.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
  if (part.focus) part.focus();
  if (part.tagName === 'DETAILS') part.open = true;
  if (!part.matches('a, button, input, select, textarea')) part.click();
})"""
STANDS_OUT = """() => {
  const form = document.querySelector('.skytells-form');
  const edge = form.getBoundingClientRect().right + 1;
  const inside = 'select *, textarea *, pre *, .skytells-code *';
  return [...form.querySelectorAll('*')]
    .filter(part => !part.matches(inside) && part.getBoundingClientRect().right > edge)
    .map(part => `${part.tagName}.${part.className}`);
}"""
TOO_WIDE = """() => [document.querySelector('.skytells-form')].concat(
    [...document.querySelectorAll('.skytells-form .skytells-row')])
  .filter(part => part.scrollWidth > part.clientWidth + 1).map(part => `${part.className} ${part.scrollWidth}`)"""
VOILAS_OWN = ("https://cdn.jsdelivr.net/npm/@fortawesome/", "https://cdnjs.cloudflare.com/ajax/libs/mathjax/")
"""What each page of Voila asks for, whatever is on it."""
ELEMENTS = """() => 'script iframe object embed link base meta svg math form mjx-container'.split(' ')
  .filter(name => document.querySelector(`.skytells-form ${name}`))"""


@contextmanager
def guarded(page: Page, jupyter: Jupyter) -> Iterator[list[str]]:
    """Note what must not happen on a page: dialogs, and requests to another machine."""
    happened: list[str] = []
    own = urlsplit(jupyter.address).netloc

    def asked(address: str) -> None:
        link = urlsplit(address)
        if link.scheme not in ("data", "blob") and link.netloc != own and not address.startswith(VOILAS_OWN):
            happened.append(address)

    page.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: asked(request.url))
    page.on("popup", lambda other: happened.append(f"popup {other.url}"))
    yield happened


def test_a_hostile_schema_runs_nothing_and_stays_inside(browser: Browser, jupyter: Jupyter, pictures: Path) -> None:
    """With all inputs shown and touched: no script, no dialog, no foreign request, nothing wider than the form."""
    (jupyter.folder / "hostile.json").write_text(json.dumps(hostile_schema()), encoding="ascii")
    cell = "import json, skytells_nb as sky\nsky.form(json.load(open('hostile.json')))"
    with open_cells(browser, jupyter, LAB, "hostile", [cell], height=4000) as desk:
        with guarded(desk.page, jupyter) as happened:
            form = desk.fresh()
            form.open_more()
            assert form.root.locator(".skytells-row").count() >= len(TEXTS)
            form.open_code()
            desk.page.evaluate(TOUCH_ALL)
            assert desk.page.evaluate("window.ran") is None
            assert desk.page.evaluate(ELEMENTS) == []
            assert desk.page.evaluate(STANDS_OUT) == []
            assert desk.page.evaluate(TOO_WIDE) == []
            expect(form.root).to_contain_text("<script>window.ran=1;")
            form.root.locator(".skytells-head").scroll_into_view_if_needed()
            desk.page.screenshot(path=pictures / "form-hostile.png")
        assert happened == []


def test_a_hostile_service_runs_nothing(browser: Browser, jupyter: Jupyter, quick: Sandbox, pictures: Path) -> None:
    """A model's name and description, its price's unit and the service's error are text, and nothing else."""
    model = hostile_model(models()["truefusion-pro"].wire)

    def answer(asked: Asked) -> object:
        if asked.method == "POST":
            said = f"{SCRIPT} {PICTURE} {'W' * 5000}"
            return Said({"status": False, "error": {"message": said, "error_id": PICTURE}}, 422)
        return model if asked.path.startswith("/models/") else [model]

    with serving(answer) as service:
        settings = {"SKYTELLS_BASE_URL": service.url, "SKYTELLS_API_KEY": KEY}
        cells = [f"import os\nos.environ |= {settings}", "import skytells_nb as sky\nsky.form('truefusion-pro')"]
        with open_cells(browser, jupyter, LAB, "hostile-service", cells) as desk:
            with guarded(desk.page, jupyter) as happened:
                form = desk.fresh()
                expect(form.root.locator(".skytells-head")).to_contain_text("onerror=")
                form.root.locator("textarea, input[type=text]").first.fill("a fox")
                form.press_run()
                said = form.root.locator(".skytells-outcome").get_by_role("alert")
                expect(said).to_contain_text("<script>", timeout=20_000)
                desk.page.evaluate(TOUCH_ALL)
                assert desk.page.evaluate("window.ran") is None
                assert desk.page.evaluate(ELEMENTS) == []
                assert desk.page.evaluate(STANDS_OUT) == []
                form.root.screenshot(path=pictures / "form-hostile-service.png")
            assert happened == []
