"""A hundred thousand calls as the service would answer them, each with the line that an invoice would have for it.

Nothing of the package is used here: what is owed is worked out in fractions from a price list of the tests' own, beside
the answer and not from it. Days, tags, models, the sandbox and the service are mixed, and so is what goes wrong: jobs
that fail or are canceled, with credits and without; requests that are refused; streams that break off or say no usage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from .goods import DRAWS, Work
from .texts import EMBEDDING, TEXT, Price

FIRST_DAY = datetime(2026, 3, 27, tzinfo=UTC)
DAYS = 5
TAGS = (None, "lesson 1", "Übung", "a'b\"; --", "0.10")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service sends: a status and a body, which is sent in pieces where the request streams."""

    body: bytes
    status: int = 200
    pieces: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Owed:
    """What an invoice says of a call; `amount` is None where nobody can say what it cost, and `known` says how."""

    amount: Fraction | None
    known: str
    currency: str = "USD"


UNKNOWN = Owed(None, "unknown")
NOTHING = Owed(Fraction(0), "priced")


@dataclass(frozen=True, slots=True)
class Line:
    """One call: the verb and what it is asked for, what comes back, and what is then true of it.

    `short` where less comes back than was asked for.
    """

    verb: str
    model: str
    subject: Any
    answers: tuple[Answer, ...]
    owed: Owed
    status: str = "succeeded"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    outputs: int | None = None
    moment: datetime = FIRST_DAY
    tag: str | None = None
    sandbox: bool = False
    short: bool = False

    @property
    def day(self) -> str:
        """The day it was asked on, in UTC."""
        return self.moment.strftime("%Y-%m-%d")


def lines(number: int, *, seed: int) -> Iterator[Line]:
    """Draw so many calls."""
    random = Random(seed)
    kinds: tuple[Callable[[Random, str], Line], ...] = (_prediction, _chat, _response, _embedding, _refused)
    for each in range(number):
        [kind] = random.choices(kinds, weights=(45, 28, 14, 8, 5))
        moment = FIRST_DAY + timedelta(microseconds=random.randrange(DAYS * 86_400_000_000))
        if random.random() < 0.01:  # the first and the last moment of a day
            moment = moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(microseconds=each % 2)
        tag = random.choices(TAGS, weights=(5, 3, 2, 1, 1))[0]
        yield replace(kind(random, f"id-{seed}-{each}"), moment=moment, tag=tag, sandbox=random.random() < 0.25)


def _json(value: Any) -> Answer:
    return Answer(json.dumps(value).encode())


# Predictions


_CREDITS = (0.03, 0.75, 0, 1, 2.5, 1e-05, 0.1, 0.30000000000000004, 12.345678, "0.02", 1234.5)
_NO_CREDITS = (-1, "free", None, True, [], "NaN", 1e300)


def _prediction(random: Random, name: str) -> Line:
    work = random.choice(DRAWS)(random)
    status = random.choices(("succeeded", "failed", "canceled"), weights=(86, 9, 5))[0]
    made = status == "succeeded"
    owed = Owed(work.owed, "priced", work.currency) if made and work.owed is not None else UNKNOWN
    billing: dict[str, Any] = {}
    if (chance := random.random()) < 0.45:
        named = random.choice(_CREDITS) if made or chance < 0.15 else 0
        owed, billing = Owed(Fraction(str(named)), "billed"), {"credits_used": named}
    elif chance < 0.5:
        billing = {"credits_used": random.choice(_NO_CREDITS)}
    body: dict[str, Any] = {
        "id": name,
        "status": random.choice(("canceled", "cancelled")) if status == "canceled" else status,
        "type": "inference",
        "input": work.values,
        "output": _output(random, work) if made else None,
        "model": random.choice((work.model, {"name": work.model, "type": "image"})),
        "error": random.choice(("it broke", {"message": "it broke"}, None)) if status == "failed" else None,
        "metrics": {"predict_time": work.milliseconds / 1000, "total_time": work.milliseconds / 1000 + 1},
        "metadata": {"billing": billing, "storage": {"files": []}, "data_available": True},
    }
    begun = _json({"id": name, "status": random.choice(("queued", "pending", False, "starting")), "input": work.values})
    verb = random.choices(("submit", "predict", "collect"), weights=(80, 15, 5))[0]
    answers = (_json(body),) if verb == "submit" else (begun, _json(body))
    return Line(
        verb, work.model, work.values, answers, owed, status, outputs=work.outputs if made else 0, short=work.short
    )


def _output(random: Random, work: Work) -> Any:
    links = [f"https://delivery.skytells.cloud/us/2026/03/27/{number}.png" for number in range(work.outputs)]
    forms: list[Any] = [links, [{"url": link, "kind": "image", "bytes": 3} for link in links]]
    return random.choice([*forms, links[0]] if len(links) == 1 else forms)


# Texts


def _tokens(random: Random) -> tuple[int, int, int, int]:
    """Draw tokens of the prompt, those of them from the cache, of the answer, and those of them that were thought."""
    prompt = random.choice((1, 7, random.randrange(1, 4000), random.randrange(1, 400_000)))
    completion = random.choice((0, 1, random.randrange(1, 2000), random.randrange(1, 100_000)))
    return prompt, random.randint(0, prompt), completion, random.randint(0, completion)


