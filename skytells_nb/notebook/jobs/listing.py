"""What %skytells_jobs shows: jobs of the record as a table, and what was collected of them.

`collecting` reads them and asks the service.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ...api.pricing import dollars
from ...api.reading import record
from ...api.shown import Shown
from ...api.values import Prediction, Status
from ...costs.jobs import Job
from .. import page
from ..render import Bundle, bundle, made
from .earlier import ago

MOST = 50
"""Jobs that have a line."""

_SHORT = 24
"""Letters of a cell that are kept on one line."""

_NO_NAME = "(never named)"
_HEAD = ("prediction", "model", "status", "begun", "cell", "cost", "prompt")
_NOTHING = "Every job's end has been seen: nothing is left to collect."
_HINT = "%skytells_jobs collect shows what is ready; resume ID waits for one, cancel ID stops one."


@dataclass(frozen=True, slots=True)
class Line:
    """One job: as the record has it, as the service described it if it was asked, and what went wrong with asking."""

    job: Job
    seen: Prediction | None = None
    trouble: str = ""

    @property
    def id(self) -> str:
        """The service's name for it, "" where it never got one."""
        return self.job.id

    @property
    def status(self) -> str:
        """The service's word where it was asked, else the record's."""
        return self.trouble or str(self.seen.status if self.seen is not None else self.job.call.status)

    @property
    def cost(self) -> str:
        """What it cost, else the most that it may cost; "" where neither is known."""
        call = self.job.call
        if call.charge.amount is not None:
            return dollars(call.charge.amount, page.cut(call.charge.currency, 8))
        return "" if call.quoted is None else f"up to {dollars(call.quoted, page.cut(call.quoted_currency, 8))}"

    @property
    def prompt(self) -> str:
        """Its prompt, where the record keeps what was said."""
        try:
            said = record(json.loads(self.job.call.prompt or "{}")).get("prompt")
        except ValueError:
            return ""
        return said if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True, repr=False)
class Jobs(Shown):
    """Jobs, newest first; a sequence of lines. `unseen` says that only those are in it whose end nobody has seen."""

    lines: tuple[Line, ...] = ()
    unseen: bool = True
    now: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> Line:
        return self.lines[index]

    @property
    def ids(self) -> tuple[str, ...]:
        """The services' names for those that have one."""
        return tuple(line.id for line in self.lines if line.id)

    def __repr__(self) -> str:
        return f"<Jobs: {len(self.lines)}>"


@bundle.register
def _jobs(shelf: Jobs) -> Bundle:
    if not shelf.lines:
        said = _NOTHING if shelf.unseen else "no jobs"
        return made(said, page.box(said))
    rows = [_cells(line, shelf.now) for line in shelf.lines[:MOST]]
    used = [column for column in range(len(_HEAD)) if any(row[column] for row in rows)]
    head, rows = tuple(_HEAD[column] for column in used), [tuple(row[column] for column in used) for row in rows]
    more = f"and {len(shelf) - MOST} older" if len(shelf) > MOST else ""
    notes = [note for note in (more, _HINT if shelf.unseen else "") if note]
    html = page.table(head, [(_unbroken(f"<code>{page.code(name)}</code>"), *_words(rest)) for name, *rest in rows])
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    padded = (map(str.ljust, row, widths) for row in (head, *rows))
    lines = ["  ".join(words).rstrip() for words in padded]
    return made("\n".join([*lines, *notes]), page.box(html, *map(page.caption, notes)))


def _words(cells: Iterable[str]) -> Iterator[str]:
    """Write cells, short ones on one line."""
    return (_unbroken(page.text(cell)) if len(cell) <= _SHORT else page.text(cell) for cell in cells)


def _unbroken(html: str) -> str:
    return f'<span style="white-space:nowrap">{html}</span>'


def _standing(line: Line) -> str:
    """Say where a job stands, and how far it is, or why it failed, where the service said so."""
    seen, said = line.seen, page.cut(line.status, 200)
    if seen is None or line.trouble:
        return said
    if seen.status is Status.FAILED and seen.error:
        return f"{said}: {page.cut(seen.error, 200)}"
    return said if seen.status.final or not seen.progress else f"{said}, {seen.progress:.0f} %"


def _cells(line: Line, now: datetime) -> tuple[str, ...]:
    job = line.job
    place = " ".join(filter(None, (job.notebook or "", f"[{job.execution_count}]" if job.execution_count else "")))
    return (
        page.cut(line.id or _NO_NAME, 80),
        page.cut(job.call.model, 80),
        _standing(line),
        ago(job.seconds_ago(now)),
        page.cut(place, 80),
        line.cost,
        page.cut(line.prompt, 80),
    )


@dataclass(frozen=True, slots=True, repr=False)
class Collected(Shown):
    """Predictions that were collected, waited for or canceled, as a sequence; `others` says how the rest stands."""

    predictions: tuple[Prediction, ...] = ()
    others: tuple[Line, ...] = ()

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.predictions)

    def __len__(self) -> int:
        return len(self.predictions)

    def __getitem__(self, index: int) -> Prediction:
        return self.predictions[index]

    def __repr__(self) -> str:
        return f"<Collected: {len(self.predictions)}; {len(self.others)} not>"


@bundle.register
def _collected(found: Collected) -> Bundle:
    drawn = [bundle(each) for each in found.predictions]
    said = [f"{page.cut(line.id, 80)}: {_standing(line)}" for line in found.others]
    said = said if drawn or said else [_NOTHING]
    html = page.box(*(each["text/html"] for each in drawn), *map(page.caption, said))
    return made("\n".join([*(each["text/plain"] for each in drawn), *said]), html)
