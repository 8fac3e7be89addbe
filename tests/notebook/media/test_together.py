"""Several pieces of work at once."""

from __future__ import annotations

import threading

import pytest

from skytells_nb.notebook.media.together import THREADS, together


def test_results_come_in_the_order_of_the_items() -> None:
    """Whoever is done first: here the last is."""
    last = threading.Event()

    def work(number: int, _: threading.Event) -> int:
        if number == THREADS - 1:
            last.set()
        assert last.wait(10)
        return number * number

    assert together(range(THREADS), work) == [0, 1, 4, 9]


def test_nothing_is_done_at_once() -> None:
    """No items are no threads."""
    before = threading.active_count()
    assert together([], lambda item, _: item) == []
    assert threading.active_count() == before


def test_trouble_ends_the_others_and_is_raised() -> None:
    """What one raises comes out; the others are told to stop, and what waits is not begun."""
    begun = []

    def work(number: int, stop: threading.Event) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("broken")
        assert stop.wait(10)

    with pytest.raises(ValueError, match="broken"):
        together(range(100), work)
    assert len(begun) <= THREADS
