"""The tags that TAB offers: those that this kernel's calls carried, then those that the record held before."""

from __future__ import annotations

import threading
from contextlib import suppress

from ..api.record import Call
from ..errors import SkytellsError

_MOST = 200
_lock = threading.Lock()
_heard: dict[str, None] = {}
_recorded: tuple[str, ...] = ()
_asked = False


class Heard:
    """An observer of calls that remembers their tags."""

    def before(self, call: Call, /) -> None:
        """Remember the tag; the latest stands last. Calls begin in many threads at once."""
        if call.tag:
            with _lock:
                _heard.pop(call.tag, None)
                _heard[call.tag] = None
                if len(_heard) > _MOST:
                    del _heard[next(iter(_heard))]

    def after(self, call: Call, /) -> None:
        """Nothing more is learned."""


def recent() -> tuple[str, ...]:
    """Give the tags that are known, the latest first. Reads nothing."""
    return tuple(dict.fromkeys((*reversed(tuple(_heard)), *_recorded)))


def read_behind() -> None:
    """Read the tags of the record, once a kernel, in the background."""
    global _asked
    if not _asked:
        _asked = True
        threading.Thread(target=_read, name="skytells-tags", daemon=True).start()


def _read() -> None:
    global _recorded
    from ..costs.ledger import default_ledger
    from ..costs.store import StoreError
    from ..costs.tags import recent_tags

    with suppress(StoreError, SkytellsError):
        _recorded = recent_tags(default_ledger())
