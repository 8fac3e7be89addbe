"""`skytells-nb demo`: the quickstart notebook, or another, run in a real kernel against the local Skytells.

The notebook travels with the package and is copied into a folder of its own, so it works from anywhere and leaves the
original alone. The kernel is this very Python. Whatever ends the run (success, a failing cell, Ctrl-C, a signal), the
kernel and the sandbox end with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .api.pricing import dollars
from .costs.ledger import Ledger
from .local import Sandbox
from .notebook.session import SANDBOX_VARIABLE
from .settings import LEDGER_VARIABLE, MEDIA_VARIABLE

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

QUICKSTART = "01-quickstart.ipynb"
NOTEBOOKS = {
    "quickstart": QUICKSTART,
    "forms": "02-forms.ipynb",
    "costs": "03-costs.ipynb",
    "magics": "04-magics.ipynb",
    "media": "05-media.ipynb",
}
CELL_LIMIT = 120
"""Seconds that one cell may take."""


def run(
    *,
    lab: bool = False,
    folder: str | None = None,
    jupyter: Sequence[str] = (),
    name: str = QUICKSTART,
    source: Path | None = None,
) -> int:
    """Run the demo, or open it in JupyterLab; returns the exit status, 1 where a cell or the set-up failed.

    `folder` is where the copy, its page and its media go; `name` the notebook's file name, `source` another to be
    copied under that name; `jupyter` holds options for JupyterLab.
    """
    missing = [name for name in (("jupyterlab",) if lab else ("nbclient", "nbconvert")) if not _installed(name)]
    if missing:
        print(f"The demo needs {' and '.join(missing)}: run  pip install 'skytells-nb[lab]'", file=sys.stderr)
        return 1
    place = _folder(folder, source or notebook(name), name, fresh=not lab)
    usual = signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        with Sandbox() as sandbox, _environment(sandbox.url, place) as ledger:
            if lab:
                return _open_lab(place / name, jupyter)
            return _execute(place / name, sandbox, ledger)
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, usual)


def notebook(name: str = QUICKSTART) -> Path:
    """Find a notebook that travels with the package, or beside it in a checkout."""
    inside = Path(str(resources.files(__package__ or "skytells_nb"))) / "notebooks" / name
    return inside if inside.exists() else inside.parents[2] / "notebooks" / name


def _installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _folder(chosen: str | None, source: Path, name: str, *, fresh: bool) -> Path:
    """Copy the notebook into a folder; a `fresh` one never holds somebody's earlier copy, which is left as it is."""
    place = Path(chosen or "skytells-demo").expanduser().absolute()
    number = 2
    while fresh and (place / name).exists():
        place = place.with_name(f"{Path(chosen or 'skytells-demo').name}-{number}")
        number += 1
    try:
        place.mkdir(parents=True, exist_ok=True)
        _copy(source, place / name)
    except OSError as error:
        if chosen:
            raise SystemExit(f"{place} cannot be written: {error.strerror}. Choose another with --output.") from error
        place = Path(tempfile.mkdtemp(prefix="skytells-demo-"))
        _copy(source, place / name)
    return place


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        target.write_bytes(source.read_bytes())


@contextmanager
def _environment(address: str, place: Path) -> Iterator[Ledger]:
    """Let kernels started here find the sandbox, and a record of this run alone."""
    path = place / "ledger.sqlite3"
    before = {name: os.environ.get(name) for name in (SANDBOX_VARIABLE, LEDGER_VARIABLE, MEDIA_VARIABLE)}
    os.environ |= {SANDBOX_VARIABLE: address, LEDGER_VARIABLE: str(path)}
    os.environ.pop(MEDIA_VARIABLE, None)
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _execute(path: Path, sandbox: Sandbox, ledger: Ledger) -> int:
    import nbformat
    from nbclient import NotebookClient

    place = path.parent
    document: NotebookNode = nbformat.read(path, as_version=4)
    total = sum(cell.cell_type == "code" for cell in document.cells)
    print(f"The local Skytells answers at {sandbox.url}: no key, no network, nothing is billed.")
    print(f"Running {total} cells of {path}", flush=True)
    before = set(_pictures(place))
    begun = time.monotonic()
    client = NotebookClient(
        document,
        timeout=CELL_LIMIT,
        kernel_manager_class=_manager_of_this_python(),
        resources={"metadata": {"path": str(place)}},
        record_timing=False,
        **_progress(document, total),
    )
    try:
        with (place / "kernel.log").open("wb") as log:
            failure = _Run(client, log).wait()
    finally:
        nbformat.write(document, path)
    page = _page(document, path)
    if failure is not None:
        print(f"\nA cell failed:\n{failure}", file=sys.stderr)
    _report(document, ledger, len(set(_pictures(place)) - before), time.monotonic() - begun)
    print(f"\nnotebook  {path}\npage      {page}")
    return 1 if failure is not None else 0


