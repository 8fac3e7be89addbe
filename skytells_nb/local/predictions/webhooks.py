"""Webhooks: what a caller asked to be told of, and telling it, to this machine only.

The three vocabularies of the platform's sources mean four things here: a job started, completed, failed, or was
canceled. `Postman` follows each job that has a webhook and delivers what happens, signed with the caller's key,
which it keeps for as long as the job runs and shows to nobody. A delivery that fails is tried again; redirects
are not followed, proxies are not used, and an address that is not this machine's is never contacted.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
import ssl
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from ..dialect import speak
from ..journal import Delivery, hidden, moment, without_keys
from .jobs import Job, snapshot
from .predictions import micros, prediction

if TYPE_CHECKING:
    from ..dialect import Dialect
    from ..memory import Memory

SIGNATURE = "X-Skytells-Signature"
ONLY_LOOPBACK = "not delivered: only loopback addresses are called"
_ENDS = ("completed", "failed", "canceled")
_MEANINGS = {
    "started": ("started",),
    "start": ("started",),
    "succeeded": ("completed",),
    "output": ("completed",),
    "completed": ("completed",),
    "failed": ("failed",),
    "canceled": ("canceled",),
    "cancelled": ("canceled",),
}
_ENVELOPE_WORDS = {"completed": "succeeded", "canceled": "cancelled"}
_STATES = {"succeeded": "completed", "failed": "failed", "canceled": "canceled"}
_ATTEMPTS = 3
_FIRST_PAUSE = 0.5
_TIMEOUT = 5.0
_AT_ONCE = 8


def url_fault(url: str) -> str | None:
    """Tell what is wrong with a webhook's address; None when it can be used."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        good = False
    return None if good else "The webhook's address must be an http or https URL with a host."


def wanted(events: tuple[str, ...], *, filtered: bool) -> frozenset[str]:
    """Tell which of started, completed, failed and canceled are asked for, in any vocabulary.

    None named means every end. In a `webhook_events_filter` (`filtered`), "completed" is every end too. A word
    that is not known asks for nothing.
    """
    if not events:
        return frozenset(_ENDS)
    found: set[str] = set()
    for event in events:
        word = event.lower().removeprefix("prediction.")
        found.update(_ENDS if filtered and word == "completed" else _MEANINGS.get(word, ()))
    return frozenset(found)


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's by its own words: 127.0.0.0/8, ::1 or localhost."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def signature(body: bytes, key: str) -> str:
    """Return the hex HMAC-SHA256 of a body under a key."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Errand:
    """One job to follow: for whom (the key signs), where this server is, and how it speaks."""

    job: Job
    url: str
    events: frozenset[str]
    key: str
    origin: str
    dialect: Dialect


class Postman:
    """Follows jobs and delivers their webhooks, on the server's own loop; the loop's end ends it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = asyncio.Semaphore(_AT_ONCE)

    def follow(self, job: Job, events: frozenset[str], *, key: str, origin: str, dialect: Dialect) -> None:
        """Deliver what becomes of `job` from now on; returns at once."""
        if job.webhook_url is None:
            return
        errand = _Errand(job, job.webhook_url, events, key, origin, dialect)
        task = asyncio.get_running_loop().create_task(self._run(errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, errand: _Errand) -> None:
        memory = self._memory
        job = await memory.follow(errand.job, errand.job.starts)
        if memory.closing.is_set():
            return
        errand = replace(errand, job=job)
        if snapshot(job, job.starts).started is not None:
            await self._tell(errand, "started", job.starts)
        if job.stopped is None:
            job = await memory.follow(memory.find(job.id) or job, job.ends)
            errand = replace(errand, job=job)
        if not memory.closing.is_set():
            now = memory.clock()
            await self._tell(errand, _STATES.get(snapshot(job, now).status, ""), now)

    async def _tell(self, errand: _Errand, event: str, at: int) -> None:
        if event not in errand.events:
            return
        body: dict[str, Any] = speak(
            prediction(errand.job, at, origin=errand.origin, options=self._memory.options), errand.dialect
        )
        if errand.dialect.webhook == "envelope":
            word = _ENVELOPE_WORDS.get(event, event)
            body = {"type": f"prediction.{word}", "created_at": micros(at), "data": body}
        outcome, status, attempts = ONLY_LOOPBACK, None, 0
        if is_loopback(errand.url):
            async with self._pool:
                outcome, status, attempts = await self._send(errand, json.dumps(body, ensure_ascii=False).encode())
        keys = (errand.key,)
        self._memory.journal.deliver(
            Delivery(
                prediction=errand.job.id,
                url=hidden(errand.url, keys),
                event=event,
                body=without_keys(body, keys),
                outcome=hidden(outcome, keys),
                status=status,
                attempts=attempts,
                at=moment(),
            )
        )

    async def _send(self, errand: _Errand, body: bytes) -> tuple[str, int | None, int]:
        """Post a body until it is taken; returns what came of it, the last status, and the attempts."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "skytells-sandbox",
            SIGNATURE: signature(body, errand.key),
        }
        outcome, status = "", None
        async with httpx.AsyncClient(verify=_certificates(), trust_env=False, timeout=_TIMEOUT) as client:
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    # Only the status counts, so a long answer is not read.
                    async with client.stream("POST", errand.url, content=body, headers=headers) as reply:
                        status = reply.status_code
                    outcome = "delivered" if 200 <= status < 300 else f"not delivered: answered {status}"
                except httpx.HTTPError as error:
                    outcome = f"not delivered: {type(error).__name__}"
                if outcome == "delivered":
                    break
                pause = _FIRST_PAUSE * 2 ** (attempt - 1) / self._memory.options.pace
                if attempt < _ATTEMPTS and not await self._memory.pause(pause):
                    break
        return outcome, status, attempt


@cache
def _certificates() -> ssl.SSLContext:
    """Make what TLS needs, once: it is slow."""
    return ssl.create_default_context()
