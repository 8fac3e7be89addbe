"""A magic's line becomes words, options and pairs, quoted as a person at a shell expects."""

from __future__ import annotations

import pytest

from skytells_nb.errors import InputError, UnknownNameError
from skytells_nb.notebook.magics.command import Option, Spec, help_text, parse

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
        ("-t warm", "--temperature must be a number, not 'warm'. For example: 0.7."),
        ("--max-tokens 1.5", "--max-tokens must be a whole number, not '1.5'. For example: 512."),
        ("--system", '--system needs a value. For example: --system "…".'),
        ("--quiet=1", "--quiet takes no value. Write just --quiet."),
        ("a=1 a=2", "a is given twice. Keep one of them."),
        ("--system x -s y", "--system is given twice. Keep one of them."),
        ('p="x', "A quote is not closed: \"x. Close it; a ' inside a word needs no partner."),
        ("p=[1, 2", "A bracket is not closed: [1, 2. Close it, or put the value in quotes."),
        ('p="x"y', 'There is text right after the closing quote: "x"y. Put a blank there.'),
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
