"""Which notebook this kernel belongs to."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from .cells import text


def notebook() -> str | None:
    """Give the file name of this kernel's notebook where its server says so; its folders may name people."""
    path = PurePosixPath(os.environ.get("JPY_SESSION_NAME", "").replace("\\", "/"))
    return text(path.name) or None
