"""Values -> mimebundles: what a person reads, and that foreign words stay words."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from skytells_nb.api.pricing import Quote
from skytells_nb.api.record import Call, Charge
from skytells_nb.api.values import Choice, Embeddings, Filters, Link, Model, Prediction, Reply, Status, Usage
from skytells_nb.notebook.live import progress_bundle
from skytells_nb.notebook.render import Catalogue, bundle
from tests.notebook.hostile import PAYLOADS, faults

CALL = Call(
    id="c1",
    api="chat",
    endpoint="POST /chat/completions",
    model="deepbrain-router",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    fingerprint="f",
    seconds=3.21,
    ttft=0.42,
    prompt_tokens=120,
    completion_tokens=1532,
    charge=Charge(Decimal("0.000123"), "USD", "priced"),
)


@pytest.fixture(autouse=True)
def _media_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def hostile_values(words: str) -> list[object]:
    """Put the same foreign words into every place of every value that is shown."""
    schema: Any = {
        "required": [words],
        "properties": {
            words: {"type": "string", "title": words, "description": words, "default": words},
            "b": {"enum": [words], "description": words},
            "c": {"type": "array", "items": {"type": words}},
        },
    }
    call = replace(CALL, model=words, charge=Charge(Decimal(1), words, "billed"))
    model = Model(
        words,
        name=words,
        type=words,
        description=words,
        vendor=words,
        status=words,
        pricing={"amount": 1, "unit": words, "currency": words},
        input_schema=schema,
    )
    job = Prediction(
        words, Status.SUCCEEDED, model=words, input={"prompt": words, "seed": words}, output=(words,), call=call
    )
    reply = Reply(
        text=words,
        model=words,
        finish_reason=words,
        filters=Filters((words,), (words,)),
        tool_calls=({"function": {"name": words, "arguments": words}}, {"x": words}),
        call=call,
    )
    return [
        model,
        Catalogue((model,)),
        reply,
        Reply(refusal=words, model=words),
        Embeddings((words,), (array("f", [1.0]),), words, calls=(call, replace(call, api="embeddings"))),
        job,
        replace(job, status=Status.FAILED, error=words),
        replace(job, status=Status.RUNNING),
        Quote(None, None, words, words),
        Quote(Decimal(1), Decimal(1), words, words),
        Quote(Decimal(1), Decimal(2), words, words),
        words,
        {"a": [words]},
    ]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_foreign_words_are_words_in_every_bundle(payload: str) -> None:
    """No value lets what it holds become part of the page, and none offers Markdown to the front end."""
    drawn = [bundle(value) for value in hostile_values(payload)]
    for made in [*drawn, progress_bundle(payload, payload, 5, 1)]:
        assert set(made) == {"text/plain", "text/html"}
        assert faults(made["text/html"]) == []
        assert "\x1b" not in made["text/plain"]


def test_reply_shows_text_and_caption() -> None:
    """An answer is its text, then who, how long, how many tokens and how much."""
    plain = bundle(Reply(text="Hi **there**", model="gpt-5", finish_reason="stop", call=CALL))["text/plain"]
    times = "3.2 s · first words after 0.4 s · 120 tokens in, 1,532 out"
    line = f"asked deepbrain-router, answered gpt-5 · {times} · $0.000123"
    assert plain == f"Hi **there**\n{line}"


def test_reply_html_is_rendered_markdown_with_the_same_caption() -> None:
    """The page has the Markdown drawn and the words of the plain caption."""
    html = bundle(Reply(text="Hi **there**", model="deepbrain-router", call=CALL))["text/html"]
    assert "<strong>there</strong>" in html
    assert "deepbrain-router · 3.2 s" in html


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"finish_reason": "length"}, "cut: the answer reached its token limit"),
        (
            {"finish_reason": "content_filter", "filters": Filters(("violence",), ("hate",))},
            "safety layer: violence, hate",
        ),
        ({"finish_reason": "odd"}, "ended by odd"),
        ({"complete": False}, "interrupted: the answer is not whole"),
        ({"call": replace(CALL, charge=Charge())}, "cost unknown"),
        ({"call": replace(CALL, sandbox=True)}, "sandbox: nothing was billed, it would have cost $0.000123"),
        ({"text": "", "refusal": "No."}, "refused: No."),
        ({"tool_calls": ({"function": {"name": "look", "arguments": "{}"}},)}, "look({})"),
    ],
)
def test_reply_says_what_is_not_as_usual(change: dict[str, Any], said: str) -> None:
    """Cut, blocked, interrupted, unpriced, sandboxed, refused: each is said plainly."""
    assert said in bundle(replace(Reply(text="x", model="deepbrain-router", call=CALL), **change))["text/plain"]


def test_unknown_cost_is_never_zero() -> None:
    """A cost that is not known is not shown as a number."""
    assert "$" not in bundle(Reply(text="x", call=replace(CALL, charge=Charge())))["text/plain"]


def test_model_shows_inputs_price_and_example(shared_sandbox: Any) -> None:
    """A model's page has every input with its kind and limits, its price, and a line to try."""
    import skytells_nb as sky

    with sky.Client(base_url=shared_sandbox.url, api_key="sk-x", observers=()) as client:
        drawn = bundle(client.model("truefusion-pro"))
    for words in ("prompt: text, required", "$0.04 / image", "%skytells_predict truefusion-pro prompt="):
        assert words in drawn["text/plain"]
    assert drawn["text/html"].count("<tr>") > 3


