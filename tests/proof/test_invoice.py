"""The record of 100,000 calls equals an invoice that was worked out beside them, to the last digit."""

from __future__ import annotations

import decimal
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skytells_nb.api import jobs, requests, steps, wire
from skytells_nb.api.calls import Calls
from skytells_nb.api.record import Call
from skytells_nb.api.trace import Trace, new_call
from skytells_nb.costs.frames import summary, usage
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import SkytellsError
from tests.postgres import Postgres

from . import goods, texts, variants
from .invoice import Answer, Line, lines

ADDRESS = "https://invoices.example/v1"
MANY, FEW = 100_000, 5_000


class Till:
    """Performs the flows of lines, with the answers that they bring, and records their calls at their moments."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.ids: list[str] = []
        self._recorder = Recorder(ledger)
        self._calls = Calls(api_key="sk-" + "a" * 32, base_url=ADDRESS, observers=())
        sandbox = json.loads(files("skytells_nb.local.models").joinpath("data", "catalogue.json").read_text("utf-8"))
        catalogue = [*(each["model"] for each in sandbox), *variants.MEDIA, *variants.TEXT]
        listed = self._perform(self._calls.models(), [Answer(json.dumps(catalogue).encode())], lambda call: call)
        self._models = {model.slug: model for model in listed}

    def ring_up(self, line: Line, *, whole: bool) -> None:
        """Put a line through; `whole` has a prediction's inputs checked against their schema too, as its verb does."""
        begun: list[Call] = []

        def moved(call: Call) -> Call:
            begun.append(call)
            return replace(call, started_at=line.moment)

        answers = list(line.answers)
        headers = {"x-skytells-sandbox": "1"} if line.sandbox else {}
        for flow in self._flows(line, whole=whole):
            with suppress(SkytellsError):
                self._perform(flow, answers, moved, headers)
        assert not answers, line
        self.ids.append(begun[0].id)

    def _flows(self, line: Line, *, whole: bool) -> Iterator[Any]:
        if line.verb.endswith("_stream"):
            yield getattr(self._calls, line.verb)(line.subject, model=line.model, tag=line.tag).flow
        elif line.verb in ("chat", "respond", "embed"):
            yield getattr(self._calls, line.verb)(line.subject, model=line.model, tag=line.tag)
        elif whole:
            verb = self._calls.predict if line.verb == "predict" else self._calls.submit
            yield verb(line.model, line.subject, tag=line.tag)
        else:
            request = requests.create_prediction(line.model, line.subject, webhook=None, block=False)
            trace = Trace(new_call("prediction", request, line.model, sandbox=False, tag=line.tag), address=ADDRESS)
            trace.values = line.subject
            work = _waited if line.verb == "predict" else jobs.submit
            yield work(request, trace, self._models[line.model])
        if line.verb == "collect":
            yield self._calls.wait(json.loads(line.answers[0].body)["id"])

    def _perform(
        self, flow: Any, answers: list[Answer], moved: Callable[[Call], Call], headers: dict[str, str] | None = None
    ) -> Any:
        result: Any = None
        error: SkytellsError | None = None
        pieces: Iterator[bytes] = iter(())
        while True:
            try:
                step = flow.send(result) if error is None else flow.throw(error)
                result, error = None, None
                match step:
                    case steps.Send():
                        answer = answers.pop(0)
                        pieces = iter(answer.pieces)
                        result = wire.Answer(answer.status, headers or {}, answer.body)
                    case steps.Receive():
                        result = next(pieces, b"")
                    case steps.Begin():
                        self._recorder.before(moved(step.call))
                    case steps.End():
                        self._recorder.after(step.call)
            except StopIteration as stop:
                return stop.value


def _waited(request: wire.Request, trace: Trace, model: Any) -> Any:
    job = yield from jobs.create(request, trace)
    return (yield from jobs.wait(job, trace, model, timeout=600, created=True))


