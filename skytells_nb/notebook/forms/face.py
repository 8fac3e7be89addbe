"""A form's widgets: rows, More, the bar with Run and its price, what runs came to, and the Code view.

It holds no truth: it shows what the form says, and tells the form what people do. Rows that are folded away, and the
Code view, are made when they are first opened.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from threading import Thread
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

from ipywidgets import HTML, Button, HBox, ToggleButton, VBox

from ... import settings
from ...errors import SkytellsError
from ...schema.check import Problem
from ...schema.fields import UNSET, Field, NumberField
from .. import page, painters
from . import shelf
from .code_panel import CodePanel
from .control import Tools
from .fold import parted
from .outcome import Outcome
from .row import Row
from .slot import Slot

if TYPE_CHECKING:
    from ..jobs.runner import Progress
    from .form import Form

_LARGEST_SEED = 2**31 - 1


class Face:
    """The widgets of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._tools = Tools(form.checker, shelf.current(), Row)
        self._rows: dict[str, Row] = {}
        self._shown: dict[str, tuple[Problem, ...]] = {}
        self._slot: Slot | None = None
        self._follows_cells = False
        seen, self._folded = parted(form.fields)
        self.more = _toggle("", "skytells-more", self._unfold) if self._folded else None
        self._hidden = VBox()
        head = HTML(_style() + _head(form), _dom_classes=("skytells-head",))
        parts: list[Any] = [head, *(self._row(field).widget for field in seen)]
        if self.more is not None:
            parts += [self.more, self._hidden]
        if not form.fields:
            parts.append(HTML("This model names no inputs."))
        self._reason = HTML(_dom_classes=("skytells-reason",))
        self._code = CodePanel(form)
        if form.model is not None:
            self._run = Button(button_style="primary", _dom_classes=("skytells-run",))
            self._run.on_click(lambda _: self._start())
            self._cancel = Button(description="Cancel", disabled=True, _dom_classes=("skytells-cancel",))
            self._cancel.on_click(lambda _: form.cancel())
            self._outcome = Outcome(form.fields, self._load, self._again)
            bar = HBox((self._run, self._cancel, self._code.switch), _dom_classes=("skytells-bar",))
            parts += [bar, self._reason, self._outcome.widget, self._code.widget]
        else:
            parts += [self._code.switch, self._reason, self._code.widget]
        self.widget = VBox(parts, _dom_classes=("skytells-form",))
        for end in form.ends:
            self._outcome.show(end)
        self.show_state()

    def _row(self, field: Field) -> Row:
        row = Row(field, partial(self.form.enter, field.name), self._tools)
        value = self.form.draft.values.get(field.name, UNSET)
        if value is not UNSET:
            row.show(value)
        self._rows[field.name] = row
        return row

    def _unfold(self, on: bool) -> None:  # noqa: FBT001
        if on and not self._hidden.children:
            self._hidden.children = tuple(self._row(field).widget for field in self._folded)
            self.show_state()
        self._hidden.layout.display = "" if on else "none"

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show values that did not come from the widgets; `UNSET` for none."""
        for name, value in values.items():
            if name in self._rows:
                self._rows[name].show(value)

    def show_state(self) -> None:
        """Show what is wrong, what a run would cost, and whether it can start."""
        by_name: dict[str, list[Problem]] = {}
        for problem in self.form.problems:
            name, seen = self.form.place_of(problem)
            by_name.setdefault(name, []).append(seen)
        for name, row in self._rows.items():
            found = tuple(by_name.get(name, ()))
            if found or self._shown.get(name):
                self._shown[name] = found
                row.show_problems(found)
        if self.more is not None:
            wrong = sum(field.name in by_name for field in self._folded)
            _describe(self.more, f"More ({len(self._folded)}{f', {wrong} with a problem' if wrong else ''})")
        self._show_bar()
        self._code.refresh()

    def _show_bar(self) -> None:
        obstacle = self.form.obstacle
        if self.form.model is None:
            self._say(obstacle or "These values fit the schema.")
            return
        quote = self.form.quote
        price = str(quote) if quote.known else "price unknown"
        _describe(self._run, "Run" if self._is_wrong() else f"Run, {price}")
        if self._run.disabled != bool(obstacle):
            self._run.disabled = bool(obstacle)
        if self._cancel.disabled == self.form.is_running:
            self._cancel.disabled = not self.form.is_running
        free = "the sandbox bills nothing" if settings.in_sandbox() else ""
        self._say(obstacle or " · ".join(filter(None, (quote.reason, free))))

    def _is_wrong(self) -> bool:
        """Whether something that was entered cannot be sent: then no price is this run's."""
        entered = {*self.form.draft.values, *self.form.draft.faults}
        return any(problem.steps and problem.steps[0] in entered for problem in self.form.problems)

    def _say(self, line: str) -> None:
        html = f'<div role="status">{page.text(page.cut(line, 400))}</div>'
        if self._reason.value != html:
            self._reason.value = html

    def _start(self) -> None:
        for row in self._rows.values():
            row.touch()
        try:
            self.form.start()
        except SkytellsError as error:
            self._say(str(error))

    def _load(self, values: Mapping[str, Any]) -> None:
        try:
            self.form.load(values)
        except SkytellsError as error:
            self._say(str(error))

    def _again(self, values: Mapping[str, Any]) -> None:
        seed = next((f for f in self.form.fields if f.name == "seed" and isinstance(f, NumberField)), None)
        low, high = (seed.minimum, seed.maximum) if seed else (None, None)
        chosen = random.randint(int(low or 0), int(_LARGEST_SEED if high is None else high))  # noqa: S311 - no secret
        self._load({**values, "seed": chosen})
        if not self.form.obstacle:
            self._start()

    def show_progress(self, progress: Progress) -> None:
        """Show how far a run is; called from the thread in which it runs."""
        self._outcome.show(progress)
        if progress.ended:
            if self._slot is not None:
                self._slot.show(progress, self._code_of(progress))
            self._show_bar()

    def _code_of(self, progress: Progress) -> dict[str, str]:
        try:
            return self.form.code_of(progress.values)
        except SkytellsError:
            return {}

    def display(self, drawn: dict[str, Any]) -> None:
        """Put the form into the cell that runs, with a place under it for results that last.

        `drawn` is what stands there where no widgets are: in a terminal, on GitHub, on an exported page. Meanwhile the
        judge of values is loaded, which takes a while: a person begins to type later than that.
        """
        painter = painters.find_painter()
        if not isinstance(painter, painters.Slot):
            painter.finish(drawn)
            return
        from IPython.display import display

        Thread(target=import_module, args=("jsonschema",), name="skytells-judge", daemon=True).start()
        view = (self.widget._repr_mimebundle_() or {}).get(_VIEW)
        display({**drawn, _VIEW: view} if view else drawn, raw=True)  # type: ignore[no-untyped-call]
        if not self._follows_cells:
            self._follows_cells = True
            _after_each_cell(WeakMethod(self._show_bar))
        if self.form.model is not None:
            if self._slot is None:
                self._slot = Slot()
            else:
                self._slot.place()


