"""What a file is, by its first bytes; names and content types that a server gives are not asked.

The answer decides what is shown inline: only formats that a browser plays or draws without running anything. A picture
format that can carry scripts (SVG), a page and everything unknown is a plain "file", which is linked and no more.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["image", "audio", "video", "text", "file"]
ENOUGH = 4096


class Sniffed(NamedTuple):
    """A kind, a content type, and the extension such a file is saved with ("" where nothing is known)."""

    kind: Kind
    mime: str
    extension: str


UNKNOWN = Sniffed("file", "application/octet-stream", "")

_PREFIXES: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\x89PNG\r\n\x1a\n", Sniffed("image", "image/png", "png")),
    (b"\xff\xd8\xff", Sniffed("image", "image/jpeg", "jpg")),
    (b"GIF87a", Sniffed("image", "image/gif", "gif")),
    (b"GIF89a", Sniffed("image", "image/gif", "gif")),
    (b"fLaC", Sniffed("audio", "audio/flac", "flac")),
    (b"ID3", Sniffed("audio", "audio/mpeg", "mp3")),
    (b"%PDF-", Sniffed("file", "application/pdf", "pdf")),
    (b"PK\x03\x04", Sniffed("file", "application/zip", "zip")),
    (b"glTF", Sniffed("file", "model/gltf-binary", "glb")),
    (b"\x1f\x8b", Sniffed("file", "application/gzip", "gz")),
    (b"II*\x00", Sniffed("file", "image/tiff", "tif")),
    (b"MM\x00*", Sniffed("file", "image/tiff", "tif")),
)
_RIFF = {
    b"WAVE": Sniffed("audio", "audio/wav", "wav"),
    b"WEBP": Sniffed("image", "image/webp", "webp"),
    b"AVI ": Sniffed("file", "video/x-msvideo", "avi"),
}
_BRANDS = {
    b"avif": Sniffed("image", "image/avif", "avif"),
    b"avis": Sniffed("image", "image/avif", "avif"),
    b"heic": Sniffed("file", "image/heic", "heic"),
    b"heix": Sniffed("file", "image/heic", "heic"),
    b"mif1": Sniffed("file", "image/heif", "heif"),
    b"M4A ": Sniffed("audio", "audio/mp4", "m4a"),
    b"M4B ": Sniffed("audio", "audio/mp4", "m4a"),
    b"qt  ": Sniffed("video", "video/quicktime", "mov"),
}
_MP4 = Sniffed("video", "video/mp4", "mp4")
_BITMAP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|!--|svg|html|head|body|script)\b|\s*<!--", re.IGNORECASE)
_SVG = re.compile(r"<(?:\w+:)?svg\b", re.IGNORECASE)


def sniff(head: bytes) -> Sniffed:
    """Say what a file is by its first bytes (up to 4096 are looked at)."""
    head = head[:ENOUGH]
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], _MP4)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        webm = b"webm" in head[:80]
        return Sniffed("video", "video/webm", "webm") if webm else Sniffed("video", "video/x-matroska", "mkv")
    if head.startswith(b"OggS"):
        film = b"theora" in head[:200]
        return Sniffed("video", "video/ogg", "ogv") if film else Sniffed("audio", "audio/ogg", "ogg")
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return Sniffed("image", "image/bmp", "bmp")
    return _sound_frame(head) or _words(head) or UNKNOWN


def _sound_frame(head: bytes) -> Sniffed | None:
    """Find the frame header of MPEG sound. Raw samples can look like one, so the impossible values are excluded."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer, rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if layer == 0 and head[1] & 0xF6 == 0xF0:
        return Sniffed("audio", "audio/aac", "aac")
    if version == 1 or layer not in (1, 2) or rate in (0, 15) or sampling == 3:
        return None
    return Sniffed("audio", "audio/mpeg", "mp3")


def _words(head: bytes) -> Sniffed | None:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or error.reason != "unexpected end of data":
            return None
        text = head[: error.start].decode("utf-8-sig")
    if not text.strip() or any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text):
        return None
    if _SVG.search(text[:1024]) and _MARKUP.match(text):
        return Sniffed("file", "image/svg+xml", "svg")
    if _MARKUP.match(text):
        return Sniffed("file", "text/html", "txt")
    if text.lstrip()[:1] in "{[":
        return Sniffed("text", "application/json", "json")
    return Sniffed("text", "text/plain", "txt")
