"""What kinds of files there are, in words: what one is called, and why it is not shown where it is not. Pure.

The first bytes decide what a file is. Among plain texts and bytes that say nothing the link's extension tells tables,
3-D models and the like apart; it can only choose another word, never how a file is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ...api.sniff import Kind, Sniffed
from ...api.values import Link

if TYPE_CHECKING:
    from .kept import Kept

STRUCTURED = frozenset({"application/json", "text/csv", "text/tab-separated-values"})
"""The content types of texts that are drawn as what they hold."""

SIGNS: Mapping[str, str] = {"image": "▧", "audio": "♪", "video": "▶", "text": "¶", "file": "▤"}


class Word(NamedTuple):
    """What a file is called, and why it is not shown (or "")."""

    name: str
    why: str = ""


_TEXT, _JSON, _ZIP, _BYTES = "text/plain", "application/json", "application/zip", "application/octet-stream"
_TOLD: Mapping[tuple[str, str], str] = {
    (_TEXT, "csv"): "text/csv",
    (_TEXT, "tsv"): "text/tab-separated-values",
    (_TEXT, "srt"): "application/x-subrip",
    (_TEXT, "vtt"): "text/vtt",
    (_JSON, "gltf"): "model/gltf+json",
    (_ZIP, "npz"): "application/x-npz",
    (_BYTES, "npy"): "application/x-npy",
    (_BYTES, "safetensors"): "application/x-safetensors",
    (_BYTES, "pcm"): "audio/x-raw",
    **{(content, name): f"model/{name}" for content in (_TEXT, _BYTES) for name in ("obj", "stl", "ply", "fbx")},
}
"""What content and extension together say."""

_SCRIPTS = "not shown here, since it can carry scripts"
_MODEL = Word("3-D model", "open it in a viewer of 3-D models")
_ARCHIVE = Word("archive", "not unpacked")
_BY_MIME: Mapping[str, Word] = {
    "image/svg+xml": Word("SVG drawing", _SCRIPTS),
    "text/html": Word("web page", _SCRIPTS),
    "application/pdf": Word("PDF"),
    _ZIP: _ARCHIVE,
    "application/gzip": _ARCHIVE,
    "image/tiff": Word("picture", "browsers do not draw TIFF"),
    "image/heic": Word("picture", "browsers do not draw HEIC"),
    "image/heif": Word("picture", "browsers do not draw HEIF"),
    "video/x-msvideo": Word("film", "browsers do not play AVI"),
    **dict.fromkeys((f"model/{name}" for name in ("gltf-binary", "gltf+json", "obj", "stl", "ply", "fbx")), _MODEL),
    _JSON: Word("JSON"),
    "text/csv": Word("table"),
    "text/tab-separated-values": Word("table"),
    "application/x-subrip": Word("subtitles"),
    "text/vtt": Word("subtitles"),
    "application/x-npy": Word("array"),
    "application/x-npz": Word("arrays"),
    "application/x-safetensors": Word("weights"),
    "audio/x-raw": Word("raw sound", "its rate is not known"),
    _BYTES: Word("file", "its kind is not known"),
}
_BY_KIND: Mapping[Kind, Word] = {
    "image": Word("picture"),
    "audio": Word("sound"),
    "video": Word("film"),
    "text": Word("text"),
    "file": Word("file"),
}


def mime_of(found: Sniffed, extension: str) -> str:
    """Give the content type of a file that was sniffed and has an extension."""
    return _TOLD.get((found.mime, extension), found.mime)


def is_told_by(extension: str, found: Sniffed) -> bool:
    """Whether an extension says more than the first bytes, without contradicting them."""
    return (found.mime, extension) in _TOLD


def word(kept: Kept) -> Word:
    """Say what a file is called; one that is not here goes by its link."""
    if not kept.mime:
        return _BY_KIND[_BY_LINK.get(Link(kept.url).kind, "file")]
    return _BY_MIME.get(kept.mime) or _BY_KIND[kept.kind]


_BY_LINK: Mapping[str, Kind] = {"image": "image", "audio": "audio", "video": "video"}
