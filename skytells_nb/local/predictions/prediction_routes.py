"""The Prediction API's endpoints: ask for a job, look at it, list, stop and delete.

Each takes an admitted `Call` and answers with the prediction object, in the call's dialect. By default a stopped
or deleted job is answered with the whole object, as the official SDKs expect, and an unknown id is a 502 with an
`error_id`, as the platform documents, and not the 404 one would expect.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from ..dialect import STATES, speak, states_of
from ..models import catalogue, validation
from ..refusals import Refusal
from . import jobs, webhooks
from .jobs import SECOND, Job
from .predictions import prediction

if TYPE_CHECKING:
    from ..gate import Call

_ASKED_TO_FAIL = "The model failed, as was asked for (sandbox fault); nothing was billed."
_EPOCH = date(1970, 1, 1)
_DAY = 86_400 * SECOND
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


async def create(call: Call) -> Response:
    """POST /predictions and /predict."""
    model = _model(call.body.get("model"))
    # The first check imports a slow library, and a schema may hold a slow pattern: others are answered meanwhile.
    given = await asyncio.to_thread(_input, model, call.body.get("input"))
    flags = {name: _flag(call.body, name) for name in ("await", "wait", "stream")}
    url, events, filtered = _webhook(call.body)
    call.pay(model.price(given))
    memory, dialect = call.memory, call.dialect
    job_id = str(uuid.uuid4()) if dialect.ids == "uuid" else f"pred_{uuid.uuid4().hex[:24]}"
    planned = jobs.plan(job_id, model, given, now=memory.clock(), pace=call.options.pace, stream=flags["stream"])
    job = replace(
        planned,
        webhook_url=url,
        webhook_events=events,
        failure=_ASKED_TO_FAIL if call.suffers("fail") else planned.failure,
        gone=call.suffers("expired"),
    )
    memory.add(job)
    wanted = webhooks.wanted(events, filtered=filtered)
    call.postman.follow(job, wanted, key=call.key, origin=call.origin, dialect=dialect)
    status = int(dialect.created)
    if call.suffers("status-false"):
        text = "The prediction is queued (sandbox fault)."
        body = _written(call, job) | {"status": False, "response": text, "error": {"message": text}}
        return JSONResponse(body, status)
    # The platform never lets a caller wait for a video.
    if model.instant or (model.kind != "video" and (flags["await"] or flags["wait"])):
        job = await memory.follow(job, job.ends)
    return JSONResponse(_written(call, job), status)


async def show(call: Call) -> Response:
    """GET /predictions/{id} and /predictions/{id}/stream (JSON, as the SDKs expect)."""
    return JSONResponse(_written(call, _found(call, call.memory.find(_id(call)))))


async def cancel(call: Call) -> Response:
    """POST /predictions/{id}/cancel."""
    return _acknowledged(call, _found(call, call.memory.cancel(_id(call))))


async def delete(call: Call) -> Response:
    """DELETE /predictions/{id} and /predictions/{id}/delete."""
    return _acknowledged(call, _found(call, call.memory.delete(_id(call))))


async def index(call: Call) -> Response:
    """GET /predictions: one page of the jobs, newest first."""
    page = _number(call.query, "page", 1, high=10**9)
    per_page = _number(call.query, "per_page", 20, high=50)
    wanted, now = _filter(call.query), call.memory.clock()
    chosen = [job for job in reversed(call.memory.jobs) if wanted.fits(job, now)]
    data = [_written(call, job) for job in chosen[(page - 1) * per_page : page * per_page]]
    if call.dialect.list == "array":
        return JSONResponse(data)
    pagination = {
        "current_page": page,
        "per_page": per_page,
        "total": len(chosen),
        "last_page": max(1, -(-len(chosen) // per_page)),
    }
    return JSONResponse({"data": data, "pagination": pagination})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs a list shows; None lets everything through. Days are in UTC; both belong to the list."""

    first: date | None = None
    last: date | None = None
    model: str | None = None
    states: frozenset[str] = frozenset(STATES)

    def fits(self, job: Job, now: int) -> bool:
        """Whether `job` belongs to the list at `now`."""
        return (
            (self.first is None or job.created >= _midnight(self.first))
            and (self.last is None or job.created < _midnight(self.last) + _DAY)
            and self.model in (None, job.model.namespace)
            and (len(self.states) == len(STATES) or jobs.snapshot(job, now).status in self.states)
        )


def _midnight(day: date) -> int:
    return (day - _EPOCH).days * _DAY


