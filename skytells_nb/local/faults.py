"""Trouble on request: what a caller may ask the sandbox to do wrong, as one frozen value.

A fault comes in the header `x-sandbox-fault`, from `Sandbox.inject` or from `skytells-nb sandbox --fault`,
written as a name and optional `;key=value` parts:

    429;retry-after=2           an error by its status, in the shape of the API that is called
    error=PAYMENT_REQUIRED      an error by its id
    500;shape=E2;rate=0.1       in a shape of its own; to one request in ten
    hang;on=media;times=3       where it happens, and how often
    cut-before;late=yes         after the work was done: the caller does not learn of it
    dialect;list=array          one answer in another dialect (see `dialect`)

Each name applies to one kind of request only; where it does not apply it does nothing (and an injected one
waits for a request that it fits). `rate` and `times` count for planned faults; one in a header happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from . import dialect
from .refusals import STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

# What each fault can happen to. "plain" is an API call whose answer is not streamed.
SCOPES: dict[str, str] = {
    **dict.fromkeys(("400", "401", "402", "403", "404", "408", "413", "422", "429", "451"), "any"),
    **dict.fromkeys(("500", "502", "503", "504"), "any"),
    **dict.fromkeys(("E1", "E2", "E3", "E4", "E5", "E8", "E9"), "any"),  # error shapes
    "error": "any",  # error=ID: an error by its id
    "html": "any",  # 200 with a page in place of the answer
    "502-html": "any",
    "empty": "any",  # 500 without a body
    "slow": "any",  # the first byte comes late
    "hang": "any",  # nothing comes
    "cut-before": "any",  # the connection closes without a byte
    "cut-body": "any",  # it closes in the middle of the body
    "drip": "any",  # the body comes in small pieces
    "oversized": "any",  # a body of more than 64 MB
    "bad-json": "plain",  # 200 with half the JSON
    "dialect": "any",
    "no-usage": "chat",
    "cut": "stream",
    "stall": "stream",
    "malformed": "stream",
    "error-midstream": "stream",
    "array-content": "stream",
    "obfuscation": "stream",
    "status-false": "create",  # 200, a boolean status and an id
    "fail": "create",  # the job fails
    "expired": "create",  # the job's files are gone as soon as it has ended
}
# Other names: error shapes that only a prediction has.
_ALIASES = {"E6": "fail", "E7": "status-false"}
SHAPES = ("E1", "E2", "E3", "E4", "E5", "E8", "E9", "merged")
KINDS = ("chat", "stream", "plain", "create", "media")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to do wrong, and to which requests.

    `retry_after` is in seconds and comes with a 429 (1 unless told) or where it is told; `status`, `error` and
    `shape` are those of an error; `seconds` is how long something slow or stalled takes; `on` narrows the fault to one
    kind of request; `late` lets the work be done first; `rate` is the share of fitting requests it happens to,
    `times` how many of them at most (None: as often as it is injected); `dialect` is how the answer is spoken.
    """

    name: str
    retry_after: int | None = None
    status: int | None = None
    error: str | None = None
    shape: str | None = None
    seconds: float | None = None
    on: str | None = None
    late: bool = False
    rate: float = 1.0
    times: int | None = None
    dialect: tuple[tuple[str, str], ...] = ()

    def applies(self, kinds: frozenset[str]) -> bool:
        """Whether this fault can happen to a request of these kinds; to a media file only where told so."""
        if "media" in kinds:
            return self.on == "media" and SCOPES[self.name] == "any"
        return SCOPES[self.name] in kinds | {"any"} and (self.on is None or self.on in kinds)


def parse(text: str) -> Fault:
    """Read `NAME` or `NAME;key=value`; raise `ValueError`, naming what is known, for anything else."""
    if not isinstance(text, str):
        raise ValueError(f"faults are texts such as '429;times=3', not {text!r}")  # noqa: TRY004 - documented
    name, *parts = (part.strip() for part in text.split(";"))
    name = _ALIASES.get(name, name)
    values: dict[str, Any] = {}
    if name.startswith("error="):
        parts.insert(0, name)
        name = "error"
    if name not in SCOPES:
        names = (*SCOPES, *_ALIASES)
        near = get_close_matches(name, names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"Unknown fault {name!r}{hint}. Known faults: {', '.join(names)}.")
    if name == "dialect":
        return Fault(name, dialect=dialect.pairs(parts))
    for part in parts:
        key, _, value = part.partition("=")
        try:
            values[key.replace("-", "_")] = _PARTS[key][1](value)
        except (KeyError, ValueError):
            known = " or ".join(f"{name}={rule}" for name, (rule, _) in _PARTS.items())
            raise ValueError(f"Cannot read {part!r} in the fault {text!r}: write {known}.") from None
    if name == "error" and "error" not in values:
        raise ValueError(f"The fault 'error' needs an id: write error=ID with one of {', '.join(STATUSES)}.")
    return Fault(name, **values)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 8 and low <= int(text) <= high):
            raise ValueError(text)
        return int(text)

    return read


def _between(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not low <= float(text) <= high:
            raise ValueError(text)
        return float(text)

    return read


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return read


# What may be told of a fault: how that is written, and what reads it.
_PARTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "retry-after": ("0..3600", _whole(0, 3600)),
    "status": ("400..599", _whole(400, 599)),
    "error": ("ID", _one_of(*STATUSES)),
    "shape": ("|".join(SHAPES), _one_of(*SHAPES)),
    "seconds": ("0..3600", _between(0, 3600)),
    "on": ("|".join(KINDS), _one_of(*KINDS)),
    "late": ("yes", lambda text: bool(_one_of("yes")(text))),
    "rate": ("0..1", _between(0, 1)),
    "times": ("1..1000000", _whole(1, 1_000_000)),
}
