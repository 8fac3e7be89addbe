"""One file off the network, with nothing of ours given away and nothing of theirs trusted.

No key, no cookies. https only, http on this machine only, and this machine only for a service that is on it; each
redirect is checked like the first address, at most three are followed. Size, silence and whole time are limited.
Whatever goes wrong is a `MediaError` with one clear line.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import httpx

from ...errors import MediaError, plain
from ...settings import is_loopback
from .. import page

REDIRECTS = 3
_GONE = {
    401: "the link has expired or is not for everyone",
    403: "the link has expired or is not for everyone",
    404: "the file is gone",
    410: "the file is gone",
}


class Gone(MediaError):
    """The file will not come back under this link: asking again is of no use."""


class Sink(Protocol):
    """What takes the bytes."""

    def write(self, data: bytes, /) -> int:
        """Take a piece."""


def client(timeout: float, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Make an HTTP client that knows no key and keeps no cookies; `timeout` is the longest silence in seconds.

    Raises `MediaError` where the certificates that the environment names cannot be read.
    """
    nothing = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    here = {f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")}  # never through a proxy
    return httpx.Client(
        timeout=timeout,
        transport=transport,
        cookies=nothing,
        verify=_context(),
        mounts=here if transport is None else None,
        follow_redirects=False,
        headers={"user-agent": "skytells-nb", "accept": "*/*", "accept-encoding": "identity"},
    )


@cache
def _context() -> ssl.SSLContext:
    """Read the certificates once: that takes longer than a picture."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        said = plain(error, 160).rstrip(".")
        raise MediaError(f"not fetched: the certificates that SSL_CERT_FILE names cannot be read: {said}") from error


def fetch(
    http: httpx.Client,
    url: str,
    sink: Sink,
    *,
    limit: int,
    seconds: float,
    may_be_here: bool,
    stop: threading.Event | None = None,
) -> int:
    """Write the file at `url` into `sink`; returns its size in bytes. `may_be_here`: it may be on this machine.

    Raises `MediaError` for a link that may not be followed, a file over `limit` bytes, one that takes over `seconds`
    in all, or no answer; `Gone` where the file is there no more. `stop` breaks it off between two pieces.
    """
    ends, size = time.monotonic() + seconds, 0
    try:
        with _opened(http, url, may_be_here=may_be_here) as response:
            declared = response.headers.get("content-length", "")
            if declared.isdecimal() and int(declared) > limit:
                raise MediaError(
                    f"not saved: it has {page.megabytes(int(declared))}, the limit is {page.megabytes(limit)}"
                )
            for piece in response.iter_bytes():
                size += len(piece)
                if size > limit:
                    raise MediaError(f"not saved: it has more than {page.megabytes(limit)}")
                if stop is not None and stop.is_set():
                    raise MediaError("not saved: interrupted")
                if time.monotonic() > ends:
                    raise MediaError(f"not saved: it was not there after {seconds:.0f} s")
                sink.write(piece)
    except httpx.TimeoutException as error:
        raise MediaError("not saved: the server did not answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        raise MediaError(f"not saved: {plain(error, 160) or type(error).__name__}") from error
    if size == 0:
        raise MediaError("not saved: the file is empty")
    return size


@contextmanager
def _opened(http: httpx.Client, url: str, *, may_be_here: bool) -> Iterator[httpx.Response]:
    home = _checked(url, may_be_here=may_be_here)
    for _ in range(REDIRECTS + 1):
        response = http.send(http.build_request("GET", url), stream=True)
        try:
            if not response.has_redirect_location:
                _check_status(response.status_code)
                if "," in response.headers.get("content-encoding", ""):
                    raise MediaError("not saved: it is packed more than once")
                yield response
                return
            url = urljoin(url, response.headers["location"])
        finally:
            response.close()
        home = _checked(url, may_be_here=home)
    raise MediaError(f"not saved: the link was redirected more than {REDIRECTS} times")


def _checked(url: str, *, may_be_here: bool) -> bool:
    """Refuse an address that may not be asked; says whether it is on this machine."""
    parts = urlsplit(url)
    here = is_loopback(parts.hostname or "")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise MediaError("not fetched: the link is not an https address")
    if parts.username or parts.password:
        raise MediaError("not fetched: the link holds a login")
    if parts.scheme == "http" and not here:
        raise MediaError("not fetched: the link is plain http, which anybody on the way can read and change")
    if here and not may_be_here:
        raise MediaError("not fetched: the link leads from another machine to this one")
    return here


def _check_status(status: int) -> None:
    if status in _GONE:
        raise Gone(f"not saved: {_GONE[status]} (HTTP {status})")
    if not 200 <= status < 300:
        raise MediaError(f"not saved: the server answered HTTP {status}")
