"""Conversations of several requests, as generators without I/O: any exchange, the catalogue, and answers in text.

A flow yields steps and is sent what came of each, as httpx's own auth flows are. Two short drivers perform the steps,
`blocking_driver` and `async_driver`; the logic stands here, in `jobs` and in `vectors` once.

Invariants: observers hear of a call before its request leaves and always again after it; what was paid for is told, and
rides on the interruption, even where an interruption strikes while it is told.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import BrokenStreamError, NetworkError, RefusedError, ServiceError, SkytellsError, plain
from . import pricing, requests, stored, wire
from .assembly import Assembly
from .reading import record
from .record import Call, CallStatus
from .retry import RetryPolicy
from .sse import Decoder
from .steps import Begin, Emit, End, Flow, Pause, Receive, Send, T
from .trace import Trace
from .values import Delta, Embeddings, Model, Prediction, Reply, Usage


def exchange(
    request: wire.Request,
    trace: Trace | None = None,
    *,
    policy: RetryPolicy | None = None,
    heard: Callable[[wire.Answer], None] | None = None,
) -> Flow[Any]:
    """Send one request, repeated as the policy allows; return its JSON or raise the one error it means.

    A `trace` counts the tries and the time; `heard` is called with each answer as it comes.
    """
    policy = policy or (trace.policy if trace else RetryPolicy())
    attempts, waited = 0, 0.0
    while True:
        attempts += 1
        if trace is not None:
            trace.begin_try()
        try:
            answer: wire.Answer = yield Send(request)
            if trace is not None:
                trace.headers, trace.status = answer.headers, answer.status
                trace.bytes += len(answer.body)
            if heard is not None:
                heard(answer)
            if request.stream and 200 <= answer.status < 300:
                return answer
            return wire.decipher(answer, request)
        except SkytellsError as error:
            wait = policy.wait_before_retry(request.method, error, attempts, waited, random.random)
            if wait is None:
                _advise(error, request)
                raise
            cause = error
        yield Pause(wait, cause)
        waited += wait
        if trace is not None:
            trace.waited += wait


def _advise(error: SkytellsError, request: wire.Request) -> None:
    """Say how to look before a request is repeated that may have run; one that only reads may be repeated."""
    if isinstance(error, NetworkError | ServiceError) and error.may_have_run:
        error.may_have_run = request.method != "GET"
        error.advise(wire.look_first(request) if error.may_have_run else "Nothing was changed by it: try again.")


def told(trace: Trace, work: Flow[T]) -> Flow[T]:
    """Tell the observers that a call begins and, if the work fails, how; what it gives is yet to be told."""
    try:
        yield Begin(trace.call)
        return (yield from work)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield End(trace.failed(error))
        raise


def tell(call: Call, result: Reply | Prediction | Embeddings) -> Flow[None]:
    """Tell the observers of a result. An interruption that strikes here takes it along, and it is told again."""
    try:
        yield End(call)
    except GeneratorExit:
        raise
    except BaseException as stop:
        setattr(stop, _CARRIED[type(result)], result)
        yield End(call)
        raise


_CARRIED = {Prediction: "prediction", Reply: "reply", Embeddings: "embeddings"}


def ask(request: wire.Request, trace: Trace, read: Callable[[Any], Reply]) -> Flow[Reply]:
    """Ask once and return the whole answer, which `read` makes of the body."""
    found = yield from told(trace, _whole_answer(request, trace, read))
    reply, call = settled(found, trace, "succeeded")
    yield from tell(call, reply)
    return reply


def _whole_answer(request: wire.Request, trace: Trace, read: Callable[[Any], Reply]) -> Flow[Reply]:
    body = yield from exchange(request, trace)
    return read(body)


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
        audio_tokens=usage.audio_tokens,
        outputs=len(reply.choices),
        output=stored.output([choice.text or choice.refusal or "" for choice in reply.choices]),
        charge=pricing.charge_tokens(trace.call.model, reply.usage, address=trace.address),
        usage=usage.raw or None,
    )
    return replace(reply, call=call, asked=trace.asked), call


def ask_stream(
    request: wire.Request, trace: Trace, assembly: Assembly, *, plainly: Callable[[], None] | None = None
) -> Flow[None]:
    """Ask and give the answer out as it comes; in the end `assembly.settled` is the Reply, whole or partial.

    `plainly` is called where the service refuses to end a stream with its usage.
    """
    try:
        yield Begin(trace.call)
        answer = yield from _opened(request, trace, plainly)
        if answer.body or not wire.streams(answer.status, answer.headers):
            yield Emit(assembly.add_whole(wire.decipher(answer, request)))
        else:
            yield from _read(request, trace, assembly)
    except GeneratorExit:
        raise
    except BaseException as error:
        reply, call = _broken(error, trace, assembly)
        assembly.settled = reply
        if isinstance(error, BrokenStreamError):
            error.reply = reply
        yield from tell(call, reply)
        raise
    reply, call = settled(assembly.reply(), trace, "succeeded")
    assembly.settled = reply
    yield from tell(call, reply)


def _opened(request: wire.Request, trace: Trace, plainly: Callable[[], None] | None) -> Flow[wire.Answer]:
    """Open the stream; where the service does not know `stream_options`, once more without them.

    The answer has a body where the service did not stream but answered at once.
    """
    try:
        answer: wire.Answer = yield from exchange(request, trace)
    except RefusedError as error:
        without = requests.without_usage(request)
        if without is None or "stream_options" not in f"{error.what} {error.body}":
            raise
        answer = yield from exchange(without, trace)
        if plainly is not None:
            plainly()
    return answer


def _read(request: wire.Request, trace: Trace, assembly: Assembly) -> Flow[None]:
    decoder = Decoder()
    size = 0
    while not assembly.done:
        try:
            chunk = yield Receive()
        except SkytellsError as error:
            if assembly.finished:
                return
            what = f"The answer broke off after {len(assembly.reply().text)} characters: {error.what}"
            raise BrokenStreamError(what, "What had come is kept.") from error
        size += len(chunk)
        trace.bytes += len(chunk)
        if size > wire.MAX_STREAM:
            raise BrokenStreamError(f"The answer is over {wire.MAX_STREAM >> 20} MB.", "What had come is kept.")
        deltas: list[Delta] = []
        for event in decoder.feed(chunk):
            deltas += assembly.feed(event.data)
            if assembly.done or assembly.trouble is not None:
                break
        if trace.ttft is None and trace.sent is not None and any(deltas):
            trace.ttft = trace.clock() - trace.sent
        if deltas:
            yield Emit(deltas)
        if assembly.trouble is not None:
            raise _in_midstream(assembly.trouble, request)
        if not chunk:
            break
    if not (assembly.finished or assembly.done):
        what = f"The answer broke off after {len(assembly.reply().text)} characters, without an end mark."
        raise BrokenStreamError(what, "What had come is kept.")
    if not assembly.begun:
        raise BrokenStreamError("The stream ended without an answer in it.", "It may have been billed.")


def _broken(error: BaseException, trace: Trace, assembly: Assembly) -> tuple[Reply, Call]:
    """Give what came of an answer that was refused, broke off or was stopped, and its call."""
    failed = trace.failed(error)
    partial = replace(assembly.reply(), complete=False)
    if failed.status == "refused":
        return replace(partial, call=failed), failed
    reply, call = settled(partial, trace, failed.status)
    call = replace(call, error_id=failed.error_id, http_status=failed.http_status, request_id=failed.request_id)
    return replace(reply, call=call), call


def _in_midstream(chunk: dict[str, Any], request: wire.Request) -> BrokenStreamError:
    problem = wire.read_problem(chunk)
    cause = wire.error_from(problem, wire.Answer(500, {}), request, chunk)
    said = plain(problem.message or "no reason given").rstrip(".")
    facts = {"error_id": cause.error_id, "request_id": cause.request_id, "body": chunk}
    error = BrokenStreamError(f"The service ended the answer with an error: {said}.", "What had come is kept.", **facts)
    error.__cause__ = cause
    return error


def models(policy: RetryPolicy) -> Flow[tuple[Model, ...]]:
    """Read the catalogue."""
    body = yield from exchange(requests.get_models(), policy=policy)
    rows = body if isinstance(body, list) else record(body).get("data")
    return tuple(model for model in map(Model.from_json, rows if isinstance(rows, list) else []) if model.slug)


def model(slug: str, policy: RetryPolicy) -> Flow[Model]:
    """Read one model, by the plural path or, where the server knows only that one, the singular."""
    try:
        body = yield from exchange(requests.get_model(slug), policy=policy)
    except SkytellsError as error:
        if error.status != 404 or error.error_id == "MODEL_NOT_FOUND":
            raise
        body = yield from exchange(requests.get_model(slug, singular=True), policy=policy)
    return Model.from_json(body)
