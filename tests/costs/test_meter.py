"""A meter counts the calls that begin in its block, in every thread and task, and what is learned of them later."""

from __future__ import annotations

import asyncio
import contextvars
import decimal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import skytells_nb as sky
from skytells_nb import settings
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs import meter
from skytells_nb.costs.columns import COLUMNS
from skytells_nb.costs.meter import Meter
from skytells_nb.costs.rows import placed_row
from skytells_nb.costs.totals import Totals
from skytells_nb.errors import JobFailedError, OverBudgetError, UnknownNameError
from skytells_nb.local import Sandbox
from skytells_nb.notebook.forms.form import form

KEY = "sk-test-4f9a1c77"
PICTURE = Decimal("0.04")
"""What a picture of truefusion-pro costs in the sandbox."""

MakeCall = Callable[..., Call]

_WHEN = datetime(2026, 3, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _all_closed() -> Iterator[None]:
    """Begin and end with no meter open, and outside the sandbox."""
    assert meter.here() == ()
    yield
    assert meter.here() == ()
    settings.use(None)


@pytest.fixture
def client(shared_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sky.Client]:
    """Put this session into a sandbox, as `%skytells_sandbox` does, with a ledger of its own; give a client."""
    monkeypatch.setenv(settings.LEDGER_VARIABLE, str(tmp_path / "ledger.sqlite3"))
    key = settings.Key(KEY)
    settings.use(settings.Override(address=shared_sandbox.url, key=key, source="the sandbox", sandbox=True))
    with sky.Client() as made:
        yield made


def told(call: Call) -> None:
    """Tell the meters of a call that began and ended."""
    meter.before(replace(call, status="sent", charge=Charge()))
    meter.after(call)


def in_a_thread(work: Callable[[], Any]) -> Any:
    """Run work in a new thread, which is handed no context."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_a_block_of_calls(client: sky.Client) -> None:
    """Calls, answers and pictures, tokens, exact cost and seconds of a block are counted, and nothing around it."""
    client.chat("REPEAT: before")
    with sky.meter() as m:
        reply = client.chat("REPEAT: one two three")
        picture = client.predict("truefusion-pro", {"prompt": "a fox", "num_outputs": 2})
    client.chat("REPEAT: after")
    usage = reply.usage
    assert usage is not None
    assert reply.cost is not None
    assert (m.calls, m.errors, m.unknown, m.outputs) == (2, 0, 0, 3)
    assert m.tokens == (usage.prompt_tokens, usage.completion_tokens)
    assert m.cost == reply.cost + 2 * PICTURE
    assert (m.billed, m.priced) == ({"USD": 2 * PICTURE}, {"USD": reply.cost})
    assert picture.call is not None
    assert reply.call is not None
    assert m.waiting == pytest.approx((picture.call.seconds or 0) + (reply.call.seconds or 0))
    assert m.seconds >= m.waiting


def test_it_can_be_read_while_it_runs(client: sky.Client) -> None:
    """Inside the block the figures are those so far, and its seconds go on until the end."""
    with sky.meter() as m:
        assert (m.calls, m.cost, m.is_open) == (0, Decimal(0), True)
        client.chat("REPEAT: one")
        assert m.calls == 1
        inside = m.seconds
    at_the_end = m.seconds
    assert 0 < inside <= at_the_end == m.seconds
    assert not m.is_open


def test_a_call_that_goes_on_is_running(client: sky.Client) -> None:
    """A call that has begun is counted at once; its cost is neither known nor unknown until it ends."""
    with sky.meter() as m:
        pieces = iter(client.chat_stream("REPEAT: one two three"))
        next(pieces)
        assert (m.calls, m.totals.running, m.unknown, m.cost) == (1, 1, 0, None)
        assert list(pieces)
    assert m.totals.running == 0


def test_failures_are_counted(client: sky.Client) -> None:
    """A failed job and a refused call are errors, and a call that was refused cost nothing."""
    with sky.meter() as m:
        with pytest.raises(JobFailedError):
            client.predict("truefusion", {"prompt": "please FAIL"})
        with pytest.raises(UnknownNameError):
            client.chat("hi", model="nope")
    assert (m.calls, m.errors) == (2, 2)
    assert [row["status"] for row in m.rows] == ["failed", "refused"]
    assert m.rows[1]["cost"] == "0"


def test_what_a_budget_refuses_is_an_error_that_cost_nothing(client: sky.Client) -> None:
    """A call that a budget holds back is in the meter as it is in the record: refused, at no cost."""
    with sky.meter() as m, sky.budget("0.01"), pytest.raises(OverBudgetError):
        client.predict("truefusion-pro", {"prompt": "a fox"})
    assert (m.calls, m.errors, m.cost, m.rows[0]["status"]) == (1, 1, Decimal(0), "refused")


def test_nested_meters(client: sky.Client) -> None:
    """What an inner block counts, the outer one counts too, once."""
    with sky.meter() as outer:
        client.chat("REPEAT: one")
        with sky.meter() as inner:
            client.chat("REPEAT: two")
        client.chat("REPEAT: three")
    assert (outer.calls, inner.calls) == (3, 1)
    assert inner.rows[0] == outer.rows[1]


def test_the_same_meter_again(a_call: MakeCall) -> None:
    """A meter that is opened again goes on counting, and inside itself it counts each call once."""
    m = sky.meter()
    with m:
        told(a_call("a", status="succeeded", cost="1"))
    first = m.seconds
    with m, m:
        told(a_call("b", status="succeeded", cost="2"))
    assert (m.calls, m.cost) == (2, Decimal(3))
    assert m.seconds > first


def test_a_block_that_fails_is_closed(client: sky.Client) -> None:
    """An exception leaves the block as it came, and the meter closed, with what was counted."""
    m = sky.meter()
    with suppress(JobFailedError), m:
        client.predict("truefusion", {"prompt": "please FAIL"})
    client.chat("REPEAT: two")
    assert (m.calls, m.is_open) == (1, False)


def test_a_thread_without_a_meter_counts_in_the_main_threads(client: sky.Client) -> None:
    """A pool's workers, begun before the block or in it, count in every meter that the main thread has open."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(client.chat, ["REPEAT: early"] * 4))
        with sky.meter() as outer, sky.meter() as inner:
            list(pool.map(client.chat, [f"REPEAT: {n}" for n in range(12)]))
        pool.submit(client.chat, "REPEAT: late").result()
    assert (outer.calls, inner.calls) == (12, 12)


def test_threads_with_meters_of_their_own(client: sky.Client) -> None:
    """Two threads count each their own calls only; the main thread's block counts both."""
    both = threading.Barrier(2)

    def work(times: int) -> Meter:
        with sky.meter() as mine:
            both.wait(timeout=30)
            for n in range(times):
                client.chat(f"REPEAT: {n}")
            both.wait(timeout=30)
        return mine

    with sky.meter() as outer, ThreadPoolExecutor(2) as pool:
        one, two = pool.map(work, [2, 3])
    assert (one.calls, two.calls, outer.calls) == (2, 3, 5)


def test_a_pool_of_a_thread_is_not_lost(a_call: MakeCall) -> None:
    """Where the main thread has no meter, a worker without one counts in what is open, whoever opened it."""

    def work() -> Meter:
        with sky.meter() as mine:
            in_a_thread(lambda: told(a_call("deep", status="succeeded")))
        return mine

    assert in_a_thread(work).calls == 1


def test_a_context_makes_a_worker_exact(a_call: MakeCall) -> None:
    """A worker that is handed a context counts where that context stands, and nowhere else."""
    with sky.meter() as outer:
        outside = contextvars.copy_context()
        with sky.meter() as inner:
            in_a_thread(lambda: outside.run(told, a_call("outside", status="succeeded")))
            in_a_thread(lambda: contextvars.copy_context().run(told, a_call("fresh", status="succeeded")))
    assert ([*outer.counted], [*inner.counted]) == (["outside", "fresh"], ["fresh"])


def test_tasks(client: sky.Client) -> None:
    """Tasks count in the block that they were begun in; those of another block at the same time do not."""

    async def block(asks: int) -> Meter:
        async with sky.AsyncClient() as asking:
            with sky.meter() as mine:
                await asyncio.gather(*(asking.chat(f"REPEAT: {n}") for n in range(asks)))
        return mine

    async def both() -> list[Meter]:
        return await asyncio.gather(block(2), block(3))

    with sky.meter() as outer:
        one, two = asyncio.run(both())
    assert (one.calls, two.calls, outer.calls) == (2, 3, 5)


def test_to_thread_takes_the_context_along(client: sky.Client) -> None:
    """What `asyncio.to_thread` runs counts in its own task's block alone."""

    async def block() -> Meter:
        with sky.meter() as mine:
            await asyncio.to_thread(client.chat, "REPEAT: one")
        return mine

    async def both() -> list[Meter]:
        return await asyncio.gather(block(), block())

    assert [m.calls for m in asyncio.run(both())] == [1, 1]


def test_a_task_of_before_is_not_counted(a_call: MakeCall) -> None:
    """A task that was begun before the block belongs to what was open then, though it runs meanwhile."""

    async def run() -> Meter:
        go, went = asyncio.Event(), asyncio.Event()

        async def earlier() -> None:
            await go.wait()
            told(a_call("earlier", status="succeeded"))
            went.set()

        task = asyncio.create_task(earlier())
        with sky.meter() as m:
            go.set()
            await went.wait()
        await task
        return m

    assert asyncio.run(run()).calls == 0


def test_a_task_that_outlives_its_block(a_call: MakeCall) -> None:
    """A call that begins after the end of the block is not counted, though its task was begun inside."""

    async def run() -> Meter:
        go = asyncio.Event()

        async def later() -> None:
            await go.wait()
            told(a_call("later", status="succeeded"))

        with sky.meter() as m:
            task = asyncio.create_task(later())
        go.set()
        await task
        return m

    assert asyncio.run(run()).calls == 0


def test_a_call_that_ends_after_the_block(client: sky.Client) -> None:
    """A job that was begun inside and waited for after the block is settled in its meter."""
    with sky.meter() as m:
        job = client.submit("truefusion-pro", {"prompt": "a fox"})
    assert (m.calls, m.cost, m.totals.running) == (1, None, 1)
    client.wait(job)
    assert (m.calls, m.cost, m.totals.running) == (1, PICTURE, 0)


def test_a_job_that_is_collected_by_its_id(client: sky.Client) -> None:
    """Where only a job's id is left, waiting for it settles the call that began it; the wait is no call of its own."""
    with sky.meter() as m:
        job = client.submit("truefusion-pro", {"prompt": "a fox"}, tag="mine")
    with sky.meter() as later:
        client.wait(job.id)
    assert (m.calls, m.cost, m.rows[0]["tag"], later.calls) == (1, PICTURE, "mine", 0)


def test_a_forms_run_counts_where_it_was_started(client: sky.Client) -> None:
    """A form that is run in a block counts there, though it goes on in the background after the block."""
    with sky.meter() as outer:
        asked = form(client.model("truefusion-pro"))
        asked.load({"prompt": "a fox"})
        with sky.meter() as inner:
            run = asked.start()
    with sky.meter() as later:
        run.wait()
    assert (outer.calls, inner.calls, later.calls) == (1, 1, 0)
    assert inner.cost == PICTURE


def test_what_is_learned_later_takes_nothing_away(a_call: MakeCall) -> None:
    """A known cost is not lost to a later look that knows none, nor the end of a job to one that still saw it run."""
    job = {"api": "prediction", "remote_id": "pred_1"}
    with sky.meter() as m:
        told(a_call("a", status="succeeded", cost="0.04", **job))
    meter.after(a_call("a", status="running", **job))
    meter.after(a_call("b", status="succeeded", finished_at=_WHEN, **job))
    assert (m.calls, m.cost, m.rows[0]["status"], m.priced) == (1, Decimal("0.04"), "succeeded", {"USD": m.cost})
    meter.after(a_call("b", status="succeeded", charge=Charge(Decimal("0.05"), source="billed"), **job))
    assert (m.cost, m.billed) == (Decimal("0.05"), {"USD": Decimal("0.05")})


def test_a_job_that_failed_for_us_may_have_succeeded(a_call: MakeCall) -> None:
    """Where a later wait finds the job well, the error is taken back, and its seconds are those since the beginning."""
    job = {"api": "prediction", "remote_id": "pred_1"}
    with sky.meter() as m:
        told(a_call("a", status="failed", error_id="NetworkError", **job))
    assert m.errors == 1
    ended = _WHEN + timedelta(days=1)
    meter.after(a_call("b", status="succeeded", seconds=0.1, finished_at=ended, cost="0.04", **job))
    assert (m.errors, m.cost, "error_id" in m.rows[0]) == (0, Decimal("0.04"), False)
    assert m.waiting == (ended - a_call().started_at).total_seconds()


def test_unknown_costs_are_never_0(a_call: MakeCall) -> None:
    """Where no cost is known there is none; beside known ones the unknown are counted."""
    with sky.meter() as m:
        told(a_call("a", status="succeeded"))
        assert (m.cost, m.unknown) == (None, 1)
        told(a_call("b", status="succeeded", cost="0.10"))
    assert (m.cost, m.unknown) == (Decimal("0.10"), 1)


def test_currencies_are_not_added_up(a_call: MakeCall) -> None:
    """Amounts of several currencies stand side by side; there is no one cost then."""
    euros = Charge(Decimal("0.30"), currency="EUR", source="billed")
    with sky.meter() as m:
        told(a_call("a", status="succeeded", cost="0.10"))
        told(a_call("b", status="succeeded", charge=euros))
    assert m.cost is None
    assert m.costs == {"USD": Decimal("0.10"), "EUR": Decimal("0.30")}
    assert repr(m).endswith("0 ms waiting: 0.30 EUR + $0.10 (0.30 EUR billed, $0.10 priced)>")


def test_live_and_sandbox_are_not_mixed(a_call: MakeCall) -> None:
    """Figures are of the live calls where there are any; the sandbox's are apart, and called what they are."""
    with sky.meter() as m:
        told(a_call("a", status="succeeded", cost="0.10", sandbox=True, prompt_tokens=5, completion_tokens=7))
        assert (m.calls, m.cost) == (1, Decimal("0.10"))
        told(a_call("b", status="succeeded", cost="0.02"))
    assert (m.calls, m.cost, m.tokens) == (1, Decimal("0.02"), (0, 0))
    assert (m.live.cost, m.sandbox.cost) == (Decimal("0.02"), Decimal("0.10"))
    assert repr(m).partition(": ")[2] == (
        "1 call, 0 ms waiting: $0.02; "
        "1 call in the sandbox, 5 tokens in, 7 out, 0 ms waiting: it would have been $0.10>"
    )


def test_the_frame_is_that_of_usage(client: sky.Client) -> None:
    """`frame` gives the calls with the columns and dtypes of `usage`, and the very figures of the record."""
    with sky.meter() as m:
        client.chat("REPEAT: one", tag="x")
        client.predict("truefusion", {"prompt": "a fox"})
    mine, all_ = m.frame(), sky.usage()
    assert list(mine.columns) == list(COLUMNS)
    assert mine.dtypes.equals(all_.dtypes)
    assert mine.astype("object").equals(all_.astype("object"))


def test_an_empty_frame(client: sky.Client) -> None:
    """A meter that counted nothing gives the same columns."""
    assert sky.meter().frame().dtypes.astype(str).equals(sky.usage().dtypes.astype(str))


def test_numbers_that_nothing_holds(a_call: MakeCall) -> None:
    """A count that no column can hold is missing in the frame, as it is in the record; the rest of the row stands."""
    with sky.meter() as m:
        told(a_call("a", status="succeeded", cost="0.10", prompt_tokens=2**70, completion_tokens=3))
    frame = m.frame()
    assert frame["prompt_tokens"].isna().all()
    assert (frame["completion_tokens"].item(), frame["cost"].item()) == (3, Decimal("0.10"))


def test_a_meter_that_is_gone_keeps_nothing(a_call: MakeCall) -> None:
    """With the last meter that counted them, calls are forgotten."""
    with sky.meter() as m:
        told(a_call("a", status="succeeded"))
        assert "a" in meter._by_call
    del m
    assert "a" not in meter._by_call


def test_closed_in_another_context(a_call: MakeCall) -> None:
    """A meter that is closed elsewhere than it was opened is closed for all, and what lies within it stays open."""
    m = sky.meter()
    m.__enter__()
    contextvars.copy_context().run(m.__exit__, None, None, None)
    told(a_call("a", status="succeeded"))
    with sky.meter() as after:
        told(a_call("b", status="succeeded"))
    m.__enter__()
    m.__exit__(None, None, None)
    assert ([*m.counted], [*after.counted]) == ([], ["b"])
    meter._here.set(None)


@given(st.lists(st.decimals(0, 10**9, places=20), max_size=40))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    """The cost is the exact sum of what each call cost, whatever the notebook's own decimal context rounds to."""
    rows = [
        placed_row(
            Call(
                str(n), "chat", "POST /x", "m", _WHEN, "f", status="succeeded", charge=Charge(amount, "USD", "priced")
            ),
            (None, None, None, None),
        )
        for n, amount in enumerate(amounts)
    ]
    with decimal.localcontext(prec=3):
        found = Totals.of(rows).cost
    with decimal.localcontext(prec=100):
        assert found == sum(amounts, Decimal(0))
