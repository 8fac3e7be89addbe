"""Whatever decimal context a notebook sets, amounts stay as they are: few digits, and a trap for every signal."""

from __future__ import annotations

import decimal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.exchange import export_usage, import_usage
from skytells_nb.costs.frames import usage
from skytells_nb.costs.ledger import Ledger, row_of

_THEIRS = decimal.Context(prec=2, rounding=decimal.ROUND_UP, traps=[*decimal.Context().flags])
_IMPORT_ALL = """
import decimal, importlib, pkgutil
import skytells_nb
names = [found.name for found in pkgutil.walk_packages(skytells_nb.__path__, "skytells_nb.")]
decimal.setcontext(decimal.Context(prec=2, traps=[*decimal.Context().flags]))
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Give a ledger with a call whose cost has many digits."""
    made = Ledger(tmp_path / "ledger.sqlite3")
    charge = Charge(Decimal("1234.567890123456789"), "USD", "priced", "by usage")
    moment = datetime(2026, 3, 6, 20, 15, tzinfo=UTC)
    made.insert(row_of(Call("a", "chat", "POST /chat/completions", "gpt-5", moment, "f" * 64, charge=charge)))
    yield made
    made.close()


def test_every_module_can_be_imported_in_it() -> None:
    """What is imported late, when it is needed, computes its constants in nobody's context."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", _IMPORT_ALL], check=True)


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet"])
def test_an_exported_amount_comes_back_the_same(ledger: Ledger, tmp_path: Path, ending: str) -> None:
    """To the last digit, in every format."""
    frame = usage(live="all", ledger=ledger)
    with decimal.localcontext(_THEIRS):
        back = import_usage(export_usage(tmp_path / f"usage{ending}", usage(live="all", ledger=ledger)))
    assert back["cost"].tolist() == [Decimal("1234.567890123456789")]
    assert_frame_equal(back, frame)
