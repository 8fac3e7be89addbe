"""The Prediction API's endpoints: ask for a job, look at it, list, stop and delete.

Each takes an admitted `Call` and answers with the prediction object. A stopped or deleted job is answered
with the whole object, as the official SDKs expect. An unknown id is a 502 with an `error_id`, as the platform
documents, and not the 404 one would expect.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from . import catalogue, jobs, validation
from .jobs import SECOND, Job
from .predictions import prediction
from .refusals import Refusal

if TYPE_CHECKING:
    from .gate import Call

_STATUSES = {"queued", "processing", "succeeded", "failed", "canceled"}
_LONGEST_NAP = 0.1


async def create(call: Call) -> Response:
    """POST /predictions and /predict."""
    model = _model(call.body.get("model"))
    given = _input(model, call.body.get("input"))
    flags = {name: _flag(call.body, name) for name in ("await", "wait", "stream")}
    url, events = _webhook(call.body)
    call.pay(model.price(given))
    memory = call.memory
    planned = jobs.plan(
        str(uuid.uuid4()), model, given, now=memory.clock(), pace=call.options.pace, stream=flags["stream"]
    )
    job = replace(planned, webhook_url=url, webhook_events=events)
    memory.add(job)
    if call.suffers("status-false"):
        text = "The prediction is queued (sandbox fault)."
        return JSONResponse(_written(call, job) | {"status": False, "response": text, "error": {"message": text}})
    # The platform never lets a caller wait for a video.
    if model.instant or (model.kind != "video" and (flags["await"] or flags["wait"])):
        while not memory.ended(job.id):
            if not await memory.pause(min(max(0.0, (job.ends - memory.clock()) / SECOND), _LONGEST_NAP)):
                break
        job = memory.find(job.id) or job
    return JSONResponse(_written(call, job))


async def show(call: Call) -> Response:
    """GET /predictions/{id} and /predictions/{id}/stream (JSON, as the SDKs expect)."""
    return JSONResponse(_written(call, _found(call, call.memory.find(_id(call)))))


async def cancel(call: Call) -> Response:
    """POST /predictions/{id}/cancel."""
    return JSONResponse(_written(call, _found(call, call.memory.cancel(_id(call)))))


async def delete(call: Call) -> Response:
    """DELETE /predictions/{id} and /predictions/{id}/delete."""
    return JSONResponse(_written(call, _found(call, call.memory.delete(_id(call)))))


async def index(call: Call) -> Response:
    """GET /predictions: one page of the jobs, newest first."""
    page = _number(call.query, "page", 1, high=10**9)
    per_page = _number(call.query, "per_page", 20, high=50)
    wanted, now = _filter(call.query), call.memory.clock()
    chosen = [job for job in reversed(call.memory.jobs) if wanted.fits(job, now)]
    data = [_written(call, job) for job in chosen[(page - 1) * per_page : page * per_page]]
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
    status: str | None = None

    def fits(self, job: Job, now: int) -> bool:
        """Whether `job` belongs to the list at `now`."""
        day = datetime.fromtimestamp(job.created // SECOND, UTC).date()
        return (
            (self.first is None or day >= self.first)
            and (self.last is None or day <= self.last)
            and self.model in (None, job.model.namespace)
            and self.status in (None, jobs.snapshot(job, now).status)
        )


def _filter(query: dict[str, str]) -> Filter:
    first, last = _day(query, "from"), _day(query, "to")
    if first and last and first > last:
        raise Refusal(400, "The date in 'from' is after the date in 'to'.", "INVALID_DATE_RANGE")
    model = catalogue.find(query["model"]) if "model" in query else None
    if "model" in query and model is None:
        raise Refusal(404, f"The model '{query['model'][:100]}' was not found.")
    status = query.get("status")
    if status == "cancelled":
        status = "canceled"
    if status is not None and status not in _STATUSES:
        rule = f"The parameter 'status' must be one of {', '.join(sorted(_STATUSES))}."
        raise Refusal(400, rule, "INVALID_PARAMETER", details={"field": "status"})
    return Filter(first, last, model.namespace if model else None, status)


def _day(query: dict[str, str], name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
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
    if model.kind == "text":
        text = f"The model '{slug}' makes text; send it to /v1/chat/completions."
        raise Refusal(422, text, "MODEL_NOT_SUPPORTED")
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


def _webhook(body: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Return the webhook's address and events, from a string or an object; kept and shown, never called."""
    match body.get("webhook"):
        case None:
            return None, ()
        case str(url):
            return url, _events(body.get("webhook_events_filter"))
        case {"url": str(url), **rest}:
            return url, _events(rest.get("events", body.get("webhook_events_filter")))
        case _:
            text = "The field 'webhook' must be a URL or an object with 'url' and 'events'."
            raise Refusal(422, text, details={"field": "webhook"})


def _events(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(event, str) for event in given):
        raise Refusal(422, "The webhook's events must be a list of names.", details={"field": "webhook"})
    return tuple(given)


def _id(call: Call) -> str:
    return str(call.request.path_params["id"])


def _found(call: Call, job: Job | None) -> Job:
    if job is None:
        text = f"Error fetching prediction: there is none with the id '{_id(call)[:100]}'."
        raise Refusal(502, text)
    return job


def _written(call: Call, job: Job) -> dict[str, Any]:
    return prediction(job, call.memory.clock(), origin=call.origin, options=call.options)


def _number(query: dict[str, str], name: str, default: int, *, high: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= high):
        rule = f"The parameter '{name}' must be a whole number between 1 and {high}."
        raise Refusal(400, rule, "INVALID_PARAMETER", details={"field": name})
    return int(text)
