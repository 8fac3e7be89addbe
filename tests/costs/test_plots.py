"""The pictures of the record: what is drawn, what the title says, and frames that are empty, huge or hostile."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, getcontext, localcontext
from itertools import count
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

import skytells_nb as sky
from skytells_nb.costs.frames import frame_of_rows
from skytells_nb.errors import InputError

ALL = ("spend", "latency", "tokens", "compare")
BEGUN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_ids = count()


@pytest.fixture(autouse=True, scope="module")
def _no_window() -> Iterator[None]:
    """Draw without a display."""
    before = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.switch_backend(before)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close the figures of each test."""
    yield
    plt.close("all")


def row(
    model: str = "lumo", *, cost: str | None = "0.04", after: timedelta = timedelta(0), **more: Any
) -> dict[str, Any]:
    """Make a row of the record: of a live call that succeeded in a second, unless told otherwise."""
    usual = {
        "id": f"call-{next(_ids)}",
        "model": model,
        "started_at": (BEGUN + after).isoformat(timespec="microseconds"),
        "sandbox": 0,
        "status": "succeeded",
        "seconds": 1.0,
        "cost": cost,
        "cost_source": "priced" if cost else "unknown",
        "currency": "USD",
    }
    return usual | more


def drawn(name: str, *rows: dict[str, Any]) -> Axes:
    """Draw a picture of some rows, and let matplotlib render it: a missing glyph would be an error."""
    ax: Axes = getattr(sky.plot, name)(frame_of_rows(rows))
    ax.get_figure().canvas.draw()
    return ax


def labels(ax: Axes) -> list[str]:
    """List what the legend says."""
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def bars(ax: Axes) -> dict[str, list[tuple[float, float]]]:
    """List for each series where its upright bars stand on, and their heights."""
    return {
        str(series.get_label()): [(bar.get_y(), bar.get_height()) for bar in series.patches] for series in ax.containers
    }


def stripes(ax: Axes) -> dict[str, list[tuple[float, float]]]:
    """List for each series where its lying bars begin, and their lengths."""
    return {
        str(series.get_label()): [(bar.get_x(), bar.get_width()) for bar in series.patches] for series in ax.containers
    }


def points(ax: Axes) -> dict[str, list[tuple[float, float]]]:
    """List the points of each line that has a name."""
    return {
        str(line.get_label()): list(zip(*(data.tolist() for data in line.get_data()), strict=True))
        for line in ax.lines
        if not str(line.get_label()).startswith("_child")
    }


# Spend


