"""What a call of a text model may cost, before it is sent: the bounds of its tokens by their price. Pure.

No token is shorter than a byte, so a prompt has at most as many tokens as UTF-8 bytes, and a few that frame each
message. Pictures, files, tools of the service and what it remembers are counted where nobody else sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ..reading import count, items, record
from .amounts import MILLION, MOST, dollars, exact
from .quotes import Quote, unpriced
from .text_prices import TextPrice

_FRAME = 16
"""Tokens that frame a message or a tool, at most."""
_NODE = 4
"""Tokens that frame an object or a list in a tool's description, at most."""
_TEXT_PARTS = ("text", "input_text", "output_text", "refusal")
_TEXT_ITEMS = (None, "message", "function_call", "function_call_output")
_SAID_IN_PARAMS = ("tools", "functions", "instructions", "response_format", "text", "tool_choice")
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
CHAT_LIMIT = 8192
"""Tokens of a chat answer where nobody says how many (Inference API page, `max_tokens`)."""


@exact
def quote_text(
    price: TextPrice | str,
    asked: str | Sequence[Any],
    params: Mapping[str, Any] | None = None,
    *,
    writes: bool = True,
    limit: int | None = None,
) -> Quote:
    """Say what an answer may cost; `price` is that of the model's tokens, or why it is not known.

    `asked` are texts, messages or items of a response, `params` what else is asked: `max_tokens` (or
    `max_output_tokens`, `max_completion_tokens`) and `n` bound the answer; without them the service's own `limit`
    does, and where it has none, nothing.
    `writes` is false for a model that only reads, such as one that makes vectors.
    """
    if isinstance(price, str):
        return unpriced(price)
    params = params or {}
    least = min(price.prompt, price.prompt if price.cached is None else price.cached) / MILLION
    read = _most_read(asked, params)
    written = _most_written(params, limit) if writes else 0
    if isinstance(read, str) or written is None:
        why = read if isinstance(read, str) else "without max_tokens nothing bounds the answer"
        return Quote(least, None, price.currency, f"{why}; {_rates(price, writes=writes)}", price.told)
    dearest = max(price.prompt, price.cached or Decimal(0))
    high = (dearest * read + price.completion * written) / MILLION
    if high > MOST:
        return unpriced("the price is absurdly high", price.currency)
    bounds = f"at most {read:,} tokens in, a byte each" + (f", and {written:,} out" if writes else "")
    return Quote(least, high, price.currency, f"{bounds}; {_rates(price, writes=writes)}", price.told)


@lru_cache(256)
def _rates(price: TextPrice, *, writes: bool) -> str:
    both = f"{dollars(price.prompt, price.currency)}"
    both += f" in, {dollars(price.completion, price.currency)} out" if writes else ""
    return f"{both} a million by {price.source}"


def _most_written(params: Mapping[str, Any], limit: int | None) -> int | None:
    limits = [given for given in (count(params.get(name)) for name in _LIMITS) if given is not None]
    most = max(limits) if limits else limit
    answers = count(params.get("n"))
    return None if most is None else most * max(1, answers or 1)


def _most_read(asked: str | Sequence[Any], params: Mapping[str, Any]) -> int | str:
    """Bound the tokens of a prompt, or say why nothing does."""
    if params.get("previous_response_id") or params.get("conversation") or params.get("prompt"):
        return "what the service remembers of the conversation is read too"
    if any(record(tool).get("type", "function") != "function" for tool in items(params.get("tools"))):
        return "a tool of the service reads what it wants"
    messages = [asked] if isinstance(asked, str) else list(asked)
    if not all(map(_is_text, messages)):
        return "pictures and files are counted in tokens by the service"
    said = [params[name] for name in _SAID_IN_PARAMS if params.get(name) is not None]
    framed = 1 + len(messages) + len(items(params.get("tools")))
    return _bytes_in([*messages, *said]) + _FRAME * framed


def _is_text(message: Any) -> bool:
    if isinstance(message, str):
        return True
    if not isinstance(message, dict) or message.get("type") not in _TEXT_ITEMS:
        return False
    content = message.get("content")
    parts = content if isinstance(content, list | tuple) else ()
    return not isinstance(message.get("output"), list) and all(
        isinstance(part, dict) and part.get("type") in _TEXT_PARTS for part in parts
    )


def _bytes_in(value: Any) -> int:
    """Count the UTF-8 bytes of all that is said in a nest of JSON, names included."""
    total, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            total += len(each) if each.isascii() else len(each.encode("utf-8", "surrogatepass"))
        elif isinstance(each, dict):
            total += _NODE
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list | tuple):
            total += _NODE
            waiting += each
        elif each is not None:
            total += each.bit_length() // 3 + 6 if isinstance(each, int) else 30
    return total
