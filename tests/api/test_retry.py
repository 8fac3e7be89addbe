"""What is sent again, when, and what never is, because it might be billed twice."""

from __future__ import annotations

import pytest

from skytells_nb.api.retry import RetryPolicy
from skytells_nb.errors import (
    InputError,
    KeyRejectedError,
    NetworkError,
    OutOfCreditsError,
    RateLimitError,
    RefusedError,
    ServiceError,
    SkytellsError,
)

not_sent, lost = NetworkError("down"), NetworkError("cut", may_have_run=True)


def trouble(status: int, retry_after: float | None = None) -> ServiceError:
    """Make the error of a status that tells trouble."""
    return ServiceError("trouble", status=status, retry_after=retry_after)


@pytest.mark.parametrize(
    ("error", "get", "post"),
    [
        (not_sent, True, True),
        (lost, True, False),
        (RateLimitError("slow", status=429), True, True),
        (RateLimitError("slow", status=429, retry_after=2), True, True),
        (trouble(500), True, False),
        (trouble(502), True, False),
        (trouble(503), True, False),
        (trouble(503, 1), True, True),
        (trouble(504), True, False),
        (trouble(500, 1), True, False),
        (trouble(501), False, False),
        (ServiceError("not JSON", status=200), False, False),
        (trouble(408), True, False),
        (RefusedError("no", status=422), False, False),
        (RefusedError("no", status=404), False, False),
        (KeyRejectedError("no", status=401), False, False),
        (OutOfCreditsError("no", status=402), False, False),
        (InputError("no"), False, False),
    ],
    ids=lambda value: f"{type(value).__name__} {value.status}" if isinstance(value, SkytellsError) else None,
)
def test_only_what_certainly_did_not_run_is_sent_again(error: SkytellsError, get: bool, post: bool) -> None:
    """A GET after passing trouble; a POST only where it was not carried out."""
    policy = RetryPolicy()
    assert (policy.wait_before_retry("GET", error, 1, 0.0, lambda: 0.5) is not None) is get
    assert (policy.wait_before_retry("POST", error, 1, 0.0, lambda: 0.5) is not None) is post


def test_waits_grow_with_full_jitter() -> None:
    """0.5, 1, 2 seconds at most, each times a random number."""
    policy = RetryPolicy(tries=9)
    waits = [policy.wait_before_retry("GET", trouble(500), attempt, 0.0, lambda: 1.0) for attempt in range(1, 8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert policy.wait_before_retry("GET", trouble(500), 3, 0.0, lambda: 0.25) == 0.5


@pytest.mark.parametrize("asked", [0.0, 2.0, 12.0])
def test_retry_after_is_honoured_to_the_second(asked: float) -> None:
    """What the service asks, no jitter."""
    error = RateLimitError("slow", status=429, retry_after=asked)
    assert RetryPolicy().wait_before_retry("POST", error, 1, 0.0, lambda: 0.1) == asked


def test_the_tries_are_counted() -> None:
    """The fourth try is the last."""
    policy = RetryPolicy()
    assert policy.wait_before_retry("GET", trouble(500), 3, 0.0, lambda: 0.5) is not None
    assert policy.wait_before_retry("GET", trouble(500), 4, 0.0, lambda: 0.5) is None


@pytest.mark.parametrize(("waited", "waits"), [(0.0, True), (30.0, True), (30.1, False)])
def test_no_wait_passes_the_patience(waited: float, waits: bool) -> None:
    """A wait that would end after 60 seconds in all is not begun."""
    error = RateLimitError("slow", status=429, retry_after=30.0)
    assert (RetryPolicy().wait_before_retry("GET", error, 1, waited, lambda: 0.5) is not None) is waits
