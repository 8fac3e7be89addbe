"""The journal: what a sandbox received and what it delivered, for tests to read; never a key.

A request is noted before it is answered and completed with the status of the answer. Whatever looks like a
key, and the very key a caller sent, is replaced wherever it stands: address, headers, body. Only the newest
entries are kept. Safe to use from any thread.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

HIDDEN = "[key]"
_MOST = 2000
_LONGEST_BODY = 1_000_000
_KEY_HEADERS = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie"})
# A key begins a word, or follows an escape that ends in a letter or digit: of JSON, of an address.
_LIKE_A_KEY = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2}))(?:sk-|wfb_)[A-Za-z0-9_-]{8,}")


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """One request as it arrived, without its key: `auth` says only how a key was sent.

    `status` is the answer's (None: not answered yet, or the connection was cut); `at` is in UTC.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    auth: str
    json: Any = None
    status: int | None = None
    at: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One webhook: where it went, what for, what was sent, and what came of it after how many attempts.

    `outcome` is "delivered", or says why not; `status` is that of the last answer.
    """

    prediction: str
    url: str
    event: str
    body: Any
    outcome: str
    status: int | None = None
    attempts: int = 0
    at: str = ""

    @property
    def delivered(self) -> bool:
        """Whether the receiver said that it has it."""
        return self.outcome == "delivered"


class Entry:
    """A place in the journal whose request has not been answered yet."""

    __slots__ = ("received",)

    def __init__(self, received: Received) -> None:
        self.received = received

    def answered(self, status: int) -> None:
        """Write down the status of the answer."""
        self.received = replace(self.received, status=status)


class Journal:
    """The newest 2,000 requests and as many deliveries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=_MOST)
        self._deliveries: deque[Delivery] = deque(maxlen=_MOST)

    @property
    def requests(self) -> tuple[Received, ...]:
        """The requests, oldest first."""
        with self._lock:
            return tuple(entry.received for entry in self._entries)

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The webhooks, oldest first."""
        with self._lock:
            return tuple(self._deliveries)

    def record(self, received: Received) -> Entry:
        """Note a request; what is returned takes the status of its answer."""
        entry = Entry(received)
        with self._lock:
            self._entries.append(entry)
        return entry

    def deliver(self, delivery: Delivery) -> None:
        """Note a webhook that was delivered, or was not."""
        with self._lock:
            self._deliveries.append(delivery)

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._entries.clear()
            self._deliveries.clear()


def note(method: str, path: str, query: str, headers: dict[str, str], raw: bytes = b"", body: Any = None) -> Received:
    """Make the note of one request; a body of more than 1 MB is left out."""
    keys = keys_in(headers)
    sent = [name for name in ("x-api-key", "authorization") if name in headers]
    how = {"x-api-key": "x-api-key", "authorization": "bearer"}
    return Received(
        method=method,
        path=hidden(path, keys),
        query=hidden(query, keys),
        headers={name: hidden(value, keys) for name, value in headers.items() if name not in _KEY_HEADERS},
        auth="both" if len(sent) == 2 else how[sent[0]] if sent else "none",
        json=without_keys(body, keys) if len(raw) <= _LONGEST_BODY else None,
        at=moment(),
    )


def keys_in(headers: dict[str, str]) -> tuple[str, ...]:
    """Return the keys a request's headers carry."""
    token = headers.get("authorization", "").partition(" ")[2].strip()
    return tuple(key for key in {headers.get("x-api-key", "").strip(), token} if key)


def hidden(text: str, keys: tuple[str, ...]) -> str:
    """Return `text` with the given keys, and all that looks like one, replaced."""
    for secret in sorted({spelt for key in keys for spelt in (key, quote(key, safe=""))}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _LIKE_A_KEY.sub(HIDDEN, text)


def without_keys(value: Any, keys: tuple[str, ...]) -> Any:
    """Return a JSON value with keys replaced in all its strings; the same value where there are none."""
    if not value:
        return value
    text = json.dumps(value, ensure_ascii=False)
    spelt = tuple(json.dumps(key, ensure_ascii=False)[1:-1] for key in keys)
    clean = hidden(text, spelt)
    try:
        return value if clean == text else json.loads(clean)
    except ValueError:  # a "key" that is also a piece of JSON
        return HIDDEN


def moment() -> str:
    """Tell the time, in UTC, to the microsecond."""
    return datetime.fromtimestamp(time.time(), UTC).isoformat()
