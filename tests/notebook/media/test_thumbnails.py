"""Thumbnails: every kind of picture becomes a small one, in the bytes that there are."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable

import pytest
from PIL import Image

from skytells_nb.errors import MediaError
from skytells_nb.notebook.media.moving import READ, WRITTEN
from skytells_nb.notebook.media.thumbnails import STILL, thumbnail
from tests.notebook.conftest import png
from tests.notebook.media.samples import animation, photograph


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_a_thumbnail(mode: str) -> None:
    """Palettes, greys of 16 bits and print colours are all brought to the screen's."""
    file = io.BytesIO()
    noise = Image.effect_noise((800, 400), 60)
    if mode == "I;16":
        Image.frombytes("I;16", noise.size, b"".join(bytes((0, grey)) for grey in noise.tobytes())).save(file, "PNG")
    else:
        noise.convert(mode).save(file, "JPEG" if mode == "CMYK" else "PNG")
    small = thumbnail(file.getvalue())
    assert (small.width, small.height) == (800, 400)
    with Image.open(io.BytesIO(small.data)) as image:
        assert image.size == (512, 256)
        darkest, brightest = image.convert("L").getextrema()
    assert brightest - darkest > 60


@pytest.mark.parametrize(
    ("made", "colour"),
    [
        (lambda: Image.new("CMYK", (80, 60), (0, 255, 255, 0)), (255, 0, 0)),
        (lambda: Image.new("RGB", (80, 60), (0, 128, 255)).quantize(4), (0, 128, 255)),
        (lambda: Image.frombytes("I;16", (80, 60), bytes((0, 128)) * 4_800), (128, 128, 128)),
        (lambda: Image.new("1", (80, 60), 1), (255, 255, 255)),
    ],
    ids=["CMYK", "palette", "16 bits", "1 bit"],
)
def test_colours_are_those_of_the_original(made: Callable[[], Image.Image], colour: tuple[int, int, int]) -> None:
    """Print colours, palettes and deep greys look as they should, within what compression changes."""
    file = io.BytesIO()
    image = made()
    image.save(file, "JPEG" if image.mode == "CMYK" else "PNG")
    with Image.open(io.BytesIO(thumbnail(file.getvalue()).data)) as small:
        found = small.convert("RGB").getpixel((40, 30))
    assert max(abs(was - now) for was, now in zip(colour, found, strict=True)) <= 4


