"""Bytes -> server-sent events, by the WHATWG rules, without I/O.

Bytes may be cut anywhere. An event whose end has not come is never given out, as the rules say; `Decoder.pending`
tells whether one was begun. Lines end in LF, CR or CRLF; a leading byte order mark is dropped; bytes that are no UTF-8
become U+FFFD. Memory is bounded: a line or event over `limit` bytes raises `BrokenStreamError`.

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
        self._rest = b""
        self._start = True
        self._after_cr = False
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    @property
    def pending(self) -> bool:
        """Whether an event was begun that has not ended."""
        return bool(self._rest or self._data)

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes, in pieces of any size; return the events they complete."""
        if self._after_cr and chunk:
            chunk = chunk[1:] if chunk[:1] == b"\n" else chunk
            self._after_cr = False
        block = self._rest + chunk if self._rest else chunk
        if self._start:
            if len(block) < 3 and _BOM.startswith(block):
                self._rest = block
                return []
            block = block.removeprefix(_BOM)
            self._start = False
        end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        self._rest = block[end:]
        if len(self._rest) + self._size > self._limit:
            raise self._too_large()
        if not end:
            return []
        self._after_cr = block[end - 1 : end] == b"\r" and not self._rest
        return self._lines(block[:end].splitlines())

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
