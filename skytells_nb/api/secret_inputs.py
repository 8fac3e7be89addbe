"""Which inputs of a model are secret, as far as its schema was read in this process; nobody is asked."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema.fields import Field, ListField, ObjectField, TextField, UnionField
from .values import Model

_read: dict[str, Model] = {}


def note(models: Iterable[Model]) -> None:
    """Remember models that were read."""
    for model in models:
        if model.input_schema:
            _read[model.slug] = model


def of(slug: str) -> frozenset[str]:
    """Name the inputs of a model that are secret or hold a secret; none for a model that was not read."""
    model = _read.get(slug)
    return frozenset() if model is None else frozenset(field.name for field in model.fields if _is_secret(field))


def _is_secret(field: Field) -> bool:
    match field:
        case TextField():
            return field.secret
        case ListField():
            return _is_secret(field.item)
        case ObjectField():
            return any(map(_is_secret, field.fields))
        case UnionField():
            return any(map(_is_secret, field.options))
    return False