def _filter(query: dict[str, str]) -> Filter:
    first, last = _day(query, "from"), _day(query, "to")
    if first and last and first > last:
        raise Refusal(400, "The date in 'from' is after the date in 'to'.", "INVALID_DATE_RANGE")
    model = catalogue.find(query["model"]) if "model" in query else None
    if "model" in query and model is None:
        raise Refusal(404, f"The model '{query['model'][:100]}' was not found.")
    states = states_of(query["status"]) if "status" in query else frozenset(STATES)
    if not states:
        rule = f"The parameter 'status' must be one of {', '.join(sorted(STATES))}."
        raise Refusal(400, rule, "INVALID_PARAMETER", details={"field": "status"})
    return Filter(first, last, model.namespace if model else None, states)


def _day(query: dict[str, str], name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if _A_DAY.fullmatch(text) is None:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        rule = f"The parameter '{name}' must be a date as YYYY-MM-DD."
        raise Refusal(400, rule, "INVALID_DATE_FORMAT", details={"field": name}) from None


def _model(slug: Any) -> catalogue.Model:
    if not isinstance(slug, str) or not slug:
        raise Refusal(422, "The field 'model' is required and must be a string.", details={"field": "model"})
    model = catalogue.find(slug)
    if model is None:
        near = get_close_matches(slug[:100], catalogue.models(), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise Refusal(404, f"The model '{slug[:100]}' was not found.{hint}")
    if not model.predicts:
        route = "embeddings" if model.kind == "embedding" else "chat/completions"
        text = f"The model '{slug}' makes no files; send it to /v1/{route}."
        raise Refusal(422, text, "MODEL_NOT_SUPPORTED")
    if model.wire["status"] == "offline":
        raise Refusal(503, f"The model '{slug}' is offline.")
    return model


def _input(model: catalogue.Model, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Refusal(422, "The field 'input' is required and must be an object.", details={"field": "input"})
    found = validation.problems(model.schema, given)
    if found:
        text = f"Invalid input for {model.namespace}: {'; '.join(problem.message for problem in found[:10])}."
        details = {"field": found[0].field, "problems": [problem.to_json() for problem in found[:50]]}
        raise Refusal(422, text, details=details)
    return given


def _flag(body: dict[str, Any], name: str) -> bool:
    given = body.get(name)
    if given is not None and not isinstance(given, bool):
        raise Refusal(422, f"The field '{name}' must be true or false.", details={"field": name})
    return bool(given)


def _webhook(body: dict[str, Any]) -> tuple[str | None, tuple[str, ...], bool]:
    """Return the webhook's address, its events, and whether they came as `webhook_events_filter`."""
    match body.get("webhook"):
        case None:
            return None, (), False
        case str(url):
            named = None
        case {"url": str(url), **rest}:
            named = rest.get("events")
        case _:
            text = "The field 'webhook' must be a URL or an object with 'url' and 'events'."
            raise Refusal(422, text, details={"field": "webhook"})
    fault = webhooks.url_fault(url)
    if fault is not None:
        raise Refusal(422, fault, details={"field": "webhook"})
    filtered = named is None
    events = body.get("webhook_events_filter") if filtered else named
    if events is not None and not (isinstance(events, list) and all(isinstance(event, str) for event in events)):
        raise Refusal(422, "The webhook's events must be a list of names.", details={"field": "webhook"})
    return url, tuple(events or ()), filtered


def _id(call: Call) -> str:
    return str(call.request.path_params["id"])


def _found(call: Call, job: Job | None) -> Job:
    if job is None:
        text = f"Error fetching prediction: there is none with the id '{_id(call)[:100]}'."
        if call.dialect.unknown == "404":
            raise Refusal(404, text, "PREDICTION_NOT_FOUND")
        raise Refusal(502, text)
    return job


def _written(call: Call, job: Job) -> dict[str, Any]:
    return speak(prediction(job, call.memory.clock(), origin=call.origin, options=call.options), call.dialect)


def _acknowledged(call: Call, job: Job) -> Response:
    match call.dialect.ack:
        case "success":
            return JSONResponse({"success": True})
        case "empty":
            return Response(status_code=204)
        case _:
            return JSONResponse(_written(call, job))


def _number(query: dict[str, str], name: str, default: int, *, high: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= high):
        rule = f"The parameter '{name}' must be a whole number between 1 and {high}."
        raise Refusal(400, rule, "INVALID_PARAMETER", details={"field": name})
    return int(text)
