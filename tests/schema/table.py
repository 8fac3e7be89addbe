"""A schema for each construct that models' schemas hold: what becomes of it, what fits it, and what does not.

Plain frozen values, for the tests of the checker and for those of the forms.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skytells_nb.schema.fields import (
    UNSET,
    ChoiceField,
    Field,
    FileField,
    FlagField,
    JsonField,
    ListField,
    NumberField,
    ObjectField,
    TextField,
    UnionField,
)

Json = dict[str, Any]
Refused = tuple[Json, str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One schema. `kinds` are its fields in their order, `facts` attributes of them (dotted for inner fields).

    `untouched` is what an untouched form sends, `filled` an instance that fits, `refused` instances that do not, each
    with the path of a problem and words of its message. Not `plain`: JSON Schema alone would judge otherwise.
    """

    name: str
    schema: Any
    kinds: Mapping[str, type[Field]]
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    untouched: Json = field(default_factory=dict)
    filled: Json
    refused: tuple[Refused, ...] = ()
    components: Json | None = None
    plain: bool = True


def one(
    name: str,
    part: Any,
    kind: type[Field],
    good: Any,
    *bad: tuple[Any, str] | tuple[Any, str, str],
    plain: bool = True,
    required: bool = False,
    around: Json | None = None,
    components: Json | None = None,
    **facts: Any,
) -> Case:
    """Make the case of a single property, `x`; `bad` are values with words of the message, or (value, path, words).

    Where nothing is `good`, it is UNSET.
    """
    schema: Json = {"type": "object", "properties": {"x": part}, **({"required": ["x"]} if required else {})}
    sent = required and isinstance(part, dict) and part.get("default") is not None
    return Case(
        name=name,
        schema=schema | (around or {}),
        kinds={"x": kind},
        facts={"x": {key.replace("__", "."): value for key, value in facts.items()}},
        untouched={"x": part["default"]} if sent else {},
        filled={} if good is UNSET else {"x": good},
        refused=tuple(({"x": entry[0]}, entry[1] if len(entry) == 3 else "x", entry[-1]) for entry in bad),
        components=components,
        plain=plain,
    )


WHOLE = "must be a whole number"
NUMBER = "must be a number"
TEXT = "must be text"
DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
SIZES = {"title": "size", "description": "An enumeration.", "enum": ["1K", "2K"], "type": "string"}
COG = {"allOf": [{"$ref": "#/components/schemas/size"}], "default": "1K", "x-order": 3, "description": "How large"}
LORA = {
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "format": "uri", "x-order": 1},
        "scale": {"type": "number", "minimum": 0, "maximum": 4, "default": 1.0, "x-order": 0},
    },
}
CAT = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer", "maximum": 9}},
}
DOG = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}, "tricks": {"type": "integer"}}}
TREE = {"type": "object", "properties": {"value": {"type": "integer"}, "left": {"$ref": "#/$defs/tree"}}}

TEXTS = (
    one("a text", {"type": "string"}, TextField, "fox", (7, TEXT), (None, TEXT), (["a"], TEXT), long=False),
    one("a text with a default", {"type": "string", "default": "fox"}, TextField, "", default="fox"),
    one("a text with an empty default", {"type": "string", "default": ""}, TextField, "a", default=""),
    one("a text with null for a default", {"type": "string", "default": None}, TextField, "a", default=None),
    one("a text of many lines", {"type": "string", "default": "a\nb"}, TextField, "c\nd", long=True, default="a\nb"),
    one("a required text", {"type": "string"}, TextField, "fox", ("", "is empty"), (" \n", "is empty"), required=True,
        plain=False),
    one("a required text with a default", {"type": "string", "default": "fox"}, TextField, "a", required=True),
    one("a least length", {"type": "string", "minLength": 2}, TextField, "ab",
        ("a", "at least 2 characters (it has 1)"), min_length=2),
    one("a least length of one", {"type": "string", "minLength": 1}, TextField, "a", ("", "at least 1 character (it")),
    one("a greatest length", {"type": "string", "maxLength": 3}, TextField, "äöü", ("abcd", "at most 3 characters"),
        max_length=3, long=False),
    one("a great greatest length", {"type": "string", "maxLength": 4000}, TextField, "a" * 4000,
        ("a" * 4001, "at most 4000 characters (it has 4001)"), long=True),
    one("a length that is no whole number", {"type": "string", "maxLength": 3.0}, TextField, "abc",
        ("abcd", "at most 3"), max_length=3),
    one("a pattern", {"type": "string", "pattern": "^[a-z]+$"}, TextField, "abc", ("A1", "form ^[a-z]+$"),
        pattern="^[a-z]+$"),
    one("a pattern somewhere in the text", {"type": "string", "pattern": "[0-9]{2}"}, TextField, "ab12c",
        ("ab1c", "form")),
    one("a colour's pattern", {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}, TextField, "#00ffAA",
        ("red", "form")),
    one("an optional group in a pattern", {"type": "string", "pattern": "^[0-9]+(px)?$"}, TextField, "12px",
        ("12pt", "form")),
    one("a pattern that Python cannot read", {"type": "string", "pattern": "^\\p{L}+$"}, TextField, "123", plain=False),
    one("a date", {"type": "string", "format": "date"}, TextField, "2024-02-29", ("2023-02-29", "must be a date"),
        ("today", "must be a date"), format="date", plain=False),
    one("a time", {"type": "string", "format": "time"}, TextField, "13:45:00Z", ("25:00", "must be a time"),
        plain=False, format="time"),
    one("a moment", {"type": "string", "format": "date-time"}, TextField, "2026-01-31T13:45:00+01:00",
        ("2026-01-31", "must be a date and time"), plain=False, format="date-time"),
    one("an address", {"type": "string", "format": "email"}, TextField, "a@b", ("a.b", "must be an e-mail"),
        plain=False, format="email"),
    one("a password", {"type": "string", "format": "password"}, TextField, "x", (1, TEXT), secret=True),
    one("a secret of cog", {"type": "string", "format": "password", "x-cog-secret": True, "writeOnly": True}, TextField,
        "x", secret=True),
    one("a secret without a format", {"type": "string", "x-cog-secret": True}, TextField, "x", secret=True),
    one("a colour", {"type": "string", "format": "color"}, TextField, "#fff", format="color"),
    one("a format for long texts", {"type": "string", "format": "textarea"}, TextField, "x", long=True),
    one("an unknown format", {"type": "string", "format": "zebra"}, TextField, "x", format="zebra"),
    one("a format that is no text", {"type": "string", "format": 7}, TextField, "x", format=""),
    one("examples", {"type": "string", "examples": ["a", "b"]}, TextField, "a", examples=("a", "b")),
    one("an example of OpenAPI", {"type": "string", "example": "a"}, TextField, "a", examples=("a",)),
    one("a deprecated text", {"type": "string", "deprecated": True}, TextField, "a", deprecated=True),
    one("a title", {"type": "string", "title": "  The X  "}, TextField, "a", label="The X"),
    one("no title", {"type": "string"}, TextField, "a", label="X"),
    one("a title that is no text", {"type": "string", "title": 7, "description": [1]}, TextField, "a", title="",
        description=""),
    one("a type that only its words tell", {"maxLength": 3}, TextField, "abc", ("abcd", "at most 3")),
)  # fmt: skip

