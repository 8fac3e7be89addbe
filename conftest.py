"""For every test and notebook: folders of their own, no key from outside, and no skip that CI does not notice."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_before = dict(os.environ)
_home = Path(tempfile.mkdtemp(prefix="skytells-nb-tests-"))
_running: dict[Path, Any] = {}


def pytest_configure() -> None:
    """Point Jupyter's, IPython's and our own folders at temporary ones, and forget every key and address.

    The environment is set rather than patched in a fixture, because kernels and servers that tests start inherit it.
    """
    for name in [name for name in os.environ if name.startswith("SKYTELLS_")]:
        del os.environ[name]
    folders = {
        "JUPYTER_CONFIG_DIR": "jupyter-config",
        "JUPYTER_DATA_DIR": "jupyter-data",
        "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
        "IPYTHONDIR": "ipython",
        "XDG_DATA_HOME": "data",
        "XDG_CONFIG_HOME": "config",
        "MPLCONFIGDIR": "matplotlib",
        "SKYTELLS_NB_CACHE": "cache",
        "SKYTELLS_NB_LEDGER": "ledger.sqlite3",
        "SKYTELLS_NB_MEDIA": "media",
    }
    os.environ |= {name: str(_home / folder) for name, folder in folders.items()}


def pytest_unconfigure() -> None:
    """Give the environment back, and clear up."""
    for sandbox in _running.values():
        sandbox.stop()
    os.environ.clear()
    os.environ.update(_before)
    shutil.rmtree(_home, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Let each notebook find a local Skytells of its own that runs jobs ten times as fast: nobody watches them here."""
    if item.path.suffix != ".ipynb":
        return (yield)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SKYTELLS_NB_SANDBOX", _sandbox_of(item.path))
        return (yield)


def _sandbox_of(notebook: Path) -> str:
    from skytells_nb.local import Sandbox

    if notebook not in _running:
        _running[notebook] = Sandbox(pace=10.0).start()
    return str(_running[notebook].url)


_LONG = (
    "test_hostile_everywhere.py",
    "test_invoice.py",
    "test_demo.py",
    "test_forms.py",
    "test_forms_and_notebook.py",
    "test_forms_accessible.py",
    "test_forms_hostile.py",
    "test_media_kinds.py",
    "test_costs.py",
    "test_quickstart.py",
    "test_readme.py",
    "test_killed.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left alone with one of them in the end."""
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which something was skipped, where FAIL_ON_SKIP is set (as `.ci/run` does)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("FAIL_ON_SKIP"):
        reporter.write_line(f"FAIL_ON_SKIP is set, and {len(skipped)} tests were skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
