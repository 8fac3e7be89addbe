"""What `Prediction.files`, `.images` and `.save` do: the keeper's files, opened and copied."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...api.values import Prediction, Status
from ...errors import InputError, MediaError, plain
from . import kinds
from .filenames import sidecar_of
from .keeper import default_keeper
from .kept import Kept
from .written import whole

if TYPE_CHECKING:
    from PIL.Image import Image

_BEFORE_RESULT = {
    Status.FAILED: "failed: it has no files",
    Status.CANCELED: "was canceled: it has no files",
}


def files(prediction: Prediction) -> tuple[Path, ...]:
    """Give the kept files of a prediction; raises `MediaError` unless all are here."""
    kept = _kept(prediction)
    _check_whole(prediction, kept)
    return _paths(kept)


def images(prediction: Prediction) -> tuple[Image, ...]:
    """Open the pictures of a prediction; raises `MediaError` as `files` does, and for one that cannot be opened."""
    from .pictures import loaded

    kept = _kept(prediction)
    _check_whole(prediction, kept)
    found = []
    for one in kept:
        if one.kind == "image" and one.path is not None:
            try:
                found.append(loaded(one.path))
            except MediaError as error:
                what = f"Picture {one.index + 1} of prediction {plain(prediction.id, 80)} {error.what}"
                raise MediaError(what, f"The file is {plain(one.path.name, 120)}.") from error
    return tuple(found)


def save(prediction: Prediction, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Copy the files of a prediction and their sidecars into a folder; raises `MediaError` unless all can be."""
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise InputError(f"{plain(repr(folder), 80)} is no folder.", 'Write run.save("pictures"), for instance.')
    kept = _kept(prediction)
    try:
        where = Path(folder).expanduser()
        where.mkdir(parents=True, exist_ok=True)
        copies = tuple(_copied(path, where) for path in _paths(kept))
    except (OSError, RuntimeError, ValueError) as error:  # the last two for a home that nobody has, and for a NUL
        said = getattr(error, "strerror", None) or plain(error, 120).rstrip(".")
        what = f"The files cannot be saved in {plain(folder, 200)}: {said}."
        raise MediaError(what, "Give a folder that can be written.") from error
    _check_whole(prediction, kept)
    return copies


def _kept(prediction: Prediction) -> tuple[Kept, ...]:
    if prediction.status is not Status.SUCCEEDED:
        name = plain(prediction.id, 80)
        said = _BEFORE_RESULT.get(prediction.status, f"is {prediction.status}: it has no files yet")
        fix = "Run it again." if prediction.status.final else f"Get its result with sky.Client().wait({name!r})."
        raise MediaError(f"Prediction {name} {said}.", fix)
    return default_keeper().keep(prediction)


def _check_whole(prediction: Prediction, kept: Sequence[Kept]) -> None:
    missing = [one for one in kept if one.path is None]
    if not missing:
        return
    reasons = " ".join(f"{kinds.word(one).name} {one.index + 1} {one.note}." for one in missing[:3])
    what = f"{len(missing)} of {len(kept)} files of prediction {plain(prediction.id, 80)} cannot be had. {reasons}"
    here = [one.path.name for one in kept if one.path is not None]
    kept_in = f"Kept in {plain(default_keeper().folder.name, 80)}: {', '.join(here[:10])}." if here else ""
    again = "Ask again: it may be had then." if any(one.again for one in missing) else ""
    raise MediaError(what, " ".join(filter(None, (again, kept_in))))


def _paths(kept: Sequence[Kept]) -> tuple[Path, ...]:
    return tuple(one.path for one in kept if one.path is not None)


def _copied(path: Path, folder: Path) -> Path:
    """Copy a file and its sidecar, beside what lies there already; a copy that is there is left as it is."""
    content, beside = path.read_bytes(), sidecar_of(path)
    number = 1
    while True:
        target = folder / (path.name if number == 1 else f"{path.stem}-{number}{path.suffix}")
        try:
            target.open("xb").close()  # from here on the name is ours
        except FileExistsError:
            if not target.is_file() or target.stat().st_size != len(content) or target.read_bytes() != content:
                number += 1
                continue
        else:
            _fill(target, content)
        if beside.is_file() and not sidecar_of(target).exists():
            whole(sidecar_of(target), beside.read_bytes())
        return target


def _fill(target: Path, content: bytes) -> None:
    try:
        whole(target, content)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
