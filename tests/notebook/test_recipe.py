"""Values become a magic's line, Python and JSON that send exactly them, and come back from each."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import skytells_nb as sky
from skytells_nb.api.inline import InlineFile
from skytells_nb.errors import InputError, UnknownNameError
from skytells_nb.local import Sandbox
from skytells_nb.notebook import recipe
from skytells_nb.notebook.literals import same
from skytells_nb.notebook.magics.command import parse
from skytells_nb.notebook.magics.inputs import inputs_of
from skytells_nb.notebook.magics.interpolate import expand, value_of
from skytells_nb.notebook.magics.specs import PREDICT
from skytells_nb.schema.check import problems_of
from skytells_nb.schema.fields import (
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
from tests.kernels import Kernel, running_kernel
from tests.notebook.conftest import png

MODEL = "truefusion-pro"
FOX = InlineFile("data:image/png;base64,AAAA", Path("fox.png"))
MY_FOX = InlineFile("data:image/png;base64,AAAA", Path("my photos/fox.png"))


def _of(kind: type[Field], name: str, **more: Any) -> Any:
    return kind(name=name, schema={}, **more)


FIELDS: tuple[Field, ...] = (
    _of(TextField, "prompt", required=True),
    _of(TextField, "style"),
    _of(NumberField, "count", integer=True),
    _of(NumberField, "scale"),
    _of(FlagField, "flag"),
    _of(ChoiceField, "choice", choices=("a", "16:9", 1, "1", None, 2.0)),
    _of(FileField, "image"),
    _of(ListField, "tags", item=_of(TextField, "item")),
    _of(ListField, "sizes", item=_of(NumberField, "item")),
    _of(ListField, "images", item=_of(FileField, "item")),
    _of(ObjectField, "lora", fields=(_of(FileField, "url"), _of(NumberField, "scale"))),
    _of(UnionField, "either", options=(_of(NumberField, "either"), _of(TextField, "either"))),
    _of(JsonField, "extra"),
)


def sends(code: str, fields: tuple[Field, ...] = FIELDS) -> dict[str, Any]:
    """Read a magic's line or cell as the magic does, with nothing of the reader for forms; paths stay unopened."""
    line, _, body = code.partition("\n")
    assert line.startswith("%%skytells_predict " if body else "%skytells_predict ")
    read = parse(line.split(" ", 1)[1], PREDICT, lambda text: expand(text, {}))
    assert read.words == (MODEL,)
    return inputs_of(read, fields, lambda text: value_of(text, {}), lambda path: f"<{path}>", expand(body.strip(), {}))


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, ""),
        ({"prompt": "fox"}, "prompt=fox"),
        ({"prompt": "a red fox"}, 'prompt="a red fox"'),
        ({"prompt": ""}, 'prompt=""'),
        ({"prompt": " fox "}, 'prompt=" fox "'),
        ({"prompt": 'say "hi"'}, "prompt='say \"hi\"'"),
        ({"prompt": "don't"}, 'prompt="don\'t"'),
        ({"prompt": 'don\'t say "hi"'}, r'''prompt="don't say \"hi\""'''),
        ({"prompt": "C:\\new"}, r'prompt="C:\new"'),
        ({"prompt": "C:\\new\\"}, r'prompt="C:\new\\"'),
        ({"prompt": "\\\\a"}, r'prompt="\\\a"'),
        ({"prompt": "what is this?"}, 'prompt="what is this?"'),
        ({"prompt": "why?"}, 'prompt="why?"'),
        ({"prompt": "$x costs 5%; {y} # no"}, 'prompt="$x costs 5%; {y} # no"'),
        ({"prompt": "{{x}}"}, r'prompt="\{{x}}"'),
        ({"prompt": "{{{{"}, r'prompt="\{{\{{"'),
        ({"prompt": "}}"}, 'prompt="}}"'),
        ({"prompt": "\\{{x}}"}, r'prompt="\\\{{x}}"'),
        ({"prompt": "--quote"}, "prompt=--quote"),
        ({"prompt": "a=b"}, 'prompt="a=b"'),
        ({"prompt": "1"}, "prompt=1"),
        ({"prompt": "null"}, "prompt=null"),
        ({"prompt": "@fox.png"}, "prompt=@fox.png"),
        ({"prompt": "füchsin 狐"}, 'prompt="füchsin 狐"'),
        ({"prompt": "👩\u200d🚀"}, 'prompt="👩\u200d🚀"'),
        ({"prompt": "a\tb"}, r'prompt={{"a\tb"}}'),
        ({"prompt": "a\r\nb"}, r'prompt={{"a\r\nb"}}'),
        ({"prompt": "x\u2028y\x85z"}, r'prompt={{"x\u2028y\x85z"}}'),
        ({"prompt": "\u202eabc"}, r'prompt={{"\u202eabc"}}'),
        ({"prompt": "\ud800"}, r'prompt={{"\ud800"}}'),
        ({"prompt": "\0"}, r'prompt={{"\x00"}}'),
        ({"prompt": "it's\n"}, r"""prompt={{"it's\n"}}"""),
        ({"style": None}, "style={{None}}"),
        ({"prompt": 5}, '--input {"prompt": 5}'),
        ({"count": 2}, "count=2"),
        ({"count": 2.0}, "count=2.0"),
        ({"count": True}, "count=true"),
        ({"count": "2"}, "count='\"2\"'"),
        ({"count": None}, "count=null"),
        ({"count": -(2**70)}, "count=-1180591620717411303424"),
        ({"scale": 0.1 + 0.2}, "scale=0.30000000000000004"),
        ({"scale": -0.0}, "scale=-0.0"),
        ({"scale": 1e300}, "scale=1e+300"),
        ({"flag": False}, "flag=false"),
        ({"flag": None}, "flag={{None}}"),
        ({"flag": "true"}, '--input {"flag": "true"}'),
        ({"choice": "16:9"}, "choice=16:9"),
        ({"choice": 1}, "choice=1"),
        ({"choice": None}, "choice=null"),
        ({"image": FOX}, "image=@fox.png"),
        ({"image": MY_FOX}, 'image="@my photos/fox.png"'),
        ({"image": "https://x.org/a.png?b=1&c=2"}, 'image="https://x.org/a.png?b=1&c=2"'),
        ({"image": "@fox.png"}, 'image={{"@fox.png"}}'),
        ({"tags": ["red", "blue"]}, "tags=red,blue"),
        ({"tags": ["red", "dark blue", "a,b"]}, 'tags=["red", "dark blue", "a,b"]'),
        ({"tags": []}, "tags=[]"),
        ({"tags": [""]}, 'tags=[""]'),
        ({"tags": ["{{x}}"]}, r'tags=["\{{x}}"]'),
        ({"tags": ["\u202e"]}, r'tags={{["\u202e"]}}'),
        ({"sizes": [1, 2.5]}, "sizes=[1, 2.5]"),
        ({"images": [FOX, FOX]}, "images=@fox.png,@fox.png"),
        ({"images": [MY_FOX, "https://x.org/y"]}, 'images=["@my photos/fox.png", "https://x.org/y"]'),
        ({"extra": {"a": {"b": [1, None, "c d }}"]}}}, 'extra={"a": {"b": [1, null, "c d }}"]}}'),
        ({"extra": "1"}, "extra='\"1\"'"),
        ({"extra": FOX}, 'extra={{sky.file("fox.png")}}'),
        ({"unknown": "x", "more": 1.0}, "unknown=x more=1.0"),
        ({"a b": 1, "": None, "-x": [], "c=d": {}}, '--input {"a b": 1, "": null, "-x": [], "c=d": {}}'),
        ({"a\u202e": "x"}, r'--input {{ {"a\u202e": "x"} }}'),
        ({"--quote": "{{x}}"}, r'--input {"--quote": "\{{x}}"}'),
        ({"count": 3, "prompt": "a fox", "tags": []}, 'count=3 prompt="a fox" tags=[]'),
    ],
)
def test_line(values: dict[str, Any], line: str) -> None:
    """Each value is written in its most readable form, and the magic reads the line as exactly that value."""
    assert recipe.magic_line(MODEL, FIELDS, values) == f"%skytells_predict {MODEL} {line}".rstrip()
    assert same(recipe.read(recipe.magic_line(MODEL, FIELDS, values), FIELDS, _again).values, values)


