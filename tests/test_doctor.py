"""The doctor: what it finds in a set-up and in notebooks, how it says so, and that hostile files only get findings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pytest

from skytells_nb import __main__, doctor, settings
from skytells_nb.doctor import installed, notebooks, setup
from skytells_nb.doctor.findings import Finding, as_json, as_text, status
from skytells_nb.doctor.hosts import Hosts
from skytells_nb.doctor.links import Link, delivers, files_in, links_in
from skytells_nb.doctor.notebooks import examine
from skytells_nb.local import Sandbox

KEY = "sk-" + "7f3aK9dQ2mZx81LpR4vWnB6cTyHs0EuJ"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEW = "https://delivery.skytells.cloud/us/2026/12/01/fox.png"
OLD = "https://delivery.skytells.cloud/us/2026/03/06/fox.png"


def book(*cells: Any, **metadata: Any) -> bytes:
    """Write a notebook as Jupyter writes it."""
    return nbformat.writes(nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)).encode()


def code(source: str, **output: str) -> Any:
    """Make a code cell with one display as its output."""
    shown = nbformat.v4.new_output("display_data", {name.replace("_", "/"): text for name, text in output.items()})
    return nbformat.v4.new_code_cell(source, outputs=[shown] if output else [])


def found(data: bytes, **asked: Any) -> list[tuple[str, str, str]]:
    """Give level, place and text of what is found, but for the first finding, which is about the file."""
    told = examine(data, "lesson.ipynb", **({"now": NOW, "is_there": lambda _: False} | asked))[1:]
    return [(finding.level, finding.place, finding.what) for finding in told]


def test_a_clean_notebook_is_well() -> None:
    """One line says how large it is."""
    told = examine(book(code("1 + 1", text_plain="2")), "lesson.ipynb", now=NOW, is_there=lambda _: False)
    assert told == (Finding("ok", "1 cell, 0.0 MB.", subject="lesson.ipynb"),)


def test_a_key_is_found_wherever_it_stands_and_never_shown() -> None:
    """In a source with its line, in outputs, in a traceback, in what a cell and the notebook carry along."""
    failed = code("boom()")
    failed.outputs = [nbformat.v4.new_output("error", ename="E", evalue="x", traceback=["a", f"\x1b[31m{KEY}\x1b[0m"])]
    cell = nbformat.v4.new_markdown_cell("see", metadata={"note": f"key {KEY}"})
    data = book(
        code(f"import os\nos.environ['KEY'] = '{KEY}'"),
        code("show()", text_html=f"<p>{KEY}</p>"),
        failed,
        cell,
        mine=KEY,
    )
    assert found(data) == [
        ("error", "cell 1, line 2", "an API key."),
        ("error", "cell 2, output 1", "an API key."),
        ("error", "cell 3, output 1", "an API key."),
        ("error", "cell 4, metadata", "an API key."),
        ("error", "the notebook's metadata", "an API key."),
    ]
    assert "sk-" not in str(examine(data, KEY, now=NOW, is_there=lambda _: False)).replace("sk-…", "")


def test_a_key_in_a_file_that_is_no_notebook_is_found() -> None:
    """A notebook with the marks of a merge in it still holds its keys."""
    told = examine(f'<<<<<<< HEAD\n"{KEY}"'.encode(), "lesson.ipynb", now=NOW, is_there=lambda _: False)
    assert [finding.what.split(":")[0] for finding in told] == ["This is not a notebook", "an API key."]
    assert told[1].place == "line 2"


def test_links_to_results_are_found_in_outputs_and_in_cells() -> None:
    """The day in an old one tells that it has expired; a link that is not to a result is left alone."""
    data = book(code(f"show('{NEW}')", text_plain=OLD), nbformat.v4.new_markdown_cell("https://docs.skytells.ai/x"))
    assert found(data) == [
        ("warn", "cell 1", f"a link to a result that lasts minutes, a day at most: {NEW}"),
        ("warn", "cell 1, output 1", f"a link to a result that has expired: {OLD}"),
    ]


def test_what_the_hosts_said_counts_more_than_the_day() -> None:
    """With --online a link is gone, or still there."""
    data = book(code("show()", text_plain=OLD))
    assert found(data, fate=lambda _: "gone")[0][2].startswith("a link to a result that is gone")
    assert found(data, fate=lambda _: "there")[0][0] == "ok"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (f"see ({NEW}).", Link(NEW, datetime(2026, 12, 3, tzinfo=UTC))),
        (f'<img src="{NEW}?a=1&amp;b=2">', Link(f"{NEW}?a=1&b=2", datetime(2026, 12, 3, tzinfo=UTC))),
        ("https://cdn.skytells.ai/outputs/x.png", Link("https://cdn.skytells.ai/outputs/x.png")),
        (
            "https://s3.example/x?X-Amz-Date=20260306T100000Z&X-Amz-Expires=300&X-Amz-Signature=0",
            Link(
                "https://s3.example/x?X-Amz-Date=20260306T100000Z&X-Amz-Expires=300&X-Amz-Signature=0",
                datetime(2026, 3, 6, 10, 5, tzinfo=UTC),
            ),
        ),
        (
            "https://x.example/y?Expires=1772791200&Signature=z",
            Link("https://x.example/y?Expires=1772791200&Signature=z", datetime(2026, 3, 6, 10, tzinfo=UTC)),
        ),
    ],
)
def test_a_link_says_until_when_it_lasts(text: str, link: Link) -> None:
    """By the day in its path, or by its signature; in HTML and in prose."""
    assert list(links_in(text)) == [link]


@pytest.mark.parametrize(
    "text",
    [
        "https://skytells.ai/pricing",
        "https://api.skytells.ai/v1/predictions/p-1",
        "http://delivery.skytells.cloud/us/x.png",
        "https://delivery.skytells.cloud.evil.example/x.png",
        "https://[::1/x",
        "https://x.example/?Expires=soon&Signature=z",
        "https://x.example/?Expires=99999999999999999999&Signature=z",
        "https://x.example/?expires=1772791200",
        "https://",
    ],
)
def test_another_link_is_none(text: str) -> None:
    """Pages, the API itself, hosts that only begin alike, dates that are none."""
    assert list(links_in(text)) == []


def test_a_day_that_is_none_says_nothing() -> None:
    """A path of the shape of a date."""
    assert [link.until for link in links_in("https://delivery.skytells.cloud/us/2026/13/45/x.png")] == [None]


def test_files_that_are_missing_beside_the_notebook_are_named() -> None:
    """What an output shows from skytells_media/ has to travel along."""
    html = '<a href="skytells_media/a%20fox.png">x</a> <img src="skytells_media/there.png">'
    assert found(book(code("show()", text_html=html)), is_there=lambda path: path.endswith("there.png")) == [
        ("warn", "cell 1, output 1", "skytells_media/a fox.png is not beside the notebook.")
    ]


@pytest.mark.parametrize("path", ["skytells_media/../../etc/passwd", "skytells_media/%2e%2e/x", "my_skytells_media/x"])
def test_a_path_that_leads_elsewhere_is_not_looked_for(path: str) -> None:
    """Nobody's notebook makes the doctor look outside its folder."""
    assert list(files_in(f'"{path}"')) == []


