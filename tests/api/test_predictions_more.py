"""Predictions in every form that a service may answer in: created, looked at, canceled, deleted; links and webhooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.values import Link, Prediction, Status
from skytells_nb.errors import (
    InputError,
    JobCanceledError,
    JobFailedError,
    KeyRejectedError,
    OutOfCreditsError,
    RefusedError,
    ServiceError,
    SkytellsError,
)
from tests.canned import Asked, Said, Service, serving

SLUG = "truefusion"
MODEL = {
    "namespace": SLUG,
    "type": "image",
    "pricing": {"amount": 0.03, "currency": "USD", "unit": "image"},
    "input_schema": {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}},
}
FOX = {"prompt": "a fox"}
PICTURE = "https://delivery.skytells.cloud/us/2026/11/22/fox.png"


def job(status: object = "succeeded", **more: Any) -> dict[str, Any]:
    """Write a prediction."""
    done = {"output": [PICTURE]} if status == "succeeded" else {}
    return {"id": "job-1", "status": status, "model": {"name": SLUG, "type": "image"}, **done, **more}


def answering(*answers: Any) -> Callable[[Asked], Any]:
    """Answer what is about the catalogue, and all else by these in order."""
    left = list(answers)

    def answer(asked: Asked) -> Any:
        if asked.path.startswith("/models"):
            return MODEL
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def told(service: Service) -> list[str]:
    """List what was asked but for the catalogue."""
    return [line for line in service.lines if not line.startswith("GET /models")]


def posted(service: Service) -> Any:
    """Give the body of the one prediction that was created."""
    [body] = [each.body for each in service.asked if each.method == "POST" and each.path == "/predictions"]
    return body


# -- created ---------------------------------------------------------------------------------------------------------


def test_the_service_may_be_asked_to_wait() -> None:
    """A job that has ended in its first answer is not looked at again."""
    with serving(answering(job())) as service, service.client() as client:
        run = client.predict(SLUG, FOX, server_wait=True)
    assert posted(service) == {"model": SLUG, "input": FOX, "await": True}
    assert told(service) == ["POST /predictions"]
    assert (run.status, run.links, service.naps) == (Status.SUCCEEDED, (PICTURE,), [])
    assert [call.status for call in service.told.ended] == ["succeeded"]


def test_a_job_that_was_not_waited_for_is_looked_at() -> None:
    """Films are answered at once, whatever is asked."""
    with serving(answering(job("queued"), job("processing"), job())) as service, service.client() as client:
        run = client.predict(SLUG, FOX, server_wait=True)
    assert told(service) == ["POST /predictions", "GET /predictions/job-1", "GET /predictions/job-1"]
    assert (run.status, len(service.naps)) == (Status.SUCCEEDED, 2)
    assert [call.status for call in service.told.ended] == ["running", "succeeded"]


def test_the_service_is_not_asked_to_wait_otherwise() -> None:
    """A job may be done all the same."""
    with serving(answering(job())) as service, service.client() as client:
        assert client.predict(SLUG, FOX).status is Status.SUCCEEDED
    assert posted(service) == {"model": SLUG, "input": FOX}
    assert told(service) == ["POST /predictions"]


@pytest.mark.parametrize("form", [{}, {"error": {"message": "Still working"}}, {"response": "Queued", "error": None}])
def test_a_job_with_a_false_status_is_queued(form: dict[str, Any]) -> None:
    """Success was not told, nor was failure: it has an id, so it is waited for."""
    with serving(answering(job(False, **form), job())) as service, service.client() as client:
        run = client.predict(SLUG, FOX)
    assert (run.status, run.error) == (Status.SUCCEEDED, None)
    assert told(service) == ["POST /predictions", "GET /predictions/job-1"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": False, "response": "No such thing"},
        {"status": False, "response": "?", "error": {"message": "No such thing", "error_id": "INVALID_INPUT"}},
        {"error_id": "INVALID_INPUT", "message": "No such thing"},
        {"error": {"message": "No such thing"}},
    ],
)
def test_an_error_under_200_is_a_refusal(body: dict[str, Any]) -> None:
    """Without an id nothing was created, and nothing is waited for."""
    with (
        serving(answering(body)) as service,
        service.client() as client,
        pytest.raises(RefusedError, match="No such thing"),
    ):
        client.submit(SLUG, FOX)
    assert [call.status for call in service.told.ended] == ["refused"]


def test_an_error_under_200_is_of_the_kind_that_it_names() -> None:
    """Its own word counts, not the 200."""
    body = {"status": False, "error": {"message": "Top up", "error_id": "INSUFFICIENT_CREDITS", "http_status": 402}}
    with serving(answering(body)) as service, service.client() as client, pytest.raises(OutOfCreditsError) as caught:
        client.submit(SLUG, FOX)
    assert (caught.value.status, caught.value.error_id) == (402, "INSUFFICIENT_CREDITS")


@pytest.mark.parametrize(
    "body",
    [
        job("failed", error="Out of memory"),
        job("failed", error={"message": "Out of memory"}),
        job("failed", error=None, response="Out of memory"),
        job("failed", error=None, error_message="Out of memory", error_id="PREDICTION_FAILED"),
    ],
)
def test_a_failed_job_says_why(body: dict[str, Any]) -> None:
    """Wherever the reason stands; the error carries the job."""
    with (
        serving(answering(body)) as service,
        service.client() as client,
        pytest.raises(JobFailedError, match=r"^truefusion failed on prediction job-1: Out of memory\.") as caught,
    ):
        client.predict(SLUG, FOX)
    assert (caught.value.prediction.id, caught.value.prediction.error) == ("job-1", "Out of memory")
    assert caught.value.error_id == body.get("error_id")
    assert [call.status for call in service.told.ended] == ["failed"]


E4 = {"message": "No", "type": "x", "code": "y", "error_id": "INVALID_PARAMETER", "status": 400, "request_id": "req_1"}
SHAPES: list[tuple[str, int, Any, type[SkytellsError], str, str | None]] = [
    (
        "E1",
        422,
        {
            "status": False,
            "response": "r",
            "error": {"http_status": 422, "message": "No", "error_id": "VALIDATION_ERROR"},
        },
        RefusedError,
        "No",
        "VALIDATION_ERROR",
    ),
    (
        "E2",
        401,
        {"error": {"http_status": 401, "message": "No", "error_id": "UNAUTHORIZED"}},
        KeyRejectedError,
        "No",
        "UNAUTHORIZED",
    ),
    ("E3", 402, {"error_id": "insufficient_credits", "message": "No"}, OutOfCreditsError, "No", "INSUFFICIENT_CREDITS"),
    ("E4", 400, {"error": E4}, RefusedError, "No", "INVALID_PARAMETER"),
    ("E5", 400, {"status": False, "response": "No"}, RefusedError, "No", None),
    (
        "E8",
        502,
        b"<html>Bad gateway</html>",
        ServiceError,
        "answered 502 with application/json|JSON that is broken",
        None,
    ),
    ("E9", 400, {}, RefusedError, "the service answered 400 without a reason", None),
    ("E9", 500, b"", ServiceError, "the service answered 500 without a reason", None),
]


@pytest.mark.parametrize("verb", ["submit", "chat", "respond", "embed"])
@pytest.mark.parametrize(("shape", "status", "body", "kind", "message", "word"), SHAPES)
def test_each_shape_of_an_error_is_one_error(
    verb: str, shape: str, status: int, body: Any, kind: type[SkytellsError], message: str, word: str | None
) -> None:
    """From every verb that is paid for; it is told once, and nothing is sent again."""
    arguments = (SLUG, FOX) if verb == "submit" else ("Hi",)
    options = {"model": "m"} if verb == "embed" else {}
    with (
        serving(answering(Said(body, status))) as service,
        service.client() as client,
        pytest.raises(kind, match=message) as caught,
    ):
        getattr(client, verb)(*arguments, **options)
    assert (type(caught.value), caught.value.status, caught.value.error_id) == (kind, status, word)
    assert len([line for line in service.lines if line.startswith("POST")]) == 1
    [call] = service.told.ended
    assert call.status == ("failed" if status >= 500 else "refused")


@pytest.mark.parametrize("word", ["canceled", "cancelled", "Cancelled"])
def test_a_job_that_somebody_stopped_is_an_error(word: str) -> None:
    """In either spelling."""
    with (
        serving(answering(job("starting"), job(word))) as service,
        service.client() as client,
        pytest.raises(JobCanceledError),
    ):
        client.predict(SLUG, FOX)
    assert [call.status for call in service.told.ended] == ["running", "canceled"]


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_success_creates_a_job(status: int) -> None:
    """The pages name several."""
    with serving(answering(Said(job("queued"), status))) as service, service.client() as client:
        submitted = client.submit(SLUG, FOX)
    assert (submitted.id, submitted.status, submitted.model) == ("job-1", Status.QUEUED, SLUG)


@pytest.mark.parametrize(
    ("output", "files", "text"),
    [
        (None, (), ""),
        (PICTURE, (PICTURE,), ""),
        ([PICTURE, PICTURE + "2"], (PICTURE, PICTURE + "2"), ""),
        ("Once upon a time", (), "Once upon a time"),
        (["Once ", "upon"], (), "Once upon"),
        ([{"url": PICTURE}], (PICTURE,), ""),
        ({"image": PICTURE, "mask": PICTURE + "2"}, (PICTURE, PICTURE + "2"), ""),
        ([[PICTURE]], (PICTURE,), ""),
    ],
)
def test_an_output_is_files_or_text(output: Any, files: tuple[str, ...], text: str) -> None:
    """In whatever form it comes; `raw` has it as it came."""
    with serving(answering(job(output=output))) as service, service.client() as client:
        run = client.predict(SLUG, FOX)
    assert (run.links, run.text, run.raw["output"]) == (files, text, output)


def test_an_output_that_is_an_object_counts_once() -> None:
    """Its kind and name are no outputs of their own: what is counted is priced."""
    made = {"url": PICTURE, "type": "image/png", "name": "fox.png", "size": 12}
    with serving(answering(job(output=[made]))) as service, service.client() as client:
        run = client.predict(SLUG, FOX)
    assert (run.output, run.text, run.cost) == ((PICTURE,), "", Decimal("0.03"))


# -- webhooks --------------------------------------------------------------------------------------------------------

ENDINGS = ["completed", "failed", "canceled"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("https://example.org/hook", {"url": "https://example.org/hook", "events": ENDINGS}),
        ("http://127.0.0.1:9/hook", {"url": "http://127.0.0.1:9/hook", "events": ENDINGS}),
        ({"url": "https://example.org"}, {"url": "https://example.org", "events": ENDINGS}),
        (
            {"url": "https://example.org", "events": ("prediction.succeeded",), "secret": 1},
            {"url": "https://example.org", "events": ["prediction.succeeded"], "secret": 1},
        ),
    ],
)
@pytest.mark.parametrize("verb", ["submit", "predict"])
def test_a_webhook_is_sent_as_an_object(verb: str, given: Any, sent: dict[str, Any]) -> None:
    """An address alone is told of every end."""
    with serving(answering(job())) as service, service.client() as client:
        getattr(client, verb)(SLUG, FOX, webhook=given)
    assert posted(service)["webhook"] == sent


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("http://example.org/hook", "is not https"),
        ("ftp://example.org/hook", "is not https"),
        ("example.org/hook", "is not https"),
        ("https://ada:secret@example.org", "is not https"),
        ("", "is not https"),
        ({}, "has no address"),
        ({"url": 3}, "has no address"),
        (3, "has no address"),
        (["https://example.org"], "has no address"),
        ({"url": "https://example.org", "events": "completed"}, "events are no list of names"),
        ({"url": "https://example.org", "events": []}, "events are no list of names"),
        ({"url": "https://example.org", "events": [""]}, "events are no list of names"),
        ({"url": "https://example.org", "events": [3]}, "events are no list of names"),
    ],
)
def test_a_webhook_that_is_none_sends_nothing(given: Any, message: str) -> None:
    """It says what is wrong before the job is created."""
    with serving(answering(job())) as service, service.client() as client, pytest.raises(InputError, match=message):
        client.submit(SLUG, FOX, webhook=given)
    assert told(service) == []


# -- canceled --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([job("canceled")], ["POST /predictions/job-1/cancel"]),
        ([job("cancelled")], ["POST /predictions/job-1/cancel"]),
        ([{"success": True}, job("canceled")], ["POST /predictions/job-1/cancel", "GET /predictions/job-1"]),
        ([Said(b"", 204), job("canceled")], ["POST /predictions/job-1/cancel", "GET /predictions/job-1"]),
        ([Said(b""), job("canceled")], ["POST /predictions/job-1/cancel", "GET /predictions/job-1"]),
    ],
)
def test_a_cancellation_is_answered_in_many_ways(answers: list[Any], asked: list[str]) -> None:
    """Where the answer does not show the job, it is looked at."""
    with serving(answering(job("queued"), *answers)) as service, service.client() as client:
        stopped = client.cancel(client.submit(SLUG, FOX))
    assert (stopped.id, stopped.status) == ("job-1", Status.CANCELED)
    assert told(service)[1:] == asked
    assert [call.status for call in service.told.ended] == ["running", "canceled"]


def test_a_job_is_canceled_by_its_id() -> None:
    """Of another day: it is looked at first, so that its record names its model."""
    with serving(answering(job("processing"), job("canceled"))) as service, service.client() as client:
        assert client.cancel("job-1").status is Status.CANCELED
    assert told(service) == ["GET /predictions/job-1", "POST /predictions/job-1/cancel"]
    assert [(call.model, call.remote_id) for call in service.told.ended] == [(SLUG, "job-1")]


@pytest.mark.parametrize("verb", ["wait", "cancel", "delete"])
def test_the_record_of_a_job_that_has_ended_is_left_alone(verb: str) -> None:
    """Whatever is done with it later: its seconds are those that it took."""
    with serving(answering(job(), job())) as service, service.client() as client:
        run = client.predict(SLUG, FOX)
        found = getattr(client, verb)(run)
    assert service.told.ended == [run.call]
    assert found == (None if verb == "delete" else run)
    assert told(service)[1:] == (["DELETE /predictions/job-1"] if verb == "delete" else [])


def test_a_job_that_ended_unseen_is_on_record_when_it_is_deleted() -> None:
    """The answer to the deletion is the last that is heard of it."""
    with serving(answering(job("queued"), job())) as service, service.client() as client:
        client.delete(client.submit(SLUG, FOX))
    assert [call.status for call in service.told.ended] == ["running", "succeeded"]


# -- deleted ---------------------------------------------------------------------------------------------------------

GONE = {
    "status": False,
    "response": "?",
    "error": {"http_status": 404, "message": "?", "error_id": "ENDPOINT_NOT_FOUND"},
}


@pytest.mark.parametrize(
    "answer", [Said(b"", 204), Said(b""), {"success": True}, {"status": True}, job(), job("canceled")]
)
def test_a_deletion_is_answered_in_many_ways(answer: Any) -> None:
    """Nothing, a word, or the prediction."""
    with serving(answer) as service, service.client() as client:
        assert client.delete("job-1") is None  # type: ignore[func-returns-value]
    assert service.lines == ["DELETE /predictions/job-1"]


@pytest.mark.parametrize(
    "refusal",
    [Said(GONE, 404), Said({}, 404), Said(b"", 404), Said({"message": "Method not allowed"}, 405)],
)
def test_an_older_service_s_path_is_tried(refusal: Said) -> None:
    """Where the documented one does not exist."""
    with serving(refusal, Said(b"", 204)) as service, service.client() as client:
        client.delete("job-1")
    assert service.lines == ["DELETE /predictions/job-1", "DELETE /predictions/job-1/delete"]


def test_a_job_that_does_not_exist_is_told_at_once() -> None:
    """The service says what it is that it did not find."""
    missing = {"error": {"message": "No such prediction", "error_id": "PREDICTION_NOT_FOUND", "http_status": 404}}
    with (
        serving(Said(missing, 404)) as service,
        service.client() as client,
        pytest.raises(RefusedError, match="No such prediction"),
    ):
        client.delete("job-1")
    assert len(service.asked) == 1


def test_a_deletion_goes_by_the_link_that_the_service_named() -> None:
    """Where that stays at the service's own address and names the job."""

    def answer(asked: Asked) -> Any:
        if asked.method == "DELETE":
            return {"success": True}
        return job("queued", urls={"delete": f"{service.url}/predictions/job-1/delete"})

    with (
        serving(lambda asked: MODEL if asked.path.startswith("/models") else answer(asked)) as service,
        service.client() as client,
    ):
        client.delete(client.submit(SLUG, FOX))
    assert told(service)[1:] == ["DELETE /predictions/job-1/delete"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1/predictions/job-1",
        "{url}/predictions/job-2/delete",
        "{url}/predictions/job-1/../job-2",
        "{url}/predictions/job-1?x=1",
        "{url}/../predictions/job-1",
        "http://127.0.0.1:9/v1/predictions/job-1",
        "predictions/job-1/delete",
        3,
        None,
    ],
)
@pytest.mark.parametrize("action", ["get", "cancel", "delete"])
def test_a_link_that_leads_elsewhere_is_not_followed(link: Any, action: str) -> None:
    """The key would go there; the documented path is used."""

    def answer(asked: Asked) -> Any:
        named = link.replace("{url}", service.url) if isinstance(link, str) else link
        return MODEL if asked.path.startswith("/models") else job("canceled", urls={action: named})

    verb = {"get": "wait", "cancel": "cancel", "delete": "delete"}[action]
    with serving(answer) as service, service.client() as client:
        submitted = Prediction.from_json(job("queued", urls=client.submit(SLUG, FOX).raw["urls"]))
        try:
            getattr(client, verb)(submitted)
        except JobCanceledError:
            assert verb == "wait"
    path = {"get": "GET /predictions/job-1", "cancel": "POST /predictions/job-1/cancel"}
    assert told(service)[1:] == [path.get(action, "DELETE /predictions/job-1")]


