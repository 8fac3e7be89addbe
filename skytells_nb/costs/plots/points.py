"""`latency`: which share of calls took no longer than so long, by model; `compare`: what models cost against that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ...errors import InputError, plain
from ..summing.grouping import PERCENTILES, rank
from . import canvas
from .calls import Amounts, Calls, Reals, are_known, chosen, counted, in_one_currency, total

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Time = Literal["seconds", "ttft"]
_TIMES = {"seconds": "seconds from the sending to the end", "ttft": "seconds from the sending to the first content"}
_STEPS = 400
"""How many points a line has at most; more cannot be seen."""


def latency(df: Any, ax: Axes | None = None, *, of: Time = "seconds") -> Axes:
    """Draw for each model which share of its calls took no longer than so many seconds; p50 and p95 are marked.

    Only calls that succeeded count; a percentile is the least time that so large a share of them did not exceed, and is
    told from 5 calls on (p95: 20). `of` is "seconds" or "ttft". Of many models, the 8 with most calls have a line, and
    the others have one together.
    """
    if not isinstance(of, str) or of not in get_args(Time):
        raise InputError(f"of={plain(of, 40)!r} is no time of a call.", 'Use "seconds" or "ttft".')
    calls = chosen(df, "status", of)
    calls = _timed(calls, of)
    seconds = calls.numbers(of)
    title = calls.title("Time to the first content, by model" if of == "ttft" else "Latency by model")
    ax = canvas.axes(ax)
    canvas.name_axes(ax, title, _TIMES[of], "share of calls that took no longer")
    if not len(calls):
        canvas.say(ax, "No call that succeeded has this time.")
        return ax
    entries = []
    for label, look, rows, _ in canvas.series(calls.by_model()):
        times = np.sort(seconds[rows])
        (line,) = ax.plot(*_steps(times), drawstyle="steps-post", color=look.color, linestyle=look.dash, linewidth=1.6)
        marks = {percent: percentile(times, percent) for percent in (50, 95) if len(times) >= PERCENTILES[percent]}
        ax.plot(list(marks.values()), [percent / 100 for percent in marks], look.marker, color=look.color, markersize=6)
        told = "".join(f", p{percent} {canvas.figure(float(f'{at:.3g}'))} s" for percent, at in marks.items())
        line.set_label(label)
        entries.append((line, f"{label}\n{counted(len(times))}{told}"))
    canvas.scale(ax, "x", seconds.tolist())
    ax.set_ylim(0.0, 1.03)
    ax.grid(alpha=0.3)
    canvas.legend(ax, entries)
    return ax


def compare(df: Any, ax: Axes | None = None) -> Axes:
    """Draw what models cost against how long they take: a model is a point, at the median seconds and the mean cost.

    Only calls that succeeded count, and of the cost those of which it is known. From 20 calls on a line leads to p95;
    of fewer than 5 nothing is claimed, and each call is a hollow point of its own. Of many models, the 8 with most
    calls are named.
    """
    calls = chosen(df, "status", "seconds", "cost", "currency")
    calls, costs, currency = in_one_currency(_timed(calls, "seconds"))
    known = are_known(costs)
    calls, amounts = calls.only(known, "of unknown cost"), costs[known]
    seconds = calls.numbers("seconds")
    title = calls.title("Cost against latency, by model")
    ax = canvas.axes(ax)
    canvas.name_axes(
        ax, title, "median seconds (a line leads to p95; hollow: one call)", f"mean cost of a call in {currency}"
    )
    if not len(calls):
        canvas.say(ax, "No call that succeeded has both a cost and a time.")
        return ax
    named, others = canvas.parted(calls.by_model())
    entries: list[tuple[Any, str]] = []
    x: list[float] = []
    y: list[float] = []
    for place, group in enumerate(named):
        few, times, means = _points(seconds[group.rows], amounts[group.rows])
        look = canvas.style(place)
        (drawn,) = ax.plot(times, means, look.marker, color=look.color, markersize=9, mfc="none" if few else None)
        label = canvas.literal(group.model)
        drawn.set_label(label)
        entries.append((drawn, f"{label}\n{counted(len(group.rows))}"))
        if len(group.rows) >= PERCENTILES[95]:
            times.append(percentile(np.sort(seconds[group.rows]), 95))
            ax.plot(times, means * 2, color=look.color, linewidth=1.2, marker="|", markevery=[1])
        x += times
        y += means
    if others:
        points = [_points(seconds[group.rows], amounts[group.rows]) for group in others]
        times = [each for _, found, _ in points for each in found]
        means = [each for _, _, found in points for each in found]
        (drawn,) = ax.plot(times, means, canvas.OTHERS.marker, color=canvas.OTHERS.color, zorder=1.5)
        entries.append((drawn, f"{len(others)} other models"))
        x += times
        y += means
    canvas.scale(ax, "x", x)
    canvas.scale(ax, "y", y)
    ax.grid(alpha=0.3)
    canvas.legend(ax, entries)
    return ax


def percentile(times: Reals, percent: int) -> float:
    """Give the least of the sorted times that so many percent of them do not exceed, as `sky.summary` does."""
    return float(times[rank(percent, len(times)) - 1])


def _timed(calls: Calls, of: Time) -> Calls:
    calls = calls.only(calls.is_in("status", ("succeeded",)), "that did not succeed")
    return calls.only(~np.isnan(calls.numbers(of)), "without a time")


def _steps(times: Reals) -> tuple[Reals, Reals]:
    """Give the corners of the line: of each call, or of so many percentiles where there are too many."""
    size = len(times)
    ranks = np.arange(1, size + 1) if size <= _STEPS else -(-np.arange(1, _STEPS + 1) * size // _STEPS)
    return np.r_[times[0], times[ranks - 1]], np.r_[0.0, ranks / size]


def _points(seconds: Reals, amounts: Amounts) -> tuple[bool, list[float], list[float]]:
    """Give where a model stands: at its median and mean; too few calls stand each for itself."""
    if len(seconds) < PERCENTILES[50]:
        return True, seconds.tolist(), [float(amount) for amount in amounts]
    return False, [percentile(np.sort(seconds), 50)], [float(total(amounts.tolist())) / len(amounts)]
