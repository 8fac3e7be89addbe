"""The journal over HTTP, for tests in any language: what was asked of this sandbox, and what it delivered.

Without a key, because it holds none; it does not list the requests that read it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

    from .journal import Journal


async def requests(request: Request) -> Response:
    """GET and DELETE /_sandbox/requests: the requests, oldest first; or forget them, and the deliveries."""
    journal: Journal = request.app.state.memory.journal
    if request.method == "DELETE":
        journal.clear()
        return Response(status_code=204)
    return JSONResponse([asdict(received) for received in journal.requests])


async def deliveries(request: Request) -> Response:
    """GET /_sandbox/deliveries: the webhooks, oldest first."""
    journal: Journal = request.app.state.memory.journal
    return JSONResponse([asdict(delivery) for delivery in journal.deliveries])
