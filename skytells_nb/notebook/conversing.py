"""Asking a text model from a cell: the answer is shown as it streams, and its turn is remembered.

A turn enters its thread when its answer is whole. One that failed, was stopped or blocked, or says nothing in words
leaves the thread as it was.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..api import messages, requests
from ..api.text_calls import DEFAULT_CHAT_MODEL
from ..errors import InputError, RefusedError, UnknownNameError
from . import answers, cell, page, preferences
from .session import current
from .threads import sending, turns, window
from .threads.options import for_responses
from .threads.sending import Sending
from .threads.turns import APIS, Asker, Content, Turn

if TYPE_CHECKING:
    from ..api.messages import Prompt
    from ..api.pricing import Quote
    from ..api.streams import ChatStream
    from ..api.values import Delta, Reply
    from .formats import Finished
    from .preferences import Format


def chat(
    prompt: Prompt,
    *,
    system: str | None = None,
    thread: str | None = None,
    api: str | None = None,
    fresh: bool = False,
    quiet: bool = False,
    form: Format | None = None,
    **options: Any,
) -> Finished:
    """Ask, show the answer as it streams, and give it with what it holds; `options` as for `Client.chat_stream`.

    `prompt` is a text or a list of texts and pictures. `thread` names the conversation that it continues; `fresh`
    begins that anew, once the answer has come. `api` is "chat" or "responses", by default what the thread spoke last.
    `form` is how the answer is shown, by default as is preferred; where it does not hold that, the thread has its turn
    all the same, and `error` of what is given says so. Raises `InputError` before anything is sent, and what
    `Client.chat_stream` raises; whatever breaks an answer off carries what had come, as `reply`.
    """
    form = form or preferences.current().format
    asker = Asker(*cell.where())
    stream = _Conversation(_sending(prompt, thread, api, asker, fresh=fresh), system, options)
    try:
        if quiet:
            finished = answers.read(stream, form)
        else:
            finished = answers.show(
                stream,
                form,
                lambda reply: stream.notes(thread, reply) if thread else (),
                alone=options.get("n", 1) == 1,
            )
    except BaseException as stop:
        if stream.reply.text and getattr(stop, "reply", None) is None:
            stop.reply = stream.reply  # type: ignore[attr-defined]
        raise
    reply = stream.reply
    if thread and not _left_out(reply):
        current().threads.add(thread, stream.turn(asker), anew=fresh)
    cell.shown(finished.value)
    return finished


def quote_chat(
    prompt: Prompt,
    *,
    model: str = DEFAULT_CHAT_MODEL,
    system: str | None = None,
    thread: str | None = None,
    api: str | None = None,
    fresh: bool = False,
    **params: Any,
) -> Quote:
    """Print the request that `chat` would send, and say what its answer may cost; no question is sent."""
    planned = _sending(prompt, thread, api, Asker(*cell.where()), fresh=fresh)
    if planned.api == "chat":
        asked = messages.messages_of(planned.messages, system)
        request, told = requests.chat(model, asked, params, stream=True), params
    else:
        asked = messages.messages_of(planned.messages, items=True)
        told = for_responses({"system": system, **params}) | {"previous_response_id": planned.follows or None}
        told.setdefault("store", True)
        request = requests.respond(model, messages.input_of(asked), told, stream=True)
    found = current().client.quote(model, asked, api=planned.api, **told)
    print(page.request(request.endpoint, json.loads(request.body or b"{}")))
    return found


def _sending(prompt: Prompt, thread: str | None, api: str | None, asker: Asker, *, fresh: bool) -> Sending:
    """Choose what is sent; raises `InputError` for a prompt, a thread or an API that is none."""
    if api is not None and api not in APIS:
        raise UnknownNameError.of("API", api, APIS)
    if thread is None:
        return Sending(api or "chat", _content(prompt))
    known = current().threads.so_far(thread)
    past = () if fresh else turns.before(known, asker)
    return sending.prepared(past, _content(prompt), api or turns.api_of(known), preferences.current().window)


def _content(prompt: Prompt) -> Content:
    asked = messages.messages_of(prompt)
    if len(asked) != 1 or asked[0].get("role") != "user":
        raise InputError("The prompt is a list of messages.", "Give one text, or its parts; --thread remembers.")
    content = asked[0]["content"]
    return content if isinstance(content, str) else tuple(content)


class _Conversation:
    """An answer that comes in pieces; where the service has forgotten what it follows, it is asked again, in full."""

    def __init__(self, planned: Sending, system: str | None, options: dict[str, Any]) -> None:
        self._planned = planned
        self._system = system
        self._options = options
        self._forgotten = False
        self._stream = self._open()

    def _open(self) -> ChatStream:
        client, planned = current().client, self._planned
        if planned.api == "chat":
            return client.chat_stream(planned.messages, system=self._system, **self._options)
        told = for_responses({"system": self._system, **self._options})
        return client.respond_stream(planned.messages, previous=planned.follows or None, **told)

    @property
    def reply(self) -> Reply:
        return self._stream.reply

    def __iter__(self) -> Iterator[Delta]:
        try:
            yield from self._stream
        except RefusedError as error:
            followed = self._planned.follows
            if not (followed and sending.is_forgotten(followed, error)):
                raise
        else:
            return
        self._planned = self._planned.in_full
        self._forgotten = True
        self._stream = self._open()
        yield from self._stream

    def notes(self, thread: str, reply: Reply) -> Sequence[str]:
        """Say which turns went along, and whether this one will be among them."""
        why = _left_out(reply)
        forgotten = "the service had forgotten the conversation, which was sent again"
        left_out = f"this turn is not remembered: {why}"
        told = (self._planned.said(thread), forgotten if self._forgotten else "", left_out if why else "")
        return [note for note in told if note]

    def turn(self, asker: Asker) -> Turn:
        """Give the turn that is to be remembered."""
        planned, reply = self._planned, self.reply
        question_tokens, answer_tokens = window.counted(planned.sent, self._system, reply.usage)
        return Turn(
            question=planned.question,
            answer=reply.text or reply.refusal or "",
            asker=asker,
            id=uuid.uuid4().hex[:12],
            sent=tuple(turn.id for turn in planned.sent),
            model=reply.call.model if reply.call else reply.model,
            api=planned.api,
            response=reply.id if planned.api == "responses" and reply.kept else "",
            question_tokens=question_tokens,
            answer_tokens=answer_tokens,
        )


def _left_out(reply: Reply) -> str:
    """Say why an answer cannot be part of a conversation, "" where it can."""
    if not reply.complete:
        return "its answer is not whole"
    if reply.finish_reason == "content_filter":
        return "its answer was blocked"
    return "" if reply.text or reply.refusal else "its answer has no words"
