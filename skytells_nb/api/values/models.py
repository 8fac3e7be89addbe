"""A model of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...schema.fields import Field, read_fields
from ..reading import Json, items, record, text
from ..shown import Shown, brief


@dataclass(frozen=True, slots=True, repr=False)
class Model(Shown):
    """A model of the catalogue; `slug` is what requests call it (its `namespace`)."""

    slug: str
    name: str = ""
    type: str = ""
    description: str = ""
    vendor: str = ""
    status: str = ""
    capabilities: tuple[str, ...] = ()
    pricing: Json = field(default_factory=dict)
    input_schema: Json = field(default_factory=dict, repr=False)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: object) -> Model:
        """Read a Model object."""
        raw = record(body)
        slug = text(raw.get("namespace")) or text(raw.get("slug")) or text(raw.get("name")) or ""
        return cls(
            slug=slug,
            name=text(raw.get("name")) or slug,
            type=text(raw.get("type")) or "",
            description=text(raw.get("description")) or "",
            vendor=text(record(raw.get("vendor")).get("name")) or "",
            status=text(raw.get("status")) or "",
            capabilities=tuple(word for word in items(raw.get("capabilities")) if isinstance(word, str)),
            pricing=record(raw.get("pricing")),
            input_schema=record(raw.get("input_schema")),
            raw=raw,
        )

    @property
    def fields(self) -> tuple[Field, ...]:
        """The model's inputs, in the order in which a person should meet them."""
        return read_fields(self.input_schema)

    @property
    def speaks_chat(self) -> bool:
        """Whether it is used by chat rather than by predictions."""
        return record(self.raw.get("metadata")).get("openai_compatible") is True or self.type == "text"

    @property
    def embeds(self) -> bool:
        """Whether it makes vectors of texts."""
        words = (self.type, self.slug, *self.capabilities)
        return any("embed" in word.lower() for word in words)

    def __repr__(self) -> str:
        return brief("Model", slug=self.slug, type=self.type, vendor=self.vendor, status=self.status)
