"""Markdown that is still arriving: at every moment it has its likely shape, and costs no more than its last block."""

from __future__ import annotations

import html
import re
import time

import pytest

from skytells_nb.notebook.texts.growing import Growing
from skytells_nb.notebook.texts.markdown import LONGEST, to_html
from tests.notebook.hostile import faults

RICH = r"""# A *first* title

Some **bold**, _slanted_, ***both***, ~~gone~~ and **two words**, `code` and ``a `tick` b``, a [link *with*
words](https://a.b/c_d_e "title"), <https://a.b/c> and ![a fox](https://a.b/p.png).[^1]

- one **item**
- [ ] to do
- [x] done `now`

  ```python
  def f(x):

      return "**not bold**"
  ```

  1. inner *one*
  2. inner two

1. first

2. second

Before a table of prices, which are $5 and $10 for file_name_a:
| Name | **Size** | `c` |
|:-----|--------:|:-:|
| fox | 2 *kg* | `x` |
| hen | 1 | [y](https://h.en) |

> A quote, with **more** in it
> and a second line.

The root is $\frac{a_1}{b_2}$, and \(x_1 * y_2 * z_3\) and $x^2$ too, but 2 * 3 * 4 and snake_case_names are text:

$$
\frac{a + b}{2} \ge \sqrt{a \, b}
$$

\[ c^2 \]

~~~json
{"a": ["**", "`", "[b](c"]}
~~~

Title
-----

The end[^note].

[^1]: A note with **bold** and [a link](https://n.o/te).
[^note]: Another.
"""
RAW = (
    "**",
    "](",
    "[^",
    "|-",
    "| ",
    "~~",
    "`",
    "$$",
    "\\",
    "_s",
    "d_",
    "[ ]",
    "[x",
    "<http",
    "(http",
    "![",
    "---",
    "*w",
    "^",
)


def words(page: str) -> str:
    """Give the text of a page that stands outside code."""
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(pre|code)\b.*?</\1>", "", page, flags=re.DOTALL)))


def test_no_moment_shows_raw_marks() -> None:
    """Each prefix of a rich text has whole, listed tags, and no mark stands where it will not stay."""
    text = Growing()
    for end in range(len(RICH) + 1):
        page = text.html(RICH[:end])
        assert faults(page) == [], RICH[:end][-60:]
        assert [mark for mark in RAW if mark in words(page)] == [], RICH[:end][-60:]


def test_what_is_settled_stands_as_it_will_stay() -> None:
    """A growing text without formulas and footnotes ends as the whole one is drawn, block by block."""
    whole = re.sub(r"\[\^.*?\](?::.*)?|\$[^$]+\$|\\[(\[].*?\\[)\]]", "", RICH, flags=re.DOTALL)
    text = Growing()
    for end in range(0, len(whole), 7):
        text.html(whole[:end])
    assert text.html(whole) == to_html(whole)


@pytest.mark.parametrize(
    ("arriving", "shown"),
    [
        ("a **bold", "<p>a <strong>bold</strong></p>"),
        ("a **bold*", "<p>a <strong>bold</strong></p>"),
        ("a **bold** ", "<p>a <strong>bold</strong></p>"),
        ("a *i **b", "<p>a <em>i <strong>b</strong></em></p>"),
        ("a **", "<p>a</p>"),
        ("a ~~b", "<p>a <s>b</s></p>"),
        ("2 * 3 and f_a_b and 2*3", "<p>2 * 3 and f_a_b and 2*3</p>"),
        ("see [the page](https://ex", "<p>see the page</p>"),
        ("see [the pa", "<p>see the pa</p>"),
        ("see [the page][re", "<p>see the page</p>"),
        ("see ![a fox](https://ex", "<p>see a fox</p>"),
        ("a **[b](https://c", "<p>a <strong>b</strong></p>"),
        ("fact.[^no", "<p>fact.</p>"),
        ("fact.[^note] And", '<p>fact.<sup style="line-height:0">note</sup> And</p>'),
        ("It costs $5 or file_a", "<p>It costs <span>$</span>5 or file_a</p>"),
        ("Title\n-", "<p>Title</p>"),
        ("Title\n==", "<p>Title</p>"),
        ("Title\n\n##", "<p>Title</p>"),
        ("- a\n-", "<ul>\n<li>a</li>\n</ul>"),
        ("- a\n- [", "<ul>\n<li>a</li>\n</ul>"),
        ("- a\n- [x] b", "<ul>\n<li>a</li>\n<li>☑ b</li>\n</ul>"),
        ("back\\", "<p>back</p>"),
    ],
)
def test_a_half_text_shows_its_likely_shape(arriving: str, shown: str) -> None:
    """Emphasis, links, notes, headings, items: what is open is closed, what is half a mark is not there yet."""
    assert Growing().html(arriving).strip() == shown


