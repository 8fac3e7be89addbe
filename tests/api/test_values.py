"""What the API says is read without loss, in every variant that is documented, and never raises."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.api.reading import count, moment, money, seconds
from skytells_nb.api.record import Call, Charge
from skytells_nb.api.values import (
    Choice,
    Delta,
    Filters,
    Link,
    Model,
    Page,
    Prediction,
    Reply,
    Status,
    Usage,
)
from skytells_nb.api.values.vectors import read_vector

Seed = Callable[[str], Any]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-03-06T20:15:23Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def bodies(*names: str) -> st.SearchStrategy[Any]:
    """Objects with the API's own keys and any JSON behind them."""
    inner = st.dictionaries(st.sampled_from(names), json_values, max_size=8)
    return st.dictionaries(st.sampled_from(names), json_values | inner | st.lists(inner, max_size=2), max_size=10)


def a_call(**more: Any) -> Call:
    """Make a record that says little."""
    return Call("id", "chat", "POST /x", "m", datetime(2026, 1, 1, tzinfo=UTC), "f", **more)


def test_the_printed_chat_answer_is_read_without_loss(seed: Seed) -> None:
    """Every figure and word of the platform's example, and the body itself untouched."""
    body = seed("chat_completion")
    kept = copy.deepcopy(body)
    reply = Reply.from_json(body)
    assert reply == Reply(
        id="chatcmpl-DKQ7HZtNYLc7uK0Dpn0JggRUUhuBE",
        model="deepbrain-router",
        text="Machine learning is a branch of AI...",
        finish_reason="stop",
        usage=Usage(9, 10, 19, 0, 0, 0),
    )
    assert reply.raw is body
    assert body == kept
    assert reply.usage is not None
    assert reply.usage.raw is body["usage"]


def test_the_printed_prediction_is_read_without_loss(seed: Seed) -> None:
    """Every figure of the platform's song, with its odd timestamps, and the body itself untouched."""
    body = seed("prediction")
    kept = copy.deepcopy(body)
    job = Prediction.from_json(body)
    assert job == Prediction(
        id="d05b96fc-7fdf-4528-8e61-aa1092f48040",
        status=Status.SUCCEEDED,
        model="beatfusion-2.0",
        type="audio",
        input={"prompt": "romantic, love, r&b", "lyrics": "[verse]\nYour smile lights the sky..."},
        output=("https://delivery.skytells.cloud/us/2026/03/06/7bfdb9a4.mp3",),
        created_at=datetime(2026, 3, 6, 20, 15, 23, tzinfo=UTC),
        started_at=datetime(2026, 3, 6, 20, 14, 35, 160110, tzinfo=UTC),
        completed_at=datetime(2026, 3, 6, 20, 15, 23, 293497, tzinfo=UTC),
        predict_time=48.13,
        total_time=48.16,
        credits_used=Decimal("0.75"),
    )
    assert job.raw is body
    assert body == kept
    assert job.links == job.output


def test_the_printed_response_s_usage_has_the_same_names(seed: Seed) -> None:
    """Input and output tokens of /responses are prompt and completion tokens."""
    assert Usage.from_json(seed("response_object")["usage"]) == Usage(12, 41, 53)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", Status.QUEUED),
        ("pending", Status.QUEUED),
        (False, Status.QUEUED),
        ("processing", Status.RUNNING),
        ("starting", Status.RUNNING),
        ("started", Status.RUNNING),
        ("running", Status.RUNNING),
        ("succeeded", Status.SUCCEEDED),
        ("Succeeded", Status.SUCCEEDED),
        ("failed", Status.FAILED),
        ("canceled", Status.CANCELED),
        ("cancelled", Status.CANCELED),
        ("Cancelled", Status.CANCELED),
        ("paused-by-moderation", Status.RUNNING),
        (True, Status.RUNNING),
        (None, Status.RUNNING),
        (0, Status.RUNNING),
        ([], Status.RUNNING),
        ({"a": 1}, Status.RUNNING),
    ],
)
def test_every_word_for_a_status_is_read(word: object, status: Status) -> None:
    """Both spellings, booleans, any letter case; what is not known runs."""
    assert Prediction.from_json({"id": "p", "status": word}).status is status


