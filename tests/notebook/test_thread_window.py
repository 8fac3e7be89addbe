"""Which turns go along with a question, and how: by tokens, as messages or by what the service remembers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.values import Usage
from skytells_nb.errors import InputError, RefusedError
from skytells_nb.notebook.threads.options import for_responses
from skytells_nb.notebook.threads.sending import is_forgotten, prepared
from skytells_nb.notebook.threads.turns import Turn
from skytells_nb.notebook.threads.window import counted, estimate, fitting, tokens

FOX = {"type": "image_url", "image_url": {"url": "https://example.org/fox.png"}}


def turn(name: str, size: int = 100, sent: tuple[str, ...] = (), response: str = "") -> Turn:
    """Make a turn of `size` tokens."""
    return Turn(f"{name}?", f"{name}!", id=name, sent=sent, response=response, question_tokens=size, answer_tokens=0)


A, B, C = (turn(name) for name in "ABC")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", 4),
        ("Hello", 4 + 2),
        ("ሰላም", 4 + 3),
        (({"type": "text", "text": "Hello"}, FOX), 4 + 2 + 1000),
        ((FOX, FOX), 4 + 2000),
    ],
)
def test_unknown_tokens_are_guessed(content: Any, expected: int) -> None:
    """A message takes four tokens and one for four bytes begun, a picture a thousand."""
    assert estimate(content) == expected


def test_what_the_service_counted_is_believed() -> None:
    """A turn has the tokens that were counted; a side that was not is guessed."""
    assert tokens(Turn("Hello", "Hello")) == 12
    assert tokens(Turn("Hello", "Hello", question_tokens=3)) == 9
    assert tokens(Turn("Hello", "Hello", question_tokens=3, answer_tokens=0)) == 3


@pytest.mark.parametrize(
    ("window", "names"), [(1000, "ABC"), (300, "ABC"), (299, "BC"), (200, "BC"), (100, "C"), (99, ""), (0, "")]
)
def test_the_window_holds_whole_turns_the_newest(window: int, names: str) -> None:
    """As many turns as fit, from the newest back; a turn that does not fit stays away, and all before it."""
    assert [each.id for each in fitting((A, B, C), window)] == list(names)


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 200))
def test_no_window_is_overdrawn(sizes: list[int], window: int) -> None:
    """What goes along is the end of the thread, within the window, and one more turn would not be."""
    thread = tuple(turn(str(number), size) for number, size in enumerate(sizes))
    sent = fitting(thread, window)
    assert sent == thread[len(thread) - len(sent) :]
    assert sum(map(tokens, sent)) <= window
    assert len(sent) == len(thread) or sum(map(tokens, thread[len(thread) - len(sent) - 1 :])) > window


def test_a_request_s_parts_add_up_to_what_was_counted() -> None:
    """A question has what the turns that went along and the system text leave of the prompt's tokens."""
    usage = Usage(prompt_tokens=250, completion_tokens=70, reasoning_tokens=20)
    assert counted((A, B), None, usage) == (50, 50)
    assert counted((A,), "Hello", usage) == (250 - 100 - 6, 50)


def test_a_count_that_cannot_be_shared_is_no_less_than_one() -> None:
    """Guesses that were too high leave a token for the question; what was not counted stays unknown."""
    assert counted((A,), None, Usage(prompt_tokens=20, completion_tokens=5, reasoning_tokens=9)) == (1, 0)
    assert counted((A,), None, Usage()) == (None, None)
    assert counted((A,), None, None) == (None, None)


def test_chat_sends_the_turns_themselves() -> None:
    """The turns of the window go along as messages, whatever the service remembers."""
    planned = prepared((A, turn("B", response="resp_B", sent=("A",))), "c?", "chat", 100)
    assert (planned.follows, [message["content"] for message in planned.messages]) == ("", ["B?", "B!", "c?"])
    assert planned.said("t") == "thread t: turn 3, 1 of 2 earlier turns sent"


