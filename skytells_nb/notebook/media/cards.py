"""One kept file -> its card: what is shown of it inline, a link, what it is, and what there is to say. Pure.

Whatever a file is, there is always a plain link with its name and size: not every viewer plays everything. A file that
is not there is a card that says so. Links are relative to where the kernel runs, so that the folder can move; addresses
of the service are never written, since signed links would be stored in the notebook with their signature.
"""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

from .. import page
from . import kinds
from .kept import Kept
from .peeks import peek

_CARD = f"border:{page.LINE};border-radius:6px;padding:8px;box-sizing:border-box;overflow-wrap:anywhere;min-width:0"
_SMALL = "font-size:.85em;margin-top:.35em"
_SIGN = (
    "width:72px;height:56px;line-height:56px;text-align:center;font-size:1.5em;border-radius:3px;"
    f"background:{page.TINT}"
)
_IMAGE = "display:block;max-width:100%;height:auto;border-radius:3px"
_WIDE = frozenset({"text/csv", "text/tab-separated-values"})


def card(kept: Kept, alt: str, *, alone: bool, links: bool) -> str:
    """Draw a file; `alt` describes its picture, `alone` says that it is the only one, without `links` it is named."""
    where = relative(kept.path) if links else None
    parts = [_shown(kept, alt, where) or _sign(kept)]
    if kept.path is not None or kept.size:
        parts.append(f'<div style="{_SMALL}">{_link(kept, where)}</div>')
    said = remark(kept)
    if said:
        parts.append(f'<div style="{_SMALL};opacity:.85">{page.text(said)}</div>')
    most = 530 if alone or kept.mime in _WIDE else 312
    return f'<div style="{_CARD};max-width:min(100%,{most}px)">{"".join(parts)}</div>'


def line(kept: Kept) -> str:
    """Write the same as a line of text."""
    said = remark(kept)
    if kept.path is None:
        return said
    return f"{place(kept.path)} ({_facts(kept)}{f'; {said}' if said else ''})"


def remark(kept: Kept) -> str:
    """Say what is not as usual about a file: why it is not there, why it is not shown."""
    name, why = kinds.word(kept)
    if kept.note:
        return f"{name} {kept.index + 1} {kept.note}"
    return why


def embedded(kept: Kept) -> str:
    """Write what is shown of a file as an address that holds it."""
    return _held(kept.thumbnail or b"", kept.thumbnail_mime)


def _held(data: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _shown(kept: Kept, alt: str, where: str | None) -> str:
    """Draw what is shown inline, or nothing."""
    label = page.attribute(alt)
    if kept.kind == "image" and kept.thumbnail is not None:
        picture = f'<img src="{embedded(kept)}" alt="{label}" style="{_IMAGE}">'
        return f'<a href="{page.attribute(where)}" {page.LINK}>{picture}</a>' if where else picture
    if kept.kind == "audio" and (source := _source(kept, where, held_first=True)):
        style = "display:block;width:300px;max-width:100%"
        return f'<audio controls preload="metadata" src="{source}" title="{label}" style="{style}"></audio>'
    if kept.kind == "video" and (source := _source(kept, where, held_first=False)):
        poster = f' poster="{_held(kept.poster, kept.poster_mime)}"' if kept.poster is not None else ""
        style = "display:block;width:480px;max-width:100%;border-radius:3px"
        return (
            f'<video controls preload="metadata" src="{source}"{poster} title="{label}" style="{style}{_ratio(kept)}">'
            "</video>"
        )
    if kept.kind == "text" and kept.thumbnail is not None:
        return peek(kept.thumbnail, kept.mime, whole=kept.size <= len(kept.thumbnail))
    return ""


def _source(kept: Kept, where: str | None, *, held_first: bool) -> str:
    """Choose what plays: the bytes in the page or the file beside the notebook, whichever is wanted and there."""
    held = embedded(kept) if kept.thumbnail is not None else ""
    linked = page.attribute(where or "")
    return (held or linked) if held_first else (linked or held)


def _ratio(kept: Kept) -> str:
    return f";aspect-ratio:{kept.width}/{kept.height};height:auto" if kept.width and kept.height else ""


def _sign(kept: Kept) -> str:
    sign = "✕" if kept.path is None and not kept.size else kinds.SIGNS[kept.kind]
    return f'<div style="{_SIGN}">{sign}</div>'


def _facts(kept: Kept) -> str:
    side = f"{kept.width} × {kept.height}" if kept.width and kept.height else ""
    length = "" if kept.seconds is None else f"{kept.seconds:.1f} s"
    return ", ".join(part for part in (kinds.word(kept).name, side, length, page.megabytes(kept.size)) if part)


def _link(kept: Kept, where: str | None) -> str:
    facts = f' <span style="opacity:.72;display:inline-block">{page.text(_facts(kept))}</span>'
    if kept.path is None:
        return facts
    if where is None:
        return page.text(place(kept.path)) + facts
    save = " download" if kept.kind == "file" else ""
    return f'<a href="{page.attribute(where)}" {page.LINK}{save}>{page.text(kept.path.name)}</a>{facts}'


def relative(path: Path | None) -> str | None:
    """Write a file's address relative to where the kernel runs, percent-encoded; None for one that lies elsewhere."""
    inside = _inside(path) if path is not None else None
    return quote(inside.as_posix(), safe="/") if inside is not None else None


def _inside(path: Path) -> Path | None:
    try:
        return path.absolute().relative_to(Path.cwd())
    except (ValueError, OSError):
        return None


def place(path: Path) -> str:
    """Name a file for people: from where the kernel runs, or without the name of the user's home."""
    inside = _inside(path)
    if inside is not None:
        return inside.as_posix()
    try:
        return f"~/{path.absolute().relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return path.as_posix()