def test_only_three_statuses_are_final() -> None:
    """A wait ends with these, and no other word."""
    assert [status for status in Status if status.final] == [Status.SUCCEEDED, Status.FAILED, Status.CANCELED]


@pytest.mark.parametrize(
    ("output", "read"),
    [
        (None, ()),
        ([], ()),
        ("https://a/1.png", ("https://a/1.png",)),
        (["https://a/1.png", "https://a/2.png"], ("https://a/1.png", "https://a/2.png")),
        (["Once", " upon"], ("Once", " upon")),
        ([{"url": "https://a/1.mp4", "poster": "https://a/1.jpg"}], ("https://a/1.mp4", "https://a/1.jpg")),
        ({"audio": "https://a/1.wav", "stems": ["https://a/2.wav"]}, ("https://a/1.wav", "https://a/2.wav")),
        ([["https://a/1.png"], [["https://a/2.png"]]], ("https://a/1.png", "https://a/2.png")),
        (7, ()),
        ([None, 3, "x"], ("x",)),
    ],
)
def test_every_form_of_output_is_flattened_in_order(output: object, read: tuple[str, ...]) -> None:
    """A link, links, text pieces, objects of links, nested ones; nothing is lost or reordered."""
    assert Prediction.from_json({"id": "p", "status": "succeeded", "output": output}).output == read


def test_links_and_text_of_an_output_are_told_apart() -> None:
    """Files are fetched, text is joined."""
    job = Prediction("p", Status.SUCCEEDED, output=("https://a/1.png", "Once", " upon", "http://b/2.png"))
    assert job.links == ("https://a/1.png", "http://b/2.png")
    assert job.text == "Once upon"


@pytest.mark.parametrize(
    ("failure", "error", "error_id"),
    [
        ({"error": "It broke"}, "It broke", None),
        ({"error": None, "error_message": "It broke", "error_id": "X"}, "It broke", "X"),
        ({"response": "It broke"}, "It broke", None),
        ({"error": {"message": "It broke", "error_id": "X"}}, "It broke", "X"),
        ({}, None, None),
    ],
)
def test_a_failed_prediction_says_why_in_any_of_its_forms(
    failure: dict[str, Any], error: str | None, error_id: str | None
) -> None:
    """The message may stand in four places."""
    job = Prediction.from_json({"id": "p", "status": "failed", **failure})
    assert (job.error, job.error_id) == (error, error_id)


def test_a_prediction_that_did_not_fail_has_no_error() -> None:
    """`response` of a success is no failure."""
    assert Prediction.from_json({"id": "p", "status": "succeeded", "response": "Done"}).error is None


@pytest.mark.parametrize(
    ("model", "name"), [("truefusion", "truefusion"), ({"name": "truefusion"}, "truefusion"), (7, "")]
)
def test_a_prediction_s_model_may_be_a_word_or_an_object(model: object, name: str) -> None:
    """Both forms are documented."""
    assert Prediction.from_json({"id": "p", "model": model}).model == name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-06T20:14:35.160110297Z", datetime(2026, 3, 6, 20, 14, 35, 160110, tzinfo=UTC)),
        ("2026-03-06T20:15:23.000000Z", datetime(2026, 3, 6, 20, 15, 23, tzinfo=UTC)),
        ("2026-03-06T20:15:23+00:00", datetime(2026, 3, 6, 20, 15, 23, tzinfo=UTC)),
        ("2026-03-06T22:15:23+02:00", datetime(2026, 3, 6, 20, 15, 23, tzinfo=UTC)),
        ("2026-03-06T20:15:23", datetime(2026, 3, 6, 20, 15, 23, tzinfo=UTC)),
        ("2026-03-06", datetime(2026, 3, 6, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        ("", None),
        (1773759323, None),
    ],
)
def test_timestamps_are_aware_utc(written: object, read: datetime | None) -> None:
    """Nanoseconds, offsets, no offset; what is no timestamp is None."""
    assert moment(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (0.75, "0.75"),
        (0.1, "0.1"),
        ("0.30", "0.30"),
        (3, "3"),
        (1e-7, "1E-7"),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("NaN", None),
        ("many", None),
        (None, None),
        ([1], None),
    ],
)
def test_money_is_exact(written: object, read: str | None) -> None:
    """What the wire prints, digit for digit; what is no finite amount is None."""
    assert money(written) == (None if read is None else Decimal(read))


