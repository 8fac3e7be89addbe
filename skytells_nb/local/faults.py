"""Trouble on request: what a caller may ask the sandbox to do wrong, as one frozen value.

A fault comes in the header `x-sandbox-fault` or from `Sandbox.inject`, written as a name and optional
`;key=value` parts, for instance `429;retry-after=2` or `E3;status=402`. Each name applies to one kind of
request only; where it does not apply it does nothing (and an injected one waits for a request that it fits).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Scope = Literal["any", "chat", "stream", "create"]

SCOPES: dict[str, Scope] = {
    "401": "any",
    "402": "any",
    "429": "any",
    "500": "any",
    "502-html": "any",
    "503": "any",
    "empty": "any",
    "slow": "any",
    "E1": "any",
    "E2": "any",
    "E3": "any",
    "E4": "any",
    "E5": "any",
    "E9": "any",
    "no-usage": "chat",
    "cut": "stream",
    "stall": "stream",
    "malformed": "stream",
    "error-midstream": "stream",
    "array-content": "stream",
    "obfuscation": "stream",
    "status-false": "create",
}
_LIMITS = {"retry-after": (0, 3600), "status": (400, 599)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to do wrong: its name, the seconds of `Retry-After`, the HTTP status of an error shape."""

    name: str
    retry_after: int = 1
    status: int = 422

    def applies(self, *, chat: bool = False, stream: bool = False, create: bool = False) -> bool:
        """Whether this fault can happen to such a request."""
        scope = SCOPES[self.name]
        return scope == "any" or {"chat": chat, "stream": stream, "create": create}[scope]


def parse(text: str) -> Fault:
    """Read `NAME` or `NAME;key=value`; raise `ValueError`, naming what is known, for anything else."""
    name, *parts = (part.strip() for part in text.split(";"))
    if name not in SCOPES:
        near = get_close_matches(name, SCOPES, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"Unknown fault {name!r}{hint}. Known faults: {', '.join(SCOPES)}.")
    values: dict[str, int] = {}
    for part in parts:
        key, _, value = part.partition("=")
        low, high = _LIMITS.get(key, (1, 0))
        if not (value.isascii() and value.isdigit() and len(value) < 6 and low <= int(value) <= high):
            known = " or ".join(f"{name}={low}..{high}" for name, (low, high) in _LIMITS.items())
            raise ValueError(f"Cannot read {part!r} in the fault {text!r}: write {known}.")
        values[key.replace("-", "_")] = int(value)
    return Fault(name, **values)
