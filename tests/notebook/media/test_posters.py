"""Posters: a film's picture, decoded within bounds, or none."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from skytells_nb.notebook.media.posters import PICTURES, poster
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


def grey_of(data: bytes) -> int:
    """Give the brightness of a picture's middle."""
    with Image.open(io.BytesIO(data)) as image:
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
    ("kind", "codec", "mime"),
    [("mp4", "mpeg4", "video/mp4"), ("mov", "mpeg4", "video/quicktime"), ("webm", "libvpx", "video/webm")],
)
def test_every_container_that_browsers_play(tmp_path: Path, kind: str, codec: str, mime: str) -> None:
    """MP4, QuickTime and WebM."""
    found = poster(saved(tmp_path, film(*[200] * 5, kind=kind, codec=codec)), mime, budget=8_000)
    assert found is not None
    assert abs(grey_of(found.data) - 200) < 8


def test_a_dark_beginning_is_passed_over(tmp_path: Path) -> None:
    """A film that fades in has a picture that shows something."""
    found = poster(saved(tmp_path, film(*[0] * 8, 120)), "video/mp4", budget=8_000)
    assert found is not None
    assert abs(grey_of(found.data) - 120) < 8


def test_only_the_beginning_is_decoded(tmp_path: Path) -> None:
    """A film that stays dark has a dark picture, whatever comes later."""
    found = poster(saved(tmp_path, film(*[0] * (PICTURES + 2), 200)), "video/mp4", budget=8_000)
    assert found is not None
    assert grey_of(found.data) < 16


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x00\x00\x00\x18ftypisom" + bytes(200), "video/mp4"),
        (mp4()[:3_000], "video/mp4"),
        (b"", "video/mp4"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "video/mp4"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "video/webm"),
        (mp4(), "video/x-matroska"),
        (mp4(), "video/webm"),
        (mp4(), "image/png"),
    ],
)
def test_what_cannot_be_decoded_has_no_poster(tmp_path: Path, data: bytes, mime: str) -> None:
    """Broken films, lists of other files, and containers that the first bytes did not name."""
    assert poster(saved(tmp_path, data), mime, budget=8_000) is None


def test_a_film_of_too_many_pixels_has_no_poster(tmp_path: Path) -> None:
    """Its size is judged before a picture is made of it."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 8_000, 5_008, "yuv420p"
        made.mux(stream.encode(av.VideoFrame(8_000, 5_008, "yuv420p")))
        made.mux(stream.encode())
    assert poster(saved(tmp_path, file.getvalue()), "video/mp4", budget=8_000) is None
