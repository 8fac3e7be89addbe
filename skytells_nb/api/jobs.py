"""Conversations about predictions: create, wait, cancel. Generators without I/O, as in `flows`.

Invariants: a job's id is told as soon as it is known; an interrupted wait cancels the job once, for at most 3 seconds,
tells what is known then, and lets the interruption go on with the prediction on it; a wait that ends without a result
keeps the id and says how to resume.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..errors import (
    InputError,
    JobCanceledError,
    JobFailedError,
    ServiceError,
    SkytellsError,
    StillRunningError,
    plain,
)
from . import pricing, requests, stored, wire
from .flows import exchange, tell, told
from .reading import record
from .record import Call, CallStatus
from .retry import RetryPolicy
from .steps import Emit, End, Flow, Pause, Send
from .trace import Trace
from .values import Model, Page, Prediction, Status

_CALL_STATUS: dict[Status, CallStatus] = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELED: "canceled",
}

Progress = Callable[[Prediction, float], None]

_MOST_STALE = 100

_UNWATCHED = 60.0
"""Seconds after a job's end in which whoever waits for it has looked."""


def check_progress(on_progress: object) -> None:
    """Raise `InputError` for what cannot be called, before a job is paid for."""
    if on_progress is not None and not callable(on_progress):
        what = f"on_progress={plain(on_progress, 40)} is no function."
        raise InputError(what, "Give one of a prediction and seconds; nothing was sent.")


def create(request: wire.Request, trace: Trace) -> Flow[Prediction]:
    """Create a prediction, as the service first describes it; the observers are yet to be told of it."""
    try:
        return (yield from told(trace, _created(request, trace)))
    except (GeneratorExit, Exception):
        raise
    except BaseException as stop:
        if trace.attempts:
            stop.add_note(wire.look_first(request))
        raise


def _created(request: wire.Request, trace: Trace) -> Flow[Prediction]:
    body = yield from exchange(request, trace)
    job = Prediction.from_json(body)
    if not job.id:
        what = "The service took the prediction but named no id."
        raise ServiceError(what, "It may have run.", may_have_run=True, body=body)
    return job


def submit(request: wire.Request, trace: Trace, model: Model | None) -> Flow[Prediction]:
    """Create a prediction and return at once."""
    job, call = concluded((yield from create(request, trace)), trace, model)
    yield from tell(call, job)
    return job


def concluded(job: Prediction, trace: Trace, model: Model | None) -> tuple[Prediction, Call]:
    """Complete a prediction and its call with what is known now."""
    charge = pricing.charge_prediction(job, model, trace.values) if job.status.final else trace.call.charge
    call = trace.ended(
        _CALL_STATUS.get(job.status, "running"),
        model_used=job.model or None,
        remote_id=job.id,
        error_id=job.error_id,
        predict_time=job.predict_time,
        total_time=job.total_time,
        outputs=pricing.outputs_of(job),
        output=stored.output(job.output) if job.status.final else None,
        credits=job.credits_used,
        charge=charge,
        **pricing.measures_of(job, model, trace.values),
    )
    call = _as_it_ran(call, job)
    return replace(job, model=job.model or trace.call.model, call=call), call


def _as_it_ran(call: Call, job: Prediction) -> Call:
    """Take the service's word for how long a job took that ended while nobody looked: it may be days later now."""
    if call.seconds is None or job.completed_at is None or job.created_at is None:
        return call
    took = (job.completed_at - job.created_at).total_seconds()
    if not 0 <= took < call.seconds - _UNWATCHED:
        return call
    return replace(call, seconds=took, finished_at=call.started_at + timedelta(seconds=took))


