"""One display that is repainted while something runs, and holds the lasting result in the end.

State is what was last said; painters put it where a person can see it: a slot of a notebook, the lines of a terminal,
or nowhere. A notebook is repainted at most ten times a second, and less often when a painting is large or slow, so that
no amount of small pieces floods it; a call that comes too early costs one look at the clock. The first words are
painted at once, and `finish` always paints.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isnan
from types import TracebackType
from typing import Self

from . import page
from .painters import WAITING, Bundle, Painter, Said, find_painter

INTERVAL = 0.1
_SHARE = 4.0
_BYTES_PER_SECOND = 250_000


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

    def text(self, so_far: str | Callable[[], str | Said]) -> None:
        """Show the text so far: as it is, or what a function gives, which is asked only when painting.

        Empty text keeps the sign of waiting. Too early a call is left out; the next one shows all.
        """
        if self._clock() < self._next:
            return
        told = so_far() if callable(so_far) else so_far
        said = Said(told) if isinstance(told, str) else told
        if said.text or said.thoughts:
            self._paint(lambda: self._painter.text(said))

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
        drawn = {"text/plain": line, "text/html": page.box(page.waiting(line))}
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
    return {"text/plain": WAITING, "text/html": page.box(page.waiting(WAITING))}


def progress_bundle(model: str, status: str, percent: float | None, elapsed: float) -> Bundle:
    """Draw the progress of a prediction: a line, and a bar where `percent` (0 to 100) is known."""
    part = None if percent is None or isnan(percent) else min(100.0, max(0.0, percent))
    facts = (page.cut(model, 80), page.cut(status, 40), "" if part is None else f"{part:.0f} %", f"{elapsed:.1f} s")
    line = " · ".join(fact for fact in facts if fact)
    full = f'<div style="width:{part or 0:.0f}%;height:4px;background:#2b7fc4;border-radius:2px"></div>'
    bar = f'<div style="max-width:320px;background:{page.TINT};border-radius:2px;margin-top:.4em">{full}</div>'
    return {"text/plain": line, "text/html": page.box(f"<div>{page.text(line)}</div>", bar)}