_VIEW = "application/vnd.jupyter.widget-view+json"


@cache
def _style() -> str:
    sheet = files(__package__).joinpath("form.css").read_text(encoding="utf-8")
    return f"<style>{sheet}</style>"


def _after_each_cell(told: WeakMethod[Callable[[], None]]) -> None:
    """Call a method after each cell, which may have set another budget or account, as long as its object lives."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return

    def tell(_result: object) -> None:
        if (alive := told()) is not None:
            alive()
        else:
            shell.events.unregister("post_run_cell", tell)

    shell.events.register("post_run_cell", tell)


def _head(form: Form) -> str:
    about = page.cut(form.model.description, 300) if form.model else ""
    name = f" <code>{page.code(page.cut(form.name, 80))}</code>" if form.name else ""
    told = f"<div>{page.text(about)}</div>" if about else ""
    needed = any(field.required for field in form.fields)
    return (
        f'<div><strong style="font-size:1.15em">{page.text(page.cut(form.title, 120))}</strong>{name}</div>{told}'
        + ('<div class="skytells-note">* is needed</div>' if needed else "")
    )


def _toggle(description: str, name: str, changed: Any) -> ToggleButton:
    button = ToggleButton(description=description, _dom_classes=(name,))
    button.observe(lambda change: changed(change["new"]), "value")
    return button


def _describe(button: Button | ToggleButton, text: str) -> None:
    if button.description != text:
        button.description = text
