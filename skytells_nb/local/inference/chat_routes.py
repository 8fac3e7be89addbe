"""The endpoint of chat completions, whole or streamed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from ..refusals import body_of
from . import chat, chat_request, serving, streaming

if TYPE_CHECKING:
    from ..gate import Call
    from .streaming import Event


async def complete(call: Call) -> Response:
    """POST /chat/completions, with `stream` in the body or in the query."""
    request = chat_request.parse(call.body, call.dialect, stream=serving.asks_for_stream(call))
    completion = await serving.answered(call, request.prompt, f"chatcmpl-{uuid.uuid4().hex[:29]}")
    if request.stream:
        events = chat.chunks(completion, include_usage=request.include_usage, top=request.top)
        return serving.streamed(call, streaming.frames(events, call.fault, lambda _: _failure(call), done=True))
    reply = chat.reply(completion, top=request.top)
    if call.suffers("no-usage"):
        del reply["usage"]
    return JSONResponse(reply)


def _failure(call: Call) -> Event:
    return streaming.Event(body_of(serving.stopped(call), "E4", call.request_id))
