"""What stored responses were about, so that a next request can go on from one. Only so many are kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .inference import Message

_MOST = 2000


@dataclass(frozen=True, slots=True)
class History:
    """The turns of a conversation, without instructions, and the tools it called by the calls' ids."""

    turns: tuple[Message, ...] = ()
    tools: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Histories:
    """Histories by the id of the response they end in; the oldest are forgotten. Safe in any thread."""

    _kept: dict[str, History] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, response_id: str, history: History) -> None:
        """Remember the history of a response."""
        with self._lock:
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[response_id] = history

    def find(self, response_id: str) -> History | None:
        """Return the history of a response that was stored."""
        with self._lock:
            return self._kept.get(response_id)