LINKS = (
    one("a link", {"type": "string", "format": "uri"}, FileField, "https://a.b/c", ("a b", "must be a link"),
        ("", "must be a link"), (7, TEXT), media="", plain=False),
    one("a data link", {"type": "string", "format": "uri"}, FileField, "data:text/plain,a b", media=""),
    one("a link to a picture by its title", {"type": "string", "format": "uri", "title": "Input Image"}, FileField,
        "https://a.b/c", media="image"),
    one("a link to sound by its help", {"type": "string", "format": "uri", "description": "A voice to copy"}, FileField,
        "https://a.b/c", media="audio"),
    one("a link to a video by its media type",
        {"type": "string", "format": "uri", "contentMediaType": "video/mp4", "title": "Image"}, FileField,
        "https://a.b/c", media="video"),
    one("a link as a url", {"type": "string", "format": "url"}, FileField, "https://a.b/c", media=""),
    one("a link or null", {"type": "string", "format": "uri", "nullable": True}, FileField, None, ("a b", "a link"),
        nullable=True, plain=False),
    one("links", {"type": "array", "items": {"type": "string", "format": "uri"}, "default": []}, ListField,
        ["https://a.b/c"], (["a b"], "x.0", "must be a link"), ("a", "must be a list"), plain=False, item__media="",
        default=[]),
)  # fmt: skip

NUMBERS = (
    one("a whole number", {"type": "integer"}, NumberField, 7, (1.5, WHOLE), ("7", WHOLE), (True, WHOLE), integer=True),
    one("a whole number beyond a float's", {"type": "integer"}, NumberField, 2**60 + 1),
    one("a whole number with a point", {"type": "integer"}, NumberField, 7.0),
    one("a number", {"type": "number"}, NumberField, 0.3, ("0.3", NUMBER), (False, NUMBER), integer=False),
    one("bounds", {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}, NumberField, 4,
        (99, "at most 4 (got 99)"), (0, "at least 1 (got 0)"), minimum=1, maximum=4, default=1),
    one("a required number with a default", {"type": "integer", "default": 3}, NumberField, 4, required=True,
        default=3),
    one("a bound beyond 32 bits", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, NumberField, 2**62 + 1,
        (2**63, f"at most {2**63 - 1}"), maximum=2**63 - 1),
    one("bounds of floats", {"type": "number", "minimum": 0.1, "maximum": 0.9}, NumberField, 0.3,
        (0.05, "at least 0.1")),
    one("exclusive bounds", {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, NumberField, 0.5,
        (0, "above 0 (got 0)"), (1, "below 1 (got 1)"), above=0, below=1, minimum=None),
    one("exclusive bounds of draft 4",
        {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1, "exclusiveMaximum": False},
        NumberField, 1, (0, "above 0"), (1.1, "at most 1"), above=0, minimum=None, maximum=1, plain=False),
    one("bounds of pydantic", {"type": "number", "ge": 0, "le": 1}, NumberField, 0.5, (2, "at most 1"),
        (-1, "at least 0"), minimum=0, maximum=1, plain=False),
    one("exclusive bounds of pydantic", {"type": "integer", "gt": 0, "lt": 3}, NumberField, 2, (0, "above 0"),
        (3, "below 3"), above=0, below=3, plain=False),
    one("a multiple", {"type": "integer", "multipleOf": 8}, NumberField, 16, (9, "a multiple of 8 (got 9)"),
        multiple_of=8),
    one("a multiple of a fraction", {"type": "number", "multipleOf": 0.1}, NumberField, 0.3,
        (0.35, "a multiple of 0.1"), multiple_of=0.1, plain=False),
    one("a bound that is no number", {"type": "integer", "minimum": "one", "maximum": 3}, NumberField, 2,
        (4, "at most 3"), minimum=None, maximum=3, plain=False),
    one("no number at all", {"type": "number"}, NumberField, 1, (float("nan"), "a finite number"),
        (float("inf"), "a finite number"), plain=False),
    one("a number or null, as OpenAPI says it", {"type": "integer", "nullable": True}, NumberField, None, ("x", WHOLE),
        nullable=True, plain=False),
    one("a number or null, as a list of types", {"type": ["integer", "null"], "minimum": 1}, NumberField, None,
        (0, "at least 1"), ("x", "whole number or null"), nullable=True, minimum=1),
    one("a number or null, as alternatives", {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}]},
        NumberField, None, (10, "at most 9"), ("x", "a whole number or null"), nullable=True, maximum=9),
    one("a default that breaks the bounds", {"type": "integer", "maximum": 4, "default": 9}, NumberField, 4, default=9),
    one("a default of another type", {"type": "integer", "default": "many"}, NumberField, 4, default="many"),
    one("whole and other numbers", {"type": ["integer", "number"]}, NumberField, 0.5, ("x", "number"), integer=False),
    one("a type that only its bound tells", {"minimum": 3}, NumberField, 4, (2, "at least 3")),
)  # fmt: skip

