"""A price object of the catalogue -> the rates that hold for certain inputs. Pure, and tolerant of any object.

`criterias` are cases: the first whose field has its value gives the rate. The service publishes no algorithm; an
operator that is not known may change any price, so from it on nothing is known. A `formula` prices the run by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...errors import plain
from ..reading import items, record, text
from .amounts import figure
from .inputs import Inputs

_SAME = ("equals", "==")
_MOST_CASES = 1_000
_MOST_CANDIDATES = 20
_CURRENCY = re.compile(r"[A-Za-z]{3,8}")


class UnpricedError(Exception):
    """Why a price object says nothing that can be relied on."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount for a unit."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of which one holds; `why` says why it is not known which."""

    candidates: tuple[Rate, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """Part of a formula: megapixels that go in or come out, by a rate; the service names their number `key`."""

    of_input: bool
    key: str
    rate: Decimal


def currency_of(pricing: Mapping[str, Any]) -> str:
    """Read the currency; USD where none is named. Raises `UnpricedError` for what is no currency."""
    given = pricing.get("currency")
    if given in (None, ""):
        return "USD"
    if not isinstance(given, str) or not _CURRENCY.fullmatch(given):
        raise UnpricedError(f"the currency {plain(given, 20)!r} is not known")
    return given.upper()


def rates_for(pricing: Mapping[str, Any], inputs: Inputs) -> Rates:
    """Give the rate that holds for these inputs, or several; raises `UnpricedError` where that cannot be known."""
    found: list[Rate] = []
    open_fields: list[str] = []
    for case in _cases(pricing):
        operator = case.get("operator")
        if operator not in _SAME:
            raise UnpricedError(f"its price list uses the operator {plain(operator, 40)!r}")
        name, value = text(case.get("field")) or "", case.get("value")
        if not isinstance(value, str | int | float | None):
            raise UnpricedError(f"its price list compares {plain(name, 40)!r} with what is no single value")
        undecided = value is not None and not inputs.decides(name)
        if not undecided and not _same(inputs.get(name), value):
            continue
        rate = _rate(case.get("billable_price"), case.get("unit") or pricing.get("unit"), "the price of this case")
        found.append(rate)
        if not undecided:
            return _one_of(found, open_fields)
        open_fields.append(name)
    found.append(_rate(pricing.get("amount"), pricing.get("unit"), ""))
    return _one_of(found, open_fields)


def _one_of(found: list[Rate], open_fields: list[str]) -> Rates:
    candidates = tuple(dict.fromkeys(found))
    names = ", ".join(plain(name, 40) for name in dict.fromkeys(open_fields))
    if len(candidates) > _MOST_CANDIDATES:
        raise UnpricedError(f"its price depends on {plain(names, 120)}, which the inputs do not say")
    return Rates(candidates, f"its price depends on {names}, which is not given" if len(candidates) > 1 else "")


def _cases(pricing: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    cases = pricing.get("criterias")
    if cases is None:
        return iter(())
    if not isinstance(cases, list):
        raise UnpricedError("its price list is not written as a list of cases")
    if len(cases) > _MOST_CASES:
        raise UnpricedError(f"its price list has {len(cases):,} cases")
    return map(record, cases)


def _same(given: object, value: object) -> bool:
    """Compare as JSON does: true is not 1, and what is no single value is never the same."""
    if not isinstance(given, str | int | float | None):
        return False
    return given == value and isinstance(given, bool) == isinstance(value, bool)


def _rate(amount: object, unit: object, what: str) -> Rate:
    read = figure(amount)
    if read is None:
        raise UnpricedError(f"{what} is not a number" if what else "the catalogue gives no price")
    named = text(unit)
    if named is None:
        raise UnpricedError("the catalogue names no unit of its price")
    return Rate(read, named)


_FORMULA_WORDS = frozenset({"description", "type", "variables", "terms", "result_key"})
_TERM_WORDS = frozenset({"description", "megapixel_type", "megapixels_key", "rate_key"})
_MOST_TERMS = 20
_ODD_FORMULA = "it is priced by a formula that this version cannot read"


def terms_of(formula: object) -> tuple[Term, ...]:
    """Read a formula's terms, whose sum is the price; raises `UnpricedError` for one that holds anything else."""
    read = record(formula)
    terms = [record(term) for term in items(read.get("terms"))]
    if not terms or len(terms) > _MOST_TERMS or read.keys() - _FORMULA_WORDS:
        raise UnpricedError(_ODD_FORMULA)
    return tuple(_term(term, record(read.get("variables"))) for term in terms)


def _term(term: Mapping[str, Any], variables: Mapping[str, Any]) -> Term:
    which, key, rate_key = (text(term.get(name)) for name in ("megapixel_type", "megapixels_key", "rate_key"))
    rate = figure(variables.get(rate_key)) if rate_key else None
    if which not in ("input", "output") or rate is None or term.keys() - _TERM_WORDS:
        raise UnpricedError(_ODD_FORMULA)
    return Term(which == "input", key or f"{which}_megapixels", rate)
