"""Made-up log probabilities of real shape: each piece likely, and a few others less so."""

from __future__ import annotations

from typing import Any

from ..instances.chance import Chooser

_WORDS = (
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "is",
    "it",
    "on",
    "as",
    "or",
    "by",
    "an",
    "be",
    "at",
    "so",
    "we",
    "no",
    "do",
    "up",
)
_OTHERS = tuple(f" {word}" for word in _WORDS)
MOST = len(_OTHERS)
Json = dict[str, Any]


def of(piece: str, top: int) -> Json:
    """Return one piece's entry, with the `top` most likely pieces at its place, itself first."""
    chance = Chooser(piece)
    value = -(1 + chance.below(900)) / 1000
    listed = [_entry(piece, value)]
    for other in [other for other in _OTHERS if other != piece][: max(0, top - 1)]:
        value -= (100 + chance.below(900)) / 1000
        listed.append(_entry(other, round(value, 6)))
    return listed[0] | {"top_logprobs": listed[:top]}


def _entry(piece: str, value: float) -> Json:
    return {"token": piece, "logprob": value, "bytes": list(piece.encode())}
