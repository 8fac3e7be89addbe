"""Links to results in a text, and whether they still lead anywhere. Pure: nothing is fetched."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

_LINK = re.compile(r"https://[^\s\"'<>\\^`{|}]{4,4000}")
_DAY = re.compile(r"/(20\d\d)/(\d\d)/(\d\d)/")
_FILE = re.compile(r"(?<![\w/.%-])skytells_media/[^\s\"'<>\\`?#]{1,500}")
_ENDS = ".,;:!?)]}"
_LIFE = timedelta(days=1)
"""The longest that any source says a result can be fetched; most say five minutes."""

Fate = Literal["expired", "expires", "gone", "there"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a result; `until` is when it ends, where it says so."""

    url: str
    until: datetime | None = None

    def fate(self, now: datetime) -> Fate:
        """Say `expired` where it has ended, else `expires`: no link to a result lasts."""
        return "expired" if self.until is not None and self.until < now else "expires"


def links_in(text: str) -> Iterator[Link]:
    """Find the links to results: those to the hosts that deliver them, and those that are signed for a time."""
    for found in _LINK.finditer(html.unescape(text)):
        url = found[0].rstrip(_ENDS)
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        until = _signed_until(parts.query)
        if delivers(url):
            yield Link(url, until or _day_until(parts.path))
        elif until is not None:
            yield Link(url, until)


def delivers(url: str) -> bool:
    """Say whether a link is to one of the hosts that deliver results."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    return host.endswith(".skytells.cloud") or host == "cdn.skytells.ai"


def _signed_until(query: str) -> datetime | None:
    """Read until when a signed link is good, in the two ways that stores of files write it."""
    try:
        names = {name.lower(): values[0] for name, values in parse_qs(query, max_num_fields=50).items()}
        if "x-amz-date" in names and "x-amz-expires" in names:
            signed = datetime.strptime(names["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return signed + timedelta(seconds=int(names["x-amz-expires"]))
        if "expires" in names and names.keys() & {"signature", "key-pair-id", "x-goog-signature"}:
            return datetime.fromtimestamp(int(names["expires"]), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _day_until(path: str) -> datetime | None:
    """Take the day in a path for the day that the result was made."""
    if (found := _DAY.search(path)) is None:
        return None
    try:
        made = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return datetime(made.year, made.month, made.day, tzinfo=UTC) + 2 * _LIFE


def files_in(text: str) -> Iterator[str]:
    """Find the paths of kept results, relative to the notebook; none that climbs out of its folder."""
    for found in _FILE.finditer(html.unescape(text)):
        path = unquote(found[0].rstrip(_ENDS))
        if ".." not in path.split("/") and path.isprintable() and not path.endswith("/"):
            yield path
