"""When a request is sent again: one pure policy.

A GET is repeated after connection trouble and after 408, 429, 500, 502, 503, 504. A POST is repeated only where it
certainly was not carried out: no connection was made, or 429, or 503 with Retry-After. There is no idempotency key, so
anything else might be billed twice. A stream that has begun is never repeated. Waits grow with full jitter; Retry-After
is honoured; at most `tries` tries, and no wait that would pass `patience` seconds in all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import NetworkError, RateLimitError, ServiceError, SkytellsError

_PASSING = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long; seconds."""

    tries: int = 4
    patience: float = 60.0
    first_wait: float = 0.5
    longest_wait: float = 8.0

    def wait_before_retry(
        self, method: str, error: SkytellsError, attempt: int, waited: float, random: Callable[[], float]
    ) -> float | None:
        """Say how many seconds to wait before the next try, or None to give up with the error.

        `attempt` counts the tries made, `waited` the seconds waited between them, `random` gives a number from 0 to 1.
        """
        if attempt >= self.tries or not _may_repeat(method, error):
            return None
        asked = getattr(error, "retry_after", None)
        growth = min(self.longest_wait, self.first_wait * 2 ** (attempt - 1))
        wait = float(asked) if asked is not None else growth * random()
        return wait if waited + wait <= self.patience else None


def _may_repeat(method: str, error: SkytellsError) -> bool:
    if isinstance(error, NetworkError):
        return method == "GET" or not error.may_have_run
    if isinstance(error, RateLimitError):
        return True
    if isinstance(error, ServiceError) and error.status == 503 and error.retry_after is not None:
        return True
    return method == "GET" and error.status in _PASSING
