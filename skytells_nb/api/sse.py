"""Bytes -> server-sent events, by the WHATWG rules, without I/O.

Bytes may be cut anywhere. An event whose end has not come is never given out, as the rules say. Lines end in LF, CR or
CRLF; a leading byte order mark is dropped; bytes that are no UTF-8 become U+FFFD. Memory is bounded: a line or event
over `limit` bytes raises `BrokenStreamError`.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..errors import BrokenStreamError

_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event; `id` is the last event id so far, `retry` milliseconds if this event set it."""

    data: str
    event: str = "message"
    id: str = ""
    retry: int | None = None


class Decoder:
    """Feed it bytes; it gives the events that they complete."""

    def __init__(self, *, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._rest: list[bytes] = []
        self._waiting = 0
        self._start = True
        self._after_cr = False
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes, in pieces of any size; return the events they complete."""
        if self._after_cr and chunk:
            chunk = chunk[1:] if chunk[:1] == b"\n" else chunk
            self._after_cr = False
        if self._start:
            chunk = b"".join([*self._rest, chunk])
            if len(chunk) < 3 and _BOM.startswith(chunk):
                self._rest = [chunk]
                return []
            chunk = chunk.removeprefix(_BOM)
            self._start, self._rest = False, []
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
        if not end:
            self._wait_for_more(chunk)
            return []
        block = b"".join([*self._rest, chunk[:end]]) if self._rest else chunk[:end]
        self._rest, self._waiting = [], 0
        self._wait_for_more(chunk[end:])
        self._after_cr = end == len(chunk) and chunk[-1:] == b"\r"
        return self._lines(block.splitlines())

    def _wait_for_more(self, piece: bytes) -> None:
        if piece:
            self._rest.append(piece)
            self._waiting += len(piece)
        if self._waiting + self._size > self._limit:
            raise self._too_large()

    def _too_large(self) -> BrokenStreamError:
        return BrokenStreamError(f"The stream sent an event of over {self._limit >> 20} MB.", "What had come is kept.")

    def _lines(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        data = self._data
        for line in lines:
            if line[:6] == b"data: ":
                data.append(line[6:].decode("utf-8", "replace"))
                self._size += len(line)
            elif not line:
                if data:
                    joined = data[0] if len(data) == 1 else "\n".join(data)
                    events.append(Event(joined, self._event or "message", self._id, self._retry))
                    data.clear()
                    self._size = 0
                self._event = ""
                self._retry = None
            else:
                self._field(line)
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(line)
            if self._size > self._limit:
                raise self._too_large()
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self._retry = int(value[:15])


def parse_chunks(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Parse a whole stream given as pieces of bytes."""
    decoder = Decoder()
    for chunk in chunks:
        yield from decoder.feed(chunk)
