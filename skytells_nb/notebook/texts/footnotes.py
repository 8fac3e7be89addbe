"""Footnotes in Markdown: `[^1]` in the text, `[^1]: …` in a line of its own.

The notes stand under the text, numbered in the order in which it refers to them, those that nothing refers to last.
Numbers are text and not links: an anchor would lead into another cell that has the same number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .. import page

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_REFERENCE = re.compile(r"\[\^([^\]\s]{1,60})\]")
_LONGEST_NAME = 20


def install(parser: MarkdownIt, *, growing: bool) -> None:
    """Teach a parser footnotes: tokens `footnote_ref` and `footnote_reference_open`, whose `meta["name"]` is shown.

    In a text that is `growing`, the notes that are referred to may still come: all references count, notes stay where
    they are, and their labels are their names.
    """
    from markdown_it.renderer import RendererHTML
    from mdit_py_plugins.footnote import footnote_plugin

    writer = parser.renderer
    parser.renderer = RendererHTML(parser)
    footnote_plugin(parser, inline=False, move_to_end=False)  # its rules for writing go with the renderer that it got
    parser.renderer = writer
    parser.inline.ruler.at("footnote_ref", _any_reference if growing else _reference)
    parser.core.ruler.push("footnotes", _named_by_labels if growing else _numbered_at_the_end)


def _any_reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls rules so
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("footnote_ref", "", 0).meta = {"label": found[1]}
    state.pos = found.end()
    return True


def _reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls rules so
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    defined = state.env.get("footnotes", {}).get("refs", {})
    return found is not None and f":{found[1]}" in defined and _any_reference(state, silent)


def _named_by_labels(state: StateCore) -> None:
    _tighten(state.tokens)
    for token in (*_references(state.tokens), *_openings(state.tokens)):
        token.meta["name"] = page.cut(token.meta["label"], _LONGEST_NAME)


def _numbered_at_the_end(state: StateCore) -> None:
    _tighten(state.tokens)
    text, notes = _parted(state.tokens)
    inside = [token for note in notes for token in note]
    named = (*_references(text), *_references(inside), *_openings(inside))
    numbers = {label: number for number, label in enumerate(dict.fromkeys(each.meta["label"] for each in named), 1)}
    for token in named:
        token.meta["name"] = str(numbers[token.meta["label"]])
    notes.sort(key=lambda note: numbers[note[0].meta["label"]])
    state.tokens = [*text, *(token for note in notes for token in note)]


def _parted(tokens: Sequence[Token]) -> tuple[list[Token], list[list[Token]]]:
    """Part the text from its notes; a note within a note stays there."""
    text: list[Token] = []
    notes: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if token.type == "footnote_reference_open":
            depth += 1
            if depth == 1:
                notes.append([])
        (notes[-1] if depth else text).append(token)
        depth -= token.type == "footnote_reference_close"
    return text, notes


def _references(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "footnote_ref":
                yield child


def _openings(tokens: Iterable[Token]) -> Iterator[Token]:
    return (token for token in tokens if token.type == "footnote_reference_open")


def _tighten(tokens: Sequence[Token]) -> None:
    """Let a note begin on the line of its number."""
    for opening, first, last in zip(tokens, tokens[1:], tokens[3:], strict=False):
        if opening.type == "footnote_reference_open" and first.type == "paragraph_open":
            first.hidden = last.hidden = True
