"""A session that is offline: forms of the catalogue's models, run against a sandbox on a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from skytells_nb.local import Sandbox
from skytells_nb.notebook.session import SANDBOX_VARIABLE, current


@pytest.fixture
def online(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Use a sandbox whose jobs take a moment, as `%skytells_sandbox` does."""
    monkeypatch.setenv(SANDBOX_VARIABLE, sandbox.url)
    current().go_offline()
    yield sandbox
    current().stop_sandbox()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Use a sandbox whose jobs take many seconds."""
    with Sandbox(pace=0.2) as running:
        monkeypatch.setenv(SANDBOX_VARIABLE, running.url)
        current().go_offline()
        yield running
        current().stop_sandbox()
