"""What the tests of media share: a keeper beside the notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from skytells_nb.notebook.media.keeper import Keeper


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """Keep files in a folder beside the notebook."""
    monkeypatch.chdir(tmp_path)
    return Keeper(tmp_path / "skytells_media", timeout=5)
