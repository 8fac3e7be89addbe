"""What is known of a kept file, as the JSON that lies beside it, and back to a prediction. Pure.

It is for people and for a later kernel: model, inputs, seed, price, and the file's SHA-256. It holds no credential:
links are written without their query, whose signature is one; an input that is secret or named like a key is left out,
and so is whatever looks like a key. A file that was put into an input is named by its SHA-256 and size.

Anybody may have edited it, so reading it back is tolerant and bounded: what makes no sense is not known.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

from ...api.prices.amounts import figure
from ...api.reading import Json, count, mended, moment, record, seconds, text
from ...api.record import Call, Charge, CostSource
from ...api.values import Prediction, Status
from ...keys import scrubbed, without_secrets
from .kept import Kept

VERSION = 1
LARGEST = 1_000_000
"""Bytes of a sidecar that is read."""

_ABOUT = "Written by skytells_nb. Links are without their query, which is a credential; secret inputs are left out."
_LONGEST, _MOST, _DEPTH = 10_000, 200, 8
_CREDENTIAL = re.compile(
    r"(?:^|[_-])(?:(?:api|access|private|secret)[_-]?key|token|secret|password|passphrase|credentials?|authorization)\Z",
    re.IGNORECASE,
)
_CAMEL = re.compile(
    r"(?:\A(?:api|access|private|secret)|[a-z0-9](?:Api|Access|Private|Secret))Key\Z"
    r"|[a-z0-9](?:Token|Secret|Password|Passphrase|Credentials?)\Z"
)
_FILE = re.compile(r"data:[\w.+-]+/[\w.+-]+[;,]", re.IGNORECASE)
_LOGIN = re.compile(r"(https?://)[^\s/?#@]*@", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s?#]*)[?#]\S*", re.IGNORECASE)
_SOURCES: Mapping[str, CostSource] = {"billed": "billed", "priced": "priced", "unknown": "unknown"}


def sidecar(prediction: Prediction, kept: Kept, digest: str, *, secret: Collection[str] = ()) -> bytes:
    """Write what is known of a kept file as JSON in UTF-8; `digest` is its SHA-256, `secret` names secret inputs."""
    call, charge = prediction.call, prediction.call.charge if prediction.call else None
    amount = charge.amount if charge else prediction.credits_used
    seed = prediction.input.get("seed")
    document = {
        "about": _ABOUT,
        "version": VERSION,
        "model": prediction.model,
        "type": prediction.type,
        "prediction_id": prediction.id,
        "status": str(prediction.status),
        "input": _bounded({name: value for name, value in prediction.input.items() if name not in secret}),
        "seed": seed if isinstance(seed, int | str) else None,
        "cost": None if amount is None else str(amount),
        "currency": charge.currency if charge else "USD",
        "cost_source": charge.source if charge else "unknown" if amount is None else "billed",
        "cost_reason": charge.reason if charge else "",
        "credits_used": None if prediction.credits_used is None else str(prediction.credits_used),
        "sandbox": call.sandbox if call else prediction.sandbox,
        "created_at": _written(prediction.created_at),
        "started_at": _written(prediction.started_at),
        "completed_at": _written(prediction.completed_at),
        "predict_time": prediction.predict_time,
        "total_time": prediction.total_time,
        "call": call and {"sent_at": _written(call.started_at), "seconds": call.seconds, "tag": call.tag},
        "file": {
            "index": kept.index,
            "kind": kept.kind,
            "mime": kept.mime,
            "size": kept.size,
            "sha256": digest,
            "width": kept.width,
            "height": kept.height,
            "seconds": kept.seconds,
            "url": bare(kept.url),
        },
        "output": [_linked(item) for item in prediction.output[:_MOST]],
    }
    said = json.dumps(scrubbed(document), indent=2, ensure_ascii=False, default=str)
    return f"{mended(said)}\n".encode()


class Noted(NamedTuple):
    """What a sidecar tells: the prediction as it ended, of which of its files (from 0), and that file's bytes."""

    prediction: Prediction
    number: int
    size: int
    sha256: str


