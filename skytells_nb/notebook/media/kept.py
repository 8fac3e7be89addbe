"""A file of a result as it is kept, and what of it is shown inline.

A notebook file must stay small: pictures shrink into a common budget, sounds are embedded while they are short, films
have a small picture, texts are shown by their beginning. Everything else is a link.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from ...api.sniff import ENOUGH, Kind, sniff
from ...errors import MediaError
from . import kinds

FILM = 1_000_000
"""Bytes of a film that is held ready to be embedded where no link leads to its file."""
EMBEDDED_TOGETHER = 3_000_000
BEGINNING, STRUCTURED = 2_000, 20_000
"""Bytes of a text's beginning that are shown, and of one that is drawn as a table or folded."""


class Room(NamedTuple):
    """How many bytes one picture or poster may take, and one sound, before they are written in base64."""

    picture: int
    sound: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a result: where it is now, or a `note` why not.

    `size` is bytes, `width` and `height` pixels of the picture, `seconds` the length of what plays, where they are
    known. `thumbnail` is what is shown inline: a small picture, the whole of a short sound or film, the beginning of a
    text; `thumbnail_mime` its content type. `poster` is a film's picture. `index` counts from 0; `again` says that
    asking once more may help, `ready` the room that `prepared` had.
    """

    url: str = field(repr=False)
    index: int
    path: Path | None = None
    kind: Kind = "file"
    mime: str = ""
    size: int = 0
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    note: str = ""
    thumbnail: bytes | None = field(default=None, repr=False)
    thumbnail_mime: str = ""
    poster: bytes | None = field(default=None, repr=False)
    poster_mime: str = ""
    again: bool = field(default=False, repr=False)
    ready: Room | None = field(default=None, repr=False)


def room_for(kept: Sequence[Kept], *, pictures: int, sound: int) -> Room:
    """Share out what the `pictures` of one result may take in the notebook, in base64; `sound` is one sound's bytes.

    A picture alone gets five eighths, so that a notebook of many results stays small too.
    """
    drawn = sum(one.kind in ("image", "video") for one in kept)
    share = min(pictures // max(1, drawn), pictures * 5 // 8)
    return Room(share // 4 * 3, sound)


def described(kept: Kept, path: Path) -> Kept:
    """Say what the saved file is."""
    with path.open("rb") as file:
        found = sniff(file.read(ENOUGH))
    mime = kinds.mime_of(found, path.suffix[1:])
    return replace(kept, path=path, kind=found.kind, mime=mime, size=path.stat().st_size)


def prepared(kept: Kept, room: Room) -> Kept:
    """Add what is shown inline, within `room`; what cannot be shown gets a note instead."""
    kept, source = replace(kept, ready=room), kept.path if kept.path is not None else kept.thumbnail
    if source is None:
        return kept
    if kept.kind == "image":
        return _with_picture(kept, source, room.picture)
    if kept.kind == "text":
        most = STRUCTURED if kept.mime in kinds.STRUCTURED else BEGINNING
        return replace(kept, thumbnail=_beginning(source, most), thumbnail_mime="text/plain")
    if kept.kind == "video" and kept.path is not None:
        kept = _with_poster(kept, kept.path, room.picture)
    if kept.mime == "audio/wav" and kept.path is not None:
        kept = replace(kept, seconds=_length(kept.path))
    if kept.size > {"audio": room.sound, "video": FILM}.get(kept.kind, -1):
        return replace(kept, thumbnail=None)
    return replace(kept, thumbnail=_beginning(source, kept.size), thumbnail_mime=kept.mime)


def _with_picture(kept: Kept, source: Path | bytes, budget: int) -> Kept:
    from .thumbnails import thumbnail

    try:
        small = thumbnail(source, budget=budget, keep_moving=True)
    except MediaError as error:
        return replace(kept, note=_joined(kept.note, error.what), thumbnail=None)
    note = _joined(kept.note, small.note)
    width, height = small.width, small.height
    return replace(kept, thumbnail=small.data, thumbnail_mime=small.mime, width=width, height=height, note=note)


def _with_poster(kept: Kept, path: Path, budget: int) -> Kept:
    from .posters import poster

    found = poster(path, kept.mime, budget=budget)
    if found is None:
        return kept
    width, height, seconds = found.width, found.height, found.seconds
    return replace(kept, poster=found.data, poster_mime=found.mime, width=width, height=height, seconds=seconds)


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _length(path: Path) -> float | None:
    """Say how long a WAV file plays, in seconds; None for one that does not tell, or tells of more than it has."""
    with suppress(OSError, EOFError, wave.Error), path.open("rb") as file, wave.open(file) as sound:
        frames, rate = sound.getnframes(), sound.getframerate()
        if rate > 0 and frames * sound.getsampwidth() * sound.getnchannels() <= path.stat().st_size:
            return float(frames / rate)
    return None


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
