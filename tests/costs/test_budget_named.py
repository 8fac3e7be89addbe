"""Budgets with a name: kept where the record is, counted by all kernels, there again after a restart."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skytells_nb as sky
from skytells_nb import settings
from skytells_nb.api.record import Call
from skytells_nb.costs import budget as budgets
from skytells_nb.costs import sqlite_store
from skytells_nb.costs.budget import Budget
from skytells_nb.costs.budgets import kept, standing
from skytells_nb.costs.ledger import Ledger, default_ledger
from skytells_nb.errors import InputError, OverBudgetError, SetupError, UnknownNameError
from skytells_nb.local import Sandbox
from tests.postgres import PASSWORD, Postgres

MakeCall = Callable[..., Call]


@pytest.fixture(autouse=True)
def _kept(place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep budgets in a store of this test's own, and begin without any."""
    monkeypatch.setenv(settings.LEDGER_VARIABLE, place)
    standing.session.clear()
    kept._budgets.clear()
    yield
    assert standing.blocks == []
    standing.session.clear()
    kept._budgets.clear()
    default_ledger().close()
    settings.use(None)


def restart() -> None:
    """Forget what this process knows, as a kernel that is started again does."""
    standing.session.clear()
    kept._budgets.clear()
    default_ledger().close()


def spend(make: MakeCall, name: str, amount: str, **more: Any) -> None:
    """Make a call that costs what was quoted."""
    budgets.before(make(name, quoted=Decimal(amount), **more))
    budgets.after(make(name, cost=amount, status="succeeded", **more))


def test_it_is_there_again_after_a_restart(a_call: MakeCall) -> None:
    """With its limit, its rules and what was spent, to the last digit."""
    sky.budget("2.00", name="lesson", per_call="0.50", unknown="ask")
    spend(a_call, "a", "0.123456789012345678")
    restart()
    held = sky.budget(name="lesson")
    assert (held.limit, held.per_call, held.unknown) == (Decimal("2.00"), Decimal("0.50"), "ask")
    assert (held.spent, held.reserved) == (Decimal("0.123456789012345678"), 0)
    assert str(held.limit) == "2.00"


def test_a_new_limit_keeps_what_was_spent(a_call: MakeCall) -> None:
    """Rules that are not given stay as they are."""
    sky.budget("0.10", name="lesson", per_call="0.05")
    spend(a_call, "a", "0.05")
    held = sky.budget("5.00", name="lesson")
    assert (held.limit, held.per_call, held.spent) == (Decimal("5.00"), Decimal("0.05"), Decimal("0.05"))
    sky.budget(name="lesson", per_call="1")
    assert (held.limit, held.per_call) == (Decimal("5.00"), 1)


def test_a_fresh_one_begins_at_zero(a_call: MakeCall) -> None:
    """What ended and what is held is forgotten; a call of before counts in it no more."""
    sky.budget("1", name="lesson")
    spend(a_call, "a", "0.05")
    budgets.before(a_call("b", quoted=Decimal("0.07")))
    held = sky.budget(name="lesson", fresh=True)
    budgets.after(a_call("b", cost="0.07", status="succeeded"))
    assert (held.limit, held.spent, held.reserved, held.reservations) == (1, 0, 0, ())


def test_a_name_that_was_given_no_limit_is_unknown() -> None:
    """The nearest known one is named."""
    sky.budget("1", name="lesson")
    with pytest.raises(UnknownNameError, match=r"There is no budget 'leson'\. Did you mean 'lesson'\?"):
        sky.budget(name="leson")


