"""A cell that runs again takes up the job it made: what counts as the same, what is asked of whom, and what is paid."""

from __future__ import annotations

import signal
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import skytells_nb as sky
from skytells_nb.api.client import Client
from skytells_nb.costs import budget
from skytells_nb.costs.ledger import default_ledger
from skytells_nb.errors import NetworkError, OverBudgetError, ServiceError, SkytellsError
from skytells_nb.notebook.jobs import earlier
from skytells_nb.notebook.jobs.earlier import ago
from skytells_nb.notebook.session import current

from .conftest import Live
from .notebooks import FILM, FOX, Notebook


def test_a_cell_that_runs_again_takes_its_result(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """One job is made and paid for; the second showing says whose it is, and carries what it cost."""
    first = notebook.run(FOX)
    capsys.readouterr()
    again = notebook.run(FOX.replace("-q ", ""))
    assert (notebook.made, again.id, again.cost, again.call.seconds) == (1, first.id, first.cost, first.call.seconds)
    assert (
        f"taken from an earlier run of this cell (prediction {first.id}, just now): "
        "nothing was billed now; --fresh runs it anew\n"
    ) in capsys.readouterr().out
    assert notebook.rows() == [("succeeded", first.id, 1)]


def test_fresh_pays_again_and_is_what_the_cell_made_last(notebook: Notebook) -> None:
    """The job of --fresh takes the place of the one before."""
    first, fresh, again = notebook.run(FOX), notebook.run(f"{FOX} --fresh"), notebook.run(FOX)
    assert (notebook.made, first.id != fresh.id, again.id == fresh.id) == (2, True, True)


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        (FOX.replace("fox", "owl"), "cell-1"),
        (f"{FOX} number_of_images=2", "cell-1"),
        (FOX.replace("truefusion", "truefusion-pro"), "cell-1"),
        (FOX, "cell-2"),
    ],
)
def test_other_inputs_another_model_and_another_cell_are_another_job(notebook: Notebook, code: str, cell: str) -> None:
    """Nothing is taken from what only looks alike."""
    notebook.run(FOX)
    notebook.run(code, cell)
    assert notebook.made == 2


def test_the_inputs_count_not_how_they_were_written(notebook: Notebook) -> None:
    """The same request from a body, from --input or with {{…}} is the same job."""
    notebook.shell.user_ns["animal"] = "fox"
    ids = {
        notebook.run(code).id
        for code in (FOX, FOX.replace("=fox", "={{animal}}"), "%%skytells_predict truefusion -q -o run\nfox")
    }
    assert (notebook.made, len(ids)) == (1, 1)


def test_a_loop_that_makes_four_takes_up_the_four(notebook: Notebook) -> None:
    """In their order; the fifth and sixth are run where the loop has grown."""
    loop = 'run = [get_ipython().run_line_magic("skytells_predict", "truefusion prompt=fox -q") for _ in range({})]'
    four = [job.id for job in notebook.run(loop.format(4))]
    assert [job.id for job in notebook.run(loop.format(4))] == four
    six = [job.id for job in notebook.run(loop.format(6))]
    assert (six[:4], len(set(six)), notebook.made) == (four, 6, 6)
    assert [job.id for job in notebook.run(loop.format(6))] == six


def test_of_a_loop_only_what_failed_runs_anew(notebook: Notebook) -> None:
    """It keeps its place in the loop."""
    loop = """
run = []
for _ in range(3):
    try:
        run.append(get_ipython().run_line_magic("skytells_predict", "truefusion prompt=fox -q").id)
    except Exception as error:
        run.append(error.prediction.id)
"""
    first = notebook.run(loop)
    notebook.change(f"UPDATE calls SET status = 'failed' WHERE remote_id = '{first[1]}'")
    again = notebook.run(loop)
    assert (again[0], again[2]) == (first[0], first[2])
    assert again[1] not in first
    assert notebook.run(loop) == again


def test_a_job_that_failed_or_was_canceled_is_run_anew(notebook: Notebook) -> None:
    """There is nothing to take up."""
    with pytest.raises(SkytellsError, match="failed on prediction"):
        notebook.run(FOX.replace("fox", "FAIL"))
    with pytest.raises(SkytellsError, match="failed on prediction"):
        notebook.run(FOX.replace("fox", "FAIL"))
    assert notebook.made == 2
    handle = notebook.run(f"{FILM} --no-wait")
    while not handle.id:
        time.sleep(0.005)
    handle.cancel()
    with pytest.raises(SkytellsError, match="was canceled"):
        handle.wait(10)
    notebook.run(FILM)
    assert notebook.made == 4