@dataclass(slots=True)
class Total:
    """What an invoice says of some calls together."""

    calls: int = 0
    errors: int = 0
    unpriced: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    outputs: int = 0
    cost: dict[str, Fraction] = field(default_factory=lambda: {"billed": Fraction(), "priced": Fraction()})

    def add(self, line: Line) -> None:
        """Count a line."""
        self.calls += 1
        self.errors += line.status in ("failed", "refused")
        self.unpriced += line.owed.amount is None
        self.prompt_tokens += line.prompt_tokens or 0
        self.completion_tokens += line.completion_tokens or 0
        self.outputs += line.outputs or 0
        if line.owed.amount is not None:
            self.cost[line.owed.known] += line.owed.amount


KEYS: dict[str, Callable[[Line], str]] = {
    "model": lambda line: line.model,
    "day": lambda line: line.day,
    "tag": lambda line: line.tag or "",
}


def invoice(found: Sequence[Line], by: Sequence[str]) -> dict[tuple[str, ...], Total]:
    """Add an invoice up by some keys and the currency, which comes last."""
    totals: dict[tuple[str, ...], Total] = defaultdict(Total)
    for line in found:
        totals[(*(KEYS[key](line) for key in by), line.owed.currency)].add(line)
    return dict(totals)


def recorded(frame: Any, by: Sequence[str]) -> dict[tuple[str, ...], Total]:
    """Read a summary as totals."""
    totals: dict[tuple[str, ...], Total] = {}
    for row in frame.reset_index().to_dict("records"):
        known = {name: 0 if pd.isna(value) else value for name, value in row.items()}
        cost = {name: Fraction(known[name]) for name in ("billed", "priced")}
        assert Fraction(known["cost"]) == sum(cost.values())
        totals[tuple(row[name] for name in (*by, "currency"))] = Total(
            cost=cost, **{name: int(known[name]) for name in _COUNTS}
        )
    return totals


_COUNTS = ("calls", "errors", "unpriced", "prompt_tokens", "completion_tokens", "outputs")


@dataclass(frozen=True, slots=True)
class Books:
    """Lines, and the record of them."""

    lines: list[Line]
    ids: list[str]
    ledger: Ledger
    checked: frozenset[str]


def kept(where: Any, number: int, seed: int) -> Books:
    """Put so many lines through; every fiftieth prediction is checked as its verb does it."""
    till = Till(Ledger(where))
    drawn = list(lines(number, seed=seed))
    for position, line in enumerate(drawn):
        till.ring_up(line, whole=position % 50 == 0)
    assert till.ledger.unwritten == {}
    predictions = ("submit", "predict", "collect")
    checked = (
        name for name, line in [*zip(till.ids, drawn, strict=True)][::50] if line.verb in predictions and not line.short
    )
    return Books(drawn, till.ids, till.ledger, frozenset(checked))


def differences(books: Books) -> tuple[int, list[Any]]:
    """Compare the frame row by row with the lines; give how many rows it has, and the first few that differ."""
    rows = dict(_found(usage(live="all", ledger=books.ledger)))
    wrong = (
        (line.verb, line.subject, line.answers[-1].body[:600], expected, rows.get(name))
        for name, line in zip(books.ids, books.lines, strict=True)
        if rows.get(name) != (expected := _expected(line))
    )
    return len(rows), [*islice(wrong, 3)]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Put 100,000 lines through, into a SQLite file."""
    made = kept(tmp_path_factory.mktemp("books") / "ledger.sqlite3", MANY, 20260327)
    yield made
    made.ledger.close()


@pytest.fixture(scope="module")
def shared_books(postgres: Postgres) -> Iterator[Books]:
    """Put 5,000 lines through, into a PostgreSQL."""
    made = kept(postgres.place(), FEW, 5_000)
    yield made
    made.ledger.close()


def _expected(line: Line) -> tuple[Any, ...]:
    counts = (line.prompt_tokens, line.completion_tokens, line.cached_tokens, line.reasoning_tokens)
    owed = line.owed
    money = (owed.amount, owed.known, owed.currency)
    return (*money, line.status, line.model, line.day, line.tag, line.sandbox, *counts)


def _found(frame: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    days = frame["started_at"].dt.strftime("%Y-%m-%d")
    names = ["cost_source", "currency", "status", "model", "tag", "sandbox"]
    names += ["prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens"]
    plain = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in names]
    costs = [None if cost is None else Fraction(cost) for cost in frame["cost"]]
    for name, cost, day, source, currency, status, model, *rest in zip(frame["id"], costs, days, *plain, strict=True):
        yield name, (cost, source, currency, status, model, day, *rest)


def test_every_row_of_the_frame_is_its_line_of_the_invoice(books: Books) -> None:
    """Cost, how it is known, currency, status, day, tag, tokens: each of 100,000 rows, none missing, none twice."""
    assert differences(books) == (MANY, [])


_EVERY = ["model", "day", "tag"]
_BY = pytest.mark.parametrize("by", [["model"], ["day"], ["tag"], _EVERY], ids="+".join)


@_BY
def test_the_summary_is_the_invoice(books: Books, by: list[str]) -> None:
    """Calls, tokens and money by model, day and tag are the invoice's, what is billed and what is priced apart."""
    assert recorded(summary(by=by, live="all", ledger=books.ledger), by) == invoice(books.lines, by)