@pytest.mark.parametrize(
    ("written", "read"), [(0, 0), (7, 7), (-1, None), (True, None), (1.0, None), ("7", None), (2**63, None)]
)
def test_counts_are_whole_and_not_negative(written: object, read: int | None) -> None:
    """Nothing else is a number of things."""
    assert count(written) == read


@pytest.mark.parametrize(
    ("written", "read"), [(48.13, 48.13), (2, 2.0), (True, None), (float("nan"), None), (10**400, None), ("1", None)]
)
def test_seconds_are_finite(written: object, read: float | None) -> None:
    """Nothing else is a time."""
    assert seconds(written) == read


def test_what_the_safety_layer_blocked_is_named() -> None:
    """Categories of prompt and answer, only those that were filtered."""
    prompt = [{"content_filter_results": {"jailbreak": {"filtered": True}, "hate": {"filtered": False}}}]
    found = Filters.from_json(prompt, {"violence": {"filtered": True}, "sexual": {"severity": "safe"}})
    assert found == Filters(prompt=("jailbreak",), completion=("violence",))
    assert found
    assert not Filters.from_json(None, None)


@pytest.mark.parametrize(
    ("content", "text"),
    [("Hi", "Hi"), (None, ""), ([{"type": "text", "text": "H"}, {"text": "i"}, {"type": "image"}, 3], "Hi"), (7, "")],
)
def test_a_message_s_content_is_joined(content: object, text: str) -> None:
    """A string, an array of parts, or nothing."""
    assert Reply.from_json({"choices": [{"message": {"content": content}}]}).text == text


def test_the_deciding_choice_is_the_first() -> None:
    """Text, refusal, tools and finish reason are the first choice's."""
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]
    first = {"finish_reason": "tool_calls", "message": {"content": None, "refusal": "No.", "tool_calls": calls}}
    reply = Reply.from_json({"choices": [first, {"message": {"content": "other"}}]})
    assert (reply.text, reply.refusal, reply.finish_reason, reply.tool_calls) == ("", "No.", "tool_calls", (*calls,))


def test_a_reply_carries_its_cost_and_time() -> None:
    """Both come from the record of the call, and are None without one."""
    reply = Reply(text="Hi", call=a_call(seconds=1.5, charge=Charge(Decimal("0.01"), source="priced")))
    assert (reply.cost, reply.seconds, str(reply)) == (Decimal("0.01"), 1.5, "Hi")
    assert (Reply().cost, Reply().seconds) == (None, None)


def test_values_are_equal_by_what_they_say() -> None:
    """`raw` and the record of the call do not count."""
    assert Reply(text="Hi", raw={"a": 1}, call=a_call()) == Reply(text="Hi")
    assert Delta("a", {"x": 1}) == Delta("a", {})


def test_values_are_frozen() -> None:
    """Nobody changes what the API said."""
    with pytest.raises(FrozenInstanceError):
        Reply(text="Hi").text = "Ho"  # type: ignore[misc]


def test_values_survive_pickling(seed: Seed) -> None:
    """A result can come back from a worker process."""
    job = Prediction.from_json(seed("prediction"))
    back = pickle.loads(pickle.dumps(job))
    assert (back, back.raw) == (job, job.raw)


