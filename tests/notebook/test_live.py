"""The live display: how often it paints, what stays, and where it is seen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import skytells_nb
from skytells_nb.notebook.live import Live, progress_bundle
from skytells_nb.notebook.painters import Lines, Nowhere, Said, find_painter
from tests.kernels import Kernel, running_kernel
from tests.notebook.hostile import faults

DONE = {"text/plain": "done", "text/html": "<b>done</b>"}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Canvas:
    """A painter that remembers; each painting takes `cost` seconds and `size` bytes."""

    def __init__(self, clock: Clock | None = None, cost: float = 0.0, size: int = 0) -> None:
        self.painted: list[str] = []
        self.clock, self.cost, self.size = clock, cost, size

    def text(self, said: Said) -> int:
        return self._paint(said.text)

    def _paint(self, words: str) -> int:
        self.painted.append(words)
        if self.clock:
            self.clock.now += self.cost
        return self.size

    def show(self, drawn: dict[str, Any]) -> int:
        return self._paint(drawn["text/plain"])

    def finish(self, drawn: dict[str, Any]) -> None:
        self.painted.append(f"finished: {drawn['text/plain']}")

    def leave(self) -> None:
        self.painted.append("left")


def paintings(*, seconds: float, step: float, cost: float = 0.0, size: int = 0) -> list[str]:
    """Stream for some seconds of a made-up clock and give what was painted."""
    clock = Clock()
    canvas, words, ends = Canvas(clock, cost, size), "", clock.now + seconds
    with Live(clock=clock, display=canvas) as live:
        while clock.now < ends:
            words += "x"
            live.text(words)
            clock.now += step
        live.finish(DONE)
    return canvas.painted


def test_waiting_first_words_and_result() -> None:
    """A sign of waiting comes at once, then the first words at once, then the result."""
    clock, canvas = Clock(), Canvas()
    with Live(clock=clock, display=canvas) as live:
        live.text("")
        live.text("a")
        live.text("ab")
        live.finish(DONE)
    assert canvas.painted == ["…", "a", "finished: done"]


def test_at_most_ten_paintings_a_second() -> None:
    """A thousand pieces a second are painted ten times."""
    assert 9 <= len(paintings(seconds=1, step=0.001)) - 2 <= 11


def test_slow_paintings_are_rarer() -> None:
    """Painting takes no more than about a quarter of the time."""
    assert len(paintings(seconds=2, step=0.001, cost=0.1)) - 2 <= 6


def test_large_paintings_are_rarer() -> None:
    """A large page is sent less often, so that it stays near a quarter of a megabyte a second."""
    assert len(paintings(seconds=2, step=0.001, size=125_000)) - 2 <= 5


def test_text_is_asked_for_only_when_painting() -> None:
    """A function in place of the text is not called when nothing is painted."""
    clock, canvas, asked = Clock(), Canvas(), []
    with Live(clock=clock, display=canvas) as live:
        for _ in range(10):
            live.text(lambda: asked.append(1) or "text")  # type: ignore[func-returns-value]
        clock.now += 1
        live.text(lambda: Said("pieces"))
        live.finish(DONE)
    assert len(asked) == 1
    assert canvas.painted == ["…", "text", "pieces", "finished: done"]


def test_skipped_piece_costs_little() -> None:
    """Leaving out a piece takes about as long as a look at the clock."""
    live = Live(interval=60, display=Canvas())
    live.text("first")
    best = min(_time(live) for _ in range(5))
    assert best / 100_000 < 2e-6


def _time(live: Live) -> float:
    began = time.thread_time()
    for _ in range(100_000):
        live.text("more")
    return time.thread_time() - began


def test_failure_leaves_the_text_so_far() -> None:
    """An error in the block ends the display without a result, and goes on its way."""
    canvas = Canvas()

    def fail() -> None:
        with Live(display=canvas) as live:
            live.text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert canvas.painted == ["…", "a", "left"]


def test_a_pause_for_another_try_is_said_at_once() -> None:
    """However short ago the last painting was; the service's words stay text."""
    clock = Clock()
    canvas = Canvas(clock)
    with Live(clock=clock, display=canvas) as live:
        live.text("Mach")
        live.waiting("Too many <b>requests</b>: 25 a minute.", 12)
    assert canvas.painted == ["…", "Mach", "Too many <b>requests</b>: 25 a minute. Trying again in 12 s.", "left"]


@pytest.mark.parametrize("percent", [None, 0, 45.4, 100, 1e9, -5, float("nan")])
def test_progress_is_drawn_for_any_number(percent: float | None) -> None:
    """A bar is never wider than its frame, and numbers that make no sense are left out."""
    drawn = progress_bundle("m<b>", "processing", percent, 3.21)
    assert drawn["text/plain"].endswith("3.2 s")
    assert faults(drawn["text/html"]) == []
    assert "nan" not in drawn["text/html"]


