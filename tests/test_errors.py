"""An error is one line where it happens, a whole story on request, and never a way for a key or a trick to get out."""

from __future__ import annotations

import inspect
import pickle

import pytest

from skytells_nb import errors
from skytells_nb.errors import (
    BrokenStreamError,
    InvalidInputError,
    JobFailedError,
    NetworkError,
    RateLimitError,
    ServiceError,
    SkytellsError,
    UnknownNameError,
    nearest,
    plain,
)

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SkytellsError)]


def raised(error: Exception) -> Exception:
    """Raise an error on top of another and catch it, so that it has a traceback and a cause."""
    try:
        try:
            raise ValueError("the cause underneath")
        except ValueError as cause:
            raise error from cause
    except type(error):
        return error


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_shows_itself_as_one_line_while_it_is_handled(kind: type[SkytellsError]) -> None:
    """IPython asks while the cell fails: one line, with the class and the sentences."""
    shown: list[str] = []
    try:
        raise kind("It went wrong.", "Do this.", error_id="SOME_ID", status=418, request_id="req_1")
    except SkytellsError as error:
        shown.extend(error._render_traceback_())
    assert shown == [f"{kind.__name__}: It went wrong. Do this. [SOME_ID, HTTP 418, req_1]"]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_tells_the_whole_story_afterwards(kind: type[SkytellsError]) -> None:
    """`%tb` asks later: the chained traceback down to the cause."""
    lines = raised(kind("It went wrong.", "Do this."))._render_traceback_()  # type: ignore[attr-defined]
    assert lines[0] == "ValueError: the cause underneath" or "Traceback (most recent call last):" in lines[0]
    assert "ValueError: the cause underneath" in lines
    assert lines[-1].endswith(f"{kind.__name__}: It went wrong. Do this.")


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling(kind: type[SkytellsError]) -> None:
    """An error that comes back from a worker process says and holds the same."""
    error = kind("It went wrong.", "Do this.", error_id="ID", status=500, request_id="req_1", body={"a": [1]})
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.__dict__) == (str(error), error.__dict__)


@pytest.mark.parametrize(
    "error",
    [
        UnknownNameError("w", name="truefuson", suggestion="truefusion"),
        InvalidInputError("w", problems=(1, 2)),
        RateLimitError("w", retry_after=12.0),
        ServiceError("w", may_have_run=True, retry_after=3.0),
        NetworkError("w", may_have_run=True),
        JobFailedError("w", prediction={"id": "p"}),
        BrokenStreamError("w", reply="half"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_an_error_carries_survives_pickling(error: SkytellsError) -> None:
    """The facts of a class's own travel too."""
    assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__


def test_the_tree_of_the_docstring_is_the_tree_of_the_classes() -> None:
    """What the module's docstring draws is what there is."""
    public = {kind.__name__ for kind in CLASSES if not kind.__name__.startswith("_")}
    assert errors.__doc__ is not None
    assert {word for word in errors.__doc__.split() if word.endswith("Error")} == public


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand   blanks", "two lines and blanks"),
        ("\x1b[31mred\x1b[0m and \x1b[2Jgone", "red and gone"),
        ("bell\x07 null\x00 delete\x7f", "bell null delete"),
        ("evil\u202etxt.exe\u2066 \u200bhidden \u061cmark \ufeffbom", "eviltxt.exe hidden mark bom"),
        ("tag\U000e0041 and \ufff9note\ufffb, \u180ehidden", "tag and note, hidden"),
        ("half a \ud83d pair", "half a pair"),
        ("see JavaScript://a.b/%0Aalert(1) or https://a.b", "see JavaScript: //a.b/%0Aalert(1) or https://a.b"),
        ("line\u2028separator", "line separator"),
        ("your key sk-live_abc-123456 is bad", "your key sk-… is bad"),
        ("Bearer sk-abcdef, x-api-key=sk-ghijkl", "Bearer sk-…, x-api-key=sk-…"),
        ("the task-runner and the mask-image stay", "the task-runner and the mask-image stay"),
        (None, "None"),
    ],
)
def test_foreign_text_becomes_one_harmless_line(text: object, shown: str) -> None:
    """No control, colour or direction marks, no half characters, no key; ordinary words stay."""
    assert plain(text) == shown
    plain(text).encode("utf-8")


def test_foreign_text_is_cut_at_its_limit() -> None:
    """A page of HTML does not become an error message."""
    assert plain("x" * 10_000, 10) == "x" * 9 + "…"


def test_a_key_in_a_cause_is_hidden_in_the_whole_story() -> None:
    """Also what a library underneath said is cleaned before it is shown."""
    try:
        try:
            raise ValueError("refused sk-secret-123456")
        except ValueError as cause:
            raise ServiceError("It went wrong.") from cause
    except ServiceError as error:
        caught = error
    assert "sk-secret" not in "\n".join(caught._render_traceback_())


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("truefuson-pro", "truefusion-pro"), ("TRUEFUSION", "truefusion"), ("zzzzqq", None), ("", None)],
)
def test_the_nearest_name_is_the_one_that_was_meant(name: str, suggestion: str | None) -> None:
    """Typing slips find their word, in any letter case; what is like nothing finds nothing."""
    assert nearest(name, ["truefusion", "truefusion-pro", "beatfusion-2.0"]) == suggestion


def test_nothing_is_near_where_nothing_is_known() -> None:
    """An empty catalogue has no suggestion."""
    assert nearest("truefusion", []) is None


def test_an_unknown_name_error_lists_the_known_where_none_is_near() -> None:
    """The words are sorted and named."""
    error = UnknownNameError.of("option", "zzz", ["tag", "model"])
    assert str(error) == "There is no option 'zzz'. Known: model, tag."
    assert (error.name, error.suggestion) == ("zzz", None)


def test_an_unknown_name_error_bounds_what_it_lists() -> None:
    """A catalogue of hundreds is not poured into a message."""
    error = UnknownNameError.of("model", "zzz", [f"model-number-{n}" for n in range(500)])
    assert str(error).endswith("model-number-108, ….")
    assert len(str(error)) < 450
