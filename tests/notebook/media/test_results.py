"""`Prediction.files`, `.images`, `.save` and `.url`: what came back, in Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import skytells_nb as sky
from skytells_nb.api.values import Prediction, Status
from skytells_nb.errors import InputError, MediaError
from skytells_nb.local import Sandbox
from skytells_nb.notebook.media.keeper import Keeper
from tests.notebook.conftest import FileServer, png
from tests.notebook.media.samples import TEXT, animation, job


@pytest.fixture(autouse=True)
def _folder(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(keeper.folder))


def test_files_are_the_kept_files(keeper: Keeper, file_server: FileServer) -> None:
    """They are fetched the first time they are asked for, and never again."""
    file_server.files |= {"/a": png(), "/b": TEXT}
    run = job(f"{file_server.url}/a", f"{file_server.url}/b")
    first, second = run.files
    assert (first.parent, first.read_bytes(), second.read_bytes()) == (keeper.folder, file_server.files["/a"], TEXT)
    assert run.files == (first, second)
    assert len(file_server.asked) == 2


def test_images_are_the_pictures_among_them(file_server: FileServer) -> None:
    """Other files are left out; each picture is as Pillow opens it, and holds no file open."""
    file_server.files |= {"/a": png(64, 48, "L"), "/b": TEXT, "/c": animation(4)}
    still, moving = job(*(f"{file_server.url}/{name}" for name in "abc")).images
    assert (still.mode, still.size, moving.size) == ("L", (64, 48), (120, 80))
    moving.seek(3)
    assert moving.convert("RGB").getpixel((110, 40)) == (255, 165, 0)


def test_picture_that_cannot_be_opened_is_named(file_server: FileServer) -> None:
    """Which one, why, and where its file is."""
    file_server.files |= {"/a": png(), "/b": png()[:200]}
    run = job(f"{file_server.url}/a", f"{file_server.url}/b")
    with pytest.raises(MediaError, match=r"^Picture 2 of prediction 1f3c cannot be shown: .* The file is .*_2\.png\."):
        _ = run.images


def test_picture_of_too_many_pixels_is_not_opened(tmp_path: Path, file_server: FileServer) -> None:
    """The bound is that of thumbnails."""
    Image.new("1", (12_000, 10_000)).save(tmp_path / "x.png")
    file_server.files["/a"] = (tmp_path / "x.png").read_bytes()
    with pytest.raises(MediaError, match="too many pixels"):
        _ = job(f"{file_server.url}/a").images


def test_save_copies_files_and_what_is_known_of_them(tmp_path: Path, file_server: FileServer) -> None:
    """The folder is made; the copies have the same names, and a sidecar each."""
    file_server.files |= {"/a": png(), "/b": TEXT}
    run = job(f"{file_server.url}/a", f"{file_server.url}/b")
    copies = run.save(tmp_path / "new" / "folder")
    assert [path.name for path in copies] == [path.name for path in run.files]
    assert [path.read_bytes() for path in copies] == [file_server.files["/a"], TEXT]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(
        name for path in copies for name in (path.name, f"{path.name}.json")
    )
    assert json.loads(copies[1].with_name(f"{copies[1].name}.json").read_bytes())["file"]["index"] == 1


def test_save_overwrites_nothing(tmp_path: Path, file_server: FileServer) -> None:
    """Another file of the same name stays; the same content is not copied twice."""
    file_server.files["/a"] = png()
    run = job(f"{file_server.url}/a")
    name = run.files[0].name
    taken = tmp_path / "out" / name
    taken.parent.mkdir()
    taken.write_bytes(b"mine")
    (copy,) = run.save(tmp_path / "out")
    assert (copy.name, taken.read_bytes()) == (name.replace("_1.png", "_1-2.png"), b"mine")
    assert run.save(tmp_path / "out") == (copy,)
    assert run.save(run.files[0].parent) == run.files


def test_save_into_a_folder_that_takes_no_files(tmp_path: Path, file_server: FileServer) -> None:
    """It says which folder, why, and what to do."""
    file_server.files["/a"] = png()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        MediaError, match=r"cannot be saved in .*file: File exists\. Give a folder that can be written\."
    ):
        job(f"{file_server.url}/a").save(tmp_path / "file")


@pytest.mark.parametrize("folder", ["", None, 7, "a\0b", "~nobody-at-all/x"])
def test_save_into_what_is_no_folder(folder: object, file_server: FileServer) -> None:
    """An error of ours, whatever was given."""
    file_server.files["/a"] = png()
    with pytest.raises((InputError, MediaError), match=r"is no folder|cannot be saved in"):
        job(f"{file_server.url}/a").save(folder)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.RUNNING, r"^Prediction p1 is processing: it has no files yet\. Get its result with .*wait\('p1'\)\."),
        (Status.QUEUED, r"^Prediction p1 is queued: it has no files yet\."),
        (Status.FAILED, r"^Prediction p1 failed: it has no files\. Run it again\."),
        (Status.CANCELED, r"^Prediction p1 was canceled: it has no files\. Run it again\."),
    ],
)
def test_a_job_without_a_result_has_no_files(tmp_path: Path, status: Status, said: str) -> None:
    """It says where the job stands and what to do, and asks nobody."""
    run = Prediction("p1", status, output=("https://nowhere.invalid/x",))
    for ask in (lambda: run.files, lambda: run.images, lambda: run.save(tmp_path)):
        with pytest.raises(MediaError, match=said):
            ask()


def test_a_result_of_words_has_no_files(tmp_path: Path) -> None:
    """There is nothing to fetch, open or copy."""
    run = job("only words")
    assert (run.files, run.images, run.save(tmp_path), run.url) == ((), (), (), None)


def test_an_expired_link_says_so_and_what_is_kept(tmp_path: Path, file_server: FileServer) -> None:
    """All files or an error; it names those that are there, and they are copied all the same."""
    file_server.files |= {"/a": png(), "/b": lambda handler: handler.send_error(403)}
    run = job(f"{file_server.url}/a", f"{file_server.url}/b.png?x")
    file_server.files["/b.png?x"] = file_server.files["/b"]
    said = (
        r"^1 of 2 files of prediction 1f3c cannot be had\. picture 2 not saved: the link has expired or is not for "
        r"everyone \(HTTP 403\); run the model again to have it anew; links are good for five minutes\. "
        r"Kept in skytells_media: truefusion-pro_a-red-fox_\w{8}_1\.png\.$"
    )
    with pytest.raises(MediaError, match=said):
        _ = run.files
    with pytest.raises(MediaError, match=said):
        run.save(tmp_path / "out")
    assert [path.suffix for path in sorted((tmp_path / "out").iterdir())] == [".png", ".json"]


def test_a_server_in_trouble_is_worth_another_try(file_server: FileServer) -> None:
    """The error says so, and nothing is remembered of it."""
    file_server.files["/a"] = lambda handler: handler.send_error(500)
    run = job(f"{file_server.url}/a")
    with pytest.raises(MediaError, match=r"not saved: the server answered HTTP 500\. Ask again: it may be had then\.$"):
        _ = run.files
    file_server.files["/a"] = png()
    assert len(run.files) == 1


def test_a_kept_result_needs_no_link(file_server: FileServer) -> None:
    """What was kept is there when its link is not any more."""
    file_server.files["/a"] = png()
    run = job(f"{file_server.url}/a")
    kept = run.files
    file_server.files.clear()
    assert run.files == kept


def test_url_is_the_first_link() -> None:
    """Words among the outputs are passed over."""
    assert job("words", "https://a.b/x.png", "https://a.b/y.png").url == "https://a.b/x.png"


def test_a_real_run_gives_its_pictures(shared_sandbox: Sandbox) -> None:
    """Over a socket: two pictures, as they were made."""
    with sky.Client(base_url=shared_sandbox.url, api_key="sk-x", observers=()) as client:
        run = client.predict("truefusion-pro", {"prompt": "a red fox", "num_outputs": 2})
    assert [image.format for image in run.images] == [path.suffix[1:].upper() for path in run.files]
    assert run.url == run.links[0]


def test_the_lower_layers_alone_keep_nothing(repository: Path) -> None:
    """Without the package's face nobody keeps files; it says what to import."""
    code = """
import sys, types
package = types.ModuleType("skytells_nb")
package.__path__ = [sys.argv[1]]
sys.modules["skytells_nb"] = package
from skytells_nb.api.values import Prediction, Status
try:
    Prediction("p", Status.SUCCEEDED).files
except Exception as error:
    print(type(error).__name__, error)
"""
    said = subprocess.run(
        [sys.executable, "-c", code, str(repository / "skytells_nb")], capture_output=True, text=True, check=True
    )
    assert said.stdout == "SetupError Nothing here keeps files. Import skytells_nb: it hands in what does.\n"
