"""A local file becomes a link that carries it, or is named with the reason why not."""

from __future__ import annotations

import copy
import json
import os
import pickle
from base64 import b64decode
from pathlib import Path

import pytest

import skytells_nb
from skytells_nb.api.client import Client
from skytells_nb.api.inline import LARGEST, InlineFile, file
from skytells_nb.costs.ledger import Ledger, Recorder
from skytells_nb.errors import InputError
from skytells_nb.local import Sandbox

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def put(folder: Path, content: bytes = PNG, name: str = "fox.png") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_file_becomes_a_link_that_carries_it(tmp_path: Path) -> None:
    """Every byte, as base64."""
    link = file(put(tmp_path))
    head, _, content = link.partition(",")
    assert (head, b64decode(content)) == ("data:image/png;base64", PNG)


def test_it_remembers_where_it_came_from(tmp_path: Path) -> None:
    """Its path as it was given, its size and its content type."""
    link = file(str(put(tmp_path)))
    assert (link.path, link.size, link.mime) == (tmp_path / "fox.png", len(PNG), "image/png")


@pytest.mark.parametrize("extra", range(4))
def test_the_size_is_that_of_the_file(extra: int, tmp_path: Path) -> None:
    """Whatever base64 fills up."""
    assert file(put(tmp_path, PNG + b"x" * extra)).size == len(PNG) + extra


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read there, and stays written as it was."""
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path)
    assert file("~/fox.png").path == Path("~/fox.png")


def test_it_is_a_text_wherever_a_link_goes(tmp_path: Path) -> None:
    """JSON, equality and hashing see the link."""
    link = file(put(tmp_path))
    assert isinstance(link, str)
    assert json.loads(json.dumps({"image": link})) == {"image": str(link)}
    assert {str(link)} == {link}


def test_its_repr_is_short(tmp_path: Path) -> None:
    """A notebook's output never holds the megabytes, nor characters that turn text round."""
    link = InlineFile(str(file(put(tmp_path, PNG * 50_000))), Path("a\u202eb.png"))
    assert repr(link) == "<InlineFile ab.png, image/png, 1,400,000 bytes>"


def test_copies_and_pickles_remember_the_path(tmp_path: Path) -> None:
    """Whoever keeps values keeps where they came from."""
    link = file(put(tmp_path))
    for twin in (copy.copy(link), copy.deepcopy(link), pickle.loads(pickle.dumps(link))):
        assert (type(twin), str(twin), twin.path) == (InlineFile, str(link), link.path)


@pytest.mark.parametrize(
    ("content", "name", "mime"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", "image/jpeg"),
        (b"GIF89a", "a", "image/gif"),
        (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "a", "image/webp"),
        (b"\0\0\0\x1cftypavif", "a", "image/avif"),
        (b"RIFF\x01\n\x03\x04WAVEfmt ", "a.bin", "audio/wav"),
        (b"ID3\x04", "a", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "a.mp3", "audio/mpeg"),
        (b"fLaC", "a", "audio/flac"),
        (b"\0\0\0\x1cftypM4A ", "a", "audio/mp4"),
        (b"\0\0\0\x14ftypqt  ", "a", "video/quicktime"),
        (b"\0\0\0\x1cftypisom", "a.png", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "a", "video/webm"),
        (b"%PDF-1.7", "a", "application/pdf"),
        (b"a,b", "a.csv", "text/csv"),
        (b"hello", "a.txt", "text/plain"),
        (b"\x1f\x8b", "a.tar.gz", "application/octet-stream"),
        (b"hello", "a", "application/octet-stream"),
    ],
)
def test_what_it_is_is_told_by_its_beginning_else_by_its_name(
    content: bytes, name: str, mime: str, tmp_path: Path
) -> None:
    """A wrong ending does not make a picture of a sound."""
    assert file(put(tmp_path, content, name)).mime == mime


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """At most 10 MB, and not a byte more is read."""
    path = put(tmp_path)
    os.truncate(path, LARGEST)
    assert file(path).size == LARGEST
    os.truncate(path, LARGEST + 1)
    with pytest.raises(InputError, match=r"fox\.png' has over 10 MB, the most that is sent in place of a link\. Give"):
        file(path)


def test_the_limit_can_be_set(tmp_path: Path) -> None:
    """In bytes."""
    with pytest.raises(InputError, match=r"has over 2e-05 MB"):
        file(put(tmp_path), limit=20)
    assert file(put(tmp_path), limit=28).size == 28


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none.png", "is not there"),
        (".", "is a folder"),
        ("empty", "is empty"),
        ("pipe", "is no file"),
        ("a\0b", "is not there"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("~nobody-of-this-name/a.png", "cannot be read: Could not determine home directory"),
    ],
)
def test_a_file_that_cannot_be_sent_is_named(
    path: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason; a pipe is not waited for."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, b"", "empty")
    os.mkfifo("pipe")
    with pytest.raises(InputError, match=rf"^The file '.{{1,201}}' {reason}\. Give the path of a file that is there"):
        file(path)


def test_what_is_no_path_is_refused() -> None:
    """By an error of ours."""
    with pytest.raises(InputError, match=r"^The file '3' is no path\. Give the path of a file"):
        file(3)  # type: ignore[arg-type]


def test_the_face_offers_it(tmp_path: Path) -> None:
    """As `sky.file`."""
    assert skytells_nb.file(put(tmp_path)) == file(tmp_path / "fox.png")


def test_the_largest_file_passes_the_sandbox_and_is_recorded(sandbox: Sandbox, tmp_path: Path) -> None:
    """An input of 10 MB is checked, sent, run and written down; the record holds no part of it."""
    path = put(tmp_path)
    os.truncate(path, LARGEST)
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    with Client(api_key="sk-test-1234", base_url=sandbox.url, observers=(Recorder(ledger),)) as client:
        model = next(m for m in client.models() if any(f.schema.get("format") == "uri" for f in m.fields))
        name = next(field.name for field in model.fields if field.schema.get("format") == "uri")
        run = client.predict(model.slug, {"prompt": "a fox", name: file(path)})
    assert run.status == "succeeded"
    assert run.input[name] == file(path)
    assert (tmp_path / "ledger.sqlite3").stat().st_size < 1_000_000
