"""The tags that TAB offers: of this kernel's calls first, then those of the record."""

from __future__ import annotations

from pathlib import Path

import pytest

import skytells_nb as sky
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.costs.tags import recent_tags
from skytells_nb.local import Sandbox
from skytells_nb.notebook import tags


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Make a record of this test's own."""
    return Ledger(tmp_path / "ledger.sqlite3")


def test_the_record_s_tags_come_latest_first(ledger: Ledger, shared_sandbox: Sandbox) -> None:
    """Each once, by its latest call; calls without one count for nothing."""
    observers = (Recorder(ledger),)
    with sky.Client(base_url=shared_sandbox.url, api_key="sk-x", observers=observers) as client:
        for tag in ("one", "two", None, "one", "three"):
            client.chat("hello", tag=tag)
    assert recent_tags(ledger) == ("three", "one", "two")


def test_no_record_has_no_tags(ledger: Ledger) -> None:
    """Where nothing was recorded there is nothing, and nothing is made."""
    assert recent_tags(ledger) == ()
    assert not Path(ledger.place).exists()


def test_a_kernel_remembers_the_tags_of_its_calls(shared_sandbox: Sandbox) -> None:
    """The latest comes first, each once."""
    with sky.Client(base_url=shared_sandbox.url, api_key="sk-x", observers=(tags.Heard(),)) as client:
        for tag in ("heard-a", "heard-b", "heard-a"):
            client.chat("hello", tag=tag)
    assert tags.recent()[:2] == ("heard-a", "heard-b")
