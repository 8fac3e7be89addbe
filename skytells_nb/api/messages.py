"""A prompt -> the messages of a chat, or the items of a response.

A prompt is a text, a list of parts (texts and pictures) that make one message, or a list of messages. In messages and
parts alike, pictures may stand as whatever `pictures` reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError, plain
from .pictures import picture_link

Message = Mapping[str, Any]
Prompt = str | Sequence[Any]


def messages_of(
    prompt: Prompt, system: str | None = None, images: Sequence[Any] = (), *, items: bool = False
) -> list[Message]:
    """Make chat messages of a prompt, a system text and pictures, which join the last message of the user.

    With `items`, what has a type instead of a role (an item of a response) may stand among the messages.
    """
    messages = _messages(prompt)
    for position, message in enumerate(messages):
        given = message if isinstance(message, Mapping) else {}
        if not isinstance(given.get("role"), str) and not (items and isinstance(given.get("type"), str)):
            raise InputError(f"Message {position} is not a dict with a role.", 'Use {"role": "user", "content": "…"}.')
    messages = [_with_parts(message) for message in messages]
    if _says_nothing(messages):
        raise InputError("The prompt is empty.", "Write a question; nothing was sent.")
    if _is_one(images):
        raise InputError("`images` is one picture, not a list.", "Write images=[picture].")
    if pictures := list(images):
        messages = _illustrated(messages, pictures)
    return [{"role": "system", "content": system}, *messages] if system else messages


def _messages(prompt: Any) -> list[Any]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list | tuple):
        raise InputError(f"The prompt is {plain(type(prompt).__name__)}, not text or messages.", "Give it as text.")
    is_one_message = bool(prompt) and all(map(_is_part, prompt))
    return [{"role": "user", "content": list(prompt)}] if is_one_message else list(prompt)


_PARTS = frozenset({"text", "image_url", "input_text", "input_image", "input_audio", "file"})


def _is_part(value: Any) -> bool:
    return not isinstance(value, Mapping) or ("role" not in value and value.get("type") in _PARTS)


def _is_one(images: Any) -> bool:
    return isinstance(images, str | bytes | bytearray | Path | Mapping) or not hasattr(images, "__iter__")


def _with_parts(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list | tuple):
        return message
    return {**message, "content": [part_of(part) for part in content]}


def part_of(value: Any) -> Message:
    """Make a content part: a dict stays, text becomes text, anything else must be a picture."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str):
        return {"type": "text", "text": value}
    return {"type": "image_url", "image_url": {"url": picture_link(value)}}


def _says_nothing(messages: Sequence[Message]) -> bool:
    if not messages:
        return True
    last = messages[-1].get("content")
    parts = last if isinstance(last, list) else [{"text": last}]
    texts = [part.get("text") if part.keys() <= {"type", "text"} else None for part in parts]
    return messages[-1].get("role") == "user" and all(isinstance(text, str) and not text.strip() for text in texts)


def _illustrated(messages: Sequence[Message], images: Sequence[Any]) -> list[Message]:
    last = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].get("role") == "user"), None)
    if last is None:
        raise InputError("There is no message of the user to carry the pictures.", "Add one; nothing was sent.")
    content = messages[last].get("content") or []
    said = [part_of(content)] if isinstance(content, str) else list(content)
    shown = [{"type": "image_url", "image_url": {"url": picture_link(image)}} for image in images]
    return [*messages[:last], {**messages[last], "content": [*said, *shown]}, *messages[last + 1 :]]


def input_of(asked: Sequence[Message]) -> str | list[Message]:
    """Give the input of a response: the text alone where there is nothing else."""
    alone = asked[0].get("content") if len(asked) == 1 and asked[0].get("role") == "user" else None
    return alone if isinstance(alone, str) else items_of(asked)


def items_of(messages: Sequence[Message]) -> list[Message]:
    """Write chat messages as the input items of a response; what is an item already stays as it is."""
    return [item for message in messages for item in _items(message)]


def _items(message: Message) -> list[Message]:
    if "role" not in message or "type" in message:
        return [message]
    role, content = message["role"], message.get("content")
    if role == "tool":
        return [{"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": content}]
    items: list[Message] = []
    if content:
        said = [_item_part(part, role) for part in content] if isinstance(content, list) else content
        items.append({"role": role, "content": said})
    calls = message.get("tool_calls") or ()
    return items + [
        {"type": "function_call", "call_id": call.get("id"), **(call.get("function") or {})} for call in calls
    ]


def _item_part(part: Message, role: str) -> Message:
    if part.get("type") == "text":
        return {**part, "type": "output_text" if role == "assistant" else "input_text"}
    image = part.get("image_url")
    if part.get("type") == "image_url" and isinstance(image, Mapping):
        return {"type": "input_image", **{("image_url" if key == "url" else key): image[key] for key in image}}
    return part


def answered(reply_text: str, tool_calls: Sequence[Message]) -> Message:
    """Write an answer as the message that a conversation keeps of it."""
    message: dict[str, Any] = {"role": "assistant", "content": reply_text or None}
    return message | ({"tool_calls": list(tool_calls)} if tool_calls else {})
