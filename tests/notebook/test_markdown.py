"""Model text -> HTML: what is shown, and what can never come through."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.notebook.texts.markdown import LONGEST, to_html
from tests.notebook.hostile import PAYLOADS, faults


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_text_leaves_only_allowed_tags_and_attributes(payload: str, growing: bool) -> None:
    """Whatever a model writes, the page gets listed tags, no handlers, no remote sources, no hidden characters."""
    assert faults(to_html(payload, growing=growing)) == []


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_text_stays_harmless_inside_other_markdown(payload: str) -> None:
    """A list item, a quote, a table cell or a link's words around an attack do not let it through."""
    around = f"- a\n\n  {payload}\n\n> {payload}\n\n|{payload}|b|\n|-|-|\n|{payload}|c|\n\n[{payload}](https://a.b)"
    assert faults(to_html(around)) == []


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>\"'&;:/\\()[]{}!*_`~|-#$ \n\tahrefscipt=on123.\x00\u202e"), max_size=80))
def test_random_punctuation_is_always_safe(text: str) -> None:
    """No combination of the characters that mean something gets anything through, whole or growing."""
    assert faults(to_html(text)) == []
    assert faults(to_html(text, growing=True)) == []


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**b** _i_ ~~s~~", "<strong>b</strong> <em>i</em> <s>s</s>"),
        ("- [ ] a\n- [x] b", "<li>☐ a</li>\n<li>☑ b</li>"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("![fox](https://a.b/p.png)", ">[image: fox]</a>"),
        ("3 < 4 & 5", "3 &lt; 4 &amp; 5"),
        ("\u202eabc", "⟨U+202E⟩abc"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
    ],
)
def test_usual_markdown(source: str, shown: str) -> None:
    """Emphasis, task lists, HTML as text, images as links, characters that hide made visible, emoji whole."""
    assert shown in to_html(source)


def test_links_open_apart_and_tell_nothing() -> None:
    """A link opens a new tab that cannot reach back."""
    html = to_html("[x](https://a.b/c?d=1&e=2)")
    assert '<a href="https://a.b/c?d=1&amp;e=2" target="_blank" rel="noopener noreferrer nofollow"' in html


def test_refused_link_stays_readable() -> None:
    """A link that may not be one is shown as it was written."""
    assert "[x](javascript:alert(1))" in to_html("[x](javascript:alert(1))")


def test_image_in_a_link_makes_one_link() -> None:
    """A picture inside a link does not nest two links."""
    assert to_html("[![a](https://x.y/p.png)](https://z.w)").count("<a ") == 1


def test_table_keeps_its_alignment() -> None:
    """Columns stand as the table says."""
    html = to_html("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert "text-align:right" in html
    assert html.count("<td") == 2


def test_code_is_coloured_by_inline_styles_only() -> None:
    """Known languages get colours without classes; unknown ones are shown plainly."""
    html = to_html("```python\ndef f(): pass\n```\n```klingon\n<x>\n```")
    assert '<span style="color:' in html
    assert "class=" not in html
    assert "&lt;x&gt;" in html


@pytest.mark.parametrize("formula", ["$a_1 * b_2 * c$", "$$\\frac{a}{b}$$", "\\(x_1 y_2 z_3\\)", "$$\na_1\n- b_2\n$$"])
def test_formulas_reach_the_page_whole(formula: str) -> None:
    """Markdown does not eat the signs of a formula, which the page's typesetter draws."""
    html = to_html(formula)
    assert formula in html
    assert "<em>" not in html


@pytest.mark.parametrize("text", ["It costs $5 or $10.", "$ a $", "\\$a\\$", "\\begin{a}x\\end{a}", "$\\href{x}{y}$"])
def test_what_is_no_formula_is_kept_from_the_typesetter(text: str) -> None:
    """Sums of money, lone commands and commands that reach out are not typeset."""
    html = to_html(text)
    assert "<code>" in html or not any(
        sign in html.replace("<span>$</span>", "").replace("<span>\\</span>", "") for sign in "$\\"
    )


@pytest.mark.parametrize(
    ("arriving", "shown", "not_shown"),
    [
        ("```python\nx = 1", "<pre", "```"),
        ("| a | b |\n|-", "<th", "|"),
        ("see [the page](https://ex", "see the page", "("),
        ("a **bold", "<strong>bold</strong>", "*"),
        ("use `code", "code</code>", "`"),
        ("Title\n-", "<p>Title</p>", "<h"),
        ("```\n[a](b", "[a](b", "<a"),
    ],
)
def test_half_received_text_shows_its_likely_shape(arriving: str, shown: str, not_shown: str) -> None:
    """The unfinished end of a growing text is settled, except inside code."""
    html = to_html(arriving, growing=True)
    assert shown in html
    assert not_shown not in html


def test_every_prefix_of_an_answer_renders() -> None:
    """At each moment of a stream there is sensible, safe HTML."""
    whole = "# A\n\n| a | b |\n|--|--|\n| 1 | [x](https://a.b) |\n\n```py\nx = '<b>'\n```\n- **c** `d` $e_1$\n"
    for end in range(len(whole)):
        assert faults(to_html(whole[:end], growing=True)) == []


def test_endless_text_is_cut_with_a_note() -> None:
    """Beyond the limit nothing is rendered, and the page says how much is missing."""
    html = to_html("x " * LONGEST)
    assert "cut: 400,000 more characters" in html
    assert len(html) < LONGEST * 2


@pytest.mark.parametrize("piece", ["[", "*a", "> ", "![", "`a``", "\\[", "$a", "<a ", "|a|\n"])
def test_hostile_length_takes_bounded_time(piece: str) -> None:
    """A hundred thousand characters of the worst kind take seconds of work at most."""
    began = time.thread_time()
    to_html((piece * 100_000)[:100_000])
    assert time.thread_time() - began < 10
