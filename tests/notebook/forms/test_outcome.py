"""What a form shows of its runs: the line, trouble, the result, and the list of runs that have ended."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import HTML, Button, HBox

from skytells_nb import settings
from skytells_nb.api.values import Prediction, Status
from skytells_nb.errors import JobCanceledError, JobFailedError, StillRunningError
from skytells_nb.local import Sandbox
from skytells_nb.notebook.forms import records
from skytells_nb.notebook.forms.outcome import CARDS, Outcome
from skytells_nb.notebook.jobs import endings
from skytells_nb.notebook.jobs.progress import Progress
from skytells_nb.notebook.jobs.runner import start
from skytells_nb.notebook.media.kept import Kept, Room, prepared
from skytells_nb.schema.fields import read_fields
from tests.notebook.conftest import png
from tests.notebook.hostile import SOME, faults

FIELDS = read_fields({"properties": {"prompt": {"type": "string"}, "seed": {"type": "integer"}}})
FOX = {"prompt": "a fox", "seed": 7}
JOB = Prediction("p-1", Status.RUNNING, "truefusion-pro", input=FOX, progress=43.0)
GOING_ON = Progress("truefusion-pro", FOX, "running", 3.21, 43.0, JOB)
OURS = {
    "role",
    "class",
    "aria-hidden",
    "aria-label",
    "aria-valuetext",
    "aria-valuemin",
    "aria-valuemax",
    "aria-valuenow",
}
"""Attributes of our own that results elsewhere do not have."""


class Heard:
    """What the buttons of an outcome asked for."""

    def __init__(self) -> None:
        self.loaded: list[Mapping[str, Any]] = []
        self.again: list[Mapping[str, Any]] = []
        self.outcome = Outcome(FIELDS, self.loaded.append, self.again.append)


def part(outcome: Outcome, name: str) -> str:
    """Give the HTML of a part that is shown; "" for one that is not."""
    found = [child for child in outcome.widget.children if f"skytells-{name}" in child._dom_classes]
    return str(found[0].value) if found else ""


def cards(outcome: Outcome) -> list[HBox]:
    """Give the cards of the runs, the first first."""
    runs = [child for child in outcome.widget.children if "skytells-runs" in child._dom_classes]
    return [card for each in runs for card in each.children if isinstance(card, HBox)]


def button(outcome: Outcome, name: str) -> Button:
    """Find a button by what a person reads on it."""
    return next(b for card in cards(outcome) for b in card.children if getattr(b, "description", "") == name)


def ended(number: int = 1, **more: Any) -> Progress:
    """Make the end of a run without files."""
    job = Prediction(f"p-{number}", Status.SUCCEEDED, "truefusion-pro", input=FOX, output=(f"said {number}",))
    return replace(GOING_ON, state="succeeded", job=job, values={**FOX, "seed": number}, percent=None, **more)


def with_file(data: bytes, path: Path) -> Progress:
    """Make the end of a run with one file, kept at a path."""
    path.write_bytes(data)
    mime = {".png": "image/png", ".wav": "audio/wav", ".mp4": "video/mp4"}[path.suffix]
    kind: Any = mime.partition("/")[0]
    return ended(kept=(prepared(Kept("https://a.b/x", 0, path, kind, mime, len(data)), Room(90_000, 1_000_000)),))


def test_nothing_is_there_before_the_first_run() -> None:
    """A form that has not run has no empty boxes."""
    assert Heard().outcome.widget.children == ()


def test_the_line_says_how_far_it_is() -> None:
    """Model and state are words of a status region; percent and seconds stand in a progress bar."""
    outcome = Heard().outcome
    outcome.show(GOING_ON)
    assert part(outcome, "status") == '<div role="status">truefusion-pro · processing</div>'
    assert 'role="progressbar"' in part(outcome, "meter")
    assert 'aria-valuenow="43"' in part(outcome, "meter")
    assert "43 % · 3.2 s" in part(outcome, "meter")


def test_the_announced_words_stay_while_numbers_move() -> None:
    """A look or a tick changes nothing that a screen reader would read out again."""
    outcome, changes = Heard().outcome, []
    outcome.show(GOING_ON)
    status = next(child for child in outcome.widget.children if "skytells-status" in child._dom_classes)
    status.observe(changes.append, "value")
    outcome.show(replace(GOING_ON, elapsed=9.0, percent=80.0))
    assert changes == []


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (replace(GOING_ON, state="sending"), "truefusion-pro · sending"),
        (replace(GOING_ON, state="saving"), "truefusion-pro · saving the files"),
        (replace(GOING_ON, canceling=True), "truefusion-pro · canceling"),
        (replace(GOING_ON, state="sending", waiting="Too many. Trying again in 3 s."), "sending · Too many. Trying"),
        (replace(GOING_ON, state="failed", error=StillRunningError("x")), "truefusion-pro · no longer waited for"),
    ],
)
def test_every_state_has_its_words(progress: Progress, words: str) -> None:
    """What a person reads says what goes on, and why nothing moves."""
    assert words in records.words(progress)


def test_an_unknown_percent_has_no_value() -> None:
    """A bar of which nothing is known claims no number."""
    assert "aria-valuenow" not in records.meter_html(replace(GOING_ON, percent=None))


def test_a_result_is_shown_in_the_form(tmp_path: Path) -> None:
    """The picture is embedded, with the prompt as its alternative text, and without links that lead nowhere."""
    outcome = Heard().outcome
    outcome.show(with_file(png(), tmp_path / "fox.png"))
    result = part(outcome, "result")
    assert '<img src="data:image/' in result
    assert 'alt="a fox"' in result
    assert "fox.png" in result
    assert "href" not in result
    assert part(outcome, "meter") == ""


@pytest.mark.parametrize(("name", "tag"), [("fox.wav", "audio"), ("fox.mp4", "video")])
def test_sounds_and_films_are_embedded_whole(name: str, tag: str, tmp_path: Path) -> None:
    """What is too large for a notebook's file still plays in the live form."""
    data = bytes(3_000_000)
    html = records.result_html(with_file(data, tmp_path / name))
    assert f'<{tag} controls preload="metadata" src="data:{tag}/' in html
    assert base64.b64encode(data).decode() in html


