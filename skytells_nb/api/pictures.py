"""A picture that a message carries: what the caller has at hand -> a link that the API reads.

A link stays a link; a path, bytes, a PIL image, a matplotlib figure or anything that can show itself as PNG becomes a
`data:` link. The caller's own file is the one thing that this layer reads from a disk.
"""

from __future__ import annotations

import io
from base64 import b64encode
from binascii import a2b_base64
from pathlib import Path
from typing import Any

from ..errors import InputError, plain
from .sniff import sniff

LARGEST = 20_000_000
"""Bytes of one picture; the service's own limit is not documented."""

_KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp")
_LINKS = ("https://", "http://", "data:image/")


def picture_link(picture: Any) -> str:
    """Give the link for a picture: a URL, path, bytes, PIL image or matplotlib figure.

    Raises `InputError` for a file that cannot be read, that is no PNG, JPEG, GIF or WebP, or that is over 20 MB.
    """
    if isinstance(picture, str) and picture.lower().startswith(_LINKS):
        return picture
    content = _content(picture)
    if len(content) > LARGEST:
        what = f"{_named(picture)} makes a picture of over {LARGEST // 1_000_000} MB."
        raise InputError(what, "Make it smaller, or give its link; nothing was sent.")
    kind = sniff(content).mime
    if kind not in _KINDS:
        raise InputError(f"{_named(picture)} is no PNG, JPEG, GIF or WebP.", "Save it as one of these.")
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _content(picture: Any) -> bytes:
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    if isinstance(picture, str | Path):
        return _read(picture)
    try:
        if hasattr(picture, "savefig"):  # a matplotlib figure
            return _written(picture.savefig, format="png")
        if hasattr(picture, "save") and hasattr(picture, "mode"):  # a PIL image
            mode = _PNG_MODES.get(picture.mode, "RGB")
            return _written((picture if mode == picture.mode else picture.convert(mode)).save, format="PNG")
        shown = picture._repr_png_() if hasattr(picture, "_repr_png_") else None
        if isinstance(shown, str):  # IPython's own pictures show themselves as base64
            shown = a2b_base64(shown)
    except Exception as error:
        raise InputError(f"{_named(picture)} cannot be written as PNG: {plain(error)}.", "Nothing was sent.") from error
    if isinstance(shown, bytes):
        return shown
    raise InputError(f"{_named(picture)} is no picture.", "Give a link, path, bytes, PIL image or matplotlib figure.")


_PNG_MODES = {mode: mode for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")} | {"I": "I;16", "PA": "RGBA"}
"""What a PIL image is written as, by its mode; any other as RGB."""


def _written(save: Any, **how: str) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **how)
    return buffer.getvalue()


def _read(path: str | Path) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError, RuntimeError) as error:  # the last for a home that nobody has
        reason = getattr(error, "strerror", None) or plain(error)
        what = f"The picture {plain(path, 200)!r} cannot be read: {reason}."
        raise InputError(what, "Give the path of a file that is there; nothing was sent.") from error


def _named(picture: Any) -> str:
    return (
        f"The picture {plain(picture, 200)!r}"
        if isinstance(picture, str | Path)
        else f"A value of type {type(picture).__name__}"
    )
