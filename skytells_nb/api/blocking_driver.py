"""How flows are performed by a client that blocks: its requests over httpx, its pauses, and whom it tells."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import httpx

from . import steps, transfer, wire
from .driver import Driver
from .pool import Pool

T = TypeVar("T")


class BlockingDriver(Driver):
    """Performs flows step by step."""

    _pool: Pool
    _sleep: Callable[[float], object]

    def _run(self, flow: steps.Flow[T]) -> T:
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = flow.send(result) if error is None else flow.throw(error)
                result, error = self._perform(step), None
            except StopIteration as stop:
                value: T = stop.value
                return value
            except BaseException as caught:
                if not steps.waits(flow):
                    raise
                result, error = None, caught

    def _perform(self, step: steps.Step) -> Any:
        match step:
            case steps.Send(request=wire.Request(deadline=None)):
                return self._exchange(step)
            case steps.Send():
                return _within(step.request.deadline or 0.0, lambda: self._exchange(step))
            case steps.Pause():
                if step.cause is not None:
                    self._tell_wait(step.seconds, step.cause)
                return self._sleep(step.seconds)
            case steps.Begin():
                return self._tell_before(step.call)
            case steps.End():
                return self._tell_after(step.call)

    def _exchange(self, step: steps.Send) -> wire.Answer:
        response, headers = self._send(step)
        try:
            return wire.Answer(response.status_code, headers, self._body(response))
        finally:
            response.close()

    def _send(self, step: steps.Send) -> tuple[httpx.Response, dict[str, str]]:
        try:
            request = transfer.prepared(step.request, self.base_url, self._calls.key.value, self._pool.limits)
            response = self._pool.send(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transfer.trouble(error, self.base_url) from error
        headers = transfer.headers_of(response)
        if refusal := transfer.refusal(headers):
            response.close()
            raise refusal
        return response, headers

    def _body(self, response: httpx.Response) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in response.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > wire.MAX_BODY:
                    raise transfer.too_large()
        except httpx.HTTPError as error:
            raise transfer.trouble(error, self.base_url) from error
        return b"".join(pieces)

    def _stream(self, flow: steps.Flow[None]) -> Generator[Any, None, None]:
        response: httpx.Response | None = None
        pieces: Any = None
        result: Any = None
        error: BaseException | None = None
        try:
            while True:
                try:
                    step = flow.send(result) if error is None else flow.throw(error)
                    result = error = None
                    match step:
                        case steps.Receive():
                            result = next(pieces, b"")
                        case steps.Emit():
                            yield from step.values
                        case steps.Send(request=wire.Request(stream=True)):
                            response, headers = self._send(step)
                            streams = wire.streams(response.status_code, headers)
                            body = b"" if streams else self._body(response)
                            pieces = response.iter_bytes()
                            result = wire.Answer(response.status_code, headers, body)
                        case _:
                            result = self._perform(step)
                except (StopIteration, steps.Abandoned):
                    return
                except httpx.HTTPError as caught:
                    error = transfer.trouble(caught, self.base_url)
                    error.__cause__ = caught
                except GeneratorExit:
                    error = steps.Abandoned()
                except BaseException as caught:
                    if not steps.waits(flow):
                        raise
                    error = caught
        finally:
            if response is not None:
                response.close()


def _within(seconds: float, work: Callable[[], T]) -> T:
    """Give what `work` gives within so many seconds; a server that sends byte after byte cannot make it longer."""
    outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            outcome.put((None, error))

    threading.Thread(target=run, name="skytells_nb", daemon=True).start()
    try:
        result, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise transfer.too_slow() from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
