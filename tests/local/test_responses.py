"""The Responses API: what a reply holds, how a conversation goes on, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from skytells_nb.local import Sandbox, tokens

QUESTION = "How do I bake bread with rye?"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
Respond = Callable[..., dict[str, Any]]


@pytest.fixture
def respond(api: httpx.Client) -> Respond:
    """Ask the router; the reply."""

    def post(given: Any = QUESTION, **options: Any) -> dict[str, Any]:
        reply = api.post("/responses", json={"model": "deepbrain-router", "input": given} | options)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    return post


def text_of(reply: dict[str, Any]) -> str:
    """Join the texts of a reply's messages."""
    return "".join(part["text"] for item in reply["output"] for part in item.get("content", []))


def test_a_reply_holds_the_printed_one(respond: Respond, printed: Callable[[str], Any]) -> None:
    """Each key of the document's object is there, in its order and of its type, at every depth."""

    def holds(mine: Any, seed: Any) -> None:
        assert type(mine) is type(seed)
        if isinstance(seed, dict):
            assert [key for key in mine if key in seed] == list(seed)
            for key, value in seed.items():
                holds(mine[key], value)
        elif isinstance(seed, list):
            holds(mine[0], seed[0])

    holds(respond(), printed("response_object"))


def test_a_reply_has_all_its_keys(respond: Respond) -> None:
    """The object is whole, whatever was asked."""
    assert list(respond()) == [
        *["id", "object", "created_at", "model", "status", "output_text", "output", "usage", "error"],
        *["incomplete_details", "instructions", "previous_response_id", "store", "temperature", "top_p"],
        *["frequency_penalty", "presence_penalty", "max_output_tokens", "max_tool_calls", "tools", "tool_choice"],
        *["parallel_tool_calls", "reasoning", "text", "top_logprobs", "truncation", "service_tier"],
        *["prompt_cache_key", "prompt_cache_retention", "metadata", "user", "content_filters"],
    ]


