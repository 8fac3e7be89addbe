"""A file input: links, paths, uploads and earlier results become values; what cannot be one is named."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import HTML, Dropdown, FileUpload, Text, Widget
from PIL import Image

from skytells_nb import settings
from skytells_nb.api.inline import LARGEST, InlineFile, file
from skytells_nb.api.values import Prediction, Status
from skytells_nb.notebook.forms.control import Tools
from skytells_nb.notebook.forms.controls.files import FileControl
from skytells_nb.notebook.forms.row import Row
from skytells_nb.notebook.forms.shelf import Shelf
from skytells_nb.notebook.media.filenames import file_stem
from skytells_nb.schema.check import Checker
from skytells_nb.schema.fields import UNSET, FileField
from tests.notebook.hostile import PAYLOADS, SOME, faults

LINK = "https://example.org/fox.png"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAGGnCWgAAAABJRU5ErkJggg=="
)


def png(width: int = 300, height: int = 200) -> bytes:
    """Paint a picture."""
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 50).save(buffer, "PNG")
    return buffer.getvalue()


class Made:
    """A control, the list of what it tells, and its widgets."""

    def __init__(self, shelf: Shelf | None = None, schema: object = None, **facts: Any) -> None:
        self.told: list[tuple[Any, str]] = []
        field = FileField(**{"name": "image", "media": "image", "schema": {}} | facts)
        self.control = FileControl(field, self._tell, Tools(Checker(schema or {}), shelf or Shelf(), Row))
        self.control.show(UNSET)

    def _tell(self, value: Any, fault: str) -> None:
        self.told.append((value, fault))

    def find(self, kind: type[Widget]) -> Any:
        """Find the control's widget of a kind; None where it has none."""
        return next((widget for widget in self.control.widget.children if isinstance(widget, kind)), None)

    @property
    def box(self) -> Text:
        """The box for links and paths."""
        return self.find(Text)

    @property
    def shown(self) -> str:
        """The preview's HTML, or ""."""
        return self.find(HTML).value if self.find(HTML) else ""

    def type(self, text: str) -> tuple[Any, str]:
        """Type into the box; gives what was told last."""
        self.box.value = text
        return self.told[-1]

    def upload(self, name: str, content: bytes) -> tuple[Any, str]:
        """Upload a file as a front end does; gives what was told last."""
        sent = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
        self.find(FileUpload).value = ({**sent, "last_modified": datetime.now(UTC)},)
        return self.told[-1]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of this test's own, with one picture in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(settings.MEDIA_VARIABLE, raising=False)
    (tmp_path / "fox.png").write_bytes(png())
    return tmp_path


@pytest.mark.parametrize("link", [LINK, "HTTP://127.0.0.1:8000/a?b", PIXEL, "data:,x"])
def test_a_link_is_a_value_as_it_is(link: str) -> None:
    """An http(s) or data link, with blanks around it or not."""
    made = Made()
    assert made.type(f" {link} ") == (link, "")
    assert type(made.told[-1][0]) is str


def test_the_path_of_a_file_here_is_a_value() -> None:
    """It becomes a link that carries the file."""
    value, fault = Made().type("fox.png")
    assert isinstance(value, InlineFile)
    assert (value, value.path, fault) == (file("fox.png"), Path("fox.png"), "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("wolf.png", "is no link, and no file of that name is here"),
        ("fox", "is no link, and no file of that name is here"),
        (".", "is a folder"),
        ("a\0b", "is no link, and no file of that name is here"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("javascript:alert(1)", "must be an http(s) link, or the path of a file here"),
        ("JavaScript:alert(1)", "must be an http(s) link, or the path of a file here"),
        ("file:///etc/hostname", "must be an http(s) link, or the path of a file here"),
        ("file:fox.png", "must be an http(s) link, or the path of a file here"),
        ("ftp://example.org/fox.png", "must be an http(s) link, or the path of a file here"),
        ("https://", "must be an http(s) link, or the path of a file here"),
        ("https://a b", "must be an http(s) link, or the path of a file here"),
        ("data:image/png… (1.2 MB)", "must be an http(s) link, or the path of a file here"),
    ],
)
def test_a_text_that_is_neither_is_named(text: str, fault: str) -> None:
    """Nothing is set by it."""
    assert Made().type(text) == (UNSET, fault)