def test_bars_of_days_stand_on_each_other() -> None:
    """Each day has a bar a model, the model that cost most at the bottom, and heights are the sums."""
    day = timedelta(days=2)
    ax = drawn(
        "spend",
        row("lumo", cost="0.25"),
        row("lumo", cost="0.50", after=day),
        row("gpt-5", cost="0.125", after=day),
        row("gpt-5", cost="0.125", after=2 * day),
    )
    assert bars(ax) == {"lumo": [(0.0, 0.25), (0.0, 0.5)], "gpt-5": [(0.5, 0.125), (0.0, 0.125)]}
    middles = [patch.get_x() + patch.get_width() / 2 for patch in ax.containers[0].patches]
    noon = (datetime(2026, 11, 2, 12, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    assert middles == [noon, noon + 2]
    assert labels(ax) == ["lumo\n0.75 USD", "gpt-5\n0.25 USD"]
    assert ax.get_ylabel() == "cost in USD per day"


def test_the_title_says_what_is_shown() -> None:
    """The title tells the exact total, the calls and their span."""
    ax = drawn("spend", *(row(cost="0.1", after=timedelta(days=days)) for days in (0, 1, 9)))
    assert ax.get_title().splitlines() == ["Spend per day, by model", "0.30 USD; 3 calls; 2026-11-02 to 2026-11-11 UTC"]


def test_unknown_costs_are_said_and_crossed() -> None:
    """A call of unknown cost is no part of a bar: it is counted in title and legend, and a cross is where it was."""
    ax = drawn("spend", row(cost="0.25"), row(cost=None), row(cost=None, after=timedelta(days=3)))
    assert bars(ax) == {"lumo": [(0.0, 0.25)]}
    assert "0.25 USD; 3 calls, 2 of unknown cost and in no bar;" in ax.get_title().replace("\n", " ")
    assert labels(ax)[-1] == "cost unknown\n2 calls"
    assert ax.lines[-1].get_ydata().tolist() == [0.25, 0.0]


def test_nothing_known_is_not_nothing_spent() -> None:
    """Where no cost is known, the picture says so and claims no total."""
    ax = drawn("spend", row(cost=None), row(cost=None))
    assert [text.get_text() for text in ax.texts] == ["No call of known cost."]
    assert "USD" not in ax.get_title()


def test_free_calls_are_known_to_cost_nothing() -> None:
    """A cost of 0 that is known is a cost."""
    assert "0.00 USD; 1 call; 2026-11-02 09:30 UTC" in drawn("spend", row(cost="0")).get_title()


def test_the_sandbox_would_have_cost() -> None:
    """Of the sandbox's calls the title says that they would have cost, and that nothing was billed."""
    title = drawn("spend", row(sandbox=1)).get_title()
    assert title.startswith("What calls would have cost per second, by model\n0.04 USD; 1 call in the sandbox")
    assert "(nothing was billed)" in title


@pytest.mark.parametrize("name", ALL)
def test_live_and_sandbox_are_never_one_picture(name: str) -> None:
    """Of a frame with both, the live calls are drawn, and the title counts the others."""
    rows = [row("live", prompt_tokens=5), row("local", prompt_tokens=9, sandbox=1), row("local", sandbox=1)]
    ax = drawn(name, *rows)
    assert "2 calls of the sandbox are not in it" in ax.get_title().replace("\n", " ")
    assert "local" not in str(labels(ax) + [tick.get_text() for tick in ax.get_yticklabels()])


def test_currencies_are_never_added_up() -> None:
    """The currency that most calls have is drawn; the calls in others are counted in the title."""
    ax = drawn("spend", row(cost="1"), row(cost="2", currency="EUR"), row(cost="4", currency="EUR"), row(cost=None))
    assert bars(ax) == {"lumo": [(0.0, 6.0)]}
    assert "6.00 EUR; 3 calls, 1 of unknown cost and in no bar;" in ax.get_title()
    assert "1 call in other currencies is not in it" in ax.get_title().replace("\n", " ")
    assert ax.get_ylabel() == "cost in EUR per second"


def test_totals_are_exact() -> None:
    """A thousand times a tenth of a cent and one tiny amount add up to the last place."""
    rows = [*(row(cost="0.001") for _ in range(1000)), row(cost="0.000003")]
    assert "1.000003 USD; 1,001 calls" in drawn("spend", *rows).get_title()


def test_totals_are_exact_in_any_context() -> None:
    """What a notebook has made of `decimal`'s context changes no figure."""
    rows = [row(cost="123.456789"), row(cost="0.000001")]
    with localcontext(Context(prec=3, traps=list(getcontext().traps))):
        assert "123.45679 USD; 2 calls" in drawn("spend", *rows).get_title()


@pytest.mark.parametrize(
    ("length", "unit", "number"),
    [
        (timedelta(seconds=59), "second", 60),
        (timedelta(minutes=9), "10 seconds", 55),
        (timedelta(minutes=59), "minute", 60),
        (timedelta(hours=4), "5 minutes", 49),
        (timedelta(hours=59), "hour", 60),
        (timedelta(days=59), "day", 60),
        (timedelta(weeks=59), "week", 60),
        (timedelta(days=1700), "month", 56),
        (timedelta(days=20000), "year", 56),
    ],
)
def test_there_are_at_most_sixty_bars(length: timedelta, unit: str, number: int) -> None:
    """The longer the time, the longer what a bar stands for; weeks begin on Monday, months are the calendar's."""
    ax = drawn("spend", *(row(after=length * share / 200) for share in range(201)))
    assert len(ax.containers[0].patches) == number
    assert ax.get_ylabel() == f"cost in USD per {unit}"


def test_a_call_without_a_credible_time_is_said() -> None:
    """A row that does not say when it began, or in another century, stands in no bar, and the title says so."""
    frame = frame_of_rows([row(), row(), row(started_at="1970-01-01T00:00:01.000000+00:00")])
    frame.loc[0, "started_at"] = pd.NaT
    assert "2 calls without a credible time are not in it" in sky.plot.spend(frame).get_title().replace("\n", " ")


# Latency


def test_the_line_is_the_share_of_calls() -> None:
    """The line rises by one call's share at each call's seconds, in order."""
    ax = drawn("latency", *(row(seconds=seconds) for seconds in (3.0, 1.0, 2.0, 2.0)))
    assert points(ax)["lumo"] == [(1.0, 0.0), (1.0, 0.25), (2.0, 0.5), (2.0, 0.75), (3.0, 1.0)]
    assert ax.lines[0].get_drawstyle() == "steps-post"


@pytest.mark.parametrize(
    ("number", "told", "marks"),
    [
        (4, "lumo\n4 calls", []),
        (5, "lumo\n5 calls, p50 3 s", [(3.0, 0.5)]),
        (19, "lumo\n19 calls, p50 10 s", [(10.0, 0.5)]),
        (20, "lumo\n20 calls, p50 10 s, p95 19 s", [(10.0, 0.5), (19.0, 0.95)]),
    ],
)
def test_no_percentile_of_too_few(number: int, told: str, marks: list[tuple[float, float]]) -> None:
    """The median is marked from 5 calls on, p95 from 20."""
    ax = drawn("latency", *(row(seconds=float(second)) for second in range(1, number + 1)))
    assert labels(ax) == [told]
    assert list(zip(*(data.tolist() for data in ax.lines[1].get_data()), strict=True)) == marks


def test_failures_are_no_latency() -> None:
    """A call that did not succeed is quick or slow for reasons of its own: the title counts it."""
    ax = drawn("latency", row(seconds=5.0), row(seconds=0.01, status="refused"), row(seconds=None))
    assert points(ax)["lumo"] == [(5.0, 0.0), (5.0, 1.0)]
    title = ax.get_title().replace("\n", " ")
    assert "1 call that did not succeed is not in it; 1 call without a time is not in it" in title


def test_time_to_the_first_content() -> None:
    """`of="ttft"` draws that time, of the calls that have it."""
    ax = sky.plot.latency(frame_of_rows([row(ttft=0.25), row()]), of="ttft")
    assert points(ax)["lumo"] == [(0.25, 0.0), (0.25, 1.0)]
    assert ax.get_title().startswith("Time to the first content, by model\n1 call;")


def test_widely_different_times_are_on_a_logarithmic_scale() -> None:
    """From a ratio of 30 on the scale is logarithmic; below, it begins at 0."""
    near, far = (drawn("latency", row(seconds=1.0), row(seconds=most)) for most in (20.0, 40.0))
    assert (near.get_xscale(), near.get_xlim()[0]) == ("linear", 0.0)
    assert far.get_xscale() == "log"
    assert "10" in [tick.get_text() for tick in far.get_xticklabels()]


# Tokens


def test_no_token_is_counted_twice() -> None:
    """Cached tokens are a part of the prompt's, reasoning is a part of the completion's."""
    ax = drawn(
        "tokens",
        row("gpt-5", prompt_tokens=100, cached_tokens=40, completion_tokens=50, reasoning_tokens=30),
        row("embed", prompt_tokens=7),
    )
    assert stripes(ax) == {
        "prompt": [(0.0, 60.0), (0.0, 7.0)],
        "cached prompt": [(60.0, 40.0)],
        "completion": [(100.0, 20.0)],
        "reasoning": [(120.0, 30.0)],
    }
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["gpt-5", "embed"]
    assert labels(ax) == ["prompt\n67", "cached prompt\n40", "completion\n20", "reasoning\n30"]
    assert "157 tokens; 2 calls;" in ax.get_title()


def test_nonsense_of_tokens_draws_no_negative_bar() -> None:
    """More cached tokens than the prompt has are no more than the prompt."""
    ax = drawn("tokens", row(prompt_tokens=10, cached_tokens=99, completion_tokens=1, reasoning_tokens=5))
    assert stripes(ax) == {"cached prompt": [(0.0, 10.0)], "reasoning": [(10.0, 1.0)]}


def test_calls_without_tokens_are_said() -> None:
    """Calls of pictures have no tokens: the title counts them."""
    ax = drawn("tokens", row("gpt-5", prompt_tokens=3, completion_tokens=4), row(), row())
    assert "2 calls without a count of tokens are not in it" in ax.get_title().replace("\n", " ")


# Compare


def test_a_model_is_a_point() -> None:
    """It stands at the median seconds and the mean of the known costs; from 20 calls on a line leads to p95."""
    rows = [row(seconds=float(second), cost="0.10" if second % 2 else "0.20") for second in range(1, 21)]
    ax = drawn("compare", *rows, row(cost=None, seconds=99.0))
    assert points(ax)["lumo"] == [(10.0, 0.15)]
    assert list(ax.lines[1].get_xdata()) == [10.0, 19.0]
    assert "20 calls;" in ax.get_title()
    assert "1 call of unknown cost is not in it" in ax.get_title().replace("\n", " ")


def test_few_calls_stand_for_themselves() -> None:
    """Of fewer than 5 calls nothing is claimed: each is a hollow point."""
    ax = drawn("compare", row(seconds=2.0, cost="0.5"), row(seconds=3.0, cost="0.25"))
    assert points(ax)["lumo"] == [(2.0, 0.5), (3.0, 0.25)]
    assert ax.lines[0].get_markerfacecolor() == "none"


def test_free_models_are_seen_beside_dear_ones() -> None:
    """A cost of 0 has its place also where the scale is logarithmic."""
    ax = drawn("compare", *(row(name, cost=cost) for name, cost in (("a", "0"), ("b", "0.01"), ("c", "5"))))
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylim()[0] < 0 < 5 < ax.get_ylim()[1]


# What they share


@pytest.mark.parametrize("name", ALL)
def test_an_empty_frame_is_a_picture_that_says_so(name: str) -> None:
    """With no row there are axes with a title and a sentence, and no legend."""
    ax = drawn(name)
    assert "0 calls" in ax.get_title()
    assert [text.get_text()[:3] for text in ax.texts] == ["No "]
    assert ax.get_legend() is None


@pytest.mark.parametrize("name", ALL)
def test_one_call_is_a_picture(name: str) -> None:
    """One row is drawn, named and titled."""
    ax = drawn(name, row("lumo", prompt_tokens=4))
    assert "1 call; 2026-11-02 09:30 UTC" in ax.get_title()
    assert "lumo" in str(labels(ax) + [tick.get_text() for tick in ax.get_yticklabels()])


@pytest.mark.parametrize("name", ["latency", "compare"])
def test_all_failed_is_said(name: str) -> None:
    """Where every call failed, the picture says that none succeeded, and the title how many there were."""
    ax = drawn(name, row(status="failed"), row(status="failed"))
    assert ax.texts[0].get_text().startswith("No call that succeeded has")
    assert "2 calls that did not succeed are not in it" in ax.get_title().replace("\n", " ")


@pytest.mark.parametrize("name", ALL)
def test_many_models_are_eight_and_the_others(name: str) -> None:
    """Of 43 models, 8 are told apart, and the 35 others are one."""
    rows = [
        row(f"model-{number}", prompt_tokens=number + 1, cost=f"0.{number + 10}")
        for number in range(43)
        for _ in range(number + 1)
    ]
    ax = drawn(name, *rows)
    named = [tick.get_text() for tick in ax.get_yticklabels()] if name == "tokens" else labels(ax)
    assert [text.split("\n")[0] for text in named] == [f"model-{n}" for n in range(42, 34, -1)] + ["35 other models"]


def test_nine_models_are_nine() -> None:
    """One model alone is never called "other"."""
    assert len(labels(drawn("latency", *(row(f"m{number}") for number in range(9))))) == 9


def test_series_differ_without_colour() -> None:
    """Eight lines differ in colour and dash together, eight kinds of bars in hatch, and eight points in marker."""
    rows = [row(f"m{number}", seconds=float(second)) for number in range(8) for second in range(1, 7)]
    lines = [line for line in drawn("latency", *rows).lines if len(line.get_xdata()) > 2]
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}) == 8
    assert len({series.patches[0].get_hatch() for series in drawn("spend", *rows).containers}) == 8
    assert len({line.get_marker() for line in drawn("compare", *rows).lines}) == 8


