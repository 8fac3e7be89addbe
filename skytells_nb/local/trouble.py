"""Faults committed: the answers that come in place of the right one, and right answers spoilt on their way.

`instead` answers for an endpoint, or lets it answer later; `spoilt` wraps the endpoint's answer so that its
bytes arrive slowly, in part, or not at all. A connection is cut by the server that holds it, through the
function it leaves in the request's scope under `HANG_UP`; what was written before is sent first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from .refusals import Refusal, body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Message, Receive, Scope, Send

    from .faults import Fault
    from .memory import Memory

HANG_UP = "skytells.hang_up"
_MEGABYTE = 1 << 20
_OVERSIZED_MEGABYTES = 65
_PIECES = 20
_GOOD_MESSAGES = 4
_FOR_EVER = 3600.0


async def committed(
    fault: Fault | None,
    answer: Callable[[], Awaitable[Response]],
    request: Request,
    memory: Memory,
    *,
    shape: str,
    request_id: str,
) -> Response:
    """Return the reply to a request that suffers `fault`, if any; `answer` gives the right one."""
    if fault is None:
        return await answer()
    done = await answer() if fault.late else None
    wrong = await instead(fault, request, memory, shape=shape, request_id=request_id)
    return spoilt(done or await answer(), fault, memory) if wrong is None else wrong


async def instead(fault: Fault, request: Request, memory: Memory, *, shape: str, request_id: str) -> Response | None:
    """Commit a fault that any request can suffer; None when the endpoint is to answer."""
    match fault.name:
        case "slow":
            await memory.pause(1.0 / memory.options.pace if fault.seconds is None else fault.seconds)
            return None
        case "hang":
            await _stay_silent(request, memory, fault.seconds)
            return None if fault.seconds is not None else _Cut()
        case "cut-before":
            return _Cut()
        case "empty":
            return Response(status_code=fault.status or 500)
        case "html":
            return _page(200)
        case "502-html":
            return _page(502)
        case "oversized":
            return StreamingResponse(_padding(), media_type="application/json")
        case "E1" | "E2" | "E3" | "E4" | "E5" | "E8" | "E9":
            return refuse(_asked_for(fault), fault.name, request_id)
        case name if name == "error" or name.isdigit():
            return refuse(_asked_for(fault), fault.shape or shape, request_id)
        case _:
            return None


def spoilt(response: Response, fault: Fault, memory: Memory) -> Response:
    """Return an endpoint's answer as the fault leaves it."""
    match fault.name:
        case "cut-body":
            return _CutInTheMiddle(response)
        case "drip":
            return _Dripping(response, memory, 2.0 / memory.options.pace if fault.seconds is None else fault.seconds)
        case "bad-json":
            return Response(bytes(response.body)[: len(response.body) // 2], 200, media_type="application/json")
        case _:
            return response


def refuse(refusal: Refusal, shape: str, request_id: str) -> Response:
    """Return the reply that tells `refusal` in the named shape; E8 is a page."""
    if shape == "E8":
        return _page(refusal.status, refusal.headers)
    return JSONResponse(body_of(refusal, shape, request_id), refusal.status, refusal.headers)


def _asked_for(fault: Fault) -> Refusal:
    text = "This error was asked for (sandbox fault)."
    status = fault.status or (int(fault.name) if fault.name.isdigit() else 422)
    refusal = Refusal(status, text) if fault.error is None else Refusal.named(fault.error, text, status=fault.status)
    wait = fault.retry_after
    if wait is None and refusal.status == 429:
        wait = 1
    if wait is not None:
        refusal.headers["Retry-After"] = str(wait)
    return refusal


def _page(status: int, headers: dict[str, str] | None = None) -> Response:
    title = "502 Bad Gateway" if status == 502 else f"{status} (sandbox fault)"
    return HTMLResponse(f"<html><title>{title}</title><body><h1>{title}</h1></body></html>", status, headers)


async def _padding() -> AsyncIterator[bytes]:
    yield b'{"padding": "'
    block = b"x" * _MEGABYTE
    for _ in range(_OVERSIZED_MEGABYTES):
        yield block
    yield b'"}'


async def _stay_silent(request: Request, memory: Memory, seconds: float | None) -> None:
    """Wait for so long (None: for ever), or until the caller has gone or the server closes."""
    waits = [
        asyncio.ensure_future(_gone(request.receive)),
        asyncio.ensure_future(memory.pause(_FOR_EVER if seconds is None else seconds)),
    ]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _hang_up(scope: Scope) -> None:
    """Close the caller's connection, once what was written is sent."""
    hang_up = scope.get("extensions", {}).get(HANG_UP)
    if hang_up is None:
        raise ConnectionAbortedError("This server cannot close a connection; the sandbox's own can (sandbox fault).")
    hang_up()


class _Cut(Response):
    """No answer: the connection closes without a byte."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _hang_up(scope)
        await _gone(receive)


class _CutInTheMiddle(Response):
    """Half of the body, or a few pieces of a stream, and then the connection closes."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        good, over = _GOOD_MESSAGES, False

        async def passed(message: Message) -> None:
            nonlocal good, over
            if over:
                return
            if message["type"] == "http.response.body":
                over = good == 0 or not message.get("more_body", False)
                good -= 1
            if not over:
                await send(message)
                return
            body = bytes(message.get("body", b""))
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            _hang_up(scope)

        await self._response(scope, receive, passed)
        await _gone(receive)


class _Dripping(Response):
    """The body in pieces, with pauses: twenty for a whole one, three for each piece of a stream."""

    def __init__(self, response: Response, memory: Memory, seconds: float) -> None:
        super().__init__()
        self._response = response
        self._memory = memory
        self._pause = seconds / _PIECES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def passed(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            body, more = bytes(message.get("body", b"")), message.get("more_body", False)
            size = max(1, -(-len(body) // (3 if more else _PIECES)))
            for start in range(0, len(body), size):
                await self._memory.pause(self._pause)
                await send({**message, "body": body[start : start + size], "more_body": True})
            if not more:
                await send({**message, "body": b"", "more_body": False})

        await self._response(scope, receive, passed)
