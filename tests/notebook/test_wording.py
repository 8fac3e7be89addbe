"""What a prompt says in the place of a value."""

from __future__ import annotations

import io
import math
from decimal import Decimal
from typing import Any

import IPython.display
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from skytells_nb.errors import InputError
from skytells_nb.notebook.magics.wording import picture_in, plainly, text_of
from skytells_nb.settings import Key

FRAME = pd.DataFrame({"name": ["Ada", "Bob|Eve"], "score": [0.1 + 0.2, math.nan]})
LONG = {"names": ["Ada Lovelace", "Grace Hopper", "Katherine Johnson", "Alan Turing"], "n": 4}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a text", "a text"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        (0.1 + 0.2, "0.30000000000000004"),
        (Decimal("1.50"), "1.50"),
        (np.float64(2.5), "2.5"),
        ([1, 2], "[1, 2]"),
        ((1, "zwölf"), '[1, "zwölf"]'),
        ({"a": {"b": None}}, '{"a": {"b": null}}'),
        ({"a": math.nan}, "{'a': nan}"),
        ({1}, "{1}"),
        ([np.int64(1)], "[np.int64(1)]"),
        (
            LONG,
            '{\n  "names": [\n    "Ada Lovelace",\n    "Grace Hopper",\n    "Katherine Johnson",\n'
            '    "Alan Turing"\n  ],\n  "n": 4\n}',
        ),
        (FRAME, "| name | score |\n| --- | --- |\n| Ada | 0.3 |\n| Bob\\|Eve | nan |\n2 rows × 2 columns"),
        (
            FRAME.set_index("name"),
            "| name | score |\n| --- | --- |\n| Ada | 0.3 |\n| Bob\\|Eve | nan |\n2 rows × 1 column",
        ),
        (pd.Series([1], name="n", index=["x\ny"]), "|  | n |\n| --- | --- |\n| x y | 1 |\n1 row × 1 column"),
        (np.array([[1, 2], [3, 4]]), "array of shape (2, 2), int64:\n[[1 2]\n [3 4]]"),
    ],
)
def test_a_value_has_words(value: Any, text: str) -> None:
    """Text stays, JSON is JSON, on one line where it is short, and a table is a table with its size."""
    assert text_of(value, "{{it}}", 1000) == text


def test_a_large_table_is_cut_with_a_note() -> None:
    """The first rows and columns are told, and how many there are."""
    lines = text_of(pd.DataFrame(np.zeros((1234, 45), dtype=int)), "{{it}}", 100_000).split("\n")
    assert (len(lines), lines[0].count("|")) == (53, 31)
    assert lines[-1] == "1,234 rows × 45 columns; only the first 50 rows and 30 columns are shown"
    cell = text_of(pd.DataFrame({"a": ["x" * 300]}), "{{it}}", 1000).split("\n")[2]
    assert cell == f"| {'x' * 199}… |"


def test_a_long_text_is_cut_with_a_note() -> None:
    """As many characters as are preferred are told, and how many there were."""
    assert text_of("abcdefgh" * 200, "{{it}}", 5) == "abcde\n[cut: 5 of 1,600 characters]"
    assert text_of("abcde", "{{it}}", 5) == "abcde"


def test_a_large_array_is_told_in_short() -> None:
    """Numpy itself leaves out what lies between."""
    assert (
        text_of(np.arange(2000), "{{it}}", 1000)
        == "array of shape (2000,), int64:\n[   0    1    2 ... 1997 1998 1999]"
    )


class Veiled:
    """A secret as settings libraries hold it."""

    def get_secret_value(self) -> str:
        return "secret"


class Mute:
    """A value that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Mute(), "{{it}} cannot be put into words: ValueError: no words. Give its text yourself; nothing was sent."),
        (b"x", "{{it}} is bytes, not text. Decode it first, with .decode()."),
        (FRAME.head, "{{it}} is a method, not a value. Call it, or collect what it gives."),
        ((n for n in [1]), "{{it}} is a generator, not a value. Call it, or collect what it gives."),
        (math, "{{it}} is a module, not a value. Name something in it."),
        (Image.new("L", (1, 1)), "{{it}} is a picture, which cannot stand in a text. Pictures go into a chat's body."),
        (Key("very-secret-1"), "{{it}} holds a secret, which is not sent to a model. Leave it out; nothing was sent."),
        (Veiled(), "{{it}} holds a secret, which is not sent to a model. Leave it out; nothing was sent."),
        ("use very-secret-1", "{{it}} holds a secret, which is not sent to a model. Leave it out; nothing was sent."),
        ("sk-" + "a1" * 15, "{{it}} holds a secret, which is not sent to a model. Leave it out; nothing was sent."),
        (
            pd.DataFrame({"key": ["very-secret-1"]}),
            "{{it}} holds a secret, which is not sent to a model. Leave it out; nothing was sent.",
        ),
    ],
    ids=["mute", "bytes", "method", "generator", "module", "picture", "key", "veiled", "text", "shaped", "frame"],
)
def test_what_is_no_text_is_a_mistake(value: Any, said: str) -> None:
    """It is named, with what to do; a key is never sent."""
    with pytest.raises(InputError) as caught:
        text_of(value, "{{it}}", 1000)
    assert str(caught.value) == said


def test_pictures_are_found() -> None:
    """Pillow's images, figures and their axes, and what shows itself as PNG or JPEG are pictures; nothing else is."""
    image, figure = Image.new("RGB", (2, 2)), Figure()
    file = io.BytesIO()
    image.save(file, "JPEG")
    assert picture_in(image) is image
    assert picture_in(figure) is figure
    assert picture_in(figure.add_subplot()) is figure
    assert picture_in(IPython.display.Image(file.getvalue(), format="jpeg")) == file.getvalue()
    frame = pd.DataFrame({"save": [1], "mode": [2]})
    assert [picture_in(value) for value in ("a.png", b"\x89PNG", 3, None, frame, FRAME.name, mpl)] == [None] * 7


def test_tables_become_json() -> None:
    """A table is a list of records, a column or an array a list of values; what is missing is null."""
    assert plainly(FRAME) == [{"name": "Ada", "score": 0.3}, {"name": "Bob|Eve", "score": None}]
    assert plainly(pd.Series([1, 2])) == [1, 2]
    assert plainly(pd.Index(["a"])) == ["a"]
    assert plainly(np.array([[1.5]])) == [[1.5]]
    assert plainly(np.int64(3)) == 3
    assert plainly("text") == "text"
