"""Files of results: recognised by content, saved once, shown small, and no bad link hurts."""

from __future__ import annotations

import base64
import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import skytells_nb as sky
from skytells_nb.api.sniff import sniff
from skytells_nb.api.values import Prediction, Status
from skytells_nb.errors import MediaError
from skytells_nb.notebook.media import keeper as media
from skytells_nb.notebook.media.filenames import file_stem, slug
from skytells_nb.notebook.media.gallery import gallery
from skytells_nb.notebook.media.keeper import Keeper, default_keeper
from skytells_nb.notebook.media.thumbnails import thumbnail
from tests.notebook.conftest import FileServer, png, redirect, slowly
from tests.notebook.hostile import PAYLOADS, faults

MP3 = b"ID3\x04\x00\x00" + bytes(200)
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(200)


def job(*links: str, prompt: str = "A red fox!", **more: Any) -> Prediction:
    """Make a succeeded prediction with these outputs."""
    facts: dict[str, Any] = {"model": "truefusion-pro", "input": {"prompt": prompt}, **more}
    return Prediction(facts.pop("id", "1f3c"), Status.SUCCEEDED, output=links, **facts)


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """Keep files in a folder beside the notebook."""
    monkeypatch.chdir(tmp_path)
    return Keeper(tmp_path / "skytells_media", timeout=5)


