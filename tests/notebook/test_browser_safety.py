"""Answers that grow, and pages in frames, in a real browser: nothing runs, nothing is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from skytells_nb.api.values import Reply
from skytells_nb.notebook.formats import finish
from skytells_nb.notebook.texts.growing import Growing
from skytells_nb.notebook.texts.markdown import to_html
from tests.browsers import running_browser
from tests.notebook.hostile import PAYLOADS, SOME


@pytest.mark.browser
def test_no_hostile_answer_runs_or_reaches_out(tmp_path: Path) -> None:
    """A page of hostile answers opens no dialog, sends no request and runs no script, not even when clicked.

    Everything else that is shown is attacked in the front ends (`tests/browser/test_hostile_everywhere.py`).
    """
    pieces = [draw(payload) for payload in PAYLOADS for draw in (to_html, Growing().html)]
    pieces += [finish(Reply(text=payload), "html").bundle["text/html"] for payload in SOME]
    page_file = tmp_path / "page.html"
    page_file.write_text(
        "<!doctype html><meta charset=utf-8>" + "".join(f"<section>{piece}</section>\n" for piece in pieces),
        encoding="utf-8",
    )
    happened: list[str] = []
    with running_browser() as browser:
        page = browser.new_page()
        page.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
        # What a frame's own policy stops never gets here.
        page.route("**", lambda route: (happened.append(route.request.url), route.continue_()))
        page.goto(page_file.as_uri())
        page.evaluate(
            "document.querySelectorAll('section *').forEach(e => { if (e.tagName != 'A') { e.click();"
            "e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})); e.focus && e.focus(); } })"
        )
        for frame in page.frames[1:]:
            for link in frame.query_selector_all("a, button"):
                link.dispatch_event("click")
        page.wait_for_timeout(300)
        assert {frame.url for frame in page.main_frame.child_frames} == {"about:srcdoc"}
        assert page.evaluate("window.ran") is None
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate("document.querySelectorAll('section').length") == len(pieces)
        assert page.evaluate("document.querySelectorAll('body > :not(section)').length") == 0
    assert happened == [page_file.as_uri()]
