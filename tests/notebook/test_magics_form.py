"""%skytells_form and the inputs that lines take from forms: --input, @path, and names that need no import."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, error_line, running_kernel
from tests.notebook.conftest import png


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the folder that the kernel works in, with a picture in it."""
    folder = tmp_path_factory.mktemp("forms")
    (folder / "my photos").mkdir()
    (folder / "my photos" / "fox.png").write_bytes(png(8, 6))
    return folder


@pytest.fixture(scope="module")
def notebook(place: Path, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the sandbox on; the package itself is not imported."""
    environment = {
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
    }
    with running_kernel(**environment) as kernel:
        assert kernel.run(f"import os; os.chdir({str(place)!r})").status == "ok"
        assert kernel.run("%load_ext skytells_nb\n%skytells_sandbox").status == "ok"
        yield kernel


def last_input(sandbox: Sandbox) -> Any:
    """Give the input of the newest prediction that was asked for."""
    return [asked.json for asked in sandbox.state.requests if asked.path.endswith("/predictions")][-1]["input"]


def test_form(notebook: Kernel) -> None:
    """The magic gives the model's form, filled with the pairs, typed by the schema."""
    ran = notebook.run('%skytells_form truefusion-pro prompt="a red fox" num_outputs=2 -o form')
    assert ran.status == "ok", ran.error
    assert notebook.run("form is _, type(form).__name__, form.name, form.values").text == (
        "(True, 'Form', 'truefusion-pro', {'prompt': 'a red fox', 'num_outputs': 2})"
    )


def test_form_shows_itself(notebook: Kernel) -> None:
    """As the cell's last line the form is shown once."""
    ran = notebook.run("%skytells_form truefusion-pro")
    assert ran.status == "ok", ran.error
    assert sum("application/vnd.jupyter.widget-view+json" in bundle for bundle in ran.shown) == 1
    assert ran.result is None


def test_form_takes_exact_inputs(notebook: Kernel) -> None:
    """--input sets inputs as they are, and {{…}} anywhere is the value."""
    notebook.run("n = 3; more = {'seed': 7}")
    assert notebook.run("%skytells_form truefusion-pro num_outputs={{n}} --input {{more}} -o form").status == "ok"
    assert notebook.run("form.values").text == "{'num_outputs': 3, 'seed': 7}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%skytells_form", "InputError: %skytells_form needs a model. %skytells_models lists them."),
        ("%skytells_form gpt-5", "InputError: gpt-5 is a text model: it has no form. Use %%skytells_chat gpt-5."),
        ("%skytells_form truefusion-prp", "UnknownNameError: There is no model 'truefusion-prp'."),
        ("%skytells_form truefusion-pro num_outputs=99", "InvalidInputError: num_outputs must be at most 4 (got 99)."),
        ("%skytells_form truefusion-pro promt=x", "InvalidInputError: promt is not an input (did you mean prompt?)."),
        (
            "%skytells_form truefusion-pro --quiet",
            "UnknownNameError: There is no option or input '--quiet' of %skytells_form",
        ),
        (
            '%skytells_predict truefusion-pro prompt=x -i {"prompt": "y"}',
            "InputError: prompt is given twice, as a pair and in --input. Keep one of them.",
        ),
        (
            '%%skytells_predict truefusion-pro -i {"prompt": "y"}\nx',
            "InputError: prompt is given twice, in the line and as the body. Keep one of them.",
        ),
        (
            "%skytells_predict truefusion-pro prompt=x --input [1]",
            'InputError: --input is list, not a JSON object. For example: --input {"seed": 7}, or --input {{a_dict}}.',
        ),
        ("%skytells_predict truefusion-pro --input {{nothing}}", "UnknownNameError: There is no name 'nothing'"),
        (
            "%skytells_predict beatfusion-1.0 prompt=x key={{getpass('key: ')}}",
            "InputError: {{getpass('key: ')}} failed: ",
        ),
    ],
)
def test_faults_are_one_line(notebook: Kernel, line: str, said: str) -> None:
    """Each fault fails the cell with one line that says what is wrong and what to do."""
    ran = notebook.run(line)
    assert ran.status == "error"
    assert error_line(ran, line).startswith(said)


def test_help(notebook: Kernel) -> None:
    """--help tells what the magic takes."""
    told = notebook.run("%skytells_form --help").stdout
    assert "%skytells_form MODEL name=value … [options]" in told
    assert '-i, --input {"seed": 7}|{{a_dict}}' in told


def test_exact_inputs_reach_the_service(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """--input joins the pairs, and what it holds is not read by kind."""
    line = """%skytells_predict truefusion-pro num_outputs=2 -q --input {"prompt": "{single} it's", "seed": 7}"""
    ran = notebook.run(line)
    assert ran.status == "ok", ran.error
    assert last_input(shared_sandbox) == {"num_outputs": 2, "prompt": "{single} it's", "seed": 7}


def test_exact_inputs_are_not_typed(notebook: Kernel) -> None:
    """A text in --input stays text where the schema wants a number, and is refused as that."""
    ran = notebook.run('%skytells_predict truefusion-pro prompt=x --input {"num_outputs": "2"}')
    assert ran.error.startswith("InvalidInputError: truefusion-pro: num_outputs must be a whole number (got '2').")


@pytest.mark.parametrize(
    ("line", "name", "count"),
    [
        ('truefusion-ultra image="@my photos/fox.png"', "image", None),
        ('truefusion-ultra image={{sky.file("my photos/fox.png")}}', "image", None),
        ("truefusion-2 reference_images=@fox.png,@fox.png", "reference_images", 2),
        ('truefusion-2 reference_images=["@my photos/fox.png"]', "reference_images", 1),
    ],
)
def test_files(notebook: Kernel, shared_sandbox: Sandbox, place: Path, line: str, name: str, count: int | None) -> None:
    """@path sends the file itself where the input takes a file, alone or in a list; `sky` needs no import."""
    (place / "fox.png").write_bytes((place / "my photos" / "fox.png").read_bytes())
    ran = notebook.run(f"%skytells_predict {line} prompt=@x -q")
    assert ran.status == "ok", ran.error
    sent = last_input(shared_sandbox)
    link = "data:image/png;base64," + b64encode((place / "fox.png").read_bytes()).decode()
    assert sent == {name: link if count is None else [link] * count, "prompt": "@x"}


def test_missing_file(notebook: Kernel) -> None:
    """A file that is not there is named, and nothing is sent."""
    ran = notebook.run("%skytells_predict truefusion-ultra prompt=x image=@wolf.png")
    assert ran.error == (
        "InputError: The file 'wolf.png' is not there. "
        "Give the path of a file that is there, or an http(s) link; nothing was sent.\n"
        "    %skytells_predict truefusion-ultra prompt=x image=@wolf.png\n"
        "                                                ^^^^^^^^^^^^^^^"
    )