def test_another_kernel_s_spending_counts(a_call: MakeCall, place: str) -> None:
    """A process of its own spends under the name; here the rest is left, and no more is allowed."""
    held = sky.budget("0.10", name="lesson")
    code = """
import sys, warnings
from decimal import Decimal
from datetime import UTC, datetime
import skytells_nb as sky
from skytells_nb.api.record import Call
from skytells_nb.costs import budget
warnings.simplefilter("ignore")
sky.budget(name="lesson")
budget.before(Call("other", "chat", "POST /", "m", datetime.now(UTC), "f", quoted=Decimal("0.06")))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (held.reserved, held.left) == (Decimal("0.06"), Decimal("0.04"))
    with pytest.raises(OverBudgetError) as caught:
        budgets.before(a_call("a", quoted=Decimal("0.05")))
    assert str(caught.value) == (
        "$0.05 is over the $0.04 left of the budget 'lesson'. "
        "Of $0.10, $0.00 is spent and $0.06 is held for calls that go on. "
        "Nothing was sent. sky.budget(\"…\", name='lesson') sets another, sky.budget(None, name='lesson') ends it."
    )


def test_a_limit_that_another_kernel_sets_holds_here(a_call: MakeCall, place: str) -> None:
    """At once: rules are read with what was spent."""
    held = sky.budget("0.10", name="lesson")
    code = 'import skytells_nb as sky; sky.budget("0.01", name="lesson")'
    subprocess.run([sys.executable, "-c", code], check=True)
    assert held.limit == Decimal("0.01")
    with pytest.raises(OverBudgetError, match=r"over the \$0\.01 left"):
        budgets.before(a_call("a", quoted=Decimal("0.05")))


def test_it_holds_beside_the_session_s_own(a_call: MakeCall) -> None:
    """Ending one leaves the other; ended, it is kept."""
    named, own = sky.budget("1", name="lesson"), sky.budget("0.50")
    spend(a_call, "a", "0.05")
    assert (named.spent, own.spent) == (Decimal("0.05"), Decimal("0.05"))
    sky.budget(None, name="lesson")
    spend(a_call, "b", "0.05")
    assert (named.spent, own.spent) == (Decimal("0.05"), Decimal("0.10"))
    assert sky.budget(name="lesson") is named


def test_it_can_hold_for_a_block(a_call: MakeCall) -> None:
    """Inside it counts, also where it holds for the session anyway; outside as before."""
    with sky.budget("1", name="lesson") as held:
        spend(a_call, "a", "0.05")
    spend(a_call, "b", "0.05")
    assert held.spent == Decimal("0.05")
    sky.budget(name="lesson")
    with sky.budget(name="lesson"):
        spend(a_call, "c", "0.05")
    spend(a_call, "d", "0.05")
    assert held.spent == Decimal("0.15")


def test_it_can_be_of_a_tag(a_call: MakeCall) -> None:
    """The tag is kept with it and cannot be changed under it."""
    held = sky.budget("1", name="lesson", tag="class")
    spend(a_call, "a", "0.05", tag="class")
    spend(a_call, "b", "0.05")
    assert held.spent == Decimal("0.05")
    restart()
    assert sky.budget(name="lesson").tag == "class"
    with pytest.raises(InputError, match=r"The budget 'lesson' counts only calls with the tag 'class'\."):
        sky.budget("1", name="lesson", tag="other")


def test_the_sandbox_has_names_of_its_own(a_call: MakeCall) -> None:
    """What is practised does not count in the live one of the same name."""
    live = sky.budget("1", name="lesson")
    settings.use(settings.Override(sandbox=True))
    with pytest.raises(UnknownNameError):
        sky.budget(name="other")
    practice = sky.budget("1", name="lesson")
    spend(a_call, "a", "0.25", sandbox=True)
    assert (practice.spent, live.spent) == (Decimal("0.25"), 0)


def test_threads_cannot_overshoot_it(a_call: MakeCall) -> None:
    """64 at once under a limit for five: five go."""
    held = sky.budget("0.05", name="lesson")

    def reserve(number: int) -> bool:
        try:
            budgets.before(a_call(str(number), quoted=Decimal("0.01")))
        except OverBudgetError:
            return False
        return True

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(reserve, range(64))) == 5
    assert held.reserved == Decimal("0.05")


def test_unknown_costs_are_counted_across_kernels(a_call: MakeCall) -> None:
    """How many calls ended of which nobody knows the cost survives a restart."""
    sky.budget("1", name="lesson")
    budgets.before(a_call("a", quoted_low=Decimal("0.02")))
    budgets.after(a_call("a", status="succeeded"))
    restart()
    held = sky.budget(name="lesson")
    assert (held.spent, held.unpriced) == (Decimal("0.02"), 1)
    budgets.after(a_call("a", status="succeeded", cost="0.03"))
    assert (held.spent, held.unpriced) == (Decimal("0.02"), 1)


def test_it_warns_once_when_four_fifths_are_spent(a_call: MakeCall) -> None:
    """Naming itself; after the limit was raised, again at four fifths of that."""
    sky.budget("1", name="lesson")
    with pytest.warns(RuntimeWarning, match=r"^Of the budget 'lesson' of \$1\.00, \$0\.80 is spent\.$"):
        spend(a_call, "a", "0.80")
    spend(a_call, "b", "0.10")
    sky.budget("1.20", name="lesson")
    with pytest.warns(RuntimeWarning, match=r"^Of the budget 'lesson' of \$1\.20, \$1\.00 is spent\.$"):
        spend(a_call, "c", "0.10")


# What a kernel leaves.


def test_a_job_of_a_kernel_that_is_gone_is_settled_by_who_collects_it(a_call: MakeCall) -> None:
    """Also where that kernel has not taken the budget up; told twice, it counts once."""
    sky.budget("1", name="lesson")
    budgets.before(a_call("a", api="prediction", quoted=Decimal("0.30")))
    budgets.after(a_call("a", api="prediction", status="running", remote_id="p1"))
    restart()
    for name in ("b", "c"):
        budgets.after(a_call(name, api="prediction", status="succeeded", remote_id="p1", cost="0.20"))
    held = sky.budget(name="lesson")
    assert (held.spent, held.reserved) == (Decimal("0.20"), 0)


def test_a_real_job_is_collected_by_another_process(sandbox: Sandbox, place: str) -> None:
    """One process submits and dies; another waits for the job by its id, knowing of no budget."""
    start = f"""
