"""An answer's stream on the wire: events paced, and spoilt where a fault asks for it.

`frames` is pure: it turns events into the lines that are sent, in the order they are sent, with the fault
already in them. `send` adds time: a pause for each piece, an end when the reader goes or the server closes. A
stream that is cut ends as a broken one does, without a finish reason and without `[DONE]`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from ..faults import Fault
    from ..memory import Memory

DONE = "data: [DONE]\n\n"
_GOOD_EVENTS = 8
_STALLED = 3600.0
_MOMENT = 0.2
_FULL = 4096


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an answer: its data and name, whether it carries a piece (`speaks`) or an end (`ends`)."""

    data: dict[str, Any]
    name: str = ""
    speaks: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One event to send and whether the reader has to wait for it (`waits`), or for `stalls` seconds."""

    text: str
    waits: bool = True
    stalls: float = 0.0


def frames(
    events: Iterable[Event], fault: Fault | None, failure: Callable[[int], Event], *, done: bool
) -> Iterator[Frame]:
    """Return the frames of a stream with `fault` in its place, and `[DONE]` last where this kind of stream has it.

    `failure` makes the event that says, after so many events, that the answer failed.
    """
    name = fault.name if fault else ""
    good = True
    for number, event in enumerate(events):
        # Trouble comes after some good events, and in a short answer before its end.
        if good and (number == _GOOD_EVENTS or event.ends):
            good = False
            match name:
                case "cut":
                    return
                case "stall":
                    told = fault.seconds if fault else None
                    yield Frame("", waits=False, stalls=_STALLED if told is None else told)
                    return
                case "malformed":
                    yield Frame('data: {"id": "broken-by-the-sandbox", "choices": [{"delta"\n\n')
                case "error-midstream":
                    yield Frame(line(failure(number)))
                    return
        ready = _spoilt(event, name, number)
        if ready is not None:
            yield Frame(line(ready), waits=event.speaks)
    if done:
        yield Frame(DONE, waits=False)


def line(event: Event) -> str:
    """One server-sent event, with its name where it has one."""
    named = f"event: {event.name}\n" if event.name else ""
    return f"{named}data: {json.dumps(event.data, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def send(frames: Iterator[Frame], memory: Memory) -> AsyncIterator[bytes]:
    """Send the frames at the sandbox's pace until they end, the reader goes, or the server closes.

    What nobody has to wait for goes together.
    """
    seconds = memory.options.token_seconds / memory.options.pace
    memory.open_streams += 1
    ready = b""
    try:
        for frame in frames:
            pause = seconds if frame.waits else frame.stalls
            if ready and (pause or len(ready) > _FULL):
                yield ready
                ready = b""
            if pause and not await _wait(memory, pause):
                return
            ready += frame.text.encode()
        if ready:
            yield ready
    finally:
        memory.open_streams -= 1


async def _wait(memory: Memory, seconds: float) -> bool:
    """Let time pass; False when the server is closing."""
    if seconds > _MOMENT:
        return await memory.pause(seconds)
    # A closing server can wait for a moment, and a thousand streams need not watch for it.
    await asyncio.sleep(seconds)
    return not memory.closing.is_set()


def _spoilt(event: Event, fault: str, number: int) -> Event | None:
    """Return the event as the fault leaves it; None when it is left out."""
    data = event.data
    match fault:
        case "array-content" if "choices" in data:
            data = data | {"choices": [_in_parts(choice) for choice in data["choices"]]}
        case "obfuscation" if "choices" in data or event.speaks:
            data = data | {"obfuscation": "x7Kq9ZpLr2"[: 1 + number % 10]}
        case "no-usage" if data.get("usage"):
            return None
        case "no-usage" if data.get("response", {}).get("usage"):
            data = data | {"response": data["response"] | {"usage": None}}
        case _:
            return event
    return Event(data, event.name, event.speaks, event.ends)


def _in_parts(choice: dict[str, Any]) -> dict[str, Any]:
    text = choice["delta"].get("content")
    if text is None:
        return choice
    return choice | {"delta": choice["delta"] | {"content": [{"type": "text", "text": text}]}}
