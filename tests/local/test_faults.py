"""Trouble on request: the header, the injection, and where each fault happens."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.__main__ import main
from skytells_nb.local import Sandbox, faults, refusals

CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello there"}]}
JOB = {"model": "truefusion", "input": {"prompt": "x"}}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("429", faults.Fault("429")),
        ("429;retry-after=7", faults.Fault("429", retry_after=7)),
        (" E3 ; status=402 ", faults.Fault("E3", status=402)),
        ("error=PAYMENT_REQUIRED;shape=E2", faults.Fault("error", error="PAYMENT_REQUIRED", shape="E2")),
        ("hang;on=media;times=3;rate=0.5", faults.Fault("hang", on="media", times=3, rate=0.5)),
        ("drip;seconds=0.25", faults.Fault("drip", seconds=0.25)),
        ("dialect;list=array", faults.Fault("dialect", dialect=(("list", "array"),))),
    ],
)
def test_a_fault_is_read(text: str, fault: faults.Fault) -> None:
    """A name, and options after semicolons."""
    assert faults.parse(text) == fault


@pytest.mark.parametrize(
    "text", ["", "418", "429;retry-after=soon", "429;after=1", "E1;status=200", "cut;", "500;rate=2", "500;on=mars"]
)
def test_an_unknown_fault_is_refused(api: httpx.Client, text: str) -> None:
    """400, naming what there is; injecting it raises at once."""
    reply = api.get("/models", headers={"x-sandbox-fault": text})
    assert reply.status_code == 400
    assert "stall" in reply.json()["message"] or "retry-after=0..3600" in reply.json()["message"]
    with pytest.raises(ValueError, match="fault"):
        faults.parse(text)


@given(st.text() | st.builds("{};{}={}".format, st.sampled_from(list(faults.SCOPES)), st.text(), st.text()))
def test_any_text_is_a_fault_or_an_error_of_ours(text: str) -> None:
    """Nothing but `ValueError` is raised, whatever a header holds."""
    with contextlib.suppress(ValueError):
        assert faults.parse(text).name in faults.SCOPES


def test_a_near_miss_is_suggested() -> None:
    """A misspelt fault's error names the one that was meant."""
    with pytest.raises(ValueError, match="did you mean 'stall'"):
        faults.parse("stal")


