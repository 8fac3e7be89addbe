"""What %skytells_jobs does: list the jobs whose end nobody has seen, wait for them, collect them, cancel them.

The record alone says what there is; the service is asked by these verbs only. A job that is collected has its files
kept and its cost in the record, as if it had been waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ... import settings
from ...api.media_calls import WAIT_LIMIT
from ...api.values import Prediction, Status
from ...costs import here, jobs
from ...costs.jobs import Job, Which
from ...costs.ledger import default_ledger
from ...errors import InputError, SkytellsError, UnknownNameError, plain
from .. import cell
from ..predicting import resume
from ..session import current
from . import service
from .listing import MOST, Collected, Jobs, Line

RECENT = timedelta(days=7)
"""How old the jobs may be that are listed with those whose end nobody has seen, where all are asked for."""

_NAMELESS = timedelta(days=1)
"""How long a job is listed that never got a name: after that, nobody will find it any more."""


def listed(*, recent: bool = False, refresh: bool = False) -> Jobs:
    """List the jobs whose end nobody has seen, newest first; with `recent` those of the last seven days too.

    They are one's own, of the service or of the sandbox while it is on. With `refresh` the service is asked how those
    stand whose end nobody has seen, of the newest 50. Raises nothing for a job that the service cannot describe: its
    line says so.
    """
    now, ours = datetime.now(UTC), Which(settings.in_sandbox(), person=here.person())
    found = {job.call.id: job for job in jobs.find(default_ledger(), replace(ours, unseen=True))}
    if recent:
        found |= {job.call.id: job for job in jobs.find(default_ledger(), replace(ours, since=now - RECENT))}
    told = [job for job in found.values() if job.id or now - job.call.started_at <= _NAMELESS]
    told.sort(key=lambda job: job.call.id, reverse=True)
    lines = (_line(job, ask=refresh and job.unseen and number < MOST) for number, job in enumerate(told))
    return Jobs(tuple(lines), not recent, now)


def _line(job: Job, *, ask: bool) -> Line:
    if not (ask and job.id):
        return Line(job)
    try:
        seen = service.look(job)
    except SkytellsError as error:
        return Line(job, trouble=f"not known: {plain(error.what, 120)}")
    return Line(job, seen, "" if seen else "the service does not know it any more")


def named(word: str) -> Job:
    """Find the job of an id, which may be cut to what only one begins with.

    Raises `UnknownNameError`, with the nearest, where none is known, and `InputError` where several begin so, or where
    the sandbox is on, which knows nothing of a live job.
    """
    exactly = jobs.find(default_ledger(), Which(ids=(word,)))
    if exactly:
        if settings.in_sandbox() and not exactly[0].call.sandbox:
            what = f"Prediction {plain(word, 80)} is one of the service itself, and the sandbox is on."
            raise InputError(what, "Go back online first, with %skytells_sandbox stop.")
        return exactly[0]
    known = {line.id: line.job for line in reversed(listed(recent=True).lines) if line.id}
    fitting = [name for name in known if word and name.startswith(word)]
    if not fitting:
        raise UnknownNameError.of("job", word, known)
    if len(fitting) > 1:
        some = ", ".join(plain(name, 80) for name in fitting[:6])
        raise InputError(f"{len(fitting)} jobs begin with {plain(word, 80)!r}: {some}.", "Write more of the id.")
    return known[fitting[0]]


def waiting() -> tuple[Job, ...]:
    """Give the jobs that have a name and whose end nobody has seen, oldest first."""
    return tuple(line.job for line in reversed(listed().lines) if line.id)


def resumed(wanted: Iterable[Job], *, timeout: float = WAIT_LIMIT) -> Collected:
    """Wait for jobs, one after another, and show each; `timeout` is seconds for each.

    Raises what `Client.wait` raises, and `InputError` for a job that the service does not know; the others have had
    their turn then.
    """
    found = Collected(_each(wanted, lambda job: resume(_described(job), timeout=timeout)))
    if len(found):
        cell.shown(found)
    return found


def collected(wanted: Iterable[Job]) -> Collected:
    """Keep the results of those jobs that have succeeded, and say how the others stand; waits for none."""
    shown: list[Prediction] = []
    others: list[Line] = []
    for job in wanted:
        line = _line(job, ask=True)
        if line.seen is not None and line.seen.status is Status.SUCCEEDED:
            shown.append(resume(line.seen, quiet=True))
        else:
            others.append(line)
    return Collected(tuple(shown), tuple(others))


def canceled(wanted: Iterable[Job]) -> Collected:
    """Cancel jobs; gives them as they stand then. One that has ended stays as it is, and is collected if it succeeded.

    Raises `InputError` for a job that the service does not know, and the errors of a request; the others have had their
    turn then.
    """
    return Collected(_each(wanted, _canceled))


def _canceled(job: Job) -> Prediction:
    seen = _described(job)
    if seen.status is Status.SUCCEEDED:
        return resume(seen, quiet=True)
    return seen if seen.status.final else current().client.cancel(seen)


def _each(wanted: Iterable[Job], work: Callable[[Job], Prediction]) -> tuple[Prediction, ...]:
    """Do the same with each job; what goes wrong with one is raised when the others have had their turn."""
    done: list[Prediction] = []
    failed: list[SkytellsError] = []
    for job in wanted:
        try:
            done.append(work(job))
        except SkytellsError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return tuple(done)


def _described(job: Job) -> Prediction:
    found = service.look(job) if job.id else None
    if found is None:
        what = f"The service does not know prediction {plain(job.id, 80)} any more."
        raise InputError(what, "Nothing was billed now; run its cell with --fresh to make it anew.")
    return found
