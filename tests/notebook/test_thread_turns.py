"""Named conversations remember, and re-running a cell does not double its turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.notebook.threads.turns import (
    Asker,
    Thread,
    Turn,
    api_of,
    before,
    messages,
    of_another_kernel,
    with_turn,
)

FIRST, SECOND = Turn("a?", "A", Asker("cell-1", 1)), Turn("b?", "B", Asker("cell-2", 2))
FOX = {"type": "image_url", "image_url": {"url": "https://example.org/fox.png"}}


def test_messages_hold_the_turns_then_the_question() -> None:
    """Every earlier turn is sent as user and assistant, then the new question."""
    assert messages((FIRST,), "b?") == [
        {"role": "user", "content": "a?"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "b?"},
    ]


def test_a_picture_goes_along_again() -> None:
    """A turn that held a picture sends it again, as it was sent first; as text it is named."""
    turn = Turn(({"type": "text", "text": "What is it?"}, FOX), "A fox.")
    assert messages((turn,), "Sure?")[0]["content"] == [{"type": "text", "text": "What is it?"}, FOX]
    assert turn.asked == "What is it?\n[picture]"


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
    """Where no cell is known, as in a terminal, nothing is replaced."""
    turn = Turn("c?", "C")
    assert with_turn((turn,), turn) == (turn, turn)


def test_cells_of_a_kernel_that_ended_are_known() -> None:
    """A cell whose number happens to be that of its run in another kernel replaces its turn all the same."""
    again = Turn("a, again?", "A2", FIRST.asker)
    assert with_turn(of_another_kernel((FIRST, SECOND)), again)[0] == again
    assert len(with_turn(of_another_kernel((FIRST, SECOND)), again)) == 2


def test_a_thread_keeps_its_api() -> None:
    """What its newest turn spoke; a new thread speaks chat."""
    assert (api_of(()), api_of((FIRST, Turn("b?", "B", api="responses")))) == ("chat", "responses")


RUNS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=12)
"""Runs of a notebook's cells: which cell, and how many questions it asks."""


def run_all(runs: list[tuple[int, int]]) -> Thread:
    """Run cells one after the other; a turn's id says in which run it was asked, as which question."""
    thread: Thread = ()
    for run, (cell, questions) in enumerate(runs, 1):
        for number in range(questions):
            thread = with_turn(thread, Turn("?", "!", Asker(f"cell-{cell}", run), id=f"{run}.{number}"))
    return thread


@given(RUNS)
def test_no_sequence_of_runs_doubles_a_turn(runs: list[tuple[int, int]]) -> None:
    """Whatever is run in whatever order, a thread holds the questions of each cell's last run, each once and in order.

    The cells stand in the order in which they were run first.
    """
    last = {cell: (run, questions) for run, (cell, questions) in enumerate(runs, 1)}
    expected = [f"{run}.{number}" for run, questions in last.values() for number in range(questions)]
    assert [turn.id for turn in run_all(runs)] == expected


@given(RUNS, st.integers(0, 3))
def test_a_question_is_sent_what_it_will_stand_behind(runs: list[tuple[int, int]], cell: int) -> None:
    """The turns that a question follows are those that stand before its turn once that is remembered."""
    thread, turn = run_all(runs), Turn("new?", "!", Asker(f"cell-{cell}", len(runs) + 1), id="new")
    after = with_turn(thread, turn)
    assert before(thread, turn.asker) == after[: after.index(turn)]
