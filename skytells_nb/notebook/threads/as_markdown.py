"""A thread as a Markdown text for people. Pure.

Every question and answer is a quotation, so that nothing in one, such as a code block that is never closed, reaches the
next. What holds HTML, a picture to load, a link that is not http, https or mailto, or a command of TeX that reaches
beyond its formula, stands in a block of code as it was typed: nobody knows what the program does that shows the file.
"""

from __future__ import annotations

import re

from ...keys import without_secrets
from ..page import visible
from ..texts.formulas import reaches_out
from .turns import Thread

_TICKS = re.compile(r"`+")
_RUN = re.compile(r"`{3}|~{3}")
_FENCE = re.compile(r"(`{3,}|~{3,}) *([\w+#.-]*) *")
_SPAN = re.compile(r"`[^`\n]*`")
_DOUBTFUL = re.compile(r"[\\|]|\]\(|\]:|<http")
"""What may claim a ` for itself, where a text holds spans of code too: escapes, tables, links."""
_HARMFUL = re.compile(
    r"<(?!https?://[^\s<>]*>)[A-Za-z/!?]"  # HTML; a link between angle brackets is none
    r"|!\["  # a picture
    r"|&#?\w+;"  # a character by another name
    r"|\]\((?!https?://|mailto:)"  # where a link leads
    r"|\]:(?! ?(?:https?://|mailto:))"  # and where a definition of one does
)


def write(name: str, thread: Thread) -> str:
    """Write a thread; what looks like a key is left out, and a picture is named."""
    parts = [f"# Thread {name}\n"]
    for number, turn in enumerate(thread, 1):
        parts += [f"## Turn {number}\n", f"{_quoted(turn.asked)}\n"]
        parts += [f"Answer by {_in_code(turn.model)}:\n" if turn.model else "Answer:\n", f"{_quoted(turn.answer)}\n"]
    return "\n".join(parts)


def _quoted(text: str) -> str:
    shown = visible(without_secrets(text))
    lines = (shown if is_harmless(shown) else _in_block(shown)).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def is_harmless(text: str) -> bool:
    """Say whether nothing in a Markdown text, outside its code, could be run or loaded, or links but to web or mail.

    Code is only what every reader of Markdown takes for code; a text that leaves a doubt is not harmless.
    """
    said = _outside_of_fences(text)
    if said is None:
        return False
    ticks = [_TICKS.findall(line) for line in said.split("\n")]
    spans_are_clear = all(len(each) % 2 == 0 and {*each} <= {"`"} for each in ticks) and not _DOUBTFUL.search(said)
    said = _SPAN.sub("", said) if spans_are_clear else said
    return not (_HARMFUL.search(said) or reaches_out(said))


def _outside_of_fences(text: str) -> str | None:
    """Leave out the blocks of code between fences; None where a fence is not at the beginning of its line, or open."""
    fence = ""
    said: list[str] = []
    for line in text.split("\n"):
        found = _FENCE.fullmatch(line)
        if found is None and _RUN.search(line):
            return None
        if found is None:
            said += [] if fence else [line]
        elif not fence:
            fence = found[1]
        elif found[1] == fence and not found[2]:
            fence = ""
        else:
            return None
    return None if fence else "\n".join(said)


def _in_block(text: str) -> str:
    fence = "`" * max(3, 1 + _longest_ticks(text))
    return f"{fence}text\n{text}\n{fence}"


def _in_code(word: str) -> str:
    line = " ".join(visible(without_secrets(word))[:200].split())
    ticks = "`" * (1 + _longest_ticks(line))
    return f"{ticks} {line} {ticks}"


def _longest_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
