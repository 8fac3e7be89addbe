"""The dialects of the API: what the platform's sources spell differently, and how an answer is put into one.

The sandbox thinks in one form, that of the platform's own documents; a `Dialect` says how it is written.
`speak` is a pure function from a prediction in that form to the same prediction in a dialect. The words below
are all there is to choose from; the first of each is the default.

| name | words | what differs |
| --- | --- | --- |
| `status` | `docs` `sdk` `older` `console` `new` | words for a job's state: queued…; pending, starting, started…; starting…; Queued…; scheduled, rendering… |
| `spelling` | `canceled` `cancelled` | the word for a stopped job |
| `list` | `envelope` `array` | a page of predictions: with `pagination`, or bare |
| `ack` | `prediction` `success` `empty` | what cancel and delete answer: the job, `{"success": true}`, or 204 |
| `error_shape` | `merged` `E1` `E2` `E3` | errors outside the Inference API |
| `output` | `list` `string` `objects` `missing` | addresses; the only one bare; `{"url": …}`; left out while there is none |
| `model` | `object` `string` | `{"name", "type"}` or the bare name |
| `webhook` | `bare` `envelope` | a delivery: the prediction, or `{"type", "created_at", "data"}` |
| `unknown` | `502` `404` | the status for a prediction that does not exist |
| `times` | `mixed` `micros` `nanos` `offset` | timestamps: as printed; 6 digits; 9 digits; none and `+00:00` |
| `failure` | `both` `error` `response` `message` | where a failed job says why; `message`: `error_message` and `error_id`, `error` null |
| `sound` | `audio` `music` | the type of models that make sound |
| `fields` | `full` `sparse` | all of a prediction, or only what no reader can do without |
| `files` | `empty` `listed` | `metadata.storage.files` |
| `ids` | `uuid` `pred` | a prediction's id |
| `limits` | `skytells` `plain` | rate-limit headers: `x-skytells-ratelimit-*` or `X-RateLimit-*` |
| `created` | `200` `201` `202` | the status of a successful create |
| `schemas` | `always` `asked` | whether models show their schemas without `fields` |
| `output_text` | `present` `absent` | whether a response has its text at the top too |
| `store` | `off` `on` | whether a response is kept when `store` is not given |
| `done` | `chat` `all` | whether a response's stream ends in `[DONE]` too |
| `stream_options` | `taken` `refused` | refused: 400, naming it |
"""  # noqa: E501 - a table

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SPARSE = ("id", "status", "output", "error", "response", "error_message", "error_id")
_TIMES = ("created_at", "started_at", "completed_at", "updated_at")

