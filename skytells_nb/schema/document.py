"""A schema as one flat whole: references within its document followed, `allOf` merged. Nothing is ever fetched.

A schema may refer to itself, to nothing, or to so much that following it all would never end: each is said in `why`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .kinds import UNSET, Schema
from .merging import merge
from .shapes import text

_MOST_STEPS = 20_000
"""Parts that are looked at to read one document, however often they are referred to."""
_LONGEST_CHAIN = 100
_ITSELF = "it contains itself"


@dataclass(frozen=True, slots=True)
class Flat:
    """One schema's keywords, without `$ref` and `allOf`.

    `title` is its own, not that of what it refers to; `opened` are the references that were followed to get here;
    `named` is the last word of the first of them; `why` says why it could not be followed, "" if it could.
    """

    schema: Schema
    title: str = ""
    opened: frozenset[str] = frozenset()
    named: str = ""
    why: str = ""


class Document:
    """A whole schema, in which references are looked up; `components` stand at its root."""

    def __init__(self, root: object, components: Mapping[str, Any] | None = None) -> None:
        rooted = isinstance(root, dict) and isinstance(components, Mapping) and "components" not in root
        self.root: Any = {**root, "components": components} if rooted else root  # type: ignore[dict-item]
        self._anchors: dict[str, Any] | None = None
        self._left = _MOST_STEPS

    def allow(self, share: int) -> None:
        """Allow a share of the steps to what is flattened next: what one field uses up is not another's."""
        self._left = _MOST_STEPS // max(share, 1) + 20

    def target(self, ref: object) -> Any:
        """Give what a reference names, UNSET for what is not in this document."""
        if not isinstance(ref, str):
            return UNSET
        base, _, fragment = ref.partition("#")
        if base and base != self._base():
            return UNSET
        path = unquote(fragment)
        if path and not path.startswith("/"):
            return self._anchored().get(path, UNSET)
        found = self.root
        for word in path.split("/")[1:]:
            step = word.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdecimal() and len(step) < 9 and int(step) < len(found):
                found = found[int(step)]
            else:
                return UNSET
        return found

    def flat(self, schema: object, opened: frozenset[str] = frozenset()) -> Flat:
        """Merge a schema with all that it refers to; what stands outermost counts first."""
        merged: Schema = {}
        title, named, why, seen = "", "", "", opened
        pending: list[tuple[object, frozenset[str]]] = [(schema, opened)]
        while pending and not why:
            part, path = pending.pop()
            self._left -= 1
            if self._left < 0:
                why = "the schema is too large"
            if part is False:
                why = "nothing fits it"
            if not isinstance(part, dict):
                continue
            title = title or (text(part.get("title")) if path == opened else "")
            merge(merged, part)
            inner = part.get("allOf")
            further = [(member, path) for member in inner] if isinstance(inner, list) else []
            if "$ref" in part:
                ref = part["$ref"]
                target = self.target(ref)
                if target is UNSET:
                    why = "it refers to what is not there"
                elif ref in path:
                    why = _ITSELF
                elif len(path) > _LONGEST_CHAIN:
                    why = "it refers on too often"
                else:
                    further.insert(0, (target, path | {ref}))
                    seen |= {ref}
                    named = named or ref.rpartition("/")[2]
            elif "$dynamicRef" in part or "$recursiveRef" in part:
                why = _ITSELF
            pending += reversed(further)
        return Flat(merged, title, seen, named, why)

    def _base(self) -> str:
        return text(self.root.get("$id")).rstrip("#") if isinstance(self.root, dict) else ""

    def _anchored(self) -> dict[str, Any]:
        """Find the parts that have a name of their own, once."""
        if self._anchors is None:
            self._anchors = {}
            pending, left = [self.root], _MOST_STEPS
            while pending and left:
                part, left = pending.pop(), left - 1
                if isinstance(part, Mapping):
                    for name in (part.get("$anchor"), text(part.get("$id")).removeprefix("#")):
                        if name and isinstance(name, str):
                            self._anchors.setdefault(name, part)
                    pending += part.values()
                elif isinstance(part, list):
                    pending += part
        return self._anchors