def test_a_copy_of_the_notebook_makes_its_own_jobs(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells have the same ids. A notebook whose name is not known may be the same one."""
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    first = notebook.run(FOX)
    monkeypatch.setenv("JPY_SESSION_NAME", "copy of lesson.ipynb")
    assert notebook.run(FOX).id != first.id
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    assert notebook.run(FOX).id == first.id


def test_calls_of_the_sandbox_are_not_live_ones(notebook: Notebook) -> None:
    """What was practised is run when it counts."""
    notebook.run(FOX)
    notebook.change("UPDATE calls SET sandbox = 0")
    notebook.run(FOX)
    assert notebook.made == 2


def test_without_a_cells_id_what_ended_is_run_anew(notebook: Notebook) -> None:
    """A terminal's line that is typed twice is meant twice."""
    notebook.run(FOX, None)
    notebook.run(FOX, None)
    assert (notebook.made, [row[2] for row in notebook.rows()]) == (2, [None, None])


def test_without_a_cells_id_a_job_left_behind_is_taken_up_once(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script that died while it waited, and is run again, pays nothing; its own jobs are not taken for left ones."""
    job = current().client.submit("truefusion", {"prompt": "fox"})
    assert notebook.run(FOX, None).id != job.id
    notebook.change(f"UPDATE calls SET session = 'dead' WHERE remote_id = '{job.id}'")
    again = notebook.run(FOX.replace("-q ", ""), None)
    assert (again.id, again.cost is not None) == (job.id, True)
    assert f"taken from an earlier run (prediction {job.id}, just now)" in capsys.readouterr().out
    assert notebook.run(FOX, None).id != job.id
    assert notebook.made == 3


def test_a_result_whose_files_are_gone_takes_one_look(notebook: Notebook, tmp_path: Path) -> None:
    """The service describes it, and its files are fetched again; nothing is made."""
    first = notebook.run(FOX)
    for kept in (tmp_path / "media").iterdir():
        kept.unlink()
    before = len(notebook.asked)
    assert notebook.run(FOX).id == first.id
    assert notebook.asked[before:] == [f"GET /predictions/{first.id}"]
    assert any((tmp_path / "media").iterdir())


def test_a_sandbox_that_forgot_the_job_runs_it_anew(notebook: Notebook, fresh_sandbox: Callable[[], None]) -> None:
    """A practice that begins again needs no --fresh."""
    first = notebook.run(FOX)
    notebook.change("UPDATE calls SET status = 'running'")
    fresh_sandbox()
    assert notebook.run(FOX).id != first.id
    assert [row[0] for row in notebook.rows()] == ["failed", "succeeded"]


def test_stop_and_a_cancel_that_fails_leave_a_job_that_is_taken_up(notebook: Notebook) -> None:
    """What could not be canceled is not paid for twice, and its end is settled."""

    def press_stop() -> None:
        while not any(each.startswith("GET") for each in notebook.asked):
            time.sleep(0.002)
        notebook.sandbox.inject("500;on=plain")
        interrupt_main()

    notebook.at(0)
    current().start_again()  # a client that pauses in full: the next request is the cancel
    thread = threading.Thread(target=press_stop)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        notebook.run(FILM)
    thread.join()
    (job,) = notebook.sandbox.state.jobs
    assert notebook.asked[-1] == f"POST /predictions/{job.id}/cancel"
    assert notebook.rows() == [("interrupted", job.id, 1)]
    notebook.at(60)
    assert notebook.run(FILM).id == job.id
    assert (notebook.made, notebook.rows()) == (1, [("succeeded", job.id, 1)])


def test_stop_before_a_slow_service_has_made_the_job_pays_once(notebook: Notebook) -> None:
    """The cell that runs again waits for the job to appear in the list, and takes it up."""

    def press_stop() -> None:
        while notebook.rows()[-1][0] != "sent":
            time.sleep(0.002)
        time.sleep(0.2)  # the request has left whole
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # which ends the wait for an answer

    notebook.run(FOX, "another cell")
    notebook.sandbox.inject("slow;on=create;seconds=3;times=1")
    thread = threading.Thread(target=press_stop)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        notebook.run(FOX)
    thread.join()
    assert (notebook.rows()[-1], len(notebook.sandbox.state.jobs)) == (("interrupted", None, 1), 1)
    again = notebook.run(FOX)
    assert (notebook.made, notebook.rows()[-1]) == (2, ("succeeded", again.id, 1))
    assert len(notebook.sandbox.state.jobs) == 2


def cut_off(notebook: Notebook, *, late: bool) -> None:
    """Run the cell once, with a connection that breaks before the answer, before or after the job was made."""
    notebook.sandbox.inject("cut-before;on=create" + (";late=yes" if late else ""))
    with pytest.raises(NetworkError):
        notebook.run(FOX)


def test_a_job_whose_name_never_came_is_found_by_its_inputs(notebook: Notebook) -> None:
    """The service lists it: it is taken up, and the record learns its name."""
    cut_off(notebook, late=True)
    (job,) = notebook.sandbox.state.jobs
    assert notebook.rows() == [("failed", None, 1)]
    assert notebook.run(FOX).id == job.id
    assert notebook.run(FOX).id == job.id
    assert (notebook.made, notebook.rows()) == (1, [("succeeded", job.id, 1)])


def test_a_request_that_made_no_job_is_sent_again(notebook: Notebook) -> None:
    """The service lists none."""
    cut_off(notebook, late=False)
    job = notebook.run(FOX)
    assert notebook.rows() == [("failed", None, 1), ("succeeded", job.id, 1)]


def test_of_several_that_fit_the_oldest_is_taken_that_nobody_has(notebook: Notebook) -> None:
    """Not one that the record knows, none of other inputs, none that was made before."""
    with Client(api_key="sk-sandbox", base_url=notebook.sandbox.url, observers=()) as elsewhere:
        current().client.submit("truefusion", {"prompt": "fox"})
        elsewhere.submit("truefusion", {"prompt": "owl"})
        cut_off(notebook, late=True)
        wanted = notebook.sandbox.state.jobs[-1]
        elsewhere.submit("truefusion", {"prompt": "fox"})
    made = notebook.made
    assert (notebook.run(FOX).id, notebook.made) == (wanted.id, made)


def test_a_request_that_is_on_its_way_is_waited_for(notebook: Notebook) -> None:
    """Until its job has a name: another run of the cell meanwhile makes no second one."""
    notebook.sandbox.inject("slow;on=create;seconds=0.3")
    handle = notebook.run(f"{FILM} --no-wait")
    while not notebook.made:
        time.sleep(0.002)
    again = notebook.run(FILM)
    assert (notebook.made, again.id) == (1, handle.wait(20).id)


def test_a_request_that_this_kernel_is_still_sending_is_not_sent_twice(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes, longer than another kernel would be waited for: its job is taken up."""
    monkeypatch.setattr(earlier, "PATIENCE", 0.05)
    notebook.sandbox.inject("slow;on=create;seconds=1")
    handle = notebook.run(f"{FILM} --no-wait")
    while not notebook.made:
        time.sleep(0.002)
    again = notebook.run(FILM)
    assert (notebook.made, again.id) == (1, handle.wait(20).id)


def test_a_job_that_is_listed_with_its_file_written_otherwise_is_not_made_twice(notebook: Notebook, live: Live) -> None:
    """A service may list a link to an upload, or leave an input out: nobody can say then whether it is this job."""
    code = '%skytells_predict truefusion-ultra prompt=fox image="data:image/png;base64,AAAA" -q -o run'
    notebook.sandbox.inject("cut-before;on=create;late=yes")
    with pytest.raises(NetworkError):
        notebook.run(code)
    (made,) = notebook.sandbox.state.jobs
    for listed in ({"prompt": "fox", "image": "https://example.org/fox.png"}, {"prompt": "fox"}):
        notebook.sandbox.state.add(replace(made, input=listed))
        with pytest.raises(ServiceError, match="does not say whether it was made"):
            notebook.run(code)
    assert notebook.made == 1


def test_where_too_many_jobs_came_later_a_live_one_is_not_sent_again(notebook: Notebook, live: Live) -> None:
    """Nobody can say whether it was made: that is an error, until --fresh says so."""
    cut_off(notebook, late=True)
    (made,) = notebook.sandbox.state.jobs
    for number in range(100):
        notebook.sandbox.state.add(replace(made, id=f"other-{number}", input={"prompt": "owl"}, outputs=()))
    with pytest.raises(ServiceError, match=r"^An earlier run was broken off at .* UTC, before its job had a name, and"):
        notebook.run(FOX)
    assert notebook.made == 1
    notebook.run(f"{FOX} --fresh")
    assert notebook.made == 2


@pytest.mark.parametrize("left_out", ["input", "created_at"])
def test_a_list_that_says_too_little_is_asked_for_each_job(notebook: Notebook, live: Live, left_out: str) -> None:
    """The job is found; where there would be too many to ask for, that is an error."""
    live.leaves_out = left_out
    cut_off(notebook, late=True)
    (made,) = notebook.sandbox.state.jobs
    for number in range(11):
        notebook.sandbox.state.add(replace(made, id=f"other-{number}", input={"prompt": "owl"}, outputs=()))
    with pytest.raises(ServiceError, match="does not say whether it was made"):
        notebook.run(FOX)
    for number in range(3, 11):
        notebook.sandbox.state.delete(f"other-{number}")
    assert notebook.run(FOX).id == made.id
    assert notebook.made == 1


def test_where_the_list_cannot_be_read_nothing_is_sent_again(notebook: Notebook) -> None:
    """Nobody can say whether the job exists."""
    cut_off(notebook, late=True)
    notebook.sandbox.inject("403;on=plain")
    with pytest.raises(SkytellsError) as caught:
        notebook.run(FOX)
    assert str(caught.value).startswith("How an earlier run, whose job never got a name, stands cannot be seen: ")
    assert "Run this again to look again; --fresh runs it anew, and pays again." in str(caught.value)
    assert notebook.made == 1


def test_a_live_job_that_the_service_does_not_show_is_not_billed_again(
    notebook: Notebook, live: Live, tmp_path: Path
) -> None:
    """However often the cell runs: the error names the job, and only --fresh pays."""
    first = notebook.run(FOX)
    for kept in (tmp_path / "media").iterdir():
        kept.unlink()
    live.forget()
    for _ in range(2):
        with pytest.raises(ServiceError) as caught:
            notebook.run(FOX)
        assert str(caught.value).startswith(f"How prediction {first.id} of an earlier run stands cannot be seen: ")
        assert "--fresh runs it anew, and pays again." in str(caught.value)
    notebook.sandbox.inject("dialect;unknown=404")
    with pytest.raises(ServiceError) as caught:
        notebook.run(FOX)
    assert str(caught.value) == (
        f"The service does not know prediction {first.id} of an earlier run any more. "
        "--fresh runs it anew, and pays again."
    )
    assert notebook.made == 1
    assert notebook.run(f"{FOX} --fresh").id != first.id


def test_a_job_that_is_taken_up_takes_nothing_of_a_budget(notebook: Notebook) -> None:
    """Neither reserved nor counted a second time; a fresh one is refused where it would be over."""
    quoted = current().client.quote("truefusion", {"prompt": "fox"}).high
    assert quoted is not None
    made = sky.budget(quoted * 3 / 2)
    try:
        job = notebook.run(FOX)
        spent = budget.current()
        assert (spent is made, notebook.run(FOX).id, made.spent) == (True, job.id, job.cost)
        with pytest.raises(OverBudgetError):
            notebook.run(f"{FOX} --fresh")
        assert (notebook.run(FOX).id, made.spent, made.reserved) == (job.id, job.cost, 0)
    finally:
        sky.budget(None)


def test_a_record_that_cannot_be_read_stops_no_call(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once, and what this kernel itself made is still taken up."""
    (tmp_path / "spoilt.sqlite3").write_bytes(b"no database" * 100)
    monkeypatch.setenv("SKYTELLS_NB_LEDGER", str(tmp_path / "spoilt.sqlite3"))
    twice = FOX.replace("run", "first") + "\n" + FOX
    with pytest.warns(RuntimeWarning, match="cannot be") as told:
        second = notebook.run(twice)
    assert notebook.run(FOX).id == notebook.shell.user_ns["first"].id != second.id
    assert (notebook.made, len(told)) == (2, 2)  # that it cannot be read, and that it cannot be written
    default_ledger().unwritten.clear()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (4.9, "just now"),
        (5, "5 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (7199, "1 h ago"),
        (86_400, "1 day ago"),
    ],
)
def test_it_says_how_long_ago(seconds: float, words: str) -> None:
    """In one number, rounded down."""
    assert ago(seconds) == words