def test_films_beyond_the_bound_are_named(tmp_path: Path) -> None:
    """A film of more than eight megabytes is not sent through the kernel: its file's name stands there."""
    html = records.result_html(with_file(bytes(records.PLAYED + 1), tmp_path / "fox.mp4"))
    assert "<video" not in html
    assert "fox.mp4" in html


def test_trouble_is_one_announced_line() -> None:
    """An error is an alert with what happened and what to do, on one line."""
    outcome = Heard().outcome
    outcome.show(replace(GOING_ON, state="failed", error=JobFailedError("It\nfailed.", "Change <the> inputs.")))
    assert part(outcome, "trouble") == '<div role="alert">It failed. Change &lt;the&gt; inputs.</div>'


def test_trouble_is_gone_when_the_next_run_begins() -> None:
    """A new run takes the last one's error away."""
    outcome = Heard().outcome
    outcome.show(replace(GOING_ON, state="failed", error=JobFailedError("It failed.")))
    outcome.show(GOING_ON)
    assert part(outcome, "trouble") == ""


def test_a_cancel_is_no_alert() -> None:
    """Who cancels a run is told that it is canceled, and not that something is wrong."""
    outcome = Heard().outcome
    outcome.show(replace(GOING_ON, state="canceled", error=JobCanceledError("It was canceled.")))
    assert part(outcome, "status") == '<div role="status">truefusion-pro · canceled</div>'
    assert part(outcome, "trouble") == ""


def test_an_error_that_is_not_ours_is_named() -> None:
    """An error without words shows what it is called."""
    assert endings.trouble(replace(GOING_ON, state="failed", error=ZeroDivisionError())) == "ZeroDivisionError"


def test_runs_are_listed_newest_first() -> None:
    """Every run that ended has a card: its number, its prompt and its caption."""
    outcome = Heard().outcome
    outcome.show(ended(1))
    outcome.show(replace(ended(2), state="failed", job=None, error=JobFailedError("It failed.")))
    second, first = (next(part for part in card.children if isinstance(part, HTML)).value for card in cards(outcome))
    assert "Run 2 · a fox" in second
    assert "truefusion-pro · failed · It failed." in second
    assert "Run 1 · a fox" in first
    assert "p-1" in first


