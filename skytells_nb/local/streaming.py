"""A chat's stream on the wire: chunks as server-sent events, paced, and spoilt where a fault asks for it.

`frames` is pure: it turns chunks into the lines that are sent, in the order they are sent, with the fault
already in them. `send` adds time: a pause for each piece, an end when the reader goes or the server closes. A
stream that is cut ends as a broken one does, without a finish reason and without `[DONE]`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .refusals import Refusal, body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from .faults import Fault
    from .memory import Memory

DONE = "data: [DONE]\n\n"
_GOOD_CHUNKS = 8
_STALLED = 3600.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One event to send and whether the reader has to wait for it (`waits`), or for ever (`stalls`)."""

    text: str
    waits: bool = True
    stalls: bool = False


def frames(chunks: Iterable[dict[str, Any]], fault: Fault | None, request_id: str) -> Iterator[Frame]:
    """Return the events of a stream, the last of them `[DONE]`, with `fault` in its place."""
    name = fault.name if fault else ""
    good = True
    for number, chunk in enumerate(chunks):
        # Trouble comes after some good chunks, and in a short answer before its end.
        if good and (number == _GOOD_CHUNKS or _ends(chunk)):
            good = False
            match name:
                case "cut":
                    return
                case "stall":
                    yield Frame("", stalls=True)
                    return
                case "malformed":
                    yield Frame('data: {"id": "chatcmpl-broken", "choices": [{"delta"\n\n')
                case "error-midstream":
                    refusal = Refusal(500, "The model stopped answering (sandbox fault).", "INFERENCE_ERROR")
                    yield Frame(event(body_of(refusal, "E4", request_id)))
                    return
        ready = _spoilt(chunk, name, number)
        if ready is not None:
            yield Frame(event(ready), waits=_speaks(chunk))
    yield Frame(DONE, waits=False)


def event(value: dict[str, Any]) -> str:
    """One server-sent event with `value` as its data."""
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def send(events: Iterator[Frame], memory: Memory) -> AsyncIterator[bytes]:
    """Send the events at the sandbox's pace until they end, the reader goes, or the server closes."""
    options = memory.options
    memory.open_streams += 1
    try:
        for frame in events:
            seconds = _STALLED if frame.stalls else options.token_seconds / options.pace
            if (frame.waits or frame.stalls) and not await memory.pause(seconds):
                return
            yield frame.text.encode()
    finally:
        memory.open_streams -= 1


def _speaks(chunk: dict[str, Any]) -> bool:
    return any(choice["delta"].get("content") for choice in chunk["choices"])


def _ends(chunk: dict[str, Any]) -> bool:
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _spoilt(chunk: dict[str, Any], fault: str, number: int) -> dict[str, Any] | None:
    """Return the chunk as the fault leaves it; None when it is left out."""
    match fault:
        case "array-content":
            return chunk | {"choices": [_in_parts(choice) for choice in chunk["choices"]]}
        case "obfuscation":
            return chunk | {"obfuscation": "x7Kq9ZpLr2"[: 1 + number % 10]}
        case "no-usage" if chunk.get("usage"):
            return None
    return chunk


def _in_parts(choice: dict[str, Any]) -> dict[str, Any]:
    text = choice["delta"].get("content")
    if text is None:
        return choice
    return choice | {"delta": choice["delta"] | {"content": [{"type": "text", "text": text}]}}