def test_catalogue_is_a_sequence_and_a_table() -> None:
    """The catalogue can be looped over and shows one row per model."""
    models = Catalogue(
        (
            Model("a", type="image"),
            Model("b", type="text", description="words"),
        )
    )
    assert isinstance(models, Catalogue)
    assert [model.slug for model in models] == ["a", "b"]
    assert len(models) == 2
    assert models[1].slug == "b"
    assert bundle(models)["text/html"].count("<tr>") == 3
    assert "unknown" in bundle(models)["text/plain"]


def test_dollars_in_a_table_are_no_formula() -> None:
    """Two prices in one line do not meet as the ends of a formula."""
    html = bundle(Catalogue((Model("gpt-5", type="text"),)))["text/html"]
    assert html.count("<span>$</span>") == html.count("$") == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [(Status.FAILED, "failed: it broke"), (Status.CANCELED, "canceled"), (Status.RUNNING, "processing")],
)
def test_prediction_without_result_says_why(status: Status, said: str) -> None:
    """A job that has nothing to show tells its state, and asks the network for nothing."""
    drawn = bundle(Prediction("p", status, model="m", error="it broke", output=("https://nowhere.invalid/x",)))
    assert said in drawn["text/plain"]


def test_prediction_of_text_shows_it_as_it_is() -> None:
    """Text outputs are shown, escaped, as they came."""
    drawn = bundle(Prediction("p", Status.SUCCEEDED, model="m", output=("<b>words</b>",)))
    assert "&lt;b&gt;words&lt;/b&gt;" in drawn["text/html"]
    assert "<b>words</b>" in drawn["text/plain"]


def test_any_other_value_shows_its_repr() -> None:
    """What is not ours is its escaped repr."""
    assert bundle(["<i>"]) == {"text/plain": "['<i>']", "text/html": bundle(["<i>"])["text/html"]}
    assert "&lt;i&gt;" in bundle(["<i>"])["text/html"]


VECTORS = Embeddings(("a", "b", "c"), tuple(array("f", [0.5] * 1536) for _ in range(3)), "skytells-embed-3-large")


def test_vectors_are_drawn_by_their_size() -> None:
    """How many of how many numbers, and who made them; never the numbers."""
    found = bundle(VECTORS)
    assert found["text/plain"] == "3 vectors of 1,536 numbers\nskytells-embed-3-large"
    assert "<div>3 vectors of 1,536 numbers</div>" in found["text/html"]
    assert "0.5" not in found["text/html"]
    assert bundle(replace(VECTORS, arrays=VECTORS.arrays[:1]))["text/plain"].startswith("1 vector of 1,536 numbers\n")


def test_vectors_of_several_requests_have_one_line() -> None:
    """What all of them took and cost together."""
    call = replace(
        CALL,
        api="embeddings",
        model="gpt-5",
        seconds=1.0,
        ttft=None,
        prompt_tokens=7,
        completion_tokens=None,
        model_used=None,
    )
    made = replace(VECTORS, model="gpt-5", usage=Usage(prompt_tokens=14), calls=(call, call))
    line = "gpt-5 · 2.0 s · 14 tokens · $0.000246 · 2 requests"
    assert bundle(made)["text/plain"] == f"3 vectors of 1,536 numbers\n{line}"
    unknown = replace(made, calls=(call, replace(call, charge=Charge())))
    assert "cost unknown" in bundle(unknown)["text/plain"]
    sandbox = replace(made, calls=(replace(call, sandbox=True),))
    assert "sandbox: nothing was billed, it would have cost $0.000123" in bundle(sandbox)["text/plain"]


def test_a_file_is_drawn_as_text() -> None:
    """A link to an output is a plain string for every renderer."""
    assert bundle(Link("https://a/<b>.png")) == bundle("https://a/<b>.png")


def test_several_choices_are_shown_one_under_the_other() -> None:
    """Each with its number; what the call took stands once."""
    drawn = bundle(Reply(text="First.", others=(Choice("**Second**."), Choice(refusal="No.", index=2))))
    assert drawn["text/plain"] == ("choice 1 of 3\nFirst.\nchoice 2 of 3\n**Second**.\nchoice 3 of 3\nrefused: No.")
    assert drawn["text/html"].index("choice 2 of 3") < drawn["text/html"].index("<strong>Second</strong>")


@pytest.mark.parametrize(
    ("sandbox", "told"), [(True, "sandbox: nothing was billed, it would have cost $0.04"), (False, "$0.04")]
)
def test_a_job_that_was_looked_up_says_what_it_cost(sandbox: bool, told: str) -> None:
    """By the API's credits, though this machine made no call; at the sandbox nobody paid."""
    found = Prediction("p", Status.FAILED, "m", credits_used=Decimal("0.04"), sandbox=sandbox)
    assert bundle(found)["text/plain"].endswith(f"p · {told}")
