"""What a meter looks like: what its block took and cost in a line, and a row for each model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from ..costs.meter import Meter
from ..costs.rows import Row
from ..costs.totals import Totals, seconds
from . import page
from .render import bundle, made

_MOST_MODELS = 12

_COLUMNS: dict[str, Callable[[Totals], str]] = {
    "calls": lambda of: f"{of.calls:,}",
    "failed": lambda of: f"{of.errors:,}" if of.errors else "",
    "running": lambda of: f"{of.running:,}" if of.running else "",
    "tokens in": lambda of: f"{of.tokens.prompt:,}" if of.tokens.prompt else "",
    "tokens out": lambda of: f"{of.tokens.completion:,}" if of.tokens.completion else "",
    "outputs": lambda of: f"{of.outputs:,}" if of.outputs else "",
    "seconds": lambda of: f"{of.waiting:.1f}" if of.waiting >= 1 else f"{of.waiting:.3f}",
    "cost": lambda of: ", ".join(filter(None, (str(of.costs), f"{of.unknown} unknown" if of.unknown else ""))),
}
"""A row's figures; a column that is empty in all rows is not drawn."""


@bundle.register
def _meter(shown: Meter) -> dict[str, Any]:
    rows = shown.rows
    head = f"metered for {seconds(shown.seconds)}{', and still open' if shown.is_open else ''}"
    lines, parts = [head], [page.caption(head)]
    for sandbox in (False, True):
        mine = [row for row in rows if bool(row["sandbox"]) is sandbox]
        if mine or not (sandbox or rows):
            line = Totals.of(mine).in_words(sandbox=sandbox)
            lines.append(line)
            parts += [f"<div>{page.text(line)}</div>", _table(mine) if mine else ""]
    return made(f"{lines[0]}: {'; '.join(lines[1:])}", page.box(*parts))


def _table(rows: Iterable[Row]) -> str:
    by_model = [(model, [*mine]) for model, mine in groupby(sorted(rows, key=_model), key=_model)]
    by_model.sort(key=lambda one: -len(one[1]))
    if len(by_model) > _MOST_MODELS:
        others = by_model[_MOST_MODELS - 1 :]
        rest = [row for _, mine in others for row in mine]
        by_model = [*by_model[: _MOST_MODELS - 1], (f"{len(others)} others", rest)]
    drawn = [
        (model, [write(of) for write in _COLUMNS.values()]) for model, of in ((m, Totals.of(r)) for m, r in by_model)
    ]
    used = [n for n in range(len(_COLUMNS)) if any(figures[n] for _, figures in drawn)]
    names = [*_COLUMNS]
    cells = [
        (f"<code>{page.code(page.cut(model, 60))}</code>", *(page.text(figures[n]) for n in used))
        for model, figures in drawn
    ]
    return page.table(("model", *(names[n] for n in used)), cells)


def _model(row: Row) -> str:
    return str(row["model"])
