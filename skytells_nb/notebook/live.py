"""One display that is repainted while something runs, and holds the lasting result in the end.

State is what was last said; painters put it where a person can see it: a slot of a notebook, the lines of a terminal,
or nowhere. A notebook is repainted at most 20 times a second, and less often when a painting is large or slow, so that
no amount of small pieces floods it; a call that comes too early costs one look at the clock. The first words are
painted at once, and `finish` always paints.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from math import isnan
from types import TracebackType
from typing import Any, Protocol, Self

from . import page

Bundle = dict[str, Any]
Text = str | Callable[[], str] | Sequence[str]

INTERVAL = 0.05
_SHARE = 4.0
_BYTES_PER_SECOND = 1_000_000
_WAITING = "…"


class Painter(Protocol):
    """Where a live display is seen."""

    def text(self, so_far: str) -> int:
        """Show text of which more will come; returns how many bytes that took."""

    def show(self, drawn: Bundle) -> int:
        """Show a passing state; returns how many bytes that took."""

    def finish(self, drawn: Bundle) -> None:
        """Show the lasting result."""

    def leave(self) -> None:
        """End without a result: keep the text so far, take away what only says that something is going on."""


class Live:
    """A live display; use it in a `with`.

    `clock` counts seconds, `interval` is the shortest time between two paintings in seconds, `display` the painter
    (found by itself where it is None). Where the block ends without `finish`, the text painted last stays.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = INTERVAL,
        display: Painter | None = None,
    ) -> None:
        self._clock = clock
        self._interval = interval
        self._painter = display or find_painter()
        self._next = float("-inf")
        self._finished = False

    def __enter__(self) -> Self:
        self._painter.show(_waiting())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            self._painter.leave()

    def text(self, so_far: Text) -> None:
        """Show the text so far: a string, its pieces, or a function that gives it, which is asked only when painting.

        Empty text keeps the sign of waiting. Too early a call is left out; the next one shows all.
        """
        if self._clock() < self._next:
            return
        whole = so_far if isinstance(so_far, str) else so_far() if callable(so_far) else "".join(so_far)
        if whole:
            self._paint(lambda: self._painter.text(whole))

    def show(self, factory: Callable[[], Bundle]) -> None:
        """Show what `factory` draws; it is asked only when it is time to paint."""
        if self._clock() >= self._next:
            self._paint(lambda: self._painter.show(factory()))

    def progress(self, model: str, status: str, percent: float | None, elapsed: float) -> None:
        """Show how far a prediction is: `percent` from 0 to 100 or None, `elapsed` in seconds."""
        self.show(lambda: progress_bundle(model, status, percent, elapsed))

    def waiting(self, why: str, seconds: float) -> None:
        """Say at once why nothing comes for some seconds."""
        line = f"{page.cut(why, 200)} Trying again in {seconds:.3g} s."
        drawn = {"text/plain": line, "text/html": page.box(f'<span style="opacity:.6">{page.text(line)}</span>')}
        self._paint(lambda: self._painter.show(drawn))

    def finish(self, drawn: Bundle) -> None:
        """Paint the lasting result, whenever the last painting was."""
        self._finished = True
        self._painter.finish(drawn)

    def _paint(self, paint: Callable[[], int]) -> None:
        began = self._clock()
        size = paint()
        now = self._clock()
        self._next = began + max(self._interval, _SHARE * (now - began), size / _BYTES_PER_SECOND)


def _waiting() -> Bundle:
    return {"text/plain": _WAITING, "text/html": page.box(f'<span style="opacity:.6">{_WAITING}</span>')}


def progress_bundle(model: str, status: str, percent: float | None, elapsed: float) -> Bundle:
    """Draw the progress of a prediction: a line, and a bar where `percent` (0 to 100) is known."""
    part = None if percent is None or isnan(percent) else min(100.0, max(0.0, percent))
    facts = (page.cut(model, 80), page.cut(status, 40), "" if part is None else f"{part:.0f} %", f"{elapsed:.1f} s")
    line = " · ".join(fact for fact in facts if fact)
    full = f'<div style="width:{part or 0:.0f}%;height:4px;background:#2b7fc4;border-radius:2px"></div>'
    bar = f'<div style="max-width:320px;background:{page.TINT};border-radius:2px;margin-top:.4em">{full}</div>'
    return {"text/plain": line, "text/html": page.box(f"<div>{page.text(line)}</div>", bar)}


class Slot:
    """One output of a notebook cell, replaced with each painting."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._text = ""

    def text(self, so_far: str) -> int:
        """Show Markdown that is still growing."""
        from .texts import markdown

        self._text = so_far
        html = page.box(markdown.to_html(so_far, growing=True), f'<span style="opacity:.6">{_WAITING}</span>')
        return self.show({"text/plain": page.visible(so_far), "text/html": html})

    def show(self, drawn: Bundle) -> int:
        """Put a mimebundle in the place of the one before."""
        if self._handle is None:
            from IPython.display import display

            self._handle = display(drawn, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(drawn, raw=True)
        return sum(len(form) for form in drawn.values() if isinstance(form, str))

    def finish(self, drawn: Bundle) -> None:
        """Leave this bundle in the notebook."""
        self.show(drawn)

    def leave(self) -> None:
        """Leave the text so far, or an empty place."""
        from .texts import markdown

        html = page.box(markdown.to_html(self._text)) if self._text else ""
        self.show({"text/plain": page.visible(self._text), "text/html": html})


class Lines:
    """A terminal: text is printed as it comes, each piece once; nothing is repainted."""

    def __init__(self) -> None:
        self._printed = ""
        self._state = ""

    def text(self, so_far: str) -> int:
        """Print what is new."""
        self._print_rest(page.visible(so_far))
        return 0

    def show(self, drawn: Bundle) -> int:
        """Print a passing state where it says something new, leaving numbers that only count up aside."""
        line = str(drawn.get("text/plain", ""))
        state = " · ".join(line.split(" · ")[:2])
        if line != _WAITING and state != self._state:
            self._state = state
            print(line, flush=True)
        return 0

    def finish(self, drawn: Bundle) -> None:
        """Print what is left of the result, with its caption."""
        whole = str(drawn.get("text/plain", ""))
        if whole:
            self._print_rest(whole)
            print(flush=True)
            self._printed = ""

    def leave(self) -> None:
        """End the line that was begun."""
        if self._printed:
            print(flush=True)

    def _print_rest(self, whole: str) -> None:
        new = whole[len(self._printed) :] if whole.startswith(self._printed) else f"\n{whole}"
        print(new, end="", flush=True)
        self._printed = whole


class Nowhere:
    """No IPython: a script gets its values and nothing on the screen."""

    def text(self, so_far: str) -> int:
        """Show nothing."""
        return 0

    def show(self, drawn: Bundle) -> int:
        """Show nothing."""
        return 0

    def finish(self, drawn: Bundle) -> None:
        """Show nothing."""

    def leave(self) -> None:
        """Show nothing."""


def find_painter() -> Painter:
    """Find where a person would see a display: IPython's slot, a terminal's lines, or nowhere."""
    if "IPython" not in sys.modules:
        return Nowhere()
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return Nowhere()
    from IPython.core.displaypub import DisplayPublisher

    # IPython's own publisher prints; every front end that draws puts its own in this place.
    return Lines() if type(shell.display_pub) is DisplayPublisher else Slot()
