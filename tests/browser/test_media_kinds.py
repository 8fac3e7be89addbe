"""What every kind of result looks like in a browser: on light and dark, narrow and wide, and in JupyterLab."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from skytells_nb.notebook.media.gallery import gallery
from skytells_nb.notebook.media.keeper import Keeper
from tests.notebook.conftest import png
from tests.notebook.media.samples import every_kind, job, photograph

from .fronts import LAB, Jupyter, run_new_cell

pytestmark = pytest.mark.browser

_PAGE = """<!doctype html><meta charset="utf-8"><title>media</title>
<style>:root {{ color-scheme: light dark }}
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 16px }}
section {{ margin-bottom: 18px }}</style>
{sections}"""
_LOADED = """() => [...document.images].every(image => image.complete && image.naturalWidth > 0)
  && [...document.querySelectorAll('audio, video')].every(media => media.readyState >= 1)"""
_OUTSIDE = """() => [...document.querySelectorAll('section *')].filter(part => {
    if (part.closest('[style*="overflow-x:auto"]')) return false;
    const box = part.getBoundingClientRect(), card = part.closest('[data-kind]').getBoundingClientRect();
    return box.width > 0 && (box.right > card.right + 1 || box.left < card.left - 1);
  }).map(part => part.outerHTML.slice(0, 120))"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Shown:
    """A page of the real bundles, as served beside the kept files."""

    address: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Fetch, keep and draw a result of each kind, one of six pictures, and one that is half gone."""
    folder = tmp_path_factory.mktemp("media")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    sources = folder / "source"
    sources.mkdir()
    files = {
        **every_kind(),
        "photograph.jpg": photograph(1_600),
        "tall.png": png(300, 900),
        "wide.png": png(1_200, 150),
    }
    for name, data in files.items():
        (sources / name).write_bytes(data)
    results = {name: [name] for name in files}
    results["grid"] = ["photograph.jpg", "tall.png", "wide.png", "picture.png", "see-through.png", "moving.gif"]
    results["gone"] = ["picture.png", "gone.png"]
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        keeper = Keeper(folder / "skytells_media")
        drawn = {}
        for name, parts in results.items():
            prediction = job(*(f"{address}/source/{part}" for part in parts), id=name, prompt=f"A red fox: {name}")
            drawn[name] = gallery(prediction, keeper.keep(prediction))[0]
    sections = "".join(f'<section data-kind="{name}">{html}</section>' for name, html in drawn.items())
    (folder / "index.html").write_text(_PAGE.format(sections=sections), encoding="utf-8")
    yield Shown(address)
    server.shutdown()
    thread.join()
    server.server_close()


def opened(browser: Browser, shown: Shown, *, width: int, ground: Any) -> Page:
    """Open the page, and wait until all that it shows is there."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=ground)
    page.goto(f"{shown.address}/index.html")
    page.wait_for_function(_LOADED)
    return page


def size(page: Page, kind: str, what: str) -> tuple[int, int]:
    """Measure what is drawn of a kind, in pixels."""
    box = page.locator(f'[data-kind="{kind}"] {what}').first.bounding_box()
    assert box is not None
    return round(box["width"]), round(box["height"])


@pytest.mark.parametrize("ground", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1_400])
def test_every_kind_is_drawn_inside_its_box(
    browser: Browser, shown: Shown, pictures: Path, ground: str, width: int
) -> None:
    """Nothing reaches out of its place, pictures keep their shape, films and sounds are as wide as there is room."""
    page = opened(browser, shown, width=width, ground=ground)
    try:
        assert page.evaluate(_OUTSIDE) == []
        assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
        inside = min(width - 32, 530) - 18
        assert size(page, "picture.png", "img") == (min(512, inside), round(min(512, inside) * 336 / 512))
        assert size(page, "tall.png", "img") == (171, 512)
        assert size(page, "film.mp4", "video") == (min(480, inside), round(min(480, inside) * 180 / 320))
        assert size(page, "song.mp3", "audio")[0] == 300
        assert size(page, "moving.gif", "img") == (120, 80)
        assert page.evaluate("window.ran") is None
        page.screenshot(path=pictures / f"media-{ground}-{width}.png", full_page=True)
    finally:
        page.close()


