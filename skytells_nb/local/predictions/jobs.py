"""A job and the state it is in at a moment.

A job is written once, when it is asked for, and holds everything that will happen to it: when work starts,
when it ends, whether it fails. Its state is a pure function of the job and the time, so there is no task in
the background, nothing to wait for at shutdown, and a test may ask about any moment. All times are whole
nanoseconds since 1970. Stopping a job makes a new value with the moment it was stopped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from ..models.validation import filled

if TYPE_CHECKING:
    from ..models.catalogue import Model

Status = Literal["queued", "processing", "succeeded", "failed", "canceled"]

SECOND = 1_000_000_000
_QUEUED_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One prediction as it was asked for, and what will become of it; `gone`: its files are, once it has ended."""

    id: str
    model: Model
    input: dict[str, Any]
    price: Decimal
    created: int
    starts: int
    ends: int
    outputs: tuple[str, ...]
    failure: str | None = None
    stopped: int | None = None
    stream: bool = False
    webhook_url: str | None = None
    webhook_events: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job at one moment: its state, how far it is (0-100), and when it started and ended, if it did."""

    status: Status
    progress: int
    started: int | None
    ended: int | None

    @property
    def final(self) -> bool:
        """Whether nothing more will change."""
        return self.ended is not None


def plan(job_id: str, model: Model, given: dict[str, Any], *, now: int, pace: float, stream: bool = False) -> Job:
    """Write down a new job: queued for a fifth of its time, then at work; an input with FAIL in it fails."""
    total = int(model.seconds * SECOND / pace)
    queued = 0 if model.instant else int(total * _QUEUED_SHARE)
    day = datetime.fromtimestamp(now // SECOND, UTC).strftime("%Y/%m/%d")
    names = tuple(
        f"/us/{day}/{hashlib.sha256(f'{job_id}/{index}'.encode()).hexdigest()[:16]}.{extension(model, given)}"
        for index in range(model.outputs(given))
    )
    failing = any(isinstance(text, str) and "FAIL" in text for text in given.values())
    return Job(
        id=job_id,
        model=model,
        input=given,
        price=model.price(given),
        created=now,
        starts=now + queued,
        ends=now + total,
        outputs=names,
        failure="The model failed because an input says FAIL (sandbox); nothing was billed." if failing else None,
        stream=stream,
    )


def extension(model: Model, given: dict[str, Any]) -> str:
    """Return the ending of the files a job makes, without the dot: of the format asked for, where it is one of ours."""
    values = filled(model.schema, given)
    asked = [values.get(name) for name in ("audio_format", "output_format")]
    match model.makes(given):
        case "image":
            return "jpg" if {"jpg", "jpeg"} & set(asked) else "webp" if "webp" in asked else "png"
        case "video":
            return "mp4"
        case _:
            return next((str(form) for form in asked if form in ("mp3", "wav", "pcm")), "mp3")


def snapshot(job: Job, now: int) -> Snapshot:
    """Return the state of `job` at the time `now`."""
    if job.stopped is not None and now >= job.stopped:
        return Snapshot("canceled", _progress(job, job.stopped), _started(job, job.stopped), job.stopped)
    if now >= job.ends:
        status: Status = "failed" if job.failure else "succeeded"
        return Snapshot(status, _progress(job, job.ends - 1) if job.failure else 100, job.starts, job.ends)
    if now >= job.starts:
        return Snapshot("processing", _progress(job, now), job.starts, None)
    return Snapshot("queued", 0, None, None)


def stop(job: Job, now: int) -> Job:
    """Return the job stopped at `now`; the same job if it had ended already."""
    return job if snapshot(job, now).final else replace(job, stopped=now)


def billed(job: Job, now: int) -> Decimal:
    """Dollars taken for the job at `now`: its price once it has succeeded, else nothing."""
    return job.price if snapshot(job, now).status == "succeeded" else Decimal(0)


def _started(job: Job, moment: int) -> int | None:
    return job.starts if moment >= job.starts else None


def _progress(job: Job, moment: int) -> int:
    if moment < job.starts or job.ends <= job.starts:
        return 0
    return min(99, 100 * (moment - job.starts) // (job.ends - job.starts))