@pytest.mark.parametrize(
    ("arriving", "code"),
    [
        ("use `cod", "cod"),
        ("use ``a `b`` and ``c `d", "c `d"),
        ("```python\nx = 1", "x = 1"),
        ("```\na\n``", "a"),
        ("- ```\n  [a](b **c", "[a](b **c"),
        ("so $\\frac{a}{b", "\\frac{a}{b"),
        ("so \\(a_1 * b_", "a_1 * b_"),
        ("$$\na * b\n", "a * b"),
    ],
)
def test_half_code_and_half_formulas_are_code(arriving: str, code: str) -> None:
    """What they hold is not read as Markdown, and a formula is not typeset before it is whole."""
    found = re.findall(r"<code[^>]*>(.*?)</code>", Growing().html(arriving), flags=re.DOTALL)
    assert re.sub(r"<[^>]*>", "", found[-1]) == code


@pytest.mark.parametrize("arriving", ["| a | b", "| a | b |", "| a | b |\n", "| a | b |\n|-", "| a | b |\n|---|:-"])
def test_a_table_is_one_from_its_head_on(arriving: str) -> None:
    """Also under a line of text, before the line that makes it one has come."""
    page = Growing().html(f"Look:\n{arriving}")
    assert [word.strip() for word in re.findall(r"<th [^>]*>(.*?)</th>", page)] == ["a", "b"]
    assert "|" not in page


def test_a_row_of_a_table_may_be_half() -> None:
    """Its cells come one after the other."""
    page = Growing().html("| a | b |\n|---|---|\n| 1 | **2")
    assert re.findall(r"<td [^>]*>(.*?)</td>", page) == ["1", "<strong>2</strong>"]


def test_settled_blocks_are_drawn_once() -> None:
    """Of a long text, each painting draws its last block only."""
    drawn: list[str] = []
    text, whole = Growing(lambda piece: drawn.append(piece) or piece), "Some words.\n\n" * 500  # type: ignore[func-returns-value]
    for end in range(0, len(whole), 13):
        assert text.html(whole[:end]).strip() == whole[:end].strip()
    assert sum(map(len, drawn)) < 5 * len(whole)


def test_another_text_begins_anew() -> None:
    """What was drawn of the text before is not kept."""
    text = Growing()
    text.html("One.\n\nTwo.\n\nThree.")
    assert text.html("Other.") == "<p>Other.</p>\n"


def test_a_long_block_takes_a_moment_to_paint() -> None:
    """Four thousand words of code without an end are painted within some milliseconds."""
    whole = "```python\n" + "value = compute(1, 'two')  # three\n\n" * 500
    text = Growing()
    text.html(whole)
    began = time.thread_time()
    for extra in range(10):
        text.html(whole + "x" * extra)
    assert (time.thread_time() - began) / 10 < 0.03


def test_an_endless_text_stops_growing() -> None:
    """Beyond the limit nothing more is drawn."""
    assert len(Growing().html("word " * LONGEST)) < LONGEST * 2
