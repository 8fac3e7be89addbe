"""Whether a job that a cell asks for was made before: then it is taken up, and nothing is paid twice.

The same job is the same request (model and inputs) from the same cell, live or in the sandbox alike; the n-th like call
in one run of the cell is the n-th of its last run. Where no cell's id is known, only a job that another process has
left behind counts. One that failed or was canceled is run anew. Where nobody can say whether a live job exists, that
is an error: nothing is billed again unless `--fresh` says so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ... import settings
from ...api import requests
from ...api.values import Prediction, Status
from ...costs import here, jobs
from ...costs.jobs import Job, Which
from ...costs.ledger import SESSION, default_ledger
from ...errors import ServiceError, SkytellsError, plain
from ...schema import check
from .. import cell, page
from . import service

PATIENCE = 3.0
"""Seconds for which another kernel's request may be on its way to its job's name."""

_FRESH = "--fresh runs it anew, and pays again."
_taken: set[str] = set()
"""The calls, left behind by other processes, that this one has taken up."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a job: `nth` of the like ones in this run of its cell, None where the cell's id is not known."""

    model: str
    inputs: Mapping[str, Any]
    fingerprint: str
    nth: int | None = None

    @classmethod
    def of(cls, model: str, values: Mapping[str, Any]) -> Asked:
        """Make it, and count it in the running cell; `values` are checked."""
        inputs = check.native(values)
        fingerprint = requests.create_prediction(model, inputs).fingerprint
        return cls(model, inputs, fingerprint, cell.count(fingerprint))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A job that was made before, as last described; its call says what it cost and when it was begun."""

    prediction: Prediction
    note: str

    @classmethod
    def of(cls, job: Job, found: Prediction) -> Earlier:
        """Make it, with the sentence that says so under the result."""
        run = "an earlier run of this cell" if job.cell else "an earlier run"
        return cls(
            found,
            f"taken from {run} (prediction {page.cut(job.id, 80)}, {ago(job.seconds_ago())}): "
            "nothing was billed now; --fresh runs it anew",
        )


def find(asked: Asked) -> Earlier | None:
    """Find the job that was made for a request before, or None where it is to be run.

    Sends nothing where the result is kept here; else it asks the service how the job stands. Raises the errors of a
    request, which name the job, where the service cannot be asked or does not say.
    """
    job = _latest(asked)
    if job is None or job.call.status == "canceled" or (job.call.status == "failed" and job.id):
        return None
    named = job if job.id else _searched(job, asked)
    found = None if named is None else _described(named)
    if named is None or found is None or found.status in (Status.FAILED, Status.CANCELED):
        return None
    _taken.add(named.call.id)
    return Earlier.of(named, found)


def _searched(job: Job, asked: Asked) -> Job | None:
    try:
        found = service.search(job, asked.inputs)
    except service.UnsureError:
        if settings.in_sandbox():
            return None
        what = f"An earlier run was broken off at {job.call.started_at:%Y-%m-%d %H:%M} UTC, before its job had a name"
        raise ServiceError(
            f"{what}, and the list of predictions does not say whether it was made.", f"See sky.history(); {_FRESH}"
        ) from None
    except SkytellsError as error:
        raise _unseen(error, "an earlier run, whose job never got a name,") from None
    lately = job.seconds_ago() <= service.LONGEST.total_seconds()
    if found is None and job.session == SESSION and job.call.status == "sent" and lately:
        what = "An earlier run of this cell is still sending its request, which may make this very job."
        raise ServiceError(what, f"Wait for it, and run this again; {_FRESH}")
    return found


def _described(job: Job) -> Prediction | None:
    """Describe a job by what is kept, else by what the service says; None where it is to be run anew."""
    if job.call.status == "succeeded" and (kept := _remembered(job.id)) is not None:
        return replace(kept, call=job.call)
    name = f"prediction {plain(job.id, 80)} of an earlier run"
    try:
        found = service.look(job)
    except SkytellsError as error:
        raise _unseen(error, name) from None
    if found is None and not settings.in_sandbox():
        raise ServiceError(f"The service does not know {name} any more.", _FRESH)
    return found


def _latest(asked: Asked) -> Job | None:
    """Give the last job of a request; one that another kernel is just sending is waited for, until it has a name."""
    while True:
        found = [job for job in jobs.find(default_ledger(), _which(asked)) if job.call.id not in _taken or asked.nth]
        if not found:
            return None
        job = found[-1 if asked.nth else 0]
        if job.id or job.call.status != "sent" or job.seconds_ago() > PATIENCE:
            return job
        time.sleep(0.05)


def _which(asked: Asked) -> Which:
    alike = Which(settings.in_sandbox(), asked.fingerprint, notebook=here.notebook(), person=here.person())
    if asked.nth is None:
        return replace(alike, unseen=True, left=True)
    return replace(alike, cell=cell.where()[0], nth=asked.nth)


def _remembered(prediction_id: str) -> Prediction | None:
    """Rebuild a result from what is kept in the media folder, without a request; None where that is not whole."""
    from ..media.keeper import default_keeper

    return default_keeper().remembered(prediction_id)


def _unseen(error: SkytellsError, name: str) -> SkytellsError:
    """Say in an error what could not be looked up, and what to do."""
    error.what = f"How {name} stands cannot be seen: {error.what}"
    error.advise(f"Run this again to look again; {_FRESH}")
    return error


def ago(seconds: float) -> str:
    """Say how long ago something was, in one number."""
    for unit, length in (("day", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''} ago"
    return f"{int(seconds)} s ago" if seconds >= 5 else "just now"
