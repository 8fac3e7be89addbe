"""A Markdown text that grows, drawn again and again: what is settled is drawn once, only the end each time.

A block is settled when another has begun behind it that cannot be a part of it. So a painting takes as long as the last
block is, not as the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from .markdown import LONGEST, to_html
from .settle import open_fence, settle

# A line that belongs to nothing before it: no indent, no item, no note or link's definition, no row or quote going on.
_BEGINS = re.compile(r"\n[ \t]*\n(?=(?:[^\s\d\-+*\[$\\:>|`~]|\*\*[^\s*]|`{3}|`[^`\n])[^\n])")


class Growing:
    """Draws one text while it grows, each piece by `draw`; one that does not begin with the text before begins anew."""

    def __init__(self, draw: Callable[[str], str] | None = None) -> None:
        self._draw = draw or partial(to_html, growing=True)
        self._settled = ""
        self._drawn: list[str] = []

    def html(self, text: str) -> str:
        """Draw the text so far as safe HTML; beyond 400,000 characters as it stood there."""
        text = text[:LONGEST]
        if not text.startswith(self._settled):
            self._settled, self._drawn = "", []
        place = looked = len(self._settled)
        fence = ""
        for found in _BEGINS.finditer(text, place):
            fence = open_fence(text[looked : found.end()], fence)
            looked = found.end()
            if not fence:
                self._drawn.append(self._draw(text[place : found.end()]))
                place = found.end()
        self._settled = text[:place]
        return "".join(self._drawn) + self._draw(settle(text[place:]))
