"""`binder/`: a stranger's Binder makes an image of it, and in that image every notebook works without a key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a clean clone of the checkout, which is what Binder sees."""
    folder = tmp_path_factory.mktemp("binder") / "skytells_nb"
    subprocess.run(["git", "clone", "-q", str(repository), str(folder)], check=True)
    return folder


def test_a_dry_run_finds_every_part(clone: Path) -> None:
    """repo2docker takes Python 3.11, installs the checkout from its root, and runs postBuild as the last step."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(clone)]
    ran = subprocess.run(command, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    assert "Building conda environment for python=3.11" in said
    steps = [
        "COPY --chown=0:0 src/ ${REPO_DIR}/",
        'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
    ]
    assert sorted(map(said.index, steps)) == [said.index(step) for step in steps]


def test_after_the_build_every_kernel_is_in_the_sandbox(clone: Path, tmp_path: Path) -> None:
    """After postBuild a new IPython reaches the sandbox with neither a key nor a line to start it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("IPYTHONDIR", "JUPYTER_DATA_DIR")}
    environment |= {"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    built = subprocess.run([clone / "binder" / "postBuild"], env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert built.stdout.count("Signing notebook: notebooks/") == len(list((clone / "notebooks").glob("*.ipynb")))
    code = "import skytells_nb as sky; print(sky.Client().chat('REPEAT: no key').text)"
    command = [sys.executable, "-m", "IPython", "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (ran.stdout.strip(), ran.stderr) == ("no key", "")
