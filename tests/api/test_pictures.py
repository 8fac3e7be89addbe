"""Whatever holds a picture becomes a link that the API reads; anything else is named before something is sent."""

from __future__ import annotations

import io
import os
import warnings
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from skytells_nb.api import pictures
from skytells_nb.api.pictures import picture_link
from skytells_nb.errors import InputError


def written(picture: Image.Image, kind: str = "PNG") -> bytes:
    """Write a picture to bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def read(link: str) -> Image.Image:
    """Read the picture back from its link."""
    head, _, content = link.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(b64decode(content)))


RED = Image.new("RGB", (3, 2), (255, 0, 0))


@pytest.mark.parametrize(
    "link",
    ["https://example.org/a.png?x=1", "http://127.0.0.1/a", "HTTPS://EXAMPLE.ORG/a", "data:image/png;base64,AA=="],
)
def test_a_link_stays_a_link(link: str) -> None:
    """Whatever it leads to: the service fetches it."""
    assert picture_link(link) == link


@pytest.mark.parametrize(("kind", "word"), [("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "gif"), ("WEBP", "webp")])
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes_are_known_by_how_they_begin(kind: str, word: str, form: Any) -> None:
    """They are sent as they are."""
    content = written(RED, kind)
    head, _, data = picture_link(form(content)).partition(",")
    assert (head, b64decode(data)) == (f"data:image/{word};base64", content)


@pytest.mark.parametrize("form", [str, Path])
def test_a_path_is_read(form: Any, tmp_path: Path) -> None:
    """Its name's ending does not matter."""
    path = tmp_path / "picture.bin"
    path.write_bytes(written(RED))
    assert picture_link(form(path)) == picture_link(written(RED))


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell would read it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "fox.png").write_bytes(written(RED))
    assert picture_link("~/fox.png") == picture_link(written(RED))


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("1", "1"),
        ("L", "L"),
        ("LA", "LA"),
        ("P", "P"),
        ("RGB", "RGB"),
        ("RGBA", "RGBA"),
        ("PA", "RGBA"),
        ("CMYK", "RGB"),
        ("YCbCr", "RGB"),
        ("HSV", "RGB"),
        ("F", "RGB"),
        ("I", "I;16"),
        ("I;16", "I;16"),
    ],
)
def test_a_pil_image_of_any_mode_is_written_as_png(mode: str, kept: str) -> None:
    """In its own mode where PNG has that."""
    found = read(picture_link(Image.new(mode, (3, 2))))
    assert (found.format, found.mode, found.size) == ("PNG", kept, (3, 2))


def test_transparency_and_deep_grey_survive() -> None:
    """No colour becomes another on the way."""
    clear = Image.new("RGBA", (1, 1), (1, 2, 3, 4))
    assert read(picture_link(clear)).getpixel((0, 0)) == (1, 2, 3, 4)
    assert read(picture_link(Image.new("I;16", (1, 1), 40_000))).getpixel((0, 0)) == 40_000
    assert read(picture_link(Image.new("CMYK", (1, 1), (0, 255, 255, 0)))).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("closed", [False, True])
def test_a_matplotlib_figure_is_drawn(closed: bool) -> None:
    """Also one that pyplot has let go."""
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra `plots`")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from matplotlib import pyplot as plt
    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    axes.plot([1, 2])
    if closed:
        plt.close(figure)
    assert read(picture_link(figure)).size == (100, 50)
    plt.close(figure)


def test_ipython_s_pictures_are_read() -> None:
    """They show themselves as base64 rather than as bytes."""
    from IPython.display import Image as Displayed

    assert picture_link(Displayed(data=written(RED))) == picture_link(written(RED))


def test_what_shows_itself_as_png_is_read() -> None:
    """A chart of any library."""

    class Chart:
        def _repr_png_(self) -> bytes:
            return written(RED)

    assert picture_link(Chart()) == picture_link(written(RED))


def test_a_picture_that_cannot_be_written_is_named() -> None:
    """A closed image, and a chart that fails."""

    class Chart:
        def _repr_png_(self) -> bytes:
            raise OSError("no canvas")

    closed = Image.new("RGB", (1, 1))
    closed.close()
    with pytest.raises(InputError, match=r"^A value of type Image cannot be written as PNG: Operation on closed image"):
        picture_link(closed)
    with pytest.raises(InputError, match=r"^A value of type Chart cannot be written as PNG: no canvas\. Nothing was"):
        picture_link(Chart())


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none.png", "No such file or directory"), ("", "Is a directory"), ("a\0b", "embedded null byte")],
)
def test_a_file_that_cannot_be_read_is_named(name: str, reason: str, tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(InputError, match=rf"^The picture '.*' cannot be read: {reason}\. Give the path of a file"):
        picture_link(f"{tmp_path}/{name}")


@pytest.mark.parametrize("name", ["~nobody-of-this-name/a.png", "x" * 5000, "ftp://example.org/a.png"])
def test_a_text_that_leads_to_no_file_is_named(name: str) -> None:
    """A home that nobody has, a text that is far too long, a link of another kind."""
    with pytest.raises(InputError, match=r"^The picture '.{1,210}' cannot be read: "):
        picture_link(name)


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg/>", b"RIFF1234WAVE", b"%PDF-1.7"])
def test_what_is_no_picture_is_named(content: bytes, tmp_path: Path) -> None:
    """By its bytes, whatever it is called."""
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png' is no PNG, JPEG, GIF or WebP\. Save it as one of these\.$"):
        picture_link(path)
    with pytest.raises(InputError, match=r"^A value of type bytes is no PNG, JPEG, GIF or WebP"):
        picture_link(content)


@pytest.mark.parametrize("value", [None, 3, object(), ["a"], {"url": "https://example.org"}])
def test_what_holds_no_picture_is_named_by_its_type(value: Any) -> None:
    """And what could be given instead."""
    with pytest.raises(InputError, match=rf"^A value of type {type(value).__name__} is no picture\. Give a link, path"):
        picture_link(value)


def test_a_picture_over_the_limit_is_refused(tmp_path: Path) -> None:
    """At most 20 MB of a file are read."""
    path = tmp_path / "a.gif"
    with path.open("wb") as file:
        file.write(b"GIF89a")
        file.truncate(pictures.LARGEST + 1)
    with pytest.raises(InputError, match=r"a\.gif' makes a picture of over 20 MB\. Make it smaller"):
        picture_link(path)
    os.truncate(path, pictures.LARGEST)
    assert picture_link(path).startswith("data:image/gif;base64,R0lGODlh")


def test_a_picture_s_error_shows_no_more_of_a_text_than_a_line() -> None:
    """A base64 text that was given for a path would fill the screen."""
    with pytest.raises(InputError) as caught:
        picture_link("iVBORw0KGgo" * 1000)
    assert len(str(caught.value)) < 400
