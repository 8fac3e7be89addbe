"""What a person has at hand for a file input: uploads, kept on disk, and results of this session.

An upload's name is foreign: of it only harmless letters are kept. A result is offered by the service's own link while
that is fresh, afterwards by the copy that was kept of it when it was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from weakref import WeakMethod

from ... import settings
from ...api.inline import file
from ...api.sniff import ENOUGH, sniff
from ...api.values import Prediction, Status
from ...errors import InputError, plain
from .. import page, session
from ..media.filenames import extension_of, slug
from ..media.keeper import default_folder, kept_path
from ..media.written import whole

FRESH = timedelta(minutes=4)
"""How long after a job's end its links are used; the service promises five minutes."""
MOST = 50


@dataclass(frozen=True, slots=True)
class Result:
    """A file of an earlier result: a plain `label` of one line, its `kind` (image, audio, video …), and where it is."""

    label: str
    kind: str
    link: str
    path: Path | None
    completed: datetime | None

    def value(self) -> str:
        """Give what an input takes: the link while it is fresh, else the kept file.

        Raises `InputError` where neither is there any more, or the file is too large to be sent.
        """
        if self.completed is not None and abs(datetime.now(UTC) - self.completed) < FRESH:
            return self.link
        if self.path is not None:
            return file(self.path)
        if self.completed is None:
            return self.link
        raise InputError(f"The link of {plain(self.label, 120)} has expired, and no copy was kept.", "Run it again.")


class Shelf:
    """Keeps uploads in the media folder, and offers the files of the `recent` predictions, oldest first."""

    def __init__(self, recent: Collection[Prediction] = ()) -> None:
        self._recent = recent
        self._known: dict[tuple[str, int], Result] = {}
        self._watchers: list[WeakMethod[Callable[[], None]]] = []

    def watch(self, told: Callable[[], None]) -> None:
        """Call a method whenever there is a new result, as long as its object lives."""
        self._watchers.append(WeakMethod(told))

    def refresh(self) -> None:
        """Tell those who watch that there may be a new result."""
        self._watchers = [watcher for watcher in self._watchers if watcher() is not None]
        for watcher in self._watchers:
            if (told := watcher()) is not None:
                told()

    def results(self, media: str = "") -> tuple[Result, ...]:
        """Give the files of this session's results, newest first, at most 50; only those of a kind if one is given."""
        jobs = {job.id: job for job in reversed(tuple(self._recent)) if job.status is Status.SUCCEEDED}.values()
        found = (self._result(job, index) for job in jobs for index in range(len(job.links)))
        fitting = (result for result in found if media in ("", result.kind))
        return tuple(result for result, _ in zip(fitting, range(MOST), strict=False))

    def _result(self, job: Prediction, index: int) -> Result:
        known = self._known.get((job.id, index))
        if known is None or known.path is None:  # its copy may have been kept since
            prompt = job.input.get("prompt")
            words = page.cut(prompt, 40) if isinstance(prompt, str) else ""
            label = " · ".join(filter(None, (page.cut(job.model, 40), words, str(index + 1))))
            path, kind = _kept(job, index)
            known = Result(label, kind, str(job.links[index]), path, job.completed_at)
            self._known[job.id, index] = known
        return known

    def keep(self, name: str, data: bytes) -> Path:
        """Save an upload, readable by this user only, and say where; the same bytes are kept once.

        Raises `InputError` where the folder cannot be written.
        """
        folder = default_folder() / "inputs"
        mark = hashlib.sha256(data).hexdigest()
        stem, _, ending = name.rpartition(".") if "." in name else (name, "", "")
        extension = sniff(data).extension or extension_of(f"x.{slug(ending, 5)}")
        try:
            for kept in sorted(folder.glob(f"{mark[:8]}-*")):
                if kept.is_file() and kept.read_bytes() == data:
                    return kept
            path = folder / f"{mark[:8]}-{slug(stem, 40) or 'upload'}.{extension}"
            if path.exists():  # changed since by somebody
                path = folder / f"{mark[:8]}-{mark[8:]}.{extension}"
            return whole(path, data, mode=0o600)
        except OSError as error:
            what = f"The upload cannot be kept in {plain(folder, 120)}: {error.strerror or plain(error, 80)}."
            raise InputError(what, f"Make the folder writable, or set {settings.MEDIA_VARIABLE}.") from error


def _kept(job: Prediction, index: int) -> tuple[Path | None, str]:
    """Find the copy of a result's file, and say what kind of file it is; nothing is fetched."""
    with suppress(OSError):
        if (path := kept_path(default_folder(), job, index)) is not None:
            with path.open("rb") as opened:
                return path, sniff(opened.read(ENOUGH)).kind
    return None, job.links[index].kind


_shelf: Shelf | None = None


def current() -> Shelf:
    """Give this kernel's shelf; it offers what the session has noted."""
    global _shelf
    if _shelf is None:
        _shelf = Shelf(session.current().recent)
        session.current().on_note = _shelf.refresh
    return _shelf
