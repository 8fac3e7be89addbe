"""Posters: a film's picture, decoded within bounds, or none."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from skytells_nb.notebook.media import posters
from skytells_nb.notebook.media.filming import PICTURES, filmed
from skytells_nb.notebook.media.posters import poster, read
from tests.notebook.conftest import png
from tests.notebook.media.samples import mp4


def film(*brightness: int, size: tuple[int, int] = (64, 48), kind: str = "mp4", codec: str = "mpeg4") -> bytes:
    """Film grey pictures of a brightness each, ten a second."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as made:
        stream = made.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for grey in brightness:
            picture = np.full((size[1], size[0], 3), grey, dtype=np.uint8)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        made.mux(stream.encode())
    return file.getvalue()


def saved(folder: Path, data: bytes) -> Path:
    """Put a film into a file."""
    (folder / "film").write_bytes(data)
    return folder / "film"


def grey_of(path: Path, container: str = "mp4") -> int:
    """Give the brightness of the middle of a film's picture."""
    facts = filmed(path, container, 8_000)
    assert facts is not None
    with Image.open(io.BytesIO(base64.b64decode(facts["data"]))) as image:
        found = image.convert("L").getpixel((image.width // 2, image.height // 2))
    assert isinstance(found, int)
    return found


def test_a_film_has_a_picture_its_size_and_its_length(tmp_path: Path) -> None:
    """The sandbox's film: a small picture in the bytes that there are."""
    found = poster(saved(tmp_path, mp4()), "video/mp4", budget=8_000)
    assert found is not None
    assert (found.mime, found.width, found.height, found.seconds) == ("image/webp", 320, 180, pytest.approx(2.0))
    assert len(found.data) <= 8_000
    with Image.open(io.BytesIO(found.data)) as image:
        assert image.size == (320, 180)


@pytest.mark.parametrize(
    ("kind", "codec", "container"),
    [("mp4", "mpeg4", "mp4"), ("mov", "mpeg4", "mp4"), ("webm", "libvpx", "matroska")],
)
def test_every_container_that_browsers_play(tmp_path: Path, kind: str, codec: str, container: str) -> None:
    """MP4, QuickTime and WebM."""
    assert abs(grey_of(saved(tmp_path, film(*[200] * 5, kind=kind, codec=codec)), container) - 200) < 8


def test_a_dark_beginning_is_passed_over(tmp_path: Path) -> None:
    """A film that fades in has a picture that shows something."""
    assert abs(grey_of(saved(tmp_path, film(*[0] * 8, 120))) - 120) < 8


def test_only_the_beginning_is_decoded(tmp_path: Path) -> None:
    """A film that stays dark has a dark picture, whatever comes later."""
    assert grey_of(saved(tmp_path, film(*[0] * (PICTURES + 2), 200))) < 16


def test_a_film_of_too_many_pixels_has_no_poster(tmp_path: Path) -> None:
    """Its size is judged before a picture is made of it."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 8_000, 5_008, "yuv420p"
        made.mux(stream.encode(av.VideoFrame(8_000, 5_008, "yuv420p")))
        made.mux(stream.encode())
    assert filmed(saved(tmp_path, file.getvalue()), "mp4", 8_000) is None


@pytest.mark.parametrize(
    ("data", "container"),
    [
        (b"\x00\x00\x00\x18ftypisom" + bytes(200), "mp4"),
        (mp4()[:3_000], "mp4"),
        (b"", "mp4"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "mp4"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "matroska"),
        (mp4(), "matroska"),
    ],
)
def test_only_the_container_that_was_named_is_tried(tmp_path: Path, data: bytes, container: str) -> None:
    """Broken films, lists of other files and films of another container are errors."""
    with pytest.raises((av.error.FFmpegError, IndexError, OSError)):
        filmed(saved(tmp_path, data), container, 8_000)


@pytest.mark.parametrize(
    ("data", "mime"), [(mp4()[:3_000], "video/mp4"), (mp4(), "video/x-matroska"), (b"", "image/png")]
)
def test_what_cannot_be_decoded_has_no_poster(tmp_path: Path, data: bytes, mime: str) -> None:
    """Nothing is raised, and what no browser plays is not tried."""
    assert poster(saved(tmp_path, data), mime, budget=8_000) is None


def test_a_film_that_takes_too_long_has_no_poster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is ended after its time."""
    monkeypatch.setattr(posters, "SECONDS", 0.01)
    assert poster(saved(tmp_path, mp4()), "video/mp4", budget=8_000) is None


def test_the_process_knows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment it is given what programs need to start, and where this Python finds its modules."""
    monkeypatch.setenv("SKYTELLS_API_KEY", "sk-secret")
    assert set(posters.environment()) <= {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH"}


def facts(picture: bytes, **change: object) -> bytes:
    """Write what the process says."""
    return json.dumps(
        {"data": base64.b64encode(picture).decode(), "width": 4, "height": 3, "seconds": 1, **change}
    ).encode()


def test_what_the_process_says_is_read() -> None:
    """A picture, and the film's facts."""
    picture = png(8, 6)
    assert read(facts(picture), len(picture)) == (picture, "image/png", 4, 3, 1.0)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"null",
        b"[" * 9_000,
        facts(b"<svg>"),
        facts(png(), width=0),
        facts(png(), height="9"),
        facts(png(90, 90)),
        facts(png(), data="%%%"),
        facts(png(), data=7),
    ],
)
def test_anything_else_that_the_process_says_is_no_poster(said: bytes) -> None:
    """A decoder that was taken over cannot put more than a picture of some bytes onto the page."""
    assert read(said, 8_000) is None