def test_reprs_are_one_line_without_what_is_empty() -> None:
    """What a list of results shows."""
    assert repr(Reply(id="c", text="two\nlines " + "x" * 200)).count("\n") == 0
    assert repr(Reply(id="c", model="m", text="Hi", finish_reason="stop")) == (
        "<Reply id='c' model='m' text='Hi' finish='stop'>"
    )
    assert repr(Prediction("p", Status.FAILED, model="m", error="It broke")) == (
        "<Prediction id='p' model='m' status='failed' error='It broke'>"
    )
    assert repr(Model("truefusion", type="image")) == "<Model slug='truefusion' type='image'>"


def test_a_model_is_known_by_its_namespace() -> None:
    """What requests call it; other names stand in where it is missing."""
    assert Model.from_json({"name": "TrueFusion Pro", "namespace": "truefusion-pro"}).slug == "truefusion-pro"
    assert Model.from_json({"name": "old"}).slug == "old"


@pytest.mark.parametrize(
    ("body", "chat"),
    [
        ({"namespace": "m", "type": "text"}, True),
        ({"namespace": "m", "type": "code", "metadata": {"openai_compatible": True}}, True),
        ({"namespace": "m", "type": "image", "metadata": {"openai_compatible": "yes"}}, False),
    ],
)
def test_a_model_knows_whether_it_speaks_chat(body: dict[str, Any], chat: bool) -> None:
    """By its type, or by what its metadata says."""
    assert Model.from_json(body).speaks_chat is chat


@given(
    bodies(
        "id",
        "model",
        "choices",
        "message",
        "content",
        "usage",
        "prompt_filter_results",
        "content_filter_results",
        "tool_calls",
        "prompt_tokens",
        "completion_tokens_details",
        "finish_reason",
        "refusal",
    )
    | json_values
)
def test_no_json_breaks_the_reading_of_a_reply(body: Any) -> None:
    """Any JSON in any place gives a reply that can be shown, and is kept whole."""
    reply = Reply.from_json(body)
    assert isinstance(repr(reply), str)
    assert reply.raw == (body if isinstance(body, dict) else {}) or body != body


@given(
    bodies(
        "id",
        "status",
        "model",
        "name",
        "input",
        "output",
        "error",
        "error_id",
        "metrics",
        "metadata",
        "billing",
        "credits_used",
        "progress",
        "predict_time",
        "created_at",
        "started_at",
        "message",
    )
    | json_values
)
def test_no_json_breaks_the_reading_of_a_prediction(body: Any) -> None:
    """Any JSON in any place gives a prediction that can be shown."""
    job = Prediction.from_json(body)
    assert isinstance(repr(job), str)
    assert all(isinstance(item, str) for item in job.output)


@given(
    bodies("name", "namespace", "type", "vendor", "capabilities", "pricing", "input_schema", "properties", "metadata")
    | json_values
)
def test_no_json_breaks_the_reading_of_a_model(body: Any) -> None:
    """Any JSON in any place gives a model whose inputs can be listed."""
    model = Model.from_json(body)
    assert isinstance(repr(model), str)
    assert isinstance(model.fields, tuple)


@given(bodies("prompt_tokens", "completion_tokens", "completion_tokens_details", "reasoning_tokens") | json_values)
def test_no_json_breaks_the_reading_of_usage(body: Any) -> None:
    """Any JSON in any place gives counts or None."""
    usage = Usage.from_json(body) or Usage()
    assert all(value is None or value >= 0 for value in (usage.prompt_tokens, usage.reasoning_tokens))


@pytest.mark.parametrize(
    ("output", "read"),
    [
        ([{"url": "https://a/1.png", "type": "image/png", "size": 3}], ("https://a/1.png",)),
        ({"text": "Once", "lang": "en"}, ("Once", "en")),
        ([{"url": "https://a/1.png", "name": "one"}, "Once"], ("https://a/1.png", "Once")),
    ],
)
def test_what_stands_beside_a_link_is_no_output(output: object, read: tuple[str, ...]) -> None:
    """A file's kind and name are not counted, priced or shown as results; an object of texts is its texts."""
    assert Prediction.from_json({"id": "p", "status": "succeeded", "output": output}).output == read


