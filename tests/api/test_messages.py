"""Whatever a prompt is made of becomes the messages of a chat, or the items of a response."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skytells_nb.api.messages import answered, items_of, messages_of
from skytells_nb.errors import InputError

LINK = "https://example.org/fox.png"
GIF = b"GIF89a" + bytes(8)
GIF_LINK = "data:image/gif;base64,R0lGODlhAAAAAAAAAAA="


def shown(link: str) -> dict[str, Any]:
    """Write the part of chat that shows a picture."""
    return {"type": "image_url", "image_url": {"url": link}}


def text(words: str) -> dict[str, Any]:
    """Write the part of chat that says something."""
    return {"type": "text", "text": words}


def test_a_text_is_one_message_of_the_user() -> None:
    """A system text stands before it."""
    assert messages_of("Hi", "Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]


def test_a_list_of_texts_and_pictures_is_one_message() -> None:
    """Text stays text, also where it looks like a link; bytes are a picture."""
    assert messages_of(["What is", LINK, GIF]) == [
        {"role": "user", "content": [text("What is"), text(LINK), shown(GIF_LINK)]}
    ]


def test_parts_in_the_api_s_own_form_stay_as_they_are() -> None:
    """Among them, those that this version need not know."""
    audio = {"type": "input_audio", "input_audio": {"data": "…", "format": "mp3"}}
    detailed = {"type": "image_url", "image_url": {"url": LINK, "detail": "low"}}
    assert messages_of([text("Hi"), detailed, audio]) == [{"role": "user", "content": [text("Hi"), detailed, audio]}]


def test_images_join_the_text() -> None:
    """A link of any scheme that is meant for pictures, and bytes."""
    data = "data:image/png;base64,AA=="
    assert messages_of("What is this?", images=[LINK, data, GIF]) == [
        {"role": "user", "content": [text("What is this?"), shown(LINK), shown(data), shown(GIF_LINK)]}
    ]


def test_images_join_the_last_message_of_the_user() -> None:
    """Not the assistant's after it, nor an earlier one; what is given stays as it was."""
    given = [
        {"role": "user", "content": "one"},
        {"role": "user", "content": [text("two")], "name": "Ada"},
        {"role": "assistant", "content": "three"},
    ]
    assert messages_of(given, images=[LINK]) == [
        {"role": "user", "content": "one"},
        {"role": "user", "content": [text("two"), shown(LINK)], "name": "Ada"},
        {"role": "assistant", "content": "three"},
    ]
    assert given[1]["content"] == [text("two")]


def test_pictures_stand_in_the_content_of_messages() -> None:
    """A message's content is a list of parts as a prompt is."""
    assert messages_of([{"role": "user", "content": ["What is", GIF]}]) == [
        {"role": "user", "content": [text("What is"), shown(GIF_LINK)]}
    ]


def test_images_may_come_from_any_loop(tmp_path: Path) -> None:
    """A generator of paths is a list of pictures."""
    (tmp_path / "a.gif").write_bytes(GIF)
    assert messages_of("Hi", images=(path for path in tmp_path.iterdir()))[0]["content"] == [
        text("Hi"),
        shown(GIF_LINK),
    ]


def test_an_array_is_named_as_no_picture() -> None:
    """An array of numbers has no truth and no colours."""
    with pytest.raises(InputError, match=r"^A value of type ndarray is no picture"):
        messages_of("Hi", images=np.zeros((2, 2)))


@pytest.mark.parametrize("images", [LINK, Path("a.png"), b"GIF89a", bytearray(b"GIF89a"), shown(LINK), 3])
def test_one_picture_is_no_list_of_pictures(images: Any) -> None:
    """A slip that would send each letter of a link."""
    with pytest.raises(InputError, match=r"^`images` is one picture, not a list\. Write images=\[picture\]\.$"):
        messages_of("Hi", images=images)


def test_pictures_need_a_message_of_the_user() -> None:
    """A conversation that only the assistant has begun can carry none."""
    with pytest.raises(InputError, match=r"^There is no message of the user"):
        messages_of([{"role": "assistant", "content": "Hi"}], images=[LINK])


@pytest.mark.parametrize(
    "prompt", [[""], ["", "  "], [{"role": "user", "content": []}], [{"role": "user", "content": [""]}]]
)
def test_parts_that_say_nothing_are_an_empty_prompt(prompt: Any) -> None:
    """As an empty text is."""
    with pytest.raises(InputError, match=r"^The prompt is empty"):
        messages_of(prompt)


@pytest.mark.parametrize("prompt", [3, None, b"GIF89a", {"role": "user", "content": "Hi"}, object()])
def test_what_is_no_prompt_is_named_by_its_type(prompt: Any) -> None:
    """A message alone is a list that lacks its brackets; it is not guessed at."""
    with pytest.raises(InputError, match=rf"^The prompt is {type(prompt).__name__}, not text or messages"):
        messages_of(prompt)


def test_a_part_that_is_nothing_known_is_refused() -> None:
    """Neither text, nor dict, nor picture."""
    with pytest.raises(InputError, match=r"^A value of type int is no picture"):
        messages_of(["Hi", 3])


def test_an_item_of_a_response_is_no_message_of_a_chat() -> None:
    """It has a type in place of a role; only the Responses API takes it."""
    output = {"type": "function_call_output", "call_id": "c", "output": "3"}
    assert messages_of([output], items=True) == [output]
    with pytest.raises(InputError, match=r"^Message 0 is not a dict with a role"):
        messages_of([output])


def test_messages_become_items() -> None:
    """Each role's text, with parts in the words of the Responses API."""
    messages = messages_of(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": ["What is", LINK, GIF]},
            {"role": "assistant", "content": [text("A fox.")]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": LINK, "detail": "low"}}]},
        ]
    )
    assert items_of(messages) == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is"},
                {"type": "input_text", "text": LINK},
                {"type": "input_image", "image_url": GIF_LINK},
            ],
        },
        {"role": "assistant", "content": [{"type": "output_text", "text": "A fox."}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": LINK, "detail": "low"}]},
    ]


def test_tool_calls_become_items_of_their_own() -> None:
    """A call and its result, known by the same id; words beside a call come before it."""
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}
    messages = [
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "3"},
    ]
    item = {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": '{"a":1}'}
    assert items_of(messages) == [
        {"role": "assistant", "content": "Let me see."},
        item,
        item,
        {"type": "function_call_output", "call_id": "call_1", "output": "3"},
    ]


def test_an_item_stays_as_it_is() -> None:
    """What another response gave out can be put in again."""
    given = [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "something_new", "x": 1},
    ]
    assert items_of(messages_of(given, items=True)) == given


@pytest.mark.parametrize(
    ("said", "calls", "message"),
    [
        ("Hi", [], {"role": "assistant", "content": "Hi"}),
        ("", [{"id": "c"}], {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}),
    ],
)
def test_an_answer_is_kept_as_a_message(said: str, calls: list[Any], message: Any) -> None:
    """With its tool calls, so that their results can follow."""
    assert answered(said, calls) == message
