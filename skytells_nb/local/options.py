"""What a sandbox may be told: one frozen value, checked once when it is made.

Everything the server does follows from these numbers and from the requests; no module reads an environment
variable or a file for its behaviour. Times are seconds, money is US dollars (one Skytells credit is one
dollar).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from numbers import Integral, Real
from typing import Any

from .dialect import Dialect
from .faults import Fault

EXAMPLE_KEY = "sk-sandbox"
REVOKED_KEY = "sk-sandbox-revoked"
BROKE_KEY = "sk-sandbox-broke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox behaves.

    `pace` is how many times faster than normal jobs run and words stream (1.0: an image takes 1.2 s).
    `token_seconds` is the pause between two pieces of a streamed answer at pace 1. `credits` is the balance
    in dollars (None: endless). `requests_per_minute` limits all calls together (None: no limit).
    `media_seconds` is how long finished files can be fetched. `dialect` is how answers are written. `faults`
    happen to all requests they fit, as often as each one says.

    Raises `ValueError`, naming the option, when one is out of its range.
    """

    pace: float = 1.0
    token_seconds: float = 0.02
    credits: Decimal | float | None = None
    requests_per_minute: int | None = None
    media_seconds: float = 300.0
    dialect: Dialect = field(default_factory=Dialect)
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if not (is_number(self.pace) and 0 < self.pace < float("inf")):
            raise ValueError(f"pace must be a number above 0, not {self.pace!r}")
        for name in ("token_seconds", "media_seconds"):
            seconds = getattr(self, name)
            if not (is_number(seconds) and 0 <= seconds < float("inf")):
                raise ValueError(f"{name} must be 0 or more seconds, not {seconds!r}")
        calls = self.requests_per_minute
        if calls is not None and not (is_number(calls, Integral) and calls >= 1):
            raise ValueError(f"requests_per_minute must be a whole number of 1 or more, not {calls!r}")
        if self.credits is not None:
            try:
                balance = Decimal(str(self.credits))
            except InvalidOperation:
                balance = Decimal("NaN")
            if not balance.is_finite() or balance < 0:
                raise ValueError(f"credits must be 0 or more dollars, not {self.credits!r}")
            object.__setattr__(self, "credits", balance)

    @property
    def balance(self) -> Decimal | None:
        """The starting balance in dollars, or None when it is endless."""
        return None if self.credits is None else Decimal(str(self.credits))


def is_number(value: Any, kind: type = Real) -> bool:
    """Whether `value` is a number of this kind; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)
