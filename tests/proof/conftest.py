"""What the proofs share: a server that says any bytes, and a key to look for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .raw import RawServer, running


@pytest.fixture(scope="module")
def raw_server() -> Iterator[RawServer]:
    """Run a server of this module's own, whose bytes its tests choose."""
    with running() as server:
        yield server
