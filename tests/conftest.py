"""What every test stands on: folders of its own, no key from outside, and a local Skytells on a real socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from skytells_nb.sandbox import Sandbox


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point Jupyter's, IPython's and our own folders at temporary ones, and forget every key and address."""
    root = tmp_path_factory.mktemp("home")
    own = {
        "JUPYTER_CONFIG_DIR": root / "jupyter-config",
        "JUPYTER_DATA_DIR": root / "jupyter-data",
        "JUPYTER_RUNTIME_DIR": root / "jupyter-runtime",
        "IPYTHONDIR": root / "ipython",
        "XDG_DATA_HOME": root / "data",
        "XDG_CONFIG_HOME": root / "config",
        "SKYTELLS_NB_LEDGER": root / "ledger.sqlite3",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SKYTELLS_")]:
            patch.delenv(name)
        for name, folder in own.items():
            patch.setenv(name, str(folder))
        yield


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """One local Skytells for all tests that do not change it; jobs run 20 times as fast as by default."""
    with Sandbox(pace=20.0) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A local Skytells of this test's own."""
    with Sandbox(pace=20.0) as running:
        yield running


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).resolve().parent.parent