def _again(path: str) -> InlineFile:
    return {"fox.png": FOX, "my photos/fox.png": MY_FOX}[path]


@pytest.mark.parametrize(
    ("values", "cell"),
    [
        ({"prompt": "a fox\n\nin the snow?"}, "\na fox\n\nin the snow?"),
        ({"count": 2, "prompt": "{{a}}\n'\"\\"}, " count=2\n\\{{a}}\n'\"\\"),
        ({"prompt": "%%time\n!ls\n?x"}, "\n%%time\n!ls\n?x"),
    ],
)
def test_cell(values: dict[str, Any], cell: str) -> None:
    """A main text of several lines becomes the body of a cell."""
    assert recipe.magic_line(MODEL, FIELDS, values) == f"%%skytells_predict {MODEL}{cell}"
    assert recipe.read(recipe.magic_line(MODEL, FIELDS, values), FIELDS).values == values


def test_other_texts_stay_on_the_line() -> None:
    """A text of several lines that is not the main one, or has blanks around it, is written as Python."""
    values = {"prompt": "a\n", "style": "b\nc"}
    assert recipe.magic_line(MODEL, FIELDS, values) == (
        f'%skytells_predict {MODEL} prompt={{{{"a\\n"}}}} style={{{{"b\\nc"}}}}'
    )


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("a b", '"a b"'),
        ("x=y", '{{"x=y"}}'),
        ("-q", '"-q"'),
        ("{{x}}", r'"\{{x}}"'),
        ("a\nb", r'{{"a\nb"}}'),
        ("\u202e", r'{{"\u202e"}}'),
        ("", '""'),
    ],
)
def test_odd_model(model: str, word: str) -> None:
    """A model's name that is no plain word is quoted, and read back."""
    line = recipe.magic_line(model, (), {"n": 1})
    assert line == f"%skytells_predict {word} n=1"
    assert recipe.read(line) == recipe.Written(model, {"n": 1})
    assert recipe.read(recipe.python_code(model, {"n": 1})) == recipe.Written(model, {"n": 1})


