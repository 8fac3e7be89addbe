"""Conversations of several requests, as generators without I/O.

A flow yields steps (send this, pause, tell the observers, receive the next bytes, give these deltas out) and is sent
what came of each, or thrown the error that came instead, as httpx's own auth flows are. Two short drivers in `client`
perform the steps, one blocking, one async; the logic stands here once.

Invariants: observers hear of a call before its request leaves and always again after it; a job's id is told as soon as
it is known; an interrupted wait cancels the job once, then lets the interruption go on; nothing paid for is dropped.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..errors import (
    BrokenStreamError,
    JobCanceledError,
    JobFailedError,
    ServiceError,
    SkytellsError,
    StillRunningError,
    plain,
)
from . import pricing, wire
from .assembly import Assembly
from .record import Call, CallStatus
from .retry import RetryPolicy
from .sse import Decoder
from .trace import Trace
from .values import Delta, Model, Prediction, Reply, Status, Usage, record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the answer is a `wire.Answer`. `timeout` in seconds, None for the client's own."""

    request: wire.Request
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Let `seconds` pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Begin:
    """Tell the observers that a call is about to leave; they may refuse it by raising."""

    call: Call


@dataclass(frozen=True, slots=True)
class End:
    """Tell the observers what is known of a call now."""

    call: Call


@dataclass(frozen=True, slots=True)
class Receive:
    """Give the next bytes of the open stream; b"" at its end."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Give deltas out to the caller."""

    deltas: list[Delta]


Step = Send | Pause | Begin | End | Receive | Emit
Flow = Generator[Step, Any, T]


def ended(flow: Flow[Any]) -> bool:
    """Say whether a flow has run to its end, so that what was just raised came out of it."""
    return inspect.getgeneratorstate(flow) == inspect.GEN_CLOSED


class Abandoned(BaseException):
    """Thrown into a stream's flow when its reader has stopped reading."""


def exchange(request: wire.Request, trace: Trace | None = None, *, policy: RetryPolicy | None = None) -> Flow[Any]:
    """Send one request, repeated as the policy allows; return its JSON or raise the one error it means."""
    policy = policy or (trace.policy if trace else RetryPolicy())
    attempts, waited = 0, 0.0
    while True:
        attempts += 1
        if trace is not None:
            trace.attempts = attempts
            trace.sent = trace.clock() if trace.sent is None or attempts > 1 else trace.sent
        try:
            answer: wire.Answer = yield Send(request)
            if trace is not None:
                trace.headers, trace.status = answer.headers, answer.status
            if request.stream and 200 <= answer.status < 300:
                return answer
            return wire.decipher(answer, request)
        except SkytellsError as error:
            wait = policy.wait_before_retry(request.method, error, attempts, waited, random.random)
            if wait is None:
                raise
        yield Pause(wait)
        waited += wait
        if trace is not None:
            trace.waited = waited


def told(trace: Trace, work: Flow[tuple[T, Call]]) -> Flow[T]:
    """Tell the observers of a call before and after the work that it is."""
    try:
        yield Begin(trace.call)
        value, call = yield from work
    except GeneratorExit:
        raise
    except BaseException as error:
        yield End(trace.failed(error))
        raise
    yield End(call)
    return value


def chat(request: wire.Request, trace: Trace) -> Flow[Reply]:
    """Ask once and return the whole answer."""

    def work() -> Flow[tuple[Reply, Call]]:
        body = yield from exchange(request, trace)
        if not isinstance(record(body).get("choices"), list):
            raise ServiceError("The answer holds no choices.", "It may have been billed.", may_have_run=True, body=body)
        return settled(Reply.from_json(body), trace, "succeeded")

    return told(trace, work())


def settled(reply: Reply, trace: Trace, status: CallStatus) -> tuple[Reply, Call]:
    """Complete a reply and its call with what it used and cost."""
    usage = reply.usage or Usage()
    call = trace.ended(
        status,
        model_used=reply.model or None,
        remote_id=reply.id or None,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cached_tokens=usage.cached_tokens,
        outputs=1,
        charge=pricing.charge_tokens(trace.call.model, reply.usage),
        usage=usage.raw or None,
    )
    return replace(reply, call=call), call


def chat_stream(request: wire.Request, trace: Trace, assembly: Assembly, done: Callable[[Reply], None]) -> Flow[None]:
    """Ask and give the answer out as it comes; `done` receives the Reply, whole or partial, before the end is told."""
    try:
        yield Begin(trace.call)
        yield from exchange(request, trace)
        decoder = Decoder()
        while not assembly.done:
            try:
                chunk = yield Receive()
            except SkytellsError as error:
                if assembly.finished:
                    break
                what = f"The answer broke off after {len(assembly.reply().text)} characters: {error.what}"
                raise BrokenStreamError(what, "What had come is kept.") from error
            deltas = []
            for event in decoder.feed(chunk):
                delta = assembly.feed(event.data)
                if delta is None:
                    break
                if delta.raw.get("error") and not delta.raw.get("choices"):
                    raise _in_midstream(delta.raw, request)
                deltas.append(delta)
            if trace.ttft is None and trace.sent is not None and any(delta.text for delta in deltas):
                trace.ttft = trace.clock() - trace.sent
            if deltas:
                yield Emit(deltas)
            if not chunk:
                break
        if not (assembly.finished or assembly.done):
            what = f"The answer broke off after {len(assembly.reply().text)} characters, without an end mark."
            raise BrokenStreamError(what, "What had come is kept.")
    except GeneratorExit:
        raise
    except BaseException as error:
        partial = replace(assembly.reply(), complete=False)
        failed = trace.failed(error)
        reply, call = settled(partial, trace, failed.status)
        if failed.status == "refused":
            call = failed
        call = replace(call, error_id=failed.error_id, http_status=failed.http_status, request_id=failed.request_id)
        done(reply)
        if isinstance(error, BrokenStreamError):
            error.reply = reply
        yield End(call)
        raise
    reply, call = settled(assembly.reply(), trace, "succeeded")
    done(reply)
    yield End(call)


