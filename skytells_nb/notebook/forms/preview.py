"""What is shown of a file that a person has chosen: a small picture, a player, or name and size.

A link is shown by the browser, which is told to say nothing of this page; a file that is at hand is drawn small here.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlsplit

from ...api.inline import LARGEST, InlineFile, size_of
from ...api.sniff import sniff
from ...api.values.media import Link
from ...errors import MediaError
from .. import page
from ..media.thumbnails import thumbnail

SIDE = 240
BUDGET = 40_000
PLAYED = 2_000_000
"""Bytes of a sound or film that are put into the page; of a larger one only name and size are shown."""

_BOUNDS = f"display:block;max-width:min(100%,{SIDE}px);max-height:{SIDE}px"
_PLAYERS = ("audio", "video")
_BASE64 = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)


def preview(value: Any, media: str, label: str) -> str:
    """Draw a file as safe HTML; "" for what is no link. `media` is what the input takes, `label` what it is called."""
    if not isinstance(value, str):
        return ""
    if _BASE64.match(value):
        return _at_hand(value, label)
    return _linked(value, media or Link(value).kind, label) if _leads_to_a_file(value) else ""


def _leads_to_a_file(link: str) -> bool:
    """Say whether a link is safe, and no half-typed one that stops at the host."""
    return page.is_safe_link(link) and urlsplit(link).scheme in ("http", "https") and len(urlsplit(link).path) > 1


def _linked(link: str, kind: str, label: str) -> str:
    source, named = page.attribute(link), page.attribute(f"Preview of {page.cut(label, 80)}")
    if kind == "image":
        style = f'style="{_BOUNDS}"'
        return f'<img src="{source}" alt="{named}" referrerpolicy="no-referrer" loading="lazy" {style}>'
    return _player(kind, source, named) if kind in _PLAYERS else ""


def _player(kind: str, source: str, named: str) -> str:
    return f'<{kind} controls preload="none" src="{source}" title="{named}" style="{_BOUNDS}"></{kind}>'


def _at_hand(link: str, label: str) -> str:
    name = link.path.name if isinstance(link, InlineFile) else ""
    data = b"" if size_of(link) > LARGEST else _data(link)
    found = sniff(data)
    told = ", ".join(filter(None, (page.cut(name, 80), page.megabytes(size_of(link)))))
    named = page.attribute(f"Preview of {page.cut(label, 80)}: {told}")
    drawn = ""
    if found.kind == "image":
        try:
            small = thumbnail(data, max_side=SIDE, budget=BUDGET)
        except MediaError:
            told += ", a picture that cannot be shown"
        else:
            source = f"data:{small.mime};base64,{b64encode(small.data).decode()}"
            drawn = f'<img src="{source}" alt="{named}" style="{_BOUNDS}">'
            told += f", {small.width} × {small.height}"
    elif found.kind in _PLAYERS and len(data) <= PLAYED:
        drawn = _player(found.kind, f"data:{found.mime};base64,{b64encode(data).decode()}", named)
    return f'{drawn}<div style="{page.QUIET}">{page.text(told)}</div>'


def _data(link: str) -> bytes:
    try:
        return b64decode(link.partition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""