HOSTILE = {
    "$\\alpha$": "$\\alpha$",
    "_x": "_x",
    "a\nb\x1b[31m\u202ec": "a bc",
    "x" * 500: "x" * 18 + "…" + "x" * 17,
    "\u05d0\u05d1": "\u05d0\u05d1",
    "漢": "\\u6f22",
    "": "(no name)",
    "100% <b>&{}^": "100% <b>&{}^",
}


@pytest.mark.parametrize("name", ALL)
def test_hostile_names_are_drawn_as_they_are(name: str) -> None:
    """No name is a formula, vanishes from the legend, breaks its line, floods the picture or lacks a glyph."""
    for given_name, shown in HOSTILE.items():
        rows = [row(given_name, prompt_tokens=5), row(given_name, prompt_tokens=5, cost=None)]
        ax: Axes = getattr(sky.plot, name)(frame_of_rows(rows))
        texts = ax.get_yticklabels() if name == "tokens" else ax.get_legend().get_texts()
        assert texts[0].get_text().split("\n")[0] == shown
        assert not texts[0].get_parse_math()
        ax.get_figure().canvas.draw()
        plt.close("all")


@settings(max_examples=15)
@given(st.lists(st.text(max_size=60), min_size=4, max_size=9))
def test_any_name_can_be_drawn(names: list[str]) -> None:
    """Whatever models are called, the picture is drawn without a warning."""
    drawn("tokens", *(row(name.encode("utf-8", "replace").decode(), prompt_tokens=1) for name in names))
    plt.close("all")


