"""Requests of both APIs, built from what the caller gave. Pure; a name or link can never become another path.

Sources: the reference pages of Skytells' Predictions and Inference APIs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ..errors import InputError, plain
from ..settings import is_loopback
from .wire import Request

_written = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def to_bytes(body: Mapping[str, Any]) -> bytes:
    """Write JSON; raises `InputError` for what JSON cannot say (NaN, an object of Python)."""
    try:
        return _written(body).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"An input cannot be written as JSON: {plain(error)}.", "Use text, numbers, lists and dicts."
        ) from error


def chat(model: str, messages: Sequence[Mapping[str, Any]], params: Mapping[str, Any], *, stream: bool) -> Request:
    """Build POST /chat/completions; parameters that are None are left out."""
    body = {"model": named(model), "messages": messages, **_given(params), **({"stream": True} if stream else {})}
    return Request("POST", "/chat/completions", to_bytes(body), stream=stream)


def without_usage(request: Request) -> Request | None:
    """Build the same request of a stream without its wish for usage; None where it holds none."""
    body = json.loads(request.body or b"{}")
    if body.pop("stream_options", None) is None:
        return None
    return replace(request, body=to_bytes(body))


def respond(
    model: str, items: str | Sequence[Mapping[str, Any]], params: Mapping[str, Any], *, stream: bool
) -> Request:
    """Build POST /responses; parameters that are None are left out."""
    body = {"model": named(model), "input": items, **_given(params), **({"stream": True} if stream else {})}
    return Request("POST", "/responses", to_bytes(body), stream=stream)


def embed(model: str, texts: Sequence[str], params: Mapping[str, Any]) -> Request:
    """Build POST /embeddings."""
    return Request("POST", "/embeddings", to_bytes({"model": named(model), "input": list(texts), **_given(params)}))


def named(model: object) -> str:
    """Check the name of a text model; raises `InputError` for what is none."""
    if not isinstance(model, str) or not model.strip():
        raise InputError(f"model={plain(model, 40)!r} is no model's name.", "Give its slug; nothing was sent.")
    return model


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def create_prediction(
    model: str, values: Mapping[str, Any], *, webhook: Mapping[str, Any] | None = None, block: bool = False
) -> Request:
    """Build POST /predictions; `block` asks the service to answer only when the job has ended."""
    body = {"model": model, "input": dict(values), "webhook": webhook, "await": block or None}
    return Request("POST", "/predictions", to_bytes(_given(body)))


def webhook_of(given: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Read a webhook: an address, or {"url", "events"}; an address alone is told when a job has ended.

    Raises `InputError` for what is neither, and for an address that is not https (http on this machine).
    """
    if given is None:
        return None
    fix = 'Give an https address, or {"url": "https://…", "events": ["completed"]}.'
    webhook = {"url": given} if isinstance(given, str) else given
    if not isinstance(webhook, Mapping) or not isinstance(url := webhook.get("url"), str):
        raise InputError(f"The webhook {plain(given, 80)!r} has no address.", fix)
    scheme, host = _origin(url)[:2]
    if not host or (scheme != "https" and not (scheme == "http" and is_loopback(host))):
        raise InputError(f"The webhook's address {plain(url, 80)!r} is not https.", fix)
    events = webhook.get("events", ENDINGS)
    if not isinstance(events, list | tuple) or not events or not all(isinstance(e, str) and e for e in events):
        raise InputError("The webhook's events are no list of names.", fix)
    return {**webhook, "url": url, "events": list(events)}


ENDINGS = ("completed", "failed", "canceled")
"""The events of a job's end, in the words of the newest pages."""


def list_predictions(
    page: int, per_page: int, *, first: str | None, last: str | None, model: str | None, status: str | None
) -> Request:
    """Build GET /predictions; `first` and `last` are days as YYYY-MM-DD, both in the list."""
    query = {"page": page, "per_page": per_page, "from": first, "to": last, "model": model, "status": status}
    return Request("GET", f"/predictions?{urlencode(_given(query))}")


_ACTIONS = {"get": ("GET", ""), "cancel": ("POST", "/cancel"), "delete": ("DELETE", "")}


def of_prediction(action: str, job_id: str, urls: Mapping[str, Any], address: str) -> Request:
    """Build the request that gets, cancels or deletes a prediction.

    By the link that the service named, where that stays at `address` and names this job; else by the documented path.
    """
    method, path = _ACTIONS[action]
    usual = f"/predictions/{segment(job_id)}"
    return Request(method, own_path(urls.get(action), usual, address) or usual + path)


def deletions(job_id: str, urls: Mapping[str, Any], address: str) -> list[Request]:
    """Build the requests that may delete a prediction: its own link, the documented path, that of older servers."""
    linked = of_prediction("delete", job_id, urls, address)
    usual = of_prediction("delete", job_id, {}, address)
    return list(dict.fromkeys((linked, usual, replace(usual, path=f"{usual.path}/delete"))))


def own_path(link: object, usual: str, address: str) -> str | None:
    """Give the path of a link under our own address, or None for one that leads anywhere else than `usual` and below.

    A link of another origin would carry the key there.
    """
    if not isinstance(link, str) or _origin(link) != _origin(address) or _origin(link) == _NOWHERE:
        return None
    base, path = urlsplit(address).path.rstrip("/"), urlsplit(link).path
    plainly = path.removeprefix(base)
    below = plainly.startswith(usual) and _BELOW.fullmatch(plainly.removeprefix(usual))
    return plainly if below and path.startswith(base) and link.endswith(path) else None


_NOWHERE = ("", "", None)
_BELOW = re.compile(r"(/[A-Za-z0-9_-]+)*/?")
"""What may follow a job's own path: words, with no dot or percent sign that somebody on the way could read as ".."."""
_USUAL_PORTS = {"https": 443, "http": 80}


def _origin(link: str) -> tuple[str, str, int | None]:
    """Give scheme, host and port; nothing for a link that cannot be read, or that names a user."""
    try:
        parts = urlsplit(link)
        port = _USUAL_PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return _NOWHERE
    if parts.username is not None or parts.password is not None or "\\" in link:
        return _NOWHERE
    return parts.scheme, parts.hostname or "", port


def get_models() -> Request:
    """Build GET /models, schemas asked for."""
    return Request("GET", "/models?fields=input_schema,output_schema")


def get_model(slug: str, *, singular: bool = False) -> Request:
    """Build GET /models/{slug}, or /model/{slug} as older servers call it."""
    return Request("GET", f"/{'model' if singular else 'models'}/{segment(slug)}?fields=input_schema,output_schema")


def segment(name: str) -> str:
    """Quote one path segment, so that a name can never become a path."""
    if not isinstance(name, str) or not name or name in (".", ".."):
        raise InputError(f"{plain(name, 80)!r} is not a name.", "Give the model's or prediction's name.")
    return quote(name, safe="", errors="replace")
