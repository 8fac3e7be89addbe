"""The names that a schema knows: its own properties, and those of its alternatives and conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .document import Document, Flat
from .kinds import Schema
from .shapes import distinct

_BRANCHES = ("anyOf", "oneOf", "dependentSchemas", "dependencies", "if", "then", "else")
_DEEPEST = 4


def known_properties(document: Document, flat: Flat, depth: int = _DEEPEST) -> dict[str, Schema | bool]:
    """List what a schema names: its own properties, then those of its alternatives and conditions."""
    given = flat.schema.get("properties")
    found = {name: part for name, part in given.items() if isinstance(name, str)} if isinstance(given, dict) else {}
    guarded: dict[str, list[Any]] = {}
    for which in _BRANCHES if depth and not flat.why else ():
        given = flat.schema.get(which)
        branches: Iterable[Any] = given if isinstance(given, list) else [given]
        if which in ("dependentSchemas", "dependencies"):
            branches = given.values() if isinstance(given, dict) else ()
        for branch in branches:
            if isinstance(branch, dict):
                inner = known_properties(document, document.flat(branch, flat.opened), depth - 1)
                for name, part in inner.items():
                    guarded.setdefault(name, []).append({} if which == "if" else part)
    for name, parts in guarded.items():
        kinds = distinct([part for part in parts if part not in ({}, True)])
        found.setdefault(name, {"anyOf": kinds} if len(kinds) > 1 else kinds[0] if kinds else {})
    return found
