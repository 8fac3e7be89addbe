"""Running a media model from a cell: how far it is, and then what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import plain
from . import cell
from .session import current

if TYPE_CHECKING:
    from ..api.values import Prediction


def predict(model: str, values: Mapping[str, Any], *, quiet: bool = False, **options: Any) -> Prediction:
    """Run a media model, show its progress and what came back, and return the prediction.

    `options` as for `Client.predict`.
    """
    current().client.quote(model, values)  # checks the inputs before anything is shown
    job = _run_quietly(model, values, **options) if quiet else _show_prediction(model, values, **options)
    cell.shown(job)
    current().note(job)
    return job


def _run_quietly(model: str, values: Mapping[str, Any], **options: Any) -> Prediction:
    from .media.keeper import default_keeper

    job = current().client.predict(model, values, **options)
    with _kept_on(job):
        default_keeper().keep(job)
    return job


def _show_prediction(model: str, values: Mapping[str, Any], **options: Any) -> Prediction:
    from .render import bundle

    with current().shown_live() as live:

        def on_progress(job: Prediction, elapsed: float) -> None:
            live.progress(model, str(job.status), job.progress, elapsed)

        job: Prediction = current().client.predict(model, values, on_progress=on_progress, **options)
        with _kept_on(job):
            live.finish(bundle(job))
    return job


@contextmanager
def _kept_on(job: Prediction) -> Iterator[None]:
    """Keep hold of a job that is done and paid for, whatever interrupts its showing."""
    try:
        yield
    except BaseException as stop:
        stop.prediction = job  # type: ignore[attr-defined]
        stop.add_note(
            f"Prediction {plain(job.id, 80)} is done; get it again with sky.Client().wait({plain(job.id, 80)!r})."
        )
        raise
