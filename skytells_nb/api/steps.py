"""What a flow asks of its driver, one step at a time.

A flow is a generator: it yields a step and is sent what came of it, or thrown the error that came instead. The steps
are all that a driver must be able to do; they hold no logic.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import SkytellsError
from . import wire
from .record import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the answer is a `wire.Answer`, without its body where a stream has begun."""

    request: wire.Request


@dataclass(frozen=True, slots=True)
class Pause:
    """Let `seconds` pass; where that is before another try, `cause` is why the last one failed."""

    seconds: float
    cause: SkytellsError | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Tell the observers that a call is about to leave; they may refuse it by raising."""

    call: Call


@dataclass(frozen=True, slots=True)
class End:
    """Tell the observers what is known of a call now."""

    call: Call


@dataclass(frozen=True, slots=True)
class Receive:
    """Give the next bytes of the open stream; b"" at its end."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Give values out to the caller, one by one."""

    values: Sequence[Any]


Step = Send | Pause | Begin | End | Receive | Emit
Flow = Generator[Step, Any, T]


def waits(flow: Flow[Any]) -> bool:
    """Say whether a flow waits for what came of its last step, so that an error can be handed to it.

    A flow that has ended, or that another thread is running, cannot take one.
    """
    return inspect.getgeneratorstate(flow) == inspect.GEN_SUSPENDED


class Abandoned(BaseException):
    """Thrown into a stream's flow when its reader has stopped reading."""
