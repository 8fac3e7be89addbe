"""What the magics of the record, of meters and of budgets take."""

from __future__ import annotations

from typing import get_args

from ...costs.budgets.rules import Policy
from ...costs.summing.grouping import GROUPINGS
from .command import Option, Spec

OUT = Option("out", "o", str, "put the result into this variable too", "NAME")
PICTURES = ("spend", "latency", "tokens", "compare")
"""What `%skytells_usage --plot` draws."""

USAGE = Spec(
    "skytells_usage",
    "Load the record of calls as a DataFrame: tokens, seconds, cost.",
    options=(
        Option(
            "by",
            "",
            str,
            "sum up by model, api, day, tag, status, cell, notebook, or several",
            "model,day",
            choices=GROUPINGS,
            several=True,
        ),
        Option("last", "", str, "only the last 30m, 12h, 7d or 2w", "7d"),
        Option("since", "", str, "only from this day or moment on (UTC)", "2026-03-01"),
        Option("until", "", str, "only before this day or moment (UTC)", "2026-04-01"),
        Option("model", "", str, "only this model", "MODEL", of="any model"),
        Option("tag", "", str, "only the calls with this tag", "WORD", of="tag"),
        Option("here", "", None, "only what this notebook called"),
        Option("all", "", None, "live and sandbox calls together"),
        Option(
            "plot",
            "",
            str,
            "draw spend, latency, tokens or compare, instead of showing the frame",
            "spend",
            choices=PICTURES,
        ),
        Option(
            "export",
            "",
            str,
            "write the calls to a .csv, .json, .jsonl or .parquet file instead",
            "costs.csv",
            of="file",
        ),
        OUT,
    ),
    examples=(
        "%skytells_usage",
        "%skytells_usage --by model,day --last 7d -o costs",
        "%skytells_usage --by cell --here",
        "%skytells_usage --plot spend --last 30d",
    ),
)
METER = Spec(
    "skytells_meter",
    sign="%%",
    summary="Run a cell and show what its calls took and cost; %skytells_meter alone shows the last meter again.",
    body="the code",
    code=True,
    options=(
        Option("out", "o", str, "put the meter into this variable, before the cell runs", "NAME"),
        Option("quiet", "q", None, "do not show the meter"),
    ),
    examples=(
        '%%skytells_meter\n    replies = [client.chat(word) for word in ("one", "two")]',
        "%%skytells_meter -o m -q\n    %skytells_predict truefusion prompt=fox",
    ),
)
BUDGET = Spec(
    "skytells_budget",
    "Limit what may be spent, in USD: a call over it is refused before it is sent. Alone: show how it stands.",
    words=("[AMOUNT|off]",),
    verbs=("off",),
    options=(
        Option("per-call", "", str, "the most that one call may cost", "0.25"),
        Option(
            "unknown",
            "",
            str,
            "what becomes of calls without a known bound: allow, ask or refuse",
            "ask",
            choices=get_args(Policy),
        ),
        Option("tag", "", str, "count only calls with this tag; holds beside the others", "WORD", of="tag"),
        Option("name", "", str, "keep it with the record, for all kernels, also after a restart", "NAME"),
        Option("fresh", "", None, "begin a named one at zero"),
        OUT,
    ),
    examples=(
        "%skytells_budget 2.00 --per-call 0.25",
        "%skytells_budget 20 --name lesson --unknown ask",
        "%skytells_budget --name lesson",
        "%skytells_budget off",
    ),
)
