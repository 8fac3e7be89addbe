"""A sandbox that listens: in a thread beside a notebook or a test, or in the foreground of a terminal.

The socket is bound before anything else, so the address is known, a taken port is an error at once and no
other program can slip in between. A stopped sandbox leaves no thread and no socket; open streams end at once,
because everything that waits in the server also waits for the stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import create_app
from .dialect import Dialect
from .faults import parse
from .options import EXAMPLE_KEY, Options, is_number
from .trouble import HANG_UP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from types import TracebackType

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

    from .faults import Fault
    from .journal import Delivery
    from .memory import Memory

HOST = "127.0.0.1"
DEFAULT_PORT = 8765
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_BACKLOG = 2048
_KEPT_ALIVE = 75
_FILES = 8192


class Sandbox:
    """A local Skytells, for as long as a `with` block or until `stop()`.

    `port` 0 takes any free one. The other options are those of `Options`: `pace` (how many times faster than
    normal), `token_seconds`, `credits` (dollars; None: endless), `requests_per_minute`, `media_seconds` that
    files can be fetched, `dialect` (how answers are written, for instance `{"status": "sdk"}`; see `dialect`;
    `spelling` and `error_shape` are two of its rows), and `faults`, as `--fault` takes them. Raises `ValueError`,
    naming the option, for one out of its range or of a wrong type; `start` raises `OSError` when the port is taken.

    Example:
        >>> with Sandbox(pace=20) as sandbox:
        ...     print(sandbox.url.startswith("http://127.0.0.1:"))
        True

    """

    def __init__(
        self,
        port: int = 0,
        *,
        pace: float = 1.0,
        token_seconds: float = 0.02,
        credits: Decimal | float | None = None,  # noqa: A002 - the platform's own word for money
        requests_per_minute: int | None = None,
        spelling: str = "canceled",
        media_seconds: float = 300.0,
        error_shape: str = "merged",
        dialect: Mapping[str, str] | None = None,
        faults: Iterable[str] = (),
    ) -> None:
        if not is_number(port, Integral):
            raise ValueError(f"port must be a whole number, not {port!r}")
        if isinstance(faults, str) or not isinstance(faults, Iterable):
            raise ValueError(f"faults must be a list such as ['429;times=3'], not {faults!r}")  # noqa: TRY004 - documented
        self._asked_port = port
        self._options = Options(
            pace=pace,
            token_seconds=token_seconds,
            credits=credits,
            requests_per_minute=requests_per_minute,
            media_seconds=media_seconds,
            dialect=Dialect()
            .but({"spelling": spelling, "error_shape": error_shape})
            .but({} if dialect is None else dialect),
            faults=tuple(map(parse, faults)),
        )
        self._app = create_app(self._options)
        self._running: _Running | None = None

    def start(self) -> Self:
        """Listen, and return when requests are answered; a running sandbox stays as it is."""
        if self._running is None:
            if self.state.closing.is_set():  # a second life begins with an empty memory
                self._app = create_app(self._options)
            self._running = _Running(self._app, bind(self._asked_port))
        return self

    def stop(self) -> None:
        """Stop listening, end open streams and close the socket; nothing happens the second time."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    @property
    def port(self) -> int:
        """The port it listens on; raises `RuntimeError` when it does not run."""
        if self._running is None:
            raise RuntimeError("The sandbox is not running: use it in a with block, or call start() first.")
        return self._running.port

    @property
    def url(self) -> str:
        """The base URL for clients, as `http://127.0.0.1:PORT/v1`."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def state(self) -> Memory:
        """What it has seen: `requests`, `deliveries`, `jobs`, `credits_left`, `open_streams`."""
        memory: Memory = self._app.state.memory
        return memory

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The webhooks it delivered, and those it did not, oldest first."""
        return self.state.deliveries

    def inject(self, fault: str | Fault, times: int = 1) -> None:
        """Make the next `times` requests that `fault` fits go wrong; `ValueError` for an unknown fault."""
        self.state.inject(fault, times)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Sandbox({self.url})" if self._running else "Sandbox(stopped)"


def bind(port: int) -> socket.socket:
    """Listen on a port of this machine only; `OSError`, in one sentence, when it is taken."""
    # The protocol is named because asyncio sends small replies at once only on sockets that name it.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":  # there, the option would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        text = f"The sandbox cannot listen on port {port}: {reason}. Choose another port, or 0 for any free one."
        raise OSError(getattr(error, "errno", None) or 0, text) from None
    return listening


def serve(port: int = DEFAULT_PORT, *, options: Options | None = None) -> None:
    """Run a sandbox in the foreground until Ctrl-C; a taken port ends the program with one line."""
    try:
        listening = bind(port)
    except OSError as error:
        raise SystemExit(f"error: {error.strerror}") from None
    sys.stdout.write(banner(listening.getsockname()[1]))
    sys.stdout.flush()
    _open_more_files()
    server = _Server(create_app(options))
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()


def _open_more_files() -> None:
    """Let this process hold as many connections as the system allows it."""
    if os.name != "nt":
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, _FILES)), most))


def banner(port: int) -> str:
    """Tell what a foreground sandbox says of itself when it starts."""
    url = f"http://{HOST}:{port}/v1"
    return (
        f"Skytells sandbox on {url}\n"
        "Nothing is billed: no model runs, and nothing leaves this machine. Stop with Ctrl-C.\n\n"
        f'    skytells.SkytellsClient("{EXAMPLE_KEY}", base_url="{url}")\n'
        f'    openai.OpenAI(api_key="{EXAMPLE_KEY}", base_url="{url}")\n'
        f'    curl -H "x-api-key: {EXAMPLE_KEY}" {url}/models\n\n'
    )


class _Protocol(H11Protocol):
    """One connection, which the application may close in the middle of an answer."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        app = self.app

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[HANG_UP] = transport.close
            await app(scope, receive, send)

        self.app = with_hang_up


class _Server(uvicorn.Server):
    """Uvicorn, telling when it is ready, and telling the application when it stops."""

    def __init__(self, app: Starlette) -> None:
        # No log configuration: a library does not set up a notebook's logging.
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=3,
                backlog=_BACKLOG,
                # Longer than clients keep idle connections, so that it is they who close them.
                timeout_keep_alive=_KEPT_ALIVE,
            )
        )
        self._memory: Memory = app.state.memory
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._memory.close()
        await super().shutdown(sockets=sockets)


class _Running:
    """A server at work in a thread of its own."""

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        self.port: int = listening.getsockname()[1]
        self._socket = listening
        self._server = _Server(app)
        self._thread = threading.Thread(target=self._run, name=f"skytells-sandbox-{self.port}", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.ready.wait(0.05):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"The sandbox did not start on port {self.port}.")

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._socket.close()
