"""A line: one connection to the service, as an httpx transport; made when it is first used, and again when it ended.

A line carries one request at a time. Where a proxy of the environment stands between, httpx's own transport does it.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from ..errors import SetupError, plain
from . import sockets, transfer
from .lines import IDLE

T = TypeVar("T")

_RAISED = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpcore's exceptions by httpx's names, which are the same."""
    try:
        yield
    except _RAISED as error:
        raised: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise raised(str(error)) from error


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class Line(httpx.BaseTransport):
    """A blocking line."""

    def __init__(self, origin: httpcore.Origin, context: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._context = context
        self._connection: httpcore.HTTP11Connection | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send; raises httpx's exceptions. The answer's body must be closed before the next request."""
        connection = self._connection
        if connection is None or connection.has_expired() or not connection.is_available():
            self.close()
            connection = None
        with _as_httpx():
            if connection is None:
                connection = self._connection = self._connected(request)
            answer = connection.handle_request(_as_httpcore(request))
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def _connected(self, request: httpx.Request) -> httpcore.HTTP11Connection:
        seconds = request.extensions["timeout"]["connect"]
        host = self._origin.host.decode("ascii")
        stream = sockets.connect(host, self._origin.port, seconds)
        if self._context is not None:
            stream = stream.start_tls(self._context, host, seconds)
        return httpcore.HTTP11Connection(self._origin, stream, IDLE)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._stream: Any = answer.stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class AsyncLine(httpx.AsyncBaseTransport):
    """An async line, of the event loop that uses it."""

    def __init__(self, origin: httpcore.Origin, context: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._context = context
        self._connection: httpcore.AsyncHTTP11Connection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; raises httpx's exceptions. The answer's body must be closed before the next request."""
        connection = self._connection
        if connection is None or connection.has_expired() or not connection.is_available():
            await self.aclose()
            connection = None
        with _as_httpx():
            if connection is None:
                connection = self._connection = await self._connected(request)
            answer = await connection.handle_async_request(_as_httpcore(request))
        body = _AsyncBody(answer)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def _connected(self, request: httpx.Request) -> httpcore.AsyncHTTP11Connection:
        seconds = request.extensions["timeout"]["connect"]
        host = self._origin.host.decode("ascii")
        stream = await sockets.connect_async(host, self._origin.port, seconds)
        if self._context is not None:
            stream = await stream.start_tls(self._context, host, seconds)
        return httpcore.AsyncHTTP11Connection(self._origin, stream, IDLE)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.aclose()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._stream: Any = answer.stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def maker(base_url: str) -> Callable[[], Line | httpx.HTTPTransport]:
    """Give what makes blocking lines to an address; they share one set of certificates."""
    origin, context, proxy = _way(base_url)
    if proxy is None:
        return lambda: Line(origin, context)
    return lambda: _through(lambda: httpx.HTTPTransport(verify=context or True, limits=_ONE, proxy=proxy))


def async_maker(base_url: str) -> Callable[[], AsyncLine | httpx.AsyncHTTPTransport]:
    """Give what makes async lines to an address; they share one set of certificates."""
    origin, context, proxy = _way(base_url)
    if proxy is None:
        return lambda: AsyncLine(origin, context)
    return lambda: _through(lambda: httpx.AsyncHTTPTransport(verify=context or True, limits=_ONE, proxy=proxy))


def _through(make: Callable[[], T]) -> T:
    """Make what goes through the environment's proxy; raises `SetupError` for one that cannot be used."""
    try:
        return make()
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        what = f"The proxy that the environment names cannot be used: {plain(error, 160).rstrip('.')}."
        raise SetupError(what, "Mend HTTPS_PROXY or ALL_PROXY; nothing was sent.") from error


_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE)


def _way(base_url: str) -> tuple[httpcore.Origin, ssl.SSLContext | None, str | None]:
    url = httpx.URL(base_url)
    origin = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/").origin
    proxy = None
    if transfer.trusts_environment(base_url) and not proxy_bypass(url.host):
        proxies = getproxies()
        proxy = proxies.get(url.scheme) or proxies.get("all")
    if proxy is not None and "://" not in proxy:
        proxy = f"http://{proxy}"
    return origin, _context() if url.scheme == "https" else None, proxy


def _context() -> ssl.SSLContext:
    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        what = f"The certificates that the environment names cannot be read: {plain(error, 160).rstrip('.')}."
        raise SetupError(what, "Mend SSL_CERT_FILE or SSL_CERT_DIR; nothing was sent.") from error
    context.set_alpn_protocols(["http/1.1"])
    return context
