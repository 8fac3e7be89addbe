"""What the service says of a job of the record: how it stands, that nobody knows it, or that it was never made.

Whatever is learned here is told to those who are told of calls, so that the record and the budgets know it too.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ... import settings
from ...api import account, secret_inputs
from ...api.client import Client
from ...api.record import Call, Charge
from ...api.retry import RetryPolicy
from ...api.values import Prediction, Status
from ...costs import jobs
from ...costs.jobs import Job
from ...costs.ledger import default_ledger
from ...errors import JobError, SkytellsError
from ..session import current

_SKEW = timedelta(minutes=1)
"""How far the service's clock may be from ours."""
LONGEST = timedelta(minutes=10)
"""How long after it was begun a request without an answer may have made its job."""
_MOST = 100
"""How many of the newest predictions are searched."""
LATEST = timedelta(seconds=10)
"""How long a service may take to make the job of a request that nobody listens to any more."""
_LOOKS = 10
"""How many of them are looked up one by one, where the list says too little."""


class UnsureError(Exception):
    """The list of predictions does not say whether a job is in it: it is too long, or says too little of each."""


def look(job: Job) -> Prediction | None:
    """Ask how a job stands; None for one that the service does not know. Raises the errors of a request.

    The service answers 502 both for an id that it does not know and in trouble: of a live job that is an error, since
    a job that was paid for is not given up; in the sandbox, which forgets its jobs when it stops, it means the former,
    and the record learns that nobody will see its end.
    """
    try:
        if settings.in_sandbox():
            with Client(observers=(), retry=RetryPolicy(tries=1)) as client:
                found = client.prediction(job.id)
        else:
            found = current().client.prediction(job.id)
    except SkytellsError as error:
        if error.status not in ((404, 502) if settings.in_sandbox() else (404,)):
            raise
        if settings.in_sandbox() and job.unseen:
            _tell(replace(job.call, status="failed", error_id=error.error_id or "PREDICTION_NOT_FOUND"))
        return None
    # An end that nobody saw, such as that of a wait that was stopped, is not the job's: its own is to be told.
    call = replace(job.call, finished_at=None) if job.unseen else job.call
    found = replace(found, id=job.id, model=found.model or call.model, call=call)
    if found.status in (Status.FAILED, Status.CANCELED) and job.unseen:
        with suppress(JobError):
            current().client.wait(found)
    return found


def search(job: Job, inputs: Mapping[str, Any]) -> Job | None:
    """Find the job that a request without an answer made, by its model, its inputs and the time; None if it made none.

    Of several that the record does not know it is the oldest: each has the same inputs, and is paid for. The record
    learns its name, or that the request made none; but not of one that another kernel may still be sending. A request
    that was left just now is looked for until `LATEST` is over: a slow service makes its job all the same. Raises
    `UnsureError`, and the errors of a request.
    """
    begun = job.call.started_at
    first, last = begun - _SKEW, (job.call.finished_at or begun + LONGEST) + _SKEW
    while True:
        listed = current().client.predictions(model=job.call.model, since=first, until=last)
        newest = list(itertools.islice(listed, _MOST))
        near = [each for each in newest if each.created_at is None or first <= each.created_at <= last]
        taken = jobs.known(default_ledger(), (each.id for each in near))
        free = _whole([each for each in near if each.id not in taken])
        timely = [each for each in free if each.created_at is not None and first <= each.created_at <= last]
        alike = [each for each in timely if not _differing(each, inputs)]
        if alike or not _may_come(job):
            break
        time.sleep(1)
    if alike:
        oldest = min(alike, key=lambda each: (each.created_at or begun, each.id))
        call = replace(job.call, status="running", finished_at=None, remote_id=oldest.id)
        _tell(call)
        return replace(job, call=call)
    cut = len(newest) == _MOST and (newest[-1].created_at or last) >= first
    if cut or any(map(_is_vague, free)) or any(_may_fit(each, inputs, job.call.model) for each in timely):
        raise UnsureError
    if job.call.status != "sent" or job.seconds_ago() > LONGEST.total_seconds():
        _tell(replace(job.call, status="refused", charge=_NOTHING))
    return None


def _may_come(job: Job) -> bool:
    """Say whether a request was left so lately that the service may still be about to make its job."""
    if job.call.status not in ("interrupted", "sent"):
        return False
    return datetime.now(UTC) - (job.call.finished_at or job.call.started_at) < LATEST


_NOTHING = Charge(Decimal(0), source="priced", reason="the service has no such job")


def _is_vague(listed: Prediction) -> bool:
    """Say whether a listed job lacks what it would be known by."""
    return listed.created_at is None or not listed.input


def _whole(listed: Sequence[Prediction]) -> list[Prediction]:
    """Look those up that the list describes only in part: not every service lists the inputs."""
    if sum(map(_is_vague, listed)) > _LOOKS:
        raise UnsureError
    return [current().client.prediction(each.id) if _is_vague(each) else each for each in listed]


def _differing(found: Prediction, inputs: Mapping[str, Any]) -> list[str]:
    """Name the inputs that a job does not have as they were given; the service may have added others."""
    return [name for name, value in inputs.items() if name not in found.input or found.input[name] != value]


def _may_fit(found: Prediction, inputs: Mapping[str, Any], model: str) -> bool:
    """Say whether a job differs only in what a service may leave out, or write otherwise: files and secrets."""
    secret = secret_inputs.of(model) | secret_inputs.of(found.model)
    return all(
        name not in found.input or name in secret or _holds_file(inputs[name]) for name in _differing(found, inputs)
    )


def _holds_file(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_file, value))
    return isinstance(value, str) and value[:5].lower() == "data:"


def _tell(call: Call) -> None:
    """Tell those who are told of calls what became of one."""
    ended = call if call.status == "running" else replace(call, finished_at=call.finished_at or datetime.now(UTC))
    for observer in account.default_observers:
        observer.after(ended)
