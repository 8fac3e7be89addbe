"""Help: every example that it prints runs as it is printed, and `?` says the same as `--help`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from skytells_nb.local import Sandbox
from skytells_nb.notebook.magics.command import Spec, help_text
from skytells_nb.notebook.magics.specs import ALL
from tests.kernels import Kernel, running_kernel

SET_UP = """
import os, sys, types, pandas, skytells_nb as sky
from PIL import Image
os.chdir({folder!r})
os.mkdir("photos")
for picture in ("photos/fox.png", "chart.png"):
    Image.new("RGB", (64, 48), "orange").save(picture)
with open("prompt.md", "w") as file:
    file.write("What does the chart show?")
client = sky.Client()
n = 41
texts = ["a red fox", "a blue car"]
frame = pandas.DataFrame({{"review": ["good", "bad", "so so"]}})
sys.modules["google.colab.userdata"] = types.SimpleNamespace(get=os.environ.get)
"""
NEEDS_A_PERSON = {"%skytells_login --from prompt --keyring": "SetupError: Nobody can type a key here."}
"""Examples that ask somebody, and what they say where nobody is."""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Yield a kernel with a service and a folder of its own, where the names that the examples use are set."""
    folder = tmp_path_factory.mktemp("examples")
    own = {"SKYTELLS_NB_LEDGER": str(folder / "ledger.sqlite3"), "SKYTELLS_NB_MEDIA": str(folder / "media")}
    with (
        Sandbox(pace=200.0) as service,
        running_kernel(SKYTELLS_BASE_URL=service.url, SKYTELLS_API_KEY="sk-sandbox", **own) as kernel,
    ):
        assert kernel.run("%load_ext skytells_nb").status == "ok"
        assert kernel.run(SET_UP.format(folder=str(folder))).status == "ok"
        yield kernel


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.magic)
def test_every_example_runs(notebook: Kernel, spec: Spec) -> None:
    """Each is copied from the help with its blanks, one after the other, and does what it says."""
    for example in spec.examples:
        printed = f"    {example}"
        assert printed in help_text(spec)
        ran, expected = notebook.run(printed), NEEDS_A_PERSON.get(example, "")
        assert (example, ran.error[: len(expected)] or ran.error) == (example, expected)


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.magic)
def test_every_magic_has_examples(spec: Spec) -> None:
    """The help of each holds an example that names it by its own sign."""
    assert any(example.startswith(f"{spec.sign}{spec.magic}") for example in spec.examples)


@pytest.mark.parametrize(
    ("asked", "forms"),
    [
        ("%skytells_usage?", ["%skytells_usage [options]"]),
        ("%%skytells_chat?", ["%%skytells_chat [MODEL] name=value … [options]", "the prompt"]),
        ("%skytells_chat?", ["%%skytells_chat [MODEL] name=value … [options]", "the prompt"]),
        (
            "%skytells_predict?",
            [
                "%skytells_predict MODEL name=value … [options]",
                "%%skytells_predict MODEL name=value … [options]",
                "the model's main text",
            ],
        ),
    ],
)
def test_a_question_mark_shows_the_help(notebook: Kernel, asked: str, forms: list[str]) -> None:
    """`%magic?` and `%%magic?` show what `--help` prints, and the forms that there are by their own signs."""
    spec = next(spec for spec in ALL if spec.magic == asked.strip("%?"))
    shown = help_text(spec)
    assert shown.split("\n\n")[1].split("\n") == [f"    {form}" for form in forms]
    assert all(line.strip() in _pager(notebook, asked) for line in shown.splitlines())


def test_help_is_printed_by_the_option(notebook: Kernel) -> None:
    """--help prints it too, and nothing is asked or run."""
    ran = notebook.run("%skytells_embed --help")
    assert ran.stdout == help_text(next(spec for spec in ALL if spec.magic == "skytells_embed")) + "\n"


def _pager(kernel: Kernel, code: str) -> str:
    """Run a cell and give what it puts into the pager."""
    wanted = kernel.client.execute(code)
    reply: dict[str, Any] = kernel.client.get_shell_msg(timeout=30)
    while reply["parent_header"].get("msg_id") != wanted:
        reply = kernel.client.get_shell_msg(timeout=30)
    return "".join(page["data"]["text/plain"] for page in reply["content"]["payload"])
