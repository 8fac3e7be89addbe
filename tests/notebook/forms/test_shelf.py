"""The shelf: uploads are kept under harmless names, and results of the session are offered while they can be had."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb import settings
from skytells_nb.api.inline import InlineFile
from skytells_nb.api.values import Prediction, Status
from skytells_nb.errors import InputError
from skytells_nb.notebook import session
from skytells_nb.notebook.forms import shelf
from skytells_nb.notebook.forms.shelf import Shelf
from skytells_nb.notebook.media.filenames import file_stem

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the media folder of this test's own."""
    monkeypatch.setenv(settings.MEDIA_VARIABLE, str(tmp_path / "media"))
    return tmp_path / "media"


@pytest.fixture
def job() -> Callable[..., Prediction]:
    """Make predictions that ended so many seconds ago."""

    def make(
        number: int = 1, ago: float = 10, name: str = "a.png", count: int = 1, prompt: object = "a red fox"
    ) -> Prediction:
        ended = datetime.now(UTC) - timedelta(seconds=ago)
        links = tuple(f"https://example.org/{number}/{index}/{name}" for index in range(count))
        return Prediction(
            f"p{number}", Status.SUCCEEDED, "truefusion-pro", input={"prompt": prompt}, output=links, completed_at=ended
        )

    return make


def kept(job: Prediction, folder: Path, content: bytes = PNG, index: int = 0) -> Path:
    """Write the copy that is kept of a result's file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file_stem(job, index)}.png"
    path.write_bytes(content)
    return path


def test_an_upload_is_kept_in_the_media_folder(folder: Path) -> None:
    """Whole, under its name and a mark of its content."""
    path = Shelf().keep("My Fox.png", PNG)
    assert (path.parent, path.name, path.read_bytes()) == (folder / "inputs", "d6bfb65d-my-fox.png", PNG)


def test_only_its_owner_may_read_an_upload(folder: Path) -> None:
    """Nor may others look into the folder."""
    path = Shelf().keep("fox.png", PNG)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_bytes_are_kept_once(folder: Path) -> None:
    """Under the name they came with first."""
    first = Shelf().keep("fox.png", PNG)
    assert Shelf().keep("wolf.png", PNG) == first
    assert list(folder.rglob("*.*")) == [first]


def test_a_kept_upload_that_was_changed_is_left_alone(folder: Path) -> None:
    """The same upload is kept anew beside it."""
    first = Shelf().keep("fox.png", PNG)
    first.write_bytes(b"edited")
    second = Shelf().keep("fox.png", PNG)
    assert (first.read_bytes(), second.read_bytes()) == (b"edited", PNG)
    assert Shelf().keep("fox.png", PNG) == second


@pytest.mark.parametrize(
    ("name", "content", "kept_as"),
    [
        ("fox.exe", PNG, "fox.png"),
        ("song.mp3", b"ID3\x04", "song.mp3"),
        ("page.html", b"<html><script>", "page.txt"),
        ("run.sh", b"\0\1", "run.bin"),
        ("thing.npy", b"\x93NUMPY", "thing.npy"),
        ("../../.bashrc", b"\0\1", "upload.bin"),
        ("//[x.csv", b"\0\1", "x.csv"),
        ("", b"\0\1", "upload.bin"),
    ],
)
def test_a_name_is_made_harmless(name: str, content: bytes, kept_as: str, folder: Path) -> None:
    """The ending is that of the content, or one that nothing runs."""
    assert Shelf().keep(name, content).name.partition("-")[2] == kept_as


@given(name=st.text(), content=st.binary(max_size=20))
def test_no_name_leads_out_of_the_folder(name: str, content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a front end says the file is called."""
    folder = tmp_path_factory.getbasetemp() / "any"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(settings.MEDIA_VARIABLE, str(folder))
        path = Shelf().keep(name, content)
    assert path.parent == folder / "inputs"
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(settings.MEDIA_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"^The upload cannot be kept in .*file/inputs: Not a directory\. Make the"):
        Shelf().keep("fox.png", PNG)


def test_results_are_offered_newest_first(job: Callable[..., Prediction], folder: Path) -> None:
    """Each of their files, by model, prompt and number."""
    offered = Shelf([job(1), job(2, prompt="a wolf", count=2)]).results()
    assert [result.label for result in offered] == [
        "truefusion-pro · a wolf · 1",
        "truefusion-pro · a wolf · 2",
        "truefusion-pro · a red fox · 1",
    ]


