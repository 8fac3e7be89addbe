"""What a kept file looks like: shown where that is safe, linked always, and called by its kind."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import nbformat
import pytest

from skytells_nb.api.sniff import Kind
from skytells_nb.notebook import preferences
from skytells_nb.notebook.media.gallery import gallery
from skytells_nb.notebook.media.keeper import Keeper
from skytells_nb.notebook.media.kept import Kept, Room, room_for
from skytells_nb.notebook.media.peeks import peek
from tests.notebook.conftest import FileServer, png
from tests.notebook.hostile import PAYLOADS, faults
from tests.notebook.media.samples import CSV, MP3, MP4, every_kind, job, mp4, photograph, wav


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
    """Up to a megabyte a sound plays from the notebook file; a longer one from its own."""
    file_server.files |= {"/short": MP3, "/long": MP3 + bytes(1_000_001)}
    prediction = job(f"{file_server.url}/short", f"{file_server.url}/long")
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert f'src="data:audio/mpeg;base64,{base64.b64encode(MP3).decode()}"' in html
    assert re.search(r'<audio controls preload="metadata" src="skytells_media/[^"]+_2\.mp3"', html)
    assert html.count('href="skytells_media/') == 2
    assert "1.0 MB" in plain


def test_preferred_bytes_of_a_sound(keeper: Keeper, file_server: FileServer) -> None:
    """How long an embedded sound may be is a preference."""
    file_server.files["/short"] = MP3
    prediction = job(f"{file_server.url}/short")
    preferences.use(preferences.Preferences(sound_bytes=len(MP3) - 1))
    try:
        html, _ = gallery(prediction, keeper.keep(prediction))
    finally:
        preferences.use(preferences.Preferences())
    assert "data:" not in html


@pytest.mark.parametrize(
    ("kinds", "picture"),
    [(("image",), 93_750), (("image", "text"), 93_750), (("image", "video"), 75_000), (("image",) * 12, 12_498)],
)
def test_pictures_share_what_the_notebook_has_room_for(kinds: tuple[Kind, ...], picture: int) -> None:
    """In base64 all of a result stay within it, and one alone takes five eighths; a film's poster counts."""
    kept = [Kept("https://a.b/c", index, kind=kind) for index, kind in enumerate(kinds)]
    assert room_for(kept, pictures=200_000, sound=5) == Room(picture, 5)


@pytest.mark.parametrize("longer", [0, 1_000_001])
def test_film_plays_from_its_file(keeper: Keeper, file_server: FileServer, longer: int) -> None:
    """A film is played from the folder, by a relative link, and is no part of the notebook."""
    file_server.files["/film"] = MP4 + bytes(longer)
    prediction = job(f"{file_server.url}/film")
    html, _ = gallery(prediction, keeper.keep(prediction))
    assert re.search(r'<video controls preload="metadata" src="skytells_media/[^"]+\.mp4"', html)
    assert "data:video" not in html


def test_short_film_is_embedded_where_no_link_leads_to_it(keeper: Keeper, file_server: FileServer) -> None:
    """Inside a widget a film of up to a megabyte plays from the page; a longer one is named."""
    file_server.files |= {"/short": MP4, "/long": MP4 + bytes(1_000_001)}
    prediction = job(f"{file_server.url}/short", f"{file_server.url}/long")
    html, _ = gallery(prediction, keeper.keep(prediction), links=False)
    assert html.count("<video") == html.count('src="data:video/mp4;base64,') == 1
    assert "href=" not in html


def test_film_has_a_poster(keeper: Keeper, file_server: FileServer) -> None:
    """A small picture of the film stands in its place until it plays, with the film's size and length told."""
    file_server.files["/film"] = mp4()
    prediction = job(f"{file_server.url}/film")
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert re.search(r' poster="data:image/webp;base64,[^"]+" title="A red fox!"', html)
    assert faults(html) == []
    assert "film, 320 × 180, 2.0 s, " in plain


def test_sound_tells_how_long_it_is(keeper: Keeper, file_server: FileServer) -> None:
    """The length of a WAV file is told; one whose header promises more than it holds tells none."""
    data = wav(1.5)
    file_server.files |= {"/whole": data, "/cut": data[:10_000]}
    prediction = job(f"{file_server.url}/whole", f"{file_server.url}/cut")
    _, plain = gallery(prediction, keeper.keep(prediction))
    assert "(sound, 1.5 s, 24 kB)" in plain
    assert "(sound, 10 kB)" in plain


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drawing.svg", "SVG drawing, {} B; not shown here, since it can carry scripts"),
        ("page.html", "web page, {} B; not shown here, since it can carry scripts"),
        ("paper.pdf", "PDF, {} B"),
        ("files.zip", "archive, {} B; not unpacked"),
        ("model.glb", "3-D model, {} B; open it in a viewer of 3-D models"),
        ("model.obj", "3-D model, {} B; open it in a viewer of 3-D models"),
        ("what.bin", "file, {} B; its kind is not known"),
        ("result.json", "JSON, {} B"),
        ("table.csv", "table, {} B"),
        ("text.txt", "text, {} B"),
    ],
)
def test_every_file_says_what_it_is(keeper: Keeper, file_server: FileServer, name: str, said: str) -> None:
    """What is not a picture, sound or film is called by its kind, linked, and says why it is not shown."""
    file_server.files[f"/{name}"] = data = every_kind()[name]
    prediction = job(f"{file_server.url}/{name}")
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert f"({said.format(len(data))})" in plain
    assert 'href="skytells_media/truefusion-pro' in html
    assert not re.search("<(?:img|audio|video|svg|script)", html)
    assert faults(html) == []