def test_outputs_that_are_drawn_by_others_are_counted() -> None:
    """Scripts and Markdown: a number each, since plots need the one and lessons the other."""
    data = book(
        code("a", text_html="<SCRIPT>x</SCRIPT>"), code("b", text_html="<script>"), code("c", text_markdown="*x*")
    )
    assert [what for _, _, what in found(data)] == [
        "2 outputs with a script.",
        "1 output of Markdown, which front ends draw as they like.",
    ]


def test_many_findings_of_a_kind_are_cut() -> None:
    """Ten are told one by one, the others counted."""
    told = found(book(*[code(f"x = '{KEY}'") for _ in range(1234)]))
    assert len(told) == 11
    assert told[-1] == ("error", "", "1,224 more API keys.")


def test_a_heavy_notebook_is_said() -> None:
    """More than 10 MB."""
    told = examine(book(code("x", image_png="A" * 10_000_000)), "lesson.ipynb", now=NOW, is_there=lambda _: False)
    assert (told[0].level, told[0].what) == ("warn", "1 cell, 10.0 MB: slow to open, and refused by some hosts.")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b'{"cells": 5}',
        b"[" * 200_000,
        b'{"cells": ' * 5_000,
        b'{"cells": [' + b"9" * 10_000 + b"]}",
        b"\x00" * 1000,
    ],
)
def test_a_hostile_file_gets_one_finding(data: bytes) -> None:
    """Nothing, other encodings, other JSON, depth without end, numbers without end."""
    told = examine(data, "lesson.ipynb", now=NOW, is_there=lambda _: False)
    assert [(finding.level, finding.what[:24]) for finding in told] == [("error", "This is not a notebook: ")]


@pytest.mark.parametrize(
    "data",
    [
        b'{"cells": [null, 1, "x", [], {"source": {"a": [1]}, "outputs": "x"}, {"outputs": [[[]], 7]}]}',
        b'{"worksheets": [{"cells": []}]}',
        b'{"cells": [{"source": "x", "outputs": [' + b"[" * 700 + b"]" * 700 + b"]}]}",
    ],
)
def test_odd_notebooks_are_walked(data: bytes) -> None:
    """Whatever stands where text should, and notebooks of long ago."""
    assert found(data) == []


