"""The one line under a result: who answered, how long it took, what it cost, and what is not as usual.

One function makes it for every kind of result, as plain text; the page and the terminal show the same words. What is
not known is left out, except the cost: that is then called unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..api.pricing import dollars
from ..api.record import Call
from ..api.values import Embeddings, Prediction, Reply, Status
from . import page

_ENDINGS = {
    "length": "cut: the answer reached its token limit",
    "max_tokens": "cut: the answer reached its token limit",
    "tool_calls": "it asks for a tool's result",
    "function_call": "it asks for a tool's result",
}


_SANDBOX = "sandbox: nothing was billed"


def caption(call: Call | None, *, model: str = "", notes: Iterable[str] = ()) -> str:
    """Write a call's line: model, seconds, tokens, cost, then `notes`.

    `model` is the name the answer gave; where it is another than the one asked for, both are named. "" for a call that
    is not known and without notes.
    """
    return " · ".join(part for part in (*_facts(call, model), *notes) if part)


def _facts(call: Call | None, model: str) -> list[str]:
    if call is None:
        return [page.cut(model, 80)]
    answered = model or call.model_used or call.model
    told = [
        page.cut(answered, 80)
        if _same(call.model, answered)
        else f"asked {page.cut(call.model, 80)}, answered {page.cut(answered, 80)}"
    ]
    if call.seconds is not None:
        told.append(f"{call.seconds:.1f} s")
    if call.ttft is not None:
        told.append(f"first words after {call.ttft:.1f} s")
    if call.api == "embeddings":
        told += [] if call.prompt_tokens is None else [f"{_count(call.prompt_tokens)} tokens"]
    elif call.prompt_tokens is not None or call.completion_tokens is not None:
        told.append(f"{_count(call.prompt_tokens)} tokens in, {_count(call.completion_tokens)} out")
    return [*told, cost(call)]


def _same(asked: str, answered: str) -> bool:
    return not answered or not asked or answered == asked


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def cost(call: Call) -> str:
    """Say what a call cost, that this is not known, or that it was the sandbox, which bills nothing."""
    amount = call.charge.amount
    written = dollars(amount, page.cut(call.charge.currency, 8))
    if call.sandbox:
        return _SANDBOX + (f", it would have cost {written}" if amount is not None else "")
    return written if amount is not None else "cost unknown"


def of_reply(reply: Reply) -> str:
    """Write the line under an answer, with the reason why it ended where that is not the usual one."""
    return caption(reply.call, model=reply.model, notes=_endings(reply))


def _endings(reply: Reply) -> list[str]:
    told = []
    reason = reply.finish_reason
    if reply.filters or reason == "content_filter":
        blocked = dict.fromkeys((*reply.filters.prompt, *reply.filters.completion))
        named = f": {page.cut(', '.join(blocked), 120)}" if blocked else ""
        told.append(f"blocked by the safety layer{named}")
    if reason and reason not in ("stop", "content_filter", "end_turn", "completed"):
        told.append(_ENDINGS.get(reason) or f"ended by {page.cut(reason, 60)}")
    if not reply.complete:
        told.append("interrupted: the answer is not whole")
    return told


def size_of(found: Embeddings) -> str:
    """Say how many vectors there are, of how many numbers each."""
    return f"{len(found):,} vector{'' if len(found) == 1 else 's'} of {found.dimensions:,} numbers"


def of_embeddings(found: Embeddings) -> str:
    """Write the line under vectors: of all their requests together, and how many those were if more than one."""
    if not found.calls:
        return caption(None, model=found.model)
    tokens = found.usage.prompt_tokens if found.usage else None
    charge = replace(found.calls[0].charge, amount=found.cost)
    whole = replace(found.calls[0], seconds=found.seconds, prompt_tokens=tokens, charge=charge)
    return caption(whole, model=found.model, notes=[f"{len(found.calls)} requests"] if len(found.calls) > 1 else [])


def of_prediction(prediction: Prediction) -> str:
    """Write the line under a prediction: with its seed where that is known, its id, and its state if not succeeded."""
    seed = prediction.input.get("seed")
    notes = [
        "" if prediction.status is Status.SUCCEEDED else str(prediction.status),
        f"seed {page.cut(seed, 24)}" if isinstance(seed, int | str) and seed != "" else "",
        page.cut(prediction.id, 80),
    ]
    call = prediction.call
    line = caption(call, model=prediction.model, notes=notes)
    if call is None and prediction.credits_used is not None:
        amount = dollars(prediction.credits_used)
        line += f" · {_SANDBOX}, it would have cost {amount}" if prediction.sandbox else f" · {amount}"
    return line
