"""Processes that spend under one name at once never pass its limit, and lose no cent, also where one is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

import skytells_nb as sky
from skytells_nb import settings
from skytells_nb.costs.budgets import kept, standing
from skytells_nb.costs.ledger import default_ledger

WORKER = Path(__file__).with_name("budget_worker.py")


@pytest.fixture(autouse=True)
def _kept(place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep budgets in a store of this test's own."""
    monkeypatch.setenv(settings.LEDGER_VARIABLE, place)
    yield
    standing.session.clear()
    kept._budgets.clear()
    default_ledger().close()


def ready(number: int, *arguments: str) -> list[subprocess.Popen[str]]:
    """Start processes that are to spend; they wait until they are let go."""
    command = [sys.executable, str(WORKER), *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started: list[subprocess.Popen[str]] = [subprocess.Popen(command, **pipes) for _ in range(number)]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    return started


def spending(*waiting: subprocess.Popen[str]) -> Sequence[subprocess.Popen[str]]:
    """Let processes that are ready begin at once."""
    for each in waiting:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return waiting


def told(process: subprocess.Popen[str]) -> list[Decimal]:
    """Wait for the next call that a process tells of, and give what it cost; nothing where it ended before."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return [Decimal(line)] if line else []


def ended(process: subprocess.Popen[str], code: int = 0) -> list[Decimal]:
    """Wait for the end of a process; gives what the calls cost that it told of and nobody has read yet."""
    with process:
        assert process.stdout is not None
        costs = [Decimal(line) for line in process.stdout]
    assert process.returncode == code
    return costs


def test_eight_processes_spend_exactly_what_is_allowed() -> None:
    """Each tries 40 calls of 0.02 under a limit of 2.00: 100 go, whoever makes them, and not a cent is lost."""
    held = sky.budget("2.00", name="lesson")
    costs = [ended(each) for each in spending(*ready(8, "0.02", "0.02", "40"))]
    assert sum(map(len, costs)) == 100
    assert (held.spent, held.reserved, held.left, held.reservations) == (Decimal("2.00"), 0, 0, ())


def test_what_is_cheaper_than_quoted_leaves_room() -> None:
    """Calls quoted at 0.03 that cost 0.01: what is told to have been spent is what the budget says, to the cent."""
    held = sky.budget("1.00", name="lesson")
    costs = [ended(each) for each in spending(*ready(8, "0.03", "0.01", "40"))]
    spent = sum(map(sum, costs), Decimal(0))
    assert (held.spent, held.reserved) == (spent, 0)
    assert Decimal("0.70") < spent <= Decimal("1.00")


def test_a_process_that_is_killed_spends_no_more_than_it_reserved() -> None:
    """One dies by SIGKILL while all spend: its last call stays held at most, the others use up the rest, exactly."""
    held = sky.budget("4.00", name="lesson")
    [doomed], others = ready(1, "0.02", "0.02", "1000000"), ready(7, "0.02", "0.02", "30")
    spending(doomed)
    by_doomed = told(doomed)
    spending(*others)
    by_others = told(others[0])
    doomed.kill()
    by_doomed += ended(doomed, -9)
    by_others += [cost for each in others for cost in ended(each)]
    assert held.spent + held.reserved == Decimal("4.00")
    assert held.reserved in (0, Decimal("0.02"))
    unsaid = held.spent - sum(by_others) - sum(by_doomed)  # it may die between counting a call and telling us
    assert unsaid in (0, Decimal("0.02"))
    held.release(*(each.call for each in held.reservations))
    assert (held.reserved, held.left) == (0, Decimal("4.00") - held.spent)


def test_reservations_of_processes_that_ended_hold() -> None:
    """One that ends without saying what its calls cost leaves them held: they may have been billed."""
    held = sky.budget("0.10", name="lesson")
    [first] = spending(*ready(1, "0.02", "0.02", "3", "hold"))
    assert (len(ended(first)), len(held.reservations), held.reserved) == (3, 3, Decimal("0.06"))
    [second] = spending(*ready(1, "0.02", "0.02", "9"))
    assert (len(ended(second)), held.spent, held.left) == (2, Decimal("0.04"), 0)
