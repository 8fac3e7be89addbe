"""The endpoint of chat completions, whole or streamed.

The answer is worked out before the first byte is sent, so a stream and a plain reply of the same request say
the same, and a request that cannot be paid for never starts.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response, StreamingResponse

from ..predictions.jobs import SECOND
from ..refusals import Refusal, body_of
from . import chat, chat_request, inference, streaming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..gate import Call
    from ..models.catalogue import Model
    from .inference import Completion, Prompt
    from .streaming import Event, Frame

_SHORT = 20_000


async def complete(call: Call) -> Response:
    """POST /chat/completions, with `stream` in the body or in the query."""
    request = chat_request.parse(call.body, call.dialect, stream=asks_for_stream(call))
    completion = await answered(call, request.prompt, f"chatcmpl-{uuid.uuid4().hex[:29]}")
    if request.stream:
        events = chat.chunks(completion, include_usage=request.include_usage, top=request.top)
        return streamed(call, streaming.frames(events, call.fault, lambda _: _failure(call), done=True))
    reply = chat.reply(completion, top=request.top)
    if call.suffers("no-usage"):
        del reply["usage"]
    return JSONResponse(reply)


def asks_for_stream(call: Call) -> bool:
    """Whether the query asks for a stream."""
    return call.query.get("stream") == "true"


async def answered(call: Call, prompt: Prompt, label: str) -> Completion:
    """Answer a prompt and take what it costs; raises `Refusal` when it cannot be answered or paid."""
    created = call.memory.clock() // SECOND

    def work() -> Completion:
        return inference.complete(prompt, completion_id=label, created=created)

    # A short text is done before a thread would have started; what a schema costs is not known before.
    quick = prompt.size < _SHORT and prompt.form.kind != "json_schema" and not prompt.toolbox.tools
    completion = work() if quick else await asyncio.to_thread(work)
    charge(call, prompt.model, completion.prompt_tokens, completion.completion_tokens)
    return completion


def charge(call: Call, model: Model, read: int, written: int) -> None:
    """Take the price of so many tokens; raises `Refusal` (402) when it cannot be paid."""
    if model.tokens is not None:
        cost = model.tokens.cost(read, written)
        call.pay(cost)
        call.memory.spend(cost)


def streamed(call: Call, frames: Iterator[Frame]) -> Response:
    """Send the frames as server-sent events."""
    headers = {"Cache-Control": "no-cache"}
    return StreamingResponse(streaming.send(frames, call.memory), media_type="text/event-stream", headers=headers)


def stopped(call: Call) -> Refusal:
    """Return what went wrong when a fault ends an answer in the middle."""
    text = "The model stopped answering (sandbox fault)."
    return Refusal.named(call.fault.error if call.fault and call.fault.error else "INFERENCE_ERROR", text)


def _failure(call: Call) -> Event:
    return streaming.Event(body_of(stopped(call), "E4", call.request_id))