_PIECES = (
    "{{",
    "}}",
    "\\",
    "\\{{",
    '"',
    "'",
    "\n",
    " ",
    "@",
    "=",
    "[",
    "{",
    ",",
    "?",
    "$x",
    "%",
    "--q",
    "#",
    "1",
    "\u202e",
)
_TEXTS = (
    st.text(st.characters(exclude_categories=()))
    | st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=6).map("".join)
    | st.sampled_from(["null", "true", "1", "1.0", "None", "{{None}}", '"x"', "a,b", "[]", "{}", "NaN", "1e400"])
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from([field.name for field in FIELDS]) | _TEXTS


_KINDS = st.sampled_from([FIELDS, tuple(replace(field, nullable=True) for field in FIELDS), ()])


@given(st.dictionaries(_NAMES, _VALUES, max_size=4), _KINDS)
def test_any_line_is_exact(values: dict[str, Any], fields: tuple[Field, ...]) -> None:
    """Whatever the values, the magic reads the line as exactly them, types and all, and so does the form."""
    code = recipe.magic_line(MODEL, fields, values)
    assert same(sends(code, fields), values)
    assert same(recipe.read(code, fields).values, values)


@given(st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_any_python_is_exact(values: dict[str, Any]) -> None:
    """Whatever the values, Python itself takes the dict that is written for exactly them, and so does the form."""
    code = recipe.python_code(MODEL, values, FIELDS)
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and len(node.args) == 2]
    assert same([ast.literal_eval(argument) for argument in calls[0].args], [MODEL, values])
    assert same(recipe.read(code, FIELDS).values, values)


