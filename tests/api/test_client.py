"""The clients against the local Skytells: every verb, both faces, and mistakes that cost nothing."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from skytells_nb import settings
from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.values import Model, Prediction, Reply, Status
from skytells_nb.errors import (
    BrokenStreamError,
    InputError,
    InvalidInputError,
    JobFailedError,
    NoKeyError,
    RateLimitError,
    RefusedError,
    ServiceError,
    SkytellsError,
    UnknownNameError,
)
from skytells_nb.local import Sandbox

KEY = "sk-test-4f9a1c77"
POSTS = {"POST"}


def brief(_: float) -> None:
    """Let a little time pass, whatever was asked, since sandbox jobs here take milliseconds."""
    time.sleep(0.01)


async def brief_async(_: float) -> None:
    """Let a little time pass, on the event loop."""
    await asyncio.sleep(0.01)


@pytest.fixture
def client(sandbox: Sandbox, told: Any) -> Iterator[Client]:
    """Give a client of this test's own sandbox."""
    with Client(api_key=KEY, base_url=sandbox.url, sleep=brief, observers=(told,)) as made:
        yield made


@pytest.fixture
def asynchronously(sandbox: Sandbox, told: Any) -> Callable[[Callable[[AsyncClient], Any]], Any]:
    """Run an async function with an async client of this test's own sandbox."""

    def run(body: Callable[[AsyncClient], Any]) -> Any:
        async def main() -> Any:
            async with AsyncClient(api_key=KEY, base_url=sandbox.url, sleep=brief_async, observers=(told,)) as client:
                return await body(client)

        return asyncio.run(main())

    return run


def billable(sandbox: Sandbox) -> list[str]:
    """List what was posted to the sandbox."""
    return [request.path for request in sandbox.state.requests if request.method == "POST"]


def test_a_question_is_answered(client: Client, told: Any) -> None:
    """Text, tokens, cost and time of one call."""
    reply = client.chat("What is a notebook?", model="gpt-5", tag="lesson")
    assert isinstance(reply, Reply)
    assert (reply.model, reply.finish_reason, reply.complete) == ("gpt-5", "stop", True)
    assert reply.usage is not None
    tokens = (reply.usage.prompt_tokens or 0, reply.usage.completion_tokens or 0)
    assert reply.cost == (Decimal("0.50") * tokens[0] + Decimal("1.25") * tokens[1]) / 1_000_000
    assert reply.seconds is not None
    assert reply.seconds > 0
    assert told.story == [("before", "sent"), ("after", "succeeded")]
    assert (told.last.tag, told.last.http_status, told.last.attempts) == ("lesson", 200, 1)
    assert told.last.request_id.startswith("req_")


def test_a_stream_says_what_the_whole_answer_says(client: Client) -> None:
    """The same question, streamed and not."""
    stream = client.chat_stream("What is a notebook?", model="gpt-5")
    spelled = "".join(delta.text for delta in stream)
    whole = client.chat("What is a notebook?", model="gpt-5")
    assert spelled == stream.reply.text == whole.text
    assert (stream.reply.usage, stream.reply.finish_reason) == (whole.usage, whole.finish_reason)
    assert stream.reply.cost == whole.cost


def test_a_conversation_is_a_list_of_messages(client: Client, sandbox: Sandbox) -> None:
    """With a system text before it."""
    client.chat([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"},
                 {"role": "user", "content": "Bye"}], system="Be brief.")  # fmt: skip
    sent = sandbox.state.requests[-1].json
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "user"]


def test_a_picture_is_made(client: Client, told: Any) -> None:
    """Checked, created, waited for; billed as quoted."""
    job = client.predict("truefusion-pro", {"prompt": "a fox", "num_outputs": 2}, tag="art")
    assert isinstance(job, Prediction)
    assert (job.status, len(job.links), job.cost) == (Status.SUCCEEDED, 2, Decimal("0.08"))
    assert told.story == [("before", "sent"), ("after", "running"), ("after", "succeeded")]
    assert (told.last.quoted, told.last.charge.source, told.last.tag) == (Decimal("0.08"), "billed", "art")
    assert told.last.remote_id == job.id
    assert len({call.id for _, call in told.calls}) == 1