def test_what_a_notebook_says_cannot_write_on_the_terminal() -> None:
    """Control characters of a name, a field or a link do not come through."""
    data = json.dumps({"cells": [{"\x1b[2Jmetadata": {"x": KEY}}], "\x1b]0;x\x07": KEY}).encode()
    said = as_text(examine(data, "\x1b[31mlesson.ipynb", now=NOW, is_there=lambda _: False))
    assert "\x1b" not in said
    assert "\x07" not in said


class _Files(SimpleHTTPRequestHandler):
    """Serves a folder, and notes the heads that it was asked for."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.asked.append(f"{self.path} {self.headers.get('x-api-key')} {self.headers.get('authorization')}")
        super().do_HEAD()

    def log_message(self, *_: object) -> None:
        pass


def test_hosts_are_asked_once_for_each_link_and_without_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is there, one that is gone, a folder that answers with a redirect, nobody at the door."""
    monkeypatch.setenv("SKYTELLS_API_KEY", KEY)
    (tmp_path / "fox.png").write_bytes(b"fox")
    (tmp_path / "folder").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        here, ask = f"http://127.0.0.1:{server.server_address[1]}", Hosts(lambda _: True)
        told = [ask(f"{here}/{name}") for name in ("fox.png", "gone.png", "folder", "fox.png")]
        server.shutdown()
        thread.join()
    assert told == ["there", "gone", None, "there"]
    assert _Files.asked == ["/fox.png None None", "/gone.png None None", "/folder None None"]
    assert ask(f"{here}/late.png") is None


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/x", "https://evil.example/?skytells.cloud", "http://localhost/x", "https://[::1/x"]
)
def test_no_other_host_is_asked(url: str) -> None:
    """A signed link may lead anywhere: it is told, and not followed."""
    assert not delivers(url)
    assert Hosts()(url) is None


FINDINGS = (
    Finding("ok", "Python 3.11.7."),
    Finding("error", "The key can be read by others: /home/ada/.config/skytells_nb/key.", "chmod 600 key"),
    Finding("warn", "a link.", "Keep it.", "lesson.ipynb", "cell 1"),
    Finding("warn", "a link.", "Keep it.", "lesson.ipynb", "cell 2"),
)


def test_findings_are_text_for_a_terminal() -> None:
    """Under what they are about; a fix stands once under those that share it; a path stays in one piece."""
    assert as_text(FINDINGS, 50) == (
        "set-up\n"
        "  ok    Python 3.11.7.\n"
        "  error The key can be read by others:\n"
        "        /home/ada/.config/skytells_nb/key.\n"
        "        chmod 600 key\n"
        "\n"
        "lesson.ipynb\n"
        "  warn  cell 1: a link.\n"
        "  warn  cell 2: a link.\n"
        "        Keep it."
    )


def test_findings_are_json_for_a_program() -> None:
    """The status, and every finding with all its parts."""
    said = json.loads(as_json(FINDINGS[:1]))
    assert said == {
        "status": 0,
        "findings": [{"level": "ok", "what": "Python 3.11.7.", "fix": "", "subject": "set-up", "place": ""}],
    }


@pytest.mark.parametrize(("level", "wanted"), [("ok", 0), ("warn", 1), ("error", 1)])
def test_the_status_is_1_where_anything_is_to_be_done(level: Any, wanted: int) -> None:
    """As the shell reads it."""
    assert status([Finding("ok", "x"), Finding(level, "y")]) == wanted


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_sandbox: Sandbox) -> Iterator[Path]:
    """Set everything up for this test alone, with a good key stored."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("SKYTELLS_API_KEY", "SKYTELLS_NB_LEDGER", "SKYTELLS_NB_MEDIA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SKYTELLS_BASE_URL", shared_sandbox.url)
    monkeypatch.chdir(tmp_path)
    before = settings._override
    settings.use(None)
    settings.store_key("sk-sandbox-good")
    yield tmp_path
    settings.use(before)


def said(*, online: bool = False) -> dict[str, str]:
    """Give the level of each finding about the set-up, by its text."""
    return {finding.what: finding.level for finding in setup.findings(online=online)}


def test_a_sound_set_up_is_well(home: Path) -> None:
    """Each check says what it found, the key's place but never the key."""
    levels = said(online=True)
    assert set(levels.values()) == {"ok"}
    assert "An API key is found (stored key)." in levels
    assert any(what.startswith("The service answers in ") and what.endswith("with 43 models.") for what in levels)
    assert "sk-" not in str(levels)
    assert not (home / "XDG_DATA_HOME").exists()


