"""How a run has ended, in words and drawn for the notebook's file. Pure."""

from __future__ import annotations

from ...errors import JobCanceledError, plain
from .. import captions, page
from ..media.gallery import gallery
from .progress import Progress


def trouble(progress: Progress) -> str:
    """Say in one line what went wrong; "" where nothing did but what was asked for."""
    error = progress.error
    if error is None or isinstance(error, JobCanceledError):
        return ""
    said = str(error) if isinstance(error, Exception) and str(error) else type(error).__name__
    return plain(said, 600)


def caption(end: Progress) -> str:
    """Write one line about a run that has ended: as under its result, and why it has none."""
    line = captions.of_prediction(end.job) if end.job is not None else f"{page.cut(end.model, 80)} · {end.state}"
    return " · ".join(filter(None, (line, page.cut(trouble(end), 200))))


def drawn(end: Progress) -> tuple[str, str]:
    """Draw a run that has ended, with its result where it has one: (safe HTML, plain text)."""
    if end.job is None:
        return page.caption(caption(end)), caption(end)
    html, text = gallery(end.job, end.kept)
    if end.job.status.final:
        return html, text
    return html + page.caption(trouble(end)), f"{text}\n{trouble(end)}"
