"""The gate every API call passes: who calls, how often, what should go wrong, and in which shape it is told.

An endpoint behind the gate gets a frozen `Call` and returns a reply or raises a `Refusal`; it never sees a
raw body, a key's spelling or an error's shape. The order is the platform's: first the key, then the limit,
then the body. A reply that succeeds carries the rate-limit headers. No exception leaves the gate.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from . import bodies, faults, journal
from .options import BROKE_KEY, REVOKED_KEY, Options
from .predictions.jobs import SECOND
from .refusals import Refusal
from .trouble import committed, refuse

if TYPE_CHECKING:
    from decimal import Decimal

    from .dialect import Dialect
    from .faults import Fault
    from .memory import Memory
    from .predictions.webhooks import Postman

_log = logging.getLogger(__name__)
_OUT_OF_CREDITS = "You have run out of credits."


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One admitted request: its JSON, who sent it, the fault to commit, and where this server is."""

    request: Request
    memory: Memory
    request_id: str
    key: str = field(repr=False)
    body: dict[str, Any]
    fault: Fault | None
    origin: str

    @property
    def options(self) -> Options:
        """The sandbox's options."""
        return self.memory.options

    @property
    def postman(self) -> Postman:
        """Who delivers this sandbox's webhooks."""
        postman: Postman = self.request.app.state.postman
        return postman

    @property
    def dialect(self) -> Dialect:
        """How this call is answered: the sandbox's dialect, with what the call itself asks for."""
        spoken = self.options.dialect
        return spoken.but(self.fault.dialect) if self.fault else spoken

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
        shape = "E4" if chat else memory.options.dialect.error_shape
        try:
            call = await _admit(request, memory, request_id, takes_body=takes_body, chat=chat, creates=creates)
            shape = "E4" if chat else call.dialect.error_shape

            async def answer() -> Response:
                response = await endpoint(call)
                if response.status_code < 300:
                    response.headers.update(_limits(call))
                return response

            return await committed(call.fault, answer, request, memory, shape=shape, request_id=request_id)
        except Refusal as refusal:
            return refuse(refusal, shape, request_id)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:  # noqa: BLE001 - told to the caller and logged; the server goes on
            _log.exception("The sandbox failed to answer %s %s", request.method, request.url.path)
            return refuse(Refusal(500, "The sandbox failed to answer; this is a bug in it."), shape, request_id)

    return route


def note(request: Request, raw: bytes = b"", body: Any = None) -> None:
    """Write the request into the journal; the status of its answer follows when it is sent."""
    memory: Memory = request.app.state.memory
    told = journal.note(request.method, request.url.path, request.url.query, dict(request.headers), raw, body)
    request.state.entry = memory.journal.record(told)


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
    note(request, raw, body)
    key = _key(request)
    wait = memory.admit()
    if wait is not None:
        limit = memory.options.requests_per_minute
        text = f"Rate limit of {limit} requests a minute exceeded; try again in {wait} s."
        raise Refusal(429, text, headers={"Retry-After": str(wait)}, details={"limit": limit, "window": 60})
    if unread is not None and takes_body:
        raise unread
    streams = chat and (body.get("stream") is True or request.query_params.get("stream") == "true")
    given = {"chat": chat, "stream": streams, "plain": not streams, "create": creates}
    fault = fault_for(request, frozenset(kind for kind, holds in given.items() if holds))
    return Call(request, memory, request_id, key, body, fault, origin_of(request))


def _key(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    if not key:
        raise Refusal(401, "No API key: send it as x-api-key or as Authorization: Bearer.")
    if not key.startswith("sk-") or key == REVOKED_KEY:
        raise Refusal(401, "The API key is not valid.")
    return key


def fault_for(request: Request, kinds: frozenset[str]) -> Fault | None:
    """Return the fault this request is to suffer; raises `Refusal` (400) for one that cannot be read."""
    memory: Memory = request.app.state.memory
    asked = request.headers.get("x-sandbox-fault")
    if asked is None:
        return memory.next_fault(kinds)
    try:
        fault = faults.parse(asked)
    except ValueError as error:
        raise Refusal(400, str(error)) from None
    return fault if fault.applies(kinds) else None


def _limits(call: Call) -> dict[str, str]:
    limit, left = call.options.requests_per_minute, call.memory.calls_left
    if call.dialect.limits == "plain":
        known = {"Limit-RPM": limit, "Remaining-RPM": left, "Reset": call.memory.clock() // SECOND + 60}
        return {f"X-RateLimit-{name}": str(value) for name, value in known.items() if value is not None}
    values = {"limit-requests": limit, "remaining-requests": left, "window": 60}
    values |= dict.fromkeys(f"{what}-tokens-{way}" for way in ("in", "out") for what in ("limit", "remaining"))
    return {f"x-skytells-ratelimit-{k}": "-" if v is None else str(v) for k, v in values.items()}
