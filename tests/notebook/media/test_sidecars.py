"""What is known of a kept file, beside it: for people, and for a kernel that starts later."""

from __future__ import annotations

import base64
import hashlib
import json
import resource
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import skytells_nb as sky
from skytells_nb.api import secret_inputs
from skytells_nb.api.record import Call, Charge
from skytells_nb.api.values import Model, Prediction
from skytells_nb.keys import hide
from skytells_nb.notebook import captions
from skytells_nb.notebook.forms.shelf import Shelf
from skytells_nb.notebook.media import sidecars
from skytells_nb.notebook.media.gallery import gallery
from skytells_nb.notebook.media.keeper import Keeper
from skytells_nb.notebook.media.kept import Kept
from tests.notebook.conftest import FileServer, png
from tests.notebook.hostile import PAYLOADS
from tests.notebook.media.samples import JSON, job

SIGNED = "https://cdn.example/a/fox.png?expires=9&signature=s3cr3t#x"
AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
CALL = Call(
    "c1",
    "prediction",
    "POST /predictions",
    "truefusion-pro",
    AT,
    "f",
    status="succeeded",
    finished_at=AT,
    remote_id="p1",
    seconds=12.5,
    tag="lesson",
    charge=Charge(Decimal("0.0400"), source="priced", reason="the catalogue's price"),
)
FOX = job(
    SIGNED,
    id="p1",
    type="image",
    input={"prompt": "a red fox", "seed": 7, "image": "https://a.b/in.png?sig=1"},
    created_at=AT,
    completed_at=AT,
    predict_time=3.5,
    credits_used=Decimal("0.04"),
    call=CALL,
)
KEPT = Kept(SIGNED, 0, Path("fox.png"), "image", "image/png", 100, 64, 48)


def written(prediction: Prediction = FOX, **more: Any) -> dict[str, Any]:
    """Write a sidecar and read it as JSON."""
    found = json.loads(sidecars.sidecar(prediction, KEPT, "0a" * 32, **more))
    assert isinstance(found, dict)
    return found


def of_input(value: object) -> object:
    """Write a sidecar of a prediction with one input, and give what stands there of it."""
    return written(replace(FOX, input={"image": value}))["input"].get("image")


def test_a_sidecar_tells_how_its_file_was_made() -> None:
    """Model, inputs, seed, price and the file itself; links without what would be a credential."""
    assert written() == {
        "about": "Written by skytells_nb. Links are without their query, which is a credential; "
        "secret inputs are left out.",
        "version": 1,
        "model": "truefusion-pro",
        "type": "image",
        "prediction_id": "p1",
        "status": "succeeded",
        "input": {"prompt": "a red fox", "seed": 7, "image": "https://a.b/in.png?…"},
        "seed": 7,
        "cost": "0.0400",
        "currency": "USD",
        "cost_source": "priced",
        "cost_reason": "the catalogue's price",
        "credits_used": "0.04",
        "sandbox": False,
        "created_at": "2026-12-01T09:30:00+00:00",
        "started_at": None,
        "completed_at": "2026-12-01T09:30:00+00:00",
        "predict_time": 3.5,
        "total_time": None,
        "call": {"sent_at": "2026-12-01T09:30:00+00:00", "seconds": 12.5, "tag": "lesson"},
        "file": {
            "index": 0,
            "kind": "image",
            "mime": "image/png",
            "size": 100,
            "sha256": "0a" * 32,
            "width": 64,
            "height": 48,
            "seconds": None,
            "url": "https://cdn.example/a/fox.png",
        },
        "output": ["https://cdn.example/a/fox.png"],
    }


def test_a_sidecar_gives_the_prediction_back() -> None:
    """All but credentials: the same value, with the same caption."""
    noted = sidecars.read(sidecars.sidecar(FOX, KEPT, "0a" * 32))
    assert noted is not None
    plainly = {**FOX.input, "image": "https://a.b/in.png?…"}
    assert noted.prediction == replace(FOX, output=("https://cdn.example/a/fox.png",), input=plainly)
    assert captions.of_prediction(noted.prediction) == captions.of_prediction(FOX)
    assert (noted.prediction.cost, noted.prediction.seconds, noted.number, noted.size) == (
        Decimal("0.0400"),
        12.5,
        0,
        100,
    )


