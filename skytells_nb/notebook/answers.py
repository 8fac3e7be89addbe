"""An answer on the screen: as it streams, and as it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .session import current

if TYPE_CHECKING:
    from ..api.streams import ChatStream


def show(stream: ChatStream) -> None:
    """Read an answer to its end and show it while it comes; interrupted, what had come stays."""
    from .render import bundle

    with current().shown_live() as live:
        try:
            for _ in stream:
                live.text(lambda: stream.reply.text)
        finally:
            reply = stream.reply
            if reply.call is None or reply.text or reply.call.status == "succeeded":
                live.finish(bundle(reply))
