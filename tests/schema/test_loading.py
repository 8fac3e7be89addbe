"""jsonschema is loaded when it is first needed, by whichever thread needs it."""

from __future__ import annotations

import subprocess
import sys

AT_ONCE = """
import threading, time
from importlib import _bootstrap, import_module
from importlib.machinery import SourceFileLoader
from skytells_nb.schema.check import Checker

main, begun, load = threading.get_ident(), threading.Event(), SourceFileLoader.exec_module

def half_way(loader, module):
    if module.__name__ == "jsonschema._format" and threading.get_ident() != main:
        begun.set()
        while main not in _bootstrap._blocking_on:
            time.sleep(0.001)
    load(loader, module)

SourceFileLoader.exec_module = half_way
other = threading.Thread(target=import_module, args=("jsonschema",), daemon=True)
other.start()
begun.wait()
print(*Checker({"properties": {"n": {"maximum": 4}}}).problems({"n": 5}))
other.join()
"""


def test_two_threads_may_need_it_at_once() -> None:
    """One that begins to load it while another is half way waits for that, and finds it whole."""
    ran = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.stderr) == ("n must be at most 4 (got 5)\n", "")
