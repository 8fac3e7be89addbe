"""The prediction object: a job at a moment, written as the Prediction API writes it.

Same keys, in the same order, of the same types as the platform's own documents print, down to the two
precisions of its timestamps (microseconds for created and updated, nanoseconds for started and completed).
A failed job has `error` and `response` besides. Pure; the only outside fact is the server's own address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .jobs import SECOND, Job, Snapshot, billed, snapshot

if TYPE_CHECKING:
    from ..options import Options


def prediction(job: Job, now: int, *, origin: str, options: Options) -> dict[str, Any]:
    """Return the prediction object of `job` at `now`; `origin` is the server's address without a path."""
    state = snapshot(job, now)
    here = f"{origin}/v1/predictions/{job.id}"
    succeeded = state.status == "succeeded"
    failure = {"error": job.failure, "response": job.failure} if state.status == "failed" else {}
    return {
        "id": job.id,
        "status": state.status,
        "type": "inference",
        "stream": job.stream,
        "input": job.input,
        "output": [origin + path for path in job.outputs] if succeeded else None,
        **failure,
        "created_at": micros(job.created),
        "started_at": nanos(state.started),
        "completed_at": nanos(state.ended),
        "updated_at": micros(state.ended or state.started or job.created),
        "privacy": "private",
        "source": "api",
        "model": {"name": job.model.namespace, "type": job.model.kind},
        "webhook": {"url": job.webhook_url, "events": list(job.webhook_events)},
        "metrics": _metrics(job, state),
        "metadata": {
            "billing": {"credits_used": float(billed(job, now))},
            # The platform's own song shows no files here although it has an output; so does the sandbox.
            "storage": {"files": []},
            "data_available": succeeded and now < expires(job, options),
        },
        "urls": {
            "get": f"{here}/",
            "cancel": f"{here}/cancel",
            "stream": f"{here}/stream",
            "delete": f"{here}/delete",
        },
    }


def expires(job: Job, options: Options) -> int:
    """Return the moment from which the job's files can no longer be fetched."""
    return job.ends + (0 if job.gone else int(options.media_seconds * SECOND))


def micros(moment: int) -> str:
    """Return a moment as `2026-03-06T20:15:23.000000Z`."""
    text = datetime.fromtimestamp(moment // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment % SECOND // 1000:06d}Z"


def nanos(moment: int | None) -> str | None:
    """Return a moment as `2026-03-06T20:14:35.160110297Z`; None stays None."""
    return None if moment is None else f"{micros(moment)[:-7]}{moment % SECOND:09d}Z"


def _metrics(job: Job, state: Snapshot) -> dict[str, Any]:
    if state.ended is None:
        return {"progress": state.progress}
    worked = 0 if state.started is None else state.ended - state.started
    metrics: dict[str, Any] = {
        "predict_time": _seconds(worked),
        "total_time": _seconds(state.ended - job.created),
    }
    if job.model.makes(job.input) == "image" and state.status == "succeeded":
        metrics["image_count"] = len(job.outputs)
    return metrics


def _seconds(span: int) -> float:
    return float(Decimal(span).scaleb(-9).quantize(Decimal("0.001")))
