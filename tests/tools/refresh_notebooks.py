"""Run the notebooks against the sandbox and save their outputs in place: `python tests/tools/refresh_notebooks.py`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from skytells_nb import demo


def main() -> int:
    """Refresh them all; returns the exit status of the first that failed, else 0."""
    for name in demo.NOTEBOOKS.values():
        with tempfile.TemporaryDirectory() as folder:
            if status := demo.run(folder=folder, name=name):
                return status
            shutil.copy(Path(folder) / name, demo.notebook(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
