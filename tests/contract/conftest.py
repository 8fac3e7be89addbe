"""What the contract tests share: one quick sandbox a module, what reached it, and proof that no other was called."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from skytells_nb.local import Sandbox

# Keys, addresses, proxies and tracing that clients would read from the environment.
FOREIGN = ("OPENAI_", "LANGCHAIN_", "LANGSMITH_", "LITELLM_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(scope="module", autouse=True)
def _at_home() -> Iterator[None]:
    """Take away what would send a client elsewhere, and fail the module if one calls any other machine."""
    strays: list[Any] = []
    connect = socket.socket.connect

    def watched(sock: socket.socket, address: Any) -> None:
        if sock.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1"}:
            strays.append(address)
            raise ConnectionRefusedError(f"a contract test called {address}")
        connect(sock, address)

    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.upper().startswith(FOREIGN)]:
            patched.delenv(name)
        patched.setattr(socket.socket, "connect", watched)
        yield
    assert strays == []


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """Run a sandbox whose jobs end and whose words stream at once, for all tests of a module."""
    with Sandbox(pace=1000.0, token_seconds=0.0) as running:
        yield running


@pytest.fixture
def arrived(server: Sandbox) -> Callable[[], list[Any]]:
    """Tell which requests have reached the module's sandbox since the test began."""
    before = len(server.state.requests)
    return lambda: list(server.state.requests[before:])
