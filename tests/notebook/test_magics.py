"""The magics, typed into a real kernel: what they show, return and say."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from skytells_nb.local import Sandbox
from tests.kernels import Kernel, running_kernel


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a folder for this kernel's record and media."""
    return tmp_path_factory.mktemp("magics")


@pytest.fixture(scope="module")
def notebook(place: Path, shared_sandbox: Sandbox) -> Iterator[Kernel]:
    """Yield a kernel with the extension loaded and the sandbox on."""
    environment = {
        "SKYTELLS_NB_SANDBOX": shared_sandbox.url,
        "SKYTELLS_NB_LEDGER": str(place / "ledger.sqlite3"),
        "SKYTELLS_NB_MEDIA": str(place / "media"),
    }
    with running_kernel(**environment) as kernel:
        assert kernel.run("%load_ext skytells_nb").status == "ok"
        assert kernel.run("%skytells_sandbox").status == "ok"
        yield kernel


def rows(place: Path) -> list[tuple[str, ...]]:
    """Read (api, status, tag, cell) of every call from the record's file itself."""
    with sqlite3.connect(place / "ledger.sqlite3") as record:
        found = record.execute("SELECT api, status, tag, cell FROM calls ORDER BY started_at").fetchall()
    record.close()
    return found


def test_loading_is_silent() -> None:
    """Loading and reloading print and show nothing."""
    with running_kernel() as kernel:
        for line in ("%load_ext skytells_nb", "%reload_ext skytells_nb"):
            ran = kernel.run(line)
            assert (ran.status, ran.stdout, ran.stderr, ran.messages) == ("ok", "", "", 0)


def test_no_key_is_one_line() -> None:
    """Without a key the cell fails with one line that names both ways out."""
    with running_kernel() as kernel:
        kernel.run("%load_ext skytells_nb")
        ran = kernel.run("%%skytells_chat\nhello")
    assert ran.status == "error"
    assert ran.error == (
        "NoKeyError: No Skytells API key was found. Run %skytells_login to store one, "
        "set SKYTELLS_API_KEY, or go offline with %skytells_sandbox."
    )


def test_chat_shows_one_lasting_output(notebook: Kernel) -> None:
    """The answer ends as one display of plain text and safe HTML, and the returned reply is not shown a second time."""
    ran = notebook.run("%%skytells_chat\nREPEAT: A **bold** <b>word</b>")
    assert (ran.status, len(ran.shown), ran.result) == ("ok", 1, None)
    assert set(ran.shown[0]) == {"text/plain", "text/html"}
    assert "A <strong>bold</strong> &lt;b&gt;word&lt;/b&gt;" in ran.html
    assert "deepbrain-router" in ran.text
    assert "nothing was billed" in ran.text


def test_chat_returns_the_reply(notebook: Kernel) -> None:
    """The reply lands in _ and in the variable named by -o."""
    notebook.run("%%skytells_chat -q -o kept\nREPEAT: hello")
    ran = notebook.run("_ is kept, kept.text, type(kept).__name__")
    assert ran.text == "(True, 'hello', 'Reply')"


def test_quiet_shows_nothing(notebook: Kernel) -> None:
    """With --quiet nothing is shown, not even as the cell's result."""
    ran = notebook.run("%%skytells_chat --quiet\nREPEAT: hello")
    assert (ran.status, ran.messages, ran.result, ran.stdout) == ("ok", 0, None, "")


def test_one_rule_for_braces(notebook: Kernel) -> None:
    """{{expression}} is replaced in line and body; {single}, $name and JSON arrive as they were typed."""
    notebook.run("n = 3; who = 'gpt-5'")
    notebook.run('%%skytells_chat {{who}} -q -o kept\nREPEAT: {{n + 1}} {n} $n {"a": {"b": 1}}')
    assert notebook.run("kept.text, kept.model").text == "('4 {n} $n {\"a\": {\"b\": 1}}', 'gpt-5')"


