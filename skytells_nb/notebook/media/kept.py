"""A file of a result as it is kept, and what of it is shown inline.

A notebook file must stay small: pictures shrink into a common budget, sounds and films are embedded only while they are
short, texts are shown by their beginning. Everything else is a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...api.sniff import ENOUGH, Kind, sniff
from ...errors import MediaError

EMBEDDED = 1_000_000  # bytes of one sound or film
EMBEDDED_TOGETHER = 3_000_000
PICTURES_TOGETHER = 150_000  # 200 kB once they are written in base64
BEGINNING = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a result: where it is now, or a `note` why not.

    `size` is bytes, `width` and `height` pixels of the picture. `thumbnail` is what is shown inline: a small picture,
    the whole of a short sound or film, the beginning of a text; `thumbnail_mime` its content type. `index` counts
    from 0; `again` says that asking once more may help, `ready` that `prepared` was here.
    """

    url: str = field(repr=False)
    index: int
    path: Path | None = None
    kind: Kind = "file"
    mime: str = ""
    size: int = 0
    width: int | None = None
    height: int | None = None
    note: str = ""
    thumbnail: bytes | None = field(default=None, repr=False)
    thumbnail_mime: str = ""
    again: bool = field(default=False, repr=False)
    ready: bool = field(default=False, repr=False)


def described(kept: Kept, path: Path) -> Kept:
    """Say what the saved file is."""
    with path.open("rb") as file:
        found = sniff(file.read(ENOUGH))
    return replace(kept, path=path, kind=found.kind, mime=found.mime, size=path.stat().st_size)


def prepared(kept: Kept, *, budget: int = PICTURES_TOGETHER) -> Kept:
    """Add what is shown inline, a picture in at most `budget` bytes; one that cannot be shown gets a note instead."""
    kept, source = replace(kept, ready=True), kept.path if kept.path is not None else kept.thumbnail
    if source is None:
        return kept
    if kept.kind == "image":
        return _with_picture(kept, source, budget)
    if kept.kind == "text":
        return replace(kept, thumbnail=_beginning(source, BEGINNING), thumbnail_mime="text/plain")
    if kept.kind == "file" or kept.size > EMBEDDED:
        return replace(kept, thumbnail=None)
    return replace(kept, thumbnail=_beginning(source, EMBEDDED), thumbnail_mime=kept.mime)


def _with_picture(kept: Kept, source: Path | bytes, budget: int) -> Kept:
    from .thumbnails import thumbnail

    try:
        small = thumbnail(source, budget=budget)
    except MediaError as error:
        return replace(kept, note="; ".join(filter(None, (kept.note, error.what))), thumbnail=None)
    return replace(kept, thumbnail=small.data, thumbnail_mime=small.mime, width=small.width, height=small.height)


def _beginning(source: Path | bytes, most: int) -> bytes:
    if isinstance(source, bytes):
        return source[:most]
    with source.open("rb") as file:
        return file.read(most)


def embedded_within(kept: Sequence[Kept], room: int = EMBEDDED_TOGETHER) -> Iterator[Kept]:
    """Embed sounds and films only up to `room` bytes, taken together."""
    for one in kept:
        if one.kind in ("audio", "video") and one.thumbnail is not None:
            room -= len(one.thumbnail)
            if room < 0:
                yield replace(one, thumbnail=None)
                continue
        yield one
