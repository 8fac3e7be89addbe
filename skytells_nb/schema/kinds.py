"""The kinds of input: one small value for each, as forms, help and magics use them.

Attributes are named as in JSON Schema. Everything here is text from a server: escape it before showing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


class _Unset:
    """The one value that says: there is none. `None` is a value of its own in JSON."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = _Unset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What all kinds share; `default` is UNSET where the schema gives none.

    `nullable` says that null may be sent; `schema` is the property's own schema, as the model gives it.
    """

    name: str
    title: str = ""
    description: str = ""
    required: bool = False
    default: Any = UNSET
    nullable: bool = False
    examples: tuple[Any, ...] = ()
    deprecated: bool = False
    read_only: bool = False
    schema: Schema

    @property
    def label(self) -> str:
        """What a person calls it: its title, else its name in words."""
        return self.title.strip() or self.name.replace("_", " ").strip().capitalize() or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(Field):
    """A string; lengths in characters. `format` is JSON Schema's word, `long` says that it may need several lines."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str = ""
    secret: bool = False
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField(Field):
    """A number, whole where `integer`; `above` and `below` are the bounds that it must not reach itself."""

    integer: bool = False
    minimum: float | int | None = None
    maximum: float | int | None = None
    above: float | int | None = None
    below: float | int | None = None
    multiple_of: float | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagField(Field):
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField(Field):
    """One of a list of values; a constant is a list of one. `labels` are their titles, () where there are none."""

    choices: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileField(Field):
    """A link to a file; `media` is image, audio, video or "" where the schema does not tell."""

    media: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField(Field):
    """A list; `item` describes each entry (a list in a list is JSON)."""

    item: Field
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectField(Field):
    """An object with named parts; `open` says that the schema allows other names too."""

    fields: tuple[Field, ...]
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionField(Field):
    """A value of one of several kinds; each option is a field of the same name with a title of its own."""

    options: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonField(Field):
    """Any JSON value; `why` says in a few words why no other kind fits, "" where the schema allows anything."""

    why: str = ""
