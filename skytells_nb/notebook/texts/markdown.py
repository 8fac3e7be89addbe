"""Model text -> HTML that is safe to show in a page that can drive a kernel.

HTML in the text stays text; links lead only to http, https and mailto; nothing is ever loaded from the network, so an
image becomes a link to itself; nesting and length are bounded. What comes out holds only the tags and attributes
written here, whatever went in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from .. import page
from . import footnotes, formulas, highlight

LONGEST = 400_000
DEEPEST = 20
_MOST_EMPTY_CELLS = 1_000
_COLOURED_WHILE_GROWING = 2_000
_HEADINGS = {"h1": 1.5, "h2": 1.3, "h3": 1.15, "h4": 1.05, "h5": 1.0, "h6": 1.0}
_TASK = re.compile(r"\[([ xX])\](?=\s)")


def to_html(text: str, *, growing: bool = False) -> str:
    """Render Markdown (CommonMark, tables, strikethrough, task lists, footnotes, formulas) as safe HTML.

    Text beyond 400,000 characters is cut, with a note. `growing` is for text of which more will come: formulas are not
    typeset yet, footnotes go by their labels and stay where they are, and long code has no colours.
    """
    written: str = _parser(growing=growing).render(text[:LONGEST], {"growing": growing})
    return written + (page.caption(f"cut: {len(text) - LONGEST:,} more characters") if len(text) > LONGEST else "")


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code in a text: what it says, and the language that it names ("" for none)."""

    text: str
    language: str = ""


def parsed(text: str) -> list[Token]:
    """Read Markdown as tokens; the first 400,000 characters of it."""
    return _parser(growing=False).parse(text[:LONGEST], {"growing": False})


def codes(text: str) -> list[Code]:
    """Find the fenced blocks of code, in their order, wherever they stand."""
    return [Code(token.content, _language(token)) for token in parsed(text) if token.type == "fence"]


def _language(token: Token) -> str:
    return (token.info.split(maxsplit=1) or [""])[0]


def code_html(code: str, language: str, *, longest: int = highlight.LONGEST) -> str:
    """Write a block of code, coloured up to `longest` characters."""
    body = highlight.to_html(page.visible(code.rstrip("\n")), language, longest)
    return f'<pre style="{page.PRE}"><code style="background:none;padding:0">{body}</code></pre>\n'


class _Writer(RendererHTML):
    """Writes tokens as HTML; every method is named after a token's type."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return page.text(tokens[idx].content)

    html_inline = html_block = text_special = text

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        if env["growing"]:
            return formulas.to_code(tokens[idx].content)
        written = formulas.to_html(tokens[idx].content)
        return f'<div style="overflow-x:auto">{written}</div>\n' if tokens[idx].block else written

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        style = f"{page.MONO};font-size:.92em;background:{page.TINT};padding:.1em .3em;border-radius:3px"
        return f'<code style="{style}">{page.code(tokens[idx].content)}</code>'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        longest = _COLOURED_WHILE_GROWING if env["growing"] else highlight.LONGEST
        return code_html(tokens[idx].content, _language(tokens[idx]), longest=longest)

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

    def footnote_ref(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _number(tokens[idx])

    def footnote_reference_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<div style="{page.QUIET};margin:.3em 0">{_number(tokens[idx])} '

    def footnote_reference_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</div>\n"

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


def _number(note: Token) -> str:
    return f'<sup style="line-height:0">{page.text(note.meta["name"])}</sup>'


def _tasks(state: StateCore) -> None:
    """Turn the [ ] and [x] at the beginning of list items into boxes."""
    for item, token in zip(state.tokens, state.tokens[2:], strict=False):
        if item.type == "list_item_open" and token.type == "inline" and token.children:
            first = token.children[0]
            if first.type == "text" and (found := _TASK.match(first.content)):
                first.content = ("☐" if found[1] == " " else "☑") + first.content[found.end() :]


def _trimmed(state: StateCore) -> None:
    """Leave out the empty cells at the ends of rows where there are very many: a row of one mark gets all of them."""
    if sum(token.type == "inline" and not token.content for token in state.tokens) <= _MOST_EMPTY_CELLS:
        return
    kept: list[Token] = []
    for token in state.tokens:
        while token.type == "tr_close" and kept[-1].type == "td_close" and not kept[-2].content:
            del kept[-3:]
        kept.append(token)
    state.tokens = kept


@cache
def _parser(*, growing: bool) -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "linkify": False, "typographer": False, "maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options, renderer_cls=_Writer).enable(["table", "strikethrough"])
    parser.validateLink = page.is_safe_link  # type: ignore[method-assign]
    parser.core.ruler.after("block", "trimmed", _trimmed)
    parser.core.ruler.push("tasks", _tasks)
    formulas.install(parser)
    footnotes.install(parser, growing=growing)
    return parser