def test_submitting_and_waiting_is_one_call(client: Client, told: Any) -> None:
    """The record of the wait goes on where the submission left off."""
    job = client.submit("truefusion", {"prompt": "a fox"})
    begun = told.last
    done = client.wait(job)
    assert done.status is Status.SUCCEEDED
    assert told.last.id == begun.id
    assert (told.last.attempts, told.last.http_status, told.last.request_id) == (1, 200, begun.request_id)
    assert told.last.seconds > 0


def test_a_wait_takes_an_id_too(client: Client) -> None:
    """What another session submitted can be collected here."""
    job = client.submit("truefusion", {"prompt": "a fox"})
    assert client.wait(job.id).links


def test_progress_is_told_from_the_start_to_the_end(client: Client) -> None:
    """With the seconds that have passed."""
    seen: list[tuple[str, float]] = []
    client.predict(
        "beatfusion-2.0", {"lyrics": "[verse]\nla"}, on_progress=lambda job, at: seen.append((job.status, at))
    )
    assert seen[0] == ("queued", 0.0)
    assert seen[-1][0] == "succeeded"
    assert [at for _, at in seen] == sorted(at for _, at in seen)


def test_a_price_is_quoted_without_a_prediction(client: Client, sandbox: Sandbox) -> None:
    """Looking costs nothing and posts nothing."""
    assert client.quote("truefusion-pro", {"prompt": "a fox", "num_outputs": 3}).amount == Decimal("0.12")
    assert billable(sandbox) == []


def test_the_catalogue_is_read_once(client: Client, sandbox: Sandbox) -> None:
    """It is kept for the client's life, schemas included, unless asked anew."""
    models = client.models()
    assert [model for model in models if isinstance(model, Model)] == list(models)
    assert client.model("truefusion-pro") is next(model for model in models if model.slug == "truefusion-pro")
    client.models()
    assert len(sandbox.state.requests) == 1
    client.models(refresh=True)
    client.model("truefusion-pro", refresh=True)
    assert [request.path for request in sandbox.state.requests[1:]] == ["/v1/models", "/v1/models/truefusion-pro"]


def test_a_running_job_is_canceled(client: Client, sandbox: Sandbox) -> None:
    """By the job or its id; one that has ended stays as it is."""
    job = client.submit("truefusion-video", {"prompt": "a fox"})
    assert client.cancel(job).status is Status.CANCELED
    assert client.cancel(job.id).status is Status.CANCELED
    assert client.prediction(job.id).status is Status.CANCELED


@pytest.mark.parametrize("spelling", ["canceled", "cancelled"])
def test_a_wait_for_a_canceled_job_ends(spelling: Any) -> None:
    """In either spelling: an error with the job, and no endless loop."""
    with (
        Sandbox(pace=20, spelling=spelling) as sandbox,
        Client(api_key=KEY, base_url=sandbox.url, sleep=brief, observers=()) as client,
    ):
        job = client.submit("truefusion-video", {"prompt": "a fox"})
        client.cancel(job)
        with pytest.raises(SkytellsError, match=rf"^Prediction {job.id} was canceled\.") as caught:
            client.wait(job)
    assert caught.value.prediction.status is Status.CANCELED  # type: ignore[attr-defined]


def test_a_job_whose_status_is_false_is_waited_for(client: Client, sandbox: Sandbox) -> None:
    """The API's quirk: status false with an id is a queued job."""
    sandbox.inject("status-false")
    assert client.predict("truefusion", {"prompt": "a fox"}).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("verb", "result"),
    [
        ("models", tuple),
        ("model", Model),
        ("chat", Reply),
        ("submit", Prediction),
        ("predict", Prediction),
    ],
)
def test_the_async_client_does_the_same(
    verb: str, result: type, asynchronously: Callable[..., Any], sandbox: Sandbox, told: Any
) -> None:
    """The same verbs, awaited: the same requests, and the same told."""
    arguments: dict[str, tuple[Any, ...]] = {
        "models": (),
        "model": ("truefusion",),
        "chat": ("Hi",),
        "submit": ("truefusion", {"prompt": "a fox"}),
        "predict": ("truefusion", {"prompt": "a fox"}),
    }
    got = asynchronously(lambda client: getattr(client, verb)(*arguments[verb]))
    assert isinstance(got, result)
    asked, story = [request.path for request in sandbox.state.requests], told.story[:]
    with Client(api_key=KEY, base_url=sandbox.url, sleep=brief, observers=(told,)) as client:
        told.calls.clear()
        getattr(client, verb)(*arguments[verb])
    again = [request.path for request in sandbox.state.requests][len(asked) :]
    assert list(dict.fromkeys(path.rpartition("/")[0] for path in again)) == list(
        dict.fromkeys(path.rpartition("/")[0] for path in asked)
    )
    assert told.story == story


