"""An answer on the screen: as it streams, and as it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from .session import current

if TYPE_CHECKING:
    from ..api.values import Delta, Reply
    from .formats import Finished
    from .painters import Said
    from .preferences import Format


class Stream(Protocol):
    """An answer that comes in pieces."""

    @property
    def reply(self) -> Reply:
        """What has come so far; the whole answer once it has ended."""

    def __iter__(self) -> Iterator[Delta]:
        """Give the pieces."""


def _nothing(_reply: Reply) -> Sequence[str]:
    return ()


def read(stream: Stream, form: Format) -> Finished:
    """Read an answer to its end and show nothing."""
    from . import formats

    for _ in stream:
        pass
    return formats.finish(stream.reply, form)


def show(
    stream: Stream, form: Format, notes: Callable[[Reply], Sequence[str]] = _nothing, *, alone: bool = True
) -> Finished:
    """Read an answer to its end and show it while it comes; interrupted, what had come stays.

    `form` is how it is shown in the end, `notes` says what is to be told under it, also where it is not whole. `alone`
    is false for one of several choices, which a terminal then shows together.
    """
    from . import formats

    with current().shown_live() as live:
        try:
            for _ in stream:
                live.text(lambda: _so_far(stream, form, alone=alone))
        finally:
            reply = stream.reply
            finished = formats.finish(reply, form, notes(reply))
            if reply.call is None or reply.text or reply.reasoning or reply.call.status == "succeeded":
                live.finish(finished.bundle)
    return finished


def _so_far(stream: Stream, form: Format, *, alone: bool) -> Said:
    from .formats import growing

    said = growing(stream.reply, form)
    return said if alone else replace(said, stays=False)