def test_a_file_over_the_limit_is_named(here: Path) -> None:
    """It is not set."""
    os.truncate(here / "fox.png", LARGEST + 1)
    assert Made().type("fox.png") == (UNSET, "has over 10 MB, the most that is sent in place of a link")


@given(text=st.text())
def test_no_text_raises(text: str) -> None:
    """A typed text is a value or a fault, never both."""
    made = Made()
    made.box.value = text
    assert all((value is UNSET) or not fault for value, fault in made.told)


def test_a_box_that_is_emptied_is_unset() -> None:
    """Blanks count as nothing."""
    made = Made()
    made.type(LINK)
    assert made.type(" ") == (UNSET, "")


def test_painting_tells_nothing() -> None:
    """Whatever the value is; what it shows can be sent to a front end."""
    made = Made()
    for value in (
        LINK,
        PIXEL,
        file("fox.png"),
        None,
        3,
        10**5000,
        {"a": [1]},
        object(),
        "\ud800",
        "a\nb",
        *PAYLOADS,
        UNSET,
    ):
        made.control.show(value)
        for widget in made.control.widget.children:
            json.dumps({"value": str(widget.value), "description": widget.description}).encode()
            str(widget.value).encode()
    assert made.told == []


def test_a_default_is_shown_and_not_told() -> None:
    """It is sent by nobody until somebody chooses it."""
    made = Made(default=LINK)
    assert (made.box.value, made.told) == (LINK, [])


def test_a_default_is_never_fetched() -> None:
    """A schema must not make the browser ask an address."""
    assert Made(default=LINK).shown == ""
    assert Made(default="fox.png").shown == ""


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "default": LINK},
        {"type": "array", "items": {"type": "string", "format": "uri"}, "default": ["a", LINK]},
        {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string", "default": LINK}}}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "default": {"a": LINK}},
        {"anyOf": [{"type": "integer"}, {"type": "string", "default": LINK}]},
    ],
)
def test_a_default_that_was_set_is_not_fetched_either(part: dict[str, Any]) -> None:
    """A form sets the defaults of required inputs by itself; a person who enters the same link sees it."""
    made = Made(schema={"properties": {"x": part}})
    made.control.show(LINK)
    assert (made.box.value, made.shown) == (LINK, "")
    made.type(LINK + "x")
    made.type(LINK)
    assert made.shown == ""
    made.control.show(UNSET)
    made.type(LINK)
    assert made.shown.startswith("<img ")


def test_a_default_that_is_a_path_is_never_read() -> None:
    """Typing and taking back leaves it the text that it is."""
    made = Made(default="fox.png")
    made.type("fox.pn")
    assert made.type("fox.png") == ("fox.png", "")
    assert type(made.told[-1][0]) is str


def test_a_chosen_file_shows_its_path_and_size() -> None:
    """And none of its data but a small picture."""
    made, link = Made(), file("fox.png")
    made.control.show(link)
    assert made.box.value == "fox.png"
    assert made.shown.endswith(f">fox.png, {link.size / 1000:.0f} kB, 300 × 200</div>")
    assert len(made.shown) < 60_000


def test_a_long_data_link_is_shown_short() -> None:
    """By what it is and its size."""
    made = Made()
    made.control.show("data:image/png;base64," + "A" * 1_600_000)
    assert made.box.value == "data:image/png… (1.2 MB)"


def test_a_short_form_is_not_told_back() -> None:
    """Typing and taking back gives the data, not their short form."""
    made, link = Made(), "data:image/png;base64," + "A" * 1_600_000
    made.control.show(link)
    assert made.type("data:image/png… (1.2 MB)x")[0] is UNSET
    assert made.type("data:image/png… (1.2 MB)") == (link, "")


def test_what_a_default_may_hold_makes_no_page(here: Path) -> None:
    """Titles and file names are escaped, in the preview too."""
    for payload in SOME:
        made = Made(title=payload)
        made.control.show(InlineFile(PIXEL, Path(payload)))
        assert faults(made.shown) == []
        assert not set(made.box.description) & set("$\\\n\u202e\u200b")