def test_a_key_that_others_can_read_is_an_error(home: Path) -> None:
    """The stored one, and one in .env."""
    (home / "XDG_CONFIG_HOME/skytells_nb/key").chmod(0o644)
    (home / ".env").write_text("SKYTELLS_API_KEY=sk-sandbox-dotenv\n")
    (home / ".env").chmod(0o640)
    wrong = [what for what, level in said().items() if level == "error"]
    assert [what.split(" can be read")[0] for what in wrong] == ["The stored key", "The key in .env"]


def test_what_cannot_be_used_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad key, a bad address, a record that is none, a media folder that is a file."""
    (home / "file").write_text("not SQLite")
    monkeypatch.setenv("SKYTELLS_API_KEY", "two words")
    monkeypatch.setenv("SKYTELLS_BASE_URL", "http://api.example/v1")
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(home / "file"))
    monkeypatch.setenv("SKYTELLS_NB_MEDIA", str(home / "file"))
    wrong = [what for what, level in said().items() if level == "error"]
    assert [what.split(":")[0] for what in wrong] == [
        "SKYTELLS_API_KEY is not a key",
        "'http",
        "The record is no SQLite file that you can read",
        f"Media cannot be kept in {home / 'file'}",
    ]


def test_a_refused_key_is_found_online(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only --online asks."""
    monkeypatch.setenv("SKYTELLS_API_KEY", "sk-sandbox-revoked")
    assert "error" not in said().values()
    assert [what for what, level in said(online=True).items() if level == "error"] == [
        "The service does not answer as it should: The service did not accept the key: The API key is not valid."
    ]


def test_what_lies_beside_a_notebook_is_not_run(home: Path) -> None:
    """A folder that somebody downloaded may hold a module by the name of one that the doctor's shell needs."""
    (home / "traitlets.py").write_text("open('ran', 'w').close()\n")
    assert Finding("ok", "%load_ext skytells_nb works.") in tuple(setup.findings())
    assert not (home / "ran").exists()


def test_what_is_installed_fits() -> None:
    """Here, where the tests run: nothing is missing."""
    assert {finding.level for finding in installed.findings()} == {"ok"}


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real distribution's metadata on the path: one package missing, one too old, extras that nobody asked for."""
    folder = tmp_path / "odd-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\nRequires-Dist: no-such-package>=1\nRequires-Dist: httpx>=99\n"
        "Requires-Dist: numpy>=99; extra == 'more'\nRequires-Dist: pandas>=99; extra == 'test'\n"
        "Requires-Dist: pillow>=99; python_version < '3'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    missing, httpx = installed.unmet("odd")
    assert missing == "no-such-package is not installed."
    assert httpx.endswith(", wanted is >=99.")
    assert [line.split()[0] for line in installed.unmet("odd", ["more"])] == ["numpy"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("gone.ipynb", "There is no notebook here."),
        ("huge.ipynb", "It is larger than 200 MB, and was not looked through."),
    ],
)
def test_a_file_that_cannot_be_looked_through_is_said(home: Path, name: str, what: str) -> None:
    """One that is not there, one without end."""
    with (home / "huge.ipynb").open("wb") as file:
        file.truncate(notebooks.LARGEST + 1)
    (finding,) = doctor.examined(home / name)
    assert (finding.level, finding.what) == ("error", what)


def test_the_command_looks_through_a_folder_and_fails_for_a_key(home: Path) -> None:
    """As a person runs it before handing a folder on: a real process, JSON, exit status 1."""
    (home / "lessons").mkdir()
    (home / "lessons" / "one.ipynb").write_bytes(book(code(f"key = '{KEY}'")))
    (home / "lessons" / "two.ipynb").write_bytes(book(code("1 + 1")))
    (home / "lessons" / ".ipynb_checkpoints").mkdir()
    (home / "lessons" / ".ipynb_checkpoints" / "two-checkpoint.ipynb").write_bytes(book(code(f"old = '{KEY}'")))
    command = [sys.executable, "-m", "skytells_nb", "doctor", "lessons", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["status"], ran.stderr) == (1, 1, "")
    wrong = [finding for finding in told["findings"] if finding["level"] != "ok"]
    assert [(each["subject"], each["place"], each["what"]) for each in wrong] == [
        ("lessons/.ipynb_checkpoints/two-checkpoint.ipynb", "cell 1, line 1", "an API key."),
        ("lessons/one.ipynb", "cell 1, line 1", "an API key."),
    ]
    assert {finding["what"]: finding["level"] for finding in told["findings"]}["%load_ext skytells_nb works."] == "ok"
    assert KEY not in ran.stdout


def test_an_option_that_nobody_knows_is_a_usage_error() -> None:
    """Exit status 2, as programs do."""
    with pytest.raises(SystemExit) as ended:
        __main__.main(["doctor", "--offline"])
    assert ended.value.code == 2