def test_names_are_no_tex() -> None:
    """Nor are names TeX, where the user's style is."""
    with mpl.rc_context({"text.usetex": True}):
        ax = sky.plot.latency(frame_of_rows([row("a_b%$")]))
    assert not ax.get_legend().get_texts()[0].get_usetex()


@pytest.mark.parametrize("name", ALL)
def test_absurd_numbers_are_left_out(name: str) -> None:
    """NaN, endless, negative and absurd figures are as unknown as missing ones, and nothing breaks."""
    frame = frame_of_rows([row(prompt_tokens=1) for _ in range(5)])
    frame["cost"] = [Decimal("NaN"), Decimal("Infinity"), Decimal(-1), Decimal("1e400"), Decimal("0.5")]
    frame["seconds"] = pd.array([math.nan, math.inf, -1.0, 1e300, 2.0], dtype="Float64")
    ax = getattr(sky.plot, name)(frame)
    ax.get_figure().canvas.draw()
    title = ax.get_title().replace("\n", " ")
    assert {
        "spend": "0.50 USD; 5 calls, 4 of unknown cost and in no bar",
        "latency": "4 calls without a time are not in it",
        "tokens": "5 tokens; 5 calls",
        "compare": "4 calls without a time are not in it",
    }[name] in title


def test_frames_from_text_files_are_read() -> None:
    """A frame that pandas read from CSV, without types, gives the same picture."""
    frame = frame_of_rows([row(cost="0.25"), row("gpt-5", cost=None), row(cost="0.5", sandbox=1)])
    bare = pd.DataFrame({name: frame[name].astype(str).replace({"<NA>": "", "None": "", "nan": ""}) for name in frame})
    for name in ALL:
        assert getattr(sky.plot, name)(bare).get_title() == getattr(sky.plot, name)(frame).get_title()


