"""The hosts of links, asked whether a result is still there: the only part of the doctor that follows a link."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from .links import Fate, delivers

_MOST = 50
_GONE = (401, 403, 404, 410)


class Hosts:
    """Asks for the head of a file, once each: no key goes along, no redirect is followed.

    A notebook is anybody's, and so are its links: only those that `may_ask` allows are followed, by default to the
    hosts that deliver results, and 50 of them at most.
    """

    def __init__(self, may_ask: Callable[[str], bool] = delivers) -> None:
        self._may_ask = may_ask
        self._known: dict[str, Fate | None] = {}

    def __call__(self, url: str) -> Fate | None:
        """Say `gone` or `there`; None where no answer came or nobody was asked."""
        if url not in self._known and len(self._known) < _MOST and self._may_ask(url):
            self._known[url] = _asked(url)
        return self._known.get(url)


def _asked(url: str) -> Fate | None:
    try:
        answer = httpx.head(url, timeout=10, follow_redirects=False, trust_env=False).status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    return "there" if answer == httpx.codes.OK else "gone" if answer in _GONE else None
