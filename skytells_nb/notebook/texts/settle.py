r"""The end of a Markdown text that is still arriving, mended so that it has its likely shape rather than raw marks.

Open emphasis, code and formulas are closed; what only may become a mark is left out until more is there; a half link is
its words; a table is one from its head on. Pure: text in, text out. Only the last block is looked at, and
one that is very long is left as it is.
"""

from __future__ import annotations

import re

from . import formulas

_FENCE = re.compile(r"^((?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(`{3,}(?=[^`\n]*$)|~{3,})([^\n]*)$", re.MULTILINE)
_HALF_FENCE = re.compile(r"\n[ \t>]*(?:`{1,2}|~{1,2})\Z")
_HALF_LINE = re.compile(r"(?:\A|(?<=\n))[ \t>]*(?:-{1,2}|=+|[*+]|\d{1,9}[.)]?|#{1,6})[ \t]*\Z")
_HALF_TASK = re.compile(r"((?:\A|\n)[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]?\]?[ \t]*\Z")
_HALF_NOTE = re.compile(r"\[\^[^\]\s]{0,60}(?:\]:?[ \t]*)?\Z")
_HALF_LINK = re.compile(
    r"(?<!\\)!?\[((?:[^\[\]\\]|\\.)*)(?:\]|\](?:\([^()\n]*|\[[^\[\]\n]*))?\Z|<(?=(?:[a-z]{1,12}(?::[^<>\s]*)?)?\Z)"
)
_BLOCK = re.compile(r"\n[ \t]*\n|(?:\A|\n)[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]+|\|)")
_MARK = re.compile(r"\\.|`+|\$\$?|\*+|_+|~+", re.DOTALL)
_TEX = re.compile(r"[^\s\d$][^$\n]*[\\^_{]|\\")
_LONGEST = 20_000
_CLOSING = {"$$": "$$", "$": "$", "\\(": "\\)", "\\[": "\\]"}


def settle(text: str) -> str:
    """Mend the end of a text of which more will come; inside an open code block nothing is touched but its half end."""
    if open_fence(text):
        return _HALF_FENCE.sub("", text)
    text = _HALF_LINE.sub("", _HALF_TASK.sub(r"\1", text))
    start = _last_block(text)
    if len(text) - start > _LONGEST:
        return text
    text = text[:start] + _inline(text[start:])
    return _with_table(text)


def _with_table(text: str) -> str:
    """Make a table of the head of one, whose second line is not there or half there."""
    lines = text.rstrip("\n").split("\n")
    first = len(lines)
    while first and lines[first - 1].lstrip().startswith("|"):
        first -= 1
    rows = [line.strip() for line in lines[first:]]
    if not rows or len(rows) > 2 or text.endswith("\n\n") or (len(rows) == 2 and rows[1].strip("|:- \t")):
        return text
    head = rows[0].removesuffix("|").rstrip()
    columns = head.replace(r"\|", "").count("|")
    indent = lines[first][: -len(lines[first].lstrip())] if lines[first][:1].isspace() else ""
    return "\n".join([*lines[:first], f"{indent}{head} |", f"{indent}{'|---' * columns}|"])


def open_fence(text: str, opened: str = "") -> str:
    """Give the mark of the block of code that some lines leave open, "" for none; `opened` is the one before them."""
    for found in _FENCE.finditer(text):
        mark = found[2]
        if not opened:
            opened = mark
        elif mark[0] == opened[0] and len(mark) >= len(opened) and not found[3].strip():
            opened = ""
    return opened


def _last_block(text: str) -> int:
    """Find where the last paragraph, item, heading or row begins."""
    start = text.rfind("\n\n") + 1
    for found in _BLOCK.finditer(text, max(0, start - 1)):
        start = found.end()
    return start


def _inline(block: str) -> str:
    """Close what is open in a block, and leave out what is half a mark."""
    for _ in range(8):
        cut, closing, raw = _open_marks(block)
        if not raw:
            linked = _HALF_LINK.sub(r"\1", _HALF_NOTE.sub("", block))
            if linked != block:
                block = linked
                continue
        if cut < 0:
            return block.rstrip(" \n") + closing if closing else block
        block = block[:cut]
    return block


def _open_marks(block: str) -> tuple[int, str, bool]:
    """Give where a half mark is to be cut off (-1 for nowhere), what closes the open ones, and whether code is open."""
    stack: list[str] = []
    position, end = 0, len(block)
    while found := _MARK.search(block, position):
        mark, start, position = found[0], found.start(), found.end()
        if mark[0] == "`":
            closed = re.compile(rf"(?<!`){mark}(?!`)").search(block, position)
            if closed is None:
                return _left_open(block, start, position, mark, stack)
            position = closed.end()
        elif mark in _CLOSING:
            position = formulas.end_of(block, start)
            if position < 0:
                position = found.end()
                if mark != "$" or position == end or _TEX.match(block, position):
                    return _left_open(block, start, position, _CLOSING[mark], stack)
        elif mark[0] == "\\":
            if position == start + 1:
                return start, "", False
        elif position == end:
            if stack and stack[-1][0] == mark[0]:
                stack[-1] = stack[-1][len(mark) :]
            else:
                return start, "", False
        else:
            _emphasis(mark, block[start - 1 : start], block[position], stack)
    if block.endswith("\\"):
        return end - 1, "", False
    return -1, "".join(reversed(stack)), False


def _left_open(block: str, start: int, position: int, closing: str, stack: list[str]) -> tuple[int, str, bool]:
    """Close code or a formula that begins at `start`; one with nothing in it yet is cut off, and so is half its end."""
    inside = block[position:]
    whole = inside.rstrip("`") if closing[0] == "`" else inside.removesuffix("\\").removesuffix("$")
    if not whole.strip():
        return start, "", True
    if len(whole) < len(inside):
        return position + len(whole), "", True
    if closing[0] == "`" and whole.rstrip().endswith("`"):
        closing = f" {closing}"
    if closing == "$$" and inside.startswith("\n"):
        closing = "\n$$"
    return -1, closing + "".join(reversed(stack)), True


def _emphasis(mark: str, before: str, after: str, stack: list[str]) -> None:
    """Open or close emphasis as CommonMark would, but take a lone mark within a word for itself."""
    kind, inside = mark[0], before.isalnum() and after.isalnum()
    if (kind == "~" and len(mark) != 2) or (inside and (kind == "_" or len(mark) == 1)):
        return
    left = len(mark)
    if before and not before.isspace() and (before.isalnum() or not after.isalnum()):
        opened = [place for place, each in enumerate(stack) if each[0] == kind]
        while opened and left:
            place = opened.pop()
            taken = min(left, len(stack[place]))
            left -= taken
            stack[place:] = [stack[place][taken:]] if len(stack[place]) > taken else []
        if left < len(mark):
            return
    if not after.isspace() and (after.isalnum() or not before.isalnum()):
        stack.append(mark[:3])
