"""A file: by its link, by the path of a local file, by an upload, or from an earlier result; with a preview.

Nothing is fetched or read that a person did not enter: a schema's default is shown as text and never previewed, nor is
it taken for a path. The value is a link, or an `InlineFile` where a local file was chosen.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ipywidgets import HTML, Box, Dropdown, FileUpload, Text

from ....api.inline import LARGEST, InlineFile, Unfit, opened, size_of
from ....errors import InputError, SkytellsError
from ....schema.fields import UNSET, FileField
from ... import page
from ..control import Control, Tell, Tools
from ..preview import preview
from ..shelf import Result
from .nested import stands_in_defaults

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_DATA = re.compile(r"data:[^,\s…]*,\S*", re.IGNORECASE)
_RUNS = re.compile(r"(?:javascript|vbscript|file|data|blob|about):", re.IGNORECASE)
_LONG = 500
_FIRST = ("choose…", -1)
_AUTO = {"width": "auto"}
_MOST = f"{LARGEST // 1_000_000} MB"


class FileControl(Control):
    """A box for a link or path, an upload button, earlier results where there are any, and a preview."""

    field: FileField

    def __init__(self, field: FileField, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        name = page.label(field.label, 40)
        self._box = Text(
            description=self.label,
            placeholder="https://… or the path of a file here",
            layout={"flex": "1 1 240px", "width": "auto"},
        )
        self._upload = FileUpload(
            accept=f"{field.media}/*" if field.media in ("image", "audio", "video") else "",
            description=f"Upload, up to {_MOST}",
            tooltip=f"Upload a file for {name}: up to {_MOST}; of a larger one, give a link",
            layout=_AUTO,
        )
        self._earlier: Dropdown | None = None
        self._results: tuple[Result, ...] = ()
        self._preview: HTML | None = None
        self._previewed: Any = UNSET
        self._painted: tuple[str, Any, Any] = ("", UNSET, UNSET)
        self._on = True
        self.widget = Box(
            (self._box, self._upload),
            layout={"flex_flow": "row wrap", "align_items": "flex-end", "overflow": "visible"},
            _dom_classes=("skytells-control", "skytells-file"),
        )
        self._box.observe(self._entered, "value")
        self._upload.observe(self._uploaded, "value")
        tools.shelf.watch(self._offer_results)

    def paint(self, value: Any) -> None:
        """Write the link, or the path of a chosen file; data are never written out."""
        shown = self.field.default if value is UNSET else value
        fields = (self.field, *self.tools.checker.fields)
        chosen = UNSET if isinstance(value, str) and stands_in_defaults(value, fields) else value
        self._painted = (written(shown), shown, chosen)
        self._box.value = self._painted[0]
        self._show_preview(chosen)
        self._offer_results()

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person choose another file, or not."""
        self._on = on
        for widget in (self._box, self._upload, self._earlier):
            if widget is not None:
                widget.disabled = not on

    def _entered(self, change: dict[str, Any]) -> None:
        if self._painting:
            return
        fault = ""
        painted, value, chosen = self._painted
        if change["new"] != painted:  # what stands there again after a change need not be readable as text
            try:
                value = chosen = read(change["new"])
            except Unfit as error:
                value, chosen, fault = UNSET, UNSET, str(error)
        self._show_preview(chosen)
        self.typed(value, fault)

    def _uploaded(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            return
        upload = change["new"][0]
        self._upload.value = ()  # neither the kernel nor a saved notebook keeps it twice
        name, content = str(upload["name"]), upload["content"]
        if content.nbytes > LARGEST:
            size = page.megabytes(content.nbytes)
            self._refuse(f"was not uploaded: {page.cut(name, 60)!r} has {size}, at most {_MOST} are taken; give a link")
            return
        try:
            self._choose(opened(self.tools.shelf.keep(name, bytes(content))))
        except Unfit as error:
            self._refuse(f"was not uploaded: {page.cut(name, 60)!r} {error}")
        except InputError as error:
            self._refuse(f"was not uploaded: {error}")

    def _chosen_earlier(self, change: dict[str, Any]) -> None:
        index = change["new"]
        if index == -1 or self._earlier is None:
            return
        self._earlier.value = -1
        try:
            self._choose(self._results[index].value())
        except SkytellsError as error:
            self._refuse(f"is not set: {error}")

    def _choose(self, value: Any) -> None:
        self.show(value)
        self.typed(value)

    def _refuse(self, fault: str) -> None:
        with self._silence():
            self._painted = ("", UNSET, UNSET)
            self._box.value = ""
        self._show_preview(UNSET)
        self.typed(UNSET, fault)

    def _show_preview(self, value: Any) -> None:
        if value is self._previewed:
            return
        self._previewed = value
        drawn = preview(value, self.field.media, self.field.label)
        if self._preview is None and drawn:
            self._preview = HTML(drawn, layout={"flex": "1 1 100%"}, _dom_classes=("skytells-preview",))
            self._arrange()
        elif self._preview is not None:
            self._preview.value = drawn

    def _offer_results(self) -> None:
        results = self.tools.shelf.results(self.field.media)
        if results == self._results:
            return
        self._results = results
        options = (_FIRST, *((page.label(result.label), index) for index, result in enumerate(results)))
        if self._earlier is None:
            self._earlier = Dropdown(
                options=options,
                disabled=not self._on,
                layout=_AUTO,
                description=f"Earlier result for {page.label(self.field.label, 40)}",
                _dom_classes=("skytells-earlier",),
            )
            self._earlier.observe(self._chosen_earlier, "value")
            self._arrange()
        else:
            self._earlier.options = options

    def _arrange(self) -> None:
        parts = (self._box, self._upload, self._earlier, self._preview)
        self.widget.children = tuple(part for part in parts if part is not None)


def read(text: str) -> Any:
    """Read what a person typed: a link as it is, the path of a file as an `InlineFile`, nothing as UNSET.

    Raises `Unfit` with a phrase that says what is wrong with it.
    """
    text = text.strip()
    if not text:
        return UNSET
    if _LINK.fullmatch(text) or _DATA.fullmatch(text):
        return text
    if "://" in text or _RUNS.match(text):
        raise Unfit("must be an http(s) link, or the path of a file here")
    try:
        return opened(text)
    except Unfit as error:
        if str(error) == "is not there":
            raise Unfit("is no link, and no file of that name is here") from error
        raise


def written(value: Any) -> str:
    """Write a value for the box, short where it is long; `read` need not read it back."""
    if value is UNSET or value is None:
        return ""
    if isinstance(value, InlineFile):
        return page.visible(value.path)
    if not isinstance(value, str):
        try:
            return page.cut(json.dumps(value), _LONG)
        except (TypeError, ValueError, RecursionError):
            return ""
    if len(value) <= _LONG:
        return page.visible(value)
    if value[:5].lower() == "data:":
        return f"{page.cut(value[:80].partition(';')[0], 40)}… ({page.megabytes(size_of(value))})"
    return page.cut(value, _LONG)
