"""Charges after a call, the price lists they are made from, and what else a record says of what came back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from skytells_nb import settings
from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.api.prices import price_lists
from skytells_nb.api.pricing import charge_prediction, charge_tokens
from skytells_nb.api.record import Call
from skytells_nb.api.retry import RetryPolicy
from skytells_nb.api.trace import Trace
from skytells_nb.api.values import Model, Prediction, Status, Usage
from skytells_nb.errors import InputError, NetworkError
from skytells_nb.local import Sandbox

from .conftest import ADDRESS, KEY, Scripted, Told

Script = Callable[..., Scripted]
_numbers = itertools.count()


@pytest.fixture
def address() -> str:
    """Name an address whose catalogue nobody has read yet."""
    return f"https://service-{next(_numbers)}.test/v1"


def text_model(slug: str, pricing: Any, **more: Any) -> dict[str, Any]:
    """Write a text model as the catalogue does."""
    return {"namespace": slug, "type": "text", "pricing": pricing, "metadata": {"openai_compatible": True}, **more}


def rule(field: str, value: Any, price: float, **more: Any) -> dict[str, Any]:
    """Write one case of a price object."""
    return {"field": field, "operator": "==", "value": value, "billable_price": price, "unit": "million_token", **more}


MILLION = {"currency": "USD", "unit": "million_token"}
USED = Usage(prompt_tokens=1_000_000, completion_tokens=2_000_000, cached_tokens=400_000, reasoning_tokens=1_900_000)


@pytest.mark.parametrize(
    ("slug", "pricing", "amount", "source"),
    [
        ("gpt-5", {**MILLION, "amount": 0.5}, "3.0", "the catalogue for tokens in, the printed price list"),
        ("openai/gpt-5", {**MILLION, "amount": 0.5}, "3.0", "the catalogue for tokens in, the printed price list"),
        ("gpt-5", {**MILLION, "amount": 0.6}, "1.8", "the catalogue, whose one amount holds for all tokens"),
        ("gpt-5", {**MILLION, "amount": 0.5, "currency": "EUR"}, "1.5", "the catalogue, whose one amount"),
        ("new", {**MILLION, "amount": 2}, "6", "the catalogue, whose one amount holds for all tokens"),
        ("new", {"amount": 0.000002, "unit": "token"}, "6", "the catalogue, whose one amount holds for all tokens"),
        ("new", {"amount": "0.000002", "unit": "tokens"}, "6", "the catalogue, whose one amount"),
        ("new", {**MILLION, "input": 1, "output": 3}, "7", "the catalogue; tokens from the cache in full"),
        ("new", {**MILLION, "prompt": 1, "completion": 3, "cached": 0.25}, "6.7", "the catalogue"),
        ("new", {**MILLION, "input_price": 1, "output_price": 3}, "7", "the catalogue; tokens from the cache in full"),
        ("new", {**MILLION, "amount": {"input": 1, "output": 3}}, "7", "the catalogue; tokens from the cache in full"),
        ("new", {**MILLION, "input": {"amount": 0.001, "unit": "token"}, "output": 1}, "1002", "the catalogue; tokens"),
        (
            "new",
            {**MILLION, "amount": 1, "criterias": [rule("token_type", "output", 4), rule("token_type", "cached", 0.5)]},
            "8.8",
            "the catalogue, whose other amount holds for the tokens that it does not name",
        ),
        (
            "new",
            {**MILLION, "amount": 9, "criterias": [rule("direction", "Input", 1), rule("direction", "Output", 2)]},
            "5",
            "the catalogue; tokens from the cache in full",
        ),
    ],
)
def test_tokens_are_priced_by_the_catalogue(address: str, slug: str, pricing: Any, amount: str, source: str) -> None:
    """In any spelling of two prices; one amount as it is printed, or for all; reasoning is counted once."""
    price_lists.note(address, [Model.from_json(text_model(slug, pricing))])
    charge = charge_tokens(slug, USED, address=address)
    assert (charge.amount, charge.source) == (Decimal(amount), "priced")
    assert charge.reason.startswith(source)
    assert charge.price is not None
    assert charge.price["unit"] == "million_token"


@pytest.mark.parametrize(
    ("pricing", "reason"),
    [
        ({}, "the catalogue gives no price"),
        ({**MILLION, "amount": -1}, "the catalogue gives no price"),
        ({**MILLION, "amount": "NaN"}, "the catalogue gives no price"),
        ({"amount": 1, "unit": "image"}, "the unit 'image' is none of tokens"),
        ({**MILLION, "amount": 1, "criterias": [rule("hour", "night", 1)]}, "its price depends on 'hour'"),
        ({**MILLION, "amount": 1, "criterias": [rule([], "input", 1)]}, "its price depends on '[]'"),  # type: ignore[arg-type]
        ({**MILLION, "amount": [1], "input": {"amount": {}}}, "the catalogue gives no price"),
        (
            {**MILLION, "amount": 1, "criterias": [rule("type", "input", 1, operator=">")]},
            "its price list uses the operator '>'",
        ),
        ({**MILLION, "amount": 1, "criterias": [rule("type", "input", 1)] * 10_000}, "its price list has 10,000 cases"),
        ({**MILLION, "amount": 1, "formula": {"type": "x"}}, "it is priced by a formula, which says nothing of tokens"),
        ({**MILLION, "amount": 1, "currency": 7}, "the currency '7' is not known"),
    ],
)
def test_a_text_price_that_cannot_be_read_is_unknown(address: str, pricing: Any, reason: str) -> None:
    """With the reason; never 0."""
    price_lists.note(address, [Model.from_json(text_model("new", pricing))])
    charge = charge_tokens("new", USED, address=address)
    assert (charge.amount, charge.source, charge.reason) == (None, "unknown", reason)


def test_prices_are_of_one_address() -> None:
    """What one service says of a name holds nowhere else."""
    price_lists.note("https://one.test", [Model.from_json(text_model("new", {**MILLION, "amount": 1}))])
    charge = charge_tokens("new", USED, address="https://other.test")
    assert charge.reason == "the price of a token of this model is not known: client.models() reads the catalogue's"


def test_only_the_latest_addresses_are_remembered(address: str) -> None:
    """A notebook that meets ever new sandboxes does not grow."""
    price_lists.note(address, [Model.from_json(text_model("new", {**MILLION, "amount": 1}))])
    for number in range(40):
        price_lists.note(f"{address}/{number}", [])
    assert charge_tokens("new", USED, address=address).amount is None


def test_more_cached_tokens_than_there_are_count_in_full(address: str) -> None:
    """Such a count is no count."""
    price_lists.note(address, [Model.from_json(text_model("new", {**MILLION, "amount": 1, "cached": 0}))])
    assert charge_tokens("new", Usage(10, 0, cached_tokens=11), address=address).amount == Decimal("0.00001")


@pytest.mark.parametrize(
    ("metrics", "outputs", "unit", "amount"),
    [
        ({"image_count": 3}, (), "image", 3),
        ({"image_count": 3}, ("https://a.test/1.png",), "image", 1),
        ({"asset_count": 2, "image_count": 1}, (), "video", 2),
        ({"predict_time": 48.13}, ("x",), "computing_second", "48.13"),
        ({"predict_time": "soon"}, ("x",), "computing_second", None),
        ({"total_tokens": 12}, ("x",), "token", 12),
        ({"prompt_tokens": 2, "completion_tokens": 5}, ("x",), "tokens", 7),
        ({"input_tokens": 2_000_000, "output_tokens": 0}, ("x",), "million_token", 2),
        ({}, ("x",), "token", None),
        ({"output_megapixels": 1.5}, ("x",), "megapixel", "1.5"),
        ({}, ("x",), "fortnight", None),
    ],
)
def test_a_success_is_priced_by_what_came_back(
    metrics: dict[str, Any], outputs: tuple[str, ...], unit: str, amount: Any
) -> None:
    """Outputs, seconds of work, tokens and megapixels as the service measured them."""
    job = Prediction("p", Status.SUCCEEDED, output=outputs, raw={"metrics": metrics})
    charge = charge_prediction(job, Model("m", pricing={"amount": 1, "unit": unit}), {})
    assert charge.amount == (None if amount is None else Decimal(amount))
    assert charge.source == ("unknown" if amount is None else "priced")


def test_a_charge_that_is_only_bounded_is_unknown_and_says_the_bounds() -> None:
    """A picture behind a link may have any size."""
    formula = {
        "variables": {"r": 1},
        "terms": [{"megapixel_type": which, "megapixels_key": which, "rate_key": "r"} for which in ("input", "output")],
    }
    job = Prediction("p", Status.SUCCEEDED, output=("x",), input={"size": "1000x1000", "image": "https://a.test/b"})
    charge = charge_prediction(job, Model("m", pricing={"amount": 1, "unit": "x", "formula": formula}))
    assert (charge.amount, charge.source) == (None, "unknown")
    assert charge.reason.startswith("at least $1.00, ")
    measured = replace(job, raw={"metrics": {"input": 2.5}})
    assert charge_prediction(measured, Model("m", pricing={"amount": 1, "unit": "x", "formula": formula})).amount == (
        Decimal("3.5")
    )


_WORDS = {
    "prompt": "a red fox",
    "text": "Hello there",
    "lyrics": "[verse] la",
    "script": "Hello",
    "speakers": [{"name": "Ada"}],
    "image": "https://example.org/a.png",
    "audio": "https://example.org/a.mp3",
}
_OTHERWISE = {
    "truefusion-optima": "the sandbox bills the usual seconds of work; its jobs take others",
    "sandbox-voice": "without a length asked for, only the sandbox knows how long its sound is",
    **dict.fromkeys(
        ("sandbox-narrator", "sandbox-songbook", "sandbox-studio"),
        "the sandbox does not say how many tokens it counted",
    ),
    "sandbox-archive": "it is offline",
}


def test_our_price_is_what_the_sandbox_bills(client: Client) -> None:
    """For every model that runs predictions, but for those of which the answer does not say what was counted."""

    def priced(slug: str) -> tuple[Decimal | None, Decimal | None]:
        found = client.model(slug)
        values = {name: _WORDS[name] for name in found.input_schema.get("required", [])}
        job = client.predict(slug, values)
        return charge_prediction(replace(job, credits_used=None), found, values).amount, job.credits_used

    models = {model.slug for model in client.models() if not (model.speaks_chat or model.embeds)}
    slugs = sorted(models - {"sandbox-archive"})
    with ThreadPoolExecutor(16) as pool:
        seen = dict(zip(slugs, pool.map(priced, slugs), strict=True))
    assert len(models) == len(seen) + 1
    different = {slug for slug, (ours, theirs) in seen.items() if ours != theirs}
    assert different == _OTHERWISE.keys() - {"sandbox-archive"}
    assert [slug for slug in different if seen[slug][0] is not None] == ["truefusion-optima"]


@pytest.fixture
def client(shared_sandbox: Sandbox, told: Told) -> Iterator[Client]:
    """Give a client of the shared sandbox."""
    with Client(api_key=KEY, base_url=shared_sandbox.url, observers=(told,)) as made:
        yield made


@pytest.mark.parametrize(
    ("slug", "values"),
    [
        ("truefusion-pro", {"num_outputs": 3}),
        ("truefusion-2", {"resolution": "720p"}),
        ("FLUX.2-pro", {"aspect_ratio": "custom", "width": 300, "height": 500}),
        ("flux-2-flex", {"resolution": "2 MP", "num_outputs": 2}),
        ("flux-1-edge", {"megapixels": "0.25", "num_outputs": 4}),
        ("sandbox-fleet", {"num_gpus": 3}),
        ("veo-3.1-fast", {"generate_audio": False, "duration": 4}),
        ("sandbox-reel", {"duration": 11, "fps": 60}),
        ("sandbox-clip", {"seconds": "8"}),
    ],
)
def test_quote_price_and_bill_agree(client: Client, told: Told, slug: str, values: dict[str, Any]) -> None:
    """Before, after, and as the sandbox bills it."""
    given = {"prompt": "a fox", **values}
    job = client.predict(slug, given)
    priced = charge_prediction(replace(job, credits_used=None), client.model(slug), given)
    assert told.last.quoted == told.last.quoted_low == priced.amount == job.credits_used == told.last.credits


# What the record says


def test_a_job_s_record_says_what_came_back(client: Client, told: Told) -> None:
    """Bytes of all answers, credits, megapixels."""
    client.predict("truefusion-2", {"prompt": "a fox", "resolution": "720p"})
    call = told.last
    assert (call.credits, call.megapixels, call.media_seconds) == (Decimal("0.07"), 0.9216, None)
    assert call.bytes is not None
    assert call.bytes > 1000


def test_a_film_s_record_says_its_seconds(client: Client, told: Told) -> None:
    """As they were asked for."""
    client.predict("sandbox-clip", {"prompt": "a fox", "seconds": "4"})
    assert (told.last.media_seconds, told.last.megapixels) == (4.0, None)


def test_an_answer_s_record_counts_bytes_and_speed(scripted: Script) -> None:
    """Bytes are those of the body; tokens a second are counted over the whole time of an answer that did not stream."""
    usage = {
        "prompt_tokens": 3,
        "completion_tokens": 50,
        "prompt_tokens_details": {"audio_tokens": 2},
        "completion_tokens_details": {"audio_tokens": 5},
    }
    body = json.dumps({"id": "c", "choices": [{"message": {"content": "hi"}}], "usage": usage}).encode()
    script = scripted(httpx.Response(200, content=body))
    script.client.chat("hi", model="gpt-5")
    call = script.told.last
    assert (call.bytes, call.audio_tokens) == (len(body), 7)
    assert call.seconds is not None
    assert call.tokens_per_second == (50 / call.seconds if call.seconds >= 0.001 else None)


def test_a_stream_s_speed_is_counted_from_its_first_piece(client: Client, told: Told) -> None:
    """The wait for it is no part of the speed."""
    for _ in client.chat_stream("Tell me a story", model="gpt-5", max_tokens=200):
        pass
    call = told.last
    assert call.completion_tokens
    assert call.seconds is not None
    assert call.ttft is not None
    wrote = call.seconds - call.ttft
    assert call.tokens_per_second == (pytest.approx(call.completion_tokens / wrote) if wrote >= 0.001 else None)
    assert call.bytes


def _ended(trace: Trace) -> Call:
    return trace.ended("succeeded")


def test_a_clock_that_jumps_back_ends_no_call_before_its_beginning() -> None:
    """The end is the beginning and the time that passed by the monotonic clock."""
    begun = datetime(2031, 1, 1, tzinfo=UTC)  # the clock said so, and has been put right since
    call = Call("c", "chat", "POST /", "m", begun, "f")
    ticks = iter((10.0, 10.5, 12.0))
    trace = Trace(call, clock=lambda: next(ticks))
    trace.begin_try()
    ended = _ended(trace)
    assert (ended.finished_at, ended.seconds) == (begun + timedelta(seconds=2), 1.5)


def test_a_job_taken_up_after_the_clock_jumped_back_took_no_negative_time() -> None:
    """Its age is at least nothing."""
    begun = datetime.now(UTC) + timedelta(hours=1)
    call = Call("c", "prediction", "POST /", "m", begun, "f", status="running", attempts=1)
    ended = _ended(Trace.resumed(call, Trace(call).policy, ADDRESS))
    assert ended.seconds is not None
    assert 0 <= ended.seconds < 60
    assert ended.finished_at is not None
    assert begun <= ended.finished_at < begun + timedelta(seconds=60)


def test_observers_learn_the_bounds_before_a_text_call_leaves(client: Client, told: Told) -> None:
    """Chat, streamed or not, responses and vectors; nothing is asked of the service for it."""
    client.chat("hi", model="gpt-5", max_tokens=100)
    for _ in client.chat_stream("hi", model="gpt-5", max_tokens=100):
        pass
    client.respond("hi", model="gpt-5", max_output_tokens=100)
    client.embed("hi", model="skytells-embed-3-small")
    before = [call for when, call in told.calls if when == "before"]
    assert [call.api for call in before] == ["chat", "chat", "responses", "embeddings"]
    for call in before[:3]:
        assert call.quoted is not None
        assert Decimal("0.000125") < call.quoted < Decimal("0.0002")
        assert call.quoted_low == Decimal("0.0000005")
        ended = next(end for when, end in told.calls if when == "after" and end.id == call.id)
        assert ended.charge.amount is not None
        assert call.quoted_low <= ended.charge.amount <= call.quoted


def test_a_call_is_never_preceded_by_a_request_for_its_price(scripted: Script, chat_answer: httpx.Response) -> None:
    """One call, one request; the price is unknown then, and the reason says what would tell it."""
    script = scripted(chat_answer)
    script.client.chat("hi", model="some-new-model", max_tokens=5)
    assert len(script.sent) == 1
    assert script.told.last.quoted is None
    assert script.told.last.charge.reason.endswith("client.models() reads the catalogue's")


def test_any_client_s_catalogue_prices_the_calls_of_all(address: str, chat_answer: httpx.Response) -> None:
    """The list is of the process, by the service's address."""
    found = [text_model("some-new-model", {**MILLION, "input": 1, "output": 2, "cached": 0.5})]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=found) if request.url.path.endswith("/models") else chat_answer

    def made() -> Client:
        return Client(api_key=KEY, base_url=address, observers=(), transport=httpx.MockTransport(answer))

    with made() as one, made() as other:
        one.models()
        reply = other.chat("hi", model="some-new-model")
        assert reply.call is not None
        assert reply.call.charge.source == "priced"
        assert reply.call.charge.price == {
            "unit": "million_token",
            "prompt": "1",
            "completion": "2",
            "cached": "0.5",
            "source": "the catalogue",
        }


