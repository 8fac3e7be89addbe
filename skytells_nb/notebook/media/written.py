"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def whole(path: Path, data: bytes, *, mode: int = 0o666) -> Path:
    """Write a file in one step, so that nobody ever finds half of it; returns the path.

    `mode` is what the user's umask makes of it. The folder is made, by the same measure. Raises `OSError`.
    """
    path.parent.mkdir(mode=0o777 if mode & 0o077 else 0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
            opened.write(data)
        return partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
