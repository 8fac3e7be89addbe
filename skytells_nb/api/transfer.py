"""The shell around httpx that both clients share: what a request carries, and what an httpx exception means.

The key is put on at the very last moment, so no object that is shown, logged or kept holds it; a failed request is
stripped of its headers before its exception is chained to ours. No cookie is kept: nothing that a server sets goes back
to it beside the key.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any

import httpx

from ..errors import NetworkError, ServiceError, SkytellsError, plain
from ..settings import Key
from . import wire

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

USUAL_TIMEOUT = httpx.Timeout(300.0, connect=10.0, write=60.0, pool=None)
"""Seconds: to connect, to write, and between two pieces of an answer (a long stream has no limit as a whole)."""

LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100)


class KeyHeaders(httpx.Auth):
    """Puts the key on a request in both of the API's forms, `x-api-key` and `Authorization: Bearer`."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the two headers."""
        secret = self._key.reveal()
        request.headers["x-api-key"] = secret
        request.headers["authorization"] = f"Bearer {secret}"
        yield request


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class _Forgetful:
    @property
    def cookies(self) -> httpx.Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, _cookies: object) -> None:
        raise AttributeError("This client keeps no cookies.")


_NO_COOKIES = _NoCookies()


class Http(_Forgetful, httpx.Client):
    """The blocking HTTP client, without cookies."""


class AsyncHttp(_Forgetful, httpx.AsyncClient):
    """The async HTTP client, without cookies."""


_address = lru_cache(maxsize=64)(httpx.URL)
"""Reads an address once: the same few are called again and again."""


def options(key: Key, timeout: float | None) -> dict[str, Any]:
    """Give the constructor arguments for `httpx.Client` and its twin."""
    return {
        "auth": KeyHeaders(key),
        "timeout": USUAL_TIMEOUT if timeout is None else httpx.Timeout(timeout, connect=min(timeout, 10.0)),
        "limits": LIMITS,
        "headers": {"accept": "application/json", "user-agent": "skytells_nb"},
        "follow_redirects": False,
    }


def arguments(request: wire.Request, base_url: str, timeout: float | None) -> dict[str, Any]:
    """Give the arguments for `build_request`."""
    built: dict[str, Any] = {
        "method": request.method,
        "url": _address(base_url + request.path),
        "content": request.body,
    }
    headers = {}
    if request.body is not None:
        headers["content-type"] = "application/json"
    if request.stream:
        headers["accept"] = "text/event-stream, application/json"
    built["headers"] = headers
    if timeout is not None:
        built["timeout"] = timeout
    return built


def trouble(error: httpx.HTTPError | httpx.InvalidURL, base_url: str) -> SkytellsError:
    """Put an httpx exception into our words, and take from it what holds the key: headers and inner frames."""
    request: httpx.Request | None = getattr(error, "_request", None)
    if request is not None:
        error.request = httpx.Request(request.method, request.url)  # type: ignore[union-attr]
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    host = base_url.partition("://")[2].partition("/")[0]
    reason = plain(error, 160) or type(error).__name__
    if isinstance(error, httpx.DecodingError):
        return ServiceError(f"The answer of {host} cannot be unpacked: {reason}.", "Try again.", may_have_run=True)
    if isinstance(error, _NOT_SENT):
        fix = "Check the network and the address; nothing was sent. %skytells_sandbox works offline."
        return NetworkError(f"{host} cannot be reached: {reason.rstrip('.')}.", fix)
    if isinstance(error, httpx.TimeoutException):
        what = f"{host} did not answer in time."
        return NetworkError(
            what, "The request may have run all the same: look before you repeat it.", may_have_run=True
        )
    what = f"The connection to {host} broke: {reason.rstrip('.')}."
    return NetworkError(what, "The request may have run all the same: look before you repeat it.", may_have_run=True)


def too_large() -> ServiceError:
    """Make the error for a body over the bound."""
    return ServiceError(f"The answer is over {wire.MAX_BODY >> 20} MB.", "It was not read.", may_have_run=True)
