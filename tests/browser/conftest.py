"""One browser a module, and one server of JupyterLab, Notebook and Voila for all browser tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from skytells_nb.local import Sandbox
from tests.browsers import running_browser

from .fronts import Jupyter


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield the browser, for one module: Playwright keeps an event loop, which other tests must not find running."""
    with running_browser() as running:
        yield running


@pytest.fixture(scope="session")
def pictures(repository: Path) -> Path:
    """Name the folder for screenshots, to be looked at."""
    folder = repository / "test-artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def quick() -> Iterator[Sandbox]:
    """Yield the sandbox that kernels find by themselves: a picture takes 0.3 s."""
    with Sandbox(pace=4.0) as running:
        yield running


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory, quick: Sandbox) -> Iterator[Jupyter]:
    """Yield the server; its folders, settings and record are its own."""
    folder, own = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")
    quiet = own / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "SKYTELLS_NB_SANDBOX": quick.url,
        "SKYTELLS_NB_LEDGER": str(own / "ledger.sqlite3"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
    }
    environment.pop("SKYTELLS_NB_MEDIA", None)
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=t",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment, **quietly) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_up(f"{address}/api", server)
            yield Jupyter(address, folder)
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def lab(jupyter: Jupyter) -> Jupyter:
    """Yield the server, for tests of JupyterLab alone."""
    return jupyter


def _wait_until_up(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(address, params={"token": "t"}).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")
