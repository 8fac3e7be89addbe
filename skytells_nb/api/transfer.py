"""The shell around httpx that both clients share: what a request carries, and what an httpx exception means.

The key is put on at the very last moment, so no object that is shown, logged or kept holds it; a failed request is
stripped of its headers before its exception is chained to ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from ..errors import InputError, NetworkError, ServiceError, SkytellsError, plain
from ..keys import without_secrets
from ..settings import Key, is_loopback
from . import wire

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

USUAL_TIMEOUT = httpx.Timeout(300.0, connect=10.0, write=60.0, pool=None)
"""Seconds: to connect, to write, and between two pieces of an answer (a long stream has no limit as a whole)."""

_THEIRS = frozenset({"httpx", "httpcore", "h11", "anyio", "ssl"})
"""Whose exceptions are stripped of the frames that hold headers; the user's own keep theirs."""


_address = lru_cache(maxsize=64)(httpx.URL)
"""Reads an address once: the same few are called again and again."""


def limits(timeout: float | None) -> httpx.Timeout:
    """Give the time limits of a client whose `timeout` argument is this; None: the usual ones."""
    return USUAL_TIMEOUT if timeout is None else httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None)


def trusts_environment(base_url: str) -> bool:
    """Say whether the environment's proxies are used: never for this machine, the key would leave it in the clear."""
    return not is_loopback(urlsplit(base_url).hostname or "")


def refusal(headers: Mapping[str, str]) -> SkytellsError | None:
    """Give the error for an answer that is packed as we did not ask for: a few bytes of it could fill the memory."""
    packed = headers.get("content-encoding", "")
    if packed.strip().lower() in ("", "identity", "gzip", "deflate"):
        return None
    return ServiceError(f"The answer is packed as {plain(packed, 40)}, which is not read.", "Check the address.")


def prepared(request: wire.Request, base_url: str, key: Key, usual: httpx.Timeout) -> httpx.Request:
    """Make the httpx request of one of ours; the key is put on here, in both of the API's forms."""
    secret = key.reveal()
    given = usual if request.timeout is None else limits(request.timeout)
    headers = [
        ("accept", "text/event-stream, application/json" if request.stream else "application/json"),
        ("accept-encoding", "gzip, deflate"),
        ("user-agent", "skytells_nb"),
        ("x-api-key", secret),
        ("authorization", f"Bearer {secret}"),
    ]
    if request.body is not None:
        headers.append(("content-type", "application/json"))
    address = _address(base_url + request.path)
    extensions = {"timeout": given.as_dict()}
    return httpx.Request(request.method, address, headers=headers, content=request.body, extensions=extensions)


def headers_of(response: httpx.Response) -> dict[str, str]:
    """Give an answer's headers by their names in lower case, read once."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}


def trouble(error: httpx.HTTPError | httpx.InvalidURL, base_url: str) -> SkytellsError:
    """Put an httpx exception into our words, and take from it what holds the key: headers and inner frames."""
    request: httpx.Request | None = getattr(error, "_request", None)
    if request is not None:
        error.request = httpx.Request(request.method, request.url)  # type: ignore[union-attr]
    link: BaseException | None = error
    while link is not None and type(link).__module__.partition(".")[0] in _THEIRS:
        link.__traceback__ = None
        link.args = tuple(without_secrets(str(each)) for each in link.args)
        link = link.__cause__ or link.__context__
    host = base_url.partition("://")[2].partition("/")[0]
    reason = plain(error, 160) or type(error).__name__
    if isinstance(error, httpx.InvalidURL):
        return InputError(f"The request's address cannot be written: {reason.rstrip('.')}.", "Nothing was sent.")
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


def too_slow() -> NetworkError:
    """Make the error for an answer that does not come to its end within its time."""
    return NetworkError("The answer did not come to its end in time.", "Try again.", may_have_run=True)


def too_large() -> ServiceError:
    """Make the error for a body over the bound."""
    return ServiceError(f"The answer is over {wire.MAX_BODY >> 20} MB.", "It was not read.", may_have_run=True)