def test_at_most_50_results_are_offered(job: Callable[..., Prediction], folder: Path) -> None:
    """The newest."""
    offered = Shelf([job(number, count=2) for number in range(40)]).results()
    assert (len(offered), offered[0].link) == (50, "https://example.org/39/0/a.png")


def test_a_result_is_offered_once(job: Callable[..., Prediction], folder: Path) -> None:
    """However often it was shown."""
    assert len(Shelf([job(1), job(2), job(1)]).results()) == 2


def test_only_results_of_the_kind_are_offered(job: Callable[..., Prediction], folder: Path) -> None:
    """By the kept file's content, else by the link's ending."""
    picture, sound, odd = job(1), job(2, name="a.mp3"), job(3, name="a.mp3")
    kept(odd, folder)
    offer = Shelf([picture, sound, odd]).results
    assert [result.link[20] for result in offer("image")] == ["3", "1"]
    assert [result.link[20] for result in offer("audio")] == ["2"]
    assert offer("video") == ()


def test_a_job_that_gave_nothing_is_not_offered(job: Callable[..., Prediction], folder: Path) -> None:
    """Nor one that failed."""
    failed = Prediction("f", Status.FAILED, "m", output=("https://example.org/a.png",))
    assert Shelf([failed, job(count=0)]).results() == ()


def test_a_fresh_result_is_its_link(job: Callable[..., Prediction], folder: Path) -> None:
    """For four minutes, kept or not."""
    fresh = job(ago=200)
    kept(fresh, folder)
    assert Shelf([fresh]).results()[0].value() == fresh.links[0]


def test_an_older_result_is_the_kept_file(job: Callable[..., Prediction], folder: Path) -> None:
    """Its link has expired."""
    old = job(ago=300)
    path = kept(old, folder)
    value = Shelf([old]).results()[0].value()
    assert isinstance(value, InlineFile)
    assert (value.path, value.size) == (path, len(PNG))


def test_a_copy_that_was_kept_later_is_found(job: Callable[..., Prediction], folder: Path) -> None:
    """A file may be saved after its result was offered first."""
    old = job(ago=300)
    offering = Shelf([old])
    offering.results()
    path = kept(old, folder)
    assert offering.results()[0].path == path


def test_an_older_result_without_a_copy_is_gone(job: Callable[..., Prediction], folder: Path) -> None:
    """And that is said."""
    with pytest.raises(InputError, match=r"^The link of truefusion-pro · a red fox · 1 has expired, and no copy was"):
        Shelf([job(ago=300)]).results()[0].value()


def test_a_hostile_prompt_is_one_short_line(job: Callable[..., Prediction], folder: Path) -> None:
    """It becomes a part of a label."""
    (result,) = Shelf([job(prompt="a\n\u202eb" + "x" * 10_000)]).results()
    assert result.label == f"truefusion-pro · a ⟨U+202E⟩b{'x' * 28}… · 1"


def test_the_kernel_s_shelf_offers_what_the_session_noted(job: Callable[..., Prediction], folder: Path) -> None:
    """There is one of each."""
    session.current().note(job(77))
    assert shelf.current() is shelf.current()
    assert shelf.current().results()[0].link == "https://example.org/77/0/a.png"


def test_who_watches_the_kernel_s_shelf_hears_of_each_result(job: Callable[..., Prediction], folder: Path) -> None:
    """As long as it lives."""

    class Watcher:
        heard = 0

        def hear(self) -> None:
            Watcher.heard += 1

    watcher = Watcher()
    shelf.current().watch(watcher.hear)
    session.current().note(job(78))
    del watcher
    session.current().note(job(79))
    assert Watcher.heard == 1


def test_a_watcher_that_fails_loses_no_result(job: Callable[..., Prediction], folder: Path) -> None:
    """The result was paid for."""

    class Watcher:
        def hear(self) -> None:
            raise ValueError

    watcher = Watcher()
    shelf.current().watch(watcher.hear)
    session.current().note(job(80))
    assert shelf.current().results()[0].link == "https://example.org/80/0/a.png"


def test_the_session_keeps_no_large_inputs(job: Callable[..., Prediction]) -> None:
    """Of a noted result's inputs only the prompt stays."""
    noted = session.Session()
    noted.note(replace(job(), input={"prompt": "a", "image": "data:…"}, raw={"input": "data:…"}))
    assert [(one.input, one.raw) for one in noted.recent] == [({"prompt": "a"}, {})]