@given(_TEXTS | _VALUES.map(str) | _VALUES.map(json.dumps))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is pasted, it is read or refused in words."""
    for code in (text, f"%skytells_predict {text}", f"%%skytells_predict m {text}", f'c.predict("m", {text})'):
        with suppress(InputError):
            assert isinstance(recipe.read(code, FIELDS, lambda path: f"<{path}>").values, dict)


def test_python_is_laid_out() -> None:
    """Short calls take one line; long ones a line for each input, and for each line of a text."""
    assert recipe.python_code(MODEL, {"prompt": "a fox", "image": FOX}) == (
        "import skytells_nb as sky\n\nclient = sky.Client()\n"
        'run = client.predict("truefusion-pro", {"prompt": "a fox", "image": sky.file("fox.png")})\nrun'
    )
    long = {"prompt": "one line and another\n" * 4 + "end", "sizes": list(range(30)), "extra": {"a": ["b"] * 30}}
    lines = recipe.python_code(MODEL, long).splitlines()
    assert lines[3:9] == [
        "run = client.predict(",
        '    "truefusion-pro",',
        "    {",
        '        "prompt": (',
        r'            "one line and another\n"',
        r'            "one line and another\n"',
    ]
    assert max(map(len, lines)) <= recipe.WIDTH
    assert recipe.read("\n".join(lines)).values == long


SECRET_FIELDS: tuple[Field, ...] = (
    _of(TextField, "prompt"),
    _of(TextField, "token", secret=True),
    _of(ListField, "keys", item=_of(TextField, "key", secret=True)),
    _of(ObjectField, "login", fields=(_of(TextField, "user"), _of(TextField, "password", secret=True))),
    _of(UnionField, "either", options=(_of(NumberField, "either"), _of(TextField, "either", secret=True))),
)


def test_secrets_are_never_written() -> None:
    """Code asks for a secret, wherever it stands, and read back it is not set."""
    secret = "hunter2-hunter2"
    values = {
        "prompt": "fox",
        "token": secret,
        "keys": [secret, secret],
        "login": {"user": "ada", "password": secret},
        "either": secret,
    }
    line = recipe.magic_line("m", SECRET_FIELDS, values)
    python = recipe.python_code("m", values, SECRET_FIELDS)
    assert secret not in line + python + recipe.json_text(values, SECRET_FIELDS)
    assert 'token={{getpass("token: ")}}' in line
    assert python.startswith("from getpass import getpass\n\nimport skytells_nb as sky\n")
    kept = {"prompt": "fox", "keys": [], "login": {"user": "ada"}}
    for code in (line, python, recipe.json_text(values, SECRET_FIELDS)):
        assert recipe.read(code, SECRET_FIELDS).values == kept


def test_json() -> None:
    """The JSON names files by their paths and is read back."""
    text = recipe.json_text({"prompt": "füchsin", "images": [MY_FOX]})
    assert json.loads(text) == {"prompt": "füchsin", "images": ["@my photos/fox.png"]}
    assert recipe.read(text, FIELDS, _again).values["images"][0] is MY_FOX


@pytest.mark.parametrize(
    "code",
    [
        'run = client.predict("m", {"a": [1, -2.5, True, None], "b": ("x" "y",)})',
        'sky.Client().predict(model="m", values={"a": [1, -2.5, True, None], "b": ["xy"]}, timeout=5)',
        "await client.predict('m', {'a': [+1, -2.5, True, None], 'b': ['xy']}, tag=tag())",
        'job = client.submit(\n    "m",\n    {"a": [1, -2.5, True, None], "b": ["xy"]},\n)\njob',
        '    name = "m"\n    values = {"a": [1, -2.5, True, None], "b": ["xy"]}\n    c.predict(name, values)',
        '%skytells_predict m a=[1,-2.5,true,null] b=["xy"] -o run --quote',
        'run = %skytells_predict "m" --input {{ {"a": [1, -2.5, True, None], "b": ["xy"]} }}',
        '\n%%skytells_predict m a=[1,-2.5,true,null] --input \'{"b": ["xy"]}\'\n\n',
    ],
)
def test_variations(code: str) -> None:
    """Code that a person has changed or written is read too."""
    assert recipe.read(code) == recipe.Written("m", {"a": [1, -2.5, True, None], "b": ["xy"]})


@pytest.mark.parametrize("code", ['{"a": 1, "b": null}', "{'a': 1, 'b': None}"])
def test_bare_objects(code: str) -> None:
    """A JSON object, or a dict of Python, is read as inputs of whatever model."""
    assert recipe.read(code) == recipe.Written(None, {"a": 1, "b": None})


def test_words_are_typed_by_the_fields() -> None:
    """Text on a line is read by the kind of its field, and the body is the main text."""
    written = recipe.read(
        "%%skytells_predict m count=2 style=2 flag=yes tags=a,b image=@fox.png\na fox", FIELDS, _again
    )
    assert same(
        written.values, {"count": 2, "style": "2", "flag": True, "tags": ["a", "b"], "image": FOX, "prompt": "a fox"}
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "There is no call of predict in this code."),
        ("a red fox", "a red fox cannot be read as Python."),
        ('c.predict("m", {}); c.predict("m", {})', "There is 2 calls of predict in this code."),
        ('c.predict("m")', "The call has no values."),
        ('c.predict("m", [1])', "The call has no model, or no dict of inputs."),
        ('c.predict(5, {"a": 1})', "The call has no model, or no dict of inputs."),
        ('c.predict("m", {"a": open("x")})', "open('x') is no plain value; code is read here, not run."),
        ('c.predict("m", {"a": sky.file(p)})', "sky.file(p) is no plain value; code is read here, not run."),
        ('c.predict("m", {"a": sky.file("p", limit=9)})', "sky.file('p', limit=9) is no plain value"),
        ('c.predict("m", {**x})', "{**x} is no plain value"),
        ('c.predict("m", {1: 2})', "1 is no plain value"),
        ('c.predict("m", {"a": 1e400})', "1e309 is no plain value"),
        ('c.predict("m", {"a": f"{x}"})', "is no plain value"),
        ("%skytells_predict", "The line names no model."),
        ("%skytells_predict m\nn=1", "There is more than the line of the magic."),
        ("%skytells_predict m n=1 n=2", "n is given twice."),
        ('%skytells_predict m n=1 --input {"n": 2}', "n is given twice, as a pair and in --input."),
        ('%skytells_predict m --input {"n":1,"n":2}', "--input is no JSON object: n is given twice."),
        ("%skytells_predict m --input 5", "--input is int, not a JSON object."),
        ("%skytells_predict m --input {{5}}", "--input is int, not an object."),
        ("%skytells_predict m --input {{{1: 2}}}", "1 is no plain value"),
        ("%skytells_predict m n={{n + 1}}", "n + 1 is no plain value; code is read here, not run."),
        ("%skytells_predict m n={{__import__('os').abort()}}", "__import__('os').abort() is no plain value"),
        ("%skytells_predict {{name}} n=1", "name is no plain value"),
        ('%skytells_predict m n="a {{sky.file("x")}} b"', 'sky.file("x") stands inside a text.'),
        ("%skytells_predict m n='a {{sky.file(\"x\")}} b'", 'sky.file("x") stands inside a text.'),
        ("%%skytells_predict m prompt=x\nbody", "prompt is given twice, in the line and as the body."),
        ("%skytells_predict m stray", "%skytells_predict does not know what to do with 'stray'."),
        ('{"a": 1', "The text is no JSON object"),
        ('c.predict("m", {"a": 1, "a": 2})', "A name is given twice in {'a': 1, 'a': 2}."),
        ('{"a": 1, "a": 2}', "The text is no JSON object: a is given twice."),
        ('{"a": NaN}', "The text is no JSON object: NaN is no number of JSON."),
        ('{"a": 1e400}', "The text is no JSON object: 1e400 is no number of JSON."),
        ('{"a"}', "The text is no JSON object"),
    ],
)
def test_refusals(code: str, said: str) -> None:
    """What is no recipe, or would have to be evaluated, is refused in one sentence, with what to do."""
    with pytest.raises(InputError) as caught:
        recipe.read(code, FIELDS)
    assert said in caught.value.what
    assert caught.value.fix


def test_unknown_option() -> None:
    """An option that the magic does not have is named, as the magic would."""
    with pytest.raises(UnknownNameError, match="There is no option '--inpt' of %skytells_predict"):
        recipe.read("%skytells_predict m --inpt=5")


@pytest.mark.parametrize(
    "code",
    [
        "[" * 100_000,
        "{" * 100_000,
        '{"a":' * 50_000,
        "-" * 100_000 + "1",
        "c" + ".a" * 90_000,
        "c" + "()" * 90_000 + '.predict("m", {})',
        'c.predict("m", {"a": ' + "[" * 150 + "]" * 150 + "})" + ")" * 100_000,
        "1," * 1_000_000,
        '"\\' * 1_000_000,
        "['\"', " + "1," * 1_000_000 + "'\"']",
        "%%skytells_predict m\n" + "{{1}}" * 400_000,
        "%skytells_predict " + "a " * 99_000,
        "%skytells_predict m " + "a" * 300_000 + "=1",
        "%skytells_predict m a=" + r"\{{" * 60_000 + "{{",
        "%skytells_predict m a=" + "{" * 190_000,
        "%skytells_predict m a={{" + "[" * 190_000 + "}}",
        '%skytells_predict m a="' + "\\" * 1_000_001,
        "x" * 13_000_000,
        "\0" * 1000,
        "\ud800",
    ],
)
def test_hostile_code_is_refused(code: str) -> None:
    """Huge and deep texts are refused in words."""
    with pytest.raises(InputError):
        recipe.read(code, FIELDS)


def test_a_cell_without_a_line_names_no_model() -> None:
    """What stands under %%skytells_predict is its body, also where its line is empty."""
    with pytest.raises(InputError, match="The line names no model"):
        recipe.read("%%skytells_predict\nm prompt=x")


def test_a_long_link_is_read() -> None:
    """The data: link of a file of some megabytes is no long code."""
    link = "data:image/png;base64," + "iVBORw0KGgo+AAAA/NSUhEUg" * 200_000
    for code in (recipe.python_code("m", {"a": link}), recipe.magic_line("m", (), {"a": link})):
        assert recipe.read(code).values == {"a": link}


def test_files_are_opened_only_where_a_field_takes_one(tmp_path: Path) -> None:
    """@path is a file for file inputs and their lists, and JSON for an object; elsewhere it is text."""
    opened: list[str] = []
    (tmp_path / "f.json").write_text('{"a": [1, 2]}')
    line = f"%skytells_predict m image=@a images=@b,@c tags=@d prompt=@e extra=@{tmp_path}/f.json unknown=@g"
    values = recipe.read(line, FIELDS, lambda path: opened.append(path) or path).values
    assert opened == ["a", "b", "c"]
    assert values == {
        "image": "a",
        "images": ["b", "c"],
        "tags": ["@d"],
        "prompt": "@e",
        "extra": {"a": [1, 2]},
        "unknown": "@g",
    }


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is an error that names it."""
    with pytest.raises(InputError, match=r"fox\.png' is not there"):
        recipe.read(f"%skytells_predict m image=@{tmp_path}/fox.png", FIELDS)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), b"x", {1, 2}, object(), {1: 2}, 7**6000],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_json_is_refused(value: object) -> None:
    """A value that is no JSON is refused, not written as something else."""
    for write in (
        lambda: recipe.magic_line("m", (), {"a": [value]}),
        lambda: recipe.python_code("m", {"a": [value]}),
        lambda: recipe.json_text({"a": [value]}),
    ):
        with pytest.raises(InputError, match="is no JSON value"):
            write()


