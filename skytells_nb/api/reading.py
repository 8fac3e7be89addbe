"""Tolerant readers of JSON: each gives what it understands, or None (or nothing) for anything else, and never raises.

The API's descriptions contradict each other, new fields may appear at any time, and a server may be hostile: whatever
comes, the values made of it are plain and bounded.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

Json = dict[str, Any]


def record(value: object) -> Json:
    """Read a JSON object, or {} where something else came."""
    return cast("Json", value) if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Read a non-empty string, or None."""
    return value if isinstance(value, str) and value else None


def count(value: object) -> int | None:
    """Read a whole number of things, or None for what is no such number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def seconds(value: object) -> float | None:
    """Read a number of seconds (or percent), or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def money(value: object) -> Decimal | None:
    """Read an amount without binary noise: 0.75 is exactly 0.75; None for what is no sane amount.

    A negative, endless or absurd one (over 10^12, or under 10^-18 and not 0) would spoil every sum that it enters.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except (ArithmeticError, ValueError):
        return None
    return amount if amount.is_finite() and (amount == 0 or _LEAST <= amount <= _MOST) else None


_LEAST, _MOST = Decimal("1e-18"), Decimal("1e12")


_FRACTION = re.compile(r"(\.\d{6})\d+")


def moment(value: object) -> datetime | None:
    """Read a timestamp as aware UTC; nanoseconds are cut to microseconds; None for what is no timestamp."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def items(value: object) -> list[Any]:
    """Read a list, or [] where something else came."""
    return value if isinstance(value, list) else []


def content_text(content: object) -> str:
    """Join what a message or delta says: a string, an array of parts with text, or nothing."""
    if isinstance(content, str):
        return content
    return "".join(text(record(part).get("text")) or "" for part in items(content))


def thought(message: Json) -> str:
    """Join what a chat message or delta brings of the model's reasoning, under either of the names it goes by."""
    return content_text(message.get("reasoning_content") or message.get("reasoning"))


def mended(said: str) -> str:
    """Join characters that came in two halves; half a character alone becomes U+FFFD, so that text can be written."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return said


def whole_characters(said: str) -> tuple[str, str]:
    """Split off the first half of a character at the end, whose second half is still to come; mend the rest."""
    cut = len(said) - 1 if "\ud800" <= said[-1:] <= "\udbff" else len(said)
    return mended(said[:cut]), said[cut:]


def strings(value: object) -> list[str]:
    """Flatten an output: a string, a list, objects whose values are links, nested in any way."""
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < 10_000:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list):
            waiting.extend(reversed(item))
        elif isinstance(item, dict):
            waiting.extend(reversed(list(item.values())))
    return found
