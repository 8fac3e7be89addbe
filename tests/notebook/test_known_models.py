"""What is known of a service's models without asking it: in memory, and on disk for the next kernel."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import skytells_nb as sky
from skytells_nb import settings
from skytells_nb.api.values import Model
from skytells_nb.local import Sandbox
from skytells_nb.notebook import catalogue_file, known_models, session, wiring
from skytells_nb.notebook.magics import tab

FOX = Model.from_json({"namespace": "fox", "type": "image", "input_schema": {"properties": {"seed": {}}}})
OWL = Model.from_json({"namespace": "owl", "type": "text"})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache folder of its own."""
    monkeypatch.setenv("SKYTELLS_NB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """Name a service that nothing is known of yet."""
    return f"https://{request.node.name.replace('_', '-')}.example/v1"


@pytest.fixture
def in_sandbox() -> Iterator[None]:
    """Pretend nothing: set what `sky.sandbox()` sets."""
    settings.use(settings.Override(sandbox=True))
    yield
    settings.use(None)


def slugs(address: str) -> list[str]:
    """Name the models that are known."""
    return [known.model.slug for known in known_models.known(address)]


def written() -> None:
    """Wait until what is written in the background is written."""
    for thread in threading.enumerate():
        if thread.name == "skytells-catalogue":
            thread.join()


def test_a_catalogue_that_a_client_reads_is_known_and_kept(sandbox: Sandbox) -> None:
    """Any client of the package tells; the file holds the models with their schemas, as the service sent them."""
    wiring.connect()
    with sky.Client(base_url=sandbox.url, api_key="sk-x", observers=()) as client:
        read = client.models()
    written()
    assert slugs(sandbox.url) == [model.slug for model in read]
    assert catalogue_file.read(sandbox.url) == read
    assert (catalogue_file.age(sandbox.url) or 0) < 60


def test_one_model_joins_what_is_known(address: str, folder: Path) -> None:
    """A single model that was read is known beside the others; nothing is written for it."""
    known_models.note(address, (OWL,), whole=True)
    written()
    before = list(folder.iterdir())
    known_models.note(address, (FOX,), whole=False)
    assert (slugs(address), list(folder.iterdir())) == (["owl", "fox"], before)


def test_a_new_catalogue_takes_the_place_of_the_old(address: str) -> None:
    """A model that the service no longer names is no longer known; a schema that it no longer sends is."""
    bare = Model.from_json({"namespace": "fox"})
    known_models.note(address, (FOX, OWL), whole=True)
    known_models.note(address, (bare,), whole=True)
    assert slugs(address) == ["fox"]
    assert [field.name for field in known_models.known(address)[0].fields] == ["seed"]


def test_what_an_earlier_kernel_kept_is_known(address: str) -> None:
    """A service that this kernel has asked nothing is known from the file."""
    catalogue_file.write(address, (FOX, OWL))
    assert slugs(address) == ["fox", "owl"]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"models": 3}', b'{"address": "https://else"}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_damaged_file_is_no_file(address: str, damage: bytes) -> None:
    """Whatever stands in the file, reading gives nothing and raises nothing."""
    catalogue_file.write(address, (FOX,))
    catalogue_file.path_of(address).write_bytes(damage)
    assert slugs(address) == []


def test_a_file_of_another_service_is_not_believed(address: str) -> None:
    """A file that was moved there from another address is not read."""
    catalogue_file.write("https://other.example/v1", (FOX,))
    catalogue_file.path_of("https://other.example/v1").rename(catalogue_file.path_of(address))
    assert slugs(address) == []


def test_a_folder_that_cannot_be_made_costs_nothing(address: str, folder: Path) -> None:
    """Where the cache's folder is a file, nothing is kept and nothing fails."""
    folder.write_text("in the way")
    catalogue_file.write(address, (FOX,))
    assert (catalogue_file.read(address), catalogue_file.age(address)) == ((), None)


def test_no_more_than_a_bound_is_kept(address: str, folder: Path) -> None:
    """A catalogue of over 8 MB is not written, and a file of that size is not read."""
    huge = Model.from_json({"namespace": "huge", "description": "x" * 8_000_001})
    catalogue_file.write(address, (huge,))
    assert not folder.exists()
    catalogue_file.write(address, (FOX,))
    path = catalogue_file.path_of(address)
    path.write_text(path.read_text() + " " * 8_000_001)
    assert catalogue_file.read(address) == ()


def test_a_key_that_a_service_repeats_is_not_kept(address: str) -> None:
    """The file holds no key, and no half-written file stays beside it."""
    catalogue_file.write(address, (Model.from_json({"namespace": "fox", "description": "your key is sk-abcd1234"}),))
    path = catalogue_file.path_of(address)
    assert "sk-abcd1234" not in path.read_text()
    assert json.loads(path.read_text())["models"][0]["description"] == "your key is sk-…"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.usefixtures("in_sandbox")
def test_the_sandbox_is_not_kept(address: str, folder: Path) -> None:
    """Its models are known while it runs, and never written."""
    known_models.note(address, (FOX,), whole=True)
    written()
    assert (slugs(address), folder.exists()) == (["fox"], False)


def test_it_is_asked_for_once(address: str) -> None:
    """Where nothing is known the first who asks is to read the catalogue, and nobody after him."""
    assert [known_models.should_ask(address) for _ in range(3)] == [True, False, False]


def test_what_was_read_is_not_asked_for_again(address: str) -> None:
    """Neither after this kernel has read it, nor within a day after another has."""
    known_models.note(address, (FOX,), whole=True)
    assert not known_models.should_ask(address)
    other = f"{address}/other"
    catalogue_file.write(other, (FOX,))
    assert not known_models.should_ask(other)


def test_a_catalogue_of_yesterday_is_asked_for_anew(address: str) -> None:
    """A file that is older than a day is used, and read anew."""
    catalogue_file.write(address, (FOX,))
    path = catalogue_file.path_of(address)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - known_models.DAY))
    assert (known_models.should_ask(address), slugs(address)) == (True, ["fox"])


def test_the_sandbox_of_this_kernel_hears_nothing() -> None:
    """Where it runs in the kernel itself its models are read from its own data: no fault of a lesson is used up."""
    address = sky.sandbox(faults=["429;times=1"])
    try:
        tab.learn()
        running = session.current()._sandbox
        assert running is not None
        assert ("lumo" in slugs(address), len(running.state.requests)) == (True, 0)
    finally:
        session.current().stop_sandbox()


def test_a_service_that_does_not_answer_is_no_error(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is learned behind a cell is a courtesy: where it cannot be learned, nobody hears of it."""
    monkeypatch.setenv("SKYTELLS_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SKYTELLS_API_KEY", "sk-x")
    tab.ask()
    assert slugs("http://127.0.0.1:9") == []
