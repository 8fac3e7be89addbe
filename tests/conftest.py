"""What tests stand on: a local Skytells on a real socket, and the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from skytells_nb.local import Sandbox

# A busy machine is no failure, and no file is left behind.
hypothesis.settings.register_profile(
    "steady", deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """One local Skytells for all tests that do not change it; jobs run 20 times as fast as by default."""
    with Sandbox(pace=20.0) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Yield a local Skytells of this test's own."""
    with Sandbox(pace=20.0) as running:
        yield running


@pytest.fixture(scope="session")
def repository() -> Path:
    """Name the folder that holds pyproject.toml."""
    return Path(__file__).resolve().parent.parent
