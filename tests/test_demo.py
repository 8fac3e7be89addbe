"""`skytells-nb demo` and `skytells-nb sandbox`, as a newcomer starts them: real processes, in a folder of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import nbformat
import pytest

DEMO = [sys.executable, "-m", "skytells_nb", "demo"]
STOPS = [
    (signal.SIGINT, "[ 4/13]"),
    (signal.SIGTERM, "[ 4/13]"),
    (signal.SIGINT, "Running 13 cells"),
    (signal.SIGINT, "[ 9/13]"),
]
"""What stops a demo, and after which words of its own."""
TOTALS = re.compile(
    r"13 cells, 4 calls, (\d+) tokens, 2 pictures, [\d.]+ seconds; it would have cost \$0\.8\d+, and nothing"
)


def started(command: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, as a terminal would."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, text=True, start_new_session=True, **pipes)


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read the output up to a text."""
    seen = ""
    assert process.stdout is not None
    while text not in seen:
        piece = process.stdout.read(1)
        assert piece, f"the output ended before {text!r}: {seen}"
        seen += piece


def descendants(pid: int) -> set[int]:
    """List the processes that descend from one."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            found |= {child} | descendants(child)
    return found


def alive(pids: set[int]) -> list[int]:
    """List those of the processes that still run."""
    files = {pid: Path(f"/proc/{pid}/cmdline") for pid in pids}
    return [pid for pid, file in files.items() if file.exists() and file.read_bytes()]


@dataclass(frozen=True)
class Stopped:
    """What a demo that was stopped ended with, said, and left running."""

    status: int
    errors: str
    left: list[int]


def stopped(number: signal.Signals, text: str, folder: Path) -> Stopped:
    """Run the demo until it has said a text, and stop it."""
    with started(DEMO, folder) as process:
        read_until(process, text)
        family = descendants(process.pid)
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=30)
    return Stopped(process.returncode, errors, alive(family))


@dataclass(frozen=True)
class Demos:
    """One demo that ran to its end, in which folder, and those that were stopped."""

    whole: subprocess.CompletedProcess[str]
    folder: Path
    stopped: list[Stopped]


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Demos:
    """Run them all at once, since each waits for its jobs most of the time."""
    folder, *folders = (tmp_path_factory.mktemp("demo") for _ in range(1 + len(STOPS)))
    with ThreadPoolExecutor(1 + len(STOPS)) as threads:
        whole = threads.submit(subprocess.run, DEMO, cwd=folder, capture_output=True, text=True, timeout=180)
        stops = [threads.submit(stopped, *stop, folder=folder) for stop, folder in zip(STOPS, folders, strict=True)]
    return Demos(whole.result(), folder, [stop.result() for stop in stops])


def test_demo_runs_the_quickstart_anywhere(demos: Demos) -> None:
    """From any folder, the demo runs every cell, says what happened, and leaves the notebook and its page."""
    ran = demos.whole
    assert ran.returncode == 0, ran.stderr
    assert TOTALS.search(ran.stdout), ran.stdout
    assert "[13/13] See what it took" in ran.stdout
    assert "an error, as planned" in ran.stdout
    document = nbformat.read(demos.folder / "skytells-demo" / "01-quickstart.ipynb", as_version=4)
    assert all(cell.execution_count for cell in document.cells if cell.cell_type == "code")
    page = (demos.folder / "skytells-demo" / "01-quickstart.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img [^>]*src="data:image/', page)) == 2
    assert "<script>alert" not in page


def test_a_second_demo_leaves_the_first_alone(tmp_path: Path) -> None:
    """A notebook that is there already, with what somebody wrote into it, is never overwritten."""
    mine = tmp_path / "out" / "01-quickstart.ipynb"
    mine.parent.mkdir()
    mine.write_text("mine")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), tmp_path / "tiny.ipynb")
    code = "import sys; from pathlib import Path; from skytells_nb import demo; "
    code += "sys.exit(demo.run(source=Path('tiny.ipynb'), folder='out'))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert mine.read_text() == "mine"
    assert (tmp_path / "out-2" / "01-quickstart.html").exists()


def test_a_failing_cell_fails_the_demo(tmp_path: Path) -> None:
    """A cell that fails ends the run with status 1 and the cell's own error, and what ran is kept."""
    document = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s) for s in ("1 + 1", "%skytells_nothing", "3")]
    )
    nbformat.write(document, tmp_path / "broken.ipynb")
    code = "import sys; from pathlib import Path; from skytells_nb import demo; "
    code += "sys.exit(demo.run(source=Path('broken.ipynb'), folder='out'))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 1
    assert "A cell failed:" in ran.stderr
    assert "Line magic function `%skytells_nothing` not found" in ran.stderr + ran.stdout
    kept = nbformat.read(tmp_path / "out" / "01-quickstart.ipynb", as_version=4)
    assert [cell.execution_count for cell in kept.cells] == [1, 2, None]