# -- both clients ----------------------------------------------------------------------------------------------------

VERBS = sorted(name for name in dir(Client) if not name.startswith("_") and name not in ("base_url", "close"))


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_twin(verb: str) -> None:
    """With the same arguments, defaults and help."""
    one, other = (inspect.signature(getattr(kind, verb)) for kind in (Client, AsyncClient))
    assert list(one.parameters.values()) == list(other.parameters.values())
    assert getattr(Client, verb).__doc__ == getattr(AsyncClient, verb).__doc__


def test_the_verbs_are_these() -> None:
    """What both APIs offer, and nothing else by accident."""
    assert VERBS == [
        "cancel",
        "chat",
        "chat_stream",
        "delete",
        "embed",
        "model",
        "models",
        "predict",
        "prediction",
        "predictions",
        "quote",
        "respond",
        "respond_stream",
        "submit",
        "wait",
    ]


def test_the_async_client_asks_for_the_same() -> None:
    """Created with a webhook and the service's patience, waited for, canceled, deleted, looked up, quoted."""
    answers = [
        job("queued"),
        job(),
        job("queued"),
        {"success": True},
        job("canceled"),
        Said(b"", 404),
        Said(b"", 204),
        job(),
    ]
    hook = {"url": "https://example.org", "events": ["completed"]}
    with serving(answering(*answers)) as service, service.client() as client:
        expected = [
            client.predict(SLUG, FOX, webhook=hook, server_wait=True),
            client.cancel(client.submit(SLUG, FOX)),
            client.delete("job-1"),  # type: ignore[func-returns-value]
            client.prediction("job-1"),
            client.quote(SLUG, FOX),
        ]
    with serving(answering(*answers)) as other:

        async def body(twin: AsyncClient) -> list[Any]:
            return [
                await twin.predict(SLUG, FOX, webhook=hook, server_wait=True),
                await twin.cancel(await twin.submit(SLUG, FOX)),
                await twin.delete("job-1"),
                await twin.prediction("job-1"),
                await twin.quote(SLUG, FOX),
            ]

        assert other.asynchronously(body) == expected
    assert (other.lines, other.bodies) == (service.lines, service.bodies)
    assert [call.status for call in other.told.ended] == [call.status for call in service.told.ended]


@pytest.mark.parametrize("body", [{}, [], "text", {"id": ""}, {"id": None, "status": "queued"}])
def test_a_look_that_shows_no_job_is_an_error(body: Any) -> None:
    """It is not a job that runs."""
    with (
        serving(body) as service,
        service.client() as client,
        pytest.raises(ServiceError, match="asked for prediction 'job-1' and described none"),
    ):
        client.prediction("job-1")


def test_files_are_text() -> None:
    """What takes a link takes them as they are."""
    [file] = Prediction.from_json(job()).links
    assert isinstance(file, str)
    assert (file, f"{file}", file.url, file.kind) == (PICTURE, PICTURE, PICTURE, "image")
    assert type(file) is Link
