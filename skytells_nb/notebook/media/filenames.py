"""How saved files are called: readable, unique, and harmless on every file system. Pure.

A name holds nothing but a-z, 0-9, dashes and underscores, so it cannot lead out of its folder. The same prediction
always gets the same names; that is how a later kernel finds what an earlier one has saved. A file of a result has one
dot in its name; what is known of it is beside it under the same name and .json: two dots.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from ...api.sniff import Sniffed
from ...api.values import Prediction
from ...keys import without_secrets
from . import kinds


def file_stem(prediction: Prediction, index: int) -> str:
    """Name a file without its extension: model, first words of the prompt, a mark of the prediction, number from 1."""
    prompt = prediction.input.get("prompt")
    words = slug(without_secrets(prompt[:400]), 40) if isinstance(prompt, str) else ""
    name = slug(without_secrets(prediction.model[:400]), 40) or "result"
    return "_".join([*filter(None, (name, words)), mark(prediction.id or prediction.links[index]), str(index + 1)])


def mark(prediction_id: str) -> str:
    """Give the eight letters by which the files of a prediction are known."""
    return hashlib.sha256(prediction_id.encode("utf-8", "replace")).hexdigest()[:8]


def sidecar_of(path: Path) -> Path:
    """Name the file that tells what is known of a result's file."""
    return path.with_name(f"{path.name}.json")


def is_result(path: Path) -> bool:
    """Whether a file of a folder of results is a result by its name, not a sidecar nor half a file."""
    return path.name.count(".") == 1 and not path.name.startswith(".")


def slug(text: str, most: int) -> str:
    """Write words as a part of a file name that every file system takes: a-z, 0-9 and dashes."""
    plainly = unicodedata.normalize("NFKD", text[: most * 4]).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plainly).strip("-")
    return words if len(words) <= most else words[:most].rpartition("-")[0] or words[:most]


def extension_for(found: Sniffed, url: str) -> str:
    """Choose the extension of a file: by its content, and by its link where the content leaves it open."""
    named = extension_of(url)
    return named if kinds.is_told_by(named, found) else found.extension or named


_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})\Z")
_HARMLESS = frozenset(
    [
        "aiff",
        "csv",
        "dat",
        "fbx",
        "gltf",
        "npy",
        "npz",
        "obj",
        "opus",
        "pcm",
        "ply",
        "raw",
        "safetensors",
        "srt",
        "stl",
        "tsv",
        "vtt",
    ]
)


def extension_of(url: str) -> str:
    """Take a link's extension for a file whose content says nothing, if it is one of a few that nothing runs."""
    found = _EXTENSION.search(urlsplit(url).path)
    return found[1].lower() if found and found[1].lower() in _HARMLESS else "bin"