import os, skytells_nb as sky
from skytells_nb import settings
settings.use(settings.Override(address={sandbox.url!r}, key=settings.Key("sk-test-12345678"), sandbox=True))
"""
    submit = """
sky.budget("1", name="lesson")
print(sky.Client().submit("truefusion-pro", {"prompt": "a fox"}).id, flush=True)
os.kill(os.getpid(), 9)
"""
    submitted = subprocess.run([sys.executable, "-c", start + submit], capture_output=True, text=True)
    assert submitted.returncode == -9
    settings.use(settings.Override(address=sandbox.url, key=settings.Key("sk-test-12345678"), sandbox=True))
    held = sky.budget(name="lesson")
    assert (held.reserved, [each.job for each in held.reservations]) == (Decimal("0.04"), [submitted.stdout.strip()])
    collect = f"sky.Client().wait({submitted.stdout.strip()!r})"
    collected = subprocess.run([sys.executable, "-c", start + collect], capture_output=True, text=True)
    assert (collected.returncode, collected.stderr) == (0, "")
    assert (held.spent, held.reserved, held.reservations) == (Decimal("0.04"), 0, ())


def test_what_a_kernel_left_can_be_given_up(a_call: MakeCall) -> None:
    """Whatever holds something is listed, with its model, its kernel and since when; releasing gives it back."""
    sky.budget("1", name="lesson")
    budgets.before(a_call("a", quoted=Decimal("0.30"), model="gpt-5"))
    restart()
    held = sky.budget(name="lesson")
    [left] = held.reservations
    assert (left.call, left.model, left.amount, left.job) == ("a", "gpt-5", Decimal("0.30"), None)
    assert left.since == a_call("a").started_at
    assert len(left.session) == 12
    held.release("a")
    assert (held.reservations, held.spent, held.left) == ((), 0, 1)


# A store that fails.


def test_one_that_is_gone_lets_nothing_through(a_call: MakeCall, place: str) -> None:
    """It was kept elsewhere: nothing is sent, and the error says what to do."""
    held = sky.budget("1", name="lesson")
    store = default_ledger().store
    store.execute(f"DELETE FROM {store.prefix}budgets")
    with pytest.raises(SetupError, match=r"^The budget 'lesson' is not in .* any more\. Nothing was sent; set it anew"):
        budgets.before(a_call("a", quoted=Decimal("0.01")))
    assert repr(held).startswith("<Budget name='lesson': The budget 'lesson' is not in ")
    assert budgets.refusal(Decimal("0.01"), sandbox=False).startswith("The budget 'lesson' is not in ")
    assert "is not in" in held._repr_mimebundle_()["text/plain"]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_file_that_another_holds_lets_nothing_through(a_call: MakeCall, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody holds the lock for too long nothing is sent; when it is free again, calls go."""
    monkeypatch.setattr(sqlite_store, "_PATIENCE", 0.1)
    held = sky.budget("1", name="lesson")
    spend(a_call, "a", "0.01")
    budgets.before(a_call("b", quoted=Decimal("0.02")))
    with sqlite3.connect(default_ledger().place, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SetupError, match=r"^The budget 'lesson' cannot be counted in .* \(database is locked\)\."):
            budgets.before(a_call("c", quoted=Decimal("0.01")))
        with pytest.warns(RuntimeWarning, match="What calls cost will be counted when it works again"):
            budgets.after(a_call("b", cost="0.015", status="succeeded"))
        other.execute("ROLLBACK")
    other.close()
    assert (held.spent, held.reserved) == (Decimal("0.01"), Decimal("0.02"))
    spend(a_call, "d", "0.01")
    assert (held.spent, held.reserved) == (Decimal("0.035"), 0)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_where_nothing_can_be_kept_no_budget_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in place of the file: an error, and nobody believes that a limit holds."""
    monkeypatch.setenv(settings.LEDGER_VARIABLE, str(tmp_path))
    with pytest.raises(
        SetupError, match=r"^The budget 'lesson' cannot be kept in .* Set SKYTELLS_NB_LEDGER to a place"
    ):
        sky.budget("1", name="lesson")
    assert sky.budget() is None


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_asking_for_one_makes_no_file(path: Path) -> None:
    """Where nothing is kept yet there is no such name."""
    with pytest.raises(UnknownNameError, match="There is no budget 'lesson'"):
        sky.budget(name="lesson")
    assert not Path(default_ledger().place).exists()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_an_unnamed_one_needs_no_store(a_call: MakeCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that cannot be read stops only budgets that are kept in it."""
    monkeypatch.setenv(settings.LEDGER_VARIABLE, str(tmp_path))
    held = sky.budget("1")
    spend(a_call, "a", "0.05")
    assert held.spent == Decimal("0.05")


