"""A magic's line becomes words, options and pairs, quoted as a person at a shell expects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skytells_nb.errors import InputError, UnknownNameError
from skytells_nb.marks import Mark
from skytells_nb.notebook.magics.command import Option, Spec, help_text, parse
from skytells_nb.schema.fields import read_fields

SPEC = Spec(
    "skytells_try",
    "Try things.",
    words=("[MODEL]",),
    options=(
        Option("system", "s", str, "a text", '"…"'),
        Option("temperature", "t", float, "a number", "0.7"),
        Option("max-tokens", "", int, "a whole number", "512"),
        Option("quiet", "q", None, "a flag"),
    ),
    pairs=True,
    examples=("%skytells_try gpt-5",),
)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("prompt=fox", {"prompt": "fox"}),
        ('prompt="a red fox"', {"prompt": "a red fox"}),
        ("prompt='a red fox'", {"prompt": "a red fox"}),
        (r'prompt="say \"hi\" to C:\new"', {"prompt": r'say "hi" to C:\new'}),
        ("prompt='no \\escape here'", {"prompt": "no \\escape here"}),
        ("prompt=don't", {"prompt": "don't"}),
        ('"prompt=a red fox" n=2', {"prompt": "a red fox", "n": "2"}),
        ("prompt='it'\"'\"'s'", {"prompt": "it's"}),
        ('prompt="a "\'red\'" fox"', {"prompt": "a red fox"}),
        ('prompt="x"y', {"prompt": "xy"}),
        (r"prompt=a\ red\ fox", {"prompt": "a red fox"}),
        (r"prompt=C:\new\x", {"prompt": r"C:\new\x"}),
        ('prompt="{{ d["a"] }}, {{ d[\'b\'] }}" n=2', {"prompt": "{{ d[\"a\"] }}, {{ d['b'] }}", "n": "2"}),
        (r'prompt="{{ d[\"a\"] }}"', {"prompt": '{{ d["a"] }}'}),
        (r'prompt="\{{ and }} {{ too"', {"prompt": r"\{{ and }} {{ too"}),
        (r"prompt=\{{x}}", {"prompt": r"\{{x}}"}),
        ("prompt=fox;", {"prompt": "fox"}),
        ('prompt="fox;" ;', {"prompt": "fox;"}),
        ("prompt=", {"prompt": ""}),
        ('prompt=""', {"prompt": ""}),
        ("size=[1, 2, 3]", {"size": "[1, 2, 3]"}),
        ('extra={"a": {"b": [1, "x y }"]}} n=2', {"extra": '{"a": {"b": [1, "x y }"]}}', "n": "2"}),
        ('prompt={{ f("a b", 1) }} n=2', {"prompt": '{{ f("a b", 1) }}', "n": "2"}),
        ("prompt=pre{{ a + b }}post", {"prompt": "pre{{ a + b }}post"}),
        ("url=https://x.org/?a=1&b=2", {"url": "https://x.org/?a=1&b=2"}),
        ("seed=-1 guidance=.5", {"seed": "-1", "guidance": ".5"}),
        ("prompt=$5 for {one} %of it", None),
    ],
)
def test_pairs(line: str, pairs: dict[str, str] | None) -> None:
    """name=value takes bare words, quotes, JSON and {{…}} as one value; stray words are errors."""
    if pairs is None:
        with pytest.raises(
            InputError, match=r'does not know what to do with .*Text with blanks needs quotes: name="… for …"'
        ):
            parse(f"gpt-5 {line}", SPEC)
    else:
        assert parse(line, SPEC).pairs == pairs


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("-s brief", {"system": "brief"}),
        ('--system "be brief"', {"system": "be brief"}),
        ("--system='be brief'", {"system": "be brief"}),
        ("--temperature=0.2 --max-tokens 64", {"temperature": 0.2, "max-tokens": 64}),
        ("-t0.2 -q", {"temperature": 0.2, "quiet": True}),
        ("-t -1", {"temperature": -1.0}),
        ("--max_tokens 5", {"max-tokens": 5}),
        ('-s"be brief" -q', {"system": "be brief", "quiet": True}),
        ("-s='be brief'", {"system": "be brief"}),
        ('"--system=be brief"', {"system": "be brief"}),
        ('-s""', {"system": ""}),
        ("--system a=b", {"system": "a=b"}),
    ],
)
def test_options(line: str, options: dict[str, object]) -> None:
    """Options are read by their kind, by letter or by name, with a blank or = before the value."""
    assert parse(line, SPEC).options == options


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--temprature 1", "There is no option '--temprature' of %skytells_try. Did you mean '--temperature'?"),
        ("-x", "There is no option '-x' of %skytells_try. Known: -h, -q, -s, -t."),
        ("-t inf", "--temperature must be a number, not 'inf'. For example: 0.7."),
        ("-t warm", "--temperature must be a number, not 'warm'. For example: 0.7."),
        ("--max-tokens 1.5", "--max-tokens must be a whole number, not '1.5'. For example: 512."),
        ("--system", '--system needs a value. For example: --system "…".'),
        ("--quiet=1", "--quiet takes no value. Write just --quiet."),
        ("a=1 a=2", "a is given twice. Keep one of them."),
        ("--system x -s y", "--system is given twice. Keep one of them."),
        ('p="x', "A quote is not closed: \"x. Close it; a ' inside a word needs no partner."),
        ("p=[1, 2", "A bracket is not closed: [1, 2. Close it, or put the value in quotes."),
        ("p={{x", "'{{x' has no closing }}. Close it with }}."),
    ],
)
def test_faults(line: str, said: str) -> None:
    """What cannot be read is one line that names the word at fault and what to do."""
    with pytest.raises((InputError, UnknownNameError)) as caught:
        parse(line, SPEC)
    assert str(caught.value) == said


def test_quoted_dashes_are_a_word() -> None:
    """A quoted word that begins with a dash is a word, not an option."""
    assert parse('"-q"', SPEC).words == ("-q",)


def test_help_names_every_option() -> None:
    """The help shows the magic's own sign, each option and the examples."""
    shown = help_text(SPEC)
    assert "    %skytells_try [MODEL] name=value … [options]" in shown
    assert "    -t, --temperature 0.7  a number" in shown
    assert "    -h, --help             show this help" in shown
    assert shown.endswith("Examples:\n    %skytells_try gpt-5")


