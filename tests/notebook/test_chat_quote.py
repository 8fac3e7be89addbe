"""`%%skytells_chat --quote` in a real kernel: the price and the request, and nothing is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the sandbox on."""
    place = tmp_path_factory.mktemp("quotes")
    with running_kernel(
        SKYTELLS_NB_SANDBOX=shared_sandbox.url, SKYTELLS_NB_LEDGER=str(place / "ledger.sqlite3")
    ) as kernel:
        assert kernel.run("%load_ext skytells_nb\n%skytells_sandbox").status == "ok"
        yield kernel


def calls(notebook: Kernel) -> str:
    """Count the calls on record."""
    return str(notebook.run("import skytells_nb as sky; print(len(sky.usage(live=None)))").stdout).strip()


def test_a_bounded_question_has_a_price(notebook: Kernel) -> None:
    """The bytes of the prompt and the limit bound it; the request is shown as it would leave."""
    ran = notebook.run('%%skytells_chat gpt-5 --quote --max-tokens 100 -s "Be brief." seed=7\nWhat is a notebook?')
    assert ran.text.startswith("up to $0.0001")
    first, _, body = ran.stdout.partition("\n")
    assert first == "POST /chat/completions"
    assert json.loads(body) == {
        "model": "gpt-5",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is a notebook?"},
        ],
        "max_tokens": 100,
        "seed": 7,
        "stream": True,
    }
    assert calls(notebook) == "0"


def test_a_question_without_a_limit_is_bounded_by_the_service_s(notebook: Kernel) -> None:
    """An answer has at most 8,192 tokens where nobody says how many; -o keeps the quote."""
    ran = notebook.run("%%skytells_chat --quote -o q\nWhat is a notebook?")
    assert ran.text.startswith("up to $0.010277 (at most 74 tokens in, a byte each, and 8,192 out; ")
    assert notebook.run("print(type(q).__name__, q.high)").stdout == "Quote 0.010277\n"


def test_what_a_thread_remembers_is_part_of_the_request(notebook: Kernel) -> None:
    """And the quote adds nothing to the thread."""
    notebook.run("%%skytells_chat --thread t --quiet\nFirst.")
    for _ in range(2):
        ran = notebook.run("%%skytells_chat --thread t --quote\nSecond.")
        said = json.loads(ran.stdout.partition("\n")[2])["messages"]
        assert [message["role"] for message in said] == ["user", "assistant", "user"]


def test_an_empty_question_is_refused(notebook: Kernel) -> None:
    """As it would be when asked."""
    assert notebook.run("%%skytells_chat --quote\n   ").error.startswith("InputError: The prompt is empty.")
