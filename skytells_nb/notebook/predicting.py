"""Running a media model from a cell: how far it is, and then what came back.

A job that the cell has made before is taken up instead of being paid for again, unless it is to be run afresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .. import settings
from ..api.media_calls import WAIT_LIMIT
from ..errors import OverBudgetError, plain
from . import cell
from .session import current

if TYPE_CHECKING:
    from ..api.pricing import Quote
    from ..api.values import Prediction
    from .jobs.earlier import Asked, Earlier
    from .jobs.handle import Handle
    from .jobs.runner import Run
    from .live import Live

_begun: WeakValueDictionary[tuple[object, ...], Run] = WeakValueDictionary()
"""The runs beside the cells, by request, cell and place in it: their jobs may not be in the record yet."""


def predict(
    model: str,
    values: Mapping[str, Any],
    *,
    tag: str | None = None,
    timeout: float = WAIT_LIMIT,
    quiet: bool = False,
    fresh: bool = False,
) -> Prediction:
    """Run a media model, show its progress and what came back, and return the prediction.

    A job that this cell made of the same inputs before is waited for instead, or its result shown; `fresh` pays again.
    `tag` and `timeout` are as for `Client.predict`. Raises what that raises, and the errors of a request where nobody
    can say how the earlier job stands.
    """
    asked, _ = _asked(model, values)
    with _shown(quiet=quiet) as live, cell.belonging_to(cell.where(), asked.nth):
        earlier = None if fresh else _earlier(asked)
        if earlier is not None:
            job = _finished(live, earlier.prediction, timeout, earlier.note)
        else:
            made = current().client.predict(model, values, tag=tag, timeout=timeout, on_progress=_progress(live, model))
            job = _kept(live, made)
    cell.shown(job)
    return job


def resume(job: Prediction, *, timeout: float = WAIT_LIMIT, quiet: bool = False) -> Prediction:
    """Wait for a job that was made before, show what came back, and return the prediction.

    With `quiet` the prediction is left to show itself. Raises what `Client.wait` raises.
    """
    with _shown(quiet=quiet) as live:
        ended = _finished(live, job, timeout)
    if not quiet:
        cell.shown(ended)
    return ended


def begin(
    model: str,
    values: Mapping[str, Any],
    *,
    tag: str | None = None,
    timeout: float = WAIT_LIMIT,
    quiet: bool = False,
    fresh: bool = False,
) -> Handle:
    """Run a media model beside the cells: show a card that follows it, and return a handle at once.

    The arguments are as for `predict`. What goes wrong with the job is shown on the card, and raised by `Handle.wait`;
    inputs that cannot be sent, and a price over the budget, are raised here.
    """
    from .jobs import runner
    from .jobs.card import Card
    from .jobs.handle import Handle
    from .jobs.progress import Progress

    asked, quote = _asked(model, values)
    earlier = None if fresh else _earlier(asked)
    if earlier is None and (refusal := _over_budget(quote, tag)):
        raise OverBudgetError(refusal, "Nothing was sent; %skytells_budget sets another limit.")
    job, note = (None, "") if earlier is None else (earlier.prediction, earlier.note)
    card = Card(note, quiet=quiet)
    card.show(Progress(model, values))
    order = runner.Order(model, dict(values), cell.where(), asked.nth, tag, timeout, job)
    run = _begun[_place(asked)] = runner.begin(order, card.show)
    handle = Handle(model, note, _run=run)
    if card.is_seen or quiet:
        cell.shown(handle)
    return handle


def _asked(model: str, values: Mapping[str, Any]) -> tuple[Asked, Quote]:
    """Check the inputs, before anything is shown; give the request, counted in its cell, and its price."""
    from .jobs.earlier import Asked

    quote = current().client.quote(model, values)
    return Asked.of(model, values), quote


def _over_budget(quote: Quote, tag: str | None) -> str:
    from ..costs import budget

    return budget.refusal(quote.high, low=quote.low, sandbox=settings.in_sandbox(), tag=tag)


def _place(asked: Asked) -> tuple[object, ...]:
    return settings.in_sandbox(), cell.where()[0], asked.fingerprint, asked.nth


def _earlier(asked: Asked) -> Earlier | None:
    from .jobs import earlier

    if asked.nth and (run := _begun.get(_place(asked))) is not None:
        run.wait_until_named()
    return earlier.find(asked)


@contextmanager
def _shown(*, quiet: bool) -> Iterator[Live | None]:
    if quiet:
        yield None
    else:
        with current().shown_live() as live:
            yield live


def _progress(live: Live | None, model: str) -> Any:
    """Give what shows how far a job is, or None where nothing is shown."""
    if live is None:
        return None
    return lambda job, elapsed: live.progress(model, str(job.status), job.progress, elapsed)


def _finished(live: Live | None, job: Prediction, timeout: float, note: str = "") -> Prediction:
    follow = None if job.status.final else _progress(live, job.model)
    ended = current().client.wait(job, timeout=timeout, on_progress=follow)
    return _kept(live, ended, note)


def _kept(live: Live | None, job: Prediction, note: str = "") -> Prediction:
    """Keep the files of a job, and show them; it is done and paid for, whatever interrupts that."""
    from .jobs.card import noted
    from .media.keeper import default_keeper
    from .render import bundle

    try:
        if live is None:
            default_keeper().keep(job)
        else:
            live.finish(noted(bundle(job), note))
    except BaseException as stop:
        stop.prediction = job  # type: ignore[attr-defined]
        stop.add_note(
            f"Prediction {plain(job.id, 80)} is done; get it again with sky.Client().wait({plain(job.id, 80)!r})."
        )
        raise
    current().note(job)
    return job