def test_a_card_of_a_picture_is_small(tmp_path: Path) -> None:
    """Its picture takes at most ten kilobytes, however large the result is."""
    html = records.small_html(1, with_file(png(1200, 900), tmp_path / "fox.png"), "a fox")
    assert 'alt="Run 1 · a fox"' in html
    assert len(html) < 15_000


def test_a_card_shows_no_secret() -> None:
    """A run is named by its prompt, or by its first text; never by a secret."""
    secret = {"type": "string", "x-cog-secret": True}
    fields = read_fields({"properties": {"token": secret, "lyrics": {"type": "string"}}})
    end = replace(ended(1), values={"token": "hunter2", "lyrics": "la la"})
    assert records.about(fields, end) == "la la"


def test_a_run_is_loaded_back() -> None:
    """The button of a run gives the inputs of that very run."""
    heard = Heard()
    for number in (1, 2, 3):
        heard.outcome.show(ended(number))
    button(heard.outcome, "Load run 2").click()
    assert heard.loaded == [{"prompt": "a fox", "seed": 2}]


def test_a_run_is_repeated_with_another_seed() -> None:
    """The other button hands over the inputs, for the form to change the seed."""
    heard = Heard()
    heard.outcome.show(ended(1))
    button(heard.outcome, "Run 1 again with another seed").click()
    assert heard.again == [{"prompt": "a fox", "seed": 1}]


def test_without_a_seed_nothing_is_repeated() -> None:
    """A model that takes no seed has no button for another one."""
    outcome = Outcome(FIELDS[:1], lambda _: None, lambda _: None)
    outcome.show(ended(1))
    assert [child.description for child in cards(outcome)[0].children if isinstance(child, Button)] == ["Load run 1"]


def test_many_runs_stay_few_widgets() -> None:
    """The newest twenty have cards; older ones are lines, and their widgets are closed."""
    outcome = Heard().outcome
    outcome.show(ended(1))
    first = cards(outcome)[0]
    for number in range(2, CARDS + 4):
        outcome.show(ended(number))
    lines = outcome.widget.children[-1].children[-1].value
    assert len(cards(outcome)) == CARDS
    assert [f"Run {number} ·" in lines for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert lines.index("Run 3 ·") < lines.index("Run 1 ·")
    assert (first.comm, first.layout.comm, first.children[1].style.comm) == (None, None, None)


@pytest.mark.parametrize("payload", SOME)
def test_hostile_words_are_shown_as_text(payload: str) -> None:
    """Names, prompts, outputs and errors that attack the page are text, wherever they stand."""
    job = replace(JOB, id=payload, model=payload, status=Status.FAILED, error=payload, input={"prompt": payload})
    end = Progress(payload, {"prompt": payload}, "failed", 1.0, None, job, JobFailedError(payload, payload))
    said = replace(job, status=Status.SUCCEEDED, output=(payload,))
    outcome = Heard().outcome
    for progress in (replace(end, state="sending", waiting=payload), end):
        outcome.show(progress)
    html = [
        *(child.value for child in outcome.widget.children if isinstance(child, HTML)),
        records.result_html(replace(end, state="succeeded", job=said)),
        records.small_html(1, end, payload),
        records.meter_html(end),
        records.lines_html([records.numbered(1, end)], 9),
        records.lasting(end, payload, [payload])["text/html"],
    ]
    ours = {f"attribute div.{name}" for name in OURS}
    assert [fault for fault in faults("".join(html)) if fault not in ours] == []


def test_real_runs_are_shown_from_their_thread(sandbox: Sandbox) -> None:
    """A run of the sandbox ends with its picture in the form and a card in the list."""
    settings.use(settings.Override(address=sandbox.url, key=settings.Key("sk-sandbox"), sandbox=True))
    try:
        outcome = Heard().outcome
        start("truefusion-pro", FOX, outcome.show).wait(20)
    finally:
        settings.use(None)
    assert '<img src="data:image/' in part(outcome, "result")
    assert "sandbox: nothing was billed" in part(outcome, "result")
    assert '<img src="data:image/' in cards(outcome)[0].children[0].value
