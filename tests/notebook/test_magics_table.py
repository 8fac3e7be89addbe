"""Command lines, typed into one real kernel: each does exactly what `magics_table` says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, Ran, running_kernel
from tests.notebook.magics_table import (
    BODIES,
    FAULTS,
    OPTIONS,
    OTHERS,
    PITFALLS,
    PREFERENCES,
    REFUSED_PREFERENCES,
    REQUESTS,
    SETUP,
    Other,
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded, the sandbox on and the table's names set."""
    place = tmp_path_factory.mktemp("table")
    environment = {
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
    }
    with running_kernel(**environment) as kernel:
        for cell in (f"%cd -q {place}", "%load_ext skytells_nb", "%skytells_sandbox", SETUP):
            assert kernel.run(cell).error == ""
        yield kernel


def ran_well(kernel: Kernel, code: str) -> Ran:
    """Run a cell that has no error and warns of nothing."""
    ran = kernel.run(code)
    assert (ran.error, ran.stderr, ran.status) == ("", "", "ok")
    return ran


def asked(sandbox: Sandbox) -> dict[str, Any]:
    """Give the last request of a chat, without what every one has."""
    sent = next(request.json for request in reversed(sandbox.state.requests) if request.method == "POST")
    usual = {"model": "deepbrain-router", "messages": [{"role": "user", "content": "REPEAT: x"}]}
    usual |= {"stream": True, "stream_options": {"include_usage": True}, "input": "REPEAT: x", "store": True}
    return {name: value for name, value in sent.items() if usual.get(name) != value}


def test_there_are_enough() -> None:
    """The table has at least 200 lines, no line twice."""
    lines = [row[0] for table in (OPTIONS, BODIES, REQUESTS, FAULTS) for row in table] + [row.code for row in OTHERS]
    assert len(set(lines)) >= 200
    assert len({row[0] for row in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize(("code", "request_"), OPTIONS, ids=[row[0] for row in OPTIONS])
def test_options_of_chat(notebook: Kernel, shared_sandbox: Sandbox, code: str, request_: dict[str, Any]) -> None:
    """Options and pairs arrive under the API's names, with their types, and nothing is shown."""
    ran = ran_well(notebook, code)
    assert (ran.stdout, ran.text) == ("", "")
    assert asked(shared_sandbox) == request_


@pytest.mark.parametrize(("code", "content"), BODIES, ids=[row[0] for row in BODIES])
def test_bodies_of_chat(notebook: Kernel, shared_sandbox: Sandbox, code: str, content: Any) -> None:
    """A cell's text is the prompt: {{expression}} is replaced, all else passes untouched."""
    ran_well(notebook, code)
    assert asked(shared_sandbox)["messages"] == [{"role": "user", "content": content}]


@pytest.mark.parametrize(("code", "values", "price"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_inputs_of_predict(notebook: Kernel, code: str, values: dict[str, Any], price: str) -> None:
    """Pairs, flags, files and bodies become inputs of the schema's types; --quote shows them and their price."""
    ran = ran_well(notebook, code)
    verb, _, request = ran.stdout.partition("\n")
    assert (verb, json.loads(request)["input"], ran.text) == ("POST /predictions", values, price)


@pytest.mark.parametrize(("code", "said"), FAULTS, ids=[row[0] for row in FAULTS])
def test_faults(notebook: Kernel, shared_sandbox: Sandbox, code: str, said: str) -> None:
    """A mistake is one line of error, under which the typed line stands with its fault marked; no job is made."""
    before = len(shared_sandbox.state.jobs)
    ran = notebook.run(re.sub("[«»]", "", code))
    error = re.sub(r"req_[0-9a-f]{24}", "req_…", ran.error)
    assert (ran.status, ran.stdout, ran.stderr, ran.text) == ("error", "", "", "")
    assert error.split("\n") == [said, *marked(code)]
    assert len(shared_sandbox.state.jobs) == before


def marked(code: str) -> list[str]:
    """Draw the line that holds «…» as an error shows it; nothing where no line does."""
    line = next((line for line in code.split("\n") if "«" in line), None)
    if line is None:
        return []
    under, inside = "", False
    for character in line:
        if character in "«»":
            inside = character == "«"
        else:
            under += "^" if inside else " "
    return [f"    {re.sub('[«»]', '', line)}", f"    {under.rstrip()}"]


@pytest.mark.parametrize("row", OTHERS, ids=[row.code for row in OTHERS])
def test_others(notebook: Kernel, row: Other) -> None:
    """A cell prints and shows exactly this."""
    for cell in row.before:
        notebook.run(cell)
    ran = ran_well(notebook, row.code)
    for cell in row.after:
        ran_well(notebook, cell)
    assert (ran.stdout, ran.text) == (row.printed, row.shown)


@pytest.mark.parametrize(("preference", "code", "request_"), PREFERENCES)
def test_preferences_hold_where_a_line_does_not_say(
    notebook: Kernel, shared_sandbox: Sandbox, preference: str, code: str, request_: dict[str, Any]
) -> None:
    """What %config sets holds for the cells that follow, and a line's own option wins; the status shows it."""
    name = preference.split(" = ")[0]
    usual = (
        notebook.run(f"from skytells_nb.notebook.preferences import Preferences; Preferences().{name}").text or "None"
    )
    ran_well(notebook, f"%config SkytellsMagics.{preference}")
    ran = ran_well(notebook, code)
    status = ran_well(notebook, "%skytells_status").text
    ran_well(notebook, f"%config SkytellsMagics.{name} = {usual}")
    assert (ran.stdout, ran.text, asked(shared_sandbox)) == ("", "", request_)
    value = preference.split(" = ")[1].replace('"', "'")
    assert status.split("\n")[-1] == f"preferences   {name} = {value} (%config SkytellsMagics)"
    assert "preferences" not in ran_well(notebook, "%skytells_status").text


@pytest.mark.parametrize(("code", "said"), REFUSED_PREFERENCES)
def test_a_preference_that_cannot_be_is_one_line(notebook: Kernel, code: str, said: str) -> None:
    """IPython says in one line what is wrong, and what was preferred stays."""
    ran = notebook.run(code)
    assert (ran.stderr, ran.stdout, ran.error) == (said, "", "")
    assert "preferences" not in ran_well(notebook, "%skytells_status").text


def test_every_pitfall_has_its_rows() -> None:
    """P1 to P12 are named, and the rows that show them are in the table."""
    codes = {row[0] for table in (OPTIONS, BODIES, REQUESTS, FAULTS) for row in table} | {row.code for row in OTHERS}
    assert [name.split(":")[0] for name in PITFALLS] == [f"P{number}" for number in range(1, 13)]
    assert {code for rows in PITFALLS.values() for code in rows} <= codes