def test_options_reach_the_service(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """Options and name=value pairs arrive under the API's names, with their types."""
    notebook.run('%%skytells_chat gpt-5 -q -s "Be brief." -t 0.25 --max-tokens 7 --stop END top_p=0.5 seed=3\nhello')
    sent = shared_sandbox.state.requests[-1].json
    sent.pop("stream_options")
    assert sent == {
        "model": "gpt-5",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "temperature": 0.25,
        "max_tokens": 7,
        "stop": "END",
        "top_p": 0.5,
        "seed": 3,
        "stream": True,
    }


def test_a_thread_remembers(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """A named conversation sends its earlier turns; running a cell again replaces its own turn."""
    notebook.run("%%skytells_chat -q --thread t\nREPEAT: one", cell_id="cell-a")
    notebook.run("%%skytells_chat -q --thread t\nREPEAT: two", cell_id="cell-b")
    notebook.run("%%skytells_chat -q --thread t\nREPEAT: two again", cell_id="cell-b")
    said = [message["content"] for message in shared_sandbox.state.requests[-1].json["messages"]]
    assert said == ["REPEAT: one", "one", "REPEAT: two again"]


def test_a_failed_turn_does_not_enter(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """A turn that failed leaves no trace in its thread."""
    notebook.run("%%skytells_chat -q --thread u\nREPEAT: one", cell_id="cell-c")
    failed = notebook.run("%%skytells_chat nope -q --thread u\nREPEAT: two", cell_id="cell-d")
    notebook.run("%%skytells_chat -q --thread u\nREPEAT: three", cell_id="cell-e")
    said = [message["content"] for message in shared_sandbox.state.requests[-1].json["messages"]]
    assert failed.error.startswith("UnknownNameError: There is no model 'nope'.")
    assert said == ["REPEAT: one", "one", "REPEAT: three"]


def test_predict_shows_pictures(notebook: Kernel, place: Path) -> None:
    """Two pictures are embedded as thumbnails, and their originals are kept in the media folder."""
    ran = notebook.run('%skytells_predict truefusion-pro prompt="a red fox" num_outputs=2 -o fox')
    assert (ran.status, len(ran.shown), ran.result) == ("ok", 1, None)
    assert ran.html.count('<img src="data:image/') == 2
    assert len(list((place / "media").glob("truefusion-pro_a-red-fox_*.png"))) == 2
    assert "truefusion-pro" in ran.text
    assert notebook.run("fox.status.value, len(fox.links), str(fox.cost)").text == "('succeeded', 2, '0.08')"


def test_predict_takes_its_text_from_the_body(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """As a cell magic, the body is the model's main text, and typed pairs are read by the schema."""
    ran = notebook.run("%%skytells_predict beatfusion-2.0 sample_rate=16000 audio_format=wav\n[verse]\nla la")
    created = next(r for r in reversed(shared_sandbox.state.requests) if r.method == "POST")
    assert created.json["input"] == {"sample_rate": 16000, "audio_format": "wav", "lyrics": "[verse]\nla la"}
    assert "<audio controls" in ran.html


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("%skytells_predict truefusion -q -o asked prompt=why?", "why?"),
        ('asked = %skytells_predict truefusion -q prompt="what is this?"', "what is this?"),
        ("if True:\n    %skytells_predict truefusion -q -o asked prompt=how?", "how?"),
    ],
)
def test_a_question_mark_at_the_end_runs(notebook: Kernel, line: str, question: str) -> None:
    """A line that ends in a question mark runs, where IPython would look for help and do nothing."""
    notebook.run("asked = None")
    assert notebook.run(line).status == "ok"
    assert notebook.run("asked.input['prompt']").text == repr(question)


@pytest.mark.parametrize(
    "code",
    [
        "%%writefile {folder}/typed.txt\n%skytells_predict truefusion prompt=why?",
        "text = '''\n%skytells_predict truefusion prompt=why?\n'''; open('{folder}/typed.txt', 'w').write(text)",
    ],
)
def test_text_that_looks_like_a_magic_is_left_alone(notebook: Kernel, place: Path, code: str) -> None:
    """A line of ours inside a string, or in the body of another magic, stays as it was typed."""
    assert notebook.run(code.format(folder=place)).status == "ok"
    assert (place / "typed.txt").read_text().strip() == "%skytells_predict truefusion prompt=why?"


def test_braces_work_in_numbers(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """{{expression}} is replaced before an option is read as a number, and may hold braces of its own."""
    notebook.run("limit = {'a': {'b': 9}}")
    notebook.run("%%skytells_chat -q --max-tokens {{limit['a']['b']}} seed={{ {1: {2: 3}}[1][2] }}\nhello")
    sent = shared_sandbox.state.requests[-1].json
    assert (sent["max_tokens"], sent["seed"]) == (9, 3)


def test_several_questions_in_one_cell(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """A cell that asks in a loop builds one conversation."""
    loop = "for n in range(3):\n    get_ipython().run_cell_magic('skytells_chat', '-q --thread loop', f'REPEAT: {n}')"
    notebook.run(loop, cell_id="cell-loop")
    said = [message["content"] for message in shared_sandbox.state.requests[-1].json["messages"]]
    assert said == ["REPEAT: 0", "0", "REPEAT: 1", "1", "REPEAT: 2"]


def test_quiet_still_saves_what_was_paid_for(notebook: Kernel, place: Path) -> None:
    """With --quiet the files of a prediction are kept all the same: their links live for minutes."""
    notebook.run('%skytells_predict truefusion -q prompt="saved quietly"')
    assert len(list((place / "media").glob("truefusion_saved-quietly_*.png"))) == 1


def test_help_shows_the_magics_own_sign(notebook: Kernel) -> None:
    """--help shows how a magic is called, with its own sign and examples."""
    assert "    %%skytells_chat [MODEL] name=value … [options]" in notebook.run("%%skytells_chat --help").stdout
    assert "    %skytells_status\n" in notebook.run("%skytells_status --help").stdout


def test_quote_sends_nothing(notebook: Kernel, shared_sandbox: Sandbox) -> None:
    """--quote checks the inputs and says the price; no prediction is created."""
    before = len(shared_sandbox.state.jobs)
    ran = notebook.run("%skytells_predict truefusion-pro prompt=x num_outputs=3 --quote")
    assert ran.text == "about $0.12 (3 × $0.04 per image)"
    assert len(shared_sandbox.state.jobs) == before


def test_tb_has_everything(notebook: Kernel) -> None:
    """After the one line, %tb shows the whole traceback with its cause."""
    notebook.run("%skytells_predict truefusion-prp prompt=x")
    shown = notebook.run("%tb").error
    assert "Traceback (most recent call last)" in shown
    assert "The above exception was the direct cause of the following exception" in shown
    assert "skytells_nb.errors.RefusedError" in shown


def test_a_failed_job_fails_the_cell(notebook: Kernel) -> None:
    """A model that fails gives its own message and the prediction's id."""
    ran = notebook.run('%skytells_predict truefusion prompt="please FAIL"')
    assert ran.error.startswith("JobFailedError: truefusion failed on prediction ")


def test_models(notebook: Kernel) -> None:
    """The catalogue is a table with prices, narrowed by words; one model's name shows its inputs."""
    whole = notebook.run("%skytells_models")
    assert "$0.04 / image" in whole.text
    assert "$0.50 in, $1.25 out / 1M tokens" in whole.text
    assert "truefusion" not in notebook.run("%skytells_models --type text").text
    assert "num_outputs" in notebook.run("%skytells_models truefusion-pro").text


def test_every_call_is_recorded(notebook: Kernel, place: Path) -> None:
    """A call's row knows its api, status, tag and cell."""
    notebook.run("%%skytells_chat -q --tag lesson\nhello", cell_id="cell-x")
    assert rows(place)[-1] == ("chat", "succeeded", "lesson", "cell-x")


def test_usage(notebook: Kernel) -> None:
    """The record comes back as a DataFrame, whole or summed up."""
    notebook.run("%%skytells_chat -q --tag summed\nREPEAT: a b c")
    notebook.run("%skytells_usage --tag summed -o frame")
    assert (
        notebook.run("type(frame).__name__, len(frame), str(frame.cost_source[0])").text == "('DataFrame', 1, 'priced')"
    )
    notebook.run("%skytells_usage --by model --tag summed -o total")
    assert notebook.run("list(total.index), int(total.calls.iloc[0])").text == "(['deepbrain-router'], 1)"


def test_status_shows_no_key(notebook: Kernel) -> None:
    """Status says where everything comes from, and never the key."""
    shown = json.dumps([notebook.run("%skytells_status").result])
    assert "sandbox: nothing is billed" in shown
    assert "sk-" not in shown


def test_stop_keeps_what_came(notebook: Kernel, place: Path) -> None:
    """Stop during an answer keeps the partial text on the screen, marked, in -o, and the call as interrupted."""
    notebook.run("import skytells_nb as sky")
    words = " ".join(f"word{n}" for n in range(3000))
    ran = notebook.run(f"%%skytells_chat --tag stopped -o half\nREPEAT: {words}", interrupt_after="word9")
    assert ran.status == "error"
    assert ran.error == "KeyboardInterrupt: Stopped."
    assert "Traceback" in notebook.run("%tb").error
    assert "word9" in ran.text
    assert "word2999" not in ran.text
    assert "interrupted" in ran.text
    assert rows(place)[-1][:3] == ("chat", "interrupted", "stopped")
    assert notebook.run("half.complete, half.text.startswith('word0 word1 ')").text == "(False, True)"


def test_giving_up_keeps_the_way_back(notebook: Kernel) -> None:
    """A wait that is given up says how to go on, and leaves the prediction in the variable of -o."""
    ran = notebook.run("%skytells_predict truefusion-video prompt=waves --timeout 0.01 -o film")
    assert ran.error.startswith("StillRunningError: Prediction ")
    assert "It goes on; get it later with sky.Client().wait('" in ran.error
    assert notebook.run("import skytells_nb as sky; sky.Client().wait(film).status.value").text == "'succeeded'"


def test_a_terminal_waits_for_the_body(notebook: Kernel) -> None:
    """While a person types, a cell magic without its body is not complete."""
    state = "get_ipython().check_complete('%%skytells_chat\\n')[0]"
    assert notebook.run(state).text == "'incomplete'"


def test_stop_cancels_the_job(notebook: Kernel, place: Path, shared_sandbox: Sandbox) -> None:
    """Stop during a wait cancels the job on the server, once."""

    def cancels() -> int:
        return sum(request.path.endswith("/cancel") for request in shared_sandbox.state.requests)

    before = cancels()
    ran = notebook.run(
        "%skytells_predict truefusion-video prompt=waves --tag halted", interrupt_after="truefusion-video"
    )
    assert re.fullmatch(r"KeyboardInterrupt: Stopped\. Prediction \S+ was canceled\.", ran.error)
    assert cancels() == before + 1
    assert rows(place)[-1][:3] == ("prediction", "canceled", "halted")


def test_repaints_are_throttled(notebook: Kernel) -> None:
    """A long answer of many pieces is painted at most ten times a second, first and last included apart."""
    ran = notebook.run("%%skytells_chat\nREPEAT: " + " ".join(str(n) for n in range(800)))
    seconds = ran.times[-1] - ran.times[0]
    assert 3 <= ran.messages <= 10 * seconds + 3


def test_unloading_takes_all_away() -> None:
    """After unloading, no magic, transformer or event hook of ours is left."""
    with running_kernel() as kernel:
        state = (
            "ip = get_ipython(); [len(ip.magics_manager.magics['line']), len(ip.magics_manager.magics['cell']), "
            "len(ip.input_transformers_cleanup), len(ip.events.callbacks['pre_run_cell'])]"
        )
        before = kernel.run(state).text
        kernel.run("%load_ext skytells_nb")
        assert kernel.run(state).text != before
        kernel.run("%unload_ext skytells_nb")
        assert kernel.run(state).text == before
