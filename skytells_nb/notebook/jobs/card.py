"""A place in a cell that follows a job which runs beside the cells, and holds its result in the end.

It is repainted from the thread of the run, four times a second at most; the last word is always painted. Voila has
drawn its page by then and does not show it. A terminal, where it would fall into what a person types, gets nothing:
there the handle that the cell gives shows itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import page
from ..live import progress_bundle
from ..painters import Bundle, Nowhere, Painter, Slot, find_painter
from ..session import current
from . import endings
from .progress import Progress

INTERVAL = 0.25
"""Seconds between two paintings at least."""


class Card:
    """A card in the running cell; `note` is a sentence that goes with the result.

    `quiet` shows nothing; `clock` counts seconds, `display` is the painter (found by itself where it is None).
    """

    def __init__(
        self,
        note: str = "",
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
        display: Painter | None = None,
    ) -> None:
        found = Nowhere() if quiet else display or find_painter()
        self._painter: Painter = found if isinstance(found, Slot) else Nowhere()
        self._note = note
        self._clock = clock
        self._next = float("-inf")

    @property
    def is_seen(self) -> bool:
        """Whether there is a place where it is drawn."""
        return isinstance(self._painter, Slot)

    def show(self, progress: Progress) -> None:
        """Show how far the run is, where it is time to, or how it ended; from any thread."""
        if progress.ended:
            self._painter.finish(ending(progress, self._note))
            if progress.job is not None:
                current().note(progress.job)
        elif self._clock() >= self._next:
            self._next = self._clock() + INTERVAL
            self._painter.show(going_on(progress))


def going_on(progress: Progress) -> Bundle:
    """Draw a run that goes on: model, state, percent and seconds, a bar, its id, and why nothing moves.

    A kernel that ends leaves this in the notebook: the id is the way back to the job.
    """
    drawn = progress_bundle(progress.model, progress.doing, progress.percent, progress.elapsed)
    name = "" if progress.job is None else page.cut(progress.job.id, 80)
    under = [line for line in (name, page.cut(progress.waiting, 240)) if line]
    plain, html = "\n".join([drawn["text/plain"], *under]), "".join(map(page.caption, under))
    return {"text/plain": plain, "text/html": drawn["text/html"] + html}


def ending(end: Progress, note: str = "") -> Bundle:
    """Draw a run that has ended, with a sentence under it."""
    html, text = endings.drawn(end)
    return noted({"text/plain": page.visible(text), "text/html": html}, note)


def noted(drawn: Bundle, note: str) -> Bundle:
    """Put a sentence under a result."""
    if not note:
        return drawn
    plain, html = (drawn.get(form, "") for form in ("text/plain", "text/html"))
    return drawn | {"text/plain": f"{plain}\n{page.visible(note)}", "text/html": page.box(html, page.caption(note))}
