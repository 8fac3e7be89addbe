"""The endpoint of the Responses API: a question answered, whole or streamed, and remembered where asked.

The history of a stored response is kept as turns, not as text, so that the next request reads what the model read.
Instructions are the request's own and are not handed on. Streams end with their last event; there is no `[DONE]`
unless the dialect has one.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from . import responses, responses_items, responses_request, serving, streaming

if TYPE_CHECKING:
    from ..gate import Call


async def create(call: Call) -> Response:
    """POST /responses, with `stream` in the body or in the query."""
    request = responses_request.parse(
        call.body, call.memory.histories, call.dialect, stream=serving.asks_for_stream(call)
    )
    completion = await serving.answered(call, request.prompt, f"resp_{uuid.uuid4().hex}")
    if request.store:
        call.memory.histories.keep(completion.id, responses_items.told(request.history, completion))
    if request.stream:
        events = responses.events(request, completion)
        frames = streaming.frames(
            events,
            call.fault,
            lambda number: responses.failed(request, completion, serving.stopped(call), number),
            done=call.dialect.done == "all",
        )
        return serving.streamed(call, frames)
    reply = responses.reply(request, completion)
    return JSONResponse(reply | ({"usage": None} if call.suffers("no-usage") else {}))
