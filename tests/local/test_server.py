"""The listening sandbox: starting, stopping, and what it says in a terminal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest

from skytells_nb.local import Options, Sandbox, banner, create_app


def test_it_answers_as_soon_as_it_has_started(web: httpx.Client) -> None:
    """No waiting between start and the first request."""
    with Sandbox() as server:
        assert server.url == f"http://127.0.0.1:{server.port}/v1"
        assert web.get(f"{server.url}/models").status_code == 401


def test_stopping_leaves_nothing(web: httpx.Client) -> None:
    """No thread, no socket, also after pictures were drawn in threads of their own."""
    before = set(threading.enumerate())
    server = Sandbox(pace=100).start()
    job = {"model": "truefusion-edge", "input": {"prompt": "x"}}
    reply = web.post(f"{server.url}/predictions", json=job, headers={"x-api-key": "sk-x"})
    assert web.get(reply.json()["output"][0]).status_code == 200
    port = server.port
    server.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        web.get(f"http://127.0.0.1:{port}/v1/models")


def test_stopping_twice_is_fine_and_it_can_start_again(web: httpx.Client) -> None:
    """A second life is a new one: it remembers nothing."""
    server = Sandbox()
    server.stop()
    with server:
        web.get(f"{server.url}/models")
    server.stop()
    with server:
        assert server.state.requests == ()
        assert server.start() is server


def test_trouble_can_be_planned_before_the_start() -> None:
    """What is injected first happens to the first request."""
    server = Sandbox()
    server.inject("503")
    with server:
        replies = [httpx.get(f"{server.url}/models", headers={"x-api-key": "sk-x"}, verify=False) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [503, 200]


def test_a_stopped_sandbox_has_no_address() -> None:
    """Asking for it says what to do."""
    server = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    assert repr(server) == "Sandbox(stopped)"


def test_a_taken_port_is_an_error_at_once() -> None:
    """One sentence that names the port; no thread is left behind."""
    with Sandbox() as first:
        before = set(threading.enumerate())
        with pytest.raises(OSError, match=rf"cannot listen on port {first.port}"):
            Sandbox(first.port).start()
        assert set(threading.enumerate()) <= before


def test_a_port_out_of_range_is_an_error_too() -> None:
    """Not a port at all."""
    with pytest.raises(OSError, match="no such port"):
        Sandbox(99_999).start()


def test_two_sandboxes_do_not_share(web: httpx.Client) -> None:
    """Each has its own port and its own memory."""
    with Sandbox() as one, Sandbox() as two:
        web.get(f"{one.url}/models")
        assert (len(one.state.requests), len(two.state.requests)) == (1, 0)
        assert one.port != two.port


@pytest.mark.parametrize(
    "wrong",
    [
        {"pace": 0},
        {"pace": float("inf")},
        {"pace": float("nan")},
        {"token_seconds": -1},
        {"media_seconds": -0.1},
        {"requests_per_minute": 0},
        {"credits": -1},
        {"credits": float("nan")},
        {"spelling": "stopped"},
        {"error_shape": "E4"},
        {"port": "x"},
        {"port": None},
        {"port": True},
        {"pace": "x"},
        {"pace": None},
        {"pace": True},
        {"token_seconds": "x"},
        {"media_seconds": "x"},
        {"credits": "x"},
        {"requests_per_minute": "x"},
        {"requests_per_minute": 1.5},
        {"requests_per_minute": True},
        {"spelling": 5},
        {"error_shape": []},
        {"dialect": 5},
        {"dialect": 0},
        {"dialect": "status=sdk"},
        {"dialect": {5: "x"}},
        {"faults": 5},
        {"faults": None},
        {"faults": "429"},
        {"faults": [5]},
    ],
)
def test_a_wrong_option_is_named(wrong: dict[str, Any]) -> None:
    """When the sandbox is made, and not when it runs."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sandbox(**wrong)


def test_the_banner_says_all_in_one(shared_sandbox: Sandbox) -> None:
    """The address, how clients are pointed at it, and that nothing is billed."""
    text = banner(8765)
    assert "http://127.0.0.1:8765/v1" in text
    assert 'openai.OpenAI(api_key="sk-sandbox"' in text
    assert "Nothing is billed" in text


def test_the_application_stands_alone() -> None:
    """Any ASGI server can run it; its memory is on its state."""
    assert create_app(Options(pace=2)).state.memory.options.pace == 2


def serve(port: int) -> list[str]:
    """Give the command that runs a sandbox in the foreground."""
    return [sys.executable, "-c", f"from skytells_nb.local import serve; serve({port})"]


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_the_foreground_server_stops_on_ctrl_c(repository: Any, web: httpx.Client) -> None:
    """It prints its banner, answers, and ends quietly."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        serve(port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=repository
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Skytells sandbox on http://127.0.0.1:{port}/v1\n"
        assert web.get(f"http://127.0.0.1:{port}/v1/models").status_code == 401
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_the_foreground_server_tells_a_taken_port_in_one_line(shared_sandbox: Sandbox, repository: Any) -> None:
    """No traceback, exit status 1."""
    done = subprocess.run(
        serve(shared_sandbox.port), capture_output=True, text=True, timeout=30, cwd=repository, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: The sandbox cannot listen on port {shared_sandbox.port}")
    assert done.stderr.count("\n") == 1


def test_the_sandbox_knows_nothing_of_the_package_around_it(repository: Any) -> None:
    """It loads none of the package's other modules, and Pillow only with the first picture."""
    code = (
        "import sys, skytells_nb.local\n"
        "print([n for n in sys.modules if n.startswith('skytells_nb.') and '.sandbox' not in n], 'PIL' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True)
    assert done.stdout.endswith("False\n")


@pytest.mark.parametrize(("made", "counted"), [("image", True), ("audio", False), ("video", False)])
def test_a_model_of_several_kinds_counts_its_pictures(shared_sandbox: Sandbox, made: str, counted: bool) -> None:
    """A job has `image_count` where it made pictures, whatever the model could have made."""
    job = {"model": "sandbox-studio", "input": {"prompt": "x", "output_type": made}, "await": True}
    reply = httpx.post(f"{shared_sandbox.url}/predictions", json=job, headers={"x-api-key": "sk-x"}, verify=False)
    assert (reply.json()["status"], "image_count" in reply.json()["metrics"]) == ("succeeded", counted)
