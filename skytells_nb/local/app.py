"""The sandbox as a web application: its paths, and what every reply has in common.

All paths the platform and its SDKs use lead here, old and new names alike, with and without a slash at the
end. Every reply has an `x-request-id`, and says that it is the sandbox's (`x-skytells-sandbox`). Finished files
are served outside `/v1`, without a key, as the platform's own delivery host does. The application holds one
`Memory`, and the `Postman` that delivers its webhooks.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import journal_routes
from .dialect import sound
from .files import media
from .gate import Call, fault_for, gated, note
from .inference import chat_routes, embeddings_routes, responses_routes
from .memory import Memory
from .models import catalogue
from .options import Options
from .predictions import jobs, prediction_routes, webhooks
from .predictions.delivery import part_of
from .predictions.predictions import expires
from .predictions.webhooks import Postman
from .refusals import Refusal
from .trouble import committed, refuse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def create_app(options: Options | None = None) -> Starlette:
    """Return the sandbox as an ASGI application, with `app.state.memory` for what it has seen."""
    create = gated(prediction_routes.create, takes_body=True, creates=True)
    show, delete = gated(prediction_routes.show), gated(prediction_routes.delete)
    routes = [
        Route("/v1/models", gated(list_models)),
        Route("/v1/models/{slug:path}", gated(show_model)),
        Route("/v1/model/{slug:path}", gated(show_model)),
        Route("/v1/predict", create, methods=["POST"]),
        Route("/v1/predictions", create, methods=["POST"]),
        Route("/v1/predictions", gated(prediction_routes.index)),
        Route("/v1/predictions/{id}", show),
        Route("/v1/predictions/{id}/stream", show),
        Route("/v1/predictions/{id}/cancel", gated(prediction_routes.cancel), methods=["POST"]),
        Route("/v1/predictions/{id}", delete, methods=["DELETE"]),
        Route("/v1/predictions/{id}/delete", delete, methods=["DELETE"]),
        Route("/v1/chat/completions", gated(chat_routes.complete, takes_body=True, chat=True), methods=["POST"]),
        Route("/v1/responses", gated(responses_routes.create, takes_body=True, chat=True), methods=["POST"]),
        Route("/v1/embeddings", gated(embeddings_routes.create, takes_body=True, chat=True), methods=["POST"]),
        Route("/us/{path:path}", deliver),
        Route("/_sandbox/requests", journal_routes.requests, methods=["GET", "DELETE"]),
        Route("/_sandbox/deliveries", journal_routes.deliveries),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(_Envelope)],
        exception_handlers={404: _no_such_endpoint, 405: _no_such_endpoint},
    )
    app.router.redirect_slashes = False
    app.state.memory = Memory(options or Options())
    app.state.postman = Postman(app.state.memory)
    return app


async def list_models(call: Call) -> Response:
    """GET /models: a bare array.

    The sources disagree on whether schemas come unasked. Here they do, because the platform's own lesson
    reads them without asking; a caller who names `fields` gets those and null for the others, which is how a
    narrower answer of the platform looks. In the dialect `schemas=asked` they come only where they are named.
    """
    return JSONResponse([_model(call, model) for model in catalogue.models().values()])


async def show_model(call: Call) -> Response:
    """GET /models/{slug} and /model/{slug}: one model, with its schemas as in the list."""
    slug = str(call.request.path_params["slug"])
    model = catalogue.find(slug)
    if model is None:
        raise Refusal(404, f"The model '{slug[:100]}' was not found.")
    return JSONResponse(_model(call, model))


def _model(call: Call, model: catalogue.Model) -> dict[str, Any]:
    asked = call.query.get("fields")
    if asked is None and call.dialect.schemas == "asked":
        asked = ""
    fields = None if asked is None else frozenset(name.strip() for name in asked.split(","))
    shown = catalogue.public(model, fields)
    return shown | {"type": sound(shown["type"], call.dialect)}


async def deliver(request: Request) -> Response:
    """GET and HEAD of a finished file: no key, ranges, and 404 once its time is over."""
    memory: Memory = request.app.state.memory
    note(request)
    shape, request_id = memory.options.dialect.error_shape, request.state.request_id
    try:
        fault = fault_for(request, frozenset({"media"}))
    except Refusal as refusal:
        return refuse(refusal, shape, request_id)
    return await committed(fault, lambda: _file(request), request, memory, shape=shape, request_id=request_id)


async def _file(request: Request) -> Response:
    memory: Memory = request.app.state.memory
    found, now = memory.file(request.scope["path"]), memory.clock()
    if found is None or jobs.snapshot(found[0], now).status != "succeeded" or now >= expires(found[0], memory.options):
        raise HTTPException(404)
    job, index = found
    content = await asyncio.to_thread(media.render, job, index)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"public, max-age={(expires(job, memory.options) - now) // jobs.SECOND}",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    }
    kind = media.content_type(job)
    validator = request.headers.get("if-range")
    part = part_of(request.headers.get("range"), len(content)) if validator in (None, headers["ETag"]) else None
    if part is None:
        return Response(content, 200, headers, kind)
    if not part.satisfiable:
        return Response(b"", 416, headers | {"Content-Range": f"bytes */{len(content)}"}, kind)
    headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{len(content)}"
    return Response(content[part.start : part.end], 206, headers, kind)


async def _no_such_endpoint(request: Request, _: Exception) -> Response:
    if not hasattr(request.state, "entry"):
        note(request)
    text = f"There is nothing at {request.method} {request.url.path}."
    return refuse(Refusal(404, text, "ENDPOINT_NOT_FOUND"), "E1", request.state.request_id)


def _is_local(scope: Scope) -> bool:
    """Whether the caller calls this machine by its own name: a web page that rebinds its name does not."""
    host = Headers(scope=scope).get("host")
    return host is None or webhooks.is_loopback(f"http://{host}")


class _Envelope:
    """Names every request, takes the last slash off its path, and writes the name on its reply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{uuid.uuid4().hex[:24]}"
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        if not _is_local(scope):
            text = "This server answers only to the names of this machine: use 127.0.0.1 or localhost."
            await refuse(Refusal(421, text, "FORBIDDEN"), "merged", request_id)(scope, receive, send)
            return
        if scope["path"].startswith("/v1/"):
            scope["path"] = scope["path"].rstrip("/")

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                if "entry" in state:
                    state["entry"].answered(message["status"])
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers["x-skytells-sandbox"] = "nothing was billed"
            await send(message)

        await self._app(scope, receive, named)
