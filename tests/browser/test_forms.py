"""A form in real browsers: filled by hand, run against the sandbox, and what comes of it, in each front end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, expect

from skytells_nb.local import Sandbox

from .forms import Desk, FormPage, at_pace, creations, open_desk
from .fronts import EVERYWHERE, FrontEnd, Jupyter

pytestmark = pytest.mark.browser

PROMPT = "A red fox in the snow"
DRAWN = "images => images.map(image => image.complete && image.naturalWidth > 30)"
CANCELED_WITHIN = 0.5


@pytest.fixture(scope="module", params=EVERYWHERE, ids=lambda front: front.name)
def desk(request: pytest.FixtureRequest, browser: Browser, jupyter: Jupyter) -> Iterator[Desk]:
    """Yield a notebook with the form of a model of pictures, in each front end in turn."""
    front: FrontEnd = request.param
    with open_desk(browser, jupyter, front, "truefusion-pro", forms=5) as opened:
        yield opened


@pytest.fixture
def form(desk: Desk, quick: Sandbox) -> FormPage:
    """Give the form as it is at first, and an empty journal."""
    fresh = desk.fresh()
    quick.state.journal.clear()
    return fresh


def test_filled_by_mouse_it_gives_pictures(form: FormPage, quick: Sandbox) -> None:
    """What is clicked and typed is sent, nothing else is, and the pictures are seen in the form."""
    form.field("Prompt").click()
    form.page.keyboard.type(PROMPT)
    form.root.get_by_label("16:9").click()
    form.field("Num outputs").click()
    form.page.keyboard.press("Control+a")
    form.page.keyboard.type("2")
    form.press_run()
    form.wait_for_result()
    expect(form.pictures).to_have_count(2)
    assert form.pictures.evaluate_all(DRAWN) == [True, True]
    assert creations(quick) == [{"prompt": PROMPT, "aspect_ratio": "16:9", "num_outputs": 2}]


def test_filled_by_keyboard_alone_it_gives_a_picture(form: FormPage, quick: Sandbox) -> None:
    """Tab meets the inputs in the order they are read in; typing, Space and Enter do all that is needed."""
    form.root.locator(".skytells-head").click(position={"x": 1, "y": 1})
    passed = form.tab_to("Prompt")[-1:]
    form.page.keyboard.type(PROMPT)
    passed += form.tab_to("16:9")
    form.page.keyboard.press("Space")
    passed += form.tab_to("Num outputs")
    form.page.keyboard.press("Control+a")
    form.page.keyboard.type("2")
    passed += form.tab_to("Seed")
    form.page.keyboard.type("7")
    expect(form.row("Seed").locator(".skytells-reset")).to_be_visible()
    expect(form.run).to_be_enabled()
    passed += form.tab_to("Run, about $0.08")
    form.page.keyboard.press("Enter")
    form.wait_for_result()
    assert creations(quick) == [{"prompt": PROMPT, "aspect_ratio": "16:9", "num_outputs": 2, "seed": 7}]
    assert None not in passed, "everything between the first input and Run is part of the form and has a name"


def test_a_number_out_of_range_is_shown_and_not_moved(form: FormPage, quick: Sandbox) -> None:
    """The problem stands under its field, in words; the number stays as typed; Run is off and says why."""
    form.fill("Prompt", PROMPT)
    form.fill("Num outputs", "99")
    expect(form.problems("Num outputs")).to_have_text("must be at most 4 (got 99)")
    expect(form.field("Num outputs")).to_have_value("99")
    expect(form.run).to_be_disabled()
    expect(form.reason).to_contain_text("Num outputs must be at most 4")
    form.fill("Num outputs", "4")
    expect(form.run).to_be_enabled()
    assert form.row("Num outputs").get_by_role("alert").count() == 0
    assert creations(quick) == []


def test_what_is_missing_stops_a_run(form: FormPage) -> None:
    """An untouched form says by its Run button what is missing, and blames no field yet."""
    expect(form.run).to_be_disabled()
    expect(form.reason).to_contain_text("Prompt is missing")
    expect(form.root.get_by_role("alert")).to_have_count(0)


def test_the_price_follows_the_inputs(form: FormPage) -> None:
    """The Run button says what this very run would cost."""
    expect(form.run).to_have_text("Run, about $0.04")
    form.fill("Num outputs", "3")
    expect(form.run).to_have_text("Run, about $0.12")


def test_progress_is_seen(form: FormPage, quick: Sandbox) -> None:
    """While it runs the form says queued, then processing, with a growing share of the work."""
    with at_pace(quick, 0.6):
        form.fill("Prompt", PROMPT)
        form.watch(".skytells-outcome")
        form.press_run()
        form.wait_for_result()
        told = " | ".join(form.seen).lower()
        assert told.index("queued") < told.index("processing")
        shares = [int(share) for share in re.findall(r"(\d+) ?%", told)]
        assert len(set(shares)) > 2
        assert shares == sorted(shares)


def test_cancel_reaches_the_service_at_once(form: FormPage, quick: Sandbox) -> None:
    """Cancel, in the middle of a run, is at the service within half a second of the click; the job is canceled."""
    with at_pace(quick, 0.1):
        form.fill("Prompt", PROMPT)
        form.press_run()
        expect(form.cancel).to_be_enabled()
        expect(form.root.locator(".skytells-outcome")).to_contain_text(re.compile("queued|processing", re.IGNORECASE))
        clicked = form.cancel.evaluate("button => { const now = Date.now(); button.click(); return now }")
        expect(form.cancel).to_be_disabled()
        expect(form.root.locator(".skytells-outcome")).to_contain_text(re.compile("cancel", re.IGNORECASE))
        came = next(seen for seen in quick.state.requests if seen.path.endswith("/cancel"))
        assert datetime.fromisoformat(came.at).timestamp() - clicked / 1000 < CANCELED_WITHIN
        assert quick.state.jobs[-1].stopped is not None
        expect(form.run).to_be_enabled()


def test_a_second_run_waits_for_the_first(form: FormPage, quick: Sandbox) -> None:
    """While one runs, Run is off and says so; a second click sends nothing."""
    with at_pace(quick, 0.4):
        form.fill("Prompt", PROMPT)
        form.press_run()
        expect(form.run).to_be_disabled()
        expect(form.reason).to_contain_text("It is running")
        form.run.evaluate("button => button.click()")
        form.wait_for_result()
        assert len(creations(quick)) == 1


def test_a_run_is_loaded_back(form: FormPage) -> None:
    """Load puts what a run was made with into the fields again."""
    form.fill("Prompt", PROMPT)
    form.fill("Seed", "11")
    form.press_run()
    form.wait_for_result()
    form.fill("Prompt", "Something else")
    form.fill("Seed", "")
    form.cards.first.click()
    expect(form.field("Prompt")).to_have_value(PROMPT)
    expect(form.field("Seed")).to_have_value("11")


def test_again_takes_another_seed(form: FormPage, quick: Sandbox) -> None:
    """One click runs the same inputs with another seed; both runs stand in the gallery."""
    form.fill("Prompt", PROMPT)
    form.fill("Seed", "11")
    form.press_run()
    form.wait_for_result()
    form.root.get_by_role("button", name=re.compile("seed", re.IGNORECASE)).first.click()
    form.wait_for_result(2)
    first, second = creations(quick)
    assert first == {"prompt": PROMPT, "seed": 11}
    assert second["prompt"] == PROMPT
    assert second["seed"] != 11
    expect(form.field("Seed")).to_have_value(str(second["seed"]))


def test_a_failed_run_says_so_in_one_line(form: FormPage) -> None:
    """What the service says went wrong stands under the form, in words that are announced."""
    form.fill("Prompt", "FAIL please")
    form.press_run()
    said = form.root.locator(".skytells-outcome").get_by_role("alert")
    expect(said).to_contain_text("failed", timeout=20_000)
    assert "\n" not in said.inner_text().strip()
    expect(form.run).to_be_enabled()