def read(data: bytes) -> Noted | None:
    """Read a sidecar; None for what is none, or is of a later version."""
    try:
        said = record(json.loads(data[: LARGEST + 1])) if len(data) <= LARGEST else {}
    except (ValueError, RecursionError):
        return None
    file = record(said.get("file"))
    index, size = count(file.get("index")), count(file.get("size"))
    if said.get("version") != VERSION or not text(said.get("prediction_id")) or index is None or size is None:
        return None
    prediction = _prediction(said)
    if prediction.status is not Status.SUCCEEDED or index >= len(prediction.links):
        return None
    return Noted(prediction, index, size, text(file.get("sha256")) or "")


def _prediction(said: Json) -> Prediction:
    """Build the prediction; its links are bare, and asking for them is of no use."""
    times = {name: said.get(name) for name in ("predict_time", "total_time")}
    same = ("status", "input", "output", "created_at", "started_at", "completed_at")
    told = {name: said.get(name) for name in same} | {"id": said.get("prediction_id"), "metrics": times}
    told["model"] = {"name": said.get("model"), "type": said.get("type")}
    found = Prediction.from_json(told | {"metadata": {"billing": {"credits_used": said.get("credits_used")}}})
    sandbox = said.get("sandbox") is True
    return replace(found, raw={}, sandbox=sandbox, call=_call(said, found, sandbox=sandbox))


def _call(said: Json, found: Prediction, *, sandbox: bool) -> Call | None:
    """Build the record of the call as far as it is shown; it has no id, so that nothing is ever added to the ledger."""
    call = record(said.get("call"))
    sent, took = moment(call.get("sent_at")), seconds(call.get("seconds"))
    if sent is None:
        return None
    amount = figure(said.get("cost"))
    source = _SOURCES.get(text(said.get("cost_source")) or "", "unknown") if amount is not None else "unknown"
    currency, reason = (text(said.get(name)) or "" for name in ("currency", "cost_reason"))
    return Call(
        id="",
        api="prediction",
        endpoint="",
        model=found.model,
        started_at=sent,
        fingerprint="",
        sandbox=sandbox,
        tag=text(call.get("tag")),
        status="succeeded",
        finished_at=found.completed_at or sent,
        remote_id=found.id,
        seconds=took,
        charge=Charge(amount, currency[:8] or "USD", source, reason[:400]),
    )


def bare(link: str) -> str:
    """Write a link without what may be a credential: user, query and fragment."""
    try:
        parts = urlsplit(link)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return link.partition("?")[0].partition("#")[0]


def _linked(item: str) -> str:
    return bare(item) if item.startswith(("https://", "http://")) else item[:_LONGEST]


def _bounded(value: object, depth: int = _DEPTH) -> Any:
    """Cut what is long or deep, name files by their sum, and leave out what is named like a credential."""
    if isinstance(value, str):
        return _summed(value) if _FILE.match(value) else _plain_links(_cut(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        told = [(str(name)[:200], each) for name, each in value.items()][:_MOST]
        return {name: _bounded(each, depth - 1) for name, each in told if not _is_credential(name)}
    return [_bounded(each, depth - 1) for each in value[:_MOST]]


def _is_credential(name: str) -> bool:
    return bool(_CREDENTIAL.search(name) or _CAMEL.search(name))


def _cut(said: str) -> str:
    said = without_secrets(said)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _plain_links(said: str) -> str:
    return _QUERY.sub(r"\1?…", _LOGIN.sub(r"\1", said))


def _summed(link: str) -> dict[str, Any]:
    """Name the file that a `data:` link carries."""
    head, _, body = link.partition(",")
    try:
        content = b64decode(body) if head.lower().endswith(";base64") else unquote_to_bytes(body)
    except ValueError:
        content = body.encode("utf-8", "replace")
    return {"mime": head[5:].partition(";")[0][:100], "size": len(content), "sha256": sha256(content).hexdigest()}


def _written(at: Any) -> str | None:
    return None if at is None else at.isoformat()