@pytest.mark.parametrize("sandbox", [True, False])
def test_a_prediction_that_was_looked_up_is_given_back_too(sandbox: bool) -> None:
    """Without a call its price is that of the credits, and the sandbox stays the sandbox."""
    found = replace(FOX, call=None, sandbox=sandbox)
    noted = sidecars.read(sidecars.sidecar(found, KEPT, ""))
    assert noted is not None
    assert noted.prediction.call is None
    assert captions.of_prediction(noted.prediction) == captions.of_prediction(found)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://u:p@a.b/in.png", "https://a.b/in.png"),
        ("see https://a.b/x?sig=1 and https://c.d/y#z now", "see https://a.b/x?… and https://c.d/y?… now"),
        ("data: the new oil", "data: the new oil"),
        ("https://a.b/x", "https://a.b/x"),
        ("x" * 10_001, "x" * 10_000 + "…"),
        ("my key is sk-live123456", "my key is sk-…"),
        ([1, 2.5, None, True, float("inf")], [1, 2.5, None, True, None]),
        ({"a": {"token": "t", "max_tokens": 5, "key": "C minor"}}, {"a": {"max_tokens": 5, "key": "C minor"}}),
        ({"api_key": "k", "HF-Token": "k", "authorization": "k", "client_secret": "k", "x": 1}, {"x": 1}),
        ({"hfToken": "k", "openaiApiKey": "k", "apiKey": "k", "maxTokens": 9}, {"maxTokens": 9}),
        (list(range(300)), list(range(200))),
    ],
)
def test_inputs_are_bounded_and_hold_no_credential(given: object, kept: object) -> None:
    """Queries, logins, keys and what is named like one are left out; what is long is cut."""
    assert of_input(given) == kept


def test_an_input_without_end_is_cut() -> None:
    """What lies deeper than eight levels is left out."""
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert json.dumps(of_input(deep)) == '[[[[[[["\\u2026"]]]]]]]'


def test_a_file_in_an_input_is_named_by_its_sum() -> None:
    """An uploaded file is not copied into each sidecar."""
    data = png()
    link = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    assert of_input(link) == {"mime": "image/png", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert of_input("data:text/plain,a%20b") == {
        "mime": "text/plain",
        "size": 3,
        "sha256": hashlib.sha256(b"a b").hexdigest(),
    }


def test_inputs_that_the_schema_calls_secret_are_left_out(keeper: Keeper, file_server: FileServer) -> None:
    """Whatever they are called, and wherever in an input the secret is, once the model was read."""
    secret = {"type": "string", "format": "password"}
    schema: Any = {"properties": {"pin": secret, "login": {"type": "object", "properties": {"word": secret}}}}
    secret_inputs.note([Model("locked", input_schema=schema)])
    file_server.files["/a"] = png()
    values = {"prompt": "a", "pin": "1234", "login": {"user": "me", "word": "sesame"}}
    (kept,) = keeper.keep(job(f"{file_server.url}/a", model="locked", input=values))
    assert kept.path is not None
    assert json.loads(kept.path.with_name(f"{kept.path.name}.json").read_bytes())["input"] == {"prompt": "a"}


def test_the_session_s_key_is_nowhere(keeper: Keeper, file_server: FileServer) -> None:
    """Not in the sidecar nor in a name, whatever it looks like and wherever it was repeated."""
    hide("hunter22-hunter22")
    file_server.files["/a"] = png()
    keeper.keep(
        job(
            f"{file_server.url}/a?k=hunter22-hunter22",
            input={"prompt": "use hunter22-hunter22", "x": ["hunter22-hunter22"]},
        )
    )
    for path in keeper.folder.iterdir():
        assert b"hunter22" not in path.read_bytes()
        assert "hunter22" not in path.name


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_foreign_words_are_words(payload: str) -> None:
    """Whatever model, prompt and id are, the sidecar is JSON, and gives them back for showing."""
    prediction = job(SIGNED, id=payload, model=payload, input={payload: payload})
    noted = sidecars.read(sidecars.sidecar(prediction, KEPT, ""))
    assert noted is None or noted.prediction.links == ("https://cdn.example/a/fox.png",)


GOOD = written()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'{"version": 1}',
        b" " * (sidecars.LARGEST + 1),
        JSON,
        *(
            json.dumps({**GOOD, **change}).encode()
            for change in (
                {"version": 2},
                {"version": "1"},
                {"prediction_id": None},
                {"prediction_id": ""},
                {"status": "failed"},
                {"file": None},
                {"file": {"index": -1, "size": 1}},
                {"file": {"index": 1, "size": 1}},
                {"file": {"index": 0, "size": "1"}},
                {"output": None},
                {"output": ["javascript:alert(1)"]},
            )
        ),
    ],
)
def test_what_is_no_sidecar_is_not_read(said: bytes) -> None:
    """Broken, foreign, of a later version, or of a file that the prediction does not have."""
    assert sidecars.read(said) is None


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, 7, [], {"x": []}, "\0", 1e999, -1, [[["x"]]]], ids=repr)
def test_an_edited_sidecar_never_raises(name: str, value: object) -> None:
    """Any part may have become anything: it is then not known, and what is left can be shown."""
    noted = sidecars.read(json.dumps({**GOOD, name: value}).encode())
    if noted is not None:
        gallery(noted.prediction, ())
        repr(noted.prediction)


def test_a_later_kernel_remembers_a_result_without_asking(keeper: Keeper, file_server: FileServer) -> None:
    """Where all files of a prediction are kept, it is shown again as it was, with no request at all."""
    file_server.files |= {"/a?signature=1": png(), "/b?signature=2": JSON}
    prediction = replace(FOX, output=(f"{file_server.url}/a?signature=1", f"{file_server.url}/b?signature=2"))
    shown = gallery(prediction, keeper.keep(prediction))
    asked = len(file_server.asked)
    later = Keeper(keeper.folder)
    found = later.remembered("p1")
    assert found is not None
    assert found.links == (f"{file_server.url}/a", f"{file_server.url}/b")
    assert gallery(found, later.keep(found)) == shown
    assert len(file_server.asked) == asked


