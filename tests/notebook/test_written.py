"""What a form shows of its values where no widgets are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.inline import InlineFile
from skytells_nb.notebook import written
from skytells_nb.schema.fields import read_fields

SECRET = {"type": "string", "format": "password"}
LINK = {"type": "string", "format": "uri"}
FOX = InlineFile("data:image/png;base64,iVBORw0KGgo=", Path("my photos/fox.png"))


@pytest.mark.parametrize(
    ("schema", "value", "shown"),
    [
        (SECRET, "hunter2", "•••"),
        ({"type": "array", "items": SECRET}, ["hunter2"], '["•••"]'),
        ({"type": "object", "properties": {"a": SECRET, "b": {}}}, {"a": "hunter2", "b": 1}, '{"a": "•••", "b": 1}'),
        ({"anyOf": [SECRET, {"type": "integer"}]}, "hunter2", "•••"),
        (LINK, FOX, "my photos/fox.png"),
        ({"type": "array", "items": LINK}, [FOX, "https://a.b"], '["my photos/fox.png", "https://a.b"]'),
        ({"type": "string"}, "füchsin", "füchsin"),
        ({}, {"a": [1, None, True]}, '{"a": [1, null, true]}'),
    ],
)
def test_values_are_shown_without_secrets_and_files_by_their_path(schema: Any, value: Any, shown: str) -> None:
    """Neither a secret nor a file's content is in the table, wherever it stands."""
    fields = read_fields({"properties": {"x": schema}})
    row = written.as_text("Title", fields, {"x": value}, "last").splitlines()[2]
    assert row.split("  ")[:1] == ["x"]
    assert f"  {shown}  " in f"{row}  "
    page = written.as_html("Title", fields, {"x": value}, "last")
    assert "hunter2" not in page
    assert "base64" not in page
