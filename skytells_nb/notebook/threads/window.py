"""Which turns of a thread go along with a question: whole ones, the newest, as many as the window's tokens hold. Pure.

What the service counted is believed. Where it did not say, or a turn is new here, a token stands for four bytes of
UTF-8, a message has four tokens more to frame it, and a picture, or another part that is no text, counts a
thousand.
"""

from __future__ import annotations

from math import ceil

from ...api.values import Usage
from .turns import Content, Thread, Turn, shown

_BYTES = 4
_FRAME = 4
_PICTURE = 1000


def estimate(content: Content) -> int:
    """Guess the tokens of a message."""
    if isinstance(content, str):
        return _FRAME + ceil(len(content.encode("utf-8", "replace")) / _BYTES)
    texts = tuple(part for part in content if isinstance(part.get("text"), str))
    return estimate(shown(texts)) + _PICTURE * (len(content) - len(texts))


def tokens(turn: Turn) -> int:
    """Give the tokens of a turn, question and answer: counted by the service where it did, else guessed."""
    asked = estimate(turn.question) if turn.question_tokens is None else turn.question_tokens
    answered = estimate(turn.answer) if turn.answer_tokens is None else turn.answer_tokens
    return asked + answered


def fitting(thread: Thread, window: int) -> Thread:
    """Give the newest turns that together have at most `window` tokens; none where the newest alone has more."""
    left, first = window, len(thread)
    while first and tokens(thread[first - 1]) <= left:
        first -= 1
        left -= tokens(thread[first])
    return thread[first:]


def counted(sent: Thread, system: str | None, usage: Usage | None) -> tuple[int | None, int | None]:
    """Share what the service counted for one request: the tokens of its question, and of its answer.

    The question has what the turns that went along and the system text leave, so that all of them together are what
    was counted. The thoughts of a model are not sent again, and are no part of its answer.
    """
    if usage is None:
        return None, None
    question = answer = None
    if usage.prompt_tokens is not None:
        known = sum(map(tokens, sent)) + (estimate(system) if system else 0)
        question = max(1, usage.prompt_tokens - known)
    if usage.completion_tokens is not None:
        answer = max(0, usage.completion_tokens - (usage.reasoning_tokens or 0))
    return question, answer
