"""An answer on the screen: as it streams, and as it stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import formats
from .session import current

if TYPE_CHECKING:
    from ..api.streams import ChatStream
    from .formats import Finished
    from .painters import Said
    from .preferences import Format


def show(stream: ChatStream, form: Format, *, alone: bool = True) -> Finished:
    """Read an answer to its end and show it while it comes; interrupted, what had come stays.

    `form` is how it is shown in the end; `alone` is false for one of several choices, which a terminal then shows
    together.
    """
    with current().shown_live() as live:
        try:
            for _ in stream:
                live.text(lambda: _so_far(stream, form, alone=alone))
        finally:
            reply = stream.reply
            finished = formats.finish(reply, form)
            if reply.call is None or reply.text or reply.reasoning or reply.call.status == "succeeded":
                live.finish(finished.bundle)
    return finished


def _so_far(stream: ChatStream, form: Format, *, alone: bool) -> Said:
    said = formats.growing(stream.reply, form)
    return said if alone else replace(said, stays=False)
