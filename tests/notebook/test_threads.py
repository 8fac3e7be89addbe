"""Named conversations remember, and re-running a cell does not double its turn."""

from __future__ import annotations

from skytells_nb.notebook.threads import Turn, before, messages, with_turn

FIRST, SECOND = Turn("a?", "A", "cell-1"), Turn("b?", "B", "cell-2")


def test_messages_hold_the_turns_then_the_question() -> None:
    """Every earlier turn is sent as user and assistant, then the new question."""
    assert messages((FIRST,), "b?") == [
        {"role": "user", "content": "a?"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "b?"},
    ]


def test_a_new_cell_adds_its_turn() -> None:
    """A cell that asks for the first time follows all turns."""
    assert before((FIRST,), "cell-2") == (FIRST,)
    assert with_turn((FIRST,), SECOND) == (FIRST, SECOND)


def test_the_same_cell_replaces_its_turn() -> None:
    """A cell that runs again sees only what came before its own turn, and replaces it in its place."""
    again = Turn("a, again?", "A2", "cell-1")
    assert before((FIRST, SECOND), "cell-1") == ()
    assert with_turn((FIRST, SECOND), again) == (again, SECOND)


def test_without_a_cell_every_turn_is_new() -> None:
    """Where no cell is known, nothing is replaced."""
    turn = Turn("c?", "C", None)
    assert with_turn((turn,), turn) == (turn, turn)
