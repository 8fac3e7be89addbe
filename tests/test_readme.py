"""What the README shows, runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import running_kernel

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(repository: Path, language: str) -> list[str]:
    """Find the README's blocks in a language."""
    text = (repository / "README.md").read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, ["about $0.08", "'num_outputs': 2} ()", '%skytells_predict truefusion-pro prompt="a fox" num_outputs=2']),
        (1, ["about $0.08", "truefusion-video"]),
    ],
    ids=["forms", "client"],
)
def test_the_python_blocks_run_as_written(
    repository: Path, tmp_path: Path, shared_sandbox: Sandbox, number: int, words: list[str]
) -> None:
    """The Python of the README runs from the first line to the last, with neither key nor network."""
    code = blocks(repository, "python")[number]
    environment = {**os.environ, "SKYTELLS_NB_SANDBOX": shared_sandbox.url}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert [word for word in words if word not in ran.stdout] == []


def test_the_magics_run_as_written(repository: Path, shared_sandbox: Sandbox) -> None:
    """Each cell that the README shows runs in a kernel."""
    cells = [body for body in blocks(repository, "") if body.startswith("%")]
    assert len(cells) == 5
    with running_kernel(SKYTELLS_NB_SANDBOX=shared_sandbox.url) as kernel:
        assert [kernel.run(cell).error for cell in cells] == [""] * 5


def test_the_sandbox_starts_again_and_again(tmp_path: Path) -> None:
    """`sky.sandbox()` stays callable, whatever was imported before, and uses the one that runs."""
    code = """
import skytells_nb as sky
from skytells_nb.local import Sandbox
first = sky.sandbox()
assert sky.sandbox() == first
assert sky.Client().chat("REPEAT: yes").text == "yes"
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_the_sandbox_is_reached_past_a_proxy(tmp_path: Path, name: str) -> None:
    """A proxy of the environment is not used for this machine: it could not reach it, and would see the key."""
    code = f"""
import os; os.environ["{name}"] = "http://127.0.0.1:9"
import skytells_nb as sky
sky.sandbox(pace=20)
assert sky.Client().chat("REPEAT: yes").text == "yes"
run = sky.Client().predict("truefusion", {{"prompt": "x"}})
from skytells_nb.notebook.media.keeper import default_keeper
assert default_keeper().keep(run)[0].path is not None
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
