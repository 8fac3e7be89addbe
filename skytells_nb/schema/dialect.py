"""Any dialect of JSON Schema -> plain 2020-12, which one judge can judge.

Draft 4's and 7's words, OpenAPI's `nullable` and pydantic's bounds are rewritten. A keyword whose value is nonsense is
left out, so that the others still hold. What cannot be looked up refers to nowhere: there the judge gives up, and the
service judges.
"""

from __future__ import annotations

import re
from typing import Any

from .bounds import bounds
from .document import Document
from .kinds import UNSET, Schema
from .patterns import for_names, usable
from .shapes import count, number, text, words

_NEVER: Schema = {"not": {}}
"""What nothing fits; jsonschema does not say where a plain `false` stands."""
_NOWHERE: Schema = {"$ref": "#/nowhere"}
_DEEPEST = 64
_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_ONE = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames", "not", "if",
        "then", "else")  # fmt: skip
_CLOSING = frozenset({"additionalProperties", "unevaluatedProperties", "unevaluatedItems"})
_MANY = ("allOf", "anyOf", "oneOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
           "maxContains")  # fmt: skip
_REFERS = ("$ref", "$dynamicRef", "$recursiveRef")
_NEW = frozenset({"prefixItems", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems",
                  "minContains", "maxContains", "$dynamicRef"})  # fmt: skip
"""Words that mean nothing in drafts 3 to 7."""
_OLD_DRAFT = re.compile(r"/draft-0[3-7]/")
_BEYOND_TYPE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if"})


class Standard:
    """Rewrites schemas of one document; `targets` are what their references name, rewritten too."""

    def __init__(self, document: Document) -> None:
        self.targets: dict[str, Any] = {}
        self._document = document
        self._numbers: dict[int, str] = {}
        self._pending: list[tuple[str, Any]] = []
        root = document.root
        self._old = isinstance(root, dict) and bool(_OLD_DRAFT.search(text(root.get("$schema"))))

    def read(self, schema: object) -> Schema | bool:
        """Rewrite one schema, and whatever it refers to."""
        found = self._part(schema, 0)
        while self._pending:
            key, target = self._pending.pop()
            self.targets[key] = self._part(target, 0)
        return found

    def _part(self, schema: object, depth: int) -> Schema | bool:
        if isinstance(schema, bool):
            return schema or dict(_NEVER)
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return dict(_NOWHERE)
        if self._old:
            schema = {"$ref": schema["$ref"]} if "$ref" in schema else _without(schema, _NEW)
        found = self._values(schema) | self._applied(schema, depth + 1) | self._entries(schema, depth + 1)
        found |= self._dependent(schema, depth + 1)
        refers = [self._refer(schema[word]) for word in _REFERS if word in schema]
        if len(refers) == 1:
            found |= refers[0]
        elif refers:
            found["allOf"] = [*found.get("allOf", []), *refers]
        return _with_null(found) if schema.get("nullable") is True else found

    def _refer(self, ref: object) -> Schema:
        target = self._document.target(ref)
        if target is UNSET:
            return dict(_NOWHERE)
        if id(target) not in self._numbers:
            key = self._numbers[id(target)] = str(len(self._numbers))
            self._pending.append((key, target))
        return {"$ref": f"#/$defs/{self._numbers[id(target)]}"}

    def _values(self, schema: Schema) -> Schema:
        """Rewrite the keywords that hold no schemas."""
        found: Schema = {word: schema[word] for word in ("const", "format") if word in schema}
        kinds = [schema["type"]] if isinstance(schema.get("type"), str) else words(schema.get("type"))
        if kinds and _TYPES.issuperset(kinds):
            found["type"] = kinds[0] if len(kinds) == 1 else kinds
        if isinstance(schema.get("enum"), list):
            found["enum"] = schema["enum"]
        found |= bounds(schema)
        found |= {word: size for word in _COUNTS if (size := count(schema.get(word))) is not None}
        step = number(schema.get("multipleOf"))
        if step is not None and step > 0:
            found["multipleOf"] = step
        if "pattern" in schema and usable(schema["pattern"]):
            found["pattern"] = schema["pattern"]
        if schema.get("uniqueItems") is True:
            found["uniqueItems"] = True
        if required := words(schema.get("required")):
            found["required"] = list(dict.fromkeys(required))
        return found

    def _applied(self, schema: Schema, depth: int) -> Schema:
        """Rewrite the keywords that hold schemas for the value itself, or for the parts of an object."""
        found: Schema = {
            word: schema[word] if word in _CLOSING and schema[word] is False else self._part(schema[word], depth)
            for word in _ONE
            if isinstance(schema.get(word), dict | bool)
        }
        for word in _MANY:
            if isinstance(schema.get(word), list) and schema[word]:
                found[word] = [self._part(member, depth) for member in schema[word]]
        if isinstance(schema.get("properties"), dict):
            parts = schema["properties"].items()
            found["properties"] = {name: self._part(part, depth) if isinstance(part, dict | bool) else True
                                   for name, part in parts}  # fmt: skip
        named = schema.get("patternProperties")
        if isinstance(named, dict):
            found["patternProperties"] = {
                name: self._part(part, depth) for name, part in named.items() if usable(name) and for_names(name)
            }
            if len(found["patternProperties"]) < len(named):
                found = _without(found, frozenset({"additionalProperties", "unevaluatedProperties"}))
        return found

    def _entries(self, schema: Schema, depth: int) -> Schema:
        """Rewrite the keywords for the entries of a list: draft 7 says `items` for what is now `prefixItems`."""
        items, first = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):
            first, items = items, schema.get("additionalItems")
        found: Schema = {}
        if isinstance(first, list) and first:
            found["prefixItems"] = [self._part(part, depth) for part in first]
        if isinstance(items, dict | bool):
            found["items"] = items and self._part(items, depth)
        return found

    def _dependent(self, schema: Schema, depth: int) -> Schema:
        """Rewrite what must hold if a name is given: draft 7 says `dependencies` for both kinds."""
        required: Schema = {}
        schemas: Schema = {}
        for word in ("dependencies", "dependentRequired", "dependentSchemas"):
            given = schema.get(word)
            for name, needed in given.items() if isinstance(given, dict) else ():
                if isinstance(needed, list) and word != "dependentSchemas":
                    required[name] = words(needed)
                elif isinstance(needed, dict | bool) and word != "dependentRequired":
                    schemas[name] = self._part(needed, depth)
        found = {"dependentRequired": required, "dependentSchemas": schemas}
        return {word: given for word, given in found.items() if given}


def _without(schema: Schema, left_out: frozenset[str]) -> Schema:
    return {word: value for word, value in schema.items() if word not in left_out}


def _with_null(schema: Schema) -> Schema:
    """Allow null beside what a schema allows."""
    if not _BEYOND_TYPE.isdisjoint(schema) or {"const", "enum"} <= schema.keys():
        return {"anyOf": [{"type": "null"}, schema]}
    found = dict(schema)
    if "type" in found:
        kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = [*kinds, "null"]
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return found