@pytest.mark.parametrize("live", [True, False])
def test_the_sandbox_is_summed_up_apart(books: Books, live: bool) -> None:
    """What the service answered and what the sandbox did are the invoice's, each for itself."""
    chosen = [line for line in books.lines if line.sandbox != live]
    assert recorded(summary(by=_EVERY, live=live, ledger=books.ledger), _EVERY) == invoice(chosen, _EVERY)


def test_every_row_in_a_postgresql_is_its_line_of_the_invoice(shared_books: Books) -> None:
    """The same of 5,000 calls, recorded in a PostgreSQL."""
    assert differences(shared_books) == (FEW, [])


@_BY
def test_the_summary_of_a_postgresql_is_the_invoice(shared_books: Books, by: list[str]) -> None:
    """The same of 5,000 calls, recorded in a PostgreSQL."""
    assert recorded(summary(by=by, live="all", ledger=shared_books.ledger), by) == invoice(shared_books.lines, by)


def test_a_price_that_was_told_before_holds_what_is_owed(books: Books) -> None:
    """Of each prediction that gave what it was asked for: least <= owed <= most; most of them are told exactly."""
    frame = usage(live="all", ledger=books.ledger)
    owed = dict(zip(books.ids, (line.owed for line in books.lines), strict=True))
    told = [
        (owed[row.id], row.quoted_low, row.quoted, row.quoted_currency)
        for row in frame[frame["id"].isin(books.checked) & frame["quoted"].notna()].itertuples()
        if owed[row.id].known == "priced"
    ]
    assert [each for each in told if not each[1] <= each[0].amount <= each[2] or each[3] != each[0].currency] == []
    assert sum(low == high for _, low, high, _ in told) > len(told) * 0.8 > 100


def test_the_invoice_is_worth_its_proof(books: Books) -> None:
    """It holds every model, every way to know a cost, both currencies, and days enough to be mixed up."""
    assert len({line.model for line in books.lines}) == len(goods.DRAWS) + len(texts.TEXT) + len(texts.EMBEDDING)
    assert {(line.owed.known, line.owed.currency) for line in books.lines} == {
        ("billed", "USD"),
        ("priced", "USD"),
        ("priced", "EUR"),
        ("unknown", "USD"),
    }
    assert len({line.day for line in books.lines}) >= 5


@pytest.mark.parametrize("precision", [1, 3, 28])
def test_a_notebook_with_a_decimal_context_of_its_own_owes_the_same(tmp_path: Path, precision: int) -> None:
    """Few digits, and traps for every signal there is, change no figure and raise nothing."""
    theirs = decimal.Context(prec=precision, rounding=decimal.ROUND_UP, traps=_SIGNALS)
    with decimal.localcontext(theirs):
        books = kept(tmp_path / "ledger.sqlite3", 1_000, precision)
        assert differences(books) == (1_000, [])
        assert recorded(summary(by=_EVERY, live="all", ledger=books.ledger), _EVERY) == invoice(books.lines, _EVERY)
    books.ledger.close()


_SIGNALS = [*decimal.Context().flags]
