"""How far a run is, and how it ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from ...api.values import Prediction, Status
from ...errors import JobCanceledError, NetworkError, SkytellsError, StillRunningError, plain
from ..media.kept import Kept

State = Literal["sending", "queued", "running", "saving", "succeeded", "failed", "canceled"]

_GOING_ON: Mapping[Status, State] = {
    Status.QUEUED: "queued",
    Status.RUNNING: "running",
    Status.SUCCEEDED: "saving",
}
_WORDS = {"running": "processing", "saving": "saving the files"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `elapsed` in seconds, `percent` from 0 to 100 or None, `job` as last known.

    `values` are the inputs, `error` says why there is no result, `kept` holds the result's files; `waiting` says why
    nothing moves for some seconds, `canceling` that a cancel was asked for and is not yet done.
    """

    model: str
    values: Mapping[str, Any] = field(repr=False)
    state: State = "sending"
    elapsed: float = 0.0
    percent: float | None = None
    job: Prediction | None = None
    error: BaseException | None = None
    kept: tuple[Kept, ...] = field(default=(), repr=False)
    waiting: str = ""
    canceling: bool = False

    @property
    def doing(self) -> str:
        """What it is at, in a word or two for people."""
        return "canceling" if self.canceling else _WORDS.get(self.state, self.state)

    @property
    def ended(self) -> bool:
        """Whether this is the last word."""
        return self.state in ("succeeded", "failed", "canceled")

    def looked(self, job: Prediction) -> Self:
        """Give the progress after a look at the job; one that ended without a result is told by its error."""
        return replace(self, state=_GOING_ON.get(job.status, self.state), job=job, percent=job.progress)

    def failed(self, error: BaseException) -> Self:
        """Give the end that an error makes."""
        job = getattr(error, "prediction", None) or self.job
        state: State = "canceled" if isinstance(error, JobCanceledError) else "failed"
        return replace(self, state=state, job=job, error=error)

    def canceled(self, job: Prediction | None, stop: BaseException, *, sent: bool) -> Self:
        """Give the end that a cancel makes, with the job as the service described it last.

        `sent` says that a request is under way whose answer would name the job; `stop` has notes on what to do then.
        """
        error: SkytellsError
        if job is None and sent:
            told = " ".join(getattr(stop, "__notes__", ()))
            error = NetworkError("It was canceled before the service had named the job.", told, may_have_run=True)
        elif job is None:
            error = JobCanceledError("It was canceled before it was sent.", "Nothing ran and nothing was billed.")
        elif job.status.final:
            ended = "was" if job.status is Status.CANCELED else f"had {job.status} before it was"
            error = JobCanceledError(f"Prediction {plain(job.id, 80)} {ended} canceled.", prediction=job)
        else:
            name = plain(job.id, 80)
            what = f"Prediction {name} was to be canceled, and the service did not say that it is."
            error = StillRunningError(what, f"It may go on: see sky.Client().wait({name!r}).", prediction=job)
        return replace(self, state="canceled", job=job, error=error)
