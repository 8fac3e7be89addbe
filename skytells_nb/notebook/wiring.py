"""Where the parts are put together: who records the calls of a client, who limits them, and who draws what it returns.

The lower layers know neither ledger, budgets nor the notebook; this module hands them in, each imported when needed.
"""

from __future__ import annotations

import sys
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


class _BudgetsWhenSet:
    """The budgets; before their module is imported to make one, there is none."""

    def before(self, call: Call, /) -> None:
        """Hand on; raises `OverBudgetError` to refuse the call."""
        if _BUDGETS in sys.modules:
            from ..costs import budget

            budget.before(call)

    def after(self, call: Call, /) -> None:
        """Hand on."""
        if _BUDGETS in sys.modules:
            from ..costs import budget

            budget.after(call)


_BUDGETS = "skytells_nb.costs.budget"


def _draw(value: object) -> dict[str, Any]:
    from .render import bundle

    return bundle(value)


def _frame(vectors_: Any) -> Any:
    from ..costs.frames import vectors_frame

    return vectors_frame(vectors_)


def connect() -> None:
    """Hand the recorder, the budgets and the renderer to the API's layer; doing it twice changes nothing."""
    if not account.default_observers:
        account.default_observers = (_LedgerWhenNeeded(), _BudgetsWhenSet())
    shown.render_with(_draw)
    vectors.frame_with(_frame)
    shown.unless(cell.is_on_screen)