def test_an_upload_becomes_a_file() -> None:
    """It is kept on disk, shown by its path, and told."""
    made = Made()
    value, fault = made.upload("My wolf.png", png(30, 20))
    assert (fault, value) == ("", file(value.path))
    assert value.path.parent == Path("skytells_media/inputs")
    assert made.box.value == str(value.path)
    assert "30 × 20" in made.shown


def test_an_upload_is_not_kept_in_the_widget() -> None:
    """A notebook that saves its widgets would hold it."""
    made = Made()
    made.upload("a.png", png())
    assert made.find(FileUpload).value == ()


def test_an_upload_over_the_limit_is_refused(here: Path) -> None:
    """Before anything is written."""
    made = Made()
    made.type(LINK)
    told = made.upload("a.png", b"\0" * (LARGEST + 1))
    assert told == (UNSET, "was not uploaded: 'a.png' has 10.0 MB, at most 10 MB are taken; give a link")
    assert (made.box.value, made.shown) == ("", "")
    assert not (here / "skytells_media").exists()


def test_an_empty_upload_is_refused() -> None:
    """It holds no file."""
    assert Made().upload("a.png", b"") == (UNSET, "was not uploaded: 'a.png' is empty")


def test_an_upload_s_name_cannot_lead_elsewhere(here: Path) -> None:
    """It is the front end that says it."""
    value, _ = Made().upload("../../../evil.png", png())
    assert value.path.resolve().parent == here / "skytells_media" / "inputs"


def test_a_folder_that_takes_no_upload_is_named(here: Path) -> None:
    """With what to do."""
    (here / "skytells_media").write_bytes(b"")
    _, fault = Made().upload("a.png", png())
    assert fault.startswith(
        "was not uploaded: The upload cannot be kept in skytells_media/inputs: Not a directory. Make"
    )


def test_the_limit_stands_on_the_button() -> None:
    """The front end says nothing where a larger file gets lost on its way."""
    button = Made().find(FileUpload)
    assert (button.description, button.accept) == ("Upload, up to 10 MB", "image/*")
    assert button.tooltip == "Upload a file for Image: up to 10 MB; of a larger one, give a link"


def result(number: int, ago: float = 10, ending: str = "png") -> Prediction:
    """Make a prediction that ended so many seconds ago."""
    ended = datetime.now(UTC) - timedelta(seconds=ago)
    link = f"https://example.org/{number}.{ending}"
    return Prediction(
        f"p{number}", Status.SUCCEEDED, "truefusion", input={"prompt": "a fox"}, output=(link,), completed_at=ended
    )


def test_without_earlier_results_there_is_no_choice_of_them() -> None:
    """Nor where they are of another kind."""
    assert Made().find(Dropdown) is None
    assert Made(Shelf([result(1, ending="mp3")])).find(Dropdown) is None


def test_an_earlier_result_can_be_chosen() -> None:
    """It becomes the value, and can be chosen again."""
    made = Made(Shelf([result(1), result(2)]))
    choice = made.find(Dropdown)
    assert [name for name, _ in choice.options] == ["choose…", *["truefusion · a fox · 1"] * 2]
    choice.value = 0
    assert made.told == [("https://example.org/2.png", "")]
    assert (made.box.value, choice.value) == ("https://example.org/2.png", -1)


def test_an_earlier_result_may_be_a_kept_file(here: Path) -> None:
    """Its link has expired."""
    old = result(1, ago=1000)
    (here / "skytells_media").mkdir()
    (here / "skytells_media" / f"{file_stem(old, 0)}.png").write_bytes(png())
    made = Made(Shelf([old]))
    made.find(Dropdown).value = 0
    ((value, fault),) = made.told
    assert (isinstance(value, InlineFile), fault) == (True, "")


def test_an_earlier_result_that_is_gone_is_named() -> None:
    """Nothing is set."""
    made = Made(Shelf([result(1, ago=1000)]))
    made.find(Dropdown).value = 0
    assert made.told == [
        (UNSET, "is not set: The link of truefusion · a fox · 1 has expired, and no copy was kept. Run it again.")
    ]


def test_new_results_are_offered_as_they_come() -> None:
    """Whatever stands in the box meanwhile."""
    recent: list[Prediction] = []
    shelf = Shelf(recent)
    made = Made(shelf)
    recent.append(result(1))
    shelf.refresh()
    choice = made.find(Dropdown)
    recent.append(result(2))
    shelf.refresh()
    assert (made.find(Dropdown), len(choice.options), made.told) == (choice, 3, [])


