"""Which rows of the record are meant: by time, model, tag, place, live or sandbox.

A `Choice` is the same question put to a store, as a condition in SQL, and to a row in memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from .. import settings
from ..errors import InputError, plain
from .cells import text
from .rows import SESSION, Row

Live = Literal["all"] | bool | None
"""True: calls of the service; False: of the sandbox; "all": both; None: of where this session is now."""
Moment = datetime | date | str

_SPAN = re.compile(r"([0-9]+)\s*(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows that began at `since` or later and before `until`; what else is given must be equal. None: any.

    Moments are aware UTC. `sandbox` None means calls of the service and of the sandbox.
    """

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    tag: str | None = None
    sandbox: bool | None = None
    session: str | None = None
    notebook: str | None = None

    def where(self) -> tuple[str, list[Any]]:
        """Give a condition in SQL, with `?` for its values, and the values; "" where every row is meant."""
        asked = [
            ("started_at >= ?", self.since and _text(self.since)),
            ("started_at < ?", self.until and _text(self.until)),
            ("model = ?", self.model),
            ("tag = ?", self.tag),
            ("sandbox = ?", self.sandbox),
            ("session = ?", self.session),
            ("notebook = ?", self.notebook),
        ]
        given = [(condition, value) for condition, value in asked if value is not None]
        return " AND ".join(condition for condition, _ in given), [value for _, value in given]

    def holds(self, row: Row) -> bool:
        """Say whether a row in memory is meant."""
        started = str(row.get("started_at"))
        return (
            (self.since is None or started >= _text(self.since))
            and (self.until is None or started < _text(self.until))
            and (self.sandbox is None or bool(row.get("sandbox")) == self.sandbox)
            and all(getattr(self, name) in (None, row.get(name)) for name in ("model", "tag", "session", "notebook"))
        )


def choose(
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    last: str | None = None,
    model: str | None = None,
    tag: str | None = None,
    live: Live = None,
    notebook: str | None = None,
    here: bool = False,
) -> Choice:
    """Read what a person asks for; where both `since` and `last` are given, the later one counts.

    `here` means the calls of `notebook`; where its name is not known, those of this kernel. Raises `InputError`.
    """
    if not (isinstance(live, bool) or live is None or (isinstance(live, str) and live == "all")):
        raise InputError(
            f"live={plain(repr(live), 40)} is not one of True, False and 'all'.", "Leave it out for this session's own."
        )
    if not isinstance(here, bool):
        raise InputError(f"here={plain(repr(here), 40)} is neither True nor False.", "True keeps to this notebook.")
    begin, end = (None if asked is None else moment(asked) for asked in (since, until))
    if begin is not None and end is not None and begin >= end:
        what = f"Nothing lies from {_text(begin)} until {_text(end)}."
        raise InputError(what, "since= comes first; what began at until= or later is left out.")
    if last is not None:
        recent = _ago(span(last))
        begin = recent if begin is None else max(begin, recent)
    for name, asked in (("model", model), ("tag", tag)):
        if asked is not None and (not isinstance(asked, str) or text(asked) != asked or "\0" in asked):
            what = f"{name}={plain(repr(asked), 40)} is no name."
            raise InputError(what, f'Name one {name}, such as {name}="…".')
    return Choice(
        since=begin,
        until=end,
        model=model,
        tag=tag,
        sandbox=None if live == "all" else settings.in_sandbox() if live is None else not live,
        session=SESSION if here and not notebook else None,
        notebook=notebook if here and notebook else None,
    )


def span(text: str) -> timedelta:
    """Read a span such as "30m", "12h", "7d" or "2w"."""
    found = _SPAN.fullmatch(str(text).strip().lower())
    if not found or len(found[1]) > 5:
        raise InputError(
            f"{plain(repr(text), 80)} is not a span of time.", "Use a number and m, h, d or w, such as 7d."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(given: Moment) -> datetime:
    """Read a moment: a datetime, a date (its midnight) or ISO 8601; UTC where no zone is named."""
    try:
        if isinstance(given, datetime):
            read = datetime.combine(given.date(), given.timetz())  # pandas has nanoseconds
        elif isinstance(given, date):
            read = datetime.combine(given, time())
        else:
            read = datetime.fromisoformat(given.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (AttributeError, OverflowError, TypeError, ValueError):
        what = f"{plain(repr(given), 80)} is no moment."
        raise InputError(
            what, 'Write a datetime, a date, or text such as "2026-03-06" or "2026-03-06 20:15".'
        ) from None


def _ago(length: timedelta) -> datetime:
    try:
        return datetime.now(UTC) - length
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _text(at: datetime) -> str:
    return at.isoformat()  # so that it also compares right with text that leaves out microseconds of 0