@pytest.mark.parametrize(
    ("head", "kind", "mime"),
    [
        (png(), "image", "image/png"),
        (png(kind="JPEG"), "image", "image/jpeg"),
        (png(kind="GIF", mode="P"), "image", "image/gif"),
        (png(kind="WEBP"), "image", "image/webp"),
        (png(kind="BMP"), "image", "image/bmp"),
        (b"\0\0\0\x1cftypavif", "image", "image/avif"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio", "audio/wav"),
        (MP3, "audio", "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(50), "audio", "audio/mpeg"),
        (b"\xff\xf1\x50\x80" + bytes(50), "audio", "audio/aac"),
        (b"OggS\0\x02" + bytes(50), "audio", "audio/ogg"),
        (b"fLaC\0\0\0\x22", "audio", "audio/flac"),
        (b"\0\0\0\x20ftypM4A ", "audio", "audio/mp4"),
        (MP4, "video", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video", "video/webm"),
        (b"%PDF-1.7", "file", "application/pdf"),
        (b"PK\x03\x04", "file", "application/zip"),
        (b"glTF\x02\0\0\0", "file", "model/gltf-binary"),
        (b'<?xml version="1.0"?><svg onload="x">', "file", "image/svg+xml"),
        (b"  <SVG onload=x>", "file", "image/svg+xml"),
        (b"<!doctype html><script>", "file", "text/html"),
        (b"<!-- a --><svg>", "file", "image/svg+xml"),
        (b'{"a": 1}', "text", "application/json"),
        ("grüße".encode()[:-2], "text", "text/plain"),
        (b"\xff\xff\xff\xff\x00\x00\x01\x00", "file", "application/octet-stream"),
        (b"BM is how this begins", "text", "text/plain"),
        (b"", "file", "application/octet-stream"),
        (bytes(100), "file", "application/octet-stream"),
    ],
)
def test_content_says_what_a_file_is(head: bytes, kind: str, mime: str) -> None:
    """The first bytes decide; scripts in pictures and pages are never shown inline."""
    assert sniff(head)[:2] == (kind, mime)


def test_result_is_saved_under_a_readable_name(keeper: Keeper, file_server: FileServer) -> None:
    """A file is called after model, prompt and prediction, with the extension of its content."""
    data = png()
    file_server.files["/x.exe"] = data
    (kept,) = keeper.keep(job(f"{file_server.url}/x.exe"))
    assert kept.path is not None
    assert re.fullmatch(r"truefusion-pro_a-red-fox_[0-9a-f]{8}_1\.png", kept.path.name)
    assert kept.path.read_bytes() == data
    assert (kept.kind, kept.size, kept.width, kept.height, kept.note) == ("image", len(data), 64, 48, "")
    assert kept.thumbnail_mime == "image/webp"


def test_saved_files_have_the_usual_mode_and_nothing_else_remains(keeper: Keeper, file_server: FileServer) -> None:
    """Files can be read like any other of the user's, and no half file is left beside them."""
    file_server.files["/a"] = png()
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    umask = os.umask(0)
    os.umask(umask)
    assert kept.path is not None
    assert kept.path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert [path.name for path in keeper.folder.iterdir()] == [kept.path.name]


def test_second_keeping_asks_nobody(keeper: Keeper, file_server: FileServer) -> None:
    """Neither this process nor a later one downloads a file again."""
    file_server.files["/a"] = png()
    first = keeper.keep(job(f"{file_server.url}/a"))
    assert keeper.keep(job(f"{file_server.url}/a")) == first
    (later,) = Keeper(keeper.folder).keep(job("https://signed.invalid/elsewhere?again"))
    assert later.path == first[0].path
    assert later.thumbnail == first[0].thumbnail
    assert len(file_server.asked) == 1


def test_file_that_was_thrown_away_is_fetched_again(keeper: Keeper, file_server: FileServer) -> None:
    """What is no longer in the folder is downloaded once more."""
    file_server.files["/a"] = png()
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    assert kept.path is not None
    kept.path.unlink()
    (again,) = keeper.keep(job(f"{file_server.url}/a"))
    assert again.path is not None
    assert again.path.exists()


def test_files_come_in_parallel(keeper: Keeper, file_server: FileServer) -> None:
    """Several links are fetched at once, and stay in their order."""
    for number in range(4):
        file_server.files[f"/{number}"] = slowly(png(64 + number), pause=0.02)
    kept = keeper.keep(job(*(f"{file_server.url}/{number}" for number in range(4))))
    assert [one.width for one in kept] == [64, 65, 66, 67]
    assert file_server.most_at_once >= 2


def test_downloads_carry_no_key_and_no_cookies(
    keeper: Keeper, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of files learns nothing of ours, and cannot mark us."""
    monkeypatch.setenv("SKYTELLS_API_KEY", "sk-secret")
    file_server.files |= {"/a": png(), "/b": png(), "/c": redirect("/a")}
    keeper.keep(job(*(f"{file_server.url}/{name}" for name in "abc")))
    for _, headers in file_server.asked:
        assert not {"authorization", "x-api-key", "cookie", "referer"} & set(headers)
        assert "sk-secret" not in str(headers)


@pytest.mark.parametrize(
    ("link", "note"),
    [
        ("http://example.com/a.png", "plain http"),
        ("https://nowhere.invalid/a.png", "not saved"),
        ("https:///a.png", "not an https address"),
        ("https://[::1/a.png", "not saved"),
        ("http://127.0.0.1:1/a", "not saved"),
    ],
)
def test_bad_link_is_a_note(keeper: Keeper, link: str, note: str) -> None:
    """A link that cannot be followed never raises; it says in a line why there is no file."""
    (kept,) = keeper.keep(job(link))
    assert kept.path is None
    assert note in kept.note
    assert "\n" not in kept.note


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://example.com/x", "gopher://x/"])
def test_redirect_is_checked_like_the_first_link(keeper: Keeper, file_server: FileServer, scheme: str) -> None:
    """A redirect to anything but https or this machine is refused."""
    file_server.files["/a"] = redirect(scheme)
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    assert kept.path is None
    assert "not fetched" in kept.note


def test_redirects_end(keeper: Keeper, file_server: FileServer) -> None:
    """Three redirects are followed, a fourth is not."""
    hops = {f"/{number}": redirect(f"/{number + 1}") for number in range(5)}
    file_server.files |= {**hops, "/5": png()}
    assert [kept.note for kept in keeper.keep(job(f"{file_server.url}/2"))] == [""]
    (kept,) = keeper.keep(job(f"{file_server.url}/1", id="other"))
    assert "redirected more than 3 times" in kept.note


@pytest.mark.parametrize("status", [403, 404, 410])
def test_expired_link_is_not_asked_twice(keeper: Keeper, file_server: FileServer, status: int) -> None:
    """A file that is gone says so, and stays gone without another request."""
    file_server.files["/a"] = lambda handler: handler.send_error(status)
    prediction = job(f"{file_server.url}/a")
    assert f"HTTP {status}" in keeper.keep(prediction)[0].note
    keeper.keep(prediction)
    assert len(file_server.asked) == 1


def test_passing_trouble_is_asked_again(keeper: Keeper, file_server: FileServer) -> None:
    """After a server's trouble the next showing tries once more."""
    file_server.files["/a"] = lambda handler: handler.send_error(503)
    prediction = job(f"{file_server.url}/a")
    assert "HTTP 503" in keeper.keep(prediction)[0].note
    file_server.files["/a"] = png()
    assert keeper.keep(prediction)[0].path is not None


def test_too_large_files_stop_at_the_limit(tmp_path: Path, file_server: FileServer) -> None:
    """A file over the limit is refused by its announced size, or when it has grown past it; nothing is left."""
    keeper = Keeper(tmp_path / "media", limit_bytes=1000)
    file_server.files |= {"/told": bytes(2000), "/untold": slowly(bytes(100_000), pause=0)}
    notes = [kept.note for kept in keeper.keep(job(f"{file_server.url}/told", f"{file_server.url}/untold"))]
    assert "the limit is 1 kB" in notes[0]
    assert "more than 1 kB" in notes[1]
    assert list(keeper.folder.iterdir()) == []


def test_broken_off_file_is_not_kept(keeper: Keeper, file_server: FileServer) -> None:
    """A download that ends before its announced size leaves no file."""

    def half(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "5000")
        handler.end_headers()
        handler.wfile.write(png()[:100])

    file_server.files["/a"] = half
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    assert kept.path is None
    assert list(keeper.folder.iterdir()) == []


def test_silent_server_is_left(tmp_path: Path, file_server: FileServer) -> None:
    """A server that says nothing is given up after the timeout."""
    file_server.files["/a"] = lambda _: time.sleep(4)
    began = time.monotonic()
    (kept,) = Keeper(tmp_path, timeout=0.2).keep(job(f"{file_server.url}/a"))
    assert "did not answer in time" in kept.note
    assert time.monotonic() - began < 3


def test_endless_drip_is_left(tmp_path: Path, file_server: FileServer) -> None:
    """A file that never ends is given up after ten times the timeout."""
    file_server.files["/a"] = slowly(bytes(4000), pause=0.05, pieces=100)
    (kept,) = Keeper(tmp_path, timeout=0.06).keep(job(f"{file_server.url}/a"))
    assert kept.path is None
    assert "it was not there after" in kept.note


def test_folder_that_takes_no_files_still_shows_the_picture(tmp_path: Path, file_server: FileServer) -> None:
    """Where nothing can be written, the picture is shown from memory, and the note says that it is not saved."""
    (tmp_path / "media").write_text("a file is in the way")
    file_server.files["/a"] = png()
    keeper = Keeper(tmp_path / "media")
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    assert kept.path is None
    assert kept.thumbnail is not None
    assert "the folder media cannot be written" in kept.note
    assert keeper.keep(job(f"{file_server.url}/a")) == (kept,)
    assert len(file_server.asked) == 1


def test_unfinished_prediction_is_not_fetched(keeper: Keeper) -> None:
    """Only a success has files to keep."""
    assert keeper.keep(Prediction("p", Status.FAILED, output=("https://nowhere.invalid/x",))) == ()


def test_stop_leaves_no_half_files(tmp_path: Path, file_server: FileServer) -> None:
    """Pressing Stop in a download ends it at once and cleans up."""
    file_server.files["/a"] = slowly(png(600, 600), pause=0.1, pieces=100)
    code = f"""
        import sys
        from pathlib import Path
        from skytells_nb.api.values import Prediction, Status
        from skytells_nb.notebook.media.keeper import Keeper
        print("go", flush=True)
        try:
            Keeper(Path("media")).keep(Prediction("p", Status.SUCCEEDED, output=("{file_server.url}/a",)))
        except KeyboardInterrupt:
            print("stopped", list(Path("media").iterdir()))
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(sky.__file__).parents[1])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        while not any(part.stat().st_size for part in (tmp_path / "media").glob("*")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "stopped []\n"


@pytest.mark.parametrize(
    ("model", "prompt", "stem"),
    [
        ("../../etc", "x/../y\\z:*?", "etc_x-y-z_"),
        ("m", "Größe ändern", "m_groe-andern_"),
        ("m", "红狐狸", "m_"),
        ("", "", "result_"),
        ("m", "word " * 40, "m_word-word-word-word-word-word-word-word_"),
        ("CON", "\0\n\t", "con_"),
    ],
)
def test_names_fit_every_file_system(model: str, prompt: str, stem: str) -> None:
    """Whatever model and prompt are called, a file's name is short, plain and inside its folder."""
    name = file_stem(job("https://a.b/c", prompt=prompt, model=model), 0)
    assert name.startswith(stem)
    assert re.fullmatch(r"[a-z0-9_-]{1,100}", name)


def test_slug_cuts_at_words() -> None:
    """A long word is cut, several are cut between two."""
    assert slug("x" * 100, 10) == "x" * 10
    assert slug("red fox jumping", 10) == "red-fox"


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


def test_animation_shows_its_first_frame() -> None:
    """A moving picture is shown by its beginning."""
    file = io.BytesIO()
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(thumbnail(file.getvalue()).data)) as image:
        red, _, blue = image.convert("RGB").getpixel((30, 30))
    assert red > 200 > 50 > blue


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


def test_pictures_of_one_result_stay_within_200_kilobytes(keeper: Keeper, file_server: FileServer) -> None:
    """However many and large, the pictures that go into the notebook file have one budget."""
    file_server.files |= dict.fromkeys((f"/{number}" for number in range(12)), png(1200, 1200, kind="JPEG"))
    prediction = job(*(f"{file_server.url}/{number}" for number in range(12)))
    html, _ = gallery(prediction, keeper.keep(prediction))
    embedded = re.findall(r"data:image/\w+;base64,([^\"]+)", html)
    assert len(embedded) == 12
    assert sum(map(len, embedded)) <= 200_000


def test_picture_that_cannot_be_shown_is_still_kept(keeper: Keeper, file_server: FileServer) -> None:
    """A broken picture is saved and linked, with a note in the picture's place."""
    file_server.files["/a"] = png()[:80]
    prediction = job(f"{file_server.url}/a")
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert "cannot be shown" in plain
    assert "<img" not in html
    assert 'href="skytells_media/truefusion-pro' in html
    assert keeper.keep(prediction)[0].note.count("cannot be shown") == 1


def test_short_sound_is_embedded_and_long_sound_is_linked(keeper: Keeper, file_server: FileServer) -> None:
    """Up to a megabyte a sound plays from the notebook file; a longer one is a link."""
    file_server.files |= {"/short": MP3, "/long": MP3 + bytes(1_000_001)}
    prediction = job(f"{file_server.url}/short", f"{file_server.url}/long")
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert html.count("<audio controls") == 1
    assert base64.b64encode(MP3).decode() in html
    assert html.count('href="skytells_media/') == 2
    assert "1.0 MB" in plain


def test_long_film_plays_from_its_file(keeper: Keeper, file_server: FileServer) -> None:
    """A film over a megabyte is played from the folder, by a relative link."""
    file_server.files["/film"] = MP4 + bytes(1_000_001)
    prediction = job(f"{file_server.url}/film")
    html, _ = gallery(prediction, keeper.keep(prediction))
    assert re.search(r'<video controls preload="metadata" src="skytells_media/[^"]+\.mp4"', html)


def test_gallery_says_what_is_there_and_what_is_not(keeper: Keeper, file_server: FileServer) -> None:
    """Each picture opens its saved file and is described; a gone one is a card; the caption has seed and id."""
    file_server.files["/a"] = png()
    prediction = job(f"{file_server.url}/a", f"{file_server.url}/gone", prompt='a "fox" <b>', id="p1")
    prediction.input["seed"] = 7
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert 'alt="a &quot;fox&quot; &lt;b&gt;"' in html
    assert "file 2 not saved: the file is gone (HTTP 404)" in plain
    assert "seed 7 · p1" in plain
    assert file_server.url not in html
    assert faults(html) == []


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_words_and_texts_are_shown_as_text(payload: str, keeper: Keeper, file_server: FileServer) -> None:
    """Prompts, models and text files that attack the page stay text."""
    file_server.files["/a"] = payload.encode("utf-8", "replace")
    file_server.files["/b"] = png()
    prediction = job(f"{file_server.url}/a", f"{file_server.url}/b", prompt=payload, model=payload, id=payload)
    html, _ = gallery(prediction, keeper.keep(prediction))
    assert faults(html) == []


def test_folder_elsewhere_is_named_not_linked(
    tmp_path: Path, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file outside the notebook's folder cannot be linked; its place is told."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    file_server.files["/a"] = png()
    prediction = job(f"{file_server.url}/a")
    html, plain = gallery(prediction, Keeper(tmp_path / "media").keep(prediction))
    assert "href=" not in html
    assert "media/truefusion-pro" in plain


def test_odd_folder_names_are_encoded(tmp_path: Path, file_server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks, signs and colons in the folder's name do not break the link."""
    monkeypatch.chdir(tmp_path)
    file_server.files["/a"] = png()
    prediction = job(f"{file_server.url}/a")
    html, _ = gallery(prediction, Keeper(tmp_path / "javascript:my #1 & <media>").keep(prediction))
    assert 'href="javascript%3Amy%20%231%20%26%20%3Cmedia%3E/true' in html
    assert faults(html) == []


def test_default_keeper_follows_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is the one that is set at the time, and its keeper is made once."""
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(tmp_path / "a"))
    first = default_keeper()
    assert first.folder == tmp_path / "a"
    assert default_keeper() is first
    monkeypatch.delenv("SKYTELLS_NB_MEDIA")
    monkeypatch.chdir(tmp_path)
    assert default_keeper().folder == tmp_path / "skytells_media"


def test_results_of_the_sandbox_are_kept(keeper: Keeper, shared_sandbox: Any) -> None:
    """Pictures of a real run over a socket are saved and shown."""
    with sky.Client(base_url=shared_sandbox.url, api_key="sk-x", observers=()) as client:
        run = client.predict("truefusion-pro", {"prompt": "a red fox", "num_outputs": 2})
    kept = keeper.keep(run)
    assert [one.kind for one in kept] == ["image", "image"]
    assert all(one.path and one.path.exists() and one.thumbnail for one in kept)


def test_more_files_than_reasonable_are_not_fetched(keeper: Keeper, file_server: FileServer) -> None:
    """A result of endless links is kept up to a hundred."""
    file_server.files["/a"] = b"text"
    kept = keeper.keep(job(*[f"{file_server.url}/a"] * 103))
    assert sum(one.path is not None for one in kept) == media.MOST_FILES == 100
    assert "only the first 100" in kept[-1].note
