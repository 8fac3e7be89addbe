"""The items of a Responses request as turns of a conversation, and an answer as items of a Responses reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import logprobs
from .histories import History
from .inference import Message, label
from .parameters import refuse

if TYPE_CHECKING:
    from .inference import Answer, Completion

_ROLES = ("user", "assistant", "system", "developer")
Json = dict[str, Any]


def after(history: History, given: Any) -> History:
    """Return `history` with `input` behind it, a text or a list of items. Raises `Refusal` for the first wrong one."""
    if isinstance(given, str) and given:
        return History((*history.turns, Message("user", given)), history.tools)
    if not isinstance(given, list) or not given:
        refuse("input", "must be a text or a list of items, and not empty")
    tools = dict(history.tools)
    read = [_turn(f"input[{index}]", item, tools) for index, item in enumerate(given)]
    return History((*history.turns, *(turn for turn in read if turn is not None)), tuple(tools.items()))


def _turn(where: str, item: Any, tools: dict[str, str]) -> Message | None:
    """Read one item; `tools` knows what earlier items called, by the call's id."""
    if not isinstance(item, dict):
        refuse(where, "must be an object")
    match item.get("type", "message"):
        case "message":
            if item.get("role") not in _ROLES:
                refuse(f"{where}.role", f"must be one of {', '.join(_ROLES)}")
            return Message(item["role"], *_content(f"{where}.content", item.get("content")))
        case "function_call":
            match item:
                case {"call_id": str(call_id), "name": str(name), "arguments": str(arguments)}:
                    tools[call_id] = name
                    return Message("assistant", f"{name} {arguments}")
            refuse(where, "must have call_id, name and arguments, each a text")
        case "function_call_output":
            if not isinstance(item.get("call_id"), str):
                refuse(f"{where}.call_id", "must be a text")
            text, images = _content(f"{where}.output", item.get("output"))
            return Message("tool", text, images, tools.get(item["call_id"], ""))
        case "reasoning":
            return None
    return refuse(f"{where}.type", "must be message, function_call, function_call_output or reasoning")


def _content(where: str, given: Any) -> tuple[str, int]:
    """Return the text and the number of pictures of a content."""
    if isinstance(given, str):
        return given, 0
    if not isinstance(given, list):
        refuse(where, "must be a text or a list of parts")
    texts, images = [], 0
    for index, part in enumerate(given):
        match part:
            case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
                texts.append(text)
            case {"type": "refusal", "refusal": str(text)}:
                texts.append(text)
            case {"type": "input_image", "image_url": str()} | {"type": "input_image", "file_id": str()}:
                images += 1
            case _:
                refuse(f"{where}[{index}]", "must be {type: input_text, text} or {type: input_image, image_url}")
    return "".join(texts), images


def told(history: History, completion: Completion) -> History:
    """Return `history` with the answer behind it."""
    answer = completion.answers[0]
    said = (Message("assistant", answer.text),) if answer.pieces else ()
    calls = tuple(Message("assistant", f"{call.name} {call.arguments}") for call in answer.calls)
    names = tuple((label("call", completion.id, number), call.name) for number, call in enumerate(answer.calls))
    return History(history.turns + said + calls, history.tools + names)


def output(completion: Completion, *, top: int | None) -> list[Json]:
    """Return the answer as finished items; a text that a limit cut is incomplete."""
    answer = completion.answers[0]
    status = "completed" if answer.reason in {"stop", "tool_calls"} else "incomplete"
    if not answer.calls:
        thoughts = [_reasoning(completion)] if answer.thoughts else []
        return [*thoughts, message(completion, status) | {"content": [part(answer, top=top)]}]
    whole = len(answer.calls) - (answer.reason == "length")
    return [
        function_call(completion, number)
        | {"status": "completed" if number < whole else "incomplete", "arguments": call.arguments}
        for number, call in enumerate(answer.calls)
    ]


def _reasoning(completion: Completion) -> Json:
    """Return what was thought before the answer, as a summary, which is all that this API shows of it."""
    summary = {"type": "summary_text", "text": "".join(completion.answers[0].thoughts)}
    return {"id": label("rs", completion.id), "type": "reasoning", "status": "completed", "summary": [summary]}


def message(completion: Completion, status: str) -> Json:
    """Return the answer's message, still without content."""
    return {
        "id": label("msg", completion.id),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [],
    }


def part(answer: Answer, *, top: int | None, empty: bool = False) -> Json:
    """Return the one part of the answer's message, whole or still `empty`."""
    text = "" if empty else answer.text
    if answer.refused:
        return {"type": "refusal", "refusal": text}
    listed = [logprobs.of(piece, top) for piece in answer.pieces] if top is not None and not empty else []
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": listed}


def function_call(completion: Completion, number: int) -> Json:
    """Return one call, still without arguments."""
    return {
        "id": label("fc", completion.id, number),
        "type": "function_call",
        "status": "in_progress",
        "call_id": label("call", completion.id, number),
        "name": completion.answers[0].calls[number].name,
        "arguments": "",
    }