def wait(
    job: Prediction,
    trace: Trace,
    model: Model | None,
    *,
    timeout: float,
    on_progress: Progress | None = None,
    cancel_on_interrupt: bool = True,
    created: bool = False,
) -> Flow[Prediction]:
    """Poll a prediction until it has ended; return it, or raise what became of it.

    Polls after 0.5 s, then after 15 % of the time passed, never over 5 s apart. A job that was just `created` is told
    to the observers first.
    """
    begun = trace.clock()
    try:
        if created and not job.status.final:
            job, call = concluded(job, trace, model)
            yield End(call)
        if on_progress is not None:
            on_progress(job, 0.0)
        while not job.status.final:
            left = timeout - (trace.clock() - begun)
            if left <= 0:
                raise _still_running(
                    job, f"Prediction {_name(job)} is still {job.status} after {timeout:.3g} s.", "It goes on"
                )
            yield Pause(min(5.0, max(0.5, 0.15 * (timeout - left)), left))
            job = yield from _look(job, trace, max(1.0, timeout - (trace.clock() - begun)))
            if on_progress is not None:
                on_progress(job, trace.clock() - begun)
    except (GeneratorExit, SkytellsError):
        raise
    except Exception as error:  # of `on_progress`: the job goes on
        error.prediction = job  # type: ignore[attr-defined]
        error.add_note(_what_became(job))
        raise
    except BaseException as stop:
        try:
            if cancel_on_interrupt and not job.status.final:
                job = yield from _cancel_once(job, trace)
        finally:
            job, call = concluded(job, trace, model)
            stop.prediction = job  # type: ignore[attr-defined]
            stop.add_note(_what_became(job))
            yield End(call if job.status.final else replace(call, status="interrupted"))
        raise
    job, call = concluded(job, trace, model)
    yield from tell(call, job)
    return succeeded(job)


def _look(job: Prediction, trace: Trace, left: float) -> Flow[Prediction]:
    """Look once how a job stands, within the seconds that are left."""
    longest = min(left, 30.0)
    request = replace(_request("get", job, trace), timeout=longest, deadline=longest)
    patience = replace(trace.policy, patience=min(trace.policy.patience, left))
    try:
        body = yield from exchange(request, policy=patience, heard=trace.note)
    except SkytellsError as error:
        what = f"We lost sight of prediction {_name(job)}: {error.what}"
        raise _still_running(job, what, "It may go on", error) from error
    return replace(Prediction.from_json(body), id=job.id, call=job.call)


def _still_running(job: Prediction, what: str, fix: str, cause: SkytellsError | None = None) -> StillRunningError:
    facts: dict[str, Any] = {"error_id": cause.error_id, "status": cause.status} if cause else {}
    return StillRunningError(what, f"{fix}; {_later(job)}", prediction=job, **facts)


def _name(job: Prediction) -> str:
    return plain(job.id, 80)


def _later(job: Prediction) -> str:
    return f"get it later with sky.Client().wait({_name(job)!r})."


def succeeded(job: Prediction) -> Prediction:
    """Give a job back that succeeded; raise `JobCanceledError` or `JobFailedError` for one that did not."""
    if job.status is Status.SUCCEEDED:
        return job
    if job.status is Status.CANCELED:
        raise JobCanceledError(f"Prediction {_name(job)} was canceled.", "Run it again if you need it.", prediction=job)
    said = plain(job.error or "the service gave no reason").rstrip(".")
    what = f"{plain(job.model, 80) or 'The model'} failed on prediction {_name(job)}: {said}."
    raise JobFailedError(what, "Change the inputs.", error_id=job.error_id, prediction=job, body=job.raw)


def _what_became(job: Prediction) -> str:
    if job.status is Status.CANCELED:
        return f"Prediction {_name(job)} was canceled."
    if job.status.final:
        return f"Prediction {_name(job)} had {job.status} already; {_later(job)}"
    return f"Prediction {_name(job)} may still be running; {_later(job)}"


def _request(action: str, job: Prediction, trace: Trace) -> wire.Request:
    return requests.of_prediction(action, job.id, record(job.raw.get("urls")), trace.address)


