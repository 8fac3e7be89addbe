"""What pictures share of matplotlib, whose only home this is: axes, literal names, styles, scales, legends, titles.

Colours are those of Okabe and Ito that show on white and on black, and no two series share dash, marker or hatch as
well. Names of models are drawn as they are, never as formulas. The background is the user's style, white by default,
also in a dark notebook.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...errors import InputError, SetupError, plain
from .calls import Codes, Group, Reals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

NAMED = 8
"""How many models a picture tells apart."""
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
_MARKERS = "osD^vPX*p"
_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "+++", "ooo", "|||")
_LONGEST = 36
_TITLE_SIZE = 10.5
_EM = 0.5
"""How wide a letter is on average, in its font's size."""
_WIDE = 30.0
"""From which ratio of the largest to the smallest on, a scale is logarithmic."""


@dataclass(frozen=True, slots=True)
class Style:
    """How one series is told apart: by colour, and without it."""

    color: str
    dash: Any
    marker: str
    hatch: str


OTHERS = Style("#8C8C8C", "-", ".", "")


def style(place: int) -> Style:
    """Give the style of a series by its place; nine differ."""
    dash, marker, hatch = _DASHES[place % 4], _MARKERS[place % 9], _HATCHES[place % 9]
    return Style(_COLOURS[place % 6], dash, marker, hatch)


def axes(given: Axes | None) -> Axes:
    """Give the axes to draw on: those given, or of a new figure, which a notebook shows once, at the cell's end.

    Raises `SetupError` where matplotlib is missing, `InputError` for what are no axes.
    """
    try:
        pyplot = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise SetupError("Pictures need matplotlib.", "Run  pip install 'skytells-nb[plots]'") from error
    if given is None:
        made: Axes = pyplot.subplots(figsize=(9.0, 4.6), layout="constrained")[1]
        return made
    if not isinstance(given, import_module("matplotlib.axes").Axes):
        raise InputError(f"{plain(type(given).__name__, 40)} are no Axes.", "Leave ax out, or give plt.subplots()[1].")
    found: Axes = given
    return found


def literal(name: str) -> str:
    """Write a name that may be hostile: one line, cut in its middle, what no font here can draw as Python's escape."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties, findfont, get_font

    line = plain(name, 2000) or "(no name)"
    if not line.isascii():
        families = [rcParams["font.family"]] if isinstance(rcParams["font.family"], str) else rcParams["font.family"]
        fonts = [get_font(findfont(FontProperties(family=[family]))) for family in families]
        drawn = {code for font in fonts for code in font.get_charmap()}
        line = "".join(c if ord(c) in drawn else c.encode("unicode_escape").decode() for c in line)
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]}…{line[1 - half :]}"


def name_axes(ax: Axes, title: str, x: str, y: str) -> None:
    """Write the title, broken into lines that fit, and what the axes are."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    if _alone(ax):
        inches = max(inches, 0.72 * ax.figure.bbox.width / ax.figure.dpi)
    width = max(24, int(inches * 72 / (_EM * _TITLE_SIZE)))
    lines = [broken for line in title.splitlines() for broken in textwrap.wrap(line, width)]
    ax.set_title("\n".join(lines), fontsize=_TITLE_SIZE, x=0.0, ha="left")
    ax.set_xlabel(x)
    ax.set_ylabel(y)


def _alone(ax: Axes) -> bool:
    """Say whether no other axes stand in the figure."""
    return len(ax.figure.axes) == 1


