"""Where the parts are put together: who records the calls of a client, and who draws the values it returns.

The lower layers know neither the ledger nor the notebook; this module hands both in, each imported when first needed.
"""

from __future__ import annotations

from typing import Any

from ..api import account, shown
from ..api.record import Call
from ..api.values import vectors
from . import cell


class _LedgerWhenNeeded:
    """The recorder, imported on the first call."""

    def __init__(self) -> None:
        self._recorder: Any = None

    def _get(self) -> Any:
        if self._recorder is None:
            from ..costs.ledger import Recorder

            self._recorder = Recorder(where=cell.where)
        return self._recorder

    def before(self, call: Call, /) -> None:
        """Hand on."""
        self._get().before(call)

    def after(self, call: Call, /) -> None:
        """Hand on."""
        self._get().after(call)


def _draw(value: object) -> dict[str, Any]:
    from .render import bundle

    return bundle(value)


def _frame(vectors_: Any) -> Any:
    from ..costs.frames import vectors_frame

    return vectors_frame(vectors_)


def connect() -> None:
    """Hand the recorder and the renderer to the API's layer; doing it twice changes nothing."""
    if not account.default_observers:
        account.default_observers = (_LedgerWhenNeeded(),)
    shown.render_with(_draw)
    vectors.frame_with(_frame)
    shown.unless(cell.is_on_screen)
