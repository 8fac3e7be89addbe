"""Where the parts are put together: who records the calls of a client, who limits them, and who draws what it returns.

The lower layers know neither ledger, budgets nor the notebook; this module hands them in, each imported when needed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ..api import account, shown
from ..api.record import Call
from ..api.values import keeping, vectors
from ..costs import here, progress
from ..costs.budgets import asking
from . import cell, known_models, tags


class _LedgerWhenNeeded:
    """The recorder, imported on the first call."""

    def __init__(self) -> None:
        self._recorder: Any = None

    def _get(self) -> Any:
        if self._recorder is None:
            from ..costs.ledger import Recorder

            self._recorder = Recorder(where=_place)
        return self._recorder

    def before(self, call: Call, /) -> None:
        """Hand on."""
        self._get().before(call)

    def after(self, call: Call, /) -> None:
        """Hand on."""
        self._get().after(call)


class _MetersWhenOpened:
    """The meters; before their module is imported to open one, there is none."""

    def before(self, call: Call, /) -> None:
        """Hand on."""
        if _METER in sys.modules:
            from ..costs import meter

            meter.before(call, _place())

    def after(self, call: Call, /) -> None:
        """Hand on."""
        if _METER in sys.modules:
            from ..costs import meter

            meter.after(call)


def _place() -> tuple[str | None, str | None, int | None, int | None]:
    return (here.notebook(), *cell.where(), cell.nth())


class _BudgetsWhenSet:
    """The budgets; before their module is imported to make one, there is none but those that other kernels keep."""

    def before(self, call: Call, /) -> None:
        """Hand on; raises `OverBudgetError` to refuse the call."""
        if _BUDGETS in sys.modules:
            from ..costs import budget

            budget.before(call)

    def after(self, call: Call, /) -> None:
        """Hand on; a job that ended may have been begun by a kernel that is gone, under a budget that is kept."""
        if _BUDGETS in sys.modules or (call.api == "prediction" and call.status != "running"):
            from ..costs import budget

            budget.after(call)


_BUDGETS = "skytells_nb.costs.budget"
_METER = "skytells_nb.costs.meter"
_FACES = {_METER: "skytells_nb.notebook.meter", "skytells_nb.costs.budgets.limit": "skytells_nb.notebook.budgets"}
"""Where the values of a module of the lower layers are drawn, if not in `render`."""


def _draw(value: object) -> dict[str, Any]:
    from .render import bundle

    if face := _FACES.get(type(value).__module__):
        import_module(face)
    return bundle(value)


def _frame(vectors_: Any) -> Any:
    from ..costs.frames import vectors_frame

    return vectors_frame(vectors_)


def _results() -> keeping.Keeping:
    from .media import results

    return results


def _ask(question: str) -> asking.Answer | None:
    from .asking import ask

    return ask(question)


@contextmanager
def _counting() -> Iterator[progress.Line]:
    """Show how far a long reading is on one line, which is gone at its end."""
    from . import page
    from .live import Live

    with Live() as live:
        yield lambda said: live.show(lambda: {"text/plain": said, "text/html": page.box(page.text(said))})


def connect() -> None:
    """Hand recorder, meters, budgets, renderer, keeper of files and TAB's memory to the API; twice is as once."""
    if not account.default_observers:
        account.default_observers = (_LedgerWhenNeeded(), _MetersWhenOpened(), _BudgetsWhenSet(), tags.Heard())
    account.catalogue_reader = known_models.note
    shown.render_with(_draw)
    vectors.frame_with(_frame)
    keeping.keep_with(_results)
    shown.unless(cell.is_on_screen)
    asking.ask_with(_ask)
    progress.show_with(_counting)
