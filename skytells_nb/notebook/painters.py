"""Where a live display is seen: a slot of a notebook, the lines of a terminal, or nowhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Protocol

from . import page
from .texts import thoughts

Bundle = dict[str, Any]

WAITING = "…"


@dataclass(frozen=True, slots=True)
class Said:
    """What has come of an answer: its text, and the thoughts that came before it.

    `markdown` says how the text is drawn while it grows; `stays` that the result will begin with these very words, so
    that a terminal can print them at once.
    """

    text: str
    thoughts: str = ""
    markdown: bool = True
    stays: bool = True


class Painter(Protocol):
    """Where a live display is seen."""

    def text(self, said: Said) -> int:
        """Show text of which more will come; returns how many bytes that took."""

    def show(self, drawn: Bundle) -> int:
        """Show a passing state; returns how many bytes that took."""

    def finish(self, drawn: Bundle) -> None:
        """Show the lasting result."""

    def leave(self) -> None:
        """End without a result: keep the text so far, take away what only says that something is going on."""


class Slot:
    """One output of a notebook cell, replaced with each painting."""

    def __init__(self) -> None:
        from .texts.growing import Growing

        self._handle: Any = None
        self._said = Said("")
        self._text, self._thoughts = Growing(), Growing()

    def text(self, said: Said) -> int:
        """Show text that is still growing, under its thoughts, which are open until it begins."""
        self._said = said
        before = thoughts.folded(self._thoughts.html(said.thoughts), is_open=not said.text)
        text = self._text.html(said.text) if said.markdown or not said.text else page.pre(said.text)
        html = page.box(before, text, page.waiting(WAITING))
        return self.show(
            {"text/plain": page.visible(thoughts.in_front_of(said.text, said.thoughts)), "text/html": html}
        )

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
        from .texts.markdown import to_html

        said = self._said
        before = thoughts.folded(to_html(said.thoughts))
        text = to_html(said.text) if said.markdown or not said.text else page.pre(said.text)
        html = page.box(before, text) if before or text else ""
        self.show({"text/plain": page.visible(thoughts.in_front_of(said.text, said.thoughts)), "text/html": html})


class Lines:
    """A terminal: text is printed as it comes, each piece once; nothing is repainted."""

    def __init__(self) -> None:
        self._printed = ""
        self._state = ""

    def text(self, said: Said) -> int:
        """Print what is new, of a text that stays."""
        if said.stays:
            self._print_rest(page.visible(thoughts.in_front_of(said.text, said.thoughts)))
        return 0

    def show(self, drawn: Bundle) -> int:
        """Print a passing state where it says something new, leaving numbers that only count up aside."""
        line = str(drawn.get("text/plain", ""))
        state = " · ".join(line.split(" · ")[:2])
        if line != WAITING and state != self._state:
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

    def text(self, said: Said) -> int:
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
