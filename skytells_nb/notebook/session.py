"""What magics and forms both use: one client, the named threads, recent results, the sandbox if it is on.

A session is made when it is first used and lives as long as the kernel. It holds no logic of the API's.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import settings
from ..api.client import Client
from ..api.values import Model, Prediction
from ..errors import SkytellsError, UnknownNameError
from . import wiring
from .threads.book import Book

if TYPE_CHECKING:
    from ..local import Sandbox
    from .live import Live

SANDBOX_VARIABLE = "SKYTELLS_NB_SANDBOX"
"""The address of a sandbox that runs already; `%skytells_sandbox` then uses it instead of starting one."""


class Session:
    """One notebook's dealings with Skytells."""

    def __init__(self) -> None:
        wiring.connect()
        self.threads = Book()
        self.recent: deque[Prediction] = deque(maxlen=50)  # what forms offer as earlier results
        self.on_note: Callable[[], None] | None = None
        self._client: Client | None = None
        self._live: Live | None = None
        self._sandbox: Sandbox | None = None

    @property
    def client(self) -> Client:
        """The client, made when it is first needed."""
        if self._client is None:
            self._client = Client(on_wait=self._show_wait)
        return self._client

    @property
    def address(self) -> str | None:
        """The address of the client's service; None before there is a client."""
        return None if self._client is None else self._client.base_url

    def _show_wait(self, seconds: float, cause: SkytellsError) -> None:
        if self._live is not None:
            self._live.waiting(cause.what, seconds)

    @contextmanager
    def shown_live(self) -> Iterator[Live]:
        """Show a live display for a block; pauses before another try are said in it."""
        from .live import Live

        with Live() as live:
            self._live = live
            try:
                yield live
            finally:
                self._live = None

    def start_again(self) -> None:
        """Forget the client, so that the next call reads key and address anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def note(self, job: Prediction) -> None:
        """Remember a result, whose files forms offer as inputs; of its own inputs, which can be large, the prompt."""
        prompt = {name: value for name, value in job.input.items() if name == "prompt"}
        self.recent.append(replace(job, input=prompt, raw={}))
        if self.on_note is not None:
            with suppress(Exception):  # what was paid for is not lost to a list of choices
                self.on_note()

    def models(self, words: Sequence[str] = (), kind: str | None = None) -> tuple[Model, ...]:
        """Read the catalogue; only models that hold all the words, and of a type, if given.

        Raises `UnknownNameError`, with the nearest name, where nothing is found.
        """
        known = self.client.models()
        of_kind = [model for model in known if kind is None or _alike(model.type) == _alike(kind)]
        if not of_kind:
            raise UnknownNameError.of("type of model", kind or "", {model.type for model in known})
        found = tuple(model for model in of_kind if all(word.lower() in _text_of(model) for word in words))
        if not found:
            raise UnknownNameError.of("model", " ".join(words), [model.slug for model in of_kind])
        return found

    def go_offline(self, **options: Any) -> str:
        """Use the local Skytells from now on, starting it if none runs; returns its address."""
        running = os.environ.get(SANDBOX_VARIABLE)
        if running and not options:
            address = running.rstrip("/")
        else:
            from ..local import Sandbox

            if self._sandbox is None or options:
                self.stop_sandbox()
                self._sandbox = Sandbox(**options).start()
            address = self._sandbox.url
        self.start_again()
        key = settings.Key("sk-sandbox")
        settings.use(settings.Override(address=address, key=key, source="the sandbox", sandbox=True))
        return address

    def stop_sandbox(self) -> None:
        """Go back online, and stop the local Skytells if this session started it."""
        self.start_again()
        settings.use(None)
        if self._sandbox is not None:
            self._sandbox.stop()
            self._sandbox = None


def _alike(kind: str) -> str:
    return {"music": "audio"}.get(kind, kind)


def _text_of(model: Model) -> str:
    return f"{model.slug} {model.name} {model.vendor} {model.type} {model.description}".lower()


_session: Session | None = None


def current() -> Session:
    """Give this kernel's session."""
    global _session
    if _session is None:
        _session = Session()
    return _session


def used_address() -> str | None:
    """Name the service that this session uses; None before it has used any."""
    if settings.in_sandbox():
        return settings.find_address().value
    return _session.address if _session is not None else None


def sandbox(**options: Any) -> str:
    """Start the local Skytells and use it for everything in this session; returns its address.

    It needs no key and no network, and nothing is billed. `options`: `port` (default: a free one), `pace` (how many
    times faster than normal jobs run), `credits` (a balance to practise with) and the others of
    `skytells_nb.local.Sandbox`.
    """
    return current().go_offline(**options)