def test_text_models_are_quoted_by_the_same_verb(client: Client) -> None:
    """A prompt, messages, texts for vectors; without a limit the service's own one bounds the answer."""
    bounded = client.quote("gpt-5", "a question", max_tokens=100)
    assert str(bounded).startswith("up to $0.0001")
    assert client.quote("gpt-5", [{"role": "user", "content": "a question"}], max_tokens=100) == bounded
    twice = client.quote("gpt-5", "a question", max_tokens=100, n=2)
    assert twice.high is not None
    assert bounded.high is not None
    assert twice.high - bounded.high == Decimal("0.000125")
    assert client.quote("gpt-5", "a question") == client.quote("gpt-5", "a question", max_tokens=8192)
    assert client.quote("skytells-embed-3-small", ["a", "b"]).high is not None


def test_a_printed_price_is_quoted_offline() -> None:
    """Where nobody answers, the four printed prices still say what a chat can cost, and that they are printed."""
    with Client(api_key=KEY, base_url="http://127.0.0.1:1/v1", retry=RetryPolicy(tries=1)) as alone:
        found = alone.quote("gpt-5", "a question", max_tokens=100)
        assert str(found).startswith("up to $0.0001")
        assert found.reason.endswith("by the printed price list, not the live catalogue")
        with pytest.raises(NetworkError):
            alone.quote("gpt-5-nano", "a question", max_tokens=100)