FLAGS = (
    one("a flag", {"type": "boolean"}, FlagField, False, (0, "must be true or false"), ("true", "true or false")),
    one("a flag with a default", {"type": "boolean", "default": True}, FlagField, False, default=True),
    one("a required flag with a default", {"type": "boolean", "default": False}, FlagField, True, required=True),
    one("a flag or null", {"type": ["boolean", "null"], "default": None}, FlagField, None, (1, "true or false or null"),
        nullable=True, default=None),
)  # fmt: skip

CHOICES = (
    one("choices of texts", {"type": "string", "enum": ["a", "b"], "default": "a"}, ChoiceField, "b",
        ("c", "must be one of a, b"), choices=("a", "b"), default="a"),
    one("choices, one nearly hit", {"enum": ["portrait", "landscape"]}, ChoiceField, "portrait",
        ("portrai", "did you mean portrait?")),
    one("choices of numbers", {"type": "integer", "enum": [5, 10]}, ChoiceField, 5, (6, "one of 5, 10"),
        ("5", "one of 5, 10"), choices=(5, 10)),
    one("choices of all kinds", {"enum": ["a", 1, True, None, 0.5]}, ChoiceField, None,
        ("b", "one of a, 1, True, null"), choices=("a", 1, True, None, 0.5), nullable=False),
    one("choices of a flag and a number", {"enum": [True, 0]}, ChoiceField, True, (1, "one of True, 0")),
    one("choices of lists and objects", {"enum": [[1], {"a": 1}]}, ChoiceField, {"a": 1}, ([2], "must be one of")),
    one("a single choice", {"enum": ["only"]}, ChoiceField, "only", ("b", "must be one of only"), choices=("only",)),
    one("sixty choices", {"enum": [f"v{n}" for n in range(60)]}, ChoiceField, "v59", ("w", "v19, …"),
        choices=tuple(f"v{n}" for n in range(60))),
    one("choices said twice", {"enum": ["a", "b", "a"]}, ChoiceField, "b", ("c", "must be one of"), choices=("a", "b")),
    one("choices said twice as 1 and 1.0", {"enum": [1, 1.0, True]}, ChoiceField, 1, choices=(1, True)),
    one("a constant", {"const": "v1"}, ChoiceField, "v1", ("v2", "must be v1 (got 'v2')"), choices=("v1",)),
    one("a required constant with a default", {"const": 3, "default": 3}, ChoiceField, 3, (4, "must be 3"),
        required=True),
    one("a constant that is null", {"const": None}, ChoiceField, None, (0, "must be null"), choices=(None,)),
    one("null alone", {"type": "null"}, ChoiceField, None, (0, "must be null"), choices=(None,), nullable=False),
    one("a default that is no choice", {"enum": ["a"], "default": "z"}, ChoiceField, "a", default="z"),
    one("no choices", {"enum": []}, JsonField, UNSET, (0, "must be one of"), why="nothing fits it"),
    one("choices that are no list", {"type": "string", "enum": "a"}, TextField, "b", (1, TEXT), plain=False),
    one("choices or null, as OpenAPI says it", {"type": "string", "enum": ["a"], "nullable": True}, ChoiceField, None,
        ("b", "must be one of a"), nullable=True, choices=("a",), plain=False),
    one("choices or null, as alternatives", {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}], "default": None},
        ChoiceField, None, ("c", "must be null or one of a, b"), nullable=True, choices=("a", "b"), default=None),
    one("choices with titles", {"oneOf": [{"const": 1, "title": "One"}, {"const": 2, "title": "Two"}]}, ChoiceField, 2,
        (3, "must be one of 1, 2"), choices=(1, 2), labels=("One", "Two")),
    one("choices as alternatives", {"anyOf": [{"enum": ["a", "b"]}, {"const": "c"}]}, ChoiceField, "c",
        ("d", "a, b, c"), choices=("a", "b", "c"), labels=()),
)  # fmt: skip

