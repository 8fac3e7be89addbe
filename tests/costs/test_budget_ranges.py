"""Prices that are a range or unknown, who is asked about them, and budgets of a tag."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

import skytells_nb as sky
from skytells_nb import settings
from skytells_nb.api.record import Call
from skytells_nb.costs import budget as budgets
from skytells_nb.costs.budget import Budget
from skytells_nb.costs.budgets import asking, standing
from skytells_nb.errors import InputError, OverBudgetError

MakeCall = Callable[..., Call]


@pytest.fixture(autouse=True)
def _no_budget() -> Iterator[None]:
    """Begin and end without a budget, and with nobody to ask."""
    before = asking._asker
    standing.session.clear()
    asking.ask_with(lambda question: None)
    yield
    asking.ask_with(before)
    standing.session.clear()
    settings.use(None)


@pytest.fixture
def asked() -> Callable[..., list[str]]:
    """Answer questions one after another; gives the list of what was asked."""

    def answer(*answers: Any) -> list[str]:
        questions: list[str] = []
        waiting = iter(answers)

        def ask(question: str) -> Any:
            questions.append(question)
            return next(waiting)

        asking.ask_with(ask)
        return questions

    return answer


def ranged(a_call: MakeCall, name: str = "call", low: str | None = None, high: str | None = None, **more: Any) -> Call:
    """Make a call whose price is a range."""
    bounds = {"quoted_low": low and Decimal(low), "quoted": high and Decimal(high)}
    return a_call(name, **bounds, **more)


# Ranges.


def test_the_most_that_a_call_can_cost_is_reserved(a_call: MakeCall) -> None:
    """Of a range the upper end counts while the call goes on, and what it cost afterwards."""
    held = Budget("1", sandbox=False)
    held.before(ranged(a_call, low="0.02", high="0.08"))
    assert held.reserved == Decimal("0.08")
    held.after(a_call(cost="0.03", status="succeeded"))
    assert (held.spent, held.reserved) == (Decimal("0.03"), 0)


def test_a_range_that_could_pass_the_limit_is_refused(a_call: MakeCall) -> None:
    """What it can cost at most decides, not what it can cost at least."""
    held = Budget("0.05", sandbox=False)
    with pytest.raises(OverBudgetError, match=r"^\$0\.08 is over the \$0\.05 left of the budget\."):
        held.before(ranged(a_call, low="0.02", high="0.08"))


def test_without_an_upper_bound_the_least_is_reserved(a_call: MakeCall) -> None:
    """A call that may go reserves what it costs for certain; its cost is counted when it is known."""
    held = Budget("1", sandbox=False)
    held.before(ranged(a_call, low="0.02"))
    assert (held.reserved, held.unpriced) == (Decimal("0.02"), 0)
    held.after(a_call(cost="0.30", status="succeeded"))
    assert (held.spent, held.reserved, held.unpriced) == (Decimal("0.30"), 0, 0)


def test_the_least_stays_counted_as_unknown_where_nobody_says_the_cost(a_call: MakeCall) -> None:
    """It cost at least that, and nobody knows how much: both are told."""
    held = Budget("1", sandbox=False)
    held.before(ranged(a_call, low="0.02"))
    held.after(a_call(status="succeeded"))
    assert (held.spent, held.reserved, held.unpriced) == (Decimal("0.02"), 0, 1)
    assert repr(held) == "<Budget $1.00: $0.02 spent, $0.00 reserved, $0.98 left, 1 of unknown cost>"


@pytest.mark.parametrize("policy", ["allow", "ask", "refuse"])
def test_a_call_that_costs_more_than_is_left_at_least_never_goes(a_call: MakeCall, policy: Any) -> None:
    """Whatever the policy for unknown prices; nobody is asked."""
    held = Budget("0.01", unknown=policy, sandbox=False)
    with pytest.raises(OverBudgetError, match=r"[Aa]t least \$0\.02"):
        held.before(ranged(a_call, low="0.02"))
    assert held.reserved == 0


def test_the_bound_of_a_call_holds_for_the_least_it_costs(a_call: MakeCall) -> None:
    """`per_call` refuses what certainly costs more."""
    held = Budget("9", per_call="0.01", sandbox=False)
    with pytest.raises(OverBudgetError, match=r"^At least \$0\.02 is over the \$0\.01 that the budget allows a call\."):
        held.before(ranged(a_call, low="0.02"))


def test_the_policy_refuses_what_has_no_upper_bound(a_call: MakeCall) -> None:
    """The message says what is known and what is not."""
    held = Budget("1", unknown="refuse", sandbox=False)
    message = r"^The price is not known \(at least \$0\.02\), and the budget refuses what has none\."
    with pytest.raises(OverBudgetError, match=message):
        held.before(ranged(a_call, low="0.02"))


def test_a_quote_in_another_currency_is_no_price(a_call: MakeCall) -> None:
    """Yen are not added to dollars: the policy for unknown prices decides."""
    yen = ranged(a_call, low="3", high="3", quoted_currency="JPY")
    allowed = Budget("1", sandbox=False)
    allowed.before(yen)
    assert allowed.reserved == 0
    with pytest.raises(OverBudgetError, match="The price is not known"):
        Budget("9", unknown="refuse", sandbox=False).before(yen)


def test_an_interrupted_answer_counts_at_once(a_call: MakeCall) -> None:
    """A chat that was stopped does not go on: what was held for it is spent, not held for ever."""
    held = Budget("1", sandbox=False)
    held.before(ranged(a_call, low="0.01", high="0.20"))
    held.after(a_call(status="interrupted", remote_id="chatcmpl-1"))
    assert (held.spent, held.reserved) == (Decimal("0.20"), 0)


def test_a_form_is_told_of_ranges_too(a_call: MakeCall) -> None:
    """Both ends are judged, and nothing is reserved."""
    held = sky.budget("0.05", unknown="refuse")
    assert budgets.refusal(Decimal("0.05"), low=Decimal("0.01"), sandbox=False) == ""
    assert budgets.refusal(None, low=Decimal("0.01"), sandbox=False).startswith(
        "The price is not known (at least $0.01)"
    )
    assert held.reserved == 0


# Asking.


def test_a_yes_lets_one_call_go(a_call: MakeCall, asked: Callable[..., list[str]]) -> None:
    """The question names the model, the price and what is left; the next call is asked about again."""
    sky.budget("1.50", unknown="ask")
    questions = asked("once", "no")
    budgets.before(ranged(a_call, "a", low="0.01"))
    with pytest.raises(
        OverBudgetError, match=r"^What gpt-5 will cost is unknown, and you said no\. Nothing was sent\."
    ):
        budgets.before(a_call("b"))
    assert questions == [
        "What gpt-5 will cost is at least $0.01, with no known bound; $1.50 is left of the budget. Send it?",
        "What gpt-5 will cost is unknown; $1.49 is left of the budget. Send it?",
    ]


def test_always_holds_for_the_model(a_call: MakeCall, asked: Callable[..., list[str]]) -> None:
    """Its other calls go unasked, those of other models do not."""
    sky.budget("1", unknown="ask")
    questions = asked("always", "no")
    budgets.before(a_call("a"))
    budgets.before(a_call("b"))
    with pytest.raises(OverBudgetError, match="you said no"):
        budgets.before(a_call("c", model="gpt-5.4"))
    assert len(questions) == 2


def test_a_call_is_asked_about_once_for_all_budgets(a_call: MakeCall, asked: Callable[..., list[str]]) -> None:
    """Two that hold do not ask twice; "always" holds for both."""
    sky.budget("1", unknown="ask")
    questions = asked("always")
    with sky.budget("0.50", unknown="ask"):
        budgets.before(a_call("a"))
        budgets.before(a_call("b"))
    budgets.before(a_call("c"))
    assert len(questions) == 1


def test_known_prices_are_not_asked_about(a_call: MakeCall, asked: Callable[..., list[str]]) -> None:
    """A bound is a price."""
    sky.budget("1", unknown="ask")
    questions = asked()
    budgets.before(ranged(a_call, low="0.01", high="0.02"))
    assert questions == []


def test_where_nobody_can_be_asked_the_call_is_refused(a_call: MakeCall) -> None:
    """The message says what to do."""
    sky.budget("1", unknown="ask")
    with pytest.raises(OverBudgetError) as caught:
        budgets.before(a_call())
    assert str(caught.value) == (
        "What gpt-5 will cost is unknown, and the budget asks first, but nobody can be asked here. "
        'Nothing was sent. Run it in a cell, or set sky.budget("…", unknown="allow").'
    )


def test_other_calls_go_while_somebody_thinks(a_call: MakeCall) -> None:
    """A question holds up the call that it is about, and no other thread's."""
    held = sky.budget("1", unknown="ask")
    thinking, decided = threading.Event(), threading.Event()

    def ask(question: str) -> Any:
        thinking.set()
        return "once" if decided.wait(30) else None

    asking.ask_with(ask)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(budgets.before, a_call("slow"))
        assert thinking.wait(30)
        budgets.before(ranged(a_call, "quick", high="0.10"))
        assert held.reserved == Decimal("0.10")
        decided.set()
        waiting.result(30)


