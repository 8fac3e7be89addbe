"""A service's catalogue on disk, so that TAB knows the models right after a kernel's start.

One file an address, in the user's cache folder: {"address", "at", "models"}, the models as the service sent them, but
for keys. It is replaced as a whole, so that a reader sees the old or the new; what cannot be read counts as nothing,
and what cannot be written is not.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

from .. import settings
from ..api.reading import items, record
from ..api.values import Model
from ..keys import scrubbed
from .media.written import whole

_LARGEST = 8_000_000
"""Bytes of a file; a larger one is neither written nor read."""


def path_of(address: str) -> Path:
    """Name the file of a service's catalogue (it need not exist)."""
    return settings.cache_folder() / f"catalogue-{hashlib.sha256(address.encode()).hexdigest()[:16]}.json"


def write(address: str, models: tuple[Model, ...]) -> None:
    """Keep a catalogue; a folder that cannot be written keeps nothing."""
    kept = {"address": address, "at": time.time(), "models": [scrubbed(model.raw) for model in models]}
    with suppress(OSError, ValueError, RecursionError):
        written = json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")
        if len(written) <= _LARGEST:
            whole(path_of(address), written, mode=0o600)


def read(address: str) -> tuple[Model, ...]:
    """Read the catalogue that was kept of a service; () where there is none, or none that can be read."""
    path = path_of(address)
    try:
        if path.stat().st_size > _LARGEST:
            return ()
        kept = record(json.loads(path.read_bytes()))
        if kept.get("address") != address:
            return ()
        return tuple(model for model in map(Model.from_json, items(kept.get("models"))) if model.slug)
    except (OSError, ValueError, RecursionError):
        return ()


def age(address: str) -> float | None:
    """Say how many seconds ago the catalogue of a service was kept; None where none is."""
    try:
        return max(0.0, time.time() - path_of(address).stat().st_mtime)
    except OSError:
        return None
