"""A prediction and its kept files -> a grid for the page and lines for the terminal. Pure.

Whatever a file is, there is always a plain link with its name and size: not every viewer plays everything. A file that
is not there is a card that says so. Links are relative to where the kernel runs, so that the folder can move;
addresses of the service are never written, since signed links would be stored in the notebook with their signature.
Inside a widget no relative link leads anywhere: there, files are named, and only what is embedded is shown.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ...api.values import Prediction, Status
from .. import captions, page
from .kept import Kept

_GRID = "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start;margin:.3em 0"
_CARD = f"border:{page.LINE};border-radius:6px;padding:8px;box-sizing:border-box;overflow-wrap:anywhere"
_ONE, _SEVERAL = "max-width:min(100%,530px)", "max-width:min(100%,320px)"
_SMALL = "font-size:.85em;margin-top:.35em"
_WORDS = {"image": "picture", "audio": "sound", "video": "film", "text": "text", "file": "file"}


def gallery(prediction: Prediction, kept: Sequence[Kept], *, links: bool = True) -> tuple[str, str]:
    """Draw a prediction: (safe HTML, plain text); without `links`, its files are named instead."""
    line = captions.of_prediction(prediction)
    prompt = prediction.input.get("prompt")
    alt = page.cut(prompt, 240) if isinstance(prompt, str) and prompt.strip() else f"result of {prediction.model}"
    said = _said(prediction, kept)
    width = _ONE if len(kept) == 1 else _SEVERAL
    cards = "".join(f'<div style="{_CARD};{width}">{_card(one, alt, links=links)}</div>' for one in kept)
    html = page.box(
        f'<div style="{_GRID}">{cards}</div>' if cards else "",
        page.pre(prediction.text[:20_000]) if prediction.text else "",
        f"<div>{page.text(said)}</div>" if said else "",
        page.caption(line),
    )
    plain = [*(_line(one) for one in kept), page.visible(prediction.text[:20_000]), said, line]
    return html, "\n".join(part for part in plain if part)


def _said(prediction: Prediction, kept: Sequence[Kept]) -> str:
    """Say in words what no file shows."""
    if prediction.status is Status.FAILED:
        return f"failed: {page.cut(prediction.error or 'the service gave no reason', 400)}"
    if prediction.status is Status.CANCELED:
        return "canceled: there is no result"
    if not prediction.status.final:
        done = f", {prediction.progress:.0f} % done" if prediction.progress else ""
        return f"{prediction.status}{done}: it has no result yet"
    return "" if kept or prediction.text else "it succeeded and gave nothing back"


def _card(kept: Kept, alt: str, *, links: bool) -> str:
    where = relative(kept.path) if links else None
    link = _link(kept, where)
    parts = [_shown(kept, alt, where)]
    if kept.path is not None or kept.size:
        parts.append(f'<div style="{_SMALL}">{link}</div>')
    if kept.note:
        note = page.text(f"{_WORDS[kept.kind]} {kept.index + 1} {kept.note}")
        parts.append(f'<div style="{_SMALL};opacity:.85">{note}</div>')
    return "".join(parts)


def _shown(kept: Kept, alt: str, where: str | None) -> str:
    """Draw what is shown inline, or nothing."""
    source = embedded(kept) if kept.thumbnail is not None else page.attribute(where or "")
    label = page.attribute(alt)
    if kept.kind == "image" and kept.thumbnail is not None:
        style = "display:block;max-width:100%;height:auto;border-radius:3px"
        picture = f'<img src="{source}" alt="{label}" style="{style}">'
        return f'<a href="{page.attribute(where)}" {page.LINK}>{picture}</a>' if where else picture
    if kept.kind == "audio" and kept.thumbnail is not None:
        return f'<audio controls preload="metadata" src="{source}" title="{label}" style="max-width:100%"></audio>'
    if kept.kind == "video" and source:
        style = "max-width:100%;width:480px"
        return f'<video controls preload="metadata" src="{source}" title="{label}" style="{style}"></video>'
    if kept.kind == "text" and kept.thumbnail is not None:
        return page.pre(kept.thumbnail.decode("utf-8", "replace") + ("…" if kept.size > len(kept.thumbnail) else ""))
    return ""


def embedded(kept: Kept) -> str:
    """Write what is shown of a file as an address that holds it."""
    return f"data:{kept.thumbnail_mime};base64,{base64.b64encode(kept.thumbnail or b'').decode()}"


def _facts(kept: Kept) -> str:
    side = f"{kept.width} × {kept.height}" if kept.width and kept.height else ""
    return ", ".join(part for part in (_WORDS[kept.kind], side, page.megabytes(kept.size)) if part)


def _link(kept: Kept, where: str | None) -> str:
    facts = f'<span style="opacity:.72"> {page.text(_facts(kept))}</span>'
    if kept.path is None:
        return facts
    if where is None:
        return page.text(_place(kept.path)) + facts
    save = " download" if kept.kind == "file" else ""
    return f'<a href="{page.attribute(where)}" {page.LINK}{save}>{page.text(kept.path.name)}</a>{facts}'


def _line(kept: Kept) -> str:
    if kept.path is None:
        return f"{_WORDS[kept.kind]} {kept.index + 1} {kept.note}"
    note = f", {kept.note}" if kept.note else ""
    return f"{_place(kept.path)} ({_facts(kept)}{note})"


def relative(path: Path | None) -> str | None:
    """Write a file's address relative to where the kernel runs, percent-encoded; None for one that lies elsewhere."""
    inside = _inside(path) if path is not None else None
    return quote(inside.as_posix(), safe="/") if inside is not None else None


def _inside(path: Path) -> Path | None:
    try:
        return path.absolute().relative_to(Path.cwd())
    except (ValueError, OSError):
        return None


def _place(path: Path) -> str:
    """Name a file for people: from where the kernel runs, or without the name of the user's home."""
    inside = _inside(path)
    if inside is not None:
        return inside.as_posix()
    try:
        return f"~/{path.absolute().relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return path.as_posix()
