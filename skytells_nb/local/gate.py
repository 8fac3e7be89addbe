"""The gate every API call passes: who calls, how often, what should go wrong, and in which shape it is told.

An endpoint behind the gate gets a frozen `Call` and returns a reply or raises a `Refusal`; it never sees a
raw body, a key's spelling or an error's shape. The order is the platform's: first the key, then the limit,
then the body. A reply that succeeds carries the rate-limit headers. No exception leaves the gate.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from . import bodies, faults
from .memory import Memory, Received
from .options import BROKE_KEY, REVOKED_KEY, Options
from .refusals import Refusal, body_of

if TYPE_CHECKING:
    from decimal import Decimal

    from .faults import Fault

_log = logging.getLogger(__name__)
_LOGGED_BODY = 1_000_000
_KEY_HEADERS = frozenset({"x-api-key", "authorization"})
_OUT_OF_CREDITS = "You have run out of credits."


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One admitted request: its JSON, who sent it, the fault to commit, and where this server is."""

    request: Request
    memory: Memory
    request_id: str
    key: str
    body: dict[str, Any]
    fault: Fault | None
    origin: str

    @property
    def options(self) -> Options:
        """The sandbox's options."""
        return self.memory.options

    @property
    def query(self) -> dict[str, str]:
        """The query parameters (the last, where one is given twice)."""
        return dict(self.request.query_params)

    def suffers(self, fault: str) -> bool:
        """Whether this is the fault to commit."""
        return self.fault is not None and self.fault.name == fault

    def pay(self, amount: Decimal) -> None:
        """Check that the caller can pay so many dollars; raises `Refusal` (402) when not."""
        if self.key == BROKE_KEY or not self.memory.affords(amount):
            left = self.memory.credits_left
            known = {} if left is None else {"credits_left": float(left), "price": float(amount)}
            raise Refusal(402, _OUT_OF_CREDITS, details=known or None)


Endpoint = Callable[[Call], Awaitable[Response]]
Route = Callable[[Request], Awaitable[Response]]


def gated(endpoint: Endpoint, *, takes_body: bool = False, chat: bool = False, creates: bool = False) -> Route:
    """Put `endpoint` behind the gate; `chat` ones tell errors as the Inference API does."""

    async def route(request: Request) -> Response:
        memory: Memory = request.app.state.memory
        request_id: str = request.state.request_id
        shape = "E4" if chat else memory.options.error_shape
        try:
            call = await _admit(request, memory, request_id, takes_body=takes_body, chat=chat, creates=creates)
            response = await _general_fault(call, shape) or await endpoint(call)
        except Refusal as refusal:
            return refuse(refusal, shape, request_id)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:  # noqa: BLE001 - told to the caller and logged; the server goes on
            _log.exception("The sandbox failed to answer %s %s", request.method, request.url.path)
            return refuse(Refusal(500, "The sandbox failed to answer; this is a bug in it."), shape, request_id)
        if response.status_code < 300:
            response.headers.update(_limits(memory))
        return response

    return route


def refuse(refusal: Refusal, shape: str, request_id: str) -> Response:
    """Return the reply that tells `refusal` in the named shape."""
    return JSONResponse(body_of(refusal, shape, request_id), refusal.status, refusal.headers)


def receive(request: Request, body: Any = None) -> Received:
    """Return the request as the sandbox remembers it: without its key."""
    sent = [name for name in ("x-api-key", "authorization") if name in request.headers]
    how = {"x-api-key": "x-api-key", "authorization": "bearer"}
    return Received(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers={name: value for name, value in request.headers.items() if name not in _KEY_HEADERS},
        auth="both" if len(sent) == 2 else how[sent[0]] if sent else "none",
        json=body,
    )


def origin_of(request: Request) -> str:
    """Tell the server's own address by its socket, not by what the caller says."""
    host, port = request.scope["server"]
    return f"http://{host}:{port}"


async def _admit(
    request: Request, memory: Memory, request_id: str, *, takes_body: bool, chat: bool, creates: bool
) -> Call:
    raw = await bodies.read(request)
    body: dict[str, Any] = {}
    unread: Refusal | None = None
    try:
        body = bodies.parse(raw) if raw or takes_body else {}
    except Refusal as refusal:
        unread = refusal
    memory.record(receive(request, body if len(raw) <= _LOGGED_BODY else None))
    key = _key(request)
    wait = memory.admit()
    if wait is not None:
        limit = memory.options.requests_per_minute
        text = f"Rate limit of {limit} requests a minute exceeded; try again in {wait} s."
        raise Refusal(429, text, headers={"Retry-After": str(wait)}, details={"limit": limit, "window": 60})
    if unread is not None and takes_body:
        raise unread
    streams = chat and (body.get("stream") is True or request.query_params.get("stream") == "true")
    fault = _fault(request, memory, chat=chat, stream=streams, create=creates)
    return Call(request, memory, request_id, key, body, fault, origin_of(request))


def _key(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    if not key:
        raise Refusal(401, "No API key: send it as x-api-key or as Authorization: Bearer.")
    if not key.startswith("sk-") or key == REVOKED_KEY:
        raise Refusal(401, "The API key is not valid.")
    return key


def _fault(request: Request, memory: Memory, *, chat: bool, stream: bool, create: bool) -> Fault | None:
    asked = request.headers.get("x-sandbox-fault")
    if asked is None:
        return memory.next_fault(chat=chat, stream=stream, create=create)
    try:
        fault = faults.parse(asked)
    except ValueError as error:
        raise Refusal(400, str(error)) from None
    return fault if fault.applies(chat=chat, stream=stream, create=create) else None


async def _general_fault(call: Call, shape: str) -> Response | None:
    """Commit a fault that any call can suffer; None when the call goes on."""
    fault = call.fault
    if fault is None:
        return None
    match fault.name:
        case "slow":
            await call.memory.pause(1.0 / call.options.pace)
            return None
        case "empty":
            return Response(status_code=500)
        case "502-html":
            page = "<html><title>502 Bad Gateway</title><body><h1>502 Bad Gateway</h1></body></html>"
            return HTMLResponse(page, 502)
        case "401" | "402" | "429" | "500" | "503":
            headers = {"Retry-After": str(fault.retry_after)} if fault.name == "429" else {}
            return refuse(_asked_for(int(fault.name), headers), shape, call.request_id)
        case "E1" | "E2" | "E3" | "E4" | "E5" | "E9":
            return refuse(_asked_for(fault.status, {}), fault.name, call.request_id)
        case _:
            return None


def _asked_for(status: int, headers: dict[str, str]) -> Refusal:
    return Refusal(status, f"This {status} was asked for (sandbox fault).", headers=headers)


def _limits(memory: Memory) -> dict[str, str]:
    limit, left = memory.options.requests_per_minute, memory.calls_left
    values = {"limit-requests": limit, "remaining-requests": left, "window": 60}
    values |= dict.fromkeys(f"{what}-tokens-{way}" for way in ("in", "out") for what in ("limit", "remaining"))
    return {f"x-skytells-ratelimit-{k}": "-" if v is None else str(v) for k, v in values.items()}