@pytest.mark.parametrize("wrong", ["", " x", "a\nb", "x" * 101, 7, "\ud800"])
def test_what_could_not_be_typed_is_no_name(wrong: Any) -> None:
    """The message names the argument."""
    with pytest.raises(InputError, match=r"^name=.* is no name\. Use up to 100 characters"):
        sky.budget("1", name=wrong)


def test_a_hostile_job_id_is_kept_harmlessly(a_call: MakeCall) -> None:
    """NUL, half characters, quotes and great length, from a server: the call counts all the same."""
    sky.budget("1", name="lesson")
    for number, job in enumerate(["\x00", "\ud800", "'; DROP TABLE budgets; --", "x" * 100_000]):
        budgets.before(a_call(str(number), api="prediction", model=f"m{job}", quoted=Decimal("0.02")))
        budgets.after(a_call(str(number), api="prediction", status="running", remote_id=job))
        budgets.after(a_call(str(number), api="prediction", status="succeeded", remote_id=job, cost="0.01"))
    held = sky.budget(name="lesson")
    assert (held.spent, held.reserved) == (Decimal("0.04"), 0)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_server_that_is_away_lets_nothing_through(a_call: MakeCall, postgres: Postgres) -> None:
    """Nothing is sent until it is back; what a call cost meanwhile is counted then. The password is told nowhere."""
    held = sky.budget("1", name="lesson")
    budgets.before(a_call("a", quoted=Decimal("0.02")))
    postgres.stop()
    try:
        with pytest.warns(RuntimeWarning, match="What calls cost will be counted when it works again") as told:
            budgets.after(a_call("a", cost="0.01", status="succeeded"))
        with pytest.raises(SetupError, match=r"^The budget 'lesson' cannot be counted in ") as caught:
            budgets.before(a_call("b", quoted=Decimal("0.02")))
        said = f"{caught.value}{told[0].message}{held!r}{budgets.refusal(Decimal(0), sandbox=False)}"
    finally:
        postgres.start()
    assert PASSWORD not in said
    assert quote(PASSWORD, safe="") not in said
    spend(a_call, "c", "0.05")
    assert (held.spent, held.reserved) == (Decimal("0.06"), 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["before", "after", "release"]),
        st.integers(0, 5),
        st.none() | st.integers(0, 40),
        st.none() | st.integers(0, 40),
        st.sampled_from(["running", "succeeded", "failed", "interrupted", "refused"]),
    ),
    max_size=30,
)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@hypothesis.settings(
    max_examples=25, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None
)
@given(STEPS)
def test_a_named_budget_counts_as_one_in_memory_does(
    a_call: MakeCall, steps: list[tuple[str, int, int | None, int | None, Any]]
) -> None:
    """Whatever is told of which calls, in which order: the same is allowed, spent, reserved and unknown."""
    named, plain = sky.budget("1", name="lesson", fresh=True), Budget("1", sandbox=False)
    example = uuid4().hex
    for step, number, low, cost, status in steps:
        call = a_call(
            f"{example}-{number}",
            api="prediction",
            status="sent" if step == "before" else status,
            remote_id=None if step == "before" else f"{example}-job{number}",
            quoted_low=None if low is None else Decimal(low) / 100,
            quoted=None if low is None or low % 2 else Decimal(low) / 50,
            cost=None if cost is None else str(Decimal(cost) / 100),
        )
        outcomes = []
        for held in (named, plain):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outcomes.append(_done(held, step, call))
        assert outcomes[0] == outcomes[1]
        assert named.look() == plain.look()


def _done(held: Budget, step: str, call: Call) -> str:
    try:
        if step == "release":
            held.release(call.id, cost="0.01")
        else:
            getattr(held, step)(call)
    except InputError as error:
        return type(error).__name__
    return ""


def test_the_tables_come_with_the_record(any_ledger: Ledger) -> None:
    """A ledger that is opened for writing has them, at its newest step."""
    store = any_ledger.store
    assert store.execute(f"UPDATE {store.prefix}budgets SET spent = spent") == 0