# The words of each vocabulary; where a state has several, they follow the job's progress.
_VOCABULARIES: dict[str, dict[str, tuple[str, ...]]] = {
    "docs": {},
    "sdk": {"queued": ("pending",), "processing": ("starting", "started", "processing"), "canceled": ("cancelled",)},
    "older": {"queued": ("starting",)},
    "console": {
        "queued": ("Queued",),
        "processing": ("Processing",),
        "succeeded": ("Succeeded",),
        "failed": ("Failed",),
        "canceled": ("Cancelled",),
    },
    "new": {"queued": ("scheduled",), "processing": ("warming_up", "rendering")},
}
STATES = ("queued", "processing", "succeeded", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How answers are written; each field is one row of this module's table.

    Raises `ValueError`, naming the row, for a word that is not in it.
    """

    status: Literal["docs", "sdk", "older", "console", "new"] = "docs"
    spelling: Literal["canceled", "cancelled"] = "canceled"
    list: Literal["envelope", "array"] = "envelope"
    ack: Literal["prediction", "success", "empty"] = "prediction"
    error_shape: Literal["merged", "E1", "E2", "E3"] = "merged"
    output: Literal["list", "string", "objects", "missing"] = "list"
    model: Literal["object", "string"] = "object"
    webhook: Literal["bare", "envelope"] = "bare"
    unknown: Literal["502", "404"] = "502"
    times: Literal["mixed", "micros", "nanos", "offset"] = "mixed"
    failure: Literal["both", "error", "response", "message"] = "both"
    sound: Literal["audio", "music"] = "audio"
    fields: Literal["full", "sparse"] = "full"
    files: Literal["empty", "listed"] = "empty"
    ids: Literal["uuid", "pred"] = "uuid"
    limits: Literal["skytells", "plain"] = "skytells"
    created: Literal["200", "201", "202"] = "200"
    schemas: Literal["always", "asked"] = "always"
    output_text: Literal["present", "absent"] = "present"
    store: Literal["off", "on"] = "off"
    done: Literal["chat", "all"] = "chat"
    stream_options: Literal["taken", "refused"] = "taken"

    def __post_init__(self) -> None:
        for row, words in WORDS.items():
            word = getattr(self, row)
            if word not in words:
                raise ValueError(f"{row} must be one of {', '.join(map(repr, words))}, not {word!r}")

    def but(self, changes: Mapping[str, str] | Iterable[tuple[str, str]]) -> Dialect:
        """Return this dialect with some rows changed; raises `ValueError` for an unknown row or word."""
        try:
            wanted: dict[str, Any] = dict(changes)
        except (TypeError, ValueError):
            raise ValueError(f"dialect must be a dict such as {{'status': 'sdk'}}, not {changes!r}") from None
        for name in wanted:
            if name not in WORDS:
                near = get_close_matches(str(name), WORDS, n=1)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                raise ValueError(f"Unknown dialect {name!r}{hint}. Known: {', '.join(WORDS)}.")
        return replace(self, **wanted)


WORDS: dict[str, tuple[str, ...]] = {row: get_args(words) for row, words in get_type_hints(Dialect).items()}


def pairs(parts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read `name=word` parts; raises `ValueError` for an unknown name or word, or for none at all."""
    found = [part.partition("=") for part in parts]
    if not found or not all(equals for _, equals, _ in found):
        raise ValueError("Write the dialect as name=word, for instance status=sdk.")
    wanted = tuple((name.strip(), word.strip()) for name, _, word in found)
    Dialect().but(wanted)
    return wanted


def states_of(word: str) -> frozenset[str]:
    """Tell which states a word means in any of the vocabularies, in any case; none for an unknown word."""
    low = word.lower()
    found = {
        state
        for vocabulary in _VOCABULARIES.values()
        for state in STATES
        if low in (known.lower() for known in vocabulary.get(state, (state,)))
    }
    return frozenset(found or ({"succeeded"} if low == "completed" else ()))


def speak(prediction: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Return a prediction in `dialect`; it comes in the platform's printed form, with `canceled`."""
    said = dict(prediction)
    progress = (said.get("metrics") or {}).get("progress", 0)
    said["status"] = _state(said["status"], progress, dialect)
    said |= {name: _time(said[name], dialect.times) for name in _TIMES}
    if dialect.files == "listed" and said["output"]:
        files = [_file(url) for url in said["output"]]
        said["metadata"] = said["metadata"] | {"storage": {"files": files}}
    said = _with_output(said, dialect.output)
    if prediction["status"] == "failed":
        said = _with_failure(said, dialect.failure)
    kind = sound(said["model"]["type"], dialect)
    said["model"] = said["model"]["name"] if dialect.model == "string" else said["model"] | {"type": kind}
    if dialect.fields == "sparse":
        return {name: said[name] for name in _SPARSE if said.get(name) is not None}
    return said


def sound(kind: str, dialect: Dialect) -> str:
    """Return the dialect's word for a model's type."""
    return dialect.sound if kind == "audio" else kind


def _state(state: str, progress: int, dialect: Dialect) -> str:
    words = _VOCABULARIES[dialect.status].get(state)
    if words is None:
        return dialect.spelling if state == "canceled" else state
    return words[min(len(words) - 1, progress * len(words) // 100)]


def _time(moment: str | None, precision: str) -> str | None:
    if moment is None or precision == "mixed":
        return moment
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    match precision:
        case "micros":
            return f"{whole}.{fraction[:6]}Z"
        case "nanos":
            return f"{whole}.{fraction:0<9}Z"
        case _:
            return datetime.fromisoformat(f"{whole}+00:00").isoformat()


def _file(url: str) -> dict[str, str]:
    """Describe a file as the platform's samples do: only pictures have a type of their own."""
    name = url.rpartition("/")[2]
    kind = mimetypes.guess_type(name)[0] or ""
    return {"name": name, "type": kind if kind.startswith("image/") else "application/octet-stream", "url": url}


def _with_output(said: dict[str, Any], form: str) -> dict[str, Any]:
    urls = said["output"]
    if urls is None:
        return {name: value for name, value in said.items() if form != "missing" or name != "output"}
    match form:
        case "string":
            return said | {"output": urls[0] if len(urls) == 1 else urls}
        case "objects":
            return said | {"output": [{"url": url} for url in urls]}
        case _:
            return said


def _with_failure(said: dict[str, Any], place: str) -> dict[str, Any]:
    text = said["error"]
    match place:
        case "error":
            return {name: value for name, value in said.items() if name != "response"}
        case "response":
            return {name: value for name, value in said.items() if name != "error"}
        case "message":
            rest = {name: value for name, value in said.items() if name not in {"error", "response"}}
            return rest | {"error": None, "error_message": text, "error_id": "PREDICTION_FAILED"}
        case _:
            return said
