"""Finished files over HTTP: where they are, how long, and in which parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skytells_nb.local import Sandbox
from skytells_nb.local.predictions.delivery import Part, part_of

Finished = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("model", "given", "kind"),
    [
        ("truefusion", {"prompt": "a fox"}, "image/png"),
        ("beatfusion-2.0", {"lyrics": "la"}, "audio/mpeg"),
        ("beatfusion-2.0", {"lyrics": "la", "audio_format": "wav"}, "audio/wav"),
        ("beatfusion-2.0", {"lyrics": "la", "audio_format": "pcm"}, "application/octet-stream"),
        ("truefusion-video", {"prompt": "rain"}, "video/mp4"),
    ],
)
def test_a_file_is_fetched_without_a_key(
    finished: Finished, model: str, given: Any, kind: str, web: httpx.Client
) -> None:
    """With its content type and length, outside `/v1`."""
    url = finished(model, **given)["output"][0]
    assert "/v1/" not in url
    reply = web.get(url)
    assert (reply.status_code, reply.headers["content-type"]) == (200, kind)
    assert int(reply.headers["content-length"]) == len(reply.content) > 1000


def test_each_output_has_its_file(finished: Finished, web: httpx.Client) -> None:
    """Three outputs, three addresses, three pictures."""
    job = finished("truefusion-pro", prompt="a fox", num_outputs=3)
    assert len({web.get(url).content for url in job["output"]}) == 3
    assert job["metrics"]["image_count"] == 3


def test_two_servers_give_the_same_file(
    finished: Finished, client_of: Callable[[Sandbox], httpx.Client], web: httpx.Client
) -> None:
    """The bytes follow from the input, not from the server or the job."""
    with Sandbox(pace=100) as other:
        job = {"model": "truefusion", "input": {"prompt": "a fox"}, "await": True}
        there = client_of(other).post("/predictions", json=job).json()["output"][0]
        assert web.get(there).content == web.get(finished("truefusion", prompt="a fox")["output"][0]).content


def test_head_tells_the_length_only(finished: Finished, web: httpx.Client) -> None:
    """No body, the same headers."""
    url = finished("truefusion", prompt="a fox")["output"][0]
    head, whole = web.head(url), web.get(url)
    assert (head.content, head.headers["content-length"]) == (b"", whole.headers["content-length"])
    assert head.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-9", Part(0, 10)),
        ("bytes=90-", Part(90, 100)),
        ("bytes=90-1000", Part(90, 100)),
        ("bytes=-5", Part(95, 100)),
        ("bytes=-500", Part(0, 100)),
        ("Bytes = 3 - 3", Part(3, 4)),
        ("bytes=100-", Part(100, 100, satisfiable=False)),
        ("bytes=-0", Part(100, 100, satisfiable=False)),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 50 + "-", None),
        ("bytes=٣-٤", None),
    ],
)
def test_a_range_is_read(header: str | None, part: Part | None) -> None:
    """One range of bytes; anything else is the whole file."""
    assert part_of(header, 100) == part


def test_a_range_is_served(finished: Finished, web: httpx.Client) -> None:
    """206 with just those bytes, so that a player can seek."""
    url = finished("truefusion-video", prompt="rain")["output"][0]
    whole = web.get(url).content
    reply = web.get(url, headers={"range": "bytes=100-199"})
    assert (reply.status_code, reply.content) == (206, whole[100:200])
    assert reply.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    beyond = web.get(url, headers={"range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")


def test_a_range_of_another_version_is_the_whole_file(finished: Finished, web: httpx.Client) -> None:
    """`If-Range` with this file's tag gives the part, with any other tag the whole."""
    url = finished("truefusion", prompt="a fox")["output"][0]
    tag = web.get(url).headers["etag"]
    same, other = (web.get(url, headers={"range": "bytes=0-9", "if-range": t}) for t in (tag, '"other"'))
    assert (same.status_code, other.status_code) == (206, 200)


def test_files_expire(client_of: Callable[[Sandbox], httpx.Client], web: httpx.Client) -> None:
    """After their time they are 404, and the prediction says that its data is gone but keeps its addresses."""
    with Sandbox(pace=50, media_seconds=0.0) as server:
        client = client_of(server)
        job = client.post("/predictions", json={"model": "truefusion", "input": {"prompt": "x"}, "await": True}).json()
        reply = web.get(job["output"][0])
    assert reply.status_code == 404
    assert (job["status"], job["metadata"]["data_available"]) == ("succeeded", False)


def test_a_file_is_not_there_before_the_job_s_end(sandbox: Sandbox, own_api: httpx.Client, web: httpx.Client) -> None:
    """Its address can be known early; its bytes cannot."""
    own_api.post("/predictions", json={"model": "truefusion-video", "input": {"prompt": "x"}})
    (job,) = sandbox.state.jobs
    origin = sandbox.url.removesuffix("/v1")
    assert web.get(origin + job.outputs[0]).status_code == 404


def test_fetching_files_sends_no_key_to_remember(sandbox: Sandbox, own_api: httpx.Client, web: httpx.Client) -> None:
    """The server can tell whether a client sent its key along with a download."""
    job = {"model": "truefusion-edge", "input": {"prompt": "x"}}
    url = own_api.post("/predictions", json=job).json()["output"][0]
    web.get(url)
    own_api.get(url)
    assert [request.auth for request in sandbox.state.requests] == ["x-api-key", "none", "x-api-key"]