@pytest.mark.parametrize(
    ("link", "host", "name", "kind"),
    [
        (
            "https://delivery.skytells.cloud/us/2026/03/06/7bfdb9a4.mp3",
            "delivery.skytells.cloud",
            "7bfdb9a4.mp3",
            "audio",
        ),
        ("https://CDN.Example:8443/a/Fox%20one.PNG?sig=a.mp4#b.wav", "cdn.example", "Fox one.PNG", "image"),
        ("http://127.0.0.1/film.webm", "127.0.0.1", "film.webm", "video"),
        ("https://a/x.tar.gz", "a", "x.tar.gz", "file"),
        ("https://a/mp3", "a", "mp3", "file"),
        ("https://a/..%2F..%2Fetc%2Fpasswd.png", "a", ".._.._etc_passwd.png", "image"),
        ("https://a/", "a", "", "file"),
        ("https://a", "a", "", "file"),
        ("https://[oops/x.png", "", "", "file"),
        ("", "", "", "file"),
    ],
)
def test_a_file_knows_the_parts_of_its_link(link: str, host: str, name: str, kind: str) -> None:
    """Its host without a port, its name without folders and query, its kind by the name's ending."""
    file = Link(link)
    assert (file.url, file.host, file.name, file.kind) == (link, host, name, kind)


def test_a_file_is_the_text_of_its_link() -> None:
    """Equal to it, usable as it, and the same after a journey to another process."""
    file = Link("https://a/1.png")
    assert (file, hash(file), json.dumps([file])) == ("https://a/1.png", hash("https://a/1.png"), '["https://a/1.png"]')
    back = pickle.loads(pickle.dumps(file))
    assert (back, type(back), back.name) == (file, Link, "1.png")
    assert not hasattr(file, "__dict__")


@pytest.mark.parametrize("name", ["mp3", "wav", "pcm", "flac", "ogg", "m4a"])
def test_sounds_are_audio_whatever_a_model_calls_itself(name: str) -> None:
    """`audio` and `music` are one kind of file."""
    assert Link(f"https://a/song.{name.upper()}").kind == "audio"


def test_the_printed_response_is_read_without_loss(seed: Seed) -> None:
    """Every figure and word of the platform's example, and the body itself untouched."""
    body = seed("response_object")
    kept = copy.deepcopy(body)
    reply = Reply.from_response(body)
    assert reply == Reply(
        id="resp_xyz789",
        model="deepbrain-router",
        text="The Prediction API generates media...",
        finish_reason="stop",
        usage=Usage(12, 41, 53),
    )
    assert reply.raw is body
    assert body == kept


def test_what_a_response_blocked_has_the_same_names_as_chat_s() -> None:
    """By where it stood; what is blocked without a category is called that."""
    found = Filters.from_response(
        [
            {"source_type": "prompt", "content_filter_results": {"jailbreak": {"filtered": True, "detected": True}}},
            {"source_type": "completion", "content_filter_results": {"hate": {"filtered": True}, "violence": {}}},
            {"source_type": "completion", "blocked": True, "content_filter_results": {}},
            {"source_type": "completion", "blocked": False},
            None,
            3,
        ]
    )
    assert found == Filters(prompt=("jailbreak",), completion=("hate", "blocked"))
    assert [Filters.from_response(nothing) for nothing in (None, [], {}, "x")] == [Filters()] * 4


def test_a_response_s_call_has_chat_s_form() -> None:
    """Known by the id that its result must name; an item without it is known by its own."""
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "add", "arguments": "{}"}
    bare = {"type": "function_call", "id": "fc_2"}
    reply = Reply.from_response({"status": "completed", "output": [item, bare]})
    assert reply.tool_calls == (
        {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}},
        {"id": "fc_2", "type": "function", "function": {"name": "", "arguments": ""}},
    )
    assert reply.finish_reason == "tool_calls"


