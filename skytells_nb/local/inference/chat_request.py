"""What a caller asks of a chat: the JSON body checked and made a frozen value.

Only what the answer depends on is kept. A parameter that is wrong is refused by name, in the order a reader
would check the body; one the sandbox does not know is ignored, as OpenAI-compatible servers do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..refusals import Refusal
from . import formats, logprobs, tool_calls
from .inference import Message, Prompt
from .parameters import MOST_TOKENS, flag, missing, model, refuse, sampling, stream_options, whole

if TYPE_CHECKING:
    from ..dialect import Dialect

_ROLES = ("system", "user", "assistant", "tool", "developer", "function")
_MOST_CHOICES = 8


@dataclass(frozen=True, slots=True, eq=False)
class ChatRequest:
    """A checked request: the prompt, and how the answer is to be told; `top` is None without log probabilities."""

    prompt: Prompt
    stream: bool = False
    include_usage: bool = False
    top: int | None = None


def parse(body: dict[str, Any], dialect: Dialect, *, stream: bool = False) -> ChatRequest:
    """Check a body; `stream` is what the query asks. Raises `Refusal` for the first wrong parameter."""
    found = model(body.get("model"))
    messages = _messages(body.get("messages"))
    sampling(body)
    limit = "max_tokens" if body.get("max_completion_tokens") is None else "max_completion_tokens"
    options = stream_options(body, dialect)
    prompt = Prompt(
        model=found,
        messages=messages,
        max_tokens=whole(body, limit, 8192, low=1, high=MOST_TOKENS),
        stop=_stop(body.get("stop")),
        seed=whole(body, "seed", None, low=-(2**63), high=2**63),
        n=whole(body, "n", 1, low=1, high=_MOST_CHOICES),
        form=formats.parse(body.get("response_format"), "response_format", nested=True),
        toolbox=tool_calls.parse(body),
    )
    return ChatRequest(
        prompt=prompt,
        stream=flag(body, "stream") or stream,
        include_usage=flag(options, "include_usage"),
        top=_top(body),
    )


def _top(body: dict[str, Any]) -> int | None:
    wanted, top = flag(body, "logprobs"), whole(body, "top_logprobs", 0, low=0, high=logprobs.MOST)
    if top and not wanted:
        text = "The parameter 'top_logprobs' needs 'logprobs' to be true."
        raise Refusal(400, text, "INVALID_PARAMETER_COMBINATION", param="top_logprobs")
    return top if wanted else None


def _messages(given: Any) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        missing("messages", "a list with at least one message")
    tools: dict[str, str] = {}
    return tuple(_message(f"messages[{index}]", item, tools) for index, item in enumerate(given))


def _message(where: str, item: Any, tools: dict[str, str]) -> Message:
    """Read one turn; `tools` knows what the calls of earlier turns called, by the call's id."""
    if not isinstance(item, dict):
        refuse(where, "must be an object with 'role' and 'content'")
    role, content = item.get("role"), item.get("content")
    if role not in _ROLES:
        refuse(f"{where}.role", f"must be one of {', '.join(_ROLES)}")
    called = _called(where, item.get("tool_calls"), tools) if role == "assistant" else ""
    tool = tools.get(str(item.get("tool_call_id")), str(item.get("name") or "")) if role in {"tool", "function"} else ""
    if isinstance(content, str):
        return Message(role, content + called, tool=tool)
    if isinstance(content, list):
        parts = [_part(f"{where}.content[{index}]", part) for index, part in enumerate(content)]
        return Message(role, "".join(text for text, _ in parts) + called, sum(image for _, image in parts), tool)
    if content is None and role == "assistant" and (called or item.get("refusal") or item.get("function_call")):
        return Message(role, called or str(item.get("refusal") or ""))
    return refuse(f"{where}.content", "must be a string or a list of parts")


def _called(where: str, calls: Any, tools: dict[str, str]) -> str:
    """Read the calls of an assistant's turn as the text that was written for them."""
    if not isinstance(calls, list | None):
        refuse(f"{where}.tool_calls", "must be a list")
    text = ""
    for index, call in enumerate(calls or []):
        match call:
            case {"id": str(label), "function": {"name": str(name), "arguments": str(arguments)}}:
                tools[label] = name
                text += f"{name} {arguments}"
            case {"id": str(), "type": str(kind)} if kind != "function":
                text += json.dumps(call)
            case _:
                refuse(f"{where}.tool_calls[{index}]", "must be {id, type: function, function: {name, arguments}}")
    return text


def _part(where: str, part: Any) -> tuple[str, int]:
    match part:
        case {"type": "text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            return text, 0
        case {"type": "image_url", "image_url": {"url": str()}}:
            return "", 1
    return refuse(where, "must be {type: text, text} or {type: image_url, image_url: {url}}")


def _stop(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or len(listed) > 100 or not all(isinstance(s, str) and s for s in listed):
        refuse("stop", "must be a string or a list of strings, none of them empty")
    return tuple(listed)
