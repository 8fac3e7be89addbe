"""A result's files, kept: downloaded once, named readably, and made ready to be shown.

Links of results expire, so each file is saved the first time its prediction is shown, and later showings ask nobody.
A bad link never raises: the `Kept` then has no path and a note that says why. Nothing leaves the folder: names are made
here, and only the kind of file is learned from its content.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from .. import settings
from ..api.values import Prediction, Status
from ..errors import MediaError, plain
from .sniff import ENOUGH, Kind, sniff

if TYPE_CHECKING:
    import httpx

LIMIT = 200_000_000
EMBEDDED = 1_000_000
PICTURES = 150_000
_THREADS = 4
_REMEMBERED = 256
_IN_MEMORY = 20_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a result: where it is now, or a `note` why not.

    `size` is bytes, `width` and `height` pixels of the picture. `thumbnail` is what is shown inline: a small picture,
    the whole of a short sound or film, the beginning of a text; `thumbnail_mime` its content type. `index` counts
    from 0; `again` says that asking once more may help.
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
        links = prediction.files
        with self._turn:
            found = [self._remembered(prediction, index, url) for index, url in enumerate(links)]
            wanted = [index for index, kept in enumerate(found) if kept is None]
            fetched = dict(zip(wanted, self._fetch(prediction, wanted), strict=True)) if wanted else {}
            pictures = sum(kept is None or kept.kind == "image" for kept in found) or 1
            whole = []
            for index, known in enumerate(found):
                kept = known or fetched[index]
                if known is None or kept.thumbnail is None:
                    kept = prepared(kept, budget=PICTURES // pictures)
                whole.append(self._remember(prediction, kept))
            return tuple(_within_total(whole))

    def _remembered(self, prediction: Prediction, index: int, url: str) -> Kept | None:
        known = self._known.get((prediction.id, index, url))
        if known is not None and (known.path is None or known.path.exists()):
            return known
        stem = file_stem(prediction, index)
        with suppress(OSError):
            for path in sorted(self.folder.glob(f"{stem}.*")):
                if path.suffix != ".part" and path.is_file():
                    return described(Kept(url, index, path=path), path)
        return None

    def _remember(self, prediction: Prediction, kept: Kept) -> Kept:
        kept = replace(kept, thumbnail=bytes(kept.thumbnail)) if kept.thumbnail is not None else kept
        if not kept.again:
            self._known[prediction.id, kept.index, kept.url] = kept
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return kept

    def _fetch(self, prediction: Prediction, wanted: Sequence[int]) -> list[Kept]:
        """Download some links with a few threads; a Stop ends them all and leaves no half files."""
        from . import download

        results: dict[int, Kept] = {}
        waiting, stop = iter(wanted), threading.Event()
        hand_out = threading.Lock()

        def work() -> None:
            while not stop.is_set():
                with hand_out:
                    index = next(waiting, None)
                if index is None:
                    return
                results[index] = self._one(http, prediction, index, stop)

        with download.client(self._timeout, self._transport) as http:
            threads = [threading.Thread(target=work, daemon=True) for _ in range(min(_THREADS, len(wanted)))]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    while thread.is_alive():
                        thread.join(0.1)
            except BaseException:
                stop.set()
                for thread in threads:
                    thread.join(0.5)
                raise
        return [results[index] for index in wanted]

    def _one(self, http: httpx.Client, prediction: Prediction, index: int, stop: threading.Event) -> Kept:
        from . import download

        url = prediction.files[index]
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
                extension = found.extension or _extension(url)
                name = file_stem(prediction, index) + (f".{extension}" if extension else "")
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
    return replace(kept, kind=found.kind, mime=found.mime, size=len(data), note=note, thumbnail=data, again=True)


def described(kept: Kept, path: Path) -> Kept:
    """Say what the saved file is."""
    with path.open("rb") as file:
        found = sniff(file.read(ENOUGH))
    return replace(kept, path=path, kind=found.kind, mime=found.mime, size=path.stat().st_size)


def prepared(kept: Kept, *, budget: int) -> Kept:
    """Add what is shown inline; a picture that cannot be shown gets a note in its place."""
    source: Path | bytes | None = kept.path if kept.path is not None else kept.thumbnail
    if source is None:
        return kept
    if kept.kind == "image":
        from .thumbnails import thumbnail

        try:
            small = thumbnail(source, budget=budget)
        except MediaError as error:
            return replace(kept, note="; ".join(filter(None, (kept.note, error.what))), thumbnail=None)
        return replace(kept, thumbnail=small.data, thumbnail_mime=small.mime, width=small.width, height=small.height)
    most = EMBEDDED if kept.kind in ("audio", "video") else 2_000 if kept.kind == "text" else 0
    if kept.kind == "text":
        data = _beginning(source, most)
        return replace(kept, thumbnail=data, thumbnail_mime="text/plain")
    if kept.size > most:
        return replace(kept, thumbnail=None)
    return replace(kept, thumbnail=_beginning(source, most), thumbnail_mime=kept.mime)


def _beginning(source: Path | bytes, most: int) -> bytes:
    if isinstance(source, bytes):
        return source[:most]
    with source.open("rb") as file:
        return file.read(most)


def _within_total(kept: Sequence[Kept]) -> Iterator[Kept]:
    """Embed sounds and films only up to three times the limit of one, taken together."""
    room = 3 * EMBEDDED
    for one in kept:
        if one.kind in ("audio", "video") and one.thumbnail is not None:
            room -= len(one.thumbnail)
            if room < 0:
                yield replace(one, thumbnail=None)
                continue
        yield one


def file_stem(prediction: Prediction, index: int) -> str:
    """Name a file without its extension: model, first words of the prompt, a mark of the prediction, number from 1."""
    prompt = prediction.input.get("prompt")
    mark = hashlib.sha256((prediction.id or prediction.files[index]).encode("utf-8", "replace")).hexdigest()[:8]
    words = (slug(prediction.model, 40) or "result", slug(prompt, 40) if isinstance(prompt, str) else "")
    return "_".join([*filter(None, words), mark, str(index + 1)])


def slug(text: str, most: int) -> str:
    """Write words as a part of a file name that every file system takes: a-z, 0-9 and dashes."""
    plainly = unicodedata.normalize("NFKD", text[: most * 4]).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plainly).strip("-")
    return words if len(words) <= most else words[:most].rpartition("-")[0] or words[:most]


_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})\Z")
_HARMLESS = frozenset(
    {"aiff", "csv", "dat", "fbx", "gltf", "npy", "npz", "obj", "opus", "pcm", "ply", "raw", "safetensors", "srt", "stl"}
)


def _extension(url: str) -> str:
    """Take a link's extension for a file whose content says nothing, if it is one of a few that nothing runs."""
    found = _EXTENSION.search(urlsplit(url).path)
    return found[1].lower() if found and found[1].lower() in _HARMLESS else "bin"


_keepers: dict[Path, Keeper] = {}


def default_keeper() -> Keeper:
    """Give the keeper of the folder that `settings.media_folder` names now."""
    folder = Path(os.path.abspath(settings.media_folder()))  # noqa: PTH100 - resolve() would follow links
    return _keepers.setdefault(folder, Keeper(folder))
