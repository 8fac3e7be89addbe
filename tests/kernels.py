"""A real kernel to run cells in, and what they leave: text, mimebundles, errors."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager


class _ThisPython(KernelSpecManager):
    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


@dataclass
class Ran:
    """What one cell did."""

    status: str = ""
    stdout: str = ""
    stderr: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)
    """The mimebundles on the screen at the end: displays as last updated, then the result."""
    painted: list[dict[str, Any]] = field(default_factory=list)
    """The mimebundles of all display messages, in the order they came."""
    result: dict[str, Any] | None = None
    error: str = ""
    """The traceback's text, as the notebook shows it."""
    messages: int = 0
    """How many display messages came."""
    times: list[float] = field(default_factory=list)
    """When each display message came, in seconds of a monotonic clock."""
    payload: list[dict[str, Any]] = field(default_factory=list)
    """What the front end is asked to do, such as to make a new cell."""
    updated: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What was painted anew meanwhile, by place, for whichever cell."""

    @property
    def html(self) -> str:
        """All that is shown, as HTML."""
        return "".join(bundle.get("text/html", "") for bundle in [*self.shown, self.result or {}])

    @property
    def text(self) -> str:
        """All that is shown, as plain text."""
        return "\n".join(
            bundle.get("text/plain", "") for bundle in [*self.shown, *([self.result] if self.result else [])]
        )


def error_line(ran: Ran, code: str) -> str:
    """Give the line of an error of ours, under which only a typed line and the mark of its fault may stand."""
    line, *under = ran.error.split("\n")
    if under:
        typed, mark = under
        assert typed.strip() in [each.strip() for each in code.split("\n")]
        assert set(mark) == {" ", "^"}
    return line


class Kernel:
    """One running kernel."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def begin(self, code: str, *, cell_id: str | None = None) -> str:
        """Begin to run a cell, and give the id of the request."""
        message = self.client.session.msg("execute_request", _request(code))
        if cell_id:
            message["metadata"] = {"cellId": cell_id}
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.manager.signal_kernel(signal.SIGKILL)

    def run(self, code: str, *, timeout: float = 60.0, cell_id: str | None = None, interrupt_after: str = "") -> Ran:
        """Run a cell to its end; with `interrupt_after`, press Stop once a display holds that text."""
        wanted, ran, slots = self.begin(code, cell_id=cell_id), Ran(), {}
        while True:
            got = self.client.get_iopub_msg(timeout=timeout)
            kind, content = got["msg_type"], got["content"]
            if kind == "update_display_data":
                ran.updated.setdefault(content["transient"]["display_id"], []).append(content["data"])
            if got["parent_header"].get("msg_id") != wanted:
                continue
            if kind == "stream":
                setattr(ran, content["name"], getattr(ran, content["name"]) + content["text"])
            elif kind in ("display_data", "update_display_data"):
                ran.messages += 1
                ran.times.append(time.monotonic())
                ran.painted.append(content["data"])
                slots[content.get("transient", {}).get("display_id", f"plain-{ran.messages}")] = content["data"]
                if interrupt_after and interrupt_after in content["data"].get("text/plain", ""):
                    interrupt_after = ""
                    self.manager.interrupt_kernel()
            elif kind == "execute_result":
                ran.result = content["data"]
            elif kind == "error":
                ran.error = "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        ran.shown = list(slots.values())
        reply = self.client.get_shell_msg(timeout=timeout)
        while reply["parent_header"].get("msg_id") != wanted:
            reply = self.client.get_shell_msg(timeout=timeout)
        ran.status = reply["content"]["status"]
        ran.payload = reply["content"].get("payload", [])
        return ran


def _request(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }


@contextmanager
def running_kernel(**environment: str) -> Iterator[Kernel]:
    """Start a kernel of this Python, and end it."""
    import os

    manager = KernelManager(kernel_spec_manager=_ThisPython())
    manager.start_kernel(env={**os.environ, **environment}, extra_arguments=["--HistoryManager.enabled=False"])
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
