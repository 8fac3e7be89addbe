"""Run the notebooks against the sandbox and save their outputs in place: `python tests/tools/refresh_notebooks.py`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from skytells_nb import demo


def main() -> int:
    """Refresh the quickstart; returns the demo's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        status = demo.run(folder=folder)
        if status == 0:
            shutil.copy(Path(folder) / demo.QUICKSTART, demo.notebook())
    return status


if __name__ == "__main__":
    sys.exit(main())
