"""Choices that look free and are always the same: every draw is decided by a text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")
_SPENT = 2**32


class Chooser:
    """A chooser that always makes the same choices for the same text."""

    def __init__(self, text: str) -> None:
        self._seed = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        self._number = int.from_bytes(self._seed, "big")

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, without, `limit` (at least 1)."""
        if self._number < _SPENT:
            self._seed = hashlib.sha256(self._seed).digest()
            self._number = int.from_bytes(self._seed, "big")
        self._number, position = divmod(self._number, limit)
        return position

    def of(self, items: Sequence[_T]) -> _T:
        """Return one of `items`, of which there must be one."""
        return items[self.below(len(items))]
