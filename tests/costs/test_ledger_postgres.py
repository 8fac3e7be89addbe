"""A PostgreSQL as a ledger: its address and password, and a server that is away or was started again."""

from __future__ import annotations

import re
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest

from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, Recorder, row_of
from skytells_nb.costs.store import StoreError
from skytells_nb.errors import SetupError
from skytells_nb.notebook.status import status
from tests.postgres import PASSWORD, USER, Postgres, running, skip_without_postgres
from tests.recording import ANSWER, recording_client, stored

MakeCall = Callable[..., Call]


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """Run a server that tests may stop."""
    skip_without_postgres()
    with running() as server:
        yield server


@pytest.fixture
def away(own: Postgres) -> Iterator[Postgres]:
    """Give that server, which stands again afterwards."""
    yield own
    own.stop()
    own.start()


def test_a_server_that_is_away_stops_no_call(away: Postgres) -> None:
    """Calls work, one warning names the place; their rows are kept, and written when it is back."""
    place = away.place()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    with closing(Ledger(place)) as ledger, recording_client(ledger, transport=transport) as client:
        client.chat("Before", model="gpt-5")
        away.stop()
        with pytest.warns(RuntimeWarning, match=r"cannot be written \(.*Connection refused") as told:
            client.chat("Away", model="gpt-5")
        client.chat("Still away", model="gpt-5")
        assert [str(each.message).partition(" cannot")[0] for each in told] == [f"The ledger {ledger.place}"]
        with pytest.warns(RuntimeWarning, match="cannot be read"):
            assert [row["total_tokens"] for row in ledger.rows()] == [19, 19]
        away.start()
        client.chat("Back", model="gpt-5")
        assert ledger.unwritten == {}
        assert [(row["status"], row["total_tokens"]) for row in ledger.rows()] == [("succeeded", 19)] * 4
        assert ledger.trouble == ""
    assert len(stored(place)) == 4


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], ids=lambda each: each.name)
def test_a_server_that_was_started_again_is_connected_to_again(
    how: signal.Signals, away: Postgres, a_call: MakeCall
) -> None:
    """Between two calls, politely or not: the next row is written at once, and nobody is warned."""
    with closing(Ledger(away.place())) as ledger:
        Recorder(ledger).before(a_call("one"))
        away.stop(how)
        away.start()
        Recorder(ledger).before(a_call("two"))
        assert ledger.unwritten == {}
        away.stop(how)
        away.start()
        with ledger.store.transaction() as cursor:
            assert cursor.execute("SELECT count(*) FROM skytells_calls").fetchone() == (2,)
        away.stop(how)
        away.start()
        assert [row["id"] for row in ledger.rows()] == ["one", "two"]