def _in_midstream(chunk: dict[str, Any], request: wire.Request) -> BrokenStreamError:
    problem = wire.read_problem(chunk)
    cause = wire.error_from(problem, wire.Answer(500, {}), request, chunk)
    said = plain(problem.message or "no reason given").rstrip(".")
    facts = {"error_id": cause.error_id, "request_id": cause.request_id, "body": chunk}
    error = BrokenStreamError(f"The service ended the answer with an error: {said}.", "What had come is kept.", **facts)
    error.__cause__ = cause
    return error


def submit(request: wire.Request, trace: Trace, model: Model | None) -> Flow[Prediction]:
    """Create a prediction and return it as the service first describes it."""

    def work() -> Flow[tuple[Prediction, Call]]:
        body = yield from exchange(request, trace)
        job = Prediction.from_json(body)
        if not job.id:
            raise ServiceError(
                "The service took the prediction but named no id.", "It may have run.", may_have_run=True, body=body
            )
        return concluded(job, trace, model)

    return told(trace, work())


def concluded(job: Prediction, trace: Trace, model: Model | None) -> tuple[Prediction, Call]:
    """Complete a prediction and its call with what is known now."""
    charge = pricing.charge_prediction(job, model) if job.status.final else trace.call.charge
    call = trace.ended(
        _CALL_STATUS.get(job.status, "running"),
        model_used=job.model or None,
        remote_id=job.id,
        error_id=job.error_id,
        predict_time=job.predict_time,
        total_time=job.total_time,
        outputs=pricing.outputs_of(job),
        charge=charge,
    )
    return replace(job, call=call), call


_CALL_STATUS: dict[Status, CallStatus] = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELED: "canceled",
}


def wait(
    job: Prediction,
    trace: Trace,
    model: Model | None,
    *,
    timeout: float,
    on_progress: Callable[[Prediction, float], None] | None = None,
    cancel_on_interrupt: bool = True,
) -> Flow[Prediction]:
    """Poll a prediction until it has ended; return it, or raise what became of it.

    Polls after 0.5 s, then after 15 % of the time passed, never over 5 s apart.
    """
    begun = trace.clock()
    try:
        if on_progress is not None:
            on_progress(job, 0.0)
        while not job.status.final:
            elapsed = trace.clock() - begun
            if elapsed >= timeout:
                raise StillRunningError(
                    f"Prediction {job.id} is still {job.status} after {elapsed:.3g} s.",
                    f"It goes on; get it later with client.wait({job.id!r}).",
                    prediction=job,
                )
            yield Pause(min(5.0, max(0.5, 0.15 * elapsed), timeout - elapsed))
            try:
                body = yield from exchange(wire.get_prediction(job.id), policy=trace.policy)
            except SkytellsError as error:
                raise StillRunningError(
                    f"We lost sight of prediction {job.id}: {error.what}",
                    f"It may go on; get it later with client.wait({job.id!r}).",
                    prediction=job,
                    error_id=error.error_id,
                    status=error.status,
                ) from error
            job = replace(Prediction.from_json(body), id=job.id, call=job.call)
            if on_progress is not None:
                on_progress(job, trace.clock() - begun)
    except (GeneratorExit, Exception):
        raise
    except BaseException as stop:
        if cancel_on_interrupt:
            job = yield from _cancel_once(job)
        canceled, call = concluded(job, trace, model)
        yield End(call if job.status.final else replace(call, status="interrupted"))
        stop.prediction = canceled  # type: ignore[attr-defined]
        stop.add_note(f"Prediction {job.id} was {'canceled' if cancel_on_interrupt else 'left running'}.")
        raise
    job, call = concluded(job, trace, model)
    yield End(call)
    if job.status is Status.SUCCEEDED:
        return job
    if job.status is Status.CANCELED:
        raise JobCanceledError(f"Prediction {job.id} was canceled.", "Run it again if you need it.", prediction=job)
    said = plain(job.error or "the service gave no reason").rstrip(".")
    facts: dict[str, Any] = {"error_id": job.error_id, "prediction": job, "body": job.raw}
    raise JobFailedError(
        f"{plain(job.model, 80)} failed on prediction {job.id}: {said}.", "Change the inputs.", **facts
    )


def _cancel_once(job: Prediction) -> Flow[Prediction]:
    """Ask once, for at most 3 seconds, that a job be canceled; return what is known then."""
    try:
        answer = yield Send(wire.cancel_prediction(job.id), timeout=3.0)
        found = Prediction.from_json(wire.decipher(answer, wire.cancel_prediction(job.id)))
    except SkytellsError:
        return job
    return replace(found, call=job.call) if found.id else replace(job, status=Status.CANCELED)


def models(policy: RetryPolicy) -> Flow[tuple[Model, ...]]:
    """Read the catalogue."""
    body = yield from exchange(wire.get_models(), policy=policy)
    rows = body if isinstance(body, list) else record(body).get("data")
    return tuple(model for model in map(Model.from_json, rows if isinstance(rows, list) else []) if model.slug)


def model(slug: str, policy: RetryPolicy) -> Flow[Model]:
    """Read one model, by the plural path or, where the server knows only that one, the singular."""
    try:
        body = yield from exchange(wire.get_model(slug), policy=policy)
    except SkytellsError as error:
        if error.status != 404 or error.error_id == "MODEL_NOT_FOUND":
            raise
        body = yield from exchange(wire.get_model(slug, singular=True), policy=policy)
    return Model.from_json(body)