def test_too_deep_is_refused() -> None:
    """A value that Python could not read back is refused."""
    value: Any = 1
    for _ in range(89):
        value = [value]
    assert recipe.read(recipe.python_code("m", {"a": value})).values == {"a": value}
    with pytest.raises(InputError, match="A value has over 90 levels"):
        recipe.python_code("m", {"a": [[value]]})


WORTH = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "default": "a fox"},
        "seed": {"type": "integer", "default": 0},
        "scale": {"type": "number", "default": 1.0},
        "mode": {"enum": ["a", "b"], "default": "c"},
        "odd": {"default": None},
    },
    "dependentRequired": {"scale": ["seed"]},
}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prompt": "a fox", "seed": 0}, {"prompt": "a fox"}),
        ({"prompt": "x", "seed": 0, "scale": 1.0}, {"prompt": "x"}),
        ({"prompt": "x", "seed": 0, "scale": 2.0}, {"prompt": "x", "seed": 0, "scale": 2.0}),
        ({"prompt": "x", "scale": 1}, {"prompt": "x", "scale": 1}),
        ({"prompt": "x", "seed": False}, {"prompt": "x", "seed": False}),
        ({"prompt": "x", "mode": "c", "seed": 0}, {"prompt": "x", "mode": "c"}),
        ({"prompt": "x", "odd": None}, {"prompt": "x"}),
        ({"other": 0}, {"other": 0}),
    ],
)
def test_worth_saying(values: dict[str, Any], said: dict[str, Any]) -> None:
    """Optional defaults are left out, exactly equal ones, and only where the verdict stays the same."""
    from skytells_nb.schema.fields import read_fields

    left = recipe.worth_saying(read_fields(WORTH), values, lambda given: problems_of(WORTH, given))
    assert same(left, said)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the sandbox on."""
    place = tmp_path_factory.mktemp("recipe")
    environment = {
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
    }
    with running_kernel(**environment) as kernel:
        assert kernel.run("%load_ext skytells_nb\n%skytells_sandbox").status == "ok"
        yield kernel


@pytest.fixture(scope="module")
def models(shared_sandbox: Sandbox) -> Iterator[sky.Client]:
    """Yield a client that knows the sandbox's models."""
    with sky.Client(api_key="sk-sandbox", base_url=shared_sandbox.url, observers=()) as client:
        yield client


