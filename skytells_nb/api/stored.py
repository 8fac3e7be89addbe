"""What the record keeps of prompts and answers: nothing, unless `settings.store_text` says so. No key, no password."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .. import settings
from ..keys import without_secrets
from ..schema.fields import Field, ListField, ObjectField, TextField, UnionField
from .reading import record
from .wire import Request

MOST = 1_000_000
"""Bytes of a text that is kept."""


def prompt(request: Request) -> str | None:
    """Give what a request of the Inference API says: a lone text as it is, messages as JSON."""
    if request.body is None or not settings.store_text():
        return None
    body = record(json.loads(request.body))
    said = body.get("messages", body.get("input"))
    if isinstance(said, dict):  # the inputs of a prediction: which are secret, only the model says
        return None
    if isinstance(said, list) and len(said) == 1 and isinstance(record(said[0]).get("content"), str):
        said = said[0]["content"]
    if body.get("instructions"):
        said = {"instructions": body["instructions"], "input": said}
    return _bounded(said)


def inputs(values: Mapping[str, Any], fields: Sequence[Field]) -> str | None:
    """Give the inputs of a prediction as JSON, without those that the schema calls secret."""
    if not settings.store_text():
        return None
    secret = {field.name for field in fields if _is_secret(field)}
    return _bounded({name: "(hidden)" if name in secret else value for name, value in values.items()})


def output(said: Sequence[str]) -> str | None:
    """Give what came back: a lone text as it is, several as JSON."""
    if not settings.store_text():
        return None
    return _bounded(said[0] if len(said) == 1 else list(said))


def _bounded(said: Any) -> str:
    written = without_secrets(said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
    return written.encode("utf-8", "replace")[:MOST].decode("utf-8", "ignore")


def _is_secret(field: Field) -> bool:
    """Say whether a field is secret, or holds one that is."""
    parts: Sequence[Field] = ()
    match field:
        case TextField():
            return field.secret
        case ListField():
            parts = (field.item,)
        case ObjectField():
            parts = field.fields
        case UnionField():
            parts = field.options
    return any(map(_is_secret, parts))
