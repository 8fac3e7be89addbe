"""The endpoint of embeddings: one vector for each input, as numbers or as the bytes of float32."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .. import tokens
from ..refusals import Refusal
from . import embeddings
from .parameters import missing, model, refuse, whole
from .serving import charge

if TYPE_CHECKING:
    import numpy as np

    from ..gate import Call
    from ..models.catalogue import Model

_MOST_INPUTS = 2048
_MOST_TOKENS = 8192
_NATIVE = 1536
Input = str | tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingsRequest:
    """A checked request: what is to be embedded, how many tokens that is, and the dimensions and form of a vector.

    `native` is how many dimensions the model's own vectors have, `as_text` whether they are sent as base64.
    """

    model: Model
    inputs: tuple[Input, ...]
    tokens: int
    native: int
    dimensions: int
    as_text: bool


async def create(call: Call) -> Response:
    """POST /embeddings."""
    request = await asyncio.to_thread(parse, call.body)
    charge(call, request.model, request.tokens, 0)
    reply = await asyncio.to_thread(_reply, request, counted=not call.suffers("no-usage"))
    return Response(reply, media_type="application/json")


def parse(body: dict[str, Any]) -> EmbeddingsRequest:
    """Check a body; raises `Refusal` for the first wrong parameter."""
    found = model(body.get("model"), embeds=True)
    inputs = _inputs(body.get("input"))
    counts = tuple(tokens.count(given) if isinstance(given, str) else len(given) for given in inputs)
    longest = max(range(len(inputs)), key=counts.__getitem__)
    if counts[longest] > _MOST_TOKENS:
        text = f"Input {longest} has {counts[longest]} tokens; at most {_MOST_TOKENS} can be embedded at once."
        raise Refusal(400, text, "context_length_exceeded", param="input")
    form = body.get("encoding_format")
    if form not in (None, "float", "base64"):
        refuse("encoding_format", "must be float or base64")
    native = found.dimensions or _NATIVE
    return EmbeddingsRequest(
        model=found,
        inputs=inputs,
        tokens=sum(counts),
        native=native,
        dimensions=whole(body, "dimensions", native, low=1, high=native),
        as_text=form == "base64",
    )


def _inputs(given: Any) -> tuple[Input, ...]:
    """Read `input`: a text, token ids, or a list of either."""
    if given is None:
        missing("input", "a text, a list of token ids, or a list of those")
    listed = [given] if isinstance(given, str) or _is_tokens(given) else given
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST_INPUTS:
        refuse("input", f"must be a text, a list of token ids, or a list of 1 to {_MOST_INPUTS} of those")
    for index, one in enumerate(listed):
        if not (isinstance(one, str) and one.strip()) and not _is_tokens(one):
            refuse(
                "input" if listed is not given else f"input[{index}]", "must be a text with words in it, or token ids"
            )
    return tuple(one if isinstance(one, str) else tuple(one) for one in listed)


def _is_tokens(given: Any) -> bool:
    return (
        isinstance(given, list)
        and bool(given)
        and all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**32 for one in given)
    )


def _reply(request: EmbeddingsRequest, *, counted: bool) -> str:
    """Write the reply: by hand, because a library spells each of a million numbers anew."""
    rows = embeddings.vectors(request.inputs, request.model.namespace, request.native, request.dimensions)
    spell = _bytes if request.as_text else _numbers
    data = ",".join(
        f'{{"object":"embedding","index":{index},"embedding":{spell(row)}}}' for index, row in enumerate(rows)
    )
    usage = f',"usage":{{"prompt_tokens":{request.tokens},"total_tokens":{request.tokens}}}' if counted else ""
    return f'{{"object":"list","data":[{data}],"model":{json.dumps(request.model.namespace)}{usage}}}'


def _bytes(row: np.ndarray) -> str:
    # The byte order is little-endian whatever this machine's is.
    return f'"{base64.b64encode(row.astype("<f4").tobytes()).decode()}"'


def _numbers(row: np.ndarray) -> str:
    """Spell each number as shortly as float32 allows; a vector has few different ones, so each is spelt once."""
    import numpy as np

    different, places = np.unique(row, return_inverse=True)
    spelt = [str(number) for number in different]
    return f"[{','.join([spelt[place] for place in places.tolist()])}]"