def test_a_response_follows_the_one_before() -> None:
    """Where the service remembers just what is to go along, the question alone is sent."""
    planned = prepared((A, turn("B", response="resp_B", sent=("A",))), "c?", "responses", 1000)
    assert (planned.follows, planned.messages) == ("resp_B", [{"role": "user", "content": "c?"}])
    assert planned.said("t") == "thread t: turn 3, 2 of 2 earlier turns remembered by the service"
    assert len(planned.in_full.messages) == 5


@pytest.mark.parametrize(
    ("past", "window"),
    [
        pytest.param((A, turn("B", sent=("A",))), 1000, id="nothing is kept"),
        pytest.param((turn("A2"), turn("B", response="resp_B", sent=("A",))), 1000, id="a turn was replaced"),
        pytest.param((A, turn("B", response="resp_B", sent=("A",))), 199, id="the window closed"),
        pytest.param((A, turn("B", response="resp_B")), 1000, id="it follows nothing"),
    ],
)
def test_what_the_service_remembers_otherwise_is_sent_again(past: Any, window: int) -> None:
    """The model learns of the turns that the thread holds now, not of those that the service keeps."""
    planned = prepared(past, "c?", "responses", window)
    assert (planned.follows, len(planned.messages)) == ("", 2 * len(planned.sent) + 1)


def test_the_first_turn_has_nothing_before_it() -> None:
    """Its note says just where it stands."""
    assert prepared((), "a?", "chat", 1000).said("t") == "thread t: turn 1"


@pytest.mark.parametrize(
    ("status", "body", "forgotten"),
    [
        (400, {"error": {"message": "unknown", "param": "previous_response_id"}}, True),
        (404, {"error": {"message": "unknown", "code": "previous_response_not_found"}}, True),
        (400, {"message": "unknown", "param": "previous_response_id"}, True),
        (404, {"error": {"message": "unknown", "param": "resp_B"}}, True),
        (400, {"error": {"message": "unknown", "param": "temperature"}}, False),
        (403, {"error": {"message": "unknown", "param": "previous_response_id"}}, False),
        (400, "unknown", False),
    ],
)
def test_a_forgotten_response_is_recognised(status: int, body: Any, *, forgotten: bool) -> None:
    """By the status, and by the parameter or the id that is at fault, in any shape."""
    error = RefusedError("The service refused the request.", status=status, body=body)
    assert is_forgotten("resp_B", error) is forgotten


def test_options_get_the_other_api_s_names() -> None:
    """What has another name at /responses is renamed; the rest stays, and None is left out."""
    schema = {"type": "json_schema", "json_schema": {"name": "fox", "schema": {"type": "object"}}}
    told = {"system": "Be brief.", "max_tokens": 9, "temperature": None, "top_p": 0.5, "verbosity": "low"}
    assert for_responses({**told, "reasoning_effort": "low", "response_format": schema}) == {
        "instructions": "Be brief.",
        "max_output_tokens": 9,
        "top_p": 0.5,
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low", "format": {"name": "fox", "schema": {"type": "object"}, "type": "json_schema"}},
    }
    assert for_responses({"response_format": {"type": "json_object"}}) == {"text": {"format": {"type": "json_object"}}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stop": "END"}, "stop is no parameter of the Responses API. Leave it out, or ask with --api chat."),
        ({"seed": 7}, "seed is no parameter of the Responses API. Leave it out, or ask with --api chat."),
        ({"max_output_tokens": 1, "max_tokens": 2}, "max_output_tokens is said twice, once as max_tokens."),
        ({"text": {"verbosity": "low"}, "verbosity": "high"}, "text is said twice, once as verbosity."),
        ({"verbosity": "high", "text": {"verbosity": "low"}}, "text is said twice, once as text."),
    ],
)
def test_options_that_do_not_go_there_are_refused(options: dict[str, Any], said: str) -> None:
    """Before anything is sent, by name."""
    with pytest.raises(InputError) as caught:
        for_responses(options)
    assert str(caught.value).startswith(said)
