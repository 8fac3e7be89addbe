"""What a caller asks of the Responses API: the JSON body checked and made a frozen value.

What the answer depends on becomes the same `Prompt` as a chat's. The other parameters are checked where a wrong one
would surprise, and echoed in the reply. A parameter that the sandbox does not know is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import formats, logprobs, responses_items, tool_calls
from .histories import History
from .inference import Message, Prompt
from .parameters import MOST_TOKENS, flag, mapping, missing, model, refuse, sampling, stream_options, whole

if TYPE_CHECKING:
    from ..dialect import Dialect
    from .histories import Histories

_LOGPROBS = "message.output_text.logprobs"
# Echoed in the reply, in the order the reply has them: a parameter and what it is when it is not given.
_ECHOED: dict[str, Any] = {
    "temperature": 0.7,
    "top_p": 0.95,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "top_logprobs": 0,
    "truncation": "disabled",
    "service_tier": "default",
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "metadata": {},
    "user": None,
}
_ONE_OF = {
    "truncation": ("auto", "disabled"),
    "reasoning.effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "reasoning.summary": ("auto", "concise", "detailed"),
    "text.verbosity": ("low", "medium", "high"),
}
_MOST_PAIRS = 16


@dataclass(frozen=True, slots=True, eq=False)
class ResponsesRequest:
    """A checked request: the prompt, what of it is remembered, how it is told, and what the reply echoes.

    `joined` is whether the reply has its text at the top too.
    """

    prompt: Prompt
    history: History
    store: bool
    stream: bool
    top: int | None
    previous: str | None
    instructions: Any
    joined: bool
    echoed: dict[str, Any]


def parse(body: dict[str, Any], histories: Histories, dialect: Dialect, *, stream: bool) -> ResponsesRequest:
    """Check a body; `histories` are those of the stored responses. Raises `Refusal` for what is wrong first."""
    stream_options(body, dialect)
    found = model(body.get("model"))
    if body.get("input") is None:
        missing("input", "a text or a list of items")
    history = responses_items.after(_before(body.get("previous_response_id"), histories), body["input"])
    instructions = _instructions(body.get("instructions"))
    sampling(body)
    text = mapping(body, "text")
    for name, known in _ONE_OF.items():
        holder, _, key = name.rpartition(".")
        given = (mapping(body, holder) if holder else body).get(key)
        if given is not None and given not in known:
            refuse(name, f"must be one of {', '.join(known)}")
    whole(body, "max_tool_calls", None, low=1, high=MOST_TOKENS)
    _metadata(body)
    prompt = Prompt(
        model=found,
        messages=instructions + history.turns,
        max_tokens=whole(body, "max_output_tokens", 8192, low=1, high=MOST_TOKENS),
        form=formats.parse(text.get("format"), "text.format", nested=False),
        toolbox=tool_calls.parse(body),
    )
    return ResponsesRequest(
        prompt=prompt,
        history=history,
        store=flag(body, "store", default=dialect.store == "on"),
        stream=flag(body, "stream") or stream,
        top=_top(body),
        previous=body.get("previous_response_id"),
        instructions=body.get("instructions"),
        joined=dialect.output_text == "present",
        echoed={name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()}
        | {key: _ECHOED[key] | mapping(body, key) for key in ("reasoning", "text")},
    )


def _before(given: Any, histories: Histories) -> History:
    if given is None:
        return History()
    found = histories.find(given) if isinstance(given, str) else None
    if found is None:
        refuse("previous_response_id", "must be the id of a response that was created with 'store': true")
    return found


def _instructions(given: Any) -> tuple[Message, ...]:
    if given is None:
        return ()
    if isinstance(given, str):
        return (Message("system", given),)
    return refuse("instructions", "must be a text")


def _top(body: dict[str, Any]) -> int | None:
    include = body.get("include") or []
    if not isinstance(include, list):
        refuse("include", "must be a list")
    top = whole(body, "top_logprobs", 0, low=0, high=logprobs.MOST)
    return top if top or _LOGPROBS in include else None


def _metadata(body: dict[str, Any]) -> None:
    pairs = mapping(body, "metadata")
    if len(pairs) > _MOST_PAIRS or not all(isinstance(value, str) for value in pairs.values()):
        refuse("metadata", f"must be at most {_MOST_PAIRS} names with a text each")