def test_empty_file_is_a_card(keeper: Keeper, file_server: FileServer) -> None:
    """A file without bytes is not kept, and says so."""
    file_server.files["/a.png"] = b""
    prediction = job(f"{file_server.url}/a.png")
    assert gallery(prediction, keeper.keep(prediction))[1].startswith("picture 1 not saved: the file is empty\n")


def test_json_is_folded_under_what_it_is() -> None:
    """Its names stand on the line that opens it; it is indented inside."""
    html = peek(b'{"b": [1], "a": "<i>"}', "application/json", whole=True)
    assert '<summary style="cursor:pointer">2 names: b, a</summary>' in html
    assert "{\n  &quot;b&quot;: [\n    1\n  ],\n  &quot;a&quot;: &quot;&lt;i&gt;&quot;\n}</pre></details>" in html


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"[]", "0 entries"),
        (b"[1]", "1 entry"),
        (b"[1, 2]", "2 entries"),
        (b'{"a": 1}', "1 name: a"),
        (b"7", "one value"),
    ],
)
def test_folded_json_says_how_much_there_is(data: bytes, line: str) -> None:
    """Numbers and plurals are right."""
    assert f">{line}</summary>" in peek(data, "application/json", whole=True)


@pytest.mark.parametrize("data", [b'{"a": ', b"[" * 5_000, b'{"a": 1' + b"0" * 5_000 + b"}"])
def test_what_is_no_json_is_shown_as_it_stands(data: bytes) -> None:
    """Cut, endlessly deep or with a number that nobody can read."""
    assert peek(data, "application/json", whole=True).startswith("<pre")


def test_a_table_is_drawn_by_its_first_rows() -> None:
    """Ten rows and eight columns, with what is left out told; cells are foreign words."""
    head = ",".join(f"c{number}" for number in range(9))
    body = "".join(f"{number},<b>,,,,,,,9\n" for number in range(30))
    html = peek(f"{head}\n{body}".encode(), "text/csv", whole=True)
    assert html.count("<tr>") == 11
    assert "the first 10 rows, 8 of 9 columns" in html
    assert "&lt;b&gt;" in html
    assert faults(html) == []


def test_a_short_table_is_whole() -> None:
    """Nothing is said to be left out; a row that is cut off at the end of what was read is not drawn."""
    assert "first" not in peek(CSV, "text/csv", whole=True)
    assert ">sna<" not in peek(CSV[:-12], "text/csv", whole=False)


def test_a_list_of_words_is_no_table() -> None:
    """One column is text."""
    assert peek(b"fox\nwren\n", "text/csv", whole=True).startswith("<pre")


def test_long_text_is_cut() -> None:
    """Two thousand characters are shown, and that there is more."""
    assert peek(b"Q" * 3_000, "text/plain", whole=False).count("Q") == 2_000
    assert peek(b"x" * 3_000, "text/plain", whole=False).endswith("…</pre>")


def test_twenty_results_of_photographs_keep_a_notebook_small(keeper: Keeper, file_server: FileServer) -> None:
    """A notebook file with 20 pictures of 4 megapixels, each a result of its own, stays under 3 MB."""
    file_server.files |= {f"/{grain}": photograph(grain=grain) for grain in (60, 250)}
    outputs = []
    for number in range(20):
        prediction = job(f"{file_server.url}/{(60, 250)[number % 2]}", id=f"p{number}")
        html, plain = gallery(prediction, keeper.keep(prediction))
        assert "picture, 2000 × 2000" in plain
        outputs.append(nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": plain}))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[each]) for each in outputs])
    assert len(nbformat.writes(notebook).encode()) < 3_000_000


def test_gallery_says_what_is_there_and_what_is_not(keeper: Keeper, file_server: FileServer) -> None:
    """Each picture opens its saved file and is described; a gone one is a card; the caption has seed and id."""
    file_server.files["/a"] = png()
    prediction = job(f"{file_server.url}/a", f"{file_server.url}/gone", prompt='a "fox" <b>', id="p1")
    prediction.input["seed"] = 7
    html, plain = gallery(prediction, keeper.keep(prediction))
    assert 'alt="a &quot;fox&quot; &lt;b&gt;, 1 of 2"' in html
    assert "file 2 not saved: the file is gone (HTTP 404); run the model again" in plain
    assert "1 of 2 files are kept, in skytells_media" in plain
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
