"""What the service says of a job of the record: how it stands, that nobody knows it, or that it was never made.

Whatever is learned here is told to those who are told of calls, so that the record and the budgets know it too.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ... import settings
from ...api import account
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
_LONGEST = timedelta(minutes=10)
"""How long after it was begun a request without an answer may have made its job."""
_MOST = 100
"""How many of the newest predictions are searched."""


class UnsureError(Exception):
    """The list of predictions is too long to say that a job is not in it."""


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
    learns its name, or that the request made none; but not of one that another kernel may still be sending. Raises
    `UnsureError` where the list is too long to tell, and the errors of a request.
    """
    begun = job.call.started_at
    first, last = begun - _SKEW, (job.call.finished_at or begun + _LONGEST) + _SKEW
    listed = current().client.predictions(model=job.call.model, since=first, until=last)
    newest = list(itertools.islice(listed, _MOST))
    alike = [each for each in newest if _within(each, first, last) and _same(each.input, inputs)]
    taken = jobs.known(default_ledger(), [each.id for each in alike])
    free = [each for each in alike if each.id not in taken]
    if free:
        oldest = min(free, key=lambda each: (each.created_at or begun, each.id))
        call = replace(job.call, status="running", finished_at=None, remote_id=oldest.id)
        _tell(call)
        return replace(job, call=call)
    if len(newest) == _MOST and all(each.created_at is not None and each.created_at >= first for each in newest):
        raise UnsureError
    if job.call.status != "sent" or job.seconds_ago() > _LONGEST.total_seconds():
        _tell(replace(job.call, status="refused", charge=_NOTHING))
    return None


_NOTHING = Charge(Decimal(0), source="priced", reason="the service has no such job")


def _within(found: Prediction, first: datetime, last: datetime) -> bool:
    return found.created_at is not None and first <= found.created_at <= last


def _same(echoed: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Say whether a job has these inputs; the service may have added what was not given."""
    return all(name in echoed and echoed[name] == value for name, value in inputs.items())


def _tell(call: Call) -> None:
    """Tell those who are told of calls what became of one."""
    ended = call if call.status == "running" else replace(call, finished_at=call.finished_at or datetime.now(UTC))
    for observer in account.default_observers:
        observer.after(ended)
