"""What a caller asks of a chat: the JSON body checked and made a frozen value.

Only what the answer depends on is kept. A parameter that is wrong is refused by name, in the order a reader
would check the body; one the sandbox does not know is ignored, as OpenAI-compatible servers do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from . import catalogue
from .refusals import Refusal

_ROLES = ("system", "user", "assistant", "tool", "developer", "function")
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
_MOST_CHOICES = 8
_T = TypeVar("_T", int, None)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, the text of all its parts, and how many pictures it carries."""

    role: str
    text: str
    images: int = 0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A checked request: the model, the turns, and the parameters an answer depends on."""

    model: catalogue.Model
    messages: tuple[Message, ...]
    max_tokens: int = 8192
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    stream: bool = False
    include_usage: bool = False
    as_json: bool = False


def parse(body: dict[str, Any], *, stream: bool = False) -> ChatRequest:
    """Check a body; `stream` is what the query asks. Raises `Refusal` for the first wrong parameter."""
    model = _model(body.get("model"))
    messages = _messages(body.get("messages"))
    for name, (low, high) in _RANGES.items():
        given = body.get(name)
        if given is not None and not (_is_number(given) and low <= given <= high):
            _refuse(name, f"must be a number between {low} and {high}")
    limit = "max_tokens" if body.get("max_completion_tokens") is None else "max_completion_tokens"
    options = body.get("stream_options") or {}
    if not isinstance(options, dict):
        _refuse("stream_options", "must be an object")
    return ChatRequest(
        model=model,
        messages=messages,
        max_tokens=_whole(body, limit, 8192, low=1, high=10**9),
        stop=_stop(body.get("stop")),
        seed=_whole(body, "seed", None, low=-(2**63), high=2**63),
        n=_whole(body, "n", 1, low=1, high=_MOST_CHOICES),
        stream=_flag(body, "stream") or stream,
        include_usage=_flag(options, "include_usage"),
        as_json=_as_json(body.get("response_format")),
    )


def _model(slug: Any) -> catalogue.Model:
    if not isinstance(slug, str) or not slug:
        raise Refusal(422, "The parameter 'model' is required and must be a string.", param="model")
    model = catalogue.find(slug)
    if model is None:
        raise Refusal(404, f"The model '{slug[:100]}' was not found.")
    if model.kind != "text":
        text = f"The model '{slug}' makes {model.kind}; send it to /v1/predictions."
        raise Refusal(422, text, "MODEL_NOT_SUPPORTED", param="model")
    return model


def _messages(given: Any) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        text = "The parameter 'messages' is required and must be a list with at least one message."
        raise Refusal(422, text, param="messages")
    return tuple(_message(f"messages[{index}]", item) for index, item in enumerate(given))


def _message(where: str, item: Any) -> Message:
    if not isinstance(item, dict):
        _refuse(where, "must be an object with 'role' and 'content'")
    role, content = item.get("role"), item.get("content")
    if role not in _ROLES:
        _refuse(f"{where}.role", f"must be one of {', '.join(_ROLES)}")
    if isinstance(content, str):
        return Message(role, content)
    if isinstance(content, list):
        parts = [_part(f"{where}.content[{index}]", part) for index, part in enumerate(content)]
        return Message(role, "".join(text for text, _ in parts), sum(image for _, image in parts))
    if content is None and role == "assistant" and (item.get("tool_calls") or item.get("refusal")):
        return Message(role, "")
    return _refuse(f"{where}.content", "must be a string or a list of parts")


def _part(where: str, part: Any) -> tuple[str, int]:
    match part:
        case {"type": "text", "text": str(text)}:
            return text, 0
        case {"type": "image_url", "image_url": {"url": str()}}:
            return "", 1
    return _refuse(where, "must be {type: text, text} or {type: image_url, image_url: {url}}")


def _stop(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or len(listed) > 100 or not all(isinstance(s, str) and s for s in listed):
        _refuse("stop", "must be a string or a list of strings, none of them empty")
    return tuple(listed)


def _as_json(given: Any) -> bool:
    if given is None:
        return False
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in ("text", "json_object"):
        _refuse("response_format", "must be {type: text} or {type: json_object}")
    return bool(kind == "json_object")


def _flag(body: dict[str, Any], name: str) -> bool:
    given = body.get(name)
    if given is not None and not isinstance(given, bool):
        _refuse(name, "must be true or false")
    return bool(given)


def _whole(body: dict[str, Any], name: str, default: _T, *, low: int, high: int) -> int | _T:
    given = body.get(name)
    if given is None:
        return default
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        _refuse(name, f"must be a whole number between {low} and {high}")
    return given


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _refuse(name: str, rule: str) -> NoReturn:
    raise Refusal(400, f"The parameter '{name}' {rule}.", "INVALID_PARAMETER", param=name)
