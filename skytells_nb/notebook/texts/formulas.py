r"""Formulas in Markdown: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` reach the page untouched, for its typesetter to draw.

Without a rule of their own, Markdown would eat the underscores and backslashes in them. What is no formula loses its
meaning to the typesetter (see `page.text`), and so does a formula with a command that could link, load, style or
define, or draw outside its place: such commands are how TeX reaches beyond itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import page

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

LONGEST = 4_000
_SINGLE = re.compile(r"\$(?=[^\s$])(?:[^$\\\n]|\\.){0,1000}?(?:[^\s$\\]|\\.)\$(?!\d)")
_REACHES_OUT = re.compile(
    r"\\(?:href|url|require|autoload|class|cssId|style|data|html|unicode|[gex]?def|let|csname|bbox|includegraphics|"
    r"texttip|mathtip|toggle|mmlToken|(?:re)?new|provide|begingroup|define|input|rule|[hv]?space|[hm]?skip|m?kern|"
    r"raise|lower|move|(?:math)?[clr]lap)",
    re.IGNORECASE,
)
_CLOSINGS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}


def install(parser: MarkdownIt) -> None:
    """Teach a parser the formulas; they come out as tokens of type `formula`."""
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.block.ruler.before("fence", "formula", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def reaches_out(source: str) -> bool:
    """Say whether a text has a command of TeX that could link, load, style or define, or draw outside its place."""
    return _REACHES_OUT.search(source) is not None


def to_html(source: str) -> str:
    """Write one formula with its delimiters: for the typesetter, or as code where it would reach out of its place."""
    if reaches_out(source):
        return f"<code>{page.code(source)}</code>"
    return f"<span>{page.attribute(source)}</span>"


def to_code(source: str) -> str:
    """Write a formula that is still to be typeset: as code, without its delimiters."""
    whole = source.strip()
    inside = whole.strip("$") if whole[0] == "$" else whole[2:-2]
    return f'<code style="{page.MONO};background:none">{page.code(inside.strip())}</code>'


def end_of(text: str, start: int) -> int:
    """Find where the formula that begins at `start` ends; -1 where none begins there."""
    return _end(text, start, min(len(text), start + LONGEST))


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls rules so
    if state.src[state.pos] not in "$\\":
        return False
    end = _end(state.src, state.pos, min(state.posMax, state.pos + LONGEST))
    if end < 0:
        return False
    if not silent:
        state.push("formula", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _end(text: str, start: int, limit: int) -> int:
    if closing := _CLOSINGS.get(text[start : start + 2]):
        found = text.find(closing, start + 2, limit)
        return found + 2 if text[start + 2 : found].strip() and found > 0 else -1
    single = _SINGLE.match(text, start, limit)
    return single.end() if single else -1


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls rules so
    if state.is_code_block(start):
        return False
    first = state.getLines(start, start + 1, 0, False).strip()  # noqa: FBT003 - markdown-it's signature
    closing = _CLOSINGS.get(first)
    if closing is None or first == "\\(":
        return False
    for line in range(start + 1, min(end, start + 80)):
        if state.sCount[line] < state.blkIndent:
            return False
        if state.getLines(line, line + 1, 0, False).strip() == closing:  # noqa: FBT003
            if not silent:
                token = state.push("formula", "", 0)
                token.content = state.getLines(start, line + 1, state.blkIndent, False)[:LONGEST]  # noqa: FBT003
                token.block = True
            state.line = line + 1
            return True
    return False