def test_sounds_and_films_play(browser: Browser, shown: Shown) -> None:
    """Sounds from the page, the film from its file, which has its poster until then."""
    page = opened(browser, shown, width=800, ground="light")
    try:
        for kind, what, length in (("sound.wav", "audio", 1.5), ("song.mp3", "audio", 4), ("film.mp4", "video", 2)):
            media = page.locator(f'[data-kind="{kind}"] {what}')
            assert media.evaluate("media => media.duration") == pytest.approx(length, abs=0.2)
            media.evaluate("media => { media.muted = true; return media.play(); }")
            page.wait_for_function("media => media.currentTime > 0.1", arg=media.element_handle())
        film = page.locator("video")
        assert str(film.get_attribute("src")).startswith("skytells_media/")
        assert str(film.get_attribute("poster")).startswith("data:image/webp;base64,")
        assert film.evaluate("film => [film.videoWidth, film.videoHeight]") == [320, 180]
    finally:
        page.close()


def test_a_picture_opens_its_original(browser: Browser, shown: Shown) -> None:
    """A click on the thumbnail leads to the file as it was made, in a tab of its own."""
    page = opened(browser, shown, width=800, ground="light")
    try:
        with page.context.expect_page() as opening:
            page.locator('[data-kind="photograph.jpg"] img').click()
        original = opening.value
        original.wait_for_load_state()
        assert original.evaluate("document.images[0].naturalWidth") == 1_600
        original.close()
    finally:
        page.close()


def test_folds_and_tables_open(browser: Browser, shown: Shown) -> None:
    """JSON opens under what it is; a table has its head and rows."""
    page = opened(browser, shown, width=800, ground="light")
    try:
        fold = page.locator('[data-kind="result.json"]')
        expect(fold.locator("pre")).to_be_hidden()
        fold.locator("summary").click()
        expect(fold.locator("pre")).to_contain_text('"label": "fox"')
        table = page.locator('[data-kind="table.csv"] table')
        assert table.locator("th").all_inner_texts() == ["name", "legs", "weight"]
        assert table.locator("tbody tr").count() == 3
    finally:
        page.close()


def test_results_in_jupyterlab(browser: Browser, jupyter: Jupyter, pictures: Path) -> None:
    """A picture, a song and a film of real runs: shown, playable, and a click opens the original."""
    page = browser.new_page(viewport={"width": 1_100, "height": 1_500})
    try:
        LAB.show(page, jupyter, jupyter.write("media", "%load_ext skytells_nb"))
        run_new_cell(page, "%load_ext skytells_nb\n%skytells_sandbox")
        picture = run_new_cell(page, '%skytells_predict truefusion-pro prompt="a red fox" num_outputs=2')
        expect(picture.locator("img")).to_have_count(2)
        page.wait_for_function("[...document.querySelectorAll('.jp-RenderedHTML img')].every(i => i.naturalWidth > 0)")
        picture.locator("img").first.click()  # JupyterLab opens files of its own in a tab of its own
        original = page.locator(".jp-ImageViewer img")
        expect(original).to_be_visible()
        page.wait_for_function("image => image.naturalWidth === 768", arg=original.element_handle())

        page.evaluate("window.jupyterapp.commands.execute('application:close')")
        song = run_new_cell(page, '%skytells_predict beatfusion-2.0 prompt="jazz" lyrics="la la la la la la la la"')
        page.wait_for_function("media => media.duration > 3", arg=song.locator("audio").element_handle())
        film = run_new_cell(page, '%skytells_predict veo-3.1 prompt="a red fox"').locator("video")
        assert str(film.get_attribute("poster")).startswith("data:image/webp;base64,")
        film.evaluate("film => { film.muted = true; return film.play(); }")
        page.wait_for_function("film => film.currentTime > 0.1", arg=film.element_handle())
        page.screenshot(path=pictures / "media-jupyterlab.png")
    finally:
        page.close()
