"""The Code view: the line and the Python for the current values, to be copied, or changed and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, Button, Textarea, ToggleButton, VBox

from ...errors import SkytellsError
from .. import page

if TYPE_CHECKING:
    from .form import Form

_MOST_ROWS = 16


class CodePanel:
    """A switch, and what it opens. Texts are written only while it is open."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._writing = False
        self._boxes: dict[str, Textarea] = {}
        self._edited = ""
        self.switch = ToggleButton(description="Code", tooltip="Show the code of these values", icon="code")
        self._said = HTML(_dom_classes=("skytells-reason",))
        self.switch.observe(self._switched, "value")
        self.widget = VBox(_dom_classes=("skytells-code",))

    def refresh(self) -> None:
        """Write the texts anew, if anybody sees them."""
        if not self.switch.value:
            return
        self._writing, self._edited = True, ""
        try:
            for name, text in self._form.code.items():
                self._boxes[name].value = text
                self._boxes[name].rows = min(_MOST_ROWS, text.count("\n") + 2)
        except SkytellsError as error:
            self._say("alert", error)
        finally:
            self._writing = False

    def _switched(self, change: dict[str, Any]) -> None:
        if change["new"] and not self._boxes:
            names = ("Magic", "Python") if self._form.name else ("JSON",)
            self._boxes = {name: self._box(name) for name in names}
        self.refresh()  # before it is seen: a text that comes later would overwrite what somebody pastes
        if change["new"] and not self.widget.children:
            load = Button(description="Load into the form", tooltip="Read the code that was changed here")
            load.on_click(lambda _: self._load())
            self.widget.children = (*self._boxes.values(), load, self._said)
        self.widget.layout.display = "" if change["new"] else "none"

    def _box(self, name: str) -> Textarea:
        box = Textarea(description=name, continuous_update=False)
        box.observe(lambda change: self._changed(change["new"]), "value")
        return box

    def _changed(self, text: str) -> None:
        if not self._writing:
            self._edited = text

    def _load(self) -> None:
        try:
            self._form.load(self._edited or next(iter(self._boxes.values())).value)
        except SkytellsError as error:
            self._say("alert", error)
        else:
            self._say("status", "Loaded.")

    def _say(self, role: str, words: object) -> None:
        self._said.value = f'<div role="{role}">{page.text(page.cut(words, 400))}</div>'
