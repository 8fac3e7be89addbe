"""A form on a page, found as a person finds its parts: by what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from skytells_nb.local import Sandbox

from .fronts import FrontEnd, Jupyter

START = "%load_ext skytells_nb\n%skytells_sandbox"
_FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || !at.closest('.skytells-form')) return null;
  const named = [at.ariaLabel, at.title, ...(at.labels ? [...at.labels].map(label => label.textContent) : [])];
  const own = at.matches('button, summary') ? at.textContent : '';
  return (named.find(Boolean) || own || at.placeholder || at.tagName).trim();
}"""
_WATCH = """selector => {
  window.seen = [];
  const form = document.querySelector('.skytells-form');
  const note = () => {
    const text = [...form.querySelectorAll(selector)].map(node => node.innerText.trim()).join(' ');
    if (text && window.seen.at(-1) !== text) window.seen.push(text);
  };
  new MutationObserver(note).observe(form, {subtree: true, childList: true, characterData: true, attributes: true});
}"""
_DROP_FIRST = "document.querySelector('.skytells-form').closest('.jp-Cell').remove()"
_PATIENCE = 30_000


class FormPage:
    """One form, on a page of a front end."""

    def __init__(self, page: Page, front: FrontEnd) -> None:
        self.page = page
        self.front = front
        self.root = page.locator(".skytells-form").first
        self.run = self.root.locator("button.skytells-run")
        self.cancel = self.root.locator("button.skytells-cancel")
        self.reason = self.root.locator(".skytells-reason")
        self.pictures = self.root.locator(".skytells-result img")

    def field(self, label: str) -> Locator:
        """Find a control by its label; the star of a required one is not part of it."""
        return self.root.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$"))

    def row(self, label: str) -> Locator:
        """Find what surrounds a field: its help, limits and problems."""
        labels = self.page.locator("label", has_text=re.compile(rf"^{re.escape(label)}( \*)?$"))
        return self.root.locator(".skytells-row", has=labels)

    def problems(self, label: str) -> Locator:
        """Find what a field says is wrong."""
        return self.row(label).get_by_role("alert")

    def fill(self, label: str, text: str) -> None:
        """Type into a field, and leave it."""
        self.field(label).fill(text)
        self.field(label).blur()

    def open_code(self) -> None:
        """Open the Code view."""
        self.root.get_by_role("button", name=re.compile(r"^\W*Code$")).click()
        expect(self.root.locator(".skytells-code textarea").first).to_be_visible(timeout=_PATIENCE)

    def open_more(self) -> None:
        """Show the inputs that are rarely used."""
        shown = self.root.locator(".skytells-row").count()
        self.root.locator(".skytells-more").click()
        expect(self.root.locator(".skytells-row").nth(shown)).to_be_visible(timeout=_PATIENCE)

    def press_run(self) -> None:
        """Click Run as soon as it can be."""
        expect(self.run).to_be_enabled(timeout=_PATIENCE)
        self.run.click()

    def wait_for_result(self, count: int = 1) -> None:
        """Wait until so many runs stand in the gallery and none is going on."""
        expect(self.cards).to_have_count(count, timeout=_PATIENCE)
        expect(self.cancel).to_be_disabled(timeout=_PATIENCE)

    @property
    def cards(self) -> Locator:
        """The runs of this form."""
        return self.root.get_by_role("button", name=re.compile(r"^Load run"))

    def focused(self) -> str | None:
        """Name what has the focus; None for what is outside the form."""
        name: str | None = self.page.evaluate(_FOCUSED)
        return name

    def tab_to(self, name: str, *, most: int = 40) -> list[str | None]:
        """Press Tab until a part of the form has the focus; returns what had it on the way, that part last."""
        passed: list[str | None] = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            passed.append(self.focused())
            if (passed[-1] or "").removesuffix(" *").startswith(name):
                return passed
        raise AssertionError(f"{name} was not reached: {passed}")

    def watch(self, selector: str) -> None:
        """Keep each text that this part of the form shows from now on, see `seen`."""
        self.page.evaluate(_WATCH, selector)

    @property
    def seen(self) -> list[str]:
        """What the part that is watched has shown, in order."""
        texts: list[str] = self.page.evaluate("window.seen")
        return texts


@dataclass
class Desk:
    """A notebook with a form, open in a front end; `fresh` makes its form anew.

    Voila runs a notebook only by loading the page, with a new kernel: there, the notebook has several `forms`, and
    those that are `left` are given out one after the other.
    """

    page: Page
    front: FrontEnd
    jupyter: Jupyter
    notebook: str
    cells: int
    forms: int = 1
    left: int = 0

    def fresh(self) -> FormPage:
        """Give a form that nobody has touched, the first of the page."""
        if not self.left:
            self.front.run_first(self.page, self.cells)
            self.left = self.forms
        elif self.left < self.forms:
            self.page.evaluate(_DROP_FIRST)
        self.left -= 1
        self.page.locator(".skytells-form").first.wait_for(timeout=_PATIENCE)
        return FormPage(self.page, self.front)


@contextmanager
def open_desk(
    browser: Browser, jupyter: Jupyter, front: FrontEnd, model: str, *, name: str = "", forms: int = 1, **viewport: int
) -> Iterator[Desk]:
    """Open a notebook with the form of a model, until the block ends; in Voila with so many forms."""
    count = 1 if front.editable else forms
    cells = (START, *[f"import skytells_nb as sky\nform = sky.form({model!r})\nform"] * count)
    with open_cells(browser, jupyter, front, name or f"{front.name}-{model}", cells, **viewport) as desk:
        desk.forms, desk.left = count, 0 if front.editable else count
        yield desk


@contextmanager
def open_cells(
    browser: Browser, jupyter: Jupyter, front: FrontEnd, name: str, cells: Sequence[str], **viewport: int
) -> Iterator[Desk]:
    """Open a notebook of these cells, until the block ends. No other machine is reached, as Voila's pages try."""
    size: Any = {"width": 1280, "height": 1600, **viewport}
    with browser.new_context(viewport=size) as context:
        near = (jupyter.address, "data:", "blob:", "file:")
        context.route(lambda address: not address.startswith(near), lambda route: route.abort())
        page = context.new_page()
        page.set_default_timeout(15_000)
        notebook = jupyter.write(name, *cells)
        front.show(page, jupyter, notebook)
        yield Desk(page, front, jupyter, notebook, len(cells))


@contextmanager
def at_pace(sandbox: Sandbox, pace: float) -> Iterator[None]:
    """Let jobs that are asked for in this block take their time; a picture takes 1.2 s at pace 1."""
    before = sandbox.state.options
    sandbox.state.options = replace(before, pace=pace)
    try:
        yield
    finally:
        sandbox.state.options = before


def creations(sandbox: Sandbox) -> list[Any]:
    """List the inputs of the predictions that a sandbox was asked for, oldest first."""
    return [seen.json["input"] for seen in sandbox.state.requests if is_creation(seen.method, seen.path)]


def is_creation(method: str, path: str) -> bool:
    """Say whether a request asks for a prediction."""
    return method == "POST" and path.endswith(("/predictions", "/predict"))
