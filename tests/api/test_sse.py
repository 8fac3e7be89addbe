"""Server-sent events are read by the WHATWG rules, however the bytes are cut, and memory is bounded."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.sse import Decoder, Event, parse_chunks
from skytells_nb.errors import BrokenStreamError

CASES: list[tuple[bytes, list[Event]]] = [
    (b"data: a\n\n", [Event("a")]),
    (b"data:a\n\n", [Event("a")]),
    (b"data:  a\n\n", [Event(" a")]),
    (b"data: a\r\n\r\n", [Event("a")]),
    (b"data: a\r\r", [Event("a")]),
    (b"data: a\r\n\ndata: b\n\r\n", [Event("a"), Event("b")]),
    (b"data: a\ndata: b\n\n", [Event("a\nb")]),
    (b"data\n\n", [Event("")]),
    (b"data:\ndata:\n\n", [Event("\n")]),
    (b": keep-alive\n\ndata: a\n\n", [Event("a")]),
    (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
    (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [Event("b")]),
    (b"event: delta\ndata: a\n\ndata: b\n\n", [Event("a", "delta"), Event("b")]),
    (b"event: delta\n\ndata: b\n\n", [Event("b")]),
    (b"id: 7\ndata: a\n\ndata: b\n\n", [Event("a", id="7"), Event("b", id="7")]),
    (b"id: 7\ndata: a\n\nid\ndata: b\n\n", [Event("a", id="7"), Event("b")]),
    (b"id: 1\x002\ndata: a\n\n", [Event("a")]),
    (b"retry: 3000\ndata: a\n\n", [Event("a", retry=3000)]),
    (b"retry: soon\ndata: a\n\n", [Event("a")]),
    (b"retry: \xd9\xa3\ndata: a\n\n", [Event("a")]),
    (b"other: x\ndata: a\n\n", [Event("a")]),
    (b"Data: x\n data: y\n\n", []),
    (b"data: a", []),
    (b"data: a\n", []),
    (b"data: \xff\xe2\x82\xac\n\n", [Event("\ufffd€")]),
    (b"data: a\x0bb\x0cc\xc2\x85d\n\n", [Event("a\x0bb\x0cc\x85d")]),
    (b"", []),
]


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_a_stream_is_read_by_the_rules(stream: bytes, events: list[Event]) -> None:
    """Line ends, comments, byte order mark, several data lines, ids, retries, unfinished ends."""
    assert list(parse_chunks([stream])) == events


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_a_stream_cut_at_every_byte_reads_the_same(stream: bytes, events: list[Event]) -> None:
    """Single bytes, with empty pieces between."""
    pieces = [piece for at in range(len(stream)) for piece in (stream[at : at + 1], b"")]
    assert list(parse_chunks(pieces)) == events


SCRAPS = [b"data: ", b"data", b":", b" ", b"\n", b"\r", b"\r\n", b"id: 1", b"event: x", b"retry: 2", b"\xef\xbb\xbf"]
ODDITIES = ["ü€𝄞".encode(), b"\xff", b"\x00", b"{}", b"\n\n", b"\r\n\r\n"]
streams = st.lists(st.sampled_from([*SCRAPS, *ODDITIES]), max_size=30).map(b"".join)


@given(streams, st.lists(st.integers(0, 200), max_size=8))
def test_any_way_of_cutting_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    """Bytes may be cut anywhere, also within a character, a line end or the byte order mark."""
    whole = list(parse_chunks([stream]))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert list(parse_chunks([stream[start:end] for start, end in pairwise(edges)])) == whole


@pytest.mark.parametrize("piece", [b"x" * 64, b"data: " + b"x" * 58 + b"\n", b"data:" + b"x" * 58 + b"\n"])
def test_an_event_without_end_is_cut_off(piece: bytes) -> None:
    """A line, or an event of many lines, over the limit is an error and not a full memory."""
    decoder = Decoder(limit=1024)
    with pytest.raises(BrokenStreamError, match=r"sent an event of over 0 MB"):
        deque(map(decoder.feed, [piece] * 100))


def test_many_events_under_the_limit_pass() -> None:
    """The limit is an event's, not the stream's."""
    decoder = Decoder(limit=1024)
    assert sum(len(decoder.feed(b"data: " + b"x" * 500 + b"\n\n")) for _ in range(100)) == 100


SHARED = Path(__file__).resolve().parents[3] / "shared" / "sse" / "run.py"


if SHARED.is_file():  # the public cases are not part of this repository; CI has them beside it

    def test_the_public_cases_pass(repository: Path) -> None:
        """All 269 recorded cases of other parsers' tests, cut in every way."""
        command = [sys.executable, str(SHARED), "skytells_nb.api.sse:parse_chunks"]
        ran = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        assert ran.stdout.splitlines()[-1] == "269 passed, 0 failed"
