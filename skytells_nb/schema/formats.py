"""What a text of a known format looks like: lenient checks, each with the phrase that says what is wanted.

Formats that are not listed here are the service's business.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?\s?([zZ]|[+-]([01]\d|2[0-3]):?[0-5]\d)?")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:.", re.DOTALL)


def is_date(text: str) -> bool:
    """Say whether the text is a day of the calendar."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = (int(part) for part in found.groups())
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year or 2000, month)[1]


def is_time(text: str) -> bool:
    """Say whether the text is a time of day, with or without seconds and time zone."""
    return bool(_TIME.fullmatch(text))


def is_moment(text: str) -> bool:
    """Say whether the text is a day and a time of day."""
    return is_date(text[:10]) and text[10:11] in ("T", "t", " ") and is_time(text[11:])


def is_email(text: str) -> bool:
    """Say whether the text could be an address: something on both sides of an @."""
    name, at, host = text.rpartition("@")
    return bool(name.strip() and at and host.strip())


def is_link(text: str) -> bool:
    """Say whether the text could be a link: it has a scheme, or at least no blanks."""
    return bool(_SCHEME.match(text)) or bool(text and not any(character.isspace() for character in text[:5000]))


_LINK = (is_link, "a link, such as https://example.com/a.png")
_KNOWN: dict[str, tuple[Callable[[str], bool], str]] = {
    "date": (is_date, "a date, such as 2026-01-31"),
    "time": (is_time, "a time, such as 13:45:00Z"),
    "date-time": (is_moment, "a date and time, such as 2026-01-31T13:45:00Z"),
    "email": (is_email, "an e-mail address"),
    "uri": _LINK,
    "url": _LINK,
}


def wanted(name: object, text: str) -> str:
    """Say what the format wants, as in "a date, such as 2026-01-31"; "" if the text is that, or nobody can tell."""
    known = _KNOWN.get(name) if isinstance(name, str) else None
    return known[1] if known and not known[0](text) else ""
