"""Model text -> HTML that is safe to show in a page that can drive a kernel.

HTML in the text stays text; links lead only to http, https and mailto; nothing is ever loaded from the network, so an
image becomes a link to itself; nesting and length are bounded. What comes out holds only the tags and attributes
written here, whatever went in. With `growing`, the unfinished end of a text that is still arriving is shown in its
likely shape rather than as a flash of punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from .. import page
from . import formulas, highlight

LONGEST = 400_000
DEEPEST = 20
_HEADINGS = {"h1": 1.5, "h2": 1.3, "h3": 1.15, "h4": 1.05, "h5": 1.0, "h6": 1.0}
_TASK = re.compile(r"\[([ xX])\](?=\s)")


def to_html(text: str, *, growing: bool = False) -> str:
    """Render Markdown (CommonMark, tables, strikethrough, task lists, formulas) as safe HTML.

    Text beyond 400,000 characters is cut, with a note. `growing` is for text of which more will come: formulas are not
    typeset yet, and the last line is settled (see `settle`).
    """
    source = text[:LONGEST]
    written: str = _parser(growing=growing).render(settle(source) if growing else source)
    return written + (page.caption(f"cut: {len(text) - LONGEST:,} more characters") if len(text) > LONGEST else "")


class _Writer(RendererHTML):
    """Writes tokens as HTML; every method is named after a token's type."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return page.text(tokens[idx].content)

    html_inline = html_block = text_special = text

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        written = formulas.to_html(tokens[idx].content)
        return f'<div style="overflow-x:auto">{written}</div>\n' if tokens[idx].block else written

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        style = f"{page.MONO};font-size:.92em;background:{page.TINT};padding:.1em .3em;border-radius:3px"
        return f'<code style="{style}">{page.code(tokens[idx].content)}</code>'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        words = tokens[idx].info.split(maxsplit=1)
        body = highlight.to_html(page.visible(tokens[idx].content.rstrip("\n")), words[0] if words else "")
        return f'<pre style="{page.PRE}"><code style="background:none;padding:0">{body}</code></pre>\n'

    code_block = fence

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        env["links"] = env.get("links", 0) + 1
        url, title = str(tokens[idx].attrGet("href") or ""), tokens[idx].attrGet("title")
        hint = f' title="{page.attribute(title)}"' if title else ""
        return f'<a href="{page.attribute(url)}"{hint} {page.LINK}>'

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        env["links"] = env.get("links", 0) - 1
        return "</a>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        alt = page.text(f"[image: {self.renderInlineAsText(tokens[idx].children, options, env)}]")
        if env.get("links", 0) > 0:
            return alt
        return f'<a href="{page.attribute(tokens[idx].attrGet("src") or "")}" {page.LINK}>{alt}</a>'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tag = tokens[idx].tag
        return f'<{tag} style="font-size:{_HEADINGS[tag]}em;font-weight:600;line-height:1.3;margin:.8em 0 .4em">'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<div style="overflow-x:auto"><table style="{page.TABLE}">\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        asked = str(tokens[idx].attrGet("style") or "")
        side = next((side for side in ("right", "center") if asked == f"text-align:{side}"), "left")
        return f'<{tokens[idx].tag} style="{page.CELL};text-align:{side}">'

    th_open = td_open

    def blockquote_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<blockquote style="border-left:3px solid rgba(128,128,128,.5);margin:.5em 0;padding:0 0 0 .9em">\n'


def _tasks(state: StateCore) -> None:
    """Turn the [ ] and [x] at the beginning of list items into boxes."""
    for item, token in zip(state.tokens, state.tokens[2:], strict=False):
        if item.type == "list_item_open" and token.type == "inline" and token.children:
            first = token.children[0]
            if first.type == "text" and (found := _TASK.match(first.content)):
                first.content = ("☐" if found[1] == " " else "☑") + first.content[found.end() :]


@cache
def _parser(*, growing: bool) -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "linkify": False, "typographer": False, "maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options, renderer_cls=_Writer).enable(["table", "strikethrough"])
    parser.validateLink = page.is_safe_link  # type: ignore[method-assign]
    parser.core.ruler.push("tasks", _tasks)
    if not growing:
        formulas.install(parser)
    return parser


_HALF_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\Z")
_HALF_RULE = re.compile(r"\n[ \t]*(?:-{1,2}|=+|[*+]|\d+[.)]?)[ \t]*\Z")
_HALF_TABLE = re.compile(r"(?:\A|\n)([ \t]*\|[^\n]*\|[ \t]*)\n[ \t|:-]*\Z")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def settle(text: str) -> str:
    """Mend the end of a text that is still arriving.

    A half link shows its words, an open emphasis or code is closed, a table is one as soon as its head is there, and a
    lone dash under a line does not yet make a heading of it. Inside an open code block nothing is touched.
    """
    if _inside_code(text):
        return text
    if head := _HALF_TABLE.search(text):
        columns = head[1].strip().strip("|").count("|") + 1
        return f"{text[: head.end(1)]}\n{'|---' * columns}|"
    text = _HALF_RULE.sub("", _HALF_LINK.sub(r"\1", text))
    last = text[text.rfind("\n\n") + 1 :]
    if last.count("`") % 2:
        return text + "`"
    if last.count("**") % 2 and not text.endswith("*"):
        return text.rstrip(" ") + "**"
    return text


def _inside_code(text: str) -> bool:
    opened = ""
    for found in _FENCE.finditer(text):
        mark = found[1]
        if not opened:
            opened = mark
        elif mark[0] == opened[0] and len(mark) >= len(opened):
            opened = ""
    return bool(opened)
