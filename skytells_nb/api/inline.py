"""A local file as an input: `sky.file("fox.png")` is a `data:` link that carries the whole file.

It goes wherever a link goes. What the service documents is an http(s) link; its documents say nothing about `data:`
links, so whether a model takes one is for it to say. The sandbox takes them. Nothing becomes one by itself: a person
chooses a file by its path, or uploads it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from mimetypes import guess_type
from os import PathLike
from pathlib import Path
from typing import Self

from ..errors import InputError, plain
from .sniff import sniff

LARGEST = 10_000_000
"""Bytes of one file. As base64 it grows by a third; a request of over 20 MB is refused by the sandbox."""

_UNKNOWN = "application/octet-stream"
_CERTAIN = ("image/", "audio/", "video/", "application/pdf")


class InlineFile(str):
    """A `data:` link that remembers the `path` of the file it was made of; its repr is short."""

    __slots__ = ("_path",)
    _path: Path

    def __new__(cls, link: str, path: Path) -> Self:
        """Take a base64 `data:` link, and the path of the file that it carries."""
        made = super().__new__(cls, link)
        made._path = path
        return made

    def __getnewargs__(self) -> tuple[str, Path]:  # type: ignore[override]
        return str(self), self._path

    def __deepcopy__(self, memo: object) -> Self:
        return self  # nothing of it can change, and it is large

    @property
    def path(self) -> Path:
        """The file it was made of, as it was named."""
        return self._path

    @property
    def mime(self) -> str:
        """The file's content type."""
        return self[len("data:") : self.index(";")]

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return size_of(self)

    def __repr__(self) -> str:
        return f"<InlineFile {plain(self._path, 200)}, {self.mime}, {self.size:,} bytes>"


class Unfit(ValueError):
    """Why a file cannot become an input: a phrase that follows its name, such as "is a folder"."""


def file(path: str | PathLike[str], *, limit: int = LARGEST) -> InlineFile:
    """Make a local file an input: a `data:` link that carries it, for any input that takes a link.

    The service documents http(s) links only; choose this where you have none. Raises `InputError` for a file that is
    not there, cannot be read, is empty, or has over `limit` bytes (default: 10 MB).
    """
    try:
        return opened(path, limit=limit)
    except Unfit as error:
        fix = "Give the path of a file that is there, or an http(s) link; nothing was sent."
        raise InputError(f"The file {plain(path, 200)!r} {plain(error, 120)}.", fix) from error


def opened(path: str | PathLike[str], *, limit: int = LARGEST) -> InlineFile:
    """Do what `file` does; raises `Unfit`, for whoever names the file in other words."""
    if not isinstance(path, str | PathLike):
        raise Unfit("is no path")
    where = Path(path)
    content = _content(where, limit)
    return InlineFile(f"data:{_kind(content, where)};base64,{b64encode(content).decode()}", where)


def size_of(link: str) -> int:
    """Say how many bytes a base64 `data:` link carries."""
    return (len(link) - link.find(",") - 1) * 3 // 4 - link[-2:].count("=")


def _content(path: Path, limit: int) -> bytes:
    try:
        found = path.expanduser()
        if found.is_dir():
            raise Unfit("is a folder")
        if not found.is_file():  # a device or a pipe would be read for ever
            raise Unfit("is no file" if found.exists() else "is not there")
        with found.open("rb") as opened:
            content = opened.read(limit + 1)
    except Unfit:
        raise
    except (OSError, ValueError, RuntimeError) as error:  # the last for a home that nobody has
        raise Unfit(f"cannot be read: {getattr(error, 'strerror', None) or plain(error, 80).rstrip('.')}") from error
    if len(content) > limit:
        raise Unfit(f"has over {limit / 1_000_000:g} MB, the most that is sent in place of a link")
    if not content:
        raise Unfit("is empty")
    return content


def _kind(content: bytes, path: Path) -> str:
    """Tell the content type by the first bytes, else by the name."""
    found = sniff(content).mime
    if found.startswith(_CERTAIN):
        return found
    named, packed = guess_type(path.name)
    return named if named and not packed and _MIME.fullmatch(named) else _UNKNOWN


_MIME = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
