"""What the tests of jobs share: a notebook in this process, offline, or live at a service that is no sandbox."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import skytells_nb as sky
from skytells_nb.api.client import Client
from skytells_nb.costs.ledger import default_ledger
from skytells_nb.local import Sandbox
from skytells_nb.notebook.session import SANDBOX_VARIABLE, current

from .notebooks import Notebook


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    """Run IPython in this process, with the extension loaded."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        made = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
        sky.load_ipython_extension(made)
        yield made
        sky.unload_ipython_extension(made)
        InteractiveShell.clear_instance()


def impatient() -> Client:
    """Make a client that waits a twentieth of what it should."""
    return Client(sleep=lambda seconds: time.sleep(seconds / 20))


@pytest.fixture
def notebook(
    shell: InteractiveShell, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Notebook]:
    """Yield a notebook whose session is in a sandbox of its own, with a record and a media folder of its own."""
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "ledger.sqlite3"))
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(tmp_path / "media"))
    monkeypatch.setenv(SANDBOX_VARIABLE, sandbox.url)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    current().go_offline()
    current()._client = impatient()
    yield Notebook(shell, sandbox, tmp_path / "ledger.sqlite3")
    current().stop_sandbox()
    default_ledger().close()


@pytest.fixture
def fresh_sandbox(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Give what puts another sandbox in the place of the notebook's, which knows none of its jobs."""
    with Sandbox(pace=100) as other:

        def replace() -> None:
            monkeypatch.setenv(SANDBOX_VARIABLE, other.url)
            current().go_offline()
            notebook.sandbox = other

        yield replace


@dataclass
class Live:
    """A service that answers as the notebook's sandbox does; `leaves_out` names what its list leaves out of a job."""

    notebook: Notebook
    leaves_out: str = ""

    def written(self, answer: httpx.Response) -> bytes:
        """Write an answer again."""
        body = answer.json()
        rows = body.get("data", []) if isinstance(body, dict) else []
        for row in rows if self.leaves_out else []:
            row.pop(self.leaves_out)
        return json.dumps(body).encode()

    def forget(self) -> None:
        """Forget all jobs."""
        for job in self.notebook.sandbox.state.jobs:
            self.notebook.sandbox.state.delete(job.id)


@pytest.fixture
def live(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """Go live: the service is one that does not say that it is a sandbox."""
    service = Live(notebook)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            url = notebook.sandbox.url.removesuffix("/v1") + self.path
            try:
                answer = httpx.request(self.command, url, content=body, headers={"x-api-key": "sk-sandbox"})
            except httpx.HTTPError:  # a connection that was cut is cut here too
                return
            self.send_response(answer.status_code)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(service.written(answer))

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    current().stop_sandbox()
    monkeypatch.setenv("SKYTELLS_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
    monkeypatch.setenv("SKYTELLS_API_KEY", "sk-sandbox")
    current()._client = impatient()

    yield service
    current().start_again()
    server.shutdown()
    thread.join()
    server.server_close()