class _Run:
    """A notebook that runs in a thread of its own, so that Ctrl-C reaches the main thread and ends it in good order."""

    def __init__(self, client: NotebookClient, log: BinaryIO) -> None:
        self._client = client
        self._log = log
        self._failure: BaseException | None = None
        self._task: asyncio.Task[Any] | None = None
        self._begun, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._work, name="skytells-demo", daemon=True).start()

    def wait(self) -> BaseException | None:
        """Wait for its end; return what made it fail. Interrupted, it cancels the run and shuts its kernel down."""
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            self._begun.wait()
            if self._task is not None and not self._ended.is_set():
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)
            self._ended.wait()
            raise
        return self._failure

    def _work(self) -> None:
        try:
            asyncio.run(self._execute())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self._failure = error
        finally:
            self._begun.set()
            self._ended.set()

    async def _execute(self) -> None:
        self._task = asyncio.current_task()
        self._begun.set()
        await self._client.async_execute(stderr=self._log)


def _manager_of_this_python() -> type[Any]:
    """Make a kernel manager whose only kernel is the Python that runs this."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    class Manager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _this_python(self) -> KernelSpecManager:
            return ThisPython(parent=self)

    return Manager


def _progress(document: NotebookNode, total: int) -> dict[str, Any]:
    """Make the hooks that print one line a cell: its number, what it is about, its seconds."""
    begun = {"at": 0.0, "cell": 0}
    headings = list(_headings(document))

    def before(cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "code":
            begun["at"] = time.monotonic()
            begun["cell"] += 1
            print(f"  [{begun['cell']:>2}/{total}] {headings[cell_index]:<58}", end="", flush=True)

    def after(cell: NotebookNode, execute_reply: dict[str, Any], **_: object) -> None:
        failed = execute_reply["content"]["status"] == "error"
        expected = "raises-exception" in cell.metadata.get("tags", [])
        word = "an error, as planned" if failed and expected else "FAILED" if failed else ""
        print(f"{time.monotonic() - begun['at']:6.1f} s  {word}", flush=True)

    return {"on_cell_execute": before, "on_cell_executed": after}


def _headings(document: NotebookNode) -> Iterator[str]:
    """Say for each cell what it is about: the last heading above it."""
    heading = ""
    for cell in document.cells:
        if cell.cell_type == "markdown":
            heading = next((line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")), heading)
        yield heading[:58]


def _page(document: NotebookNode, path: Path) -> Path:
    from nbconvert import HTMLExporter

    # Widgets need scripts from the network to be drawn; without their state, their plain HTML is shown.
    still = document.copy()
    still.metadata = {name: value for name, value in document.metadata.items() if name != "widgets"}
    body, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(still)
    page = path.with_suffix(".html")
    page.write_text(body, encoding="utf-8")
    return page


def _pictures(place: Path) -> Iterator[Path]:
    return (path for path in (place / "skytells_media").glob("*") if path.suffix in (".png", ".jpg", ".webp"))


def _report(document: NotebookNode, ledger: Ledger, pictures: int, seconds: float) -> None:
    rows = ledger.rows()
    cost = sum((Decimal(row["cost"]) for row in rows if row["cost"] is not None), Decimal(0))
    ran = sum(cell.cell_type == "code" and cell.execution_count is not None for cell in document.cells)
    tokens = sum(row["total_tokens"] or 0 for row in rows)
    drawn = f"{pictures} pictures, " if pictures else ""
    facts = f"{ran} cells, {len(rows)} calls, {tokens} tokens, {drawn}{seconds:.1f} seconds"
    print(f"\n{facts}; it would have cost {dollars(cost)}, and nothing was billed.")


def _open_lab(path: Path, jupyter: Sequence[str]) -> int:
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={path.parent}", "--ServerApp.answer_yes=True"]
    print(f"Opening {path} in JupyterLab; Ctrl-C ends it.", flush=True)
    with subprocess.Popen([*command, *root, *jupyter, str(path)]) as lab:  # noqa: S603 - our own words
        try:
            return lab.wait()
        except KeyboardInterrupt:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):  # it may hang while it shuts down
                lab.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    lab.wait(timeout=8)
                    break
            raise