def test_transparency_is_kept() -> None:
    """A see-through picture stays see-through."""
    file = io.BytesIO()
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(file, "PNG")
    with Image.open(io.BytesIO(thumbnail(file.getvalue()).data)) as image:
        assert image.mode == "RGBA"
        assert image.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_photograph_is_turned_upright(mode: str) -> None:
    """The camera's note of how it was held is followed, in any colour mode."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.new(mode, (100, 50)).save(file, "JPEG", exif=exif)
    small = thumbnail(file.getvalue())
    assert (small.width, small.height) == (50, 100)
    with Image.open(io.BytesIO(small.data)) as image:
        assert image.size == (50, 100)


def test_huge_picture_is_shown() -> None:
    """What is large, but not too large, is made small like any other."""
    file = io.BytesIO()
    Image.new("1", (7_000, 3_500), 1).save(file, "PNG")
    small = thumbnail(file.getvalue())
    assert (small.width, small.height) == (7_000, 3_500)
    with Image.open(io.BytesIO(small.data)) as image:
        assert image.size == (512, 256)


def test_picture_of_too_many_pixels_is_not_opened() -> None:
    """A small file that would unpack into gigabytes is refused before it is unpacked."""
    file = io.BytesIO()
    Image.new("1", (12_000, 10_000)).save(file, "PNG")
    with pytest.raises(MediaError, match="too many pixels"):
        thumbnail(file.getvalue())


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", png()[:200], b"GIF89a" + bytes(20), b"%!PS-Adobe-3.0 EPSF"])
def test_broken_picture_says_so(data: bytes) -> None:
    """A picture that cannot be read is a reason, not a crash."""
    with pytest.raises(MediaError, match="cannot be shown"):
        thumbnail(data)


def test_broken_picture_is_named_without_addresses_in_memory() -> None:
    """What Pillow says of it is put into words."""
    with pytest.raises(MediaError, match=r"^cannot be shown: it is broken, or no picture\.$"):
        thumbnail(b"\x89PNG\r\n\x1a\nno")


@pytest.mark.parametrize("budget", [93_750, 20_000, 7_500])
def test_a_photograph_fits_any_budget(budget: int) -> None:
    """Less room makes a smaller picture; what there is of it is used by at least a third."""
    small = thumbnail(photograph(1_200), budget=budget)
    assert budget // 3 <= len(small.data) <= budget


def test_no_room_is_said() -> None:
    """Where nothing fits, the reason is given."""
    with pytest.raises(MediaError, match="no room for it in 20 bytes"):
        thumbnail(png(), budget=20)


def test_nothing_but_pixels_goes_into_a_thumbnail() -> None:
    """Colour profiles, camera notes and comments of the original stay behind."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "where I live"
    Image.new("RGB", (90, 60), "teal").save(file, "JPEG", exif=exif, icc_profile=b"p" * 60_000, comment=b"secret words")
    small = thumbnail(file.getvalue())
    assert len(small.data) < 500
    assert b"where I live" not in small.data
    with Image.open(io.BytesIO(small.data)) as image:
        assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animation_keeps_moving(kind: str) -> None:
    """Every picture of a short animation is there, for as long as in the original."""
    small = thumbnail(animation(kind=kind), keep_moving=True)
    assert (small.mime, small.width, small.height, small.note) == ("image/webp", 120, 80, "")
    with Image.open(io.BytesIO(small.data)) as image:
        assert (image.n_frames, image.size) == (6, (120, 80))
        image.seek(5)
        image.load()
        assert image.info["duration"] == 50
        red, _, blue = image.convert("RGB").getpixel((110, 40))
        assert red > 200 > 60 > blue


def test_animation_is_still_where_that_is_asked() -> None:
    """In lists and previews a moving picture is its first."""
    small = thumbnail(animation())
    with Image.open(io.BytesIO(small.data)) as image:
        assert getattr(image, "n_frames", 1) == 1
        red, _, blue = image.convert("RGB").getpixel((5, 40))
        assert red > 200 > 60 > blue
    assert small.note == ""


def test_a_long_animation_shows_every_second_picture() -> None:
    """What is left out is waited for: it takes as long as the original."""
    small = thumbnail(animation(WRITTEN * 2, (100, 20)), keep_moving=True)
    with Image.open(io.BytesIO(small.data)) as image:
        assert image.n_frames == WRITTEN
        total = 0
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            total += int(image.info["duration"])
    assert total == WRITTEN * 2 * 50


def many_pixels() -> bytes:
    """Paint 8 pictures of 4 megapixels."""
    frames, file = [Image.new("P", (2_000, 2_000), number) for number in range(8)], io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda: animation(READ + 1, (READ + 1, 2)), id="too many pictures"),
        pytest.param(lambda: many_pixels(), id="too many pixels"),
        pytest.param(lambda: animation(12, (300, 300), noise=True), id="no room"),
    ],
)
def test_animation_out_of_bounds_is_its_first_picture(data: Callable[[], bytes]) -> None:
    """It is not shown moving, and that is said."""
    small = thumbnail(data(), keep_moving=True, budget=2_000)
    assert small.note == STILL
    with Image.open(io.BytesIO(small.data)) as image:
        assert getattr(image, "n_frames", 1) == 1


def test_several_threads_leave_the_warning_filters_as_they_were() -> None:
    """Decoders are silent while any thread decodes, and only then."""
    before, data = list(warnings.filters), png(300, 300)
    threads = [threading.Thread(target=thumbnail, args=(data,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before
