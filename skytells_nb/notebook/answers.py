"""An answer on the screen: as it streams, and as it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from . import page
from .session import current

if TYPE_CHECKING:
    from ..api.values import Delta, Reply


class Stream(Protocol):
    """An answer that comes in pieces."""

    @property
    def reply(self) -> Reply:
        """What has come so far; the whole answer once it has ended."""

    def __iter__(self) -> Iterator[Delta]:
        """Give the pieces."""


def _nothing(_reply: Reply) -> Sequence[str]:
    return ()


def show(stream: Stream, notes: Callable[[Reply], Sequence[str]] = _nothing) -> None:
    """Read an answer to its end and show it while it comes; interrupted, what had come stays.

    `notes` says what is to be told under the answer, which may not be whole.
    """
    from .render import bundle

    with current().shown_live() as live:
        try:
            for _ in stream:
                live.text(lambda: stream.reply.text)
        finally:
            reply = stream.reply
            if reply.call is None or reply.text or reply.call.status == "succeeded":
                live.finish(noted(bundle(reply), notes(reply)))


def noted(drawn: dict[str, Any], notes: Sequence[str]) -> dict[str, Any]:
    """Add a small line of notes to what is shown."""
    if not notes:
        return drawn
    line = " · ".join(notes)
    return {"text/plain": f"{drawn['text/plain']}\n{line}", "text/html": drawn["text/html"] + page.caption(line)}