def test_the_answer_is_the_chat_s(respond: Respond, api: httpx.Client) -> None:
    """The same question gets the same words from both APIs, and costs the same."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    chat = api.post("/chat/completions", json={"model": "deepbrain-router", "messages": messages}).json()
    reply = respond(instructions="Be brief.")
    assert reply["output_text"] == text_of(reply) == chat["choices"][0]["message"]["content"]
    assert reply["usage"]["input_tokens"] == chat["usage"]["prompt_tokens"]
    assert reply["usage"]["output_tokens"] == chat["usage"]["completion_tokens"]


def test_usage_has_this_api_s_names(respond: Respond) -> None:
    """Input and output, their sum, and both details."""
    reply = respond()
    usage = reply["usage"]
    assert usage["output_tokens"] == tokens.count(reply["output_text"])
    assert usage == {
        "input_tokens": usage["input_tokens"],
        "output_tokens": usage["output_tokens"],
        "total_tokens": usage["input_tokens"] + usage["output_tokens"],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }


def test_what_was_asked_is_echoed(respond: Respond) -> None:
    """Each parameter comes back as it was sent; nothing is stored unless asked."""
    sent = {
        "temperature": 0.2,
        "top_p": 0.5,
        "max_output_tokens": 300,
        "tools": [WEATHER],
        "tool_choice": "none",
        "parallel_tool_calls": False,
        "truncation": "auto",
        "service_tier": "flex",
        "metadata": {"lesson": "3"},
        "user": "me",
        "instructions": "Be brief.",
        "store": True,
    }
    reply = respond(**sent, reasoning={"effort": "low"}, text={"verbosity": "high"})
    assert {key: reply[key] for key in sent} == sent
    assert reply["reasoning"] == {"effort": "low", "summary": None}
    assert reply["text"] == {"format": {"type": "text"}, "verbosity": "high"}
    assert respond()["store"] is False


def test_items_are_read_as_turns(respond: Respond) -> None:
    """Messages with and without a type, texts and parts, pictures counted."""
    items = [
        {"role": "system", "content": "Answer like a pirate."},
        {"role": "user", "content": [{"type": "input_text", "text": "First thing?"}]},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "So.", "annotations": []}],
        },
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Second thing?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
            ],
        },
    ]
    text = respond(items)["output_text"]
    assert "Answer like a pirate." in text
    assert "Before that you asked: “First thing?”" in text
    assert "1 picture is attached" in text


def test_a_stored_response_is_gone_on_from(respond: Respond) -> None:
    """The server knows what was asked before, over several links; instructions are not handed on."""
    first = respond("First thing?", store=True, instructions="Be brief.")
    second = respond("Second thing?", store=True, previous_response_id=first["id"])
    third = respond("Third thing?", previous_response_id=second["id"])
    assert "You have asked 2 things before, the last: “Second thing?”" in third["output_text"]
    assert "Be brief" not in second["output_text"]
    assert (second["previous_response_id"], second["instructions"]) == (first["id"], None)


def test_history_is_paid_for(respond: Respond) -> None:
    """What was said before is read again, and counted again."""
    first = respond(store=True)
    assert respond("More?", previous_response_id=first["id"])["usage"]["input_tokens"] > first["usage"]["total_tokens"]


@pytest.mark.parametrize("stored", [False, None])
def test_only_a_stored_response_is_gone_on_from(respond: Respond, api: httpx.Client, stored: bool | None) -> None:
    """By default nothing is kept; the error names the parameter."""
    first = respond(**({} if stored is None else {"store": stored}))
    body = {"model": "gpt-5", "input": "And?", "previous_response_id": first["id"]}
    error = api.post("/responses", json=body).json()["error"]
    assert (error["status"], error["error_id"], error["param"]) == (400, "INVALID_PARAMETER", "previous_response_id")
    assert "'store': true" in error["message"]


def test_old_responses_are_forgotten(sandbox: Sandbox) -> None:
    """Only the last 2,000 are kept."""
    from skytells_nb.local.inference.histories import History

    for number in range(2001):
        sandbox.state.histories.keep(f"resp_{number}", History())
    assert sandbox.state.histories.find("resp_0") is None
    assert sandbox.state.histories.find("resp_1") == History()


def test_a_limit_makes_it_incomplete(respond: Respond) -> None:
    """Cut after so many tokens, and the reason is told."""
    reply = respond(max_output_tokens=7)
    assert (reply["status"], reply["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert reply["usage"]["output_tokens"] == 7
    assert reply["output"][0]["status"] == "incomplete"
    assert respond()["output_text"].startswith(reply["output_text"])


def test_a_filtered_answer_is_incomplete(respond: Respond) -> None:
    """The reason is the filter, and the completion's entry says which."""
    reply = respond("Say something FILTERED")
    assert (reply["status"], reply["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})
    prompt, completion = reply["content_filters"]
    assert (prompt["source_type"], prompt["blocked"]) == ("prompt", False)
    assert (completion["source_type"], completion["blocked"]) == ("completion", True)
    assert completion["content_filter_results"]["violence"] == {"filtered": True, "severity": "medium"}
    assert completion["content_filter_offsets"]["end_offset"] == len(reply["output_text"])


def test_a_question_may_be_refused(respond: Respond) -> None:
    """A refusal is a part of its own kind, and no output text."""
    reply = respond("Please REFUSE this")
    [part] = reply["output"][0]["content"]
    assert (part["type"], reply["output_text"]) == ("refusal", "")
    assert "sandbox refusal" in part["refusal"]


def test_a_prompt_may_be_blocked(api: httpx.Client) -> None:
    """451, as in a chat."""
    reply = api.post("/responses", json={"model": "gpt-5", "input": "a BLOCKED word"})
    assert (reply.status_code, reply.json()["error"]["error_id"]) == (451, "CONTENT_POLICY_VIOLATION")


def test_text_may_have_a_schema(respond: Respond) -> None:
    """An instance of it, as JSON."""
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    form = {"type": "json_schema", "name": "n", "schema": schema, "strict": True}
    reply = respond(text={"format": form})
    Draft202012Validator(schema).validate(json.loads(reply["output_text"]))
    assert reply["text"]["format"] == form


def test_text_may_be_an_object(respond: Respond) -> None:
    """Any JSON object, which says what it is."""
    assert json.loads(respond(text={"format": {"type": "json_object"}})["output_text"])["sandbox"] is True


@pytest.mark.parametrize("nested", [False, True])
def test_a_tool_is_called_and_its_result_answered(respond: Respond, nested: bool) -> None:
    """The call is an item; its output, sent with the stored response's id, is answered by the tool's name."""
    function = {key: value for key, value in WEATHER.items() if key != "type"}
    tools = [{"type": "function", "function": function}] if nested else [WEATHER]
    first = respond("What is the weather in Paris?", tools=tools, store=True)
    [call] = first["output"]
    assert (call["type"], call["name"], call["status"]) == ("function_call", "get_weather", "completed")
    assert json.loads(call["arguments"]) == {"location": "Paris"}
    assert (first["output_text"], first["status"]) == ("", "completed")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "21 degrees"}
    second = respond([output], tools=tools, previous_response_id=first["id"])
    assert "The tool `get_weather` found:\n\n```\n21 degrees\n```" in second["output_text"]


def test_a_call_may_be_sent_back_as_an_item(respond: Respond) -> None:
    """Without a stored response the caller sends its own history, reasoning items and all."""
    items = [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "rain"}]},
    ]
    assert "`get_weather` found:\n\n```\nrain\n```" in respond(items, tools=[WEATHER])["output_text"]


