"""The magics of models and vectors in a real kernel: what they show, return and say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the sandbox on."""
    record = str(tmp_path_factory.mktemp("models") / "ledger.sqlite3")
    with running_kernel(SKYTELLS_NB_SANDBOX=shared_sandbox.url, SKYTELLS_NB_LEDGER=record) as kernel:
        assert (
            kernel.run("%load_ext skytells_nb\n%skytells_sandbox\nimport pandas\ntexts = ['a', 'b', 'c']").status
            == "ok"
        )
        yield kernel


def test_a_model_is_shown_as_a_page(notebook: Kernel) -> None:
    """%skytells_model NAME shows inputs, price and lines to copy, and returns the model; so does %skytells_models."""
    ran = notebook.run("%skytells_model truefusion-pro -o pro")
    for words in ("num_outputs", "1 to 4, default 1", "$0.04 / image", 'client.predict("truefusion-pro"'):
        assert words in ran.text
    assert notebook.run("pro.slug").text == "'truefusion-pro'"
    assert notebook.run("%skytells_models truefusion-pro").html == ran.html


def test_lines_to_copy_run(notebook: Kernel) -> None:
    """The magic's line and the Python of the page do what they say, for a media, a text and a vector model."""
    look = "from skytells_nb.notebook.model_page import examples\nimport skytells_nb as sky\nclient = sky.Client()"
    notebook.run(look)
    for slug in ("truefusion-pro", "gpt-5", "skytells-embed-3-small"):
        magic, code = notebook.run(f"print(*examples(client.model('{slug}')), sep='====')").stdout.split("====")
        assert (slug, notebook.run(magic).error, notebook.run(code).error) == (slug, "", "")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("%skytells_model", "InputError: %skytells_model needs a model. %skytells_models lists them."),
        ("%skytells_model gpt-6", "UnknownNameError: There is no model 'gpt-6'. Did you mean 'gpt-5'?"),
        ("%skytells_embed", "InputError: There is nothing to embed. %skytells_embed {{texts}}, or %%skytells_embed"),
        ("%%skytells_embed", "InputError: There is nothing to embed."),
        ("%%skytells_embed skytells-embed-3-small {{texts}}\na", "InputError: The texts are given twice,"),
        ("%skytells_embed {{7}}", "InputError: What to embed is int, not text."),
        ("%skytells_embed {{['a', '']}}", "InputError: Text 1 is empty."),
        ("%skytells_embed {{tets}}", "UnknownNameError: There is no name 'tets' for {{tets}}. Did you mean 'texts'?"),
        (
            "%skytells_embed skytells-embed-3-smal {{texts}}",
            "UnknownNameError: There is no model 'skytells-embed-3-smal'",
        ),
    ],
)
def test_mistakes_are_one_line(notebook: Kernel, line: str, error: str) -> None:
    """Each says what is wrong and what to do."""
    assert notebook.run(line).error[: len(error)] == error


def test_each_line_of_the_body_is_a_row(notebook: Kernel) -> None:
    """Blank lines are left out; the row's name is its text, and the caption says which model and what it cost."""
    ran = notebook.run("%%skytells_embed -o v\n  a red fox\n\na blue car  \n")
    assert ran.shown[0]["text/plain"].splitlines()[0] == "2 vectors of 3,072 numbers"
    assert "skytells-embed-3-large" in ran.shown[0]["text/plain"]
    assert notebook.run("list(v.index), v.shape, set(map(str, v.dtypes))").text == (
        "(['a red fox', 'a blue car'], (2, 3072), {'float32'})"
    )
    assert "a red fox" in (ran.result or {})["text/plain"]


@pytest.mark.parametrize(
    ("cell", "rows"),
    [
        ("%skytells_embed {{texts}} -d 8 -q -o v", "['a', 'b', 'c'], (3, 8)"),
        ("%skytells_embed {{pandas.Series(texts)}} -d 8 -q -o v", "['a', 'b', 'c'], (3, 8)"),
        ("%skytells_embed text-embedding-3-small 'one text' -d 8 -q -o v", "['one text'], (1, 8)"),
        ("%%skytells_embed -d 8 -q -o v\n{{texts}}", "['a', 'b', 'c'], (3, 8)"),
        ("%%skytells_embed -d 8 -q -o v\nthe {{texts[0]}}\n{{len(texts)}}", "['the a', '3'], (2, 8)"),
    ],
)
def test_texts_come_from_lists_series_and_words(notebook: Kernel, cell: str, rows: str) -> None:
    """A whole {{expression}} gives its texts, anything else is text; with -q and -o nothing is shown."""
    ran = notebook.run(cell)
    assert (ran.error, ran.messages, ran.result) == ("", 0, None)
    assert notebook.run("list(v.index), v.shape").text == f"({rows})"


def test_vectors_are_quoted_before_they_are_made(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """--quote says what they would cost; no text is sent."""
    before = len([request for request in shared_sandbox.state.requests if request.path.endswith("/embeddings")])
    ran = notebook.run("%skytells_embed {{texts}} --quote")
    after = len([request for request in shared_sandbox.state.requests if request.path.endswith("/embeddings")])
    assert "$" in ran.text
    assert before == after
