"""Files of results: recognised by content, saved once under readable names, and no bad link hurts."""

from __future__ import annotations

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

import skytells_nb as sky
from skytells_nb.api.sniff import sniff
from skytells_nb.api.values import Prediction, Status
from skytells_nb.notebook import preferences
from skytells_nb.notebook.forms.shelf import Shelf
from skytells_nb.notebook.media import download
from skytells_nb.notebook.media import keeper as media
from skytells_nb.notebook.media.filenames import file_stem, slug
from skytells_nb.notebook.media.keeper import Keeper, default_keeper
from tests.notebook.conftest import FileServer, png, redirect, slowly
from tests.notebook.media.samples import MP3, MP4, OBJ, SVG, archive, job


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
    """Files can be read like any other of the user's, and nothing but the sidecar is left beside them."""
    file_server.files["/a"] = png()
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    umask = os.umask(0)
    os.umask(umask)
    assert kept.path is not None
    left = sorted(keeper.folder.iterdir())
    assert [path.stat().st_mode & 0o777 for path in left] == [0o666 & ~umask] * 2
    assert [path.name for path in left] == [kept.path.name, f"{kept.path.name}.json"]


@pytest.mark.parametrize(
    ("name", "data", "ending", "mime"),
    [
        ("a.csv", b"a,b\n1,2\n", "csv", "text/csv"),
        ("a.csv", png(), "png", "image/png"),
        ("a.csv", SVG, "svg", "image/svg+xml"),
        ("a.csv", archive(), "zip", "application/zip"),
        ("a.npz", archive(), "npz", "application/x-npz"),
        ("a.obj", OBJ, "obj", "model/obj"),
        ("a.stl", bytes(100), "stl", "model/stl"),
        ("a.gltf", b'{"asset": {}}', "gltf", "model/gltf+json"),
        ("a.html", b"words", "txt", "text/plain"),
        ("a.py", bytes(100), "bin", "application/octet-stream"),
    ],
)
def test_an_extension_tells_only_what_the_content_leaves_open(
    keeper: Keeper, file_server: FileServer, name: str, data: bytes, ending: str, mime: str
) -> None:
    """Tables, models and the like go by their link's name where the bytes agree; nothing else does."""
    file_server.files[f"/{name}"] = data
    (kept,) = keeper.keep(job(f"{file_server.url}/{name}"))
    assert kept.path is not None
    assert (kept.path.suffix, kept.mime) == (f".{ending}", mime)
    (later,) = Keeper(keeper.folder).keep(job(f"{file_server.url}/{name}"))
    assert later == kept


def test_no_file_is_named_after_a_key(keeper: Keeper, file_server: FileServer) -> None:
    """A key in the prompt does not become part of a file's name."""
    file_server.files["/a"] = png()
    (kept,) = keeper.keep(job(f"{file_server.url}/a", prompt="sk-live1234 a fox"))
    assert kept.path is not None
    assert kept.path.name.startswith("truefusion-pro_sk-a-fox_")


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


@pytest.mark.parametrize("address", ["https://api.skytells.ai/v1", "no address"])
def test_a_service_elsewhere_leads_nobody_to_this_machine(
    keeper: Keeper, file_server: FileServer, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """What a model writes as its output may name any port here; of a service that is here it is fetched."""
    monkeypatch.setenv("SKYTELLS_BASE_URL", address)
    file_server.files["/a"] = png()
    run = job(f"{file_server.url}/a", sandbox=False)
    (kept,) = keeper.keep(run)
    assert (kept.note, file_server.asked) == ("not fetched: the link leads from another machine to this one", [])
    monkeypatch.setenv("SKYTELLS_BASE_URL", file_server.url)
    assert keeper.keep(run)[0].path is not None


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
    assert "run the model again" in keeper.keep(prediction)[0].note
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


def test_certificates_that_cannot_be_read_are_a_note(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A setting that is wrong does not take the result's showing down."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    download._context.cache_clear()
    (kept,) = keeper.keep(job("https://a.b/c"))
    assert kept.note.startswith("not fetched: the certificates that SSL_CERT_FILE names cannot be read")
    assert kept.again


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
            Keeper(Path("media")).keep(Prediction("p", Status.SUCCEEDED, output=("{file_server.url}/a",), sandbox=True))
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


def test_default_keeper_follows_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is the one that is set at the time, and its keeper is made once."""
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(tmp_path / "a"))
    first = default_keeper()
    assert first.folder == tmp_path / "a"
    assert default_keeper() is first
    monkeypatch.delenv("SKYTELLS_NB_MEDIA")
    monkeypatch.chdir(tmp_path)
    assert default_keeper().folder == tmp_path / "skytells_media"


def test_preferred_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What %config says counts more than the environment, for results and for a form's uploads."""
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(tmp_path / "a"))
    preferences.use(preferences.Preferences(media_folder=str(tmp_path / "b")))
    try:
        assert default_keeper().folder == tmp_path / "b"
        assert Shelf().keep("x.txt", b"words").parent == tmp_path / "b" / "inputs"
    finally:
        preferences.use(preferences.Preferences())


def test_a_changed_preference_changes_what_is_shown_and_asks_nobody(keeper: Keeper, file_server: FileServer) -> None:
    """Less room for pictures makes the kept ones smaller when they are shown again."""
    file_server.files["/a"] = png(900, 900, kind="JPEG")
    file_server.files["/b"] = png()[:80]
    assert keeper.keep(job(f"{file_server.url}/b", id="b"))[0].note.count("cannot be shown") == 1
    (before,) = keeper.keep(job(f"{file_server.url}/a"))
    preferences.use(preferences.Preferences(picture_bytes=10_000))
    try:
        (after,) = keeper.keep(job(f"{file_server.url}/a"))
        assert keeper.keep(job(f"{file_server.url}/b", id="b"))[0].note.count("cannot be shown") == 1
    finally:
        preferences.use(preferences.Preferences())
    assert before.thumbnail is not None
    assert after.thumbnail is not None
    assert len(after.thumbnail) <= 6_250 * 3 // 4 < len(before.thumbnail)
    assert len(file_server.asked) == 2


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