def test_log_probabilities_come_when_asked_for(respond: Respond) -> None:
    """By `top_logprobs` or by `include`; one entry a piece."""
    [part] = respond("REPEAT: one two", top_logprobs=2)["output"][0]["content"]
    assert [entry["token"] for entry in part["logprobs"]] == ["one", " two"]
    assert [len(entry["top_logprobs"]) for entry in part["logprobs"]] == [2, 2]
    [part] = respond("REPEAT: one", include=["message.output_text.logprobs"])["output"][0]["content"]
    assert part["logprobs"][0]["top_logprobs"] == []
    assert respond()["output"][0]["content"][0]["logprobs"] == []


def test_it_is_paid_from_the_balance(client_of: Callable[[Sandbox], httpx.Client]) -> None:
    """Tokens in and out at the model's two prices; an empty balance refuses."""
    with Sandbox(credits=0.0002) as poor:
        client = client_of(poor)
        usage = client.post("/responses", json={"model": "gpt-5", "input": QUESTION}).json()["usage"]
        left = poor.state.credits_left
        refused = client.post("/responses", json={"model": "gpt-5", "input": QUESTION})
    assert left is not None
    assert float(left) == pytest.approx(0.0002 - (usage["input_tokens"] * 0.5 + usage["output_tokens"] * 1.25) / 1e6)
    assert refused.json()["error"]["error_id"] == "INSUFFICIENT_CREDITS"


def test_usage_may_be_missing(api: httpx.Client) -> None:
    """The fault makes it null."""
    headers = {"x-sandbox-fault": "no-usage"}
    assert api.post("/responses", json={"model": "gpt-5", "input": "x"}, headers=headers).json()["usage"] is None


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": None}, 422, "model"),
        ({"model": "skytells-embed-3-small"}, 422, "model"),
        ({"input": None}, 422, "input"),
        ({"input": ""}, 400, "input"),
        ({"input": []}, 400, "input"),
        ({"input": ["x"]}, 400, "input[0]"),
        ({"input": [{"role": "robot", "content": "x"}]}, 400, "input[0].role"),
        ({"input": [{"role": "user"}]}, 400, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, 400, "input[0].content[0]"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, 400, "input[0].type"),
        ({"input": [{"type": []}]}, 400, "input[0].type"),
        ({"input": [{"type": "function_call"}]}, 400, "input[0]"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, 400, "input[0].call_id"),
        ({"input": [{"type": "function_call_output", "call_id": "x"}]}, 400, "input[0].output"),
        ({"previous_response_id": "resp_unknown"}, 400, "previous_response_id"),
        ({"previous_response_id": ["x"]}, 400, "previous_response_id"),
        ({"instructions": 5}, 400, "instructions"),
        ({"store": "yes"}, 400, "store"),
        ({"stream": 1}, 400, "stream"),
        ({"max_output_tokens": 0}, 400, "max_output_tokens"),
        ({"max_tool_calls": 0}, 400, "max_tool_calls"),
        ({"temperature": 3}, 400, "temperature"),
        ({"top_logprobs": 21}, 400, "top_logprobs"),
        ({"include": "x"}, 400, "include"),
        ({"truncation": "perhaps"}, 400, "truncation"),
        ({"truncation": []}, 400, "truncation"),
        ({"reasoning": "low"}, 400, "reasoning"),
        ({"reasoning": {"effort": "huge"}}, 400, "reasoning.effort"),
        ({"text": []}, 200, None),
        ({"text": "x"}, 400, "text"),
        ({"text": {"verbosity": "loud"}}, 400, "text.verbosity"),
        ({"text": {"format": {"type": "json_schema"}}}, 400, "text.format.name"),
        ({"text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": 1}}}}, 400, "text.format.schema"),
        ({"tools": [{"type": "function", "name": "a b"}]}, 400, "tools[0].name"),
        ({"tools": [{"type": "web_search"}]}, 200, None),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "name": "other"}}, 400, "tool_choice"),
        ({"metadata": {"n": 1}}, 400, "metadata"),
        ({"some_new_option": {"x": 1}}, 200, None),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    api: httpx.Client, body: dict[str, Any], status: int, param: str | None
) -> None:
    """The error's `param` names it; what is unknown is ignored."""
    reply = api.post("/responses", json={"model": "gpt-5", "input": QUESTION} | body)
    assert reply.status_code == status, reply.text
    assert reply.json().get("error", None) is None or reply.json()["error"]["param"] == param
