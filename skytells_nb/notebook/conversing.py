"""Asking a text model from a cell: the answer is shown as it streams, and its turn is remembered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..api import requests
from ..api.messages import messages_of
from ..api.text_calls import DEFAULT_CHAT_MODEL
from . import answers, cell, formats, page, preferences, threads
from .session import current

if TYPE_CHECKING:
    from ..api.pricing import Quote
    from .formats import Finished
    from .preferences import Format


def chat(
    prompt: str,
    *,
    system: str | None = None,
    thread: str | None = None,
    quiet: bool = False,
    form: Format | None = None,
    **options: Any,
) -> Finished:
    """Ask, show the answer as it streams, and give it with what it holds; `options` as for `Client.chat_stream`.

    `form` is how the answer is shown, by default as is preferred. Where it does not hold that, the thread has its turn
    all the same, and `error` of what is given says so.
    """
    form = form or preferences.current().format
    asker = threads.Asker(*cell.where())
    past = threads.before(current().threads.get(thread, ()), asker) if thread else ()
    stream = current().client.chat_stream(threads.messages(past, prompt), system=system, **options)
    if quiet:
        for _ in stream:
            pass
        finished = formats.finish(stream.reply, form)
    else:
        finished = answers.show(stream, form, alone=options.get("n", 1) == 1)
    reply = stream.reply
    if thread:
        turn = threads.Turn(prompt, reply.text, asker)
        current().threads[thread] = threads.with_turn(current().threads.get(thread, ()), turn)
    cell.shown(finished.value)
    return finished


def quote_chat(
    prompt: str,
    *,
    model: str = DEFAULT_CHAT_MODEL,
    system: str | None = None,
    thread: str | None = None,
    **params: Any,
) -> Quote:
    """Print the request that `chat` would send, and say what its answer may cost; no question is sent."""
    past = threads.before(current().threads.get(thread, ()), threads.Asker(*cell.where())) if thread else ()
    asked = messages_of(threads.messages(past, prompt), system)
    found = current().client.quote(model, asked, **params)
    request = requests.chat(model, asked, params, stream=True)
    body = json.dumps(json.loads(request.body or b"{}"), indent=2, ensure_ascii=False)
    print(f"{request.endpoint}\n{page.visible(body)}")
    return found
