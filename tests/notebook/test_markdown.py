"""Model text -> HTML: what is shown, and what can never come through."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.notebook.texts.growing import Growing
from skytells_nb.notebook.texts.markdown import LONGEST, to_html
from tests.notebook.hostile import PAYLOADS, faults

Draw = Callable[[str], str]


def grown(text: str) -> str:
    """Draw a text of which more will come."""
    return Growing().html(text)


@pytest.mark.parametrize("draw", [to_html, grown])
@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_text_leaves_only_allowed_tags_and_attributes(payload: str, draw: Draw) -> None:
    """Whatever a model writes, the page gets listed tags, no handlers, no remote sources, no hidden characters."""
    assert faults(draw(payload)) == []


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
    assert faults(grown(text)) == []


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**b** _i_ ~~s~~", "<strong>b</strong> <em>i</em> <s>s</s>"),
        ("- [ ] a\n- [x] b", "<li>☐ a</li>\n<li>☑ b</li>"),
        ("- [ ] a\n\n- [X] **b**", "<li>\n<p>☑ <strong>b</strong></p>\n</li>"),
        ("- a\n  1. b\n     - c\n  2. d", "<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n<li>d</li>"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>'),
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


def test_code_in_a_list_keeps_its_lines() -> None:
    """A fence that is indented as its item is belongs to it, blank lines and all."""
    html = to_html("1. first\n\n   ```sh\n   a\n\n     b\n   ```\n2. second")
    assert "a\n\n  b</code></pre>" in html
    assert html.count("<ol") == 1


def test_footnotes_are_numbered_as_they_are_referred_to() -> None:
    """Numbers are superscripts; the notes stand at the end in that order, and what is not referred to comes last."""
    html = to_html("[^c]: Lost.\n\nA[^b] b[^a] c[^b].\n\n[^a]: First `x`.\n[^b]: Second.\n\n    More.\n\nThe end.")
    shown = re.sub(r"<(?!/?su)[^>]*>", "", html.replace(' style="line-height:0"', "")).split("\n")
    assert [line for line in shown if line] == [
        "A<sup>1</sup> b<sup>2</sup> c<sup>1</sup>.",
        "The end.",
        "<sup>1</sup> Second.",
        "More.",
        "<sup>2</sup> First x.",
        "<sup>3</sup> Lost.",
    ]


def test_footnotes_of_two_cells_cannot_meet() -> None:
    """There is no anchor to jump to: neither links nor ids."""
    html = to_html("A[^1].\n\n[^1]: Note.")
    assert "id=" not in html
    assert "href" not in html


def test_a_reference_without_its_note_stays_text() -> None:
    """What refers to nothing is shown as it was written."""
    assert "a[^1] b" in to_html("a[^1] b")


def test_endless_text_is_cut_with_a_note() -> None:
    """Beyond the limit nothing is rendered, and the page says how much is missing."""
    html = to_html("x " * LONGEST)
    assert "cut: 400,000 more characters" in html
    assert len(html) < LONGEST * 2


@pytest.mark.parametrize("draw", [to_html, grown])
@pytest.mark.parametrize(
    "piece",
    ["[", "*a", "> ", "![", "`a``", "\\[", "$a", "<a ", "|a|\n", "[^", "[^a]", "[^a]: ", "[^a]:b\n", "\n", "```\n\na"],
)
def test_hostile_length_takes_bounded_time(piece: str, draw: Draw) -> None:
    """Thirty thousand characters of the worst kind take a second or two of work at most."""
    began = time.thread_time()
    draw((piece * 30_000)[:30_000])
    assert time.thread_time() - began < 3


def test_a_small_text_makes_no_huge_table() -> None:
    """Each row of one mark would get as many empty cells as the head has; a table of a usual size keeps them."""
    head = "|a" * 300 + "|\n" + "|-" * 300 + "|\n"
    assert len(to_html(head + "|b|\n" * 210)) < 100_000
    assert to_html("|a|b|\n|-|-|\n|c|\n").count("<td") == 2