def test_the_async_client_streams_waits_and_cancels(asynchronously: Callable[..., Any]) -> None:
    """The verbs that take several steps."""

    async def body(client: AsyncClient) -> tuple[str, str, Status, Status]:
        stream = client.chat_stream("Hi", model="gpt-5")
        spelled = "".join([delta.text async for delta in stream])
        job = await client.submit("truefusion", {"prompt": "a fox"})
        film = await client.submit("truefusion-video", {"prompt": "a fox"})
        stopped = await client.cancel(film)
        return spelled, stream.reply.text, (await client.wait(job)).status, stopped.status

    spelled, text, waited, stopped = asynchronously(body)
    assert spelled == text != ""
    assert (waited, stopped) == (Status.SUCCEEDED, Status.CANCELED)


def test_both_clients_have_the_same_verbs_with_the_same_signatures() -> None:
    """Whoever knows one knows the other."""
    closing = {"close", "aclose"}
    verbs = {name for name in dir(Client) if not name.startswith("_")} - closing
    assert verbs == {name for name in dir(AsyncClient) if not name.startswith("_")} - closing
    for verb in verbs - {"base_url"}:
        one, other = (inspect.signature(getattr(kind, verb)).parameters.values() for kind in (Client, AsyncClient))
        assert [(p.name, p.kind, p.default) for p in one] == [(p.name, p.kind, p.default) for p in other], verb
        assert getattr(Client, verb).__doc__, verb


def test_options_are_keyword_only() -> None:
    """No verb takes more than what it is about by position."""
    for verb in ("chat", "chat_stream", "submit", "predict", "wait", "quote", "models", "model", "cancel"):
        kinds = [p.kind for p in inspect.signature(getattr(Client, verb)).parameters.values() if p.name != "self"]
        positional = [kind for kind in kinds if kind is not inspect.Parameter.KEYWORD_ONLY]
        assert len(positional) <= 3, verb


MISTAKES: list[tuple[str, Callable[[Client], Any], type[SkytellsError], str]] = [
    (
        "unknown model",
        lambda c: c.predict("truefuson-pro", {"prompt": "x"}),
        UnknownNameError,
        "There is no model 'truefuson-pro'. Did you mean 'truefusion-pro'?",
    ),
    (
        "unknown input",
        lambda c: c.predict("truefusion-pro", {"prompt": "x", "sede": 1}),
        InvalidInputError,
        "truefusion-pro: sede is not an input (did you mean seed?).",
    ),
    (
        "wrong type",
        lambda c: c.predict("truefusion-pro", {"prompt": "x", "num_outputs": "two"}),
        InvalidInputError,
        "truefusion-pro: num_outputs must be a whole number (got 'two').",
    ),
    (
        "out of bounds",
        lambda c: c.submit("truefusion-pro", {"prompt": "x", "num_outputs": 9}),
        InvalidInputError,
        "truefusion-pro: num_outputs must be at most 4 (got 9).",
    ),
    (
        "not a choice",
        lambda c: c.submit("truefusion-pro", {"prompt": "x", "aspect_ratio": "16:10"}),
        InvalidInputError,
        "truefusion-pro: aspect_ratio must be one of 1:1, 16:9, 9:16, 4:3, 3:4 (got '16:10'; did you mean 16:9?).",
    ),
    (
        "missing input",
        lambda c: c.quote("truefusion-pro", {}),
        InvalidInputError,
        "truefusion-pro: prompt is missing.",
    ),
    (
        "text model",
        lambda c: c.predict("gpt-5", {"prompt": "x"}),
        InputError,
        "gpt-5 is a text model: it runs no predictions. Use chat, or %%skytells_chat.",
    ),
    (
        "vector model",
        lambda c: c.submit("skytells-embed-3-small", {"prompt": "x"}),
        InputError,
        "skytells-embed-3-small is a vector model: it runs no predictions. Use embed, or %%skytells_embed.",
    ),
    (
        "no JSON",
        lambda c: c.predict("truefusion-pro", {"prompt": "x", "guidance": float("nan")}),
        InvalidInputError,
        "truefusion-pro: guidance must be a finite number (got nan). Nothing was sent;",
    ),
    (
        "a parameter that is no JSON",
        lambda c: c.chat("Hi", temperature=float("nan")),
        InputError,
        "An input cannot be written as JSON: Out of range float values are not JSON compliant",
    ),
    ("empty prompt", lambda c: c.chat("  "), InputError, "The prompt is empty. Write a question; nothing was sent."),
    (
        "stream as a parameter",
        lambda c: c.chat("Hi", stream=True),
        InputError,
        "`stream` is not a parameter of chat. Use chat_stream(...) to read the answer as it comes.",
    ),
    ("no name", lambda c: c.model(""), InputError, "'' is not a name. Give the model's or prediction's name."),
]