def test_a_key_in_a_tag_stays_out_of_the_record(shared_sandbox: Sandbox) -> None:
    """What looks like a key is struck out of the tag before anybody is told of the call."""
    told = Told()
    with Client(api_key=KEY, base_url=shared_sandbox.url, observers=(told,)) as client:
        client.chat("hi", tag="of sk-live-0123456789abcdef0123456789abcdef")
    assert {call.tag for _, call in told.calls} == {"of sk-…"}


@pytest.mark.parametrize(
    ("slug", "values", "params"),
    [
        ("gpt-5", {"prompt": "x"}, {}),
        ("gpt-5", "", {"max_tokens": 5}),
        ("gpt-5", "x", {"seed": float("nan")}),
        ("truefusion", "a fox", {}),
        ("truefusion", {"prompt": "a fox"}, {"max_tokens": 5}),
    ],
)
def test_a_quote_of_what_does_not_go_with_the_model_is_refused(
    client: Client, slug: str, values: Any, params: dict[str, Any]
) -> None:
    """Inputs for a text model, a prompt for a media model, limits for a picture."""
    with pytest.raises(InputError):
        client.quote(slug, values, **params)


async def _quoted(url: str) -> str:
    async with AsyncClient(api_key=KEY, base_url=url, observers=()) as twin:
        return str(await twin.quote("gpt-5", "a question", max_tokens=100))