REFERENCES = (
    one("choices of cog", COG, ChoiceField, "2K", ("3K", "must be one of 1K, 2K"), choices=("1K", "2K"), default="1K",
        components={"schemas": {"size": SIZES}}, description="How large", label="X"),
    one("choices of cog without help", {"allOf": [{"$ref": "#/definitions/size"}]}, ChoiceField, "2K", description="",
        around={"definitions": {"size": SIZES}}),
    one("choices of cog or null", {**COG, "nullable": True}, ChoiceField, None, ("3K", "one of 1K, 2K"), nullable=True,
        components={"schemas": {"size": SIZES}}, plain=False),
    one("a reference", {"$ref": "#/$defs/n"}, NumberField, 3, (4, "at most 3"), maximum=3,
        around={"$defs": {"n": {"type": "integer", "maximum": 3, "title": "N"}}}, label="X"),
    one("a reference with siblings", {"$ref": "#/$defs/n", "minimum": 1, "title": "Count"}, NumberField, 3,
        (0, "at least 1"), (4, "at most 3"), minimum=1, maximum=3, title="Count",
        around={"$defs": {"n": {"type": "integer", "maximum": 3}}}),
    one("a reference with siblings in draft 7", {"$ref": "#/definitions/n", "title": "Count"}, NumberField, 3,
        (4, "at most 3"), title="Count", around={**DRAFT_7, "definitions": {"n": {"type": "integer", "maximum": 3}}}),
    one("a reference to a reference", {"$ref": "#/$defs/a"}, TextField, "a", (1, TEXT),
        around={"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "string"}}}),
    one("a reference with odd characters", {"$ref": "#/$defs/a~1b%20c"}, TextField, "a", (1, TEXT),
        around={"$defs": {"a/b c": {"type": "string"}}}),
    one("a reference by an anchor", {"$ref": "#n"}, NumberField, 1, ("a", NUMBER),
        around={"$defs": {"any": {"$anchor": "n", "type": "number"}}}),
    one("a reference to another property", {"$ref": "#/properties/x/$defs/n", "$defs": {"n": {"type": "number"}}},
        NumberField, 1, ("a", NUMBER)),
    one("a reference to nothing", {"$ref": "#/$defs/none", "title": "T"}, JsonField, [1], plain=False, title="T",
        why="it refers to what is not there"),
    one("a reference elsewhere", {"$ref": "https://example.com/a.json"}, JsonField, [1], plain=False,
        why="it refers to what is not there"),
    one("a reference to itself", {"$ref": "#/properties/x"}, JsonField, 1, plain=False, why="it contains itself"),
    one("a tree", {"$ref": "#/$defs/tree"}, ObjectField, {"value": 1, "left": {"left": {"value": 2}}},
        ({"left": {"left": {"value": "a"}}}, "x.left.left.value", WHOLE), around={"$defs": {"tree": TREE}},
        fields__1__why="it contains itself"),
    one("a list of trees", {"type": "array", "items": {"$ref": "#"}}, ListField, [{"x": [{"x": []}]}],
        ([{"x": [{"x": 1}]}], "x.0.x.0.x", "must be a list"), item__why="it contains itself"),
    one("a reference or null", {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}, NumberField, None,
        (4, "at most 3"), nullable=True, maximum=3, around={"$defs": {"n": {"type": "integer", "maximum": 3}}}),
    one("a reference that is nullable", {"$ref": "#/$defs/n"}, NumberField, None, nullable=True, plain=False,
        around={"$defs": {"n": {"type": "integer", "nullable": True}}}),
    one("several that must all hold", {"allOf": [{"type": "number", "minimum": 1}, {"minimum": 2, "maximum": 5}]},
        NumberField, 3, (1, "at least 2"), (6, "at most 5"), minimum=2, maximum=5),
    one("choices that must all hold", {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ChoiceField, "b",
        ("a", "must be one of b, c"), choices=("b",)),
    one("types that cannot both hold", {"allOf": [{"type": "string"}, {"type": "integer"}]}, JsonField, UNSET,
        (1, TEXT), why="nothing fits it"),
)  # fmt: skip

LISTS = (
    one("a list of texts", {"type": "array", "items": {"type": "string"}}, ListField, ["a"], ("a", "must be a list"),
        (["a", 2], "x.1", TEXT), item__long=False),
    one("a list of numbers", {"type": "array", "items": {"type": "number", "maximum": 1}}, ListField, [0.5, 1],
        ([0.5, 2], "x.1", "at most 1"), item__maximum=1),
    one("a list of choices", {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}, ListField,
        ["b", "a"], (["a", "a"], "the same entry twice"), (["c"], "x.0", "must be one of a, b"), unique=True,
        item__choices=("a", "b")),
    one("lengths of a list", {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2}, ListField,
        ["a"], ([], "at least 1 entry (it has 0)"), (["a", "b", "c"], "at most 2 entries (it has 3)"), min_items=1,
        max_items=2),
    one("entries that are unlike", {"type": "array", "uniqueItems": True}, ListField, [1, True, "1"],
        ([1, 1.0], "twice"), ([{"a": [1]}, {"a": [1]}], "twice"), item__why=""),
    one("a list of anything", {"type": "array"}, ListField, [1, "a", None], ({}, "must be a list")),
    one("a list of objects", {"type": "array", "items": LORA}, ListField, [{"path": "https://a.b/c"}],
        ([{"scale": 1}], "x.0.path", "is missing"), ([{"path": "https://a.b/c", "scale": 9}], "x.0.scale", "at most 4"),
        item__fields__0__name="scale", item__fields__1__required=True),
    one("a list of lists", {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, ListField,
        [[1]], ([[1, "a"]], "x.0.1", WHOLE), item__why="a list in a list"),
    one("a list or null", {"type": ["array", "null"], "items": {"type": "string"}}, ListField, None, nullable=True),
    one("a list of texts or nulls", {"type": "array", "items": {"type": ["string", "null"]}}, ListField, ["a", None],
        item__nullable=True),
    one("a tuple", {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        JsonField, ["a", 1], (["a", "b"], "x.1", WHOLE), (["a", 1, 2], "too many entries"),
        why="its entries differ from place to place"),
    one("a tuple of draft 7", {"type": "array", "items": [{"type": "string"}], "additionalItems": {"type": "integer"}},
        JsonField, ["a", 1], (["a", "b"], "x.1", WHOLE), ([1], "x.0", TEXT)),
    one("a list that must hold something", {"type": "array", "contains": {"const": "a"}, "maxContains": 1}, ListField,
        ["a", "b"], (["b"], "must hold a fitting entry"), (["a", "a"], "must hold at most 1 fitting")),
    one("a list that must hold two", {"type": "array", "contains": {"const": 1}, "minContains": 2}, ListField, [1, 1],
        ([1], "must hold at least 2 fitting entries")),
    one("a list that only its entries tell", {"items": {"type": "string"}}, ListField, ["a"], ([1], "x.0", TEXT)),
    one("a list of unions", {"type": "array", "items": {"type": ["string", "integer"]}}, ListField, ["a", 1],
        ([None], "x.0", "text or a whole number")),
)  # fmt: skip

OBJECTS = (
    one("an object", LORA, ObjectField, {"path": "https://a.b/c", "scale": 2}, ({}, "x.path", "is missing"),
        ({"path": 1}, "x.path", TEXT), ("a", "must be an object"), fields__0__name="scale", fields__1__name="path",
        open=False),
    one("an object of any names", {"type": "object"}, JsonField, {"a": 1}, ([], "must be an object"), why=""),
    one("an object of numbers", {"type": "object", "additionalProperties": {"type": "number"}}, JsonField, {"a": 1},
        ({"a": "b"}, "x.a", NUMBER)),
    one("an object with other names", {**LORA, "additionalProperties": {"type": "number"}}, ObjectField,
        {"path": "https://a.b/c", "more": 1}, ({"path": "https://a.b/c", "more": "b"}, "x.more", NUMBER), open=True),
    one("an object without other names", {**LORA, "additionalProperties": False}, ObjectField,
        {"path": "https://a.b/c"},
        ({"path": "https://a.b/c", "scal": 1}, "x.scal", "is not an input (did you mean scale?)"), open=False),
    one("names of a form", {"type": "object", "properties": {"a": {"type": "string"}},
        "patternProperties": {"^n_": {"type": "number"}}, "additionalProperties": False}, ObjectField, {"n_1": 1},
        ({"n_1": "a"}, "x.n_1", NUMBER), ({"z": 1}, "x.z", "is not an input"), open=True),
    one("names that are judged", {"type": "object", "propertyNames": {"maxLength": 2}}, JsonField, {"ab": 1},
        ({"abc": 1}, "x.abc", "is a name that must have at most 2 characters")),
    one("how many names", {"type": "object", "minProperties": 1, "maxProperties": 2}, JsonField, {"a": 1},
        ({}, "at least 1 name (it has 0)"), ({"a": 1, "b": 2, "c": 3}, "at most 2 names")),
    one("objects in objects", {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": LORA}}}},
        ObjectField, {"a": {"b": {"path": "https://a.b/c"}}}, ({"a": {"b": {}}}, "x.a.b.path", "is missing"),
        fields__0__fields__0__fields__1__name="path"),
    one("an object or null", {"anyOf": [LORA, {"type": "null"}], "default": None}, ObjectField, None,
        ({}, "x.path", "is missing"), nullable=True, default=None),
    one("an object that its parts tell", {"properties": {"a": {"type": "string"}}}, ObjectField, {"a": "b"},
        ({"a": 1}, "x.a", TEXT)),
    one("names that need each other",
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}}, ObjectField, {"b": 1},
        ({"a": 1}, "x.b", "is missing, which a needs")),
    one("names that need each other in draft 7",
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependencies": {"a": ["b"]}}, ObjectField,
        {"a": 1, "b": 1}, ({"a": 1}, "x.b", "is missing, which a needs")),
    one("nothing beside what is judged", {"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False},
        ObjectField, {"a": 1}, ({"b": 1}, "holds names that are not allowed")),
    one("a condition in an object", {"type": "object", "properties": {"mode": {"enum": ["a", "b"]}},
        "if": {"properties": {"mode": {"const": "b"}}, "required": ["mode"]},
        "then": {"properties": {"size": {"type": "integer"}}, "required": ["size"]}}, ObjectField,
        {"mode": "b", "size": 1}, ({"mode": "b"}, "x.size", "is missing"), fields__1__name="size",
        fields__1__required=False),
    one("a part that is only read",
        {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}, "a": {"type": "string"}}},
        ObjectField, {"a": "b"}, fields__0__name="a"),
)  # fmt: skip

UNIONS = (
    one("two types", {"type": ["string", "integer"], "maxLength": 3}, UnionField, 12345, ("abcd", "at most 3"),
        ([], "must be text or a whole number"), options__0__title="Text", options__1__title="Whole number",
        options__0__max_length=3),
    one("two types or null", {"type": ["string", "integer", "null"]}, UnionField, None, nullable=True),
    one("alternatives of types", {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        UnionField, ["a"], ([1], "x.0", TEXT), (1, "must be text or a list (got 1)"), options__1__title="List"),
    one("alternatives or null", {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}, UnionField, None,
        (True, "must be text or a number or null"), nullable=True),
    one("alternatives of objects", {"oneOf": [CAT, DOG]}, UnionField, {"kind": "dog", "tricks": 2},
        ({"kind": "cat", "lives": 10}, "x.lives", "at most 9"), ({"kind": "dog", "tricks": "a"}, "x.tricks", WHOLE),
        (1, "must be an object"), options__0__title="Object", options__1__title="Object 2"),
    one("alternatives that are told apart",
        {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "discriminator": {"propertyName": "kind"}},
        UnionField, {"kind": "cat", "lives": 9}, ({"kind": "dog", "tricks": "a"}, "x.tricks", WHOLE),
        around={"$defs": {"Cat": CAT, "Dog": DOG}}, options__0__title="cat", options__1__title="dog"),
    one("alternatives named by what they refer to", {"anyOf": [{"$ref": "#/$defs/Cat"}, {"type": "string"}]},
        UnionField, "a", around={"$defs": {"Cat": CAT}}, options__0__title="Cat"),
    one("alternatives with titles", {"anyOf": [{"type": "string", "title": "A name"}, {"type": "integer"}]}, UnionField,
        "a", options__0__title="A name"),
    one("alternatives within limits", {"type": "integer", "anyOf": [{"maximum": 3}, {"minimum": 7}]}, NumberField, 8,
        (5, "at most 3"), ("a", WHOLE)),
    one("alternatives of which one must fit", {"oneOf": [{"type": "number"}, {"type": "integer"}]}, UnionField, 0.5,
        (1, "fits several of its alternatives")),
    one("a choice or a text", {"anyOf": [{"enum": ["auto"]}, {"type": "integer"}]}, UnionField, 3,
        ("aut", "must be a whole number or auto"), options__0__choices=("auto",)),
    one("an alternative that contains itself", {"anyOf": [{"type": "string"}, {"$ref": "#/properties/x"}]}, UnionField,
        "a", options__1__options__1__why="it contains itself"),
    one("one alternative", {"anyOf": [{"type": "string", "maxLength": 2}], "title": "T"}, TextField, "ab",
        ("abc", "at most 2"), title="T", max_length=2),
    one("no alternatives", {"anyOf": [], "type": "string"}, TextField, "ab", (1, TEXT), plain=False),
    one("alternatives that are null twice", {"anyOf": [{"type": "null"}, {"const": None}]}, ChoiceField, None,
        (1, "must be null"), choices=(None,)),
)  # fmt: skip

REST = (
    one("an empty schema", {}, JsonField, {"a": [1]}, why=""),
    one("a schema that is true", True, JsonField, [None], why=""),
    one("a schema without a type", {"title": "T", "default": 5}, JsonField, "a", why="", default=5),
    one("an unknown type", {"type": "file"}, JsonField, "a", why="its type is none of JSON's", plain=False),
    one("what must not be", {"type": "string", "not": {"const": "a"}}, TextField, "b",
        ("a", "must not be a (got 'a')")),
    one("what must not be one of", {"not": {"enum": [1, 2]}}, JsonField, 3, (1, "must not be any of 1, 2")),
    one("what must not be of a type", {"not": {"type": "string"}}, JsonField, 3, ("a", "must not be text")),
    one("a condition for a text", {"type": "string", "if": {"pattern": "^a"}, "then": {"minLength": 3}}, TextField, "b",
        ("ab", "at least 3")),
    one("what nothing fits", {"type": "array", "items": False}, JsonField, [], ([1], "too many entries"),
        why="nothing fits it"),
)  # fmt: skip

ROOTS = (
    Case(
        name="order with gaps, ties and nonsense",
        schema={
            "required": ["needed"],
            "properties": {
                "plain": {"type": "string"},
                "needed": {"type": "string"},
                "tied": {"type": "string", "x-order": 7},
                "tied_too": {"type": "string", "x-order": 7},
                "first": {"type": "string", "x-order": -2},
                "half": {"type": "string", "x-order": 0.5},
                "word": {"type": "string", "x-order": "0"},
                "endless": {"type": "string", "x-order": float("inf")},
            },
        },
        kinds=dict.fromkeys(["first", "half", "tied", "tied_too", "needed", "plain", "word", "endless"], TextField),
        filled={"needed": "a"},
        refused=(({}, "needed", "is missing"),),
    ),
    Case(
        name="no required at all",
        schema={"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
        kinds={"a": TextField, "b": NumberField},
        filled={},
        refused=(({"b": "a"}, "b", WHOLE),),
    ),
    Case(
        name="required that is no list",
        schema={"required": "a", "properties": {"a": {"type": "string"}}},
        kinds={"a": TextField},
        facts={"a": {"required": False}},
        filled={"a": "b"},
        plain=False,
    ),
    Case(
        name="required names without a property",
        schema={"required": ["a", "ghost"], "properties": {"a": {"type": "string"}}, "additionalProperties": True},
        kinds={"a": TextField},
        filled={"a": "b", "ghost": 1},
        refused=(({"a": "b"}, "ghost", "is missing"),),
    ),
    Case(
        name="unknown names",
        schema={"properties": {"prompt": {"type": "string"}}},
        kinds={"prompt": TextField},
        facts={"prompt": {"long": True}},
        filled={"prompt": "a"},
        refused=(({"promt": "a"}, "promt", "is not an input (did you mean prompt?)"),),
        plain=False,
    ),
    Case(
        name="unknown names, ruled out",
        schema={"properties": {"prompt": {"type": "string"}}, "additionalProperties": False},
        kinds={"prompt": TextField},
        filled={"prompt": "a"},
        refused=(({"zzz": "a"}, "zzz", "is not an input (known inputs: prompt)"),),
    ),
    Case(
        name="unknown names, allowed",
        schema={"properties": {"a": {"type": "string"}}, "additionalProperties": {}},
        kinds={"a": TextField},
        filled={"zzz": 1},
    ),
    Case(
        name="unknown names of a kind",
        schema={"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "integer"}},
        kinds={"a": TextField},
        filled={"zzz": 1},
        refused=(({"zzz": "b"}, "zzz", WHOLE),),
    ),
    Case(
        name="no properties",
        schema={"type": "object"},
        kinds={},
        filled={"anything": [1]},
    ),
    Case(name="an empty whole", schema={}, kinds={}, filled={"anything": 1}),
    Case(name="a whole that is true", schema=True, kinds={}, filled={"anything": 1}),
    Case(
        name="what is only read",
        schema={
            "required": ["both"],
            "properties": {
                "id": {"type": "string", "readOnly": True},
                "both": {"type": "string", "readOnly": True},
                "secret": {"type": "string", "writeOnly": True},
            },
        },
        kinds={"both": TextField, "secret": TextField},
        facts={"both": {"read_only": True}},
        filled={"both": "a", "id": "b"},
        refused=(({"both": "a", "id": 1}, "id", TEXT),),
    ),
    Case(
        name="a property that is no schema",
        schema={"properties": {"odd": 7, "a": {"type": "string"}}},
        kinds={"a": TextField},
        filled={"a": "b", "odd": [1]},
        refused=(({"a": 1}, "a", TEXT),),
        plain=False,
    ),
    Case(
        name="a property that must not be given",
        schema={"properties": {"never": False, "a": {"type": "string"}}},
        kinds={"a": TextField},
        filled={"a": "b"},
        refused=(({"never": 1}, "never", "is not allowed here"),),
    ),
    Case(
        name="a whole by reference",
        schema={"$ref": "#/definitions/Input", "definitions": {"Input": LORA}},
        kinds={"scale": NumberField, "path": FileField},
        filled={"path": "https://a.b/c"},
        refused=(({"scale": 9}, "scale", "at most 4"), ({}, "path", "is missing")),
    ),
    Case(
        name="a whole put together",
        schema={
            "allOf": [
                {"properties": {"a": {"type": "string"}}},
                {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
            ]
        },
        kinds={"b": NumberField, "a": TextField},
        filled={"a": "x", "b": 1},
        refused=(({"a": "x"}, "b", "is missing"), ({"b": "x"}, "b", WHOLE)),
    ),
    Case(
        name="a part that is said twice",
        schema={
            "properties": {"a": {"type": "integer", "minimum": 1}},
            "allOf": [{"properties": {"a": {"maximum": 3}}}],
        },
        kinds={"a": NumberField},
        facts={"a": {"minimum": 1, "maximum": 3}},
        filled={"a": 2},
        refused=(({"a": 4}, "a", "at most 3"), ({"a": 0}, "a", "at least 1")),
    ),
    Case(
        name="one of two names",
        schema={
            "properties": {"image": {"type": "string"}, "text": {"type": "string"}},
            "anyOf": [{"required": ["image"]}, {"required": ["text"]}],
        },
        kinds={"image": TextField, "text": TextField},
        filled={"text": "a"},
        refused=(({}, "image", "is missing, or text instead"),),
    ),
    Case(
        name="two names, not both",
        schema={
            "properties": {"image": {"type": "string"}, "text": {"type": "string"}},
            "not": {"required": ["image", "text"]},
        },
        kinds={"image": TextField, "text": TextField},
        filled={"text": "a"},
        refused=(({"image": "a", "text": "b"}, "", "must not be given together with image, text"),),
    ),
    Case(
        name="alternatives of the whole",
        schema={
            "required": ["mode"],
            "properties": {"mode": {"type": "string"}},
            "oneOf": [
                {"properties": {"mode": {"const": "a"}, "size": {"type": "integer"}}, "required": ["size"]},
                {"properties": {"mode": {"const": "b"}, "size": {"type": "string"}, "tone": {"type": "string"}}},
            ],
        },
        kinds={"mode": TextField, "size": UnionField, "tone": TextField},
        filled={"mode": "a", "size": 1},
        refused=(({"mode": "a"}, "size", "is missing"), ({"mode": "b", "size": 1}, "size", TEXT)),
    ),
    Case(
        name="a condition of the whole",
        schema={
            "properties": {"size": {"enum": ["1K", "custom"]}, "width": {"type": "integer"}},
            "if": {"properties": {"size": {"const": "custom"}}, "required": ["size"]},
            "then": {"required": ["width"]},
            "else": {"properties": {"width": False}},
        },
        kinds={"size": ChoiceField, "width": NumberField},
        filled={"size": "custom", "width": 3},
        refused=(
            ({"size": "custom"}, "width", "is missing"),
            ({"size": "1K", "width": 3}, "width", "is not allowed here"),
        ),
    ),
    Case(
        name="names that depend",
        schema={
            "properties": {"image": {"type": "string"}, "mask": {"type": "string"}, "strength": {"type": "number"}},
            "dependentRequired": {"mask": ["image"]},
            "dependentSchemas": {"mask": {"properties": {"strength": {"maximum": 1}}}},
        },
        kinds={"image": TextField, "mask": TextField, "strength": NumberField},
        filled={"image": "a", "mask": "b", "strength": 1},
        refused=(({"mask": "a"}, "image", "is missing, which mask needs"),
                 ({"mask": "a", "image": "b", "strength": 2}, "strength", "at most 1")),
    ),
    Case(
        name="names that depend in draft 7",
        schema={
            **DRAFT_7,
            "properties": {"image": {"type": "string"}, "mask": {"type": "string"}},
            "dependencies": {"mask": ["image"], "image": {"properties": {"mask": {"maxLength": 2}}}},
        },
        kinds={"image": TextField, "mask": TextField},
        filled={"image": "a", "mask": "b"},
        refused=(({"mask": "a"}, "image", "is missing"), ({"mask": "abc", "image": "b"}, "mask", "at most 2")),
    ),
    Case(
        name="many problems at once",
        schema={
            "required": ["prompt", "seed"],
            "properties": {
                "prompt": {"type": "string", "x-order": 0},
                "loras": {"type": "array", "items": LORA, "x-order": 1},
                "seed": {"type": "integer", "default": 7, "x-order": 2},
            },
        },
        kinds={"prompt": TextField, "loras": ListField, "seed": NumberField},
        untouched={"seed": 7},
        filled={"prompt": "a", "seed": 1, "loras": []},
        refused=(
            ({"loras": [{"path": "https://a.b/c", "scale": 99}]}, "loras.0.scale", "must be at most 4 (got 99)"),
            ({"loras": [{"path": "https://a.b/c", "scale": 99}]}, "prompt", "is missing"),
            ({"loras": [{"path": "https://a.b/c", "scale": 99}]}, "seed", "is missing"),
        ),
    ),
    Case(
        name="names as long as they are odd",
        schema={"properties": {"a.b": {"type": "string"}, "": {"type": "integer"}, "ü" * 200: {"type": "boolean"}}},
        kinds={"a.b": TextField, "": NumberField, "ü" * 200: FlagField},
        filled={"a.b": "x", "": 1, "ü" * 200: True},
        refused=(({"a.b": 1}, "a.b", TEXT),),
    ),
    Case(
        name="words for long texts and media",
        schema={
            "properties": {
                "negative_prompt": {"type": "string"},
                "promptText": {"type": "string"},
                "prompt_2": {"type": "string"},
                "text_encoder": {"type": "string"},
                "voice_id": {"type": "string"},
                "mask": {"type": "string", "format": "uri"},
                "song_file": {"type": "string", "format": "uri"},
                "inputVideo": {"type": "string", "format": "uri"},
                "video_thumbnail_image": {"type": "string", "format": "uri"},
                "webhook": {"type": "string", "format": "uri"},
            }
        },
        kinds={
            "negative_prompt": TextField, "promptText": TextField, "prompt_2": TextField, "text_encoder": TextField,
            "voice_id": TextField, "mask": FileField, "song_file": FileField, "inputVideo": FileField,
            "video_thumbnail_image": FileField, "webhook": FileField,
        },
        facts={
            "negative_prompt": {"long": True}, "promptText": {"long": True}, "prompt_2": {"long": True},
            "text_encoder": {"long": False}, "voice_id": {"long": False}, "mask": {"media": "image"},
            "song_file": {"media": "audio"}, "inputVideo": {"media": "video"},
            "video_thumbnail_image": {"media": "image"}, "webhook": {"media": ""},
        },
        filled={"mask": "https://a.b/c"},
    ),
)  # fmt: skip

_WRONG: dict[type[Field], Any] = {
    TextField: 7, FileField: 7, NumberField: "many", FlagField: "perhaps", ListField: "one",
    ChoiceField: "none of these",
}  # fmt: skip


def _published() -> tuple[Case, ...]:
    """Make a case of every schema that a model's makers have published, as far as it is at hand."""
    cases = []
    for path in sorted((Path(__file__).resolve().parents[1] / "data" / "schemas").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        kinds = PUBLISHED[path.stem]
        good = {name: _good(schema["properties"][name]) for name in kinds}
        needed = {name: good[name] for name in schema["required"]}
        wrong = tuple(({**needed, name: _WRONG[kind]}, name, "must be") for name, kind in kinds.items())
        missing = tuple(({}, name, "is missing") for name in needed)
        cases.append(Case(name=path.stem, schema=schema, kinds=kinds, filled=good, refused=(*wrong, *missing)))
    return tuple(cases)


def _good(part: Json) -> Any:
    if "enum" in part:
        return part["enum"][-1]
    entries = ["https://example.com/a.png"] * part.get("minItems", 1)
    return {"string": "https://example.com/a.png", "boolean": True, "array": entries}.get(
        part["type"], part.get("maximum", part.get("minimum", 3))
    )


PUBLISHED: dict[str, dict[str, type[Field]]] = {
    "beatfusion-2.0": {
        "lyrics": TextField,
        "prompt": TextField,
        "sample_rate": ChoiceField,
        "bitrate": ChoiceField,
        "audio_format": ChoiceField,
    },
    "docs_schemas_page_minimal": {"prompt": TextField, "aspect_ratio": ChoiceField},
    "partner-flux-dev-finetune": {
        "prompt": TextField,
        "image": FileField,
        "mask": FileField,
        "aspect_ratio": ChoiceField,
        "height": NumberField,
        "width": NumberField,
        "prompt_strength": NumberField,
        "model": ChoiceField,
        "num_outputs": NumberField,
        "num_inference_steps": NumberField,
        "guidance_scale": NumberField,
        "seed": NumberField,
        "output_format": ChoiceField,
        "output_quality": NumberField,
        "go_fast": FlagField,
        "megapixels": ChoiceField,
        "lora_scale": NumberField,
        "extra_lora": TextField,
        "extra_lora_scale": NumberField,
    },
    "partner-flux-kontext-pro": {
        "prompt": TextField,
        "input_image": FileField,
        "aspect_ratio": ChoiceField,
        "output_format": ChoiceField,
        "safety_tolerance": NumberField,
        "prompt_upsampling": FlagField,
        "seed": NumberField,
    },
    "partner-gen4-image-turbo": {
        "prompt": TextField,
        "seed": NumberField,
        "resolution": ChoiceField,
        "aspect_ratio": ChoiceField,
        "reference_tags": ListField,
        "reference_images": ListField,
    },
    "partner-imagen-4": {
        "prompt": TextField,
        "aspect_ratio": ChoiceField,
        "safety_filter_level": ChoiceField,
        "output_format": ChoiceField,
    },
    "partner-kling-v2.1": {
        "prompt": TextField,
        "start_image": FileField,
        "mode": ChoiceField,
        "duration": ChoiceField,
        "end_image": FileField,
        "negative_prompt": TextField,
    },
    "partner-nano-banana": {
        "prompt": TextField,
        "image_input": ListField,
        "aspect_ratio": ChoiceField,
        "output_format": ChoiceField,
    },
    "partner-qwen-image-edit-plus": {
        "prompt": TextField,
        "image": ListField,
        "aspect_ratio": ChoiceField,
        "go_fast": FlagField,
        "seed": NumberField,
        "output_format": ChoiceField,
        "output_quality": NumberField,
        "disable_safety_checker": FlagField,
    },
    "partner-seedream-4": {
        "prompt": TextField,
        "image_input": ListField,
        "size": ChoiceField,
        "aspect_ratio": ChoiceField,
        "width": NumberField,
        "height": NumberField,
        "sequential_image_generation": ChoiceField,
        "max_images": NumberField,
    },
    "partner-sora-2": {
        "prompt": TextField,
        "image": FileField,
        "aspect_ratio": TextField,
        "duration": NumberField,
        "seed": NumberField,
    },
    "partner-veo-3.1": {
        "prompt": TextField,
        "negative_prompt": TextField,
        "image": FileField,
        "last_frame": FileField,
        "reference_images": ListField,
        "duration": NumberField,
        "resolution": ChoiceField,
        "aspect_ratio": ChoiceField,
        "generate_audio": FlagField,
        "seed": NumberField,
    },
    "partner-wan-2.1-i2v": {
        "prompt": TextField,
        "negative_prompt": TextField,
        "aspect_ratio": ChoiceField,
        "image": FileField,
        "fast_mode": ChoiceField,
        "seed": NumberField,
        "sample_guide_scale": NumberField,
        "sample_steps": NumberField,
        "sample_shift": NumberField,
        "lora_weights": TextField,
        "lora_scale": NumberField,
        "disable_safety_checker": FlagField,
    },
    "truefusion-pro_docs_example": {
        "prompt": TextField,
        "aspect_ratio": ChoiceField,
        "num_outputs": NumberField,
        "guidance": NumberField,
        "seed": NumberField,
    },
    "truefusion": {
        "prompt": TextField,
        "aspect_ratio": ChoiceField,
        "number_of_images": NumberField,
        "prompt_optimizer": FlagField,
    },
}

CASES: tuple[Case, ...] = (
    *TEXTS, *LINKS, *NUMBERS, *FLAGS, *CHOICES, *REFERENCES, *LISTS, *OBJECTS, *UNIONS, *REST, *ROOTS, *_published(),
)  # fmt: skip
