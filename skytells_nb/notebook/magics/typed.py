"""What IPython would keep from the magics, and how it is passed on to them.

IPython takes a line that ends in a question mark for a request for help and runs nothing, and it refuses a cell magic
with an empty body without a real error. Prompts are questions, so lines of ours run; and an empty body reaches the
magic, which says what is missing. A ; at the end of a line hides its value, as it does in Python, and is none of the
magic's name. Text inside strings, and cells of other magics, are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from IPython.core.inputtransformer2 import TokenTransformBase

if TYPE_CHECKING:
    from tokenize import TokenInfo

_LINE = re.compile(r"(?P<indent>\s*)(?P<to>[^%=]+=\s*)?%(?P<magic>skytells_\w+)(?:\s+(?P<line>\S.*[?;])|\s*;)\s*")
_CELL = re.compile(r"(%%skytells_\w+);")


def give_an_empty_body(lines: list[str]) -> list[str]:
    """Give a cell magic of ours that stands alone a body of one blank line; a lone `%%magic?` still asks for help.

    A ; that touches the magic's name is parted from it.
    """
    lines = [_CELL.sub(r"\1 ;", lines[0], count=1), *lines[1:]] if lines else lines
    words = lines[0].split() if lines else []
    alone = words and words[0].startswith("%%skytells_") and not words[0].endswith("?")
    return [lines[0].rstrip("\n") + "\n", " \n"] if alone and not "".join(lines[1:]).strip() else lines


give_an_empty_body.has_side_effects = True  # type: ignore[attr-defined]  # IPython: not while a person still types


class Question(TokenTransformBase):
    """A line magic of ours whose line ends in a question mark, which runs, or in a ; which hides its value."""

    priority = 1

    @classmethod
    def find(cls, tokens_by_line: list[list[TokenInfo]]) -> Self | None:
        """Find the first such line."""
        for line in tokens_by_line:
            if line and _LINE.fullmatch(line[0].line) and line[0].start[0] == line[-1].start[0]:
                return cls((line[0].start[0], 0))
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """Write it as the call that IPython makes of a magic."""
        found = _LINE.fullmatch(lines[self.start_line])
        if found is None:
            raise SyntaxError
        line = found["line"] or ";"
        call = f"get_ipython().run_line_magic({found['magic']!r}, {line!r}){';' * line.endswith(';')}"
        written = f"{found['indent']}{found['to'] or ''}{call}\n"
        return [*lines[: self.start_line], written, *lines[self.start_line + 1 :]]
