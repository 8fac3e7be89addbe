"""What looks like an API key, and how texts lose it: one definition for messages, records, files and cells."""

from __future__ import annotations

import re

_BEGINS = r"(?:(?<![A-Za-z]{0})|(?<=\\[nrt]{0})|(?<=\dm{0})|(?<=%[0-9A-Fa-f][0-9A-Fa-f]{0}))"
"""Where a prefix begins a key: at the begin of a word, after an escape as `\\n`, a colour as `ESC[33m`, or `%3D`."""
_KEYLIKE = re.compile(
    rf"(?P<kind>sk-{_BEGINS.format('sk-')}|wfb_{_BEGINS.format('wfb_')})(?P<body>[A-Za-z0-9_\-]{{4,}})"
)
_KEY_LENGTH = 20
"""What follows the prefix of a real key is at least this long, and so is a key of another shape."""
_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Take a secret out of every message from now on, wherever a server repeats it."""
    if len(secret) >= 8:
        _secrets.add(secret)


def without_secrets(text: str) -> str:
    """Replace the keys of this session, and what looks like one or like the beginning of one."""
    for secret in _secrets:
        text = text.replace(secret, "…")
    return _KEYLIKE.sub(r"\g<kind>…", text)


def keys_in(text: str, shortest: int = _KEY_LENGTH) -> tuple[tuple[int, int], ...]:
    """Find the real keys in what a person wrote: where each begins and ends, in order.

    A key has its prefix, 20 characters or more and a digit among them, so `sk-learn-contrib` and the short keys of a
    sandbox are none; or it is a secret of this session, whatever its shape, of at least `shortest` characters.
    """
    shaped = [
        found.span()
        for found in _KEYLIKE.finditer(text)
        if len(found["body"]) >= _KEY_LENGTH and any(letter.isdigit() for letter in found["body"])
    ]
    known = [
        found.span() for secret in _secrets if len(secret) >= shortest for found in re.finditer(re.escape(secret), text)
    ]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(shaped + known):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return tuple(spans)


def scrubbed(value: object, depth: int = 100) -> object:
    """Take the keys out of what a server sent, as it was parsed; what lies deeper than `depth` is left out."""
    if isinstance(value, str):
        return without_secrets(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, list):
        return [scrubbed(item, depth - 1) for item in value]
    return {without_secrets(str(name)): scrubbed(item, depth - 1) for name, item in value.items()}


def holds_secret(text: str) -> bool:
    """Say whether a text holds one of the keys of this session."""
    return any(secret in text for secret in _secrets)


def dotted(text: str) -> str:
    """Put dots for keys, one for each character, so that everything keeps its place."""
    for secret in _secrets:
        text = text.replace(secret, "·" * len(secret))
    return _KEYLIKE.sub(lambda found: "·" * len(found[0]), text)