def test_the_async_client_quotes_the_same(client: Client, shared_sandbox: Sandbox) -> None:
    """One flow for both."""
    import asyncio

    assert asyncio.run(_quoted(shared_sandbox.url)) == str(client.quote("gpt-5", "a question", max_tokens=100))


# Texts, only where they are wished for


def test_no_text_is_kept_by_default(client: Client, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the prompt nor the answer."""
    monkeypatch.delenv(settings.STORE_TEXT_VARIABLE, raising=False)
    client.chat("a secret question", model="gpt-5")
    assert (told.last.prompt, told.last.output) == (None, None)


@pytest.mark.parametrize(("word", "on"), [("1", True), ("true", True), ("ON", True), ("0", False), ("", False)])
def test_texts_are_kept_where_the_setting_says_so(word: str, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one environment variable."""
    monkeypatch.setenv(settings.STORE_TEXT_VARIABLE, word)
    assert settings.store_text() is on


@pytest.fixture
def storing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the keeping of texts on."""
    monkeypatch.setenv(settings.STORE_TEXT_VARIABLE, "1")


@pytest.mark.usefixtures("storing")
def test_a_prompt_and_its_answer_are_kept(client: Client, told: Told) -> None:
    """A lone text as it is, a conversation as JSON; streamed or not."""
    reply = client.chat("What is a notebook?", model="gpt-5")
    assert (told.last.prompt, told.last.output) == ("What is a notebook?", reply.text)
    stream = client.chat_stream("What is a cell?", model="gpt-5", system="Be brief.")
    for _ in stream:
        pass
    assert json.loads(told.last.prompt or "") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is a cell?"},
    ]
    assert told.last.output == stream.reply.text


@pytest.mark.usefixtures("storing")
def test_the_inputs_of_a_prediction_are_kept_without_secrets(client: Client, told: Told) -> None:
    """A password of the schema and the key itself are left out."""
    job = client.predict("gpt-image-1", {"prompt": f"a fox with {KEY}", "openai_api_key": "sk-theirs"})
    kept = json.loads(told.last.prompt or "")
    assert kept["openai_api_key"] == "(hidden)"
    assert KEY not in kept["prompt"]
    assert told.last.output == job.output[0]


@pytest.mark.usefixtures("storing")
def test_a_kept_text_is_bounded(scripted: Script, chat_answer: httpx.Response) -> None:
    """To a megabyte, and to whole characters."""
    script = scripted(chat_answer)
    script.client.chat("é" * 800_000, model="gpt-5")
    assert script.told.last.prompt == "é" * 500_000
