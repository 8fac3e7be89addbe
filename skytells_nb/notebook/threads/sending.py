"""What of a thread is sent with a question, and how. Pure.

By chat, the turns that fit the window go along as messages. By `/responses`, the question follows the response of the
turn before it, with which the service remembers that turn and all that it followed. This holds only where those are the
very turns that are to go along: where one was replaced since, or the window has closed over one, they are sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import RefusedError
from . import turns
from .turns import Api, Content, Thread
from .window import fitting


@dataclass(frozen=True, slots=True)
class Sending:
    """A question and what goes along: `past` are all the turns before it, `sent` those that the model learns of.

    `follows` is the id of the response that the question follows, "" where the turns are sent themselves.
    """

    api: Api
    question: Content
    past: Thread = ()
    sent: Thread = ()
    follows: str = ""

    @property
    def whole(self) -> list[dict[str, Any]]:
        """All that the model learns, as messages."""
        return turns.messages(self.sent, self.question)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the request itself; what the service remembers is not among them."""
        return turns.messages((), self.question) if self.follows else self.whole

    @property
    def in_full(self) -> Sending:
        """The same with nothing left to the service's memory."""
        return replace(self, follows="")

    def said(self, thread: str) -> str:
        """Say for a caption which turns went along."""
        place = f"thread {thread}: turn {len(self.past) + 1}"
        if not self.past:
            return place
        counted = f"{len(self.sent)} of {len(self.past)} earlier turn{'' if len(self.past) == 1 else 's'}"
        return f"{place}, {counted} {'remembered by the service' if self.follows else 'sent'}"


def prepared(past: Thread, question: Content, api: Api, window: int) -> Sending:
    """Choose what goes along with a question after `past`, of which `window` tokens may."""
    sent = fitting(past, window)
    follows = ""
    if api == "responses" and sent and sent[-1].sent == tuple(turn.id for turn in sent[:-1]):
        follows = sent[-1].response
    return Sending(api, question, past, sent, follows)


def is_forgotten(response: str, error: RefusedError) -> bool:
    """Say whether a refusal means that the service does not know the response of this id, which was to be followed."""
    body = error.body if isinstance(error.body, Mapping) else {}
    inner = body.get("error")
    told = inner if isinstance(inner, Mapping) else body
    said = " ".join(map(str, (error.what, error.error_id, told.get("param"), told.get("code"))))
    return error.status in (400, 404) and ("previous_response" in said.lower() or response in said)