def sent(notebook: Kernel, sandbox: Sandbox, code: str) -> Any:
    """Run a cell, and give the input that the sandbox received."""
    ran = notebook.run(code)
    assert ran.status == "ok", ran.error
    return [asked.json for asked in sandbox.state.requests if asked.path.endswith("/predictions")][-1]["input"]


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "is it a fox?", "num_outputs": 2},
        {"prompt": 'it\'s "a" {{fox}} \\{{ $5 \\', "seed": 7},
        {"prompt": "{{a}}\n%%time\n  'fox' \\\nwhat?", "aspect_ratio": "16:9"},
        {"prompt": "\u202e\ttab\x85\u2028\r\n {"},
        {"prompt": "first \\"},
    ],
    ids=["question", "quotes", "lines", "unseen", "backslash"],
)
def test_line_and_python_send_the_same(
    notebook: Kernel, shared_sandbox: Sandbox, models: sky.Client, values: dict[str, Any]
) -> None:
    """In a real kernel, the line and the Python each send exactly the values to the service."""
    fields = models.model(MODEL).fields
    assert same(sent(notebook, shared_sandbox, recipe.magic_line(MODEL, fields, values)), values)
    assert same(sent(notebook, shared_sandbox, recipe.python_code(MODEL, values, fields)), values)