@pytest.mark.parametrize(("act", "kind", "line"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_one_clear_line_and_posts_nothing(
    act: Callable[[Client], Any],
    kind: type[SkytellsError],
    line: str,
    client: Client,
    sandbox: Sandbox,
    told: Any,
) -> None:
    """It names the thing and the nearest valid one; nothing billable leaves, and nothing is recorded as sent."""
    with pytest.raises(kind) as caught:
        act(client)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
    assert billable(sandbox) == []
    assert told.calls == []


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_chat_model_is_named_with_the_nearest(
    stream: bool, client: Client, sandbox: Sandbox, told: Any
) -> None:
    """Only the service knows its text models: it refuses, nothing is billed, and the nearest is named."""
    with pytest.raises(UnknownNameError) as caught:
        list(client.chat_stream("Hi", model="gtp-5")) if stream else client.chat("Hi", model="gtp-5")
    error = caught.value
    assert str(error).startswith("There is no model 'gtp-5'. Did you mean 'gpt-5'? [MODEL_NOT_FOUND, HTTP 404, req_")
    assert (error.name, error.suggestion, error.status) == ("gtp-5", "gpt-5", 404)
    assert (told.last.status, told.last.charge.amount, told.last.error_id) == ("refused", 0, "MODEL_NOT_FOUND")


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("502-html", ServiceError, "answered 502 with text/html"),
        ("500", ServiceError, "in trouble"),
        ("empty", ServiceError, "answered 500 without a reason"),
        ("402", SkytellsError, "no credits"),
        ("E1;status=422", RefusedError, "refused"),
        ("E2;status=403", SkytellsError, "did not accept the key"),
        ("E3;status=402", SkytellsError, "no credits"),
        ("E5;status=400", RefusedError, "refused"),
        ("E9;status=404", RefusedError, "without a reason"),
    ],
)
def test_the_sandbox_s_faults_are_one_error_each(
    fault: str, kind: type[SkytellsError], said: str, client: Client, sandbox: Sandbox, told: Any
) -> None:
    """Each shape of error over a real socket; the POST is not repeated and the call is told as ended."""
    sandbox.inject(fault)
    with pytest.raises(kind, match=said):
        client.chat("Hi")
    assert billable(sandbox) == ["/v1/chat/completions"]
    assert [when for when, _ in told.calls] == ["before", "after"]


def test_a_rate_limit_is_waited_out(client: Client, sandbox: Sandbox, told: Any) -> None:
    """One refusal with Retry-After, then the answer."""
    sandbox.inject("429;retry-after=2")
    assert client.chat("Hi").complete
    assert (told.last.attempts, told.last.waited) == (2, 2.0)


@pytest.mark.parametrize("fault", ["cut", "malformed", "error-midstream"])
def test_a_broken_stream_keeps_what_came(fault: str, client: Client, sandbox: Sandbox, told: Any) -> None:
    """The partial text is on the error and on the stream."""
    sandbox.inject(fault)
    stream = client.chat_stream("Tell me everything about notebooks.")
    came: list[str] = []
    with pytest.raises(BrokenStreamError) as caught:
        came.extend(delta.text for delta in stream)
    assert caught.value.reply is stream.reply
    assert (stream.reply.complete, told.last.status) == (False, "failed")
    assert stream.reply.text == caught.value.reply.text


@pytest.mark.parametrize("fault", ["array-content", "no-usage"])
def test_an_odd_stream_is_read_whole(fault: str, client: Client, sandbox: Sandbox) -> None:
    """Arrays of parts, no usage: the same words."""
    sandbox.inject(fault)
    stream = client.chat_stream("Hi", model="gpt-5")
    assert "".join(delta.text for delta in stream) == client.chat("Hi", model="gpt-5").text
    assert stream.reply.complete


