"""A budget reserves before anything is sent, counts what calls cost, and refuses what would go over."""

from __future__ import annotations

import asyncio
import decimal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skytells_nb as sky
from skytells_nb import settings
from skytells_nb.api.client import Client
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs import budget as budgets
from skytells_nb.costs.budget import Budget
from skytells_nb.costs.budgets import standing
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import InputError, JobCanceledError, JobFailedError, OverBudgetError, RateLimitError
from skytells_nb.local import Sandbox

KEY = "sk-test-4f9a1c77"
PICTURE = Decimal("0.04")
"""What a picture of truefusion-pro costs in the sandbox."""

MakeCall = Callable[..., Call]


@pytest.fixture(autouse=True)
def _no_budget() -> Iterator[None]:
    """Begin and end without a budget, live and in the sandbox."""
    standing.session.clear()
    yield
    assert standing.blocks == []
    standing.session.clear()
    settings.use(None)


@pytest.fixture
def offline(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Put this session into a sandbox, as `%skytells_sandbox` does, with a ledger of its own."""
    monkeypatch.setenv(settings.LEDGER_VARIABLE, str(tmp_path / "ledger.sqlite3"))
    settings.use(settings.Override(address=sandbox.url, key=settings.Key(KEY), source="the sandbox", sandbox=True))
    return sandbox


@pytest.fixture
def client(offline: Sandbox) -> Iterator[Client]:
    """Give a client as a user makes one, in the sandbox."""
    with sky.Client() as made:
        yield made


def posted(sandbox: Sandbox) -> list[str]:
    """List what was posted to the sandbox."""
    return [request.path for request in sandbox.state.requests if request.method == "POST"]


def priced(amount: str | None, currency: str = "USD") -> Charge:
    """Make what a call cost."""
    return Charge() if amount is None else Charge(Decimal(amount), currency, "priced")


# What a budget is made of.


@pytest.mark.parametrize(
    ("given", "limit"),
    [("2.00", "2.00"), (2, "2"), (Decimal("0.10"), "0.10"), (0.1, "0.1"), (" 5 ", "5"), (0, "0")],
)
def test_an_amount_counts_as_it_is_written(given: Any, limit: str) -> None:
    """Text, whole numbers, decimals; a float by its shortest text, without binary noise."""
    assert str(Budget(given).limit) == limit


@pytest.mark.parametrize("wrong", ["", "two", "$2", "-1", -0.5, "nan", "inf", Decimal("NaN"), True, "1e99", b"2", [2]])
def test_what_is_no_amount_is_refused(wrong: Any) -> None:
    """Negative, endless, absurd, or no number at all; the message names the argument."""
    with pytest.raises(InputError, match=r"^limit=.* is no amount of money\. Write USD, such as"):
        sky.budget(wrong)
    with pytest.raises(InputError, match=r"^per_call=.* is no amount of money\."):
        sky.budget("1", per_call=wrong)
    assert sky.budget() is None


def test_an_unknown_policy_is_refused() -> None:
    """Only the three words are policies."""
    with pytest.raises(InputError, match=r"^unknown='maybe' is no policy\. Use \"allow\", \"ask\" or \"refuse\"\."):
        sky.budget("1", unknown="maybe")  # type: ignore[call-overload]


@pytest.mark.parametrize("limit", [..., None])
@pytest.mark.parametrize("more", [{"per_call": "0.50"}, {"unknown": "refuse"}])
def test_rules_without_a_limit_are_refused(limit: Any, more: dict[str, Any]) -> None:
    """Nobody is to believe that a rule holds where no budget was set."""
    with pytest.raises(InputError, match="a budget needs a limit"):
        sky.budget(limit, **more)
    assert sky.budget() is None


def test_it_tells_how_it_stands(a_call: MakeCall) -> None:
    """Limit, spent, reserved, left, the limit a call and what nobody knows, in one line."""
    held = Budget("2.00", per_call="0.50", sandbox=True)
    for name, quoted in (("a", "0.10"), ("b", "0.25"), ("c", None)):
        held.before(a_call(name, sandbox=True, quoted=quoted and Decimal(quoted)))
    held.after(a_call("a", sandbox=True, cost="0.08", status="succeeded"))
    held.after(a_call("c", sandbox=True, status="failed"))
    assert repr(held) == (
        "<Budget $2.00 in the sandbox: $0.08 spent, $0.25 reserved, $1.67 left, "
        "at most $0.50 a call, 1 of unknown cost>"
    )
    assert (held.spent, held.reserved, held.left, held.unpriced) == (
        Decimal("0.08"),
        Decimal("0.25"),
        Decimal("1.67"),
        1,
    )


def test_it_shows_itself_in_a_notebook() -> None:
    """The bundle holds the one line, also as escaped HTML."""
    bundle = Budget("2.00", sandbox=False)._repr_mimebundle_()
    assert bundle["text/plain"] == "<Budget $2.00: $0.00 spent, $0.00 reserved, $2.00 left>"
    assert "<Budget" not in bundle.get("text/html", "")


# Which one holds.


def test_there_is_none_until_one_is_set() -> None:
    """Asking does not make one."""
    assert sky.budget() is None


def test_the_one_that_was_set_holds_until_the_next_or_none() -> None:
    """A new one replaces the last; None ends it."""
    first = sky.budget("1")
    assert sky.budget() is first
    second = sky.budget("2")
    assert sky.budget() is second
    sky.budget(None)
    assert sky.budget() is None


def test_a_block_has_its_own_within_the_session_s(a_call: MakeCall) -> None:
    """Both count and both refuse inside; after it the session's goes on as it was."""
    session = sky.budget("0.30")
    with sky.budget("0.10") as block:
        assert sky.budget() is block
        budgets.before(a_call("a", quoted=Decimal("0.06")))
        with pytest.raises(OverBudgetError, match=r"\$0\.06 is over the \$0\.04 left"):
            budgets.before(a_call("b", quoted=Decimal("0.06")))
        budgets.after(a_call("b", cost="0", status="refused"))
        budgets.after(a_call("a", cost="0.05", status="succeeded"))
    assert sky.budget() is session
    assert (session.spent, block.spent) == (Decimal("0.05"), Decimal("0.05"))
    assert (session.reserved, block.reserved) == (0, 0)
    with sky.budget("9"), pytest.raises(OverBudgetError, match=r"\$0\.26 is over the \$0\.25 left"):
        budgets.before(a_call("c", quoted=Decimal("0.26")))


def test_a_block_ends_also_by_an_error() -> None:
    """What is raised inside goes on, and the block's budget is gone."""
    with pytest.raises(ZeroDivisionError), sky.budget("1"):
        _ = 1 / 0
    assert sky.budget() is None


def test_a_block_in_another_thread_ends_only_itself() -> None:
    """Blocks that overlap in time do not take each other away."""
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with sky.budget("2"):
            inside.set()
            leave.wait(30)

    with sky.budget("1") as mine:
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait(30)
    second = sky.budget()
    assert second is not None
    assert (second.limit, second is mine) == (2, False)
    leave.set()
    thread.join()
    assert sky.budget() is None


def test_the_sandbox_and_the_service_have_one_each(a_call: MakeCall) -> None:
    """Setting one in the sandbox leaves the live one; each counts only its own calls."""
    live = sky.budget("1")
    settings.use(settings.Override(sandbox=True))
    assert sky.budget() is None
    practice = sky.budget("5")
    for name, sandbox in (("a", True), ("b", False)):
        budgets.before(a_call(name, sandbox=sandbox, quoted=Decimal("0.50")))
        budgets.after(a_call(name, sandbox=sandbox, cost="0.25" if sandbox else "0.50", status="succeeded"))
    assert (practice.spent, live.spent) == (Decimal("0.25"), Decimal("0.50"))
    assert sky.budget() is practice
    settings.use(None)
    assert sky.budget() is live


def test_a_call_that_the_sandbox_answered_is_no_money(a_call: MakeCall) -> None:
    """A client that was pointed at a sandbox by its address reserves as live, and then costs nothing."""
    live = Budget("1", sandbox=False)
    live.before(a_call("a", quoted=Decimal("0.50")))
    assert live.reserved == Decimal("0.50")
    live.after(a_call("a", sandbox=True, cost="0.50", status="succeeded"))
    assert (live.spent, live.reserved, live.left) == (0, 0, 1)


def test_a_budget_that_a_client_was_given_counts_only_its_own_kind(a_call: MakeCall) -> None:
    """As an observer it hears of all calls, and neither refuses nor counts those of the sandbox."""
    live = Budget("0.10", sandbox=False)
    live.before(a_call("a", sandbox=True, quoted=Decimal(5)))
    live.after(a_call("a", sandbox=True, cost="5", status="succeeded"))
    assert (live.spent, live.left) == (0, Decimal("0.10"))


# Refusing.


@pytest.mark.filterwarnings("ignore:Of the budget:RuntimeWarning")
def test_a_call_over_the_budget_is_refused_before_anything_is_sent(client: Client, offline: Sandbox) -> None:
    """The error says how much, of what, and that nothing was sent; the ledger has a refused row that cost nothing."""
    sky.budget("0.10")
    client.predict("truefusion-pro", {"prompt": "a fox", "num_outputs": 2})
    before = posted(offline)
    with pytest.raises(OverBudgetError) as caught:
        client.predict("truefusion-pro", {"prompt": "a fox", "num_outputs": 2})
    assert str(caught.value) == (
        "$0.08 is over the $0.02 left of the budget. Of $0.10, $0.08 is spent. "
        'Nothing was sent. sky.budget("…") sets another, sky.budget(None) ends it.'
    )
    assert posted(offline) == before
    frame = sky.usage()
    assert list(frame["status"]) == ["succeeded", "refused"]
    assert list(frame["cost"]) == [Decimal("0.08"), Decimal(0)]
    assert list(frame["error_id"].astype("object").fillna("")) == ["", "OverBudgetError"]


def test_without_a_budget_the_same_call_goes(client: Client) -> None:
    """Ending the budget lets calls through again."""
    sky.budget("0.01")
    with pytest.raises(OverBudgetError):
        client.submit("truefusion-pro", {"prompt": "a fox"})
    sky.budget(None)
    assert client.predict("truefusion-pro", {"prompt": "a fox"}).cost == PICTURE


def test_the_price_of_one_call_is_bounded(client: Client, offline: Sandbox) -> None:
    """`per_call` refuses a dear call while much is left."""
    sky.budget("2.00", per_call="0.05")
    client.predict("truefusion-pro", {"prompt": "a fox"})
    with pytest.raises(OverBudgetError, match=r"^\$0\.08 is over the \$0\.05 that the budget allows a call\."):
        client.predict("truefusion-pro", {"prompt": "a fox", "num_outputs": 2})


@pytest.mark.filterwarnings("ignore:Of the budget:RuntimeWarning")
def test_threads_at_once_cannot_overshoot(offline: Sandbox) -> None:
    """64 calls at once under a budget for five: five run, the others are refused, and not a cent more is spent."""
    held = sky.budget("0.20")

    def ask(_: int) -> bool:
        try:
            client.predict("truefusion-pro", {"prompt": "a fox"})
        except OverBudgetError:
            return False
        return True

    with sky.Client() as client, ThreadPoolExecutor(64) as pool:
        client.model("truefusion-pro")
        went = sum(pool.map(ask, range(64)))
    assert (went, held.spent, held.reserved) == (5, Decimal("0.20"), 0)
    assert len(posted(offline)) == 5


@pytest.mark.filterwarnings("ignore:Of the budget:RuntimeWarning")
def test_tasks_at_once_cannot_overshoot(offline: Sandbox) -> None:
    """The same from one event loop."""
    held = sky.budget("0.20")

    async def all_at_once() -> list[object]:
        async with sky.AsyncClient() as client:
            asks = [client.predict("truefusion-pro", {"prompt": "a fox"}) for _ in range(64)]
            return await asyncio.gather(*asks, return_exceptions=True)

    came = asyncio.run(all_at_once())
    assert sum(isinstance(each, OverBudgetError) for each in came) == 59
    assert (held.spent, held.reserved) == (Decimal("0.20"), 0)
    assert len(posted(offline)) == 5


def test_no_thread_slips_in_between_looking_and_reserving(a_call: MakeCall) -> None:
    """Threads that switch as often as they can reserve the limit, not more, time after time."""
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            held = Budget("0.05", sandbox=False)
            start = threading.Barrier(16)

            def reserve(number: int, held: Budget = held, start: threading.Barrier = start) -> None:
                start.wait(30)
                for again in range(5):
                    with suppress(OverBudgetError):
                        held.before(a_call(f"{number}-{again}", quoted=Decimal("0.01")))

            with ThreadPoolExecutor(16) as pool:
                list(pool.map(reserve, range(16)))
            assert held.reserved == Decimal("0.05")
    finally:
        sys.setswitchinterval(switch)


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=40), st.integers(0, 1000))
def test_reserved_and_spent_never_pass_the_limit(steps: list[tuple[int, bool]], cents: int) -> None:
    """Whatever the prices, where a call costs what was quoted."""
    limit = Decimal(cents) / 100
    held = Budget(limit, sandbox=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, (price, ends) in enumerate(steps):
            call = Call(f"{number}", "prediction", "POST /", "m", None, "f", quoted=Decimal(price) / 100)  # type: ignore[arg-type]
            try:
                held.before(call)
            except OverBudgetError:
                assert call.quoted is not None
                assert call.quoted > held.left
            else:
                if ends:
                    held.after(_ended(call))
            assert held.spent + held.reserved <= limit
            assert held.spent + held.reserved + held.left == limit


def _ended(call: Call) -> Call:
    return replace(call, status="succeeded", charge=Charge(call.quoted, source="billed"))


def test_what_another_observer_refuses_is_released(offline: Sandbox) -> None:
    """A call that never left takes nothing."""

    class Refuses:
        def before(self, call: Call, /) -> None:
            raise RateLimitError("Not now.")

        def after(self, call: Call, /) -> None:
            pass

    held = Budget("1")
    with Client(observers=(held, Refuses())) as client, pytest.raises(RateLimitError):
        client.predict("truefusion-pro", {"prompt": "a fox"})
    assert (held.spent, held.reserved, held.left) == (0, 0, 1)


def test_an_observer_that_is_told_twice_counts_once(offline: Sandbox) -> None:
    """A budget that holds and is handed to a client too is one budget."""
    held = sky.budget("0.07")
    with Client(observers=(held, budgets)) as client:  # type: ignore[arg-type]
        client.predict("truefusion-pro", {"prompt": "a fox"})
    assert held.spent == PICTURE


# Counting.


def test_a_job_reserves_its_quote_and_then_counts_what_it_cost(client: Client) -> None:
    """While it runs the quote is held; told three times, it counts once."""
    held = sky.budget("1.00")
    job = client.submit("truefusion-pro", {"prompt": "a fox", "num_outputs": 3})
    assert (held.spent, held.reserved) == (0, 3 * PICTURE)
    client.wait(job)
    client.wait(job)
    assert (held.spent, held.reserved) == (3 * PICTURE, 0)


def test_a_job_that_is_taken_up_by_its_id_counts_once(client: Client) -> None:
    """Another client knows only the id; what was reserved is replaced all the same."""
    held = sky.budget("1.00")
    job = client.submit("truefusion-pro", {"prompt": "a fox"})
    with sky.Client() as other:
        other.wait(job.id)
    assert (held.spent, held.reserved) == (PICTURE, 0)


def test_a_job_of_before_the_budget_does_not_count(client: Client) -> None:
    """Only what begins under a budget is spent of it."""
    job = client.submit("truefusion-pro", {"prompt": "a fox"})
    held = sky.budget("1.00")
    client.wait(job)
    assert (held.spent, held.reserved) == (0, 0)


def test_a_job_that_ends_after_its_block_still_counts_in_it(client: Client) -> None:
    """What was begun inside is settled outside."""
    with sky.budget("1.00") as block:
        job = client.submit("truefusion-pro", {"prompt": "a fox"})
    client.wait(job)
    assert (block.spent, block.reserved) == (PICTURE, 0)


def test_a_job_that_failed_gives_its_reservation_back(client: Client) -> None:
    """The service bills nothing for it, and says so."""
    held = sky.budget("1.00")
    with pytest.raises(JobFailedError):
        client.predict("truefusion-pro", {"prompt": "FAIL"})
    assert (held.spent, held.reserved, held.left) == (0, 0, 1)


def test_a_job_that_was_canceled_gives_its_reservation_back(client: Client) -> None:
    """The same for one that somebody stopped."""
    held = sky.budget("1.00")
    job = client.submit("truefusion-pro", {"prompt": "a fox"})
    client.cancel(job)
    with pytest.raises(JobCanceledError):
        client.wait(job)
    assert (held.spent, held.reserved) == (0, 0)


def test_chat_counts_by_the_tokens_it_used(client: Client) -> None:
    """Nothing is reserved, as no price is known before; what it cost is spent."""
    held = sky.budget("1.00")
    reply = client.chat("Hi", model="gpt-5")
    assert reply.cost is not None
    assert (held.spent, held.reserved) == (reply.cost, 0)


@pytest.mark.parametrize("status", ["succeeded", "failed", "canceled"])
def test_where_nobody_says_what_it_cost_the_quote_stays_counted(a_call: MakeCall, status: Any) -> None:
    """An unknown cost is not 0."""
    held = Budget("1", sandbox=False)
    held.before(a_call(quoted=Decimal("0.30")))
    held.after(a_call(status=status))
    assert (held.spent, held.reserved, held.unpriced) == (Decimal("0.30"), 0, 0)


def test_another_currency_is_no_amount_of_usd(a_call: MakeCall) -> None:
    """What cannot be added is not; the quote stays counted."""
    held = Budget("1", sandbox=False)
    held.before(a_call(quoted=Decimal("0.30")))
    held.after(a_call(status="succeeded", charge=priced("250", "JPY")))
    assert held.spent == Decimal("0.30")


def test_a_job_that_was_interrupted_stays_reserved(a_call: MakeCall) -> None:
    """It may go on at the service; its end, told later, counts."""
    held = Budget("1", sandbox=False)
    held.before(a_call(api="prediction", quoted=Decimal("0.30")))
    held.after(a_call(api="prediction", status="interrupted", remote_id="p1"))
    assert (held.spent, held.reserved) == (0, Decimal("0.30"))
    held.after(a_call("later", api="prediction", status="succeeded", remote_id="p1", cost="0.20"))
    assert (held.spent, held.reserved) == (Decimal("0.20"), 0)


def test_what_is_told_again_with_more_known_replaces_what_was_told(a_call: MakeCall) -> None:
    """First no cost is known, then one is; nothing of it counts twice."""
    held = Budget("1", sandbox=False)
    held.before(a_call(quoted=Decimal("0.30")))
    for charge in (priced(None), priced("0.20"), priced(None), priced("0.25")):
        held.after(a_call(status="succeeded", charge=charge))
    assert (held.spent, held.reserved) == (Decimal("0.25"), 0)


def test_sums_are_exact_whatever_decimals_a_notebook_uses(a_call: MakeCall) -> None:
    """A lesson on rounding changes no budget."""
    held = Budget("1000.000001", sandbox=False)
    with decimal.localcontext(prec=3):
        for number in range(3):
            held.before(a_call(str(number), quoted=Decimal("123.456789")))
            held.after(a_call(str(number), cost="123.456789", status="succeeded"))
        left = held.left
    assert (held.spent, left) == (Decimal("370.370367"), Decimal("629.629634"))


# Prices that are not known.


def test_a_call_of_unknown_price_goes_while_something_is_left(a_call: MakeCall) -> None:
    """By default; its own cost may go over, and then the next is refused."""
    held = Budget("0.10", sandbox=False)
    held.before(a_call("a"))
    with pytest.warns(RuntimeWarning, match=r"^Of the budget of \$0\.10, \$0\.12 is spent\.$"):
        held.after(a_call("a", cost="0.12", status="succeeded"))
    assert held.left == 0
    with pytest.raises(OverBudgetError, match=r"^The budget of \$0\.10 is used up\."):
        held.before(a_call("b"))


def test_a_chat_that_may_cost_too_much_says_what_bounds_it(client: Client, offline: Sandbox) -> None:
    """What is reserved is the most that an answer can cost, which its limit decides."""
    sky.budget("0.01")
    with pytest.raises(OverBudgetError, match=r"A smaller max_tokens lowers what an answer can cost\.$"):
        client.chat("Hi", model="gpt-5")
    assert posted(offline) == []
    assert client.chat("Hi", model="gpt-5", max_tokens=100).text


def test_calls_of_unknown_price_can_be_refused(client: Client, offline: Sandbox) -> None:
    """With unknown="refuse" a response, which nothing bounds, is not sent."""
    sky.budget("1.00", unknown="refuse")
    with pytest.raises(OverBudgetError, match=r"^The price is not known, and the budget refuses what has none\."):
        client.respond("Hi", model="gpt-5")
    assert posted(offline) == []


def test_what_costs_nothing_goes_when_nothing_is_left(a_call: MakeCall) -> None:
    """A budget of 0 lets free calls through."""
    held = Budget(0, sandbox=False)
    held.before(a_call("free", quoted=Decimal(0)))
    held.after(a_call("free", cost="0", status="succeeded"))
    with pytest.raises(OverBudgetError):
        held.before(a_call("paid", quoted=Decimal("0.01")))


# Warning.


def test_it_warns_once_when_four_fifths_are_spent(a_call: MakeCall) -> None:
    """Not before, and not again."""
    held = Budget("1.00", sandbox=False)
    told: list[list[str]] = []
    for name, cost in (("a", "0.79"), ("b", "0.01"), ("c", "0.10")):
        held.before(a_call(name, quoted=Decimal(cost)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            held.after(a_call(name, cost=cost, status="succeeded"))
        told.append([str(each.message) for each in caught])
    assert told == [[], ["Of the budget of $1.00, $0.80 is spent."], []]


# For a Run button.


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("0.10", ""),
        ("0.24", "$0.24 is over the $0.10 left of the budget."),
        ("0.51", "$0.51 is over the $0.50 that the budget allows a call."),
        (None, ""),
    ],
)
def test_it_says_beforehand_what_it_would_refuse(a_call: MakeCall, amount: str | None, sentence: str) -> None:
    """One sentence, or nothing; asking reserves nothing."""
    held = sky.budget("0.20", per_call="0.50")
    held.before(a_call(quoted=Decimal("0.10")))
    price = None if amount is None else Decimal(amount)
    assert held.refusal(price, sandbox=False) == sentence
    assert budgets.refusal(price, sandbox=False) == sentence
    assert (held.refusal(price, sandbox=True), held.reserved) == ("", Decimal("0.10"))


def test_the_sentence_comes_from_whichever_budget_refuses(a_call: MakeCall) -> None:
    """Inside a block the session's may be the one."""
    sky.budget("0.05")
    with sky.budget("1.00") as block:
        assert block.refusal(Decimal("0.06"), sandbox=False) == ""
        assert budgets.refusal(Decimal("0.06"), sandbox=False) == "$0.06 is over the $0.05 left of the budget."
    assert budgets.refusal(Decimal("0.06"), sandbox=True) == ""


# How it is put together.


def test_a_live_call_is_held_to_the_budget_too(tmp_path: Path) -> None:
    """Outside the sandbox, with the ledger beside it: nothing leaves, and the row says refused."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"id": "chatcmpl-1", "choices": []})

    ledger = Ledger(tmp_path / "ledger.sqlite3")
    observers = (Recorder(ledger), Budget(0, sandbox=False))
    with (
        Client(
            api_key=KEY,
            base_url="https://api.skytells.test/v1",
            transport=httpx.MockTransport(answer),
            observers=observers,
        ) as client,
        pytest.raises(OverBudgetError),
    ):
        client.chat("Hi", model="gpt-5")
    assert sent == []
    assert [(row["status"], row["cost"]) for row in ledger.rows()] == [("refused", "0")]
    ledger.close()


def test_nothing_of_it_is_loaded_before_one_is_set(sandbox: Sandbox, tmp_path: Path) -> None:
    """A call in a fresh process leaves the module alone; setting a budget touches no network and no file."""
    code = f"""
import sys, skytells_nb as sky
with sky.Client(api_key={KEY!r}, base_url={sandbox.url!r}) as client:
    client.chat("Hi", model="gpt-5")
    print("skytells_nb.costs.budget" in sys.modules)
    sky.budget("0", unknown="refuse")
    try:
        client.chat("Hi", model="gpt-5")
    except sky.errors.OverBudgetError:
        print("refused")
"""
    surroundings = {"SKYTELLS_NB_LEDGER": str(tmp_path / "ledger.sqlite3"), "PATH": "/usr/bin"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=surroundings)
    assert (ran.stdout.split(), ran.stderr) == (["False", "refused"], "")