def test_without_ipython_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A script prints nothing by itself."""
    assert isinstance(find_painter(), Nowhere)
    with Live() as live:
        live.text("a")
        live.progress("m", "processing", 5, 1)
        live.finish(DONE)
    assert capsys.readouterr().out == ""


def test_terminal_prints_each_word_once(capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal the text grows in place, and the caption ends it."""
    clock = Clock()
    with Live(clock=clock, display=Lines()) as live:
        for words in ("Hel", "Hello\x1b", "Hello\x1b wor"):
            live.text(words)
            clock.now += 1
        live.finish({"text/plain": "Hello⟨U+001B⟩ world\n1.0 s"})
    assert capsys.readouterr().out == "Hello⟨U+001B⟩ world\n1.0 s\n"


def test_terminal_prints_progress_when_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    """A waiting job prints a line for each state, not for each look."""
    clock = Clock()
    with Live(clock=clock, display=Lines()) as live:
        for status in ("queued", "processing", "processing", "processing"):
            live.progress("fox", status, None, clock.now - 100)
            clock.now += 1
        live.finish(DONE)
    assert capsys.readouterr().out == "fox · queued · 0.0 s\nfox · processing · 1.0 s\ndone\n"


def test_real_terminal_prints_lines(tmp_path: Path) -> None:
    """In a real IPython without a front end, lines are printed and no page is."""
    code = (
        "from skytells_nb.notebook.live import Live\n"
        "with Live(interval=0) as live:\n"
        "    live.text('one'); live.text('one two')\n"
        "    live.finish({'text/plain': 'one two\\n-caption-', 'text/html': '<b>'})\n"
    )
    (tmp_path / "lines.ipy").write_text(code)
    root = str(Path(skytells_nb.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "lines.ipy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert ran.stdout == "one two\n-caption-\n"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """Start a real kernel with Live at hand."""
    with running_kernel(PYTHONPATH=str(Path(skytells_nb.__file__).parents[1])) as running:
        assert running.run("import time; from skytells_nb.notebook.live import Live").status == "ok"
        yield running


def test_kernel_sends_at_most_ten_paintings_a_second(kernel: Kernel) -> None:
    """In a real kernel two seconds of 500 pieces a second are some twenty messages in one output."""
    ran = kernel.run(
        "with Live() as live:\n"
        "    words, began = [], time.monotonic()\n"
        "    while time.monotonic() - began < 2:\n"
        "        words.append('word ')\n"
        "        live.text(lambda: ''.join(words))\n"
        "        time.sleep(0.002)\n"
        "    live.finish({'text/plain': 'whole', 'text/html': '<b>whole</b>'})\n"
    )
    assert 10 <= ran.messages <= 23
    assert ran.shown == [{"text/plain": "whole", "text/html": "<b>whole</b>"}]


def test_kernel_shows_growing_markdown(kernel: Kernel) -> None:
    """While it grows the text is Markdown drawn as HTML, never a Markdown bundle."""
    ran = kernel.run("live = Live(); live.__enter__(); live.text('**bo')")
    assert "<strong>bo</strong>" in ran.html
    assert set(ran.shown[-1]) == {"text/plain", "text/html"}


def test_a_cell_says_that_it_waits_for_the_limit(kernel: Kernel) -> None:
    """A magic that is asked to come again later says so while it waits, and Stop ends the wait."""
    kernel.run("%load_ext skytells_nb\nimport skytells_nb as sky\nsky.sandbox()")
    kernel.run("from skytells_nb.notebook.session import current; current()._sandbox.inject('429;retry-after=30')")
    ran = kernel.run("%%skytells_chat\nWhat is a notebook?", interrupt_after="Trying again in 30 s.")
    assert (ran.status, "KeyboardInterrupt" in ran.error) == ("error", True)


def test_stop_in_a_kernel_keeps_the_text_so_far(kernel: Kernel) -> None:
    """Stop ends the cell; what had come stays, without the sign that more is coming."""
    ran = kernel.run(
        "with Live() as live:\n    live.text('some *words*')\n    time.sleep(60)\n", interrupt_after="some"
    )
    assert ran.status == "error"
    assert ran.shown[-1]["text/plain"] == "some *words*"
    assert "…" not in ran.html


def test_failed_progress_leaves_an_empty_place(kernel: Kernel) -> None:
    """A job's bar does not stand for ever over its error."""
    ran = kernel.run("with Live() as live:\n    live.progress('m', 'processing', 5, 1)\n    raise RuntimeError('no')\n")
    assert ran.shown[-1] == {"text/plain": "", "text/html": ""}
    assert "RuntimeError" in ran.error
