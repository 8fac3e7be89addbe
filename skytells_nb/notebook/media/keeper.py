"""A result's files, kept: downloaded once, named readably, told of in a sidecar, and made ready to be shown.

Links of results expire, so each file is saved the first time its prediction is shown, and later showings ask nobody.
A bad link never raises: the `Kept` then has no path and a note that says why. Nothing leaves the folder: names are made
here, and only the kind of file is learned from its content.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from ... import settings
from ...api import secret_inputs
from ...api.sniff import ENOUGH, sniff
from ...api.values import Prediction, Status
from ...errors import MediaError, SetupError, plain
from .. import preferences
from . import sidecars
from .filenames import extension_for, file_stem, is_result, mark, sidecar_of
from .kept import Kept, Room, described, embedded_within, prepared, room_for
from .together import together
from .written import whole

if TYPE_CHECKING:
    import httpx

LIMIT = 200_000_000
MOST_FILES = 100
_REMEMBERED = 256
_IN_MEMORY = 20_000_000
_AGAIN = "run the model again to have it anew; links are good for five minutes"


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
            here = [found[index] or fetched[index] for index in found]
            liked = preferences.current()
            room = room_for(here, pictures=liked.picture_bytes, sound=liked.sound_bytes)
            here = self._all_ready(prediction, here, room)
            rest = range(MOST_FILES, len(prediction.links))
            note = f"not fetched: only the first {MOST_FILES} files of a result are kept"
            return (*embedded_within(here), *(Kept(prediction.links[index], index, note=note) for index in rest))

    def remembered(self, prediction_id: str) -> Prediction | None:
        """Give a prediction whose files are all here, as its sidecars tell of it; nobody is asked.

        Its links are without their signatures. None where a file or what is known of it is missing.
        """
        try:
            told = {noted.number: noted for noted in self._noted(prediction_id)}
            if not told:
                return None
            prediction = told[min(told)].prediction
            for index in range(len(prediction.links)):
                path = kept_path(self.folder, prediction, index)
                if path is None or index not in told or path.stat().st_size != told[index].size:
                    return None
        except OSError:
            return None
        return prediction

    def _noted(self, prediction_id: str) -> Iterator[sidecars.Noted]:
        for path in sorted(self.folder.glob(f"*_{mark(prediction_id)}_*.json")):
            if not is_result(path):
                with path.open("rb") as file:
                    noted = sidecars.read(file.read(sidecars.LARGEST + 1))
                if noted is not None and noted.prediction.id == prediction_id:
                    yield noted

    def _found(self, prediction: Prediction, index: int) -> Kept | None:
        """Find a file that needs no request: known to this process, or in the folder."""
        url = prediction.links[index]
        known = self._known.get((prediction.id, index, url))
        if known is not None and (known.path is None or known.path.exists()):
            return known
        with suppress(OSError):
            path = kept_path(self.folder, prediction, index)
            return None if path is None else described(Kept(url, index), path)
        return None

    def _all_ready(self, prediction: Prediction, kept: Sequence[Kept], room: Room) -> list[Kept]:
        """Make each ready to be shown in this room, and write what is known of it, unless that was done before."""
        late = [one for one in kept if one.ready is None or (one.ready != room and one.path is not None)]
        done = together(late, lambda one, _: self._ready(prediction, one, room)) if late else []
        for one in done:
            self._remember(prediction, one)
        anew = {one.index: one for one in done}
        return [anew.get(one.index, one) for one in kept]

    def _ready(self, prediction: Prediction, kept: Kept, room: Room) -> Kept:
        kept = prepared(kept if kept.path is None else replace(kept, note=""), room)
        if kept.path is None or (beside := sidecar_of(kept.path)).exists():
            return kept
        try:
            with kept.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            asked = prediction.call.model if prediction.call else ""
            secret = secret_inputs.of(prediction.model) | secret_inputs.of(asked)
            whole(beside, sidecars.sidecar(prediction, kept, digest, secret=secret))
        except OSError as error:
            note = f"is kept, but what is known of it could not be written: {plain(error.strerror or error, 120)}"
            return replace(kept, note="; ".join(filter(None, (kept.note, note))), again=True)
        return kept

    def _remember(self, prediction: Prediction, kept: Kept) -> None:
        if not kept.again:
            self._known[prediction.id, kept.index, kept.url] = kept
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _fetch(self, prediction: Prediction, wanted: Sequence[int]) -> list[Kept]:
        """Download some links with a few threads; a Stop ends them all and leaves no half files."""
        from . import download

        try:
            http = download.client(self._timeout, self._transport)
        except MediaError as error:
            return [Kept(prediction.links[index], index, note=error.what, again=True) for index in wanted]
        with http:
            return together(wanted, lambda index, stop: self._one(http, prediction, index, stop))

    def _one(self, http: httpx.Client, prediction: Prediction, index: int, stop: threading.Event) -> Kept:
        from . import download

        url, here = prediction.links[index], _is_from_here(prediction)
        empty = Kept(url, index)
        try:
            with _half(self.folder, self._limit) as (file, partial, limit):
                whole_time = self._timeout * 10
                download.fetch(http, url, file, limit=limit, seconds=whole_time, may_be_here=here, stop=stop)
                file.flush()
                if partial is None:
                    return _in_memory(empty, file, self.folder)
                file.close()
                with partial.open("rb") as written:
                    found = sniff(written.read(ENOUGH))
                name = f"{file_stem(prediction, index)}.{extension_for(found, url)}"
                if stop.is_set():
                    return replace(empty, note="not saved: interrupted", again=True)
                path = partial.replace(self.folder / name)
                return described(empty, path)
        except download.Gone as error:
            return replace(empty, note=f"{error.what}; {_AGAIN}")
        except MediaError as error:
            return replace(empty, note=error.what, again=True)
        except OSError as error:
            return replace(empty, note=f"not saved: {plain(error.strerror or error, 120)}", again=True)


def _is_from_here(prediction: Prediction) -> bool:
    """Say whether a prediction's service is on this machine, as the sandbox is: no other's links may lead here."""
    if prediction.sandbox or (prediction.call is not None and prediction.call.sandbox):
        return True
    try:
        address = settings.find_address().value
    except SetupError:
        return False
    return settings.is_loopback(urlsplit(address).hostname or "")


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


def kept_path(folder: Path, prediction: Prediction, index: int) -> Path | None:
    """Find a file of a prediction in a folder of results, or None; raises `OSError` where the folder cannot be read."""
    found = (path for path in sorted(folder.glob(f"{file_stem(prediction, index)}.*")) if is_result(path))
    return next((path for path in found if path.is_file()), None)


_keepers: dict[Path, Keeper] = {}


def default_folder() -> Path:
    """Name the folder that results are kept in now: the preferred one, else that of `settings.media_folder`."""
    return settings.media_folder(preferences.current().media_folder or None)


def default_keeper() -> Keeper:
    """Give the keeper of `default_folder`."""
    folder = Path(os.path.abspath(default_folder()))  # noqa: PTH100 - resolve() would follow links
    return _keepers.setdefault(folder, Keeper(folder))
