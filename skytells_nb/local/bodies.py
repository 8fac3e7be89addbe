"""Request bodies: read up to a limit, and only JSON that can be written again.

Python reads more than JSON (NaN, infinities, lone surrogates, numbers without end), and whatever is read here
is echoed in a prediction. So everything that could not be printed as JSON is refused at the door, in one
place.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .refusals import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

LARGEST = 20_000_000
_DRAINED = 10 * LARGEST
_NO_JSON = "The request body is not valid JSON"


async def read(request: Request) -> bytes:
    """Return the whole body; raises `Refusal` (413) when it is over 20 MB."""
    parts: list[bytes] = []
    size = 0
    # A body that is too long is still read (up to a point): a client that is writing cannot hear an answer.
    async for part in request.stream():
        size += len(part)
        if size <= LARGEST:
            parts.append(part)
        elif size > _DRAINED:
            break
    if size > LARGEST:
        raise Refusal(413, f"The request body is larger than {LARGEST // 1_000_000} MB.")
    return b"".join(parts)


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raises `Refusal` (400) for anything else."""
    try:
        value = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"{_NO_JSON}: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number
