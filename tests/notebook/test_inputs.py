"""Inputs that a line names: files of JSON, and Python values that take the form of their input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skytells_nb.errors import InputError
from skytells_nb.marks import Mark
from skytells_nb.notebook.magics.command import parse
from skytells_nb.notebook.magics.inputs import inputs_of
from skytells_nb.notebook.magics.interpolate import value_of
from skytells_nb.notebook.magics.named_files import json_file, text_file
from skytells_nb.notebook.magics.specs import PREDICT
from skytells_nb.schema.fields import read_fields

FIELDS = read_fields(
    {
        "properties": {
            "prompt": {"type": "string"},
            "image": {"type": "string", "format": "uri"},
            "images": {"type": "array", "items": {"type": "string", "format": "uri"}},
            "tags": {"type": "array", "items": {"type": "string"}},
            "sizes": {"type": "array", "items": {"type": "integer"}},
            "extra": {"type": "object"},
            "rows": {"type": "array", "items": {"type": "object"}},
        }
    }
)
DOT = Image.new("RGB", (2, 2), "red")
NAMES: dict[str, Any] = {
    "dot": DOT,
    "frame": pd.DataFrame({"n": [1, 2]}),
    "series": pd.Series([1, 2], name="n"),
    "array": np.array([1, 2]),
    "said": "@object.json",
    "stem": "object",
}


def read(line: str) -> dict[str, Any]:
    """Read a line's inputs; files that are opened give their path in capitals."""
    return inputs_of(parse(line, PREDICT), FIELDS, lambda text: value_of(text, NAMES), str.upper)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with some files of JSON."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.json").write_text('["a, b", "c"]')
    (tmp_path / "object.json").write_text('{"a": {"b": 1}}')
    (tmp_path / "broken.json").write_text('{"a": NaN}')
    (tmp_path / "twice.json").write_text('{"seed": 1, "seed": 2}')
    return tmp_path


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("tags=@list.json", {"tags": ["a, b", "c"]}),
        ("sizes=@list.json", {"sizes": ["a, b", "c"]}),
        ("extra=@object.json", {"extra": {"a": {"b": 1}}}),
        ("--input @object.json", {"a": {"b": 1}}),
        ("extra=@{{stem}}.json", {"extra": {"a": {"b": 1}}}),
        ("image=@{{stem}}.json", {"image": "OBJECT.JSON"}),
        ("--input @{{stem}}.json", {"a": {"b": 1}}),
        ("tags=@ada", {"tags": ["@ada"]}),
        ("tags=@ada,@bob.json", {"tags": ["@ada", "@bob.json"]}),
        ("prompt=@list.json", {"prompt": "@list.json"}),
        ("image=@object.json", {"image": "OBJECT.JSON"}),
        ("images=@a.png,@b.png", {"images": ["A.PNG", "B.PNG"]}),
        ("unknown=@list.json", {"unknown": "@list.json"}),
    ],
)
def test_a_list_or_an_object_may_be_a_file_of_json(folder: Path, line: str, values: dict[str, Any]) -> None:
    """@path is JSON for a list or an object, a file where one is taken, and text in a text."""
    assert read(line) == values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("prompt={{frame}}", {"prompt": "| n |\n| --- |\n| 1 |\n| 2 |\n2 rows × 1 column"}),
        ("prompt={{array}}", {"prompt": "array of shape (2,), int64:\n[1 2]"}),
        ("rows={{frame}}", {"rows": [{"n": 1}, {"n": 2}]}),
        ("sizes={{series}}", {"sizes": [1, 2]}),
        ("sizes={{array}}", {"sizes": [1, 2]}),
        ("extra={{ {'a': 1} }}", {"extra": {"a": 1}}),
        ("unknown={{frame}}", {"unknown": [{"n": 1}, {"n": 2}]}),
    ],
)
def test_a_value_takes_the_form_of_its_input(line: str, values: dict[str, Any]) -> None:
    """A table is text for a text and records for a list; an array is its values."""
    assert read(line) == values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("image={{said}}", {"image": "@object.json"}),
        ('image="{{said}}"', {"image": "@object.json"}),
        ("images={{[said]}}", {"images": ["@object.json"]}),
        ("tags={{said}}", {"tags": ["@object.json"]}),
    ],
)
def test_a_value_names_no_file(folder: Path, line: str, values: dict[str, Any]) -> None:
    """What a model said may begin with @; only an @ on the line itself opens a file of the user's."""
    assert read(line) == values


def test_an_input_from_a_value_names_no_file(folder: Path) -> None:
    """The same holds for --input."""
    with pytest.raises(InputError, match="--input is no JSON object"):
        read("--input {{said}}")


def test_a_picture_becomes_a_link_where_a_file_is_taken() -> None:
    """Alone, and in a list."""
    made = read("image={{dot}} images={{[dot, dot]}}")
    assert made["image"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert made["images"] == [made["image"]] * 2


def test_a_picture_has_no_place_elsewhere() -> None:
    """The error names the input, and points at it."""
    line = "m prompt={{dot}}"
    with pytest.raises(InputError) as caught:
        read(line)
    assert str(caught.value) == "prompt takes no picture. Give it to an input that takes a file."
    assert caught.value.mark == Mark(line, ((2, 16),))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "extra=@lost.json",
            "The file 'lost.json' cannot be read: No such file or directory. "
            "Name a file that is there; nothing was sent.",
        ),
        (
            "extra=@broken.json",
            "The file 'broken.json' is no JSON: NaN is no number of JSON. Mend it; nothing was sent.",
        ),
        (
            "--input @twice.json",
            "The file 'twice.json' is no JSON: seed is given twice. Mend it; nothing was sent.",
        ),
        (
            "--input @list.json",
            '--input is list, not an object. For example: --input {"seed": 7}, or --input {{a_dict}}.',
        ),
    ],
)
def test_a_file_that_does_not_fit_is_named(folder: Path, line: str, said: str) -> None:
    """The error says what is wrong with it, and points at it."""
    with pytest.raises(InputError) as caught:
        read(line)
    assert (str(caught.value), caught.value.mark) == (said, Mark(line, ((0, len(line)),)))


def test_a_texts_mark_of_its_encoding_is_left_out(tmp_path: Path) -> None:
    """A file of UTF-8 is read with or without the mark that some editors put first."""
    file = tmp_path / "prompt.md"
    file.write_bytes("\ufeffzwölf\n".encode())
    assert text_file(str(file)) == "zwölf\n"
    file.write_bytes(b"[1]")
    assert json_file(str(file)) == [1]


def test_a_file_of_over_10_mb_is_refused(tmp_path: Path) -> None:
    """It is not read to its end."""
    file = tmp_path / "long.txt"
    file.write_bytes(b"x" * 10_000_001)
    with pytest.raises(InputError, match=r"long\.txt' has over 10 MB\. Name a smaller one; nothing was sent\."):
        text_file(str(file))