@pytest.mark.parametrize("gone", ["*_1.png", "*_2.json", "*_1.png.json", "*_2.json.json"])
def test_a_result_is_remembered_whole_or_not_at_all(keeper: Keeper, file_server: FileServer, gone: str) -> None:
    """Without one of its files, or without what is known of it, a prediction is to be asked for."""
    file_server.files |= {"/a": png(), "/b": JSON}
    keeper.keep(replace(FOX, output=(f"{file_server.url}/a", f"{file_server.url}/b")))
    assert keeper.remembered("p1") is not None
    (path,) = keeper.folder.glob(gone)
    path.unlink()
    assert Keeper(keeper.folder).remembered("p1") is None


def test_a_file_that_changed_since_is_not_the_result(keeper: Keeper, file_server: FileServer) -> None:
    """A kept file of another size is not what the sidecar tells of."""
    file_server.files["/a"] = png()
    (kept,) = keeper.keep(replace(FOX, output=(f"{file_server.url}/a",)))
    assert kept.path is not None
    kept.path.write_bytes(b"cut")
    assert keeper.remembered("p1") is None


@pytest.mark.parametrize("name", ["", "p2", "../../etc/passwd", "*", "\0"])
def test_what_was_not_kept_is_not_remembered(keeper: Keeper, name: str) -> None:
    """Neither an unknown id nor an odd one finds anything; there need not be a folder."""
    assert keeper.remembered(name) is None


def test_a_sidecar_is_no_result(keeper: Keeper, file_server: FileServer) -> None:
    """A result of JSON that is thrown away is not replaced by what was known of it."""
    file_server.files["/a"] = JSON
    prediction = job(f"{file_server.url}/a")
    (kept,) = keeper.keep(prediction)
    assert kept.path is not None
    kept.path.unlink()
    (again,) = Keeper(keeper.folder).keep(prediction)
    assert again.path == kept.path
    assert kept.path.read_bytes() == JSON
    assert len(file_server.asked) == 2


def test_forms_offer_results_not_sidecars(
    keeper: Keeper, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a form offers of an earlier result is the file, and nothing where only what is known of it is left."""
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(keeper.folder))
    file_server.files["/a"] = png()
    prediction = job(f"{file_server.url}/a")
    (kept,) = keeper.keep(prediction)
    assert kept.path is not None
    (offered,) = Shelf([prediction]).results()
    assert offered.path is not None
    assert (offered.path.name, offered.kind) == (kept.path.name, "image")
    kept.path.unlink()
    assert Shelf([prediction]).results()[0].path is None


def test_files_of_an_earlier_version_get_their_sidecars(keeper: Keeper, file_server: FileServer) -> None:
    """A file that lies there without is told of the next time that it is shown."""
    file_server.files["/a"] = data = png()
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    assert kept.path is not None
    sidecar = kept.path.with_name(f"{kept.path.name}.json")
    sidecar.unlink()
    Keeper(keeper.folder).keep(job(f"{file_server.url}/a"))
    assert json.loads(sidecar.read_bytes())["file"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_sidecar_that_cannot_be_written_is_said(keeper: Keeper, file_server: FileServer) -> None:
    """The file is kept and shown all the same, and the next showing tries again."""
    file_server.files["/a"] = png()
    (kept,) = keeper.keep(job(f"{file_server.url}/a"))
    assert kept.path is not None
    sidecar = kept.path.with_name(f"{kept.path.name}.json")
    sidecar.unlink()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        (again,) = (later := Keeper(keeper.folder)).keep(job(f"{file_server.url}/a"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (again.path, again.thumbnail) == (kept.path, kept.thumbnail)
    assert again.note == "is kept, but what is known of it could not be written: File too large"
    assert later.keep(job(f"{file_server.url}/a")) == (kept,)
    assert sidecar.exists()


def test_a_run_of_the_sandbox_is_told_of(keeper: Keeper, shared_sandbox: Any) -> None:
    """A real run over a socket: inputs, seed, price and sum of each file, and remembered afterwards."""
    with sky.Client(base_url=shared_sandbox.url, api_key="sk-x", observers=()) as client:
        run = client.predict("truefusion-pro", {"prompt": "a red fox", "num_outputs": 2, "seed": 5})
    for number, kept in enumerate(keeper.keep(run)):
        assert kept.path is not None
        told = json.loads(kept.path.with_name(f"{kept.path.name}.json").read_bytes())
        assert (told["prediction_id"], told["seed"], told["cost"], told["file"]["index"]) == (
            run.id,
            5,
            str(run.cost),
            number,
        )
        assert told["file"]["sha256"] == hashlib.sha256(kept.path.read_bytes()).hexdigest()
    assert keeper.remembered(run.id) == replace(run, output=tuple(map(sidecars.bare, run.output)))
