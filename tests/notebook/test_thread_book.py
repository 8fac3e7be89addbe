"""The named threads of a kernel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from skytells_nb.errors import InputError, UnknownNameError
from skytells_nb.notebook.threads.book import Book, checked
from skytells_nb.notebook.threads.turns import Asker, Turn

ONE, TWO = Turn("a?", "A", Asker("cell-1", 1)), Turn("b?", "B", Asker("cell-2", 2))


@pytest.fixture
def book() -> Book:
    """Give a book with one thread of two turns."""
    book = Book()
    book.add("tutor", ONE)
    book.add("tutor", TWO)
    return book


def test_a_thread_begins_with_its_first_turn(book: Book) -> None:
    """One that is not begun has no turns, and is not listed for having been asked for."""
    assert (book.so_far("tutor"), book.so_far("new")) == ((ONE, TWO), ())
    assert (list(book), len(book), "tutor" in book, "new" in book) == (["tutor"], 1, True, False)


def test_a_thread_begun_anew_forgets(book: Book) -> None:
    """Only the new turn is left."""
    book.add("tutor", TWO, anew=True)
    assert book.find("tutor") == (TWO,)


def test_renaming_keeps_the_turns_and_the_place(book: Book) -> None:
    """The thread has its new name only, where it stood."""
    book.add("other", ONE)
    book.rename("tutor", "maths")
    assert (list(book), book.find("maths")) == (["maths", "other"], (ONE, TWO))


@pytest.mark.parametrize(("at", "turns"), [(None, (ONE, TWO)), (2, (ONE, TWO)), (1, (ONE,))])
def test_a_fork_goes_its_own_way(book: Book, at: int | None, turns: tuple[Turn, ...]) -> None:
    """It begins with the first turns, and what is added to it is not in the other."""
    book.fork("tutor", "aside", at)
    assert book.find("aside") == turns
    book.add("aside", Turn("c?", "C"))
    assert book.find("tutor") == (ONE, TWO)


def test_a_thread_can_be_forgotten(book: Book) -> None:
    """One, or all."""
    book.add("other", ONE)
    book.reset("tutor")
    assert list(book) == ["other"]
    book.clear()
    assert len(book) == 0


def test_a_thread_of_another_kernel_is_taken_in(book: Book) -> None:
    """Its runs are over, whatever their numbers were."""
    book.put("read", (ONE,))
    assert book.find("read") == (Turn("a?", "A", Asker("cell-1", None)),)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda book: book.find("tutr"), "There is no thread 'tutr'. Did you mean 'tutor'?"),
        (lambda book: book.rename("tutr", "x"), "There is no thread 'tutr'. Did you mean 'tutor'?"),
        (lambda book: book.reset("x" * 99), f"There is no thread '{'x' * 79}…'. Known: tutor."),
        (lambda book: book.rename("tutor", "tutor"), "There is a thread tutor already. Choose another name, or reset"),
        (lambda book: book.put("tutor", ()), "There is a thread tutor already."),
        (lambda book: book.rename("tutor", "a b"), "'a b' cannot be the name of a thread. Use letters, digits, -, _"),
        (lambda book: book.fork("tutor", "aside", 3), "Thread tutor has 2 turns: it cannot fork at 3. Give a number"),
        (lambda book: book.fork("tutor", "aside", 0), "Thread tutor has 2 turns: it cannot fork at 0."),
        (lambda book: Book().find("t"), "There is no thread 't': none is begun yet."),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(book: Book, change: Callable[[Book], None], said: str) -> None:
    """With the nearest name, or what to do."""
    with pytest.raises(InputError) as caught:
        change(book)
    assert str(caught.value).startswith(said)
    assert (list(book), book.find("tutor")) == (["tutor"], (ONE, TWO))


def test_the_nearest_thread_is_on_the_error(book: Book) -> None:
    """For whoever catches it."""
    with pytest.raises(UnknownNameError) as caught:
        book.find("tutr")
    assert caught.value.suggestion == "tutor"


@pytest.mark.parametrize("name", ["t", "tutor-2", "a.b_c", "መምህር", "x" * 60])
def test_names(name: str) -> None:
    """A name has letters of any script, digits, - _ and ."""
    assert checked(name) == name


@pytest.mark.parametrize("name", ["", "x" * 61, "a b", "a/b", "../a", "-a", ".a", "a\n", "{{a}}", "<b>", "a\u202eb", 3])
def test_what_is_no_name(name: str) -> None:
    """A name can be no option, no path, no markup and no expression."""
    with pytest.raises(InputError, match="cannot be the name of a thread"):
        checked(name)


def test_threads_of_python_may_ask_at_once() -> None:
    """No turn is lost where many are added at the same time."""
    book = Book()
    with ThreadPoolExecutor(16) as many:
        list(many.map(lambda n: book.add("tutor", Turn(str(n), "A", Asker("cell", 1))), range(400)))
    assert sorted(int(turn.asked) for turn in book.find("tutor")) == list(range(400))