@pytest.mark.parametrize("name", ALL)
def test_a_wrong_frame_is_named(name: str) -> None:
    """What lacks columns is refused with their names, and no empty figure is left behind."""
    with pytest.raises(InputError, match=r"The frame lacks: started_at, .*\. Give what sky\.usage\(\) returns\."):
        getattr(sky.plot, name)(pd.DataFrame({"model": [], "sandbox": []}))
    with pytest.raises(InputError, match="list is no DataFrame"):
        getattr(sky.plot, name)([])
    with pytest.raises(InputError, match="str are no Axes"):
        getattr(sky.plot, name)(frame_of_rows([row()]), ax="here")
    assert plt.get_fignums() == []


def test_an_unknown_time_is_refused() -> None:
    """`of` names one of two times."""
    with pytest.raises(InputError, match='Use "seconds" or "ttft"'):
        sky.plot.latency(frame_of_rows([]), of="minutes")


@pytest.mark.parametrize("name", ALL)
def test_given_axes_are_drawn_on(name: str) -> None:
    """With `ax`, that is drawn on and returned, and no other figure is made."""
    figure, panels = plt.subplots(1, 2)
    assert getattr(sky.plot, name)(frame_of_rows([row(prompt_tokens=1)]), ax=panels[1]) is panels[1]
    figure.canvas.draw()
    assert plt.get_fignums() == [figure.number]
    assert max(map(len, panels[1].get_title().splitlines())) < 50


