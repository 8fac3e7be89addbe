"""A thread as a Markdown text for people. Pure.

Every question and answer is a quotation, so that nothing in one, such as a code block that is never closed, reaches the
next. What holds HTML, or a link that is not http, https or mailto, stands in a block of code as it was typed: nobody
knows what the program does that shows the file.
"""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ...errors import without_secrets
from ..page import is_safe_link, visible
from .turns import Thread

_TICKS = re.compile(r"`+")


def write(name: str, thread: Thread) -> str:
    """Write a thread; what looks like a key is left out, and a picture is named."""
    parts = [f"# Thread {name}\n"]
    for number, turn in enumerate(thread, 1):
        parts += [f"## Turn {number}\n", f"{_quoted(turn.asked)}\n"]
        parts += [f"Answer by {_in_code(turn.model)}:\n" if turn.model else "Answer:\n", f"{_quoted(turn.answer)}\n"]
    return "\n".join(parts)


def _quoted(text: str) -> str:
    shown = visible(without_secrets(text))
    lines = (shown if _is_harmless(shown) else _in_block(shown)).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _is_harmless(text: str) -> bool:
    """Say whether a text holds neither HTML nor a link to what a browser could run."""
    return all(_is_plain(token) for block in _parser().parse(text) for token in (block, *(block.children or ())))


def _is_plain(token: Token) -> bool:
    link = token.attrGet("href") or token.attrGet("src")
    return not token.type.startswith("html") and (link is None or is_safe_link(str(link)))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = _any_link  # type: ignore[method-assign]
    return parser


def _any_link(url: str) -> bool:  # noqa: ARG001 - the name is of the parser's own method
    """Let every link be seen as one, so that it can be judged."""
    return True


def _in_block(text: str) -> str:
    fence = "`" * max(3, 1 + _longest_ticks(text))
    return f"{fence}text\n{text}\n{fence}"


def _in_code(word: str) -> str:
    line = " ".join(visible(without_secrets(word))[:200].split())
    ticks = "`" * (1 + _longest_ticks(line))
    return f"{ticks} {line} {ticks}"


def _longest_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