@pytest.mark.parametrize(
    ("fault", "status", "error_id"),
    [
        ("401", 401, "UNAUTHORIZED"),
        ("402", 402, "INSUFFICIENT_CREDITS"),
        ("429", 429, "RATE_LIMIT_EXCEEDED"),
        ("500", 500, "INTERNAL_ERROR"),
        ("503", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_status_comes_in_the_api_s_own_shape(api: httpx.Client, fault: str, status: int, error_id: str) -> None:
    """Flat and enveloped on predictions, nested on chat; both with the id."""
    headers = {"x-sandbox-fault": fault}
    job, chat = (
        api.post("/predictions", json=JOB, headers=headers),
        api.post("/chat/completions", json=CHAT, headers=headers),
    )
    assert (job.status_code, chat.status_code) == (status, status)
    assert job.json()["error_id"] == chat.json()["error"]["error_id"] == error_id


def test_a_429_says_how_long(api: httpx.Client) -> None:
    """`Retry-After` is the number asked for, and no other status has it."""
    assert api.get("/models", headers={"x-sandbox-fault": "429;retry-after=2"}).headers["retry-after"] == "2"
    assert "retry-after" not in api.get("/models", headers={"x-sandbox-fault": "503"}).headers


def test_a_gateway_s_page_is_html(api: httpx.Client) -> None:
    """502 with a page in place of JSON."""
    reply = api.get("/models", headers={"x-sandbox-fault": "502-html"})
    assert (reply.status_code, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")


def test_a_body_may_be_empty(api: httpx.Client) -> None:
    """500 and not one byte."""
    reply = api.get("/models", headers={"x-sandbox-fault": "empty"})
    assert (reply.status_code, reply.content) == (500, b"")


@pytest.mark.parametrize(
    ("fault", "keys"),
    [
        ("E1", ["status", "response", "error"]),
        ("E2", ["error"]),
        ("E3", ["error_id", "message"]),
        ("E4", ["error"]),
        ("E5", ["status", "response"]),
        ("E9", []),
    ],
)
def test_each_error_shape_can_be_had(api: httpx.Client, fault: str, keys: list[str]) -> None:
    """On any path, 422 or the status asked for."""
    reply = api.get("/models", headers={"x-sandbox-fault": fault})
    assert (reply.status_code, list(reply.json())) == (422, keys)
    assert api.get("/models", headers={"x-sandbox-fault": f"{fault};status=503"}).status_code == 503


@pytest.mark.parametrize("shape", ["merged", "E1", "E2", "E3"])
def test_the_shape_of_all_errors_is_an_option(shape: Any, client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Outside the Inference API; chat keeps its own."""
    with Sandbox(error_shape=shape) as server:
        body = client_of(server).get("/models/nope").json()
        chat = client_of(server).post("/chat/completions", json=CHAT | {"model": "nope"}).json()
    assert ("error_id" in body, "error" in body, "status" in body) == {
        "merged": (True, True, True),
        "E1": (False, True, True),
        "E2": (False, True, False),
        "E3": (True, False, False),
    }[shape]
    assert chat["error"]["status"] == 404


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 422, 429, 451, 500, 502, 503, 504])
@pytest.mark.parametrize("shape", ["E1", "E2", "E3", "E4", "E5", "E8", "E9"])
def test_each_status_can_be_had_in_each_shape(api: httpx.Client, status: int, shape: str) -> None:
    """Fourteen statuses, seven shapes; E8 is a page."""
    reply = api.get("/models", headers={"x-sandbox-fault": f"{status};shape={shape}"})
    kind = "text/html; charset=utf-8" if shape == "E8" else "application/json"
    assert (reply.status_code, reply.headers["content-type"]) == (status, kind)


@pytest.mark.parametrize(("error_id", "status"), refusals.STATUSES.items())
def test_each_error_can_be_had_by_its_id(api: httpx.Client, error_id: str, status: int) -> None:
    """With its own status, in each API's shape."""
    headers = {"x-sandbox-fault": f"error={error_id}"}
    job = api.post("/predictions", json=JOB, headers=headers)
    chat = api.post("/chat/completions", json=CHAT, headers=headers)
    assert (job.status_code, job.json()["error_id"]) == (status, error_id)
    assert (chat.status_code, chat.json()["error"]["error_id"]) == (status, error_id)


def test_an_error_s_id_and_status_may_disagree(api: httpx.Client) -> None:
    """As they do between the platform's sources."""
    reply = api.get("/models", headers={"x-sandbox-fault": "error=ACCOUNT_SUSPENDED;status=401"})
    assert (reply.status_code, reply.json()["error_id"]) == (401, "ACCOUNT_SUSPENDED")
    headers = {"x-sandbox-fault": "400;error=MODEL_NOT_FOUND;shape=E4"}
    error = api.get("/models", headers=headers).json()["error"]
    assert (error["error_id"], error["code"]) == ("MODEL_NOT_FOUND", "model_not_found")


def test_a_503_says_how_long_where_asked(api: httpx.Client) -> None:
    """`Retry-After` goes with any status."""
    assert api.get("/models", headers={"x-sandbox-fault": "503;retry-after=4"}).headers["retry-after"] == "4"


def test_a_job_may_be_made_to_fail(api: httpx.Client) -> None:
    """E6: 200, `failed`, and nothing billed."""
    job = api.post("/predictions", json=JOB | {"await": True}, headers={"x-sandbox-fault": "fail"}).json()
    assert (job["status"], job["metadata"]["billing"]["credits_used"]) == ("failed", 0)


def test_a_job_s_files_may_be_gone_at_once(api: httpx.Client, web: httpx.Client) -> None:
    """It has succeeded, and its addresses lead nowhere."""
    job = api.post("/predictions", json=JOB | {"await": True}, headers={"x-sandbox-fault": "expired"}).json()
    assert (job["status"], job["metadata"]["data_available"]) == ("succeeded", False)
    assert web.get(job["output"][0]).status_code == 404


def test_a_file_may_suffer_too(sandbox: Sandbox, own_api: httpx.Client, web: httpx.Client) -> None:
    """Only where the fault is meant for files."""
    url = own_api.post("/predictions", json=JOB | {"await": True}).json()["output"][0]
    sandbox.inject("503")
    assert web.get(url).status_code == 200
    sandbox.inject("html;on=media")
    assert [own_api.get("/models").status_code, web.get(url).headers["content-type"]] == [
        503,
        "text/html; charset=utf-8",
    ]
    assert web.get(url).headers["content-type"] == "image/png"
    assert web.get(url, headers={"x-sandbox-fault": "nonsense"}).status_code == 400


def test_a_fault_may_wait_for_a_kind_of_call(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """`on=create` lets everything else pass."""
    sandbox.inject("500;on=create")
    replies = [own_api.get("/models"), own_api.post("/predictions", json=JOB), own_api.post("/predictions", json=JOB)]
    assert [reply.status_code for reply in replies] == [200, 500, 200]


@pytest.mark.parametrize("fault", ["cut-before", "500", "502-html", "hang"])
def test_the_work_may_be_done_before_the_trouble(sandbox: Sandbox, own_api: httpx.Client, fault: str) -> None:
    """With `late`, the job exists although its caller was not told; without, there is none."""
    for late, made in (("", 0), (";late=yes", 1)):
        with contextlib.suppress(httpx.TransportError):
            reply = own_api.post("/predictions", json=JOB, headers={"x-sandbox-fault": fault + late}, timeout=0.3)
            assert reply.status_code in {500, 502}
        assert len(sandbox.state.jobs) == made


def test_faults_may_stand_from_the_start(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """As often as they say; without a number, always."""
    with Sandbox(faults=["503;times=2", "429"]) as server:
        assert [client_of(server).get("/models").status_code for _ in range(4)] == [503, 503, 429, 429]


def test_a_rate_is_a_share(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """One request in five goes wrong, the same ones in every run."""
    runs = []
    for _ in range(2):
        with Sandbox(faults=["500;rate=0.2"]) as server:
            client = client_of(server)
            runs.append([client.get("/models/none").status_code for _ in range(200)])
    assert runs[0] == runs[1]
    assert 25 <= runs[0].count(500) <= 55


def test_a_foreground_sandbox_takes_faults_and_dialects(repository: Any, web: httpx.Client) -> None:
    """`--fault` and `--dialect`, each as often as needed."""
    options = [
        "--fault",
        "503;times=1",
        "--fault",
        "429;on=create",
        "--dialect",
        "list=array",
        "--dialect",
        "status=sdk",
    ]
    command = [sys.executable, "-m", "skytells_nb", "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        headers = {"x-api-key": "sk-x"}
        replies = [web.get(f"{url}/predictions", headers=headers) for _ in range(2)]
        created = web.post(f"{url}/predictions", json=JOB, headers=headers)
        process.terminate()
        process.communicate(timeout=20)
    assert [reply.status_code for reply in [*replies, created]] == [503, 200, 429]
    assert replies[1].json() == []


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--fault", "418", "Unknown fault"),
        ("--dialect", "status=latin", "status must be"),
        ("--dialect", "x", "name=word"),
    ],
)
def test_a_wrong_option_of_the_command_is_told(
    capsys: pytest.CaptureFixture[str], option: str, value: str, told: str
) -> None:
    """Before anything listens."""
    with pytest.raises(SystemExit) as ended:
        main(["sandbox", option, value])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_slow_answer_is_slow(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """The first byte takes a second divided by the pace, and then all is well."""
    with Sandbox(pace=5) as server:
        begun = time.monotonic()
        reply = client_of(server).get("/models", headers={"x-sandbox-fault": "slow"})
        took = time.monotonic() - begun
    assert reply.status_code == 200
    assert took >= 0.2


def test_a_queued_job_may_say_status_false(api: httpx.Client) -> None:
    """200, an id to poll, and a boolean where the state should be; the job itself is fine."""
    reply = api.post("/predictions", json=JOB, headers={"x-sandbox-fault": "status-false"})
    body = reply.json()
    assert (reply.status_code, body["status"], body["error"]["message"]) == (200, False, body["response"])
    assert api.get(f"/predictions/{body['id']}").json()["status"] in {"queued", "processing", "succeeded"}


def test_injected_faults_happen_in_turn(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """Each as often as planned, in order, and then no more."""
    sandbox.inject("500", times=2)
    sandbox.inject("429")
    assert [own_api.get("/models").status_code for _ in range(4)] == [500, 500, 429, 200]


def test_an_injected_fault_waits_for_its_kind(sandbox: Sandbox, own_api: httpx.Client) -> None:
    """A cut stream is kept for the next stream; other requests pass."""
    sandbox.inject("cut")
    assert own_api.get("/models").status_code == 200
    assert own_api.post("/chat/completions", json=CHAT).json()["choices"]
    assert "[DONE]" not in own_api.post("/chat/completions", json=CHAT | {"stream": True}).text
    assert "[DONE]" in own_api.post("/chat/completions", json=CHAT | {"stream": True}).text


def test_a_fault_in_a_header_does_nothing_where_it_does_not_apply(api: httpx.Client) -> None:
    """A cut model list is a model list."""
    assert api.get("/models", headers={"x-sandbox-fault": "cut"}).status_code == 200


@pytest.mark.parametrize(("shape", "name"), [("E6", "fail"), ("E7", "status-false")])
def test_the_error_shapes_of_predictions_are_faults_of_theirs(shape: str, name: str) -> None:
    """E6 and E7 are other names, options and all."""
    assert faults.parse(f"{shape};times=3") == faults.parse(f"{name};times=3") == faults.Fault(name, times=3)


def test_every_error_shape_may_stand_from_the_start(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """E1 to E9, once each and in turn: statuses of errors, but 200 for a failed job and for a boolean status."""
    with Sandbox(pace=100, faults=[f"E{number};times=1" for number in range(1, 10)]) as server:
        replies = [client_of(server).post("/predictions", json=JOB | {"await": True}) for _ in range(9)]
    assert [reply.status_code for reply in replies] == [422, 422, 422, 422, 422, 200, 200, 422, 422]
    assert [reply.json()["status"] for reply in replies[5:7]] == ["failed", False]


def test_an_unknown_fault_is_told_that_e6_and_e7_exist() -> None:
    """They are among the known names."""
    with pytest.raises(ValueError, match="E6, E7"):
        faults.parse("E99")


def test_what_is_not_text_is_no_fault(sandbox: Sandbox) -> None:
    """Injecting a number raises at once."""
    with pytest.raises(ValueError, match="not 503"):
        sandbox.inject(503)  # type: ignore[arg-type]
