"""Wrong arguments of the record's functions: one line that names what was given and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import skytells_nb as sky
from skytells_nb.costs.ledger import Ledger
from skytells_nb.costs.plots import latency
from skytells_nb.local import Sandbox
from tests.recording import recording_client

WRONG = [0, 1.5, b"x", ["a"], {"a": 1}, object(), np.array([1, 2]), pd.NA, pd.DataFrame(), len]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ledger", lambda it: sky.usage(ledger=it)),
        ("ledger", lambda it: sky.summary(ledger=it)),
        ("ledger", lambda it: sky.history(ledger=it)),
        ("client", lambda it: sky.history(client=it)),
        ("client", lambda it: sky.models_frame(it)),
        ("live", lambda it: sky.usage(live=it)),
        ("here", lambda it: sky.summary(here=it)),
        ("unknown", lambda it: sky.budget("1", unknown=it)),
        ("of", lambda it: latency(pd.DataFrame(), of=it)),
        ("grouping", lambda it: sky.summary([it])),
        ("path", lambda it: sky.export_usage(it)),
        ("path", lambda it: sky.import_usage(it)),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(name: str, call: Callable[[Any], object], wrong: object) -> None:
    """Never an error of pandas, of a store or of Python; nothing is asked of the service."""
    with pytest.raises(sky.errors.InputError, match=name) as caught:
        call(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", WRONG[:-2], ids=lambda value: type(value).__name__)
def test_what_is_no_frame_is_not_exported(wrong: object, tmp_path: Path) -> None:
    """And no file is made."""
    with pytest.raises(sky.errors.InputError, match="is no DataFrame"):
        sky.export_usage(tmp_path / "usage.csv", wrong)  # type: ignore[arg-type]
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: type(value).__name__)
def test_a_tag_of_a_wrong_type_never_reaches_the_record(wrong: Any, ledger: Ledger, shared_sandbox: Sandbox) -> None:
    """It would stay in memory, and every frame of this kernel would break on it."""
    with recording_client(ledger, shared_sandbox.url) as client:
        with pytest.raises(sky.errors.InputError, match="tag="):
            client.chat("hello", tag=wrong)
        with pytest.raises(sky.errors.InputError, match="tag="):
            client.predict("truefusion", {"prompt": "a fox"}, tag=wrong)
    assert sky.usage(ledger=ledger, live="all").empty
