"""Text as pieces: how the sandbox counts tokens, streams words and cuts answers.

A piece is a stretch of at most eight letters or one mark, with the space before it. The pieces of a text
joined are that text again, byte for byte, so a stream and a plain answer can never differ. Counts are the
sandbox's own; no model's tokeniser is imitated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_PIECE = re.compile(r"\s*\w{1,8}|\s*[^\w\s]|\s+")


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a text after its limits, in pieces, and why it ends."""

    pieces: tuple[str, ...]
    reason: Literal["stop", "length"]

    @property
    def text(self) -> str:
        """The pieces as one text."""
        return "".join(self.pieces)


def pieces(text: str) -> tuple[str, ...]:
    """Return the pieces of `text`; joined they are `text`."""
    return tuple(_PIECE.findall(text))


def count(text: str) -> int:
    """How many tokens `text` is billed as."""
    return sum(1 for _ in _PIECE.finditer(text))


def cut(text: str, limit: int, stops: tuple[str, ...]) -> Cut:
    """End `text` before the first of `stops`, and after `limit` pieces."""
    ends = [at for at in (text.find(stop) for stop in stops) if at >= 0]
    parts = pieces(text[: min(ends)] if ends else text)
    return Cut(parts[:limit], "length") if len(parts) > limit else Cut(parts, "stop")