@pytest.mark.parametrize("name", ALL)
def test_the_frame_stays_as_it_was(name: str) -> None:
    """Drawing changes nothing in the frame."""
    frame = frame_of_rows([row(), row(cost=None, sandbox=1), row(currency="EUR")])
    before = frame.copy(deep=True)
    getattr(sky.plot, name)(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_few_points_of_many_rows() -> None:
    """Of 200,000 rows a few hundred points and bars are drawn, percentiles among them exact."""
    one = frame_of_rows([row("m", prompt_tokens=1, cost="0.001")])
    frame = one.loc[one.index.repeat(200_000)].reset_index(drop=True)
    frame["seconds"] = pd.array(np.random.default_rng(5).permutation(np.arange(1.0, 200_001.0)), dtype="Float64")
    line, marks, *_ = sky.plot.latency(frame).lines
    assert len(line.get_xdata()) == 401
    assert marks.get_xdata().tolist() == [100_000.0, 190_000.0]
    assert "200.00 USD; 200,000 calls" in sky.plot.spend(frame).get_title()
    assert "200,000 tokens" in sky.plot.tokens(frame).get_title()
    assert points(sky.plot.compare(frame))["m"] == [(100_000.0, 0.001)]
    assert not any(isinstance(artist, PathCollection) for artist in sky.plot.compare(frame).get_children())


def test_matplotlib_is_wanted_only_for_pictures() -> None:
    """`sky.plot` is there without matplotlib; drawing then says what to install."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import skytells_nb as sky\n"
        "from skytells_nb.costs.frames import frame_of_rows\n"
        "try:\n    sky.plot.spend(frame_of_rows([]))\n"
        "except sky.errors.SetupError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("Pictures need matplotlib. Run  pip install 'skytells-nb[plots]'\n", "")


# The notebook


def test_the_saved_notebook_can_be_read_on_its_own(repository: Path) -> None:
    """The notebook about costs holds its outputs: four pictures, tables, one refusal, no warning and no path."""
    document = json.loads((repository / "notebooks" / "03-costs.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in document["cells"] for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4
    assert sum("<table" in "".join(output.get("data", {}).get("text/html", "")) for output in outputs) >= 8
    assert [output["ename"] for output in outputs if output["output_type"] == "error"] == ["OverBudgetError"]
    assert [output["name"] for output in outputs if output["output_type"] == "stream"] == ["stdout"] * 3
    assert not re.search(r"(/home|/root|/tmp|C:)/", json.dumps(document))
