"""What somebody typed stands under an error, with ^ under the part at fault."""

from __future__ import annotations

import pytest

from skytells_nb.errors import InputError
from skytells_nb.keys import hide
from skytells_nb.marks import Mark


def drawn(text: str, *parts: tuple[int, int]) -> list[str]:
    """Draw a mark as an error shows it while its cell fails."""
    error = InputError("It went wrong.")
    error.mark = Mark(text, parts)
    try:
        raise error
    except InputError as caught:
        return caught._render_traceback_()[1:]


@pytest.mark.parametrize(
    ("text", "parts", "lines"),
    [
        ("-t warm", [(3, 7)], ["    -t warm", "       ^^^^"]),
        ("a=1 b=2 c", [(0, 3), (8, 9)], ["    a=1 b=2 c", "    ^^^     ^"]),
        ("ends", [(4, 4)], ["    ends", "        ^"]),
        ("one\ntwo {{x}}\nthree", [(8, 13)], ["    two {{x}}", "        ^^^^^"]),
        ("two {{x\n+ 1}}", [(4, 13)], ["    two {{x", "        ^^^"]),
        ("日本 x", [(0, 2), (3, 4)], ["    日本 x", "    ^^^^ ^"]),
        ("e\u0301 x", [(3, 4)], ["    e\u0301 x", "      ^"]),
        ("a\tb\x1b[31mc\u202ed", [(8, 9)], ["    a b     c d", "            ^"]),
    ],
)
def test_a_mark_stands_under_its_part(text: str, parts: list[tuple[int, int]], lines: list[str]) -> None:
    """It takes as many columns as the part does, on the part's own line; what must not be printed is blank."""
    assert drawn(text, *parts) == lines


def test_a_long_line_is_cut_around_the_part() -> None:
    """A hundred characters of it are drawn, and dots say where more was."""
    line, mark = drawn("x" * 400 + " here " + "y" * 400, (401, 405))
    assert line == f"    …{'x' * 32} here {'y' * 62}…"
    assert (line[mark.index("^") : mark.rindex("^") + 1], mark.count("^")) == ("here", 4)
    assert drawn("here " + "y" * 400, (0, 4)) == [f"    here {'y' * 95}…", "    ^^^^"]
    assert drawn("y" * 400 + " here", (401, 405)) == [f"    …{'y' * 95} here", " " * 101 + "^^^^"]


def test_no_key_is_drawn() -> None:
    """A key of the session, or what looks like one, is dots of the same length, also where a line is cut through it."""
    hide("my-own-secret")
    assert drawn("-s my-own-secret x", (17, 18)) == ["    -s ············· x", "                     ^"]
    assert drawn("-s sk-abcdef1234", (0, 2)) == ["    -s ·············", "    ^^"]
    shown = "".join(drawn("x" * 95 + "my-own-secret" + "y" * 95, (0, 1)))
    assert "my-" not in shown
    assert "·" in shown
