"""The safety fields that the platform adds to OpenAI's: what its filters found in a prompt and in an answer."""

from __future__ import annotations

from typing import Any

_SEVERITIES = ("hate", "self_harm", "sexual", "violence")
Json = dict[str, Any]


def prompt(*, blocked: bool = False) -> Json:
    """Return what the filters say of a prompt."""
    return _severities(violent=blocked) | {"jailbreak": {"filtered": False, "detected": False}}


def answer(*, blocked: bool) -> Json:
    """Return what the filters say of an answer."""
    return _severities(violent=blocked) | {
        "protected_material_code": {"filtered": False, "detected": False},
        "protected_material_text": {"filtered": False, "detected": False},
    }


def _severities(*, violent: bool) -> Json:
    results: Json = {name: {"filtered": False, "severity": "safe"} for name in _SEVERITIES}
    return results | ({"violence": {"filtered": True, "severity": "medium"}} if violent else {})
