"""Which notebook this kernel belongs to."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import PurePosixPath

from .cells import text


def notebook() -> str | None:
    """Give the file name of this kernel's notebook where its server says so; its folders may name people."""
    return _file_name(os.environ.get("JPY_SESSION_NAME", ""))


@lru_cache(8)
def _file_name(path: str) -> str | None:
    return text(PurePosixPath(path.replace("\\", "/")).name) or None
