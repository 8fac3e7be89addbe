"""A page that a model wrote, in a frame that it cannot act in or leave: no scripts, no forms, nothing from the network.

The frame has no rights at all (an empty `sandbox`), and its page begins with a policy under which nothing loads but
what stands in the page. Tags that could say otherwise, or name other hosts before that, lose their meaning.
"""

from __future__ import annotations

import re

from .. import page
from .markdown import codes

LONGEST = 400_000
_HEAD = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
    '<meta http-equiv="x-dns-prefetch-control" content="off"><base target="_blank">'
)
_TELLS_THE_BROWSER = re.compile(r"<(?=(?:link|meta|base)\b)", re.IGNORECASE)
_FRAME = (
    "width:100%;height:24em;resize:vertical;border:1px solid rgba(128,128,128,.35);background:#fff;color-scheme:light"
)


def find(text: str) -> str:
    """Take the page out of an answer: its first block of HTML or, where there is none, all of it."""
    return next((code.text for code in codes(text) if code.language.lower() in ("html", "xhtml")), text)


def to_html(source: str) -> str:
    """Draw a page in a frame of a fixed height, which a person can drag larger; its source is folded under it."""
    inside = _HEAD + _TELLS_THE_BROWSER.sub("&lt;", source[:LONGEST])
    facts = f'sandbox="" title="a page that the model wrote" style="{_FRAME}"'
    frame = f'<iframe {facts} srcdoc="{page.attribute(inside)}"></iframe>'
    cut = page.caption(f"cut: {len(source) - LONGEST:,} more characters") if len(source) > LONGEST else ""
    return frame + cut + page.fold("source", page.pre(source[:LONGEST]))