def test_a_picture_s_link_is_shown_without_telling_where_it_is_shown() -> None:
    """The browser fetches it, small, and says nothing of this page."""
    made = Made()
    made.type(f"{LINK}?a=1&b=2")
    assert made.shown == (
        f'<img src="{LINK}?a=1&amp;b=2" alt="Preview of Image" referrerpolicy="no-referrer" loading="lazy" '
        'style="display:block;max-width:min(100%,240px);max-height:240px">'
    )


@pytest.mark.parametrize("link", ["https://example.org", "https://example.org/", "https://a\u202eb.org/x.png"])
def test_a_link_that_is_half_typed_or_misleads_is_not_fetched(link: str) -> None:
    """It is a value all the same."""
    made = Made()
    assert made.type(link) == (link, "")
    assert made.shown == ""


def test_a_sound_s_link_gets_a_player_that_waits() -> None:
    """Nothing is fetched before Play."""
    made = Made(media="audio")
    made.type("https://example.org/a.mp3")
    assert made.shown.startswith(
        '<audio controls preload="none" src="https://example.org/a.mp3" title="Preview of Image"'
    )


def test_a_file_of_a_kind_that_is_not_told_is_shown_by_its_name() -> None:
    """A schema often says only that it is a link."""
    made = Made(media="")
    made.type(LINK)
    assert made.shown.startswith("<img ")
    made.type("https://example.org/a.zip")
    assert made.shown == ""


def test_a_sound_here_gets_a_player(here: Path) -> None:
    """It is put into the page while it is small."""
    (here / "a.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 100)
    made = Made(media="audio")
    made.type("a.wav")
    assert made.shown.startswith('<audio controls preload="none" src="data:audio/wav;base64,UklGR')
    os.truncate(here / "a.wav", 3_000_000)
    made.type("./a.wav")
    assert "<audio" not in made.shown
    assert "a.wav, 3.0 MB" in made.shown


def test_what_is_no_picture_is_not_drawn(here: Path) -> None:
    """A page or a drawing that could run something is named, and no more."""
    (here / "a.svg").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    (here / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    made = Made()
    made.type("a.svg")
    assert made.shown == '<div style="opacity:.72;font-size:.9em">a.svg, 59 B</div>'
    made.type("b.png")
    assert made.shown == '<div style="opacity:.72;font-size:.9em">b.png, 15 B, a picture that cannot be shown</div>'


@pytest.mark.parametrize("link", ["data:image/svg+xml;base64,PHN2Zy8+", "data:image/png;base64,####", "data:,x"])
def test_a_data_link_that_is_no_picture_is_not_drawn(link: str) -> None:
    """Whatever it says it is."""
    made = Made()
    made.type(link)
    assert "<img" not in made.shown


def test_the_preview_goes_with_the_value() -> None:
    """A fault, an empty box and a default have none."""
    made = Made(default=LINK)
    made.type("fox.png")
    assert "<img" in made.shown
    made.type("fox.pn")
    assert made.shown == ""
    made.type("fox.png")
    made.control.show(UNSET)
    assert made.shown == ""


def test_it_can_be_disabled() -> None:
    """Every part of it, also one that comes later."""
    recent: list[Prediction] = []
    made = Made(Shelf(recent))
    made.control.enable(False)
    recent.append(result(1))
    made.control.show(UNSET)
    parts = [made.find(kind) for kind in (Text, FileUpload, Dropdown)]
    assert [part.disabled for part in parts] == [True] * 3
    made.control.enable(True)
    assert [part.disabled for part in parts] == [False] * 3


def test_every_part_has_a_name() -> None:
    """Box and choice are labelled, and the button says what it is for."""
    made = Made(Shelf([result(1)]), title="Mask", required=True)
    assert made.box.description == "Mask *"
    assert made.find(Dropdown).description == "Earlier result for Mask"


def test_a_bare_control_is_few_widgets() -> None:
    """A form may have many of them: preview and earlier results come when they are needed."""
    assert [type(widget) for widget in Made().control.widget.children] == [Text, FileUpload]
