"""Which notebook this kernel belongs to, and to whom."""

from __future__ import annotations

import os
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import PurePosixPath

from .cells import text


def notebook() -> str | None:
    """Give the file name of this kernel's notebook where its server says so; its folders may name people."""
    return _file_name(os.environ.get("JPY_SESSION_NAME", ""))


@cache
def person() -> str:
    """Give a mark of who runs this kernel, which tells people apart that share a record, and names nobody."""
    name = os.environ.get("JUPYTERHUB_USER") or _user()
    return sha256(f"skytells_nb {name}".encode("utf-8", "replace")).hexdigest()[:12]


def _user() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError):  # a container may run as a user that has no name
        return str(os.getuid()) if hasattr(os, "getuid") else ""


@lru_cache(8)
def _file_name(path: str) -> str | None:
    return text(PurePosixPath(path.replace("\\", "/")).name) or None
