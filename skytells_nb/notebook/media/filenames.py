"""How saved files are called: readable, unique, and harmless on every file system. Pure.

A name holds nothing but a-z, 0-9, dashes and underscores, so it cannot lead out of its folder. The same prediction
always gets the same names; that is how a later kernel finds what an earlier one has saved.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import urlsplit

from ...api.values import Prediction


def file_stem(prediction: Prediction, index: int) -> str:
    """Name a file without its extension: model, first words of the prompt, a mark of the prediction, number from 1."""
    prompt = prediction.input.get("prompt")
    mark = hashlib.sha256((prediction.id or prediction.links[index]).encode("utf-8", "replace")).hexdigest()[:8]
    words = (slug(prediction.model, 40) or "result", slug(prompt, 40) if isinstance(prompt, str) else "")
    return "_".join([*filter(None, words), mark, str(index + 1)])


def slug(text: str, most: int) -> str:
    """Write words as a part of a file name that every file system takes: a-z, 0-9 and dashes."""
    plainly = unicodedata.normalize("NFKD", text[: most * 4]).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plainly).strip("-")
    return words if len(words) <= most else words[:most].rpartition("-")[0] or words[:most]


_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})\Z")
_HARMLESS = frozenset(
    {"aiff", "csv", "dat", "fbx", "gltf", "npy", "npz", "obj", "opus", "pcm", "ply", "raw", "safetensors", "srt", "stl"}
)


def extension_of(url: str) -> str:
    """Take a link's extension for a file whose content says nothing, if it is one of a few that nothing runs."""
    found = _EXTENSION.search(urlsplit(url).path)
    return found[1].lower() if found and found[1].lower() in _HARMLESS else "bin"
