"""A thread as a Markdown text for people. Pure.

Every question and answer is a quotation, so that nothing in one, such as a code block that is never closed, reaches the
next. What holds HTML, a picture to load, or a link that is not http, https or mailto, stands in a block of code as it
was typed: nobody knows what the program does that shows the file.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt

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
    quotation = _in_quotation(shown)
    return quotation if _is_harmless(quotation) else _in_quotation(_in_block(shown))


def _in_quotation(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _is_harmless(text: str) -> bool:
    """Say whether a text holds no HTML, no picture, nothing that hides behind an entity, and links to web or mail only.

    What a link of another turn may refer to counts as a link.
    """
    env: dict[str, Any] = {}
    blocks = _parser().parse(text, env)
    tokens = [token for block in blocks for token in (block, *(block.children or ()))]
    if any(token.type.startswith(("html", "image")) or visible(token.content) != token.content for token in tokens):
        return False
    links = [str(token.attrGet("href")) for token in tokens if token.type == "link_open"]
    return all(map(is_safe_link, (*links, *(each["href"] for each in env.get("references", {}).values()))))


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
