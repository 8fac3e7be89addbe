"""The schemas that the tests of this layer read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def truefusion_pro() -> dict[str, Any]:
    """Give truefusion-pro's input schema as the platform's documents print it."""
    path = Path(__file__).resolve().parent.parent / "data" / "seeds" / "input_schema_truefusion_pro.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