def test_what_was_spent_while_somebody_thought_counts(a_call: MakeCall) -> None:
    """A yes does not let a call pass a limit that others used up meanwhile."""
    held = sky.budget("0.10", unknown="ask")

    def ask(question: str) -> Any:
        budgets.before(ranged(a_call, "other", high="0.10"))
        return "once"

    asking.ask_with(ask)
    with pytest.raises(OverBudgetError, match=r"^At least \$0\.02 is over the \$0\.00 left"):
        budgets.before(ranged(a_call, low="0.02"))
    assert held.reserved == Decimal("0.10")


# Tags.


def test_a_budget_of_a_tag_counts_only_its_calls(a_call: MakeCall) -> None:
    """Others neither spend of it nor are refused by it."""
    held = sky.budget("0.10", tag="class")
    for name, tag in (("a", "class"), ("b", "other"), ("c", None)):
        budgets.before(a_call(name, tag=tag, quoted=Decimal("0.06")))
        budgets.after(a_call(name, tag=tag, cost="0.06", status="succeeded"))
    assert held.spent == Decimal("0.06")
    with pytest.raises(OverBudgetError) as caught:
        budgets.before(a_call("d", tag="class", quoted=Decimal("0.06")))
    assert str(caught.value) == (
        "$0.06 is over the $0.04 left of the budget for the tag 'class'. Of $0.10, $0.06 is spent. "
        "Nothing was sent. sky.budget(\"…\", tag='class') sets another, sky.budget(None, tag='class') ends it."
    )


