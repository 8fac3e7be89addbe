"""Named conversations remember, and re-running a cell does not double its turns."""

from __future__ import annotations

from skytells_nb.notebook.threads.turns import Asker, Turn, before, messages, with_turn

FIRST, SECOND = Turn("a?", "A", Asker("cell-1", 1)), Turn("b?", "B", Asker("cell-2", 2))


def test_messages_hold_the_turns_then_the_question() -> None:
    """Every earlier turn is sent as user and assistant, then the new question."""
    assert messages((FIRST,), "b?") == [
        {"role": "user", "content": "a?"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "b?"},
    ]


def test_a_new_cell_adds_its_turn() -> None:
    """A cell that asks for the first time follows all turns."""
    assert before((FIRST,), SECOND.asker) == (FIRST,)
    assert with_turn((FIRST,), SECOND) == (FIRST, SECOND)


def test_the_same_cell_replaces_its_turn() -> None:
    """A cell that runs again sees only what came before its own turn, and replaces it in its place."""
    again = Turn("a, again?", "A2", Asker("cell-1", 3))
    assert before((FIRST, SECOND), again.asker) == ()
    assert with_turn((FIRST, SECOND), again) == (again, SECOND)


def test_a_cell_may_ask_several_times() -> None:
    """Questions of one run of a cell follow each other, and a later run replaces them all."""
    one, two = (Turn(f"{n}?", "A", Asker("cell-1", 1)) for n in (1, 2))
    assert before((one, SECOND), two.asker) == (one,)
    thread = with_turn((one, SECOND), two)
    assert thread == (one, two, SECOND)
    again = Turn("1, again?", "A", Asker("cell-1", 5))
    assert with_turn(thread, again) == (again, SECOND)


def test_without_a_cell_every_turn_is_new() -> None:
    """Where no cell is known, nothing is replaced."""
    turn = Turn("c?", "C")
    assert with_turn((turn,), turn) == (turn, turn)
