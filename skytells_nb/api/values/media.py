"""What the media models make: predictions (jobs), where they stand, and the files that came back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..reading import Json, count, items, moment, money, record, seconds, strings, text
from ..record import Call
from ..shown import Shown, brief
from .keeping import keeping


class Status(enum.StrEnum):
    """Where a prediction stands. Words that are not known count as running."""

    QUEUED = "queued"
    RUNNING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        """Whether the prediction will not change any more."""
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELED)

    @classmethod
    def read(cls, value: object) -> Status:
        """Read the API's word: both spellings of canceled; `false`, pending and queued are queued; others run."""
        word = value.lower() if isinstance(value, str) else value
        return STATUS_WORDS.get(word, cls.RUNNING) if isinstance(word, str | bool) else cls.RUNNING


STATUS_WORDS: Mapping[str | bool, Status] = {
    False: Status.QUEUED,
    "queued": Status.QUEUED,
    "pending": Status.QUEUED,
    **dict.fromkeys(("starting", "started", "processing", "running"), Status.RUNNING),
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.CANCELED,
    "cancelled": Status.CANCELED,
}


class Link(str):
    """A link to an output; a string that knows its parts. Links expire: results are kept by what shows them."""

    __slots__ = ()

    @property
    def url(self) -> str:
        """The link itself."""
        return str(self)

    @property
    def host(self) -> str:
        """The host it leads to, in lower case, without a port."""
        try:
            return urlsplit(self).hostname or ""
        except ValueError:
            return ""

    @property
    def name(self) -> str:
        """The file's name as the link has it, without folders; "" where it has none."""
        try:
            return unquote(urlsplit(self).path.rpartition("/")[2]).replace("/", "_")
        except ValueError:
            return ""

    @property
    def kind(self) -> str:
        """What its name's ending says that it is: image, audio, video or file."""
        return _KINDS.get(self.name.rpartition(".")[2].lower(), "file") if "." in self.name else "file"


_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "avif", "bmp", "tif", "tiff", "heic", "svg"), "image"),
    **dict.fromkeys(("mp3", "wav", "pcm", "flac", "ogg", "oga", "opus", "m4a", "aac"), "audio"),
    **dict.fromkeys(("mp4", "m4v", "mov", "webm", "mkv", "avi"), "video"),
}


_LINKS = ("https://", "http://")


@dataclass(frozen=True, slots=True, repr=False)
class Prediction(Shown):
    """A job on a media model, as the API last described it.

    `output` holds the links or texts that came back, flattened to a tuple of strings (`raw` has the form they had);
    `error` is the failure's message; times are seconds; `credits_used` is USD (1 credit is 1 USD). `sandbox` is true
    for one that was looked up at the local Skytells, which bills nothing.
    """

    id: str
    status: Status
    model: str = ""
    type: str = ""
    input: Json = field(default_factory=dict)
    output: tuple[str, ...] = ()
    error: str | None = None
    error_id: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float | None = None
    predict_time: float | None = None
    total_time: float | None = None
    credits_used: Decimal | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    call: Call | None = field(default=None, repr=False, compare=False)
    sandbox: bool = field(default=False, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Prediction:
        """Read a Prediction object in any of its documented variants."""
        raw = record(body)
        model = raw.get("model")
        metrics, metadata = record(raw.get("metrics")), record(raw.get("metadata"))
        problem = raw.get("error")
        status = Status.read(raw.get("status"))
        return cls(
            id=text(raw.get("id")) or "",
            status=status,
            model=text(record(model).get("name")) or text(model) or "",
            type=text(record(model).get("type")) or "",
            input=record(raw.get("input")),
            output=_outputs(raw.get("output")),
            error=_failure(raw, problem) if status is Status.FAILED else None,
            error_id=text(raw.get("error_id")) or text(record(problem).get("error_id")),
            created_at=moment(raw.get("created_at")),
            started_at=moment(raw.get("started_at")),
            completed_at=moment(raw.get("completed_at")),
            progress=seconds(metrics.get("progress")),
            predict_time=seconds(metrics.get("predict_time")),
            total_time=seconds(metrics.get("total_time")),
            credits_used=money(record(metadata.get("billing")).get("credits_used")),
            raw=raw,
        )

    @property
    def links(self) -> tuple[Link, ...]:
        """The outputs that are links."""
        return tuple(Link(item) for item in self.output if item.startswith(_LINKS))

    @property
    def url(self) -> Link | None:
        """The first link, or None; it works for five minutes, and what is kept of it is in `files`."""
        return next(iter(self.links), None)

    @property
    def files(self) -> tuple[Path, ...]:
        """The kept files, one for each link; they are fetched and kept first where they are not yet.

        Raises `MediaError` where the job has no result, or a file cannot be had or kept, with the reason for each.
        """
        return keeping().files(self)

    @property
    def images(self) -> tuple[Any, ...]:
        """The pictures among the files as they are, each a `PIL.Image.Image`.

        Raises `MediaError` as `files` does, and for a picture that is broken or has too many pixels.
        """
        return keeping().images(self)

    def save(self, folder: str | PathLike[str]) -> tuple[Path, ...]:
        """Copy the files and what is known of each into a folder, which is made; returns where they are now.

        What lies there already is never overwritten: another file of the same name makes the copy's end in -2. Raises
        `MediaError` as `files` does, after copying those that are there, and for a folder that takes no files.
        """
        return keeping().save(self, folder)

    @property
    def text(self) -> str:
        """The outputs that are no links, joined."""
        return "".join(item for item in self.output if not item.startswith(_LINKS))

    @property
    def cost(self) -> Decimal | None:
        """What it cost in USD; None where that is not known (`call.charge` says why)."""
        return self.call.charge.amount if self.call else None

    @property
    def seconds(self) -> float | None:
        """From the request's leaving to the result's arrival."""
        return self.call.seconds if self.call else None

    def __repr__(self) -> str:
        facts = {"id": self.id, "model": self.model, "status": str(self.status), "cost": self.cost}
        return brief("Prediction", **facts, files=len(self.links) or None, error=self.error)


def _outputs(value: object) -> tuple[str, ...]:
    return tuple(found for item in (value if isinstance(value, list) else [value]) for found in _outputs_of(item))


def _outputs_of(item: object) -> list[str]:
    """Flatten an output; what an object says beside its links (kind, name, size) is no output of its own."""
    found = strings(item)
    links = [each for each in found if each.startswith(_LINKS)] if isinstance(item, dict) else []
    return links or found


def _failure(raw: Json, problem: object) -> str | None:
    candidates = (record(problem).get("message"), problem, raw.get("error_message"), raw.get("response"))
    return next((found for found in map(text, candidates) if found), None)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the account's predictions; `last` is the number of the last page, or None where it is not told."""

    predictions: tuple[Prediction, ...] = ()
    last: int | None = None

    @classmethod
    def from_json(cls, body: object) -> Page:
        """Read {data, pagination}, or a bare array."""
        rows = body if isinstance(body, list) else items(record(body).get("data"))
        pagination = record(record(body).get("pagination"))
        last = count(pagination.get("last_page"))
        return cls(tuple(job for job in map(Prediction.from_json, rows) if job.id), last)
