"""The form an answer is asked for in: free text, any JSON object, or JSON of a given schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..instances import instances
from .parameters import refuse

Kind = Literal["text", "json_object", "json_schema"]


@dataclass(frozen=True, slots=True)
class Format:
    """A form, with its schema where it has one, and the parameter that asked for it."""

    kind: Kind = "text"
    schema: Any = True
    param: str = ""


def parse(given: Any, where: str, *, nested: bool) -> Format:
    """Read the form at the parameter `where`; `nested` is chat's way, with the schema one level further down."""
    if given is None:
        return Format()
    match given.get("type") if isinstance(given, dict) else None:
        case "text" | "json_object" as kind:
            return Format(kind)
        case "json_schema":
            holder, place = (given.get("json_schema"), f"{where}.json_schema") if nested else (given, where)
        case _:
            refuse(where, "must be {type: text}, {type: json_object} or {type: json_schema}")
    if not isinstance(holder, dict):
        refuse(place, "must be an object with 'name' and 'schema'")
    name, schema = holder.get("name"), holder.get("schema")
    if not isinstance(name, str) or not name:
        refuse(f"{place}.name", "must be a name")
    if not isinstance(schema, dict):
        refuse(f"{place}.schema", "must be a JSON Schema")
    wrong = instances.flaw(schema)
    if wrong:
        refuse(f"{place}.schema", f"is not a JSON Schema: {wrong}")
    return Format("json_schema", schema, f"{place}.schema")
