"""What tests stand on: a local Skytells on a real socket, and the repository."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import certifi
import hypothesis
import pytest

from skytells_nb.local import Sandbox
from tests.postgres import Postgres, running, skip_without_postgres

# A busy machine is no failure, and no file is left behind.
hypothesis.settings.register_profile(
    "steady", deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let HTTP clients read one certificate: reading all takes each 0.1 s, and no test trusts a public one."""
    first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----\n")
    file = tmp_path_factory.mktemp("certificates") / "one.pem"
    file.write_text(first + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_keyring() -> Iterator[None]:
    """Leave the keyring of whoever runs the tests alone, in the programs that they start too."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C reach the programs that tests start, also where a shell runs the suite in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def _stop_behind() -> Iterator[Callable[[Sandbox], None]]:
    """Stop sandboxes while the next test runs already: each takes 0.2 s, of which it sleeps all."""
    stopping: list[Future[None]] = []
    with ThreadPoolExecutor(1, "stopping") as behind:
        yield lambda running: stopping.append(behind.submit(running.stop))
    for each in stopping:
        each.result()


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """One local Skytells for all tests that do not change it; jobs run 20 times as fast as by default."""
    with Sandbox(pace=20.0) as running:
        yield running


@pytest.fixture
def sandbox(_stop_behind: Callable[[Sandbox], None]) -> Iterator[Sandbox]:
    """Yield a local Skytells of this test's own."""
    running = Sandbox(pace=20.0).start()
    yield running
    _stop_behind(running)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Name the folder that holds pyproject.toml."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run one PostgreSQL for all tests; `place()` gives each a place of its own in it."""
    skip_without_postgres()
    with running() as server:
        yield server