@pytest.mark.parametrize("nth", range(len(STOPS)), ids=[f"{number.name} {text}" for number, text in STOPS])
def test_stopping_the_demo_leaves_no_process(demos: Demos, nth: int) -> None:
    """Ctrl-C, or a request to end, at any moment ends the kernel and the sandbox too, and says so in one line."""
    assert demos.stopped[nth] == Stopped(130, "\nStopped; nothing is left running.\n", [])


def test_demo_without_its_parts_says_what_to_install(tmp_path: Path) -> None:
    """Where Jupyter's parts are missing, one line says what to install."""
    code = (
        "import sys; sys.modules['nbclient'] = None; import importlib.util as u; found = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'nbclient' else found(name, *a); "
        "from skytells_nb.__main__ import main; sys.exit(main(['demo']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (1, "The demo needs nbclient: run  pip install 'skytells-nb[lab]'\n")


def test_lab_opens_the_notebook_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """`demo --lab` serves the notebook in JupyterLab on this machine, and Ctrl-C leaves no process behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--lab", "--", "--no-browser", f"--ServerApp.port={port}", "--IdentityProvider.token=t"]
    patient = httpx.HTTPTransport(retries=5)  # it says where it is before it listens there
    with started([*DEMO, *options], tmp_path) as process, httpx.Client(transport=patient, timeout=30) as client:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if f":{port}/lab" in line:
                    break
            listing = client.get(f"http://127.0.0.1:{port}/api/contents", params={"token": "t"}).json()
            family = descendants(process.pid)
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=40)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert "01-quickstart.ipynb" in [entry["name"] for entry in listing["content"]]
    assert process.returncode == 130
    assert alive(family) == []


def test_the_sandbox_serves_other_clients(tmp_path: Path) -> None:
    """`skytells-nb sandbox` prints its address, answers there, and ends quietly with Ctrl-C."""
    with started([sys.executable, "-m", "skytells_nb", "sandbox", "--port", "0"], tmp_path) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        models = httpx.get(f"{address}/models", headers={"x-api-key": "sk-sandbox"}).json()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert "truefusion-pro" in [model["namespace"] for model in models]
    assert (process.returncode, errors) == (0, "")


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    """A port that is taken ends the command with one line."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "skytells_nb", "sandbox", "--port", str(taken.getsockname()[1])]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "cannot listen on port" in ran.stderr


def test_the_saved_quickstart_can_be_read_on_its_own(repository: Path) -> None:
    """The notebook in the repository holds its outputs: pictures, sound, tables, and the error made on purpose."""
    document = json.loads((repository / "notebooks" / "01-quickstart.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in document["cells"] for output in cell.get("outputs", [])]
    html = "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert html.count('<img src="data:image/') == 2
    assert html.count("<audio controls") == 1
    assert [output["ename"] for output in outputs if output["output_type"] == "error"] == ["InvalidInputError"]
    assert not re.search(r"(/home|/root|/tmp|C:)/", json.dumps(document))