def _cancel_once(job: Prediction, trace: Trace) -> Flow[Prediction]:
    """Ask once, for at most 3 seconds, that a job be canceled; return what is known then."""
    try:
        request = replace(_request("cancel", job, trace), timeout=3.0, deadline=3.0)
        answer = yield Send(request)
        trace.note(answer)
        body = wire.decipher(answer, request)
    except SkytellsError:
        return job
    except (GeneratorExit, Exception):
        raise
    except BaseException:  # noqa: BLE001 - Stop again: nothing more is waited for, and the first Stop goes on
        return job
    found = Prediction.from_json(body)
    if found.id:
        return replace(found, id=job.id, call=job.call)
    return replace(job, status=Status.CANCELED) if record(body).get("success") is True else job


def cancel(job: Prediction, trace: Trace, model: Model | None) -> Flow[Prediction]:
    """Cancel a prediction; return it as it stands then. One that has ended stays as it is."""
    body = yield from exchange(_request("cancel", job, trace), policy=trace.policy, heard=trace.note)
    found = Prediction.from_json(body)
    if not found.id:
        found = yield from look_up(job.id, trace.policy, trace)
    found = replace(found, id=job.id, call=job.call)
    if found.status.final:
        found, call = concluded(found, trace, model)
        yield from tell(call, found)
    return found


def delete(job: Prediction, trace: Trace, model: Model | None) -> Flow[None]:
    """Delete a prediction and its files; a job that its deletion ended is told to the observers."""
    for request in (ways := requests.deletions(job.id, record(job.raw.get("urls")), trace.address)):
        try:
            body = yield from exchange(request, policy=trace.policy, heard=trace.note)
            break
        except SkytellsError as error:
            no_such_path = error.status in (404, 405) and error.error_id in (None, "ENDPOINT_NOT_FOUND")
            if request is ways[-1] or not no_such_path:
                raise
    found = Prediction.from_json(body)
    if found.id and found.status.final and job.call is not None:
        found, call = concluded(replace(found, id=job.id, call=job.call), trace, model)
        yield from tell(call, found)


def look_up(prediction_id: str, policy: RetryPolicy, trace: Trace | None = None) -> Flow[Prediction]:
    """Read a prediction by its id."""
    request = requests.of_prediction("get", prediction_id, {}, "")
    heard: list[wire.Answer] = []
    body = yield from exchange(request, policy=policy, heard=heard.append)
    if trace is not None:
        trace.note(heard[-1])
    return replace(Prediction.from_json(body), sandbox=heard[-1].of_sandbox)


def listing(
    build: Callable[[int], wire.Request], wanted: Callable[[Prediction], bool], policy: RetryPolicy
) -> Flow[None]:
    """Give out the wanted predictions of page after page, each once, until a page is empty or the last.

    `build` makes the request for a page. Jobs that are created meanwhile push others onto the next page, where those
    are not given out again; a list that brings nothing else for 100 pages raises `ServiceError`. A list that does not
    say which page is the last ends where a page repeats the one before: its server knows no pages.
    """
    seen: set[str] = set()
    last: list[str] = []
    heard: list[wire.Answer] = []
    stale = 0
    for number in itertools.count(1):
        body = yield from exchange(build(number), policy=policy, heard=heard.append)
        if not isinstance(body, list) and not isinstance(record(body).get("data"), list):
            raise ServiceError("The list of predictions holds no data.", "Try again.", body=body)
        page = Page.from_json(body)
        fresh = {job.id: job for job in page.predictions if job.id not in seen}
        yield Emit([replace(job, sandbox=heard[-1].of_sandbox) for job in fresh.values() if wanted(job)])
        heard.clear()
        seen.update(fresh)
        stale = 0 if fresh else stale + 1
        if stale >= _MOST_STALE:
            raise ServiceError("The list of predictions repeats itself without end.", "Try again.")
        ids = [job.id for job in page.predictions]
        if not ids or (ids == last if page.last is None else number >= page.last):
            return
        last = ids
