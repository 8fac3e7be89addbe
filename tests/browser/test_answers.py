"""Answers in JupyterLab: what streams in is typeset and folded, a page stays in its frame, code gets a new cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .fronts import LAB, Jupyter, run_new_cell, take_theme

pytestmark = pytest.mark.browser

RICH = """%%skytells_chat
THINK REPEAT: ## A table and a formula

| name | legs |
|------|-----:|
| fox | 4 |

- [x] done, says a note.[^1]

$$
\\frac{a + b}{2} \\ge \\sqrt{a \\, b}
$$

```python
def legs(animal: str) -> int:
    return 4 if animal == "fox" else 2  # all of them
```

[^1]: It costs $5 and $6, which is **no formula**."""
PAGE = """%%skytells_chat -f html
REPEAT: <h1>A page</h1><p style="color:teal">in a frame</p><script>parent.ran = 1</script>"""
INSERT = "%%skytells_chat --insert\nREPEAT: Here it is:\n\n```python\nprint(6 * 7)\n```"
DATA = '%%skytells_chat -f json\nREPEAT: {"name": "fox", "legs": {"front": 2, "back": 2}}'
CELLS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell"


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Jupyter) -> Iterator[Page]:
    """Yield JupyterLab with a notebook that goes offline."""
    context = browser.new_context(viewport={"width": 1100, "height": 1700})
    opened = context.new_page()
    LAB.show(opened, lab, lab.write("answers", "%load_ext skytells_nb\n%skytells_sandbox"))
    LAB.run_first(opened, 1)
    yield opened
    context.close()


def test_an_answer_is_typeset_and_its_thoughts_are_folded(page: Page, pictures: Path) -> None:
    """The front end draws the formula and no sum of money; the fold opens with a click; light and dark are pictured."""
    cell = run_new_cell(page, RICH)
    cell.locator("mjx-container").wait_for()
    assert cell.locator("mjx-container").count() == 1
    thoughts = cell.locator("details p").first
    assert not thoughts.is_visible()
    cell.locator("summary").click()
    assert thoughts.is_visible()
    for cells in (PAGE, DATA):
        run_new_cell(page, cells)
    for theme in ("Dark", "Light"):
        take_theme(page, theme)
        page.screenshot(path=pictures / f"answers-{theme.lower()}.png")


def test_a_page_of_a_model_is_seen_and_does_nothing(page: Page) -> None:
    """It is drawn within its frame; its script did not run."""
    run_new_cell(page, PAGE)
    assert page.frame_locator("iframe").last.locator("h1").inner_text() == "A page"
    assert page.evaluate("window.ran") is None


def test_inserted_code_stands_in_a_new_cell_that_was_not_run(page: Page) -> None:
    """Below the one that asked."""
    before = page.locator(CELLS).count()
    run_new_cell(page, INSERT)
    page.wait_for_function(f"document.querySelectorAll({CELLS!r}).length == {before + 2}")
    last = page.locator(CELLS).last
    assert last.locator(".jp-InputArea-editor").inner_text().strip() == "print(6 * 7)"
    assert last.locator(".jp-InputArea-prompt").inner_text().strip() == "[ ]:"