def test_an_observer_may_refuse_a_call(sandbox: Sandbox) -> None:
    """Raising in `before` stops the request; the others still hear of the end."""

    class Refuses:
        def before(self, call: Any) -> None:
            raise RateLimitError("The budget is used up.")

        def after(self, call: Any) -> None:
            ended.append(call.status)

    ended: list[str] = []
    with (
        Client(api_key=KEY, base_url=sandbox.url, observers=(Refuses(),)) as client,
        pytest.raises(RateLimitError, match="The budget is used up"),
    ):
        client.chat("Hi")
    assert billable(sandbox) == []
    assert ended == ["refused"]


def test_an_observer_that_fails_afterwards_loses_nothing(sandbox: Sandbox) -> None:
    """The answer was paid for: it is returned, with a warning."""

    class Fails:
        def before(self, call: Any) -> None:
            pass

        def after(self, call: Any) -> None:
            raise OSError("disk full")

    with (
        Client(api_key=KEY, base_url=sandbox.url, observers=(Fails(),)) as client,
        pytest.warns(RuntimeWarning, match=r"An observer failed after call \w+: OSError\('disk full'\)"),
    ):
        assert client.chat("Hi").complete


def test_a_client_without_a_key_says_where_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Before anything else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    before = settings._override
    settings.use(None)
    try:
        with pytest.raises(NoKeyError, match=r"%skytells_login.*%skytells_sandbox"):
            Client()
    finally:
        settings.use(before)


def test_many_threads_may_use_one_client(client: Client, told: Any) -> None:
    """Twenty questions at once, each with its own answer and record."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda n: client.chat(f"Question {n}", model="gpt-5"), range(20)))
    assert len({reply.id for reply in replies}) == 20
    assert len({call.id for _, call in told.calls}) == 20


def test_a_failed_job_is_an_error_with_its_reason_and_its_job(scripted: Callable[..., Any]) -> None:
    """The prediction is on the error; the record says failed, at an unknown cost."""
    model = httpx.Response(200, json={"namespace": "m", "type": "image", "pricing": {"amount": 1, "unit": "image"}})
    failed = {"id": "p", "status": "failed", "error": "NSFW \x1b[31mcontent", "error_id": "X", "model": {"name": "m"}}
    used = scripted(model, httpx.Response(200, json={"id": "p", "status": "queued"}), httpx.Response(200, json=failed))
    with pytest.raises(JobFailedError) as caught:
        used.client.predict("m", {})
    assert str(caught.value) == "m failed on prediction p: NSFW content. Change the inputs. [X]"
    assert (caught.value.prediction.status, caught.value.body) == (Status.FAILED, failed)
    assert (used.told.last.status, used.told.last.charge.amount) == ("failed", None)


def test_a_success_without_an_id_is_an_error(scripted: Callable[..., Any]) -> None:
    """The job may run, and cannot be found."""
    used = scripted(httpx.Response(200, json={"namespace": "m", "type": "image"}), httpx.Response(200, json={}))
    with pytest.raises(ServiceError, match="named no id") as caught:
        used.client.submit("m", {})
    assert caught.value.may_have_run


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'"text"', b'{"choices": null}'])
def test_an_answer_without_choices_is_an_error(body: bytes, scripted: Callable[..., Any]) -> None:
    """A success that says nothing is no empty answer."""
    used = scripted(httpx.Response(200, content=body))
    with pytest.raises(ServiceError, match="The answer holds no choices"):
        used.client.chat("Hi")
    assert used.told.last.status == "failed"


def test_an_error_member_that_is_null_is_no_error(scripted: Callable[..., Any]) -> None:
    """Some servers write `error: null` on every chunk."""
    pieces = [b'{"error":null,"choices":[]}', b'{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}']
    used = scripted(httpx.Response(200, content=b"".join(b"data: " + piece + b"\n\n" for piece in pieces)))
    assert "".join(delta.text for delta in used.client.chat_stream("Hi")) == "Hi"


def test_an_older_server_s_path_for_a_model_is_tried(scripted: Callable[..., Any]) -> None:
    """`/model/{slug}` where `/models/{slug}` is no endpoint."""
    none = httpx.Response(404, json={"error_id": "ENDPOINT_NOT_FOUND"})
    used = scripted(none, httpx.Response(200, json={"namespace": "m"}))
    assert used.client.model("m").slug == "m"
    assert [request.url.path for request in used.sent] == ["/v1/models/m", "/v1/model/m"]
