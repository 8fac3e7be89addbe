"""Meters: what the calls of a block took and cost, while it runs and afterwards.

A call counts in the meters that are open where it begins, however it ends and whenever; what is learned of it later, as
when a job is waited for after the block, is counted too. A meter never takes a call from another: one that is opened
inside a block counts there, and the block goes on counting everything.

"Where" is a context, as `contextvars` has it: of this thread, of an asyncio task and of the tasks begun in it, and of
what `asyncio.to_thread` runs. A plain thread, such as a pool's worker, begins without one. Until it opens a meter, its
calls count in the meters that the main thread has open, or where that has none, in every one that is open; hand it
`contextvars.copy_context().run` to have it exact. A form's run counts where it was started.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

from ..api.record import Call
from ..api.shown import Shown
from .learning import learned
from .rows import NOWHERE, Place, Row, fitting, placed_row
from .totals import Money, Tokens, Totals, seconds

if TYPE_CHECKING:
    import pandas as pd


class _Counted:
    """A call as it is known now, shared by the meters that count it."""

    __slots__ = ("__weakref__", "row")

    def __init__(self, row: Row) -> None:
        self.row = row


class Meter(Shown):
    """Counts the calls that begin while it is open; `with sky.meter() as m:` opens it for a block, also again.

    Its figures are of the live calls; where there are none, of the sandbox's, which would have cost that. `live` and
    `sandbox` give each by itself.
    """

    def __init__(self) -> None:
        self.counted: dict[str, _Counted] = {}
        self._times_open = 0
        self._since = 0.0
        self._seconds = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are being counted now."""
        return self._times_open > 0

    @property
    def rows(self) -> list[Row]:
        """The rows of its calls, in the order in which they began; a column of which nothing is known is not there."""
        return [fitting(row) for row in self._rows()]

    def _rows(self) -> list[Row]:
        with _books:
            return [counted.row for counted in self.counted.values()]

    def frame(self) -> pd.DataFrame:
        """Give its calls as a DataFrame with the columns of `sky.usage()`; live and sandbox calls together."""
        from .frames import frame_of_rows

        return frame_of_rows(self.rows)

    @property
    def live(self) -> Totals:
        """What the calls of the service come to."""
        return Totals.of(row for row in self._rows() if not row["sandbox"])

    @property
    def sandbox(self) -> Totals:
        """What the calls of the sandbox come to, and would have cost."""
        return Totals.of(row for row in self._rows() if row["sandbox"])

    @property
    def totals(self) -> Totals:
        """What its calls come to: the live ones, or those of the sandbox where there are no others."""
        rows = self._rows()
        return Totals.of([row for row in rows if not row["sandbox"]] or rows)

    @property
    def calls(self) -> int:
        """How many calls began."""
        return self.totals.calls

    @property
    def errors(self) -> int:
        """How many of them failed or were refused."""
        return self.totals.errors

    @property
    def tokens(self) -> Tokens:
        """The tokens in and out: `m.tokens.prompt`, `m.tokens.completion`."""
        return self.totals.tokens

    @property
    def outputs(self) -> int:
        """How many answers and files came back."""
        return self.totals.outputs

    @property
    def cost(self) -> Decimal | None:
        """What is known of the cost; None where nothing is, and where there are several currencies (see `costs`)."""
        return self.totals.cost

    @property
    def costs(self) -> Money:
        """What is known of the cost, by currency."""
        return self.totals.costs

    @property
    def billed(self) -> Money:
        """What the service named as the cost, by currency."""
        return self.totals.billed

    @property
    def priced(self) -> Money:
        """What usage and prices give as the cost of the other calls, by currency."""
        return self.totals.priced

    @property
    def unknown(self) -> int:
        """How many calls have ended of which nobody knows what they cost."""
        return self.totals.unknown

    @property
    def seconds(self) -> float:
        """How long the block took, so far."""
        with _books:
            return self._seconds + (time.monotonic() - self._since if self._times_open else 0.0)

    @property
    def waiting(self) -> float:
        """How long its calls took, one after another; more than `seconds` where they went on at once."""
        return self.totals.waiting

    def __repr__(self) -> str:
        live, practised = self.live, self.sandbox
        told = [live.in_words()] if live.calls or not practised.calls else []
        told += [practised.in_words(sandbox=True)] if practised.calls else []
        return f"<Meter of {seconds(self.seconds)}: {'; '.join(told)}>"

    def __enter__(self) -> Self:
        with _books:
            outer = _here.get()
            _here.set(_Opened(self, (*_around(), self), outer))
            _open.append((self, _in_main_thread()))
            if not self._times_open:
                self._since = time.monotonic()
            self._times_open += 1
        return self

    def __exit__(self, *_: object) -> None:
        with _books:
            opened = _here.get()
            if opened is not None and opened.meter is self:
                _here.set(opened.outer)
            mine = (self, _in_main_thread())
            _open.remove(mine if mine in _open else (self, not mine[1]))
            self._times_open -= 1
            if not self._times_open:
                self._seconds += time.monotonic() - self._since


def meter() -> Meter:
    """Make a meter: `with sky.meter() as m:` counts the calls of a block; look at `m` inside it or afterwards."""
    return Meter()


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the calls of a context count in, outermost first, and what was so before it opened its meter.

    Without a meter of its own it is work that goes on beside the cells: it counts where it was begun, open or not.
    """

    meter: Meter | None
    counts_in: tuple[Meter, ...]
    outer: _Opened | None = None


_here: ContextVar[_Opened | None] = ContextVar("skytells_meters", default=None)
_open: list[tuple[Meter, bool]] = []
"""The meters that are open anywhere, and whether the main thread opened them."""
_books = threading.RLock()
_by_call: WeakValueDictionary[str, _Counted] = WeakValueDictionary()
_by_job: WeakValueDictionary[str, _Counted] = WeakValueDictionary()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _around() -> tuple[Meter, ...]:
    """Give the meters that one opened here lies within."""
    opened = _here.get()
    if opened is not None:
        return tuple(each for each in opened.counts_in if opened.meter is None or each.is_open)
    return () if _in_main_thread() else tuple(each for each, by_main in _open if by_main)


def _counting() -> dict[Meter, None]:
    """Give the meters in which a call that begins here counts, each once."""
    found = _around()
    if not found and _here.get() is None and not _in_main_thread():
        found = tuple(each for each, _ in _open)
    return dict.fromkeys(found)


def before(call: Call, place: Place = NOWHERE, /) -> None:
    """Count a call that is about to be sent, where `place` says."""
    if not _open and _here.get() is None:
        return
    with _books:
        counted = _by_call[call.id] = _Counted(placed_row(call, place))
        for each in _counting():
            each.counted[call.id] = counted


def after(call: Call, /) -> None:
    """Learn what became of a call, in whatever thread and whether its meters are open still or not."""
    if not _by_call:
        return
    with _books:
        counted = _by_call.get(call.id)
        if call.api == "prediction" and call.remote_id:
            counted = counted or _by_job.get(call.remote_id)
            if counted is not None:
                _by_job[call.remote_id] = counted
        if counted is not None:
            counted.row = learned(counted.row, placed_row(call, NOWHERE))


@contextmanager
def counted_in(meters: tuple[Meter, ...]) -> Iterator[None]:
    """Let the calls that begin in this block, and in tasks begun in it, count in these meters alone, open or not."""
    token = _here.set(_Opened(None, meters))
    try:
        yield
    finally:
        _here.reset(token)


def here() -> tuple[Meter, ...]:
    """Give the meters in which a call that begins here would count."""
    with _books:
        return tuple(_counting())
