"""One browser and one JupyterLab for the browser tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from skytells_nb.local import Sandbox
from tests.browsers import running_browser


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: where it answers, and the folder it serves."""

    address: str
    folder: Path

    def url(self, notebook: str) -> str:
        """Name the page of a notebook."""
        return f"{self.address}/lab/tree/{notebook}?reset&token=t"


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
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Yield a JupyterLab whose kernels find a sandbox of their own."""
    folder, settings = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("settings")
    quiet = settings / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Sandbox(pace=4.0) as sandbox:
        environment = {
            **os.environ,
            "SKYTELLS_NB_SANDBOX": sandbox.url,
            "SKYTELLS_NB_LEDGER": str(settings / "ledger.sqlite3"),
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
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
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment, **quietly) as server:
            try:
                address = f"http://127.0.0.1:{port}"
                _wait_until_up(f"{address}/api", server)
                yield Lab(address, folder)
            finally:
                server.terminate()
                server.wait(timeout=20)


def _wait_until_up(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(address, params={"token": "t"}).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")