def test_a_call_must_fit_all_budgets_that_count_it(a_call: MakeCall) -> None:
    """The session's and its tag's: what one refuses, none holds."""
    session, tagged = sky.budget("0.05"), sky.budget("1", tag="class")
    with pytest.raises(OverBudgetError, match=r"left of the budget\."):
        budgets.before(a_call("a", tag="class", quoted=Decimal("0.06")))
    budgets.after(a_call("a", tag="class", cost="0", status="refused"))
    budgets.before(a_call("b", tag="class", quoted=Decimal("0.05")))
    assert (session.reserved, tagged.reserved) == (Decimal("0.05"), Decimal("0.05"))


def test_each_tag_has_its_own_place(a_call: MakeCall) -> None:
    """Setting, asking for and ending one leaves the others."""
    session, one, two = sky.budget("1"), sky.budget("2", tag="one"), sky.budget("3", tag="two")
    assert (sky.budget(), sky.budget(tag="one"), sky.budget(tag="two")) == (session, one, two)
    sky.budget(None, tag="one")
    assert (sky.budget(), sky.budget(tag="one"), sky.budget(tag="two")) == (session, None, two)
    sky.budget(None)
    assert (sky.budget(), sky.budget(tag="two")) == (None, two)


def test_a_block_can_be_of_a_tag(a_call: MakeCall) -> None:
    """It counts the tag's calls inside, and the session's place is as it was after."""
    before = sky.budget("1", tag="class")
    with sky.budget("0.05", tag="class") as block:
        assert sky.budget(tag="class") is block
        budgets.before(a_call("a", quoted=Decimal("0.50")))
        with pytest.raises(OverBudgetError):
            budgets.before(a_call("b", tag="class", quoted=Decimal("0.06")))
    assert sky.budget(tag="class") is before


@pytest.mark.parametrize("wrong", ["", " x", "a\nb", "x" * 101, 7])
def test_what_could_not_be_typed_is_no_tag(wrong: Any) -> None:
    """The message names the argument."""
    with pytest.raises(InputError, match=r"^tag=.* is no tag\. Use up to 100 characters"):
        sky.budget("1", tag=wrong)


def test_many_threads_fit_several_budgets_at_once(a_call: MakeCall) -> None:
    """64 calls of two tags at once: neither tag's budget nor the session's is overshot, and all that fits goes."""
    session = sky.budget("0.20")
    tagged = {tag: sky.budget("0.15", tag=tag) for tag in ("one", "two")}

    def reserve(number: int) -> None:
        call = a_call(str(number), tag=("one", "two")[number % 2], quoted=Decimal("0.01"))
        try:
            budgets.before(call)
        except OverBudgetError:
            with suppress(OverBudgetError):
                budgets.after(a_call(str(number), tag=call.tag, cost="0", status="refused"))

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(reserve, range(64)))
    assert session.reserved == Decimal("0.20")
    assert sum(each.reserved for each in tagged.values()) == Decimal("0.20")
    assert all(each.reserved <= each.limit for each in tagged.values())


# What is held.


def test_what_is_held_can_be_seen_and_given_up(a_call: MakeCall) -> None:
    """A job that nobody will collect holds its quote until it is released, at what it cost."""
    held = Budget("1", sandbox=False)
    held.before(a_call("a", api="prediction", model="truefusion", quoted=Decimal("0.30")))
    held.after(a_call("a", api="prediction", model="truefusion", status="interrupted", remote_id="p1"))
    [one] = held.reservations
    assert (one.call, one.model, one.amount, one.job) == ("a", "truefusion", Decimal("0.30"), "p1")
    held.release("a", cost="0.10")
    assert (held.reservations, held.spent, held.reserved) == ((), Decimal("0.10"), 0)
    held.after(a_call("later", api="prediction", status="succeeded", remote_id="p1", cost="0.20"))
    assert held.spent == Decimal("0.20")


def test_releasing_what_is_not_held_is_an_error(a_call: MakeCall) -> None:
    """Nobody is to believe that something was given back."""
    with pytest.raises(InputError, match=r"^The budget holds nothing for a call 'a'\. Its \.reservations lists"):
        Budget("1", sandbox=False).release("a")
