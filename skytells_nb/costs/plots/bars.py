"""`spend`: what calls cost over time, by model; `tokens`: how many went in and came out, by model."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import canvas
from .calls import Codes, are_known, chosen, counted, in_one_currency, in_words, sums, total

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BARS = 60
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_STEPS = {
    "second": _SECOND,
    "10 seconds": 10 * _SECOND,
    "minute": 60 * _SECOND,
    "5 minutes": 300 * _SECOND,
    "hour": 3600 * _SECOND,
    "day": _DAY,
    "week": 7 * _DAY,
}
"""How long a bar may be, in microseconds; beyond weeks they are months, then years."""
_MONDAY = 4 * _DAY
"""From the epoch, a Thursday, to the Monday after it."""

_PARTS = ("prompt", "cached prompt", "completion", "reasoning")


@dataclass(frozen=True, slots=True, eq=False)
class _Times:
    """The spans that bars stand for: their name, each call's span, and where each begins and ends, in days of UTC."""

    name: str
    codes: Codes
    begins: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]


def spend(df: Any, ax: Axes | None = None) -> Axes:
    """Draw what calls cost over time (UTC), in bars that stand on each other, one colour and hatch a model.

    A bar is a second, a minute, …, a month, so that there are at most 60, or a year. Calls of unknown cost are in none:
    their number stands in the title, and a cross where they were. Of several currencies, the one that most calls have
    is drawn. Of many models, the 8 that cost most are told apart.
    """
    calls, costs, currency = in_one_currency(chosen(df, "cost", "currency"))
    dated = ~np.isnat(calls.moments())
    calls, costs = calls.only(dated, "without a credible time"), costs[dated]
    known = are_known(costs)
    unknown = len(costs) - int(known.sum())
    costs[~known] = Decimal(0)
    groups = calls.by_model(lambda rows: total(costs[rows].tolist()))
    facts = [in_words(total(group.weight for group in groups), currency)] if known.any() else []
    doubts = f", {unknown:,} of unknown cost and in no bar" if unknown else ""
    times = _times(calls.moments())
    what = "What calls would have cost" if calls.sandbox else "Spend"
    title = calls.title(f"{what} per {times.name}, by model", *facts, doubts=doubts)
    ax = canvas.axes(ax)
    canvas.name_axes(ax, title, "begun (UTC)", f"cost in {currency} per {times.name}")
    if not known.any():
        canvas.say(ax, "No call of known cost." if len(calls) else "No calls.")
        return ax
    floats = costs.astype(np.float64)
    heights = np.zeros(len(times.begins))
    middles, widths = (times.begins + times.ends) / 2, (times.ends - times.begins) * 0.92
    entries: list[tuple[Any, str]] = []
    for label, look, rows, amounts in canvas.series(groups):
        if not known[rows].any():
            continue
        parts = sums(times.codes[rows], floats[rows], len(heights))
        drawn = canvas.bars(ax, middles, parts, widths, heights, look)
        drawn.set_label(label)
        entries.append((drawn, f"{label}\n{in_words(total(amounts), currency)}"))
        heights += parts
    if unknown:
        where = np.unique(times.codes[~known])
        (cross,) = ax.plot(middles[where], heights[where], "x", color=canvas.ink(), markersize=7, clip_on=False)
        entries.append((cross, f"cost unknown\n{counted(unknown)}"))
    ax.set_ylim(0.0, float(heights.max()) * 1.08 or 1.0)
    canvas.plain_ticks(ax, "y")
    canvas.time_axis(ax, times.begins, times.ends)
    ax.grid(axis="y", alpha=0.3)
    canvas.legend(ax, entries)
    return ax


def tokens(df: Any, ax: Axes | None = None) -> Axes:
    """Draw how many tokens went in and came out, one bar a model, most first.

    Cached tokens are a part of the prompt's, reasoning is a part of the completion's: none is counted twice. Calls
    without a count of tokens (of pictures, say) are left out, and their number stands in the title.
    """
    calls = chosen(df, "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
    told = ~(np.isnan(calls.numbers("prompt_tokens")) & np.isnan(calls.numbers("completion_tokens")))
    calls = calls.only(told, "without a count of tokens")
    prompt, completion, cached, reasoning = (
        np.nan_to_num(calls.numbers(f"{name}_tokens")) for name in ("prompt", "completion", "cached", "reasoning")
    )
    cached, reasoning = np.minimum(cached, prompt), np.minimum(reasoning, completion)
    parts = dict(zip(_PARTS, (prompt - cached, cached, completion - reasoning, reasoning), strict=True))
    everything = prompt + completion
    facts = [f"{everything.sum():,.0f} tokens"] if len(calls) else []
    title = calls.title("Tokens by model", *facts)
    ax = canvas.axes(ax)
    canvas.name_axes(ax, title, "tokens", "")
    if not len(calls):
        canvas.say(ax, "No call with a count of tokens.")
        return ax
    series = list(canvas.series(calls.by_model(lambda rows: float(everything[rows].sum()))))
    lefts = np.zeros(len(series))
    entries: list[tuple[Any, str]] = []
    for place, (name, counts) in enumerate(parts.items()):
        lengths = np.array([counts[rows].sum() for _, _, rows, _ in series])
        if not lengths.any():
            continue
        look = canvas.style(place)
        drawn = canvas.bars(ax, np.arange(len(series)), lengths, 0.7, lefts, look, along="x")
        drawn.set_label(name)
        entries.append((drawn, f"{name}\n{lengths.sum():,.0f}"))
        lefts += lengths
    canvas.name_ticks(ax, [label for label, *_ in series])
    ax.set_xlim(0.0, float(lefts.max()) * 1.04 or 1.0)
    canvas.plain_ticks(ax, "x")
    ax.grid(axis="x", alpha=0.3)
    canvas.legend(ax, entries)
    return ax


def _times(moments: npt.NDArray[np.datetime64]) -> _Times:
    """Part the time into the shortest spans of which 60 hold all moments; months and years are the calendar's."""
    micros = moments.astype(np.int64)
    for name, step in _STEPS.items():
        offset = _MONDAY if name == "week" else 0
        places = (micros - offset) // step
        if not len(places) or places.max() - places.min() < _MOST_BARS:
            found, codes = np.unique(places, return_inverse=True)
            begins = found * step + offset
            return _Times(name, codes, begins / _DAY, (begins + step) / _DAY)
    months = moments.astype("datetime64[M]")
    unit = "M" if (months.max() - months.min()).astype(int) < _MOST_BARS else "Y"
    spans, codes = np.unique(moments.astype(f"datetime64[{unit}]"), return_inverse=True)
    return _Times("month" if unit == "M" else "year", codes, _days(spans), _days(spans + 1))


def _days(moments: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
    return np.asarray(moments.astype("datetime64[us]").astype(np.int64) / _DAY, dtype=np.float64)
