"""TAB in a real kernel: asked by the protocol, as every front end asks, and what it costs and touches."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel

LEARNED = """
import threading
for thread in threading.enumerate():
    if thread.name.startswith("skytells-"):
        thread.join()
"""
WATCH = """
import sys
touched = []
sys.addaudithook(lambda event, args: touched.append(event) if event.startswith("socket.") else None)
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Yield a kernel that asked a service one thing, which is gone by now; the sockets that it opens are counted.

    What else TAB knows was learned behind that cell.
    """
    folder = tmp_path_factory.mktemp("tab")
    with Sandbox(pace=20.0) as service:
        environment = {"SKYTELLS_BASE_URL": service.url, "SKYTELLS_API_KEY": "sk-sandbox"}
        own = {"SKYTELLS_NB_CACHE": str(folder), "SKYTELLS_NB_LEDGER": str(folder / "ledger.sqlite3")}
        with running_kernel(**environment, **own) as kernel:
            kernel.run("%load_ext skytells_nb\nfox = 1\nfrog = 2")
            assert kernel.run("%%skytells_chat -q --thread tutor --tag lesson\nhello").status == "ok"
            assert kernel.run(LEARNED).status == "ok"
            service.stop()
            kernel.run(WATCH)
            yield kernel


def press(kernel: Kernel, cell: str) -> dict[str, Any]:
    """Press TAB at the | of a cell, and give the kernel's answer."""
    before, _, after = cell.partition("|")
    content: dict[str, Any] = kernel.client.complete(before + after, len(before), reply=True, timeout=30)["content"]
    return content


def touched(kernel: Kernel) -> set[str]:
    """Give what the kernel did with sockets."""
    return set(kernel.run("print(*set(touched))").stdout.split())


@pytest.mark.parametrize(
    ("cell", "expected", "replaced"),
    [
        ("%%skytells_chat gpt-5.|", ["gpt-5.4", "gpt-5.3-codex"], "gpt-5."),
        ("%%skytells_chat --thread t|", ["tutor"], "t"),
        ("%%skytells_chat --tag |", ["lesson"], ""),
        ("%skytells_predict truefusion-pro aspect_ratio=16:|", ["16:9"], "16:"),
        ("x = 1\ny = %skytells_predict truefusion-pro as|", ["aspect_ratio="], "as"),
        ("%%skytells_chat\nWhat is {{f|", ["fox", "frog"], "f"),
        ("%%skytells_chat\nTell me of fo|", [], ""),
        ("%skytells_us|", ["%skytells_usage"], "%skytells_us"),
    ],
)
def test_the_kernel_answers(notebook: Kernel, cell: str, expected: list[str], replaced: str) -> None:
    """The protocol's answer holds ours alone, and where they go."""
    answer = press(notebook, cell)
    text = cell.replace("|", "")
    assert answer["matches"] == expected
    assert text[answer["cursor_start"] : answer["cursor_end"]] == replaced


def test_hints_come_as_the_type(notebook: Kernel) -> None:
    """Front ends show a suggestion's type beside it: there stands its price, range or meaning."""
    (only,) = press(notebook, "%skytells_predict truefusion-pro num|")["metadata"]["_jupyter_types_experimental"]
    hint = "whole number · 1 to 4, default 1".replace(" ", "\N{NO-BREAK SPACE}")  # lists break at blanks
    assert (only["text"], only["type"]) == ("num_outputs=", hint)


def test_other_cells_are_completed_as_ever(notebook: Kernel) -> None:
    """Where no magic of ours is typed, IPython's own completers answer."""
    assert "%time" in press(notebook, "%ti|")["matches"]


def test_a_press_takes_less_than_20_ms_and_no_network(notebook: Kernel) -> None:
    """In the median of fifty presses, asked and answered; the service is gone, and no socket is opened."""
    spans = []
    for turn in range(50):
        began = time.monotonic()
        press(notebook, f"%skytells_predict truefusion-pro seed={turn} |")
        spans.append(time.monotonic() - began)
    assert statistics.median(spans) < 0.020
    assert touched(notebook) == set()


def test_models_are_known_right_after_a_start(notebook: Kernel) -> None:
    """A new kernel knows the models of the service's catalogue that an earlier one read, with nothing asked."""
    ran = notebook.run("import os; print(os.environ['SKYTELLS_BASE_URL'], os.environ['SKYTELLS_NB_CACHE'])")
    address, folder = ran.stdout.split()
    environment = {"SKYTELLS_BASE_URL": address, "SKYTELLS_API_KEY": "sk-x", "SKYTELLS_NB_CACHE": folder}
    with running_kernel(**environment) as kernel:
        kernel.run("%load_ext skytells_nb\n" + WATCH)
        assert press(kernel, "%skytells_predict lu|")["matches"] == ["lumo"]
        assert touched(kernel) == set()


def test_unloading_takes_tab_away(notebook: Kernel) -> None:
    """Unloading leaves IPython's list of completers, and its events, as they were."""
    look = "c = get_ipython().Completer.custom_matchers; e = get_ipython().events.callbacks['post_run_cell']"
    count = f"{look}\nprint(sum('magics.tab' in x.__module__ for x in (*c, *e)))"
    assert notebook.run(count).stdout == "2\n"
    notebook.run("%unload_ext skytells_nb")
    assert notebook.run(count).stdout == "0\n"
    notebook.run("%load_ext skytells_nb")