def say(ax: Axes, words: str) -> None:
    """Say in the middle why there is nothing to see."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", wrap=True)


def legend(ax: Axes, entries: Sequence[tuple[Any, str]]) -> None:
    """Tell the series apart, right of the picture where there is room; the labels are drawn as they are."""
    if not entries:
        return
    handles = [handle for handle, _ in entries]
    crowded = not _alone(ax) and ax.figure.get_layout_engine() is None  # beside it stand other axes
    where: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0, "frameon": False}
    drawn = ax.legend(
        handles,
        [f"series {number}" for number in range(len(handles))],  # matplotlib leaves out what begins with "_"
        fontsize="x-small" if crowded else "small",
        handlelength=2.6,
        **({"loc": "best", "framealpha": 0.6} if crowded else where),
    )
    for written, (_, label) in zip(drawn.get_texts(), entries, strict=True):
        written.set(parse_math=False, usetex=False)
        written.set_text(label.split("\n")[0] if crowded else label)


def parted(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """Part the models into those that are told apart, and the others; one alone is never among "the others"."""
    return (groups, []) if len(groups) <= NAMED + 1 else (groups[:NAMED], groups[NAMED:])


def series(groups: list[Group]) -> Iterator[tuple[str, Style, Codes, list[Any]]]:
    """Give each model's label, style, calls and weight, and in the end the others together."""
    named, others = parted(groups)
    for place, group in enumerate(named):
        yield literal(group.model), style(place), group.rows, [group.weight]
    if others:
        rows = np.concatenate([group.rows for group in others])
        yield f"{len(others)} other models", OTHERS, rows, [group.weight for group in others]


def bars(
    ax: Axes, at: Any, sizes: Reals, widths: Any, after: Reals, look: Style, *, along: Literal["x", "y"] = "y"
) -> BarContainer:
    """Draw one series of bars, each behind or on what stands there already; bars of nothing are left out."""
    there = sizes > 0
    width = np.broadcast_to(widths, sizes.shape)[there]
    fill: dict[str, Any] = {"color": look.color, "hatch": look.hatch, "edgecolor": ax.get_facecolor(), "linewidth": 0.5}
    if along == "x":
        return ax.barh(at[there], sizes[there], width, left=after[there], **fill)
    return ax.bar(at[there], sizes[there], width, bottom=after[there], **fill)


def ink() -> str:
    """Name the colour that the user's style writes in."""
    from matplotlib import rcParams

    return str(rcParams["text.color"])


def name_ticks(ax: Axes, labels: list[str]) -> None:
    """Name the bars that lie along y, the first on top; the names are drawn as they are."""
    ax.set_yticks(range(len(labels)), labels=labels, parse_math=False, usetex=False)
    room = max(0.0, 3 - len(labels)) / 2
    ax.set_ylim(len(labels) - 0.5 + room, -0.5 - room)


def time_axis(ax: Axes, begins: Reals, ends: Reals) -> None:
    """Let x be days of UTC, for bars that begin and end there, with room beside them."""
    dates: Any = import_module("matplotlib.dates")  # it has no types

    ax.xaxis_date(tz="UTC")
    locator = dates.AutoDateLocator(tz="UTC", minticks=2, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz="UTC"))
    first, last = float(begins[0]), float(ends[-1])
    room = max((last - first) * 0.04, (8 * float(ends[0] - begins[0]) - (last - first)) / 2)
    ax.set_xlim(first - room, last + room)


def plain_ticks(ax: Axes, which: Literal["x", "y"]) -> None:
    """Write plain figures at an axis' ticks."""
    from matplotlib.ticker import FuncFormatter

    (ax.xaxis if which == "x" else ax.yaxis).set_major_formatter(FuncFormatter(figure))


def scale(ax: Axes, which: Literal["x", "y"], values: Iterable[float]) -> None:
    """Scale an axis for values >= 0: from 0 on, or logarithmic where they differ widely; plain figures at its ticks."""
    from matplotlib.ticker import LogLocator, NullFormatter, SymmetricalLogLocator

    axis, set_scale, set_limits = (
        (ax.xaxis, ax.set_xscale, ax.set_xlim) if which == "x" else (ax.yaxis, ax.set_yscale, ax.set_ylim)
    )
    shown = list(values)
    known = [value for value in shown if value > 0]
    least, most = min(known, default=0.0), max(known, default=0.0)
    if most <= _WIDE * least or not known:
        set_limits(0.0, most * 1.08 or 1.0)
    elif len(known) < len(shown):
        set_scale("symlog", linthresh=least)
        axis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=least, subs=[1.0]))
        set_limits(-0.1 * least, most * 1.5)
    else:
        set_scale("log")
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if most < 1000 * least else (1.0,)))
        set_limits(least / 1.5, most * 1.5)
    plain_ticks(ax, which)
    axis.set_minor_formatter(NullFormatter())


def figure(value: float, _: object = None) -> str:
    """Write a number in plain figures: 0.0002, 15, 2,500."""
    return f"{Decimal(f'{value:.6g}'):,f}"
