"""What the endpoints of text models share: an answer worked out and paid for, and its stream sent.

The answer is worked out before the first byte is sent, so a stream and a plain reply of the same request say
the same, and a request that cannot be paid for never starts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from ..predictions.jobs import SECOND
from ..refusals import Refusal
from . import inference, streaming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..gate import Call
    from ..models.catalogue import Model
    from .inference import Completion, Prompt
    from .streaming import Frame

_SHORT = 20_000


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
