"""Kernels, threads and forks share a ledger, and one that is killed leaves the row it began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, row_of
from tests.recording import stored

MakeCall = Callable[..., Call]

KILLED = """
import sys, time, httpx
from skytells_nb.api.client import Client
from skytells_nb.costs.ledger import Ledger, Recorder
def answer(request):
    print("sent", flush=True)
    time.sleep(60)
transport = httpx.MockTransport(answer)
observers = (Recorder(Ledger(sys.argv[1])),)
Client(api_key="sk-x", base_url="https://x.test/v1", transport=transport, observers=observers).chat("Hi", model="gpt-5")
"""


def test_a_kernel_that_is_killed_leaves_the_row_it_began(place: str, any_ledger: Ledger) -> None:
    """SIGKILL while the answer is awaited: the row says sent."""
    with subprocess.Popen([sys.executable, "-c", KILLED, place], stdout=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "sent\n"
        kernel.send_signal(signal.SIGKILL)
    (row,) = any_ledger.rows()
    assert (row["status"], row["model"], row["finished_at"]) == ("sent", "gpt-5", None)


WRITES = """
import sys
from datetime import UTC, datetime
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, row_of
ledger = Ledger(sys.argv[1])
sys.stdin.readline()
for n in range(150):
    call = Call(f"{sys.argv[2]}-{n}", "chat", "POST /x", "m", datetime.now(UTC), "f")
    ledger.insert(row_of(call))
    ledger.complete(row_of(call))
ledger.close()
"""


def test_two_kernels_write_at_once(place: str, any_ledger: Ledger) -> None:
    """Both create the file and write into it: no row is lost, no error is raised."""
    command = [sys.executable, "-c", WRITES, place]
    kernels = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, text=True) for name in ("a", "b")]
    for kernel in kernels:
        assert kernel.stdin is not None
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    for kernel in kernels:
        kernel.communicate()
        assert kernel.returncode == 0
    assert len(any_ledger.rows()) == 300


def test_many_threads_write_at_once(any_ledger: Ledger, a_call: MakeCall) -> None:
    """One ledger for all threads of a kernel."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: any_ledger.insert(row_of(a_call(f"c{n}"))), range(200)))
    assert len(any_ledger.rows()) == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_writes_over_a_connection_of_its_own(place: str) -> None:
    """A child of this process records too, and harms nothing."""
    child = """
import os, sys
from datetime import UTC, datetime
from skytells_nb.api.record import Call
from skytells_nb.costs.ledger import Ledger, row_of
ledger = Ledger(sys.argv[1])
def write(name): ledger.insert(row_of(Call(name, "chat", "POST /x", "m", datetime.now(UTC), "f")))
write("parent")
pid = os.fork()
if pid == 0:
    write("child")
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
write("parent again")
print(sorted(row["id"] for row in ledger.rows()))
"""
    ran = subprocess.run([sys.executable, "-c", child, place], capture_output=True, text=True, check=True)
    assert ran.stdout == "['child', 'parent', 'parent again']\n"


def test_many_processes_make_one_ledger_at_once(place: str) -> None:
    """Kernels that start together, on a place where there is none yet, lose no row."""
    code = """
import sys
from skytells_nb.api import wire
from skytells_nb.api.trace import new_call
from skytells_nb.costs.ledger import Ledger, Recorder
sys.stdin.readline()
ledger = Ledger(sys.argv[1])
Recorder(ledger).before(new_call("chat", wire.Request("POST", "/x"), "m", sandbox=False, tag=None))
sys.exit(len(ledger.unwritten))
"""
    command = [sys.executable, "-c", code, place]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(8)]
    for process in started:
        process.communicate(b"go\n", timeout=60)
    assert [process.returncode for process in started] == [0] * 8
    assert len(stored(place)) == 8
