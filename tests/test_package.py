"""The package's face: small, sorted, silent, and light to import."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import skytells_nb
from skytells_nb.local import Sandbox

HEAVY = ("pandas", "PIL", "ipywidgets", "matplotlib", "jsonschema", "starlette", "uvicorn")

WATCHED = """
import json, os, sys, sysconfig
{before}
places = [*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, {root!r}]
code_of = tuple(os.path.realpath(place) for place in places)
seen = []
def watch(event, args):
    if event.startswith("socket.") or event in ("subprocess.Popen", "sqlite3.connect", "os.mkdir"):
        seen.append([event, str(args)])
    if event == "open" and isinstance(args[0], str) and not os.path.realpath(args[0]).startswith(code_of):
        seen.append([event, str(args[0])])
sys.addaudithook(watch)
{act}
done = list(seen)
json.dump({{"modules": sorted(sys.modules), "seen": done}}, sys.__stderr__)
"""


def fresh(act: str, before: str = "") -> tuple[str, dict[str, Any]]:
    """Run code in a fresh Python that watches it; give what it printed, and which modules and files it touched."""
    root = str(Path(skytells_nb.__file__).parent.parent)
    code = WATCHED.format(before=before, act=act, root=root)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    return ran.stdout, json.loads(ran.stderr)


@pytest.fixture(scope="module")
def imported() -> tuple[str, dict[str, Any]]:
    """Watch what `import skytells_nb` does."""
    return fresh("import skytells_nb")


@pytest.fixture(scope="module")
def loaded() -> tuple[str, dict[str, Any]]:
    """Watch what `%load_ext skytells_nb` does in a real IPython that is already there."""
    before = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()"
    return fresh("shell.run_line_magic('load_ext', 'skytells_nb')", before)


@pytest.mark.parametrize("module", HEAVY)
def test_importing_loads_nothing_heavy(imported: tuple[str, dict[str, Any]], module: str) -> None:
    """`import skytells_nb` in a fresh process leaves the heavy libraries alone."""
    assert module not in imported[1]["modules"]


@pytest.mark.parametrize("module", ["httpx", "IPython", "sqlite3"])
def test_importing_loads_not_even_what_a_call_needs(imported: tuple[str, dict[str, Any]], module: str) -> None:
    """The HTTP client, IPython and SQLite come with the first use."""
    assert module not in imported[1]["modules"]


@pytest.mark.parametrize("module", HEAVY)
def test_loading_the_extension_loads_nothing_heavy(loaded: tuple[str, dict[str, Any]], module: str) -> None:
    """`%load_ext skytells_nb` on a real shell leaves the heavy libraries alone."""
    assert module not in loaded[1]["modules"]


def test_a_chat_loads_nothing_heavy(shared_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is recorded, counted by a meter and held by a budget needs no frames, no pictures, no server."""
    monkeypatch.setenv("SKYTELLS_NB_SANDBOX", shared_sandbox.url)
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "ledger.sqlite3"))
    act = (
        "import skytells_nb as sky\n"
        "sky.sandbox()\n"
        "with sky.budget('1'), sky.meter() as m, sky.Client() as client:\n"
        "    client.chat('Hi')\n"
        "print(m.calls)"
    )
    printed, watched = fresh(act)
    assert printed.splitlines()[-1] == "1"
    assert {*watched["modules"]} & {*HEAVY, "numpy", "psycopg", "pyarrow"} == set()


def test_importing_prints_nothing_and_touches_nothing(imported: tuple[str, dict[str, Any]]) -> None:
    """No output, no socket, no process, no file but Python's own code."""
    assert imported[0] == ""
    assert imported[1]["seen"] == []


def test_loading_the_extension_prints_nothing_and_touches_nothing(loaded: tuple[str, dict[str, Any]]) -> None:
    """The same holds for `%load_ext`."""
    assert loaded[0] == ""
    assert loaded[1]["seen"] == []


def test_loading_the_extension_adds_the_magics() -> None:
    """What is loaded is there to use."""
    before = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()"
    act = (
        "shell.run_line_magic('load_ext', 'skytells_nb')\n"
        "print(bool(shell.find_cell_magic('skytells_chat')), bool(shell.find_line_magic('skytells_models')))"
    )
    assert fresh(act, before)[0] == "True True\n"


def test_all_is_sorted_and_is_there() -> None:
    """Each name of `__all__` can be had, in the order of the alphabet."""
    assert skytells_nb.__all__ == sorted(skytells_nb.__all__)
    assert [name for name in skytells_nb.__all__ if getattr(skytells_nb, name) is None] == []


def test_dir_shows_only_the_face() -> None:
    """Tab completion is the notebook's menu: the public names, the version, the two hooks."""
    assert set(dir(skytells_nb)) == {
        *skytells_nb.__all__,
        "__version__",
        "load_ipython_extension",
        "unload_ipython_extension",
    }


def test_the_face_is_small() -> None:
    """What people write after `sky.`: each name is promised, and another is a decision."""
    assert skytells_nb.__all__ == [
        "AsyncClient",
        "Client",
        "SkytellsError",
        "budget",
        "errors",
        "export_usage",
        "file",
        "form",
        "history",
        "import_usage",
        "meter",
        "models_frame",
        "plot",
        "sandbox",
        "summary",
        "usage",
    ]


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as Python's own modules do."""
    with pytest.raises(AttributeError, match="module 'skytells_nb' has no attribute 'Cleint'"):
        _ = skytells_nb.Cleint


def test_the_version_is_the_installed_one() -> None:
    """`__version__` comes from the metadata."""
    assert skytells_nb.__version__ == importlib.metadata.version("skytells-nb")


def test_no_module_is_too_long_to_read() -> None:
    """Every module fits in one sitting: at most 310 lines (run with -s to see the longest three)."""
    root = Path(skytells_nb.__file__).parent
    lengths = sorted(((len(path.read_text().splitlines()), path) for path in root.rglob("*.py")), reverse=True)
    for length, path in lengths[:3]:
        print(f"{length:4} {path.relative_to(root)}")
    assert [str(path.relative_to(root)) for length, path in lengths if length > 310] == []