def test_line_and_python_send_the_same_file(
    notebook: Kernel, shared_sandbox: Sandbox, models: sky.Client, tmp_path: Path
) -> None:
    """A file is sent whole by the line and by the Python."""
    picture = tmp_path / 'my "fox".png'
    picture.write_bytes(png(8, 6))
    fields = models.model("truefusion-2").fields
    values = {"prompt": "x", "reference_images": [sky.file(picture), "https://x.org/a.png"]}
    assert sent(notebook, shared_sandbox, recipe.magic_line("truefusion-2", fields, values)) == values
    assert sent(notebook, shared_sandbox, recipe.python_code("truefusion-2", values, fields)) == values


def test_a_text_that_would_name_a_file_of_json_is_written_otherwise() -> None:
    """Where @path would be read as JSON, the value itself is written, and read back as it is."""
    values = {"tags": ["@x.json"], "extra": "@y"}
    line = recipe.magic_line("m", FIELDS, values)
    assert line == """%skytells_predict m tags=["@x.json"] extra='"@y"'"""
    assert recipe.read(line, FIELDS).values == values


def test_the_inputs_of_a_line_may_be_options() -> None:
    """What a magic reads as an option of the model is read back so."""
    assert recipe.read("%skytells_predict m --prompt 'a fox' --image=@a;", FIELDS, str.upper).values == {
        "prompt": "a fox",
        "image": "A",
    }
