"""A result's files, kept: downloaded once, named readably, and made ready to be shown.

Links of results expire, so each file is saved the first time its prediction is shown, and later showings ask nobody.
A bad link never raises: the `Kept` then has no path and a note that says why. Nothing leaves the folder: names are made
here, and only the kind of file is learned from its content.
"""

from __future__ import annotations

import io
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ... import settings
from ...api.sniff import ENOUGH, sniff
from ...api.values import Prediction, Status
from ...errors import MediaError, plain
from .filenames import extension_of, file_stem
from .gallery import gallery
from .kept import PICTURES_TOGETHER as PICTURES
from .kept import Kept, described, embedded_within, prepared

if TYPE_CHECKING:
    import httpx

__all__ = ["Keeper", "Kept", "default_keeper", "gallery", "sniff"]

LIMIT = 200_000_000
MOST_FILES = 100
_THREADS = 4
_REMEMBERED = 256
_IN_MEMORY = 20_000_000


class Keeper:
    """Keeps the files of predictions in one folder, which is made when the first file comes."""

    def __init__(
        self,
        folder: Path,
        *,
        limit_bytes: int = LIMIT,
        timeout: float = 60.0,
        client_transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.folder = Path(folder)
        self._limit = limit_bytes
        self._timeout = timeout
        self._transport = client_transport
        self._known: OrderedDict[tuple[str, int, str], Kept] = OrderedDict()
        self._turn = threading.Lock()

    def keep(self, prediction: Prediction) -> tuple[Kept, ...]:
        """Save the files of a succeeded prediction, several at once; () for any other.

        `timeout` is the longest silence in seconds of one file, ten times that its whole time. Files that are saved
        already, in this process or an earlier one, are not asked for again; links that are gone for good neither.
        """
        if prediction.status is not Status.SUCCEEDED:
            return ()
        with self._turn:
            found = {index: self._found(prediction, index) for index in range(len(prediction.links[:MOST_FILES]))}
            wanted = [index for index, kept in found.items() if kept is None]
            fetched = dict(zip(wanted, self._fetch(prediction, wanted), strict=True)) if wanted else {}
            whole = [found[index] or fetched[index] for index in found]
            budget = PICTURES // max(1, sum(kept.kind == "image" for kept in whole))
            whole = [
                kept if kept.ready else self._remember(prediction, prepared(kept, budget=budget)) for kept in whole
            ]
            rest = range(MOST_FILES, len(prediction.links))
            note = f"not fetched: only the first {MOST_FILES} files of a result are kept"
            return (*embedded_within(whole), *(Kept(prediction.links[index], index, note=note) for index in rest))

    def _found(self, prediction: Prediction, index: int) -> Kept | None:
        """Find a file that needs no request: known to this process, or in the folder."""
        url = prediction.links[index]
        known = self._known.get((prediction.id, index, url))
        if known is not None and (known.path is None or known.path.exists()):
            return known
        with suppress(OSError):
            for path in sorted(self.folder.glob(f"{file_stem(prediction, index)}.*")):
                if path.is_file():
                    return described(Kept(url, index), path)
        return None

    def _remember(self, prediction: Prediction, kept: Kept) -> Kept:
        if not kept.again:
            self._known[prediction.id, kept.index, kept.url] = kept
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return kept

    def _fetch(self, prediction: Prediction, wanted: Sequence[int]) -> list[Kept]:
        """Download some links with a few threads; a Stop ends them all and leaves no half files."""
        from . import download

        results: dict[int, Kept] = {}
        waiting, hand_out = iter(wanted), threading.Lock()
        stop, ended = threading.Event(), threading.Semaphore(0)

        def work() -> None:
            try:
                while not stop.is_set():
                    with hand_out:
                        index = next(waiting, None)
                    if index is None:
                        return
                    results[index] = self._one(http, prediction, index, stop)
            finally:
                ended.release()

        with download.client(self._timeout, self._transport) as http:
            count = min(_THREADS, len(wanted))
            running = count
            try:
                for _ in range(count):
                    threading.Thread(target=work, daemon=True).start()
                while running:  # not join(): one that is interrupted takes a running thread for an ended one
                    running -= ended.acquire(timeout=0.1)
            except BaseException:
                stop.set()
                patience = time.monotonic() + 1
                while running and time.monotonic() < patience:
                    running -= ended.acquire(timeout=0.1)
                raise
        return [results[index] for index in wanted]

    def _one(self, http: httpx.Client, prediction: Prediction, index: int, stop: threading.Event) -> Kept:
        from . import download

        url = prediction.links[index]
        empty = Kept(url, index)
        try:
            with _half(self.folder, self._limit) as (file, partial, limit):
                download.fetch(http, url, file, limit=limit, seconds=self._timeout * 10, stop=stop)
                file.flush()
                if partial is None:
                    return _in_memory(empty, file, self.folder)
                file.close()
                with partial.open("rb") as written:
                    found = sniff(written.read(ENOUGH))
                name = f"{file_stem(prediction, index)}.{found.extension or extension_of(url)}"
                if stop.is_set():
                    return replace(empty, note="not saved: interrupted", again=True)
                path = partial.replace(self.folder / name)
                return described(empty, path)
        except download.Gone as error:
            return replace(empty, note=error.what)
        except MediaError as error:
            return replace(empty, note=error.what, again=True)
        except OSError as error:
            return replace(empty, note=f"not saved: {plain(error.strerror or error, 120)}", again=True)


@contextmanager
def _half(folder: Path, limit: int) -> Iterator[tuple[IO[bytes], Path | None, int]]:
    """Open a file for what is on its way, gone afterwards unless renamed; in memory where the folder takes none."""
    partial = folder / f".{secrets.token_hex(8)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[bytes] = partial.open("xb")
    except OSError:
        with io.BytesIO() as memory:
            yield memory, None, min(limit, _IN_MEMORY)
        return
    try:
        with file:
            yield file, partial, limit
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _in_memory(kept: Kept, file: IO[bytes], folder: Path) -> Kept:
    file.seek(0)
    data = file.read()
    found = sniff(data)
    note = f"not saved: the folder {plain(folder.name, 80)} cannot be written"
    return replace(kept, kind=found.kind, mime=found.mime, size=len(data), note=note, thumbnail=data)


_keepers: dict[Path, Keeper] = {}


def default_keeper() -> Keeper:
    """Give the keeper of the folder that `settings.media_folder` names now."""
    folder = Path(os.path.abspath(settings.media_folder()))  # noqa: PTH100 - resolve() would follow links
    return _keepers.setdefault(folder, Keeper(folder))
