"""The Inference API's endpoints: chat completions, whole or streamed.

The answer is worked out before the first byte is sent, so a stream and a plain reply of the same request say
the same, and a request that cannot be paid for never starts. Responses and embeddings are not served here;
they are told so in the Inference API's own shape.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, NoReturn

from starlette.responses import JSONResponse, Response, StreamingResponse

from . import chat, chat_request, streaming
from .jobs import SECOND
from .refusals import Refusal

if TYPE_CHECKING:
    from .gate import Call


async def complete(call: Call) -> Response:
    """POST /chat/completions, with `stream` in the body or in the query."""
    request = chat_request.parse(call.body, stream=call.query.get("stream") == "true")
    completion = await asyncio.to_thread(
        chat.complete,
        request,
        completion_id=f"chatcmpl-{uuid.uuid4().hex[:29]}",
        created=call.memory.clock() // SECOND,
    )
    prices = request.model.tokens
    if prices is not None:
        cost = prices.cost(completion.prompt_tokens, completion.completion_tokens)
        call.pay(cost)
        call.memory.spend(cost)
    if request.stream:
        chunks = chat.chunks(completion, include_usage=request.include_usage)
        frames = streaming.frames(chunks, call.fault, call.request_id)
        headers = {"Cache-Control": "no-cache"}
        return StreamingResponse(streaming.send(frames, call.memory), media_type="text/event-stream", headers=headers)
    reply = chat.reply(completion)
    if call.suffers("no-usage"):
        del reply["usage"]
    return JSONResponse(reply)


async def absent(call: Call) -> NoReturn:
    """POST /responses and /embeddings: not served by this sandbox."""
    raise Refusal(404, f"The sandbox does not serve {call.request.url.path}.", "ENDPOINT_NOT_FOUND")
