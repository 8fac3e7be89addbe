"""What a job that was not waited for is held by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...api.shown import Shown, brief
from ...api.values import Prediction
from ..render import bundle
from .card import ending, going_on
from .runner import Run


@dataclass(frozen=True, slots=True, repr=False)
class Handle(Shown):
    """A job that runs beside the cells: look at it, wait for it, or cancel it, from any cell.

    The job goes on at the service when the kernel ends; running the cell again then takes it up.
    """

    model: str
    note: str = field(default="", repr=False)
    _run: Run = field(kw_only=True, compare=False)

    @property
    def id(self) -> str:
        """The service's name for the job; "" until it has named it."""
        job = self._run.progress.job
        return "" if job is None else job.id

    @property
    def status(self) -> str:
        """Where it stands: sending, queued, running, saving (its files), succeeded, failed or canceled."""
        return self._run.progress.state

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._run.done

    @property
    def result(self) -> Prediction | None:
        """The prediction once it has succeeded, its files kept; None before that, and for one that did not succeed."""
        return self._run.progress.job if self.status == "succeeded" else None

    def wait(self, timeout: float | None = None) -> Prediction:
        """Wait for the result and return it; `timeout` is seconds, None waits until it has ended. Stop cancels the job.

        Raises `StillRunningError` where it goes on after `timeout`, `JobFailedError`, `JobCanceledError`, and what else
        `Client.predict` raises.
        """
        return self._run.wait(timeout)

    def cancel(self) -> None:
        """Ask that it be canceled, here and at the service; returns at once. One that has ended stays as it is."""
        self._run.cancel()

    def __repr__(self) -> str:
        return brief("Handle", id=self.id, model=self.model, status=self.status)


@bundle.register
def _handle(handle: Handle) -> dict[str, Any]:
    progress = handle._run.progress  # noqa: SLF001 - it is drawn here
    return ending(progress, handle.note) if progress.ended else going_on(progress)
