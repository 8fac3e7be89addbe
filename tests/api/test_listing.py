"""The account's predictions, page after page: each one once, asked for only when needed, in both forms of the list."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api import requests
from skytells_nb.api.client import AsyncClient
from skytells_nb.api.jobs import listing
from skytells_nb.api.retry import RetryPolicy
from skytells_nb.api.steps import Emit, Send
from skytells_nb.api.values import Page, Prediction, Status
from skytells_nb.api.wire import Answer
from skytells_nb.errors import InputError, ServiceError, UnknownNameError
from tests.canned import Asked, Said, Service, serving

JOBS = [{"id": f"job-{number}", "status": "succeeded", "model": {"name": "truefusion"}} for number in range(7)]


def paged(rows: list[Any]) -> Callable[[Asked], dict[str, Any]]:
    """Answer pages in an envelope that tells how many there are."""

    def answer(asked: Asked) -> dict[str, Any]:
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        last = -(-len(rows) // size)
        some = rows[(page - 1) * size : page * size]
        return {
            "data": some,
            "pagination": {"current_page": page, "per_page": size, "total": len(rows), "last_page": last},
        }

    return answer


def bare(rows: list[Any]) -> Callable[[Asked], Any]:
    """Answer pages as arrays alone."""
    return lambda asked: paged(rows)(asked)["data"]


def listed(service: Service, **filters: Any) -> list[str]:
    """Give the ids of what a list of pages of three holds."""
    with service.client() as client:
        return [job.id for job in client.predictions(per_page=3, **filters)]


ALL = [job["id"] for job in JOBS]


def test_an_envelope_is_read_to_its_last_page() -> None:
    """And no further."""
    with serving(paged(JOBS)) as service:
        assert listed(service) == ALL
    assert [(each.path, each.query) for each in service.asked] == [
        ("/predictions", {"page": str(page), "per_page": "3"}) for page in (1, 2, 3)
    ]


@pytest.mark.parametrize("count", [0, 1, 3, 6, 7])
def test_an_array_is_read_until_a_page_brings_nothing(count: int) -> None:
    """Nothing tells how many pages there are."""
    with serving(bare(JOBS[:count])) as service:
        assert listed(service) == ALL[:count]
    assert len(service.asked) == -(-count // 3) + 1


def test_an_envelope_without_a_count_is_read_as_an_array() -> None:
    """Some answers leave the pagination out."""
    with serving(lambda asked: {"data": bare(JOBS)(asked)}) as service:
        assert listed(service) == ALL


@pytest.mark.parametrize("envelope", [True, False])
def test_a_service_that_ignores_the_page_ends_the_list(envelope: bool) -> None:
    """What comes twice is given out once, and the loop ends."""
    rows = JOBS[:3]
    with serving({"data": rows, "pagination": {}} if envelope else rows) as service:
        assert listed(service) == ALL[:3]
    assert len(service.asked) == 2


@pytest.mark.parametrize("form", [paged, bare])
def test_jobs_that_are_created_meanwhile_double_and_hide_none(form: Any) -> None:
    """They push others onto the next page."""
    jobs = list(JOBS)

    def answer(asked: Asked) -> Any:
        body = form(jobs)(asked)
        jobs.insert(0, {"id": f"new-{asked.query['page']}", "status": "queued"})
        return body

    with serving(answer) as service:
        assert listed(service) == ALL


def test_a_page_is_asked_for_when_the_loop_comes_to_it() -> None:
    """Nothing before the first step, and nothing after the last one."""
    with serving(paged(JOBS)) as service, service.client() as client:
        jobs = client.predictions(per_page=3)
        assert service.asked == []
        assert [job.id for job in islice(jobs, 3)] == ALL[:3]
        assert len(service.asked) == 1
        assert next(jobs).id == "job-3"
        assert len(service.asked) == 2
    assert len(service.asked) == 2


def test_leaving_the_loop_asks_for_no_more() -> None:
    """The client stays usable."""
    with serving(paged(JOBS)) as service, service.client() as client:
        for job in client.predictions(per_page=3):
            assert job.id == "job-0"
            break
        assert len(service.asked) == 1
        assert len(list(client.predictions(per_page=50))) == 7


def test_what_is_listed_is_a_prediction() -> None:
    """As any other, in each variant of its fields; what has no id is left out."""
    rows = [JOBS[0], {"id": "b", "status": False, "model": "bare-name"}, {"status": "succeeded"}, None, 3, "text"]
    with serving(rows) as service, service.client() as client:
        found = list(client.predictions())
    assert found == [
        Prediction("job-0", Status.SUCCEEDED, model="truefusion"),
        Prediction("b", Status.QUEUED, model="bare-name"),
    ]
    assert found[0].raw == JOBS[0]


def test_filters_are_sent_with_every_page() -> None:
    """Days as the API writes them; what is None is left out."""
    with serving(paged(JOBS)) as service:
        listed(service, model="skytells/true fusion", since="2026-11-01", until=date(2026, 11, 22), status="succeeded")
    wanted = {"from": "2026-11-01", "to": "2026-11-22", "model": "skytells/true fusion", "status": "succeeded"}
    assert [each.query for each in service.asked] == [{"page": str(p), "per_page": "3"} | wanted for p in (1, 2, 3)]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-11-22", "2026-11-22"),
        ("20261122", "2026-11-22"),
        (date(2026, 11, 22), "2026-11-22"),
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), "2026-11-22"),
        (datetime(2026, 11, 22, 23, 59, tzinfo=timezone(timedelta(hours=-5))), "2026-11-23"),
    ],
)
def test_a_day_is_a_day_of_utc(given: Any, sent: str) -> None:
    """However it is given."""
    with serving(paged([])) as service:
        listed(service, since=given)
    assert service.asked[0].query["from"] == sent


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"since": "yesterday"}, "since='yesterday' is no day"),
        ({"until": "2026-13-01"}, "until='2026-13-01' is no day"),
        ({"since": 20261122}, "since='20261122' is no day"),
        ({"since": "2026-11-22", "until": "2026-11-21"}, r"since \(2026-11-22\) is after until \(2026-11-21\)"),
        ({"status": ""}, "status='' is no word"),
        ({"status": 3}, "status='3' is no word"),
        ({"per_page": 0}, "per_page must be 1 to 50"),
        ({"per_page": 51}, "per_page must be 1 to 50"),
        ({"per_page": True}, "per_page must be 1 to 50"),
    ],
)
def test_a_filter_that_is_none_sends_nothing(filters: dict[str, Any], message: str) -> None:
    """It is told at the first step of the loop."""
    with serving(paged(JOBS)) as service, service.client() as client, pytest.raises(InputError, match=f"^{message}"):
        list(client.predictions(**filters))
    assert service.asked == []


@pytest.mark.parametrize(
    ("word", "sent", "found"),
    [
        ("succeeded", "succeeded", ["a"]),
        ("Succeeded", "succeeded", ["a"]),
        ("FAILED", "failed", ["b"]),
        ("canceled", None, ["c", "d"]),
        ("Cancelled", None, ["c", "d"]),
        ("queued", None, ["e", "f", "g"]),
        ("pending", None, ["e", "f", "g"]),
        ("processing", None, ["h", "i"]),
        ("running", None, ["h", "i"]),
    ],
)
def test_a_status_finds_every_spelling_of_it(word: str, sent: str | None, found: list[str]) -> None:
    """The service filters only by the words that all of its versions share; the rest is chosen here."""
    words = ["succeeded", "failed", "canceled", "cancelled", "queued", "pending", False, "starting", "something-new"]
    jobs = [{"id": name, "status": status} for name, status in zip("abcdefghi", words, strict=True)]
    with serving(paged(jobs)) as service:
        assert listed(service, status=word) == found
    assert service.asked[0].query.get("status") == sent


def test_a_status_that_nobody_knows_is_named_with_the_nearest() -> None:
    """A slip would list other jobs than those that were meant."""
    with serving(paged(JOBS)) as service, pytest.raises(UnknownNameError, match="Did you mean 'succeeded'"):
        listed(service, status="succeded")
    assert service.asked == []


def test_an_unknown_model_is_named_with_the_nearest() -> None:
    """The service refuses a filter by a model that it does not have."""

    def answer(asked: Asked) -> Any:
        if asked.path == "/models":
            return [{"namespace": "truefusion"}]
        return Said(
            {"status": False, "error": {"message": "?", "error_id": "MODEL_NOT_FOUND", "http_status": 404}}, 404
        )

    with serving(answer) as service, pytest.raises(UnknownNameError, match="Did you mean 'truefusion'"):
        listed(service, model="truefusoin")


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"id": "a"}}, "text", 3])
def test_a_list_without_data_is_an_error(body: Any) -> None:
    """It is not an account without jobs."""
    with serving(body) as service, pytest.raises(ServiceError, match="The list of predictions holds no data"):
        listed(service)


def test_a_page_that_fails_is_repeated() -> None:
    """It is a GET; what was given out stays given out."""
    first, second = paged(JOBS)(Asked("GET", "", {"page": "1", "per_page": "3"}, {}, None)), Said({}, 503)
    rest = [paged(JOBS)(Asked("GET", "", {"page": page, "per_page": "3"}, {}, None)) for page in "23"]
    with serving(first, second, *rest) as service:
        assert listed(service) == ALL
    assert [each.query["page"] for each in service.asked] == ["1", "2", "2", "3"]


def test_reading_the_list_is_no_call_that_is_paid_for() -> None:
    """Observers hear nothing of it."""
    with serving(paged(JOBS)) as service:
        listed(service)
    assert service.told.ended == []


def test_the_async_client_lists_the_same() -> None:
    """Lazily too."""
    with serving(paged(JOBS)) as service:

        async def body(client: AsyncClient) -> tuple[list[str], int, list[str]]:
            jobs = client.predictions(per_page=3, status="succeeded")
            first = [(await anext(jobs)).id for _ in range(3)]
            seen = len(service.asked)
            return first, seen, [job.id async for job in jobs]

        assert service.asynchronously(body) == (ALL[:3], 1, ALL[3:])


@pytest.mark.parametrize(
    ("body", "page"),
    [
        ([{"id": "a"}], Page((Prediction("a", Status.RUNNING),))),
        ({"data": [{"id": "a"}]}, Page((Prediction("a", Status.RUNNING),))),
        ({"data": [], "pagination": {"last_page": 0}}, Page((), 0)),
        ({"data": [], "pagination": {"last_page": "3"}}, Page()),
        ({"data": [], "pagination": {"last_page": -1}}, Page()),
        (None, Page()),
    ],
)
def test_a_page_is_read_in_both_forms(body: Any, page: Page) -> None:
    """A number of pages that is none is not told."""
    assert Page.from_json(body) == page


def test_leaving_an_async_loop_asks_for_no_more() -> None:
    """And leaves nothing open."""
    with serving(paged(JOBS)) as service:

        async def body(client: AsyncClient) -> str:
            async for job in client.predictions(per_page=3):
                return job.id
            return ""

        assert service.asynchronously(body) == "job-0"
    assert len(service.asked) == 1


@given(
    count=st.integers(0, 12),
    size=st.integers(1, 4),
    created=st.lists(st.integers(0, 6), max_size=12),
    envelope=st.booleans(),
)
def test_no_job_is_lost_or_doubled_while_others_are_created(
    count: int, size: int, created: list[int], envelope: bool
) -> None:
    """Where nothing tells the number of pages, fewer than a page of them between two looks."""
    account = [{"id": f"old-{number}"} for number in range(count)]
    new = iter(range(1000))
    flow = listing(
        lambda page: requests.list_predictions(page, size, first=None, last=None, model=None, status=None),
        lambda job: True,
        RetryPolicy(),
    )
    found: list[str] = []
    answer = None
    with contextlib.suppress(StopIteration):
        while True:
            step = flow.send(answer)
            answer = None
            if isinstance(step, Emit):
                found += [job.id for job in step.values]
                many = created.pop() if created else 0
                account[:0] = [{"id": f"new-{next(new)}"} for _ in range(many if envelope else min(many, size - 1))]
            elif isinstance(step, Send):
                query = dict(parse_qsl(urlsplit(step.request.path).query))
                body = (paged if envelope else bare)(account)(Asked("GET", "", query, {}, None))
                answer = Answer(200, {}, json.dumps(body).encode())
    assert [name for name in found if name.startswith("old")] == [f"old-{number}" for number in range(count)]
    assert len(set(found)) == len(found)
