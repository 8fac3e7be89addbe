"""What a form shows of its runs: how far one is, what went wrong, what came back, and all runs that have ended.

`show` may be called from any thread: it only makes widgets and sets their traits, which every front end follows while
other cells run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ipywidgets import HTML, Button, HBox, VBox

from ...schema.fields import Field
from ..jobs import endings
from ..jobs.progress import Progress
from . import records

CARDS = 20
"""Runs that are shown with a picture and buttons; of older ones there is a line."""

_LINES = 200

Values = Mapping[str, Any]


class Outcome:
    """The part of a form under its Run button; `fields` are the model's.

    `load(values)` and `again(values)` are called when a person wants a run's inputs back in the form, or the same run
    with another seed; the latter is offered only for a model that takes a seed. `widget` is empty before the first run.
    """

    def __init__(self, fields: Sequence[Field], load: Callable[[Values], object], again: Callable[[Values], object]):
        self.widget = VBox(_dom_classes=("skytells-outcome",))
        self._runs = Runs(fields, load, again if any(field.name == "seed" for field in fields) else None)
        self._parts: dict[str, HTML] = {}

    def show(self, progress: Progress) -> None:
        """Show how far a run is, or how it ended; an ended one is added to the list of runs."""
        line = {"status": records.status_html(progress)}
        if not progress.ended:
            self._put({**line, "meter": records.meter_html(progress), "trouble": ""})
            return
        trouble = records.trouble_html(endings.trouble(progress))
        self._put({**line, "meter": "", "trouble": trouble, "result": records.result_html(progress)})
        self._runs.add(progress)
        self._arrange()

    def _put(self, shown: Mapping[str, str]) -> None:
        for name, html in shown.items():
            part = self._parts.get(name)
            if part is None and html:
                self._parts[name] = HTML(html, _dom_classes=(f"skytells-{name}",))
            elif part is not None and part.value != html:
                part.value = html
        self._arrange()

    def _arrange(self) -> None:
        """Show the parts that say something."""
        names = ("status", "meter", "trouble", "result")
        parts = tuple(part for name in names if (part := self._parts.get(name)) is not None and part.value)
        children = (*parts, *((self._runs.widget,) if self._runs.widget.children else ()))
        if self.widget.children != children:
            self.widget.children = children


class Runs:
    """The runs of a form that have ended, newest first; `again` is None for a model without a seed."""

    def __init__(
        self,
        fields: Sequence[Field],
        load: Callable[[Values], object],
        again: Callable[[Values], object] | None,
    ) -> None:
        self.widget = VBox(_dom_classes=("skytells-runs",))
        self._fields = fields
        self._load = load
        self._again = again
        self._count = 0
        self._cards: list[tuple[str, HBox]] = []
        self._older: list[str] = []
        self._lines: HTML | None = None

    def add(self, end: Progress) -> None:
        """Put a run that has ended in front of the others."""
        self._count += 1
        self._cards.insert(0, (records.numbered(self._count, end), self._card(self._count, end)))
        gone, self._cards = self._cards[CARDS:], self._cards[:CARDS]
        self._older[:0] = [line for line, _ in gone]
        cards = tuple(card for _, card in self._cards)
        if self._older:
            self._lines = self._lines or HTML(_dom_classes=("skytells-note",))
            self._lines.value = records.lines_html(self._older, _LINES)
        self.widget.children = cards if self._lines is None else (*cards, self._lines)
        for _, card in gone:
            _close(card)

    def _card(self, number: int, end: Progress) -> HBox:
        wide = {"width": "auto"}
        load = Button(description=f"Load run {number}", tooltip="Put its inputs back into the form", layout=wide)
        load.on_click(partial(_call, self._load, end.values))
        parts = [
            HTML(records.small_html(number, end, records.about(self._fields, end)), layout={"flex": "1 1 0"}),
            load,
        ]
        if self._again is not None:
            name = f"Run {number} again with another seed"
            again = Button(description=name, tooltip="Load it, and run it", layout=wide)
            again.on_click(partial(_call, self._again, end.values))
            parts.append(again)
        return HBox(parts, _dom_classes=("skytells-card",))


def _call(to_do: Callable[[Values], object], values: Values, _: Button) -> None:
    to_do(values)


def _close(card: HBox) -> None:
    for part in (*card.children, card):
        for owned in (part, part.layout, getattr(part, "style", None)):
            if owned is not None:
                owned.close()