def test_a_server_that_does_not_answer_holds_up_one_call_and_no_other(a_call: MakeCall) -> None:
    """It is given up after some seconds, and then not asked with every call."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with closing(Ledger(f"postgresql://u:secret-word@127.0.0.1:{port}/db?connect_timeout=2")) as ledger:
            recorder = Recorder(ledger)
            begun = time.monotonic()
            with pytest.warns(RuntimeWarning, match="cannot be written .*timeout expired"):
                recorder.before(a_call("one"))
            assert time.monotonic() - begun < 5
            begun = time.monotonic()
            recorder.after(a_call("one", status="succeeded"))
            recorder.before(a_call("two"))
            assert time.monotonic() - begun < 0.5
            assert list(ledger.unwritten) == ["one", "two"]
            ledger.unwritten.clear()


def test_an_address_is_told_without_its_password(postgres: Postgres) -> None:
    """Neither as it is written nor as it is meant."""
    ledger = Ledger(postgres.place())
    assert ledger.place == f"postgresql://{USER}@127.0.0.1:{postgres.port}/postgres"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_addresses_are_written_as_elsewhere(scheme: str, postgres: Postgres, a_call: MakeCall) -> None:
    """As SQLAlchemy and libpq write them."""
    address = postgres.place().replace("postgresql", scheme, 1)
    with closing(Ledger(address)) as ledger:
        ledger.insert(row_of(a_call()))
        assert len(ledger.rows()) == 1


SECRET = "Sw0rdfish"
WRONG = [
    f"postgresql://teacher:{SECRET}@127.0.0.1:{{port}}/postgres",
    f"postgresql://teacher:{SECRET}@127.0.0.1:{{port}}/no_such_database",
    f"postgresql://teacher:{SECRET}/more@127.0.0.1:{{port}}/postgres",
    f"postgresql://teacher:12/{SECRET}@127.0.0.1:{{port}}/postgres",
    f"postgresql://teacher:a?{SECRET}@127.0.0.1:{{port}}/postgres",
    f"postgresql://teacher:a@{SECRET}@127.0.0.1:{{port}}/postgres",
    f"postgresql://teacher:{SECRET}@127.0.0.1:port/postgres",
    f"postgresql://teacher:%zz{SECRET}@127.0.0.1:{{port}}/postgres",
    f"postgresql://teacher:{SECRET}@[::1/postgres",
    f"postgresql://teacher:{SECRET}@127.0.0.1:{{port}}/postgres?no_such_option={SECRET}",
    f"postgresql://127.0.0.1:{{port}}/postgres?user=teacher&password={SECRET}",
    f"postgresql://teacher:{SECRET}@no-such-host.invalid/postgres",
    f"mysql://teacher:{SECRET}@127.0.0.1/db",
    f"postgresql+asyncpg://teacher:{SECRET}@127.0.0.1/db",
    f"://teacher:{SECRET}@127.0.0.1/db",
]


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_address_stops_no_call_and_tells_no_password(
    address: str, postgres: Postgres, a_call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does any error, warning, repr or status."""
    address = address.format(port=postgres.port)
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", address)
    ledger = Ledger()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        Recorder().before(a_call())
        Recorder(ledger).before(a_call())
        assert [row["id"] for row in ledger.rows()] == ["call"]
        shown = repr(status())
    with pytest.raises((StoreError, SetupError)) as caught:
        ledger.insert(row_of(a_call()))
    said = [ledger.place, repr(ledger), repr(ledger.store), ledger.trouble, shown, repr(caught.value)]
    said += [str(each.message) for each in warned]
    assert any("cannot be written" in each for each in said)
    assert not [each for each in said if SECRET in each]
    context: BaseException | None = caught.value
    while context is not None:
        assert SECRET not in str(context)
        context = context.__cause__ or (None if context.__suppress_context__ else context.__context__)


def test_the_password_that_is_right_is_in_no_error(postgres: Postgres, a_call: MakeCall) -> None:
    """A statement that fails tells what failed."""
    with closing(Ledger(postgres.place())) as ledger:
        ledger.insert(row_of(a_call()))
        with pytest.raises(StoreError, match="skytells_nothing") as caught:
            ledger.store.execute("SELECT * FROM skytells_nothing")
        assert PASSWORD not in str(caught.value)


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, a_call: MakeCall) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ledger = Ledger("postgresql://teacher:secret-word@127.0.0.1/db")
    with pytest.warns(RuntimeWarning, match=re.escape("pip install 'skytells-nb[postgres]'")):
        Recorder(ledger).before(a_call())
    ledger.unwritten.clear()


def test_nobody_s_own_manners_change_what_is_read(
    postgres: Postgres, a_call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an encoding, a style of dates or a time zone of the environment, nor the digits that a role wants."""
    for name, value in {"PGCLIENTENCODING": "LATIN1", "PGDATESTYLE": "German, DMY", "PGTZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGOPTIONS", "-cextra_float_digits=-10 -cdefault_transaction_isolation=serializable")
    place = postgres.place()
    call = a_call(tag="5 € \N{FOX FACE}", seconds=0.1234567890123456)
    with closing(Ledger(place)) as ledger:
        ledger.insert(row_of(call))
        (row,) = ledger.rows()
    assert (row["tag"], row["seconds"], row["started_at"]) == (call.tag, call.seconds, call.started_at)


def test_reading_makes_no_table(postgres: Postgres) -> None:
    """An empty record is no reason to write."""
    with closing(Ledger(postgres.place())) as ledger:
        assert ledger.rows() == []
        assert ledger.store.exists() is False
