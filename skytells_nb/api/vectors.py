"""Texts -> vectors, in batches: how many go into one request, and the conversation that gathers them in order.

A request is a call of its own, with its own record: what a later one breaks on does not touch what came before, and
rides on the error as `embeddings`. No limit is documented; the batches are small enough for any known service.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..errors import InputError, ServiceError, plain
from . import pricing, wire
from .flows import exchange, tell, told
from .reading import count, items, record, text
from .record import Call
from .steps import Flow
from .trace import Trace
from .values import Embeddings, Usage
from .values.vectors import read_vector

MOST_CHARACTERS = 200_000
"""In one request; a single text that is longer goes alone."""


def texts_of(given: Any) -> tuple[str, ...]:
    """Read one text or many; raises `InputError`, naming the first that is empty or no text."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, bytes | dict) or hasattr(given, "columns") or not hasattr(given, "__iter__"):
        raise InputError(f"What to embed is {plain(type(given).__name__)}, not text.", "Give a text or a list of them.")
    texts = tuple(given)
    for position, each in enumerate(texts):
        if not isinstance(each, str) or not each.strip():
            what = f"Text {position} is empty." if isinstance(each, str) else f"Text {position} is {plain(each, 40)!r}."
            raise InputError(what, "Leave it out, or write something; nothing was sent.")
    if not texts:
        raise InputError("There is nothing to embed.", "Give at least one text; nothing was sent.")
    return texts


def batches_of(texts: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Split texts into batches of at most `size` texts and `MOST_CHARACTERS` characters, in order."""
    batch: list[str] = []
    characters = 0
    for each in texts:
        if batch and (len(batch) == size or characters + len(each) > MOST_CHARACTERS):
            yield tuple(batch)
            batch, characters = [], 0
        batch.append(each)
        characters += len(each)
    if batch:
        yield tuple(batch)


def embed(
    batches: Sequence[tuple[str, ...]],
    build: Callable[[tuple[str, ...]], wire.Request],
    begin: Callable[[wire.Request, tuple[str, ...]], Trace],
) -> Flow[Embeddings]:
    """Send batch after batch; return all vectors, in the order of the texts."""
    got: list[Embeddings] = []
    try:
        for batch in batches:
            request = build(batch)
            trace = begin(request, batch)
            found = yield from told(trace, _vectors(request, trace, batch, got[0].dimensions if got else None))
            call = _ended(found, trace)
            got.append(replace(found, calls=(call,)))
            yield from tell(call, got[-1])
    except GeneratorExit:
        raise
    except BaseException as stop:
        if got:
            stop.embeddings = together(got)  # type: ignore[attr-defined]
            stop.add_note(f"The vectors of the first {sum(map(len, got))} texts are kept: `embeddings` of this error.")
        raise
    return together(got)


def _vectors(request: wire.Request, trace: Trace, texts: tuple[str, ...], dimensions: int | None) -> Flow[Embeddings]:
    body = yield from exchange(request, trace)
    placed: dict[int, array[float]] = {}
    for position, item in enumerate(map(record, items(record(body).get("data")))):
        index = count(item.get("index"))
        vector = read_vector(item.get("embedding"))
        if vector is None:
            raise _unreadable(f"Vector {position} of the answer cannot be read", body)
        placed[position if index is None else index] = vector
    if sorted(placed) != list(range(len(texts))):
        raise _unreadable(f"{len(texts)} texts were sent and {len(placed)} vectors came", body)
    lengths = {len(vector) for vector in placed.values()} | ({dimensions} if dimensions else set())
    if len(lengths) != 1:
        raise _unreadable(f"The vectors have different lengths ({', '.join(map(str, sorted(lengths)[:5]))})", body)
    return Embeddings(
        texts=texts,
        arrays=tuple(placed[index] for index in range(len(texts))),
        model=text(record(body).get("model")) or "",
        usage=Usage.from_json(record(body).get("usage")),
        raw=record(body),
    )


def _unreadable(what: str, body: object) -> ServiceError:
    return ServiceError(f"{what}.", "It may have been billed.", may_have_run=True, body=body)


def _ended(found: Embeddings, trace: Trace) -> Call:
    usage = found.usage or Usage()
    return trace.ended(
        "succeeded",
        model_used=found.model or None,
        prompt_tokens=usage.prompt_tokens,
        total_tokens=usage.total_tokens,
        outputs=len(found),
        cached_tokens=usage.cached_tokens,
        charge=pricing.charge_tokens(trace.call.model, found.usage, address=trace.address, writes=False),
        usage=usage.raw or None,
    )


def together(parts: Sequence[Embeddings]) -> Embeddings:
    """Put the answers of several batches together; the raw bodies of several are a list under "batches"."""
    if len(parts) == 1:
        return parts[0]
    usages = [part.usage or Usage() for part in parts]
    return Embeddings(
        texts=tuple(each for part in parts for each in part.texts),
        arrays=tuple(each for part in parts for each in part.arrays),
        model=parts[0].model,
        usage=Usage(
            prompt_tokens=_total([usage.prompt_tokens for usage in usages]),
            total_tokens=_total([usage.total_tokens for usage in usages]),
            raw={"batches": [usage.raw for usage in usages]},
        ),
        raw={"batches": [part.raw for part in parts]},
        calls=tuple(each for part in parts for each in part.calls),
    )


def _total(counts: Sequence[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if len(known) == len(counts) else None