def _priced(price: Price | None, prompt: int, cached: int = 0, completion: int = 0) -> Owed:
    return UNKNOWN if price is None else Owed(price.owed(prompt, cached, completion), "priced")


def _answered(random: Random, verb: str, names: tuple[str, str, str, str]) -> tuple[Line, dict[str, Any] | None]:
    """Draw an answer's tokens and what they cost; now and then the service names none, or half of them."""
    model = random.choice(sorted(TEXT))
    prompt, cached, completion, thought = _tokens(random)
    line = Line(verb, model, "Hello", (), UNKNOWN, outputs=1)
    if (chance := random.random()) < 0.03:
        return line, None
    if chance < 0.05:
        return replace(line, prompt_tokens=prompt), {names[0]: prompt, names[1]: None}
    usage: dict[str, Any] = {names[0]: prompt, names[1]: completion, "total_tokens": prompt + completion}
    known = {"prompt_tokens": prompt, "completion_tokens": completion}
    if random.random() < 0.6:
        usage[names[2]] = {"cached_tokens": cached, "audio_tokens": 0}
        usage[names[3]] = {"reasoning_tokens": thought, "audio_tokens": 0, "accepted_prediction_tokens": 0}
        known |= {"cached_tokens": cached, "reasoning_tokens": thought}
    else:
        cached = 0
    return replace(line, **known, owed=_priced(TEXT[model], prompt, cached, completion)), usage


_CHAT = ("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details")
_RESPONSE = ("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details")


def _chat(random: Random, name: str) -> Line:
    verb = random.choice(("chat", "chat_stream"))
    line, usage = _answered(random, verb, _CHAT)
    answered = random.choice((line.model, "gpt-5"))
    head = {"id": name, "object": "chat.completion", "model": answered}
    if verb == "chat":
        choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        return replace(line, answers=(_json(head | {"choices": [choice], "usage": usage}),))
    head["object"] = "chat.completion.chunk"
    chunks: list[dict[str, Any]] = [
        head | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "H"}}]},
        head | {"choices": [{"index": 0, "delta": {"content": "i"}, "finish_reason": "stop"}]},
    ]
    if random.random() < 0.1:  # it breaks off before it says what it used
        events = _events(chunks[:1])
        broken = replace(line, answers=(events,), status="failed", owed=UNKNOWN)
        return replace(broken, **dict.fromkeys(_TOKENS))
    if usage and random.random() < 0.5:
        chunks.append(head | {"choices": [], "usage": usage})
    elif usage:  # in a chunk that says something as well; a first figure is not the last
        chunks[0]["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        chunks[1]["usage"] = usage
    return replace(line, answers=(_events(chunks, end="data: [DONE]\n\n"),))


_TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")


def _events(events: list[dict[str, Any]], end: str = "") -> Answer:
    return Answer(b"", pieces=(*(f"data: {json.dumps(each)}\n\n".encode() for each in events), end.encode()))


def _response(random: Random, name: str) -> Line:
    verb = random.choice(("respond", "respond_stream"))
    line, usage = _answered(random, verb, _RESPONSE)
    message = {"id": "m", "type": "message", "content": [{"type": "output_text", "text": "Hi"}]}
    whole: dict[str, Any] = {"id": name, "object": "response", "status": "completed", "model": line.model}
    whole |= {"output": [message], "usage": usage, "store": True}
    if random.random() < 0.1:
        whole |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    if verb == "respond":
        return replace(line, answers=(_json(whole),))
    begun = {"type": "response.created", "response": whole | {"status": "in_progress", "output": [], "usage": None}}
    said = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"}
    last = {"type": f"response.{whole['status']}", "response": whole}
    return replace(line, answers=(_events([begun, said, last]),))


def _embedding(random: Random, name: str) -> Line:
    model = random.choice(sorted(EMBEDDING))
    texts = ["a red fox"] * random.randint(1, 3)
    prompt = random.choice((len(texts), random.randrange(1, 50_000)))
    data = [{"object": "embedding", "index": index, "embedding": [0.6, 0.8]} for index in range(len(texts))]
    body = {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": prompt, "total_tokens": prompt}}
    owed = _priced(EMBEDDING[model], prompt)
    return Line("embed", model, texts, (_json(body),), owed, prompt_tokens=prompt, outputs=len(texts))


def _refused(random: Random, name: str) -> Line:
    """Draw a call that the service did not answer; what may have run is of unknown cost, and what did not costs 0."""
    model = random.choice(sorted(TEXT))
    status, status_word, owed = random.choice(
        (
            (402, "refused", NOTHING),
            (422, "refused", NOTHING),
            (401, "refused", NOTHING),
            (500, "failed", UNKNOWN),
            (504, "failed", UNKNOWN),
        )
    )
    problem = {"message": f"no ({name})", "error_id": "SOME_ERROR", "status": status, "request_id": name}
    return Line("chat", model, "Hello", (replace(_json({"error": problem}), status=status),), owed, status_word)
