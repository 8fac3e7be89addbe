"""The file of a ledger: whose it is, what is not in it, and when it is made."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from skytells_nb.api.record import Call
from skytells_nb.costs import ledger as ledgers
from skytells_nb.costs.ledger import Ledger, Recorder, default_ledger, row_of
from tests.recording import ANSWER, KEY, recording_client, stored

MakeCall = Callable[..., Call]


def test_neither_key_nor_prompt_nor_answer_is_in_the_file(path: Path, ledger: Ledger) -> None:
    """The bytes of the file and of its log hold none of the three; the fingerprint stands for the request."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    recording_client(ledger, transport=transport).chat("A question nobody should keep.", system="A secret system text.")
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for secret in (KEY, "nobody should keep", "secret system"):
        assert secret.encode() not in held
    assert len(stored(path)[0]["fingerprint"]) == 64


def test_the_file_is_this_user_s_alone(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Mode 600, and so are its companions."""
    ledger.insert(row_of(a_call()))
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_reading_makes_no_file(path: Path, ledger: Ledger) -> None:
    """An empty record is no reason to write."""
    assert ledger.rows() == []
    assert not path.parent.exists()


def test_the_default_ledger_is_one_object_for_each_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The variable is read at each call."""
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "a.sqlite3"))
    first = default_ledger()
    assert default_ledger() is first
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "b.sqlite3"))
    assert (first.place, default_ledger().place) == (str(tmp_path / "a.sqlite3"), str(tmp_path / "b.sqlite3"))
    for name in (str(tmp_path / "a.sqlite3"), str(tmp_path / "b.sqlite3")):
        ledgers._ledgers.pop(name).close()


def test_a_file_that_was_taken_away_is_made_anew(path: Path, ledger: Ledger, a_call: MakeCall) -> None:
    """Somebody deletes the file while a kernel runs: later rows go to a new one, not into nothing."""
    Recorder(ledger).before(a_call(id="first"))
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()
    Recorder(ledger).before(a_call(id="second"))
    assert [row["id"] for row in stored(path)] == ["second"]
