"""A prediction and its kept files -> a grid of cards for the page and lines for the terminal. Pure.

Inside a widget no relative link leads anywhere: there, files are named, and only what is embedded is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...api.values import Prediction, Status
from .. import captions, page
from . import cards
from .kept import Kept

_GRID = "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start;margin:.3em 0"


def gallery(prediction: Prediction, kept: Sequence[Kept], *, links: bool = True) -> tuple[str, str]:
    """Draw a prediction: (safe HTML, plain text); without `links`, its files are named instead."""
    line = captions.of_prediction(prediction)
    said = _said(prediction, kept)
    alone = len(kept) == 1
    drawn = "".join(cards.card(one, _alt(prediction, one.index, len(kept)), alone=alone, links=links) for one in kept)
    html = page.box(
        f'<div style="{_GRID}">{drawn}</div>' if drawn else "",
        page.pre(prediction.text[:20_000]) if prediction.text else "",
        f"<div>{page.text(said)}</div>" if said else "",
        page.caption(line),
    )
    plain = [*map(cards.line, kept), page.visible(prediction.text[:20_000]), said, line]
    return html, "\n".join(part for part in plain if part)


def _alt(prediction: Prediction, index: int, count: int) -> str:
    """Describe a picture to who does not see it: by its prompt, and which one it is of several."""
    prompt = prediction.input.get("prompt")
    words = page.cut(prompt, 240) if isinstance(prompt, str) and prompt.strip() else f"result of {prediction.model}"
    return f"{words}, {index + 1} of {count}" if count > 1 else words


def _said(prediction: Prediction, kept: Sequence[Kept]) -> str:
    """Say in words what no file shows."""
    if prediction.status is Status.FAILED:
        return f"failed: {page.cut(prediction.error or 'the service gave no reason', 400)}"
    if prediction.status is Status.CANCELED:
        return "canceled: there is no result"
    if not prediction.status.final:
        done = f", {prediction.progress:.0f} % done" if prediction.progress else ""
        return f"{prediction.status}{done}: it has no result yet"
    here = [one.path for one in kept if one.path is not None]
    if here and len(here) < len(kept):
        return f"{len(here)} of {len(kept)} files are kept, in {page.cut(cards.place(here[0].parent), 120)}"
    return "" if kept or prediction.text else "it succeeded and gave nothing back"