def test_all_choices_stand_beside_the_first() -> None:
    """With what was blocked in each; an answer without choices has one empty one."""
    blocked = {"hate": {"filtered": True}}
    body = {
        "choices": [
            {
                "index": 1,
                "message": {"content": "B"},
                "finish_reason": "content_filter",
                "content_filter_results": blocked,
            },
            {"index": 0, "message": {"content": "A"}, "finish_reason": "stop"},
        ]
    }
    reply = Reply.from_json(body)
    assert reply.choices == (
        Choice("A", finish_reason="stop"),
        Choice("B", finish_reason="content_filter", filters=("hate",), index=1),
    )
    assert Reply.from_json({}).choices == (Choice(),)


def test_a_delta_says_why_its_own_choice_ended() -> None:
    """Not another's in the same chunk."""
    chunk = {"choices": [{"index": 0, "finish_reason": None}, {"index": 1, "finish_reason": "stop"}]}
    assert [Delta("", chunk, index).finish_reason for index in (0, 1, 2)] == [None, "stop", None]
    assert Delta("", {"type": "response.completed"}).finish_reason is None


@pytest.mark.parametrize(
    ("body", "embeds"),
    [
        ({"namespace": "skytells-embed-3-large", "type": "text"}, True),
        ({"namespace": "vectors", "type": "embedding"}, True),
        ({"namespace": "vectors", "type": "text", "capabilities": ["Text Embeddings"]}, True),
        ({"namespace": "gpt-5", "type": "text", "capabilities": ["chat"]}, False),
    ],
)
def test_a_model_knows_whether_it_makes_vectors(body: dict[str, Any], embeds: bool) -> None:
    """By its type, its name or what it says it can do."""
    assert Model.from_json(body).embeds is embeds


@given(
    bodies(
        "id",
        "model",
        "status",
        "output",
        "output_text",
        "content",
        "type",
        "text",
        "refusal",
        "usage",
        "input_tokens",
        "content_filters",
        "content_filter_results",
        "incomplete_details",
        "call_id",
        "arguments",
    )
    | json_values
)
def test_no_json_breaks_the_reading_of_a_response(body: Any) -> None:
    """Any JSON in any place gives a reply that can be shown."""
    assert isinstance(repr(Reply.from_response(body)), str)


@given(json_values | st.lists(st.integers() | st.floats() | st.booleans()) | st.text())
def test_no_json_breaks_the_reading_of_a_vector(body: Any) -> None:
    """It is a vector of finite numbers, or none."""
    vector = read_vector(body)
    assert vector is None or (len(vector) > 0 and all(map(math.isfinite, vector)))


@given(bodies("data", "pagination", "last_page", "id", "status", "output") | json_values)
def test_no_json_breaks_the_reading_of_a_page(body: Any) -> None:
    """Any JSON in any place gives predictions that have an id."""
    assert all(job.id for job in Page.from_json(body).predictions)


@given(st.text() | st.sampled_from(["https://[::1", "http://a:b/c", "//", "https://a\udc00/x"]))
def test_no_text_breaks_the_reading_of_a_link(link: str) -> None:
    """Whatever came as an output has parts, or none."""
    file = Link(link)
    assert all(isinstance(part, str) for part in (file.url, file.host, file.name))
    assert file.kind in {"image", "audio", "video", "file"}
    assert "/" not in file.name


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"id": "resp_1", "output": [], "store": True}, True),
        ({"id": "resp_1", "output": []}, True),
        ({"id": "resp_1", "output": [], "store": False}, False),
        ({"output": [], "store": True}, False),
        ({"id": "resp_1", "output": [], "store": "yes"}, False),
    ],
)
def test_a_response_is_kept_unless_it_says_otherwise(body: object, *, kept: bool) -> None:
    """The service remembers what it has an id for and does not call not stored."""
    assert not Reply.from_json({"id": "chatcmpl-1", "choices": [{}]}).kept
    assert Reply.from_response(body).kept is kept