FIELDS = read_fields(
    {
        "properties": {
            "prompt": {"type": "string"},
            "num_outputs": {"type": "integer"},
            "upscale": {"type": "boolean"},
            "quiet": {"type": "boolean"},
        }
    }
)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("m --num-outputs 2", {"num_outputs": "2"}),
        ("m --num_outputs=2 --prompt 'a fox'", {"num_outputs": "2", "prompt": "a fox"}),
        ("m --upscale", {"upscale": "true"}),
        ("m --upscale no", {"upscale": "no"}),
        ("m --upscale=false prompt=x", {"upscale": "false", "prompt": "x"}),
        ("m --prompt a=b", {"prompt": "a=b"}),
        ("m --quiet", {}),
    ],
)
def test_a_models_inputs_are_options(line: str, pairs: dict[str, str]) -> None:
    """After the model's name its inputs are options, yes or no ones without a value; the magic's own come first."""
    assert parse(line, replace(SPEC, inputs=True), inputs=lambda model: FIELDS).pairs == pairs


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "m --num-output 2",
            "There is no option or input '--num-output' of %skytells_try. Did you mean '--num_outputs'?",
        ),
        (
            "--upscale m",
            "There is no option '--upscale' of %skytells_try. Known: --help, --max-tokens, --quiet, --system, "
            "--temperature. A model's inputs are options after its name.",
        ),
        ("m --prompt", "--prompt needs a value. For example: --prompt …."),
        ("m prompt=x --prompt y", "prompt is given twice. Keep one of them."),
    ],
)
def test_faults_of_inputs(line: str, said: str) -> None:
    """An input that is not there is named with the nearest option or input, and one is given once."""
    with pytest.raises(InputError) as caught:
        parse(line, replace(SPEC, inputs=True), inputs=lambda model: FIELDS)
    assert str(caught.value) == said


def test_an_option_that_may_come_many_times_is_a_list() -> None:
    """Each value is kept, in its order."""
    spec = replace(SPEC, options=(Option("stop", many=True),))
    assert parse("--stop a --stop 'b c'", spec).options == {"stop": ["a", "b c"]}


@pytest.mark.parametrize(("line", "hushed"), [("m;", True), ("m ;", True), (";", True), ("'m;'", False), ("m", False)])
def test_a_semicolon_at_the_end_asks_for_quiet(line: str, hushed: bool) -> None:
    """It is no part of a word, unless it stands in quotes."""
    assert parse(line, SPEC).hushed is hushed


@pytest.mark.parametrize(
    "line",
    [
        "m «--temprature» 1",
        "m -t «warm»",
        "m «--max-tokens=x»",
        "m a=1 «a=2»",
        'm p=«"x y»',
        "m p=«[1, 2»",
        "m p=a«{{x»",
        "m n «stray»",
    ],
)
def test_an_error_points_at_its_part(line: str) -> None:
    """The mark of an error stands at the word or the value that is at fault."""
    typed = line.replace("«", "").replace("»", "")
    with pytest.raises(InputError) as caught:
        parse(typed, replace(SPEC, words=("[MODEL]", "[WORD]")))
    start = line.index("«")
    end = len(typed) if "»" not in line else line.index("»") - 1
    assert caught.value.mark == Mark(typed, ((start, end),))
