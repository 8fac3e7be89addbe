"""TAB in IPython's own terminal, typed into a real one."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import skytells_nb
from skytells_nb.api.values import Model
from skytells_nb.local.models.catalogue import models
from skytells_nb.notebook import catalogue_file

pty = pytest.importorskip("pty", reason="a terminal of its own needs Unix")

ADDRESS = "https://terminal.example/v1"
_CONTROL = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9])")


class Terminal:
    """A running IPython behind a terminal; `until` reads what it writes."""

    def __init__(self, screen: int) -> None:
        self._screen = screen

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def until(self, wanted: str) -> str:
        """Read until a text is on the screen; give all that was read."""
        seen, deadline = "", time.monotonic() + 60
        while wanted not in seen:
            ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{wanted!r} did not come; the screen holds {seen[-2000:]!r}"
            seen = _CONTROL.sub("", seen + os.read(self._screen, 65_536).decode("utf-8", "replace"))
        return seen


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Start IPython; an earlier kernel has kept the catalogue of its service, which is nowhere."""
    monkeypatch.setenv("SKYTELLS_NB_CACHE", str(tmp_path))
    catalogue_file.write(ADDRESS, tuple(Model.from_json(model.wire) for model in models().values()))
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(skytells_nb.__file__).parents[1]),
        "SKYTELLS_BASE_URL": ADDRESS,
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "IPython", "--no-banner", "--no-confirm-exit", "--HistoryManager.enabled=False"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=tmp_path) as shell:
        os.close(theirs)
        try:
            yield Terminal(ours)
        finally:
            shell.kill()
            with contextlib.suppress(OSError):
                os.close(ours)


def test_tab_completes_in_the_terminal(terminal: Terminal) -> None:
    """One model that fits is written out; several, and inputs, are listed; beside the chosen one stands its price."""
    terminal.until("In [1]:")
    terminal.type("%load_ext skytells_nb\r")
    terminal.until("In [2]:")
    terminal.type("%skytells_predict lu\t")
    terminal.until("mo")
    terminal.type(" mo\t")
    terminal.until("tion=")
    terminal.type("\x15%%skytells_chat gpt-5.\t")
    assert "gpt-5.4" in terminal.until("codex")
    terminal.type("\t")
    terminal.until("text · ")
