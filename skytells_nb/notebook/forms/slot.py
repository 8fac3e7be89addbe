"""The lasting output under a form: a place in the cell that shows it, saved with the notebook.

Widgets are gone when a notebook is opened again, exported, or looked at on GitHub; what stands here is plain HTML and
stays. It is painted once for each run that has ended. Voila has drawn its page by then and does not show it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from ..jobs import endings
from ..jobs.progress import Progress
from . import records

_EARLIER = 50
"""Earlier runs that have a line."""


class Slot:
    """A place in the cell that is running now; made in a kernel only."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._lines: list[str] = []
        self._drawn = {"text/plain": "", "text/html": ""}
        self.place()

    def place(self) -> None:
        """Put it into the running cell too; all its places show the same from now on."""
        self._paint(update=False)

    def show(self, end: Progress, code: Mapping[str, str]) -> None:
        """Show a run that has ended, and the first of the texts of `code` that made it; from any thread."""
        written = next(iter(code.values()), "")
        self._drawn = records.lasting(end, written, self._lines)
        self._lines = [endings.caption(end), *self._lines][:_EARLIER]
        self._paint(update=True)

    def _paint(self, *, update: bool) -> None:
        from IPython.display import display

        display(self._drawn, raw=True, display_id=self._id, update=update)  # type: ignore[no-untyped-call]
