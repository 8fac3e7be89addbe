"""Tools in a chat: which are called, with what, how a call is streamed, and how its result is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from skytells_nb.local import tokens

WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather at a place",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["location", "unit"],
        "additionalProperties": False,
    },
}
STOCKS = {
    "name": "stock_price",
    "description": "Look up what a share costs",
    "parameters": {"type": "object", "properties": {"symbol": {"type": "string", "pattern": "^[A-Z]{4}$"}}},
}
CLOCK = {"name": "now", "description": "Tells the time"}
ADD = {
    "name": "add",
    "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
}
Events = Callable[[httpx.Response], list[Any]]


def offered(*functions: dict[str, Any]) -> list[dict[str, Any]]:
    """Write functions as chat's tools."""
    return [{"type": "function", "function": function} for function in functions]


@pytest.fixture
def ask(api: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Ask one question with tools; the first choice."""

    def post(question: str, *functions: dict[str, Any], **options: Any) -> dict[str, Any]:
        body = {"model": "gpt-5", "messages": [{"role": "user", "content": question}], "tools": offered(*functions)}
        reply = api.post("/chat/completions", json=body | options)
        assert reply.status_code == 200, reply.text
        return dict(reply.json()["choices"][0])

    return post


def called(choice: dict[str, Any]) -> list[str]:
    """Name the functions that a choice calls, in its order."""
    return [call["function"]["name"] for call in choice["message"].get("tool_calls", [])]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What is the weather in Paris?", ["get_weather"]),
        ("Please use stock_price now", ["stock_price", "now"]),
        ("What time is it?", ["now"]),
        ("What do shares cost?", ["stock_price"]),
        ("Tell me about machine learning", []),
        ("What is a good place to learn?", []),
    ],
)
def test_a_question_calls_the_tools_it_speaks_of(ask: Callable[..., Any], question: str, names: list[str]) -> None:
    """By the tool's name, a word of it, or the words of its description; otherwise none."""
    choice = ask(question, WEATHER, STOCKS, CLOCK)
    assert called(choice) == names
    assert choice["finish_reason"] == ("tool_calls" if names else "stop")


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "stock_price"}}, ["stock_price"]),
    ],
)
def test_the_caller_may_choose(ask: Callable[..., Any], choice: Any, names: list[str]) -> None:
    """None, some, or the one that is named, whatever the question says."""
    question = "What is the weather in Paris?" if choice == "none" else "Hello"
    assert called(ask(question, WEATHER, STOCKS, tool_choice=choice)) == names


def test_parallel_calls_can_be_turned_off(ask: Callable[..., Any]) -> None:
    """Two tools are called at once, unless only one may be."""
    question = "Call get_weather and stock_price"
    assert sorted(called(ask(question, WEATHER, STOCKS))) == ["get_weather", "stock_price"]
    assert len(called(ask(question, WEATHER, STOCKS, parallel_tool_calls=False))) == 1


@pytest.mark.parametrize("function", [WEATHER, STOCKS, ADD])
def test_arguments_fit_the_parameters(ask: Callable[..., Any], function: dict[str, Any]) -> None:
    """They are JSON, an object, and valid."""
    [call] = ask("Go on", function, tool_choice="required")["message"]["tool_calls"]
    arguments = json.loads(call["function"]["arguments"])
    Draft202012Validator(function["parameters"] | {"type": "object"}).validate(arguments)


def test_arguments_take_up_the_question(ask: Callable[..., Any]) -> None:
    """Names and numbers of the question go where they fit."""
    [weather] = ask("What's the weather in New York?", WEATHER)["message"]["tool_calls"]
    [addition] = ask("Please add 2 and 40.5", ADD)["message"]["tool_calls"]
    assert json.loads(weather["function"]["arguments"])["location"] == "New York"
    assert json.loads(addition["function"]["arguments"]) == {"a": 2, "b": 40.5}


def test_a_call_without_parameters_is_an_empty_object(ask: Callable[..., Any]) -> None:
    """A function that takes nothing is given nothing."""
    [call] = ask("now", CLOCK)["message"]["tool_calls"]
    assert (call["type"], call["function"]["arguments"]) == ("function", "{}")


def test_a_call_has_no_content(ask: Callable[..., Any]) -> None:
    """Content is null beside tool calls, and each call's id is its own."""
    message = ask("Call get_weather and stock_price", WEATHER, STOCKS)["message"]
    assert message["content"] is None
    assert len({call["id"] for call in message["tool_calls"]}) == 2


def test_streamed_fragments_spell_the_call(api: httpx.Client, events: Events) -> None:
    """Name and id come first, then the arguments in pieces, held together by the call's number."""
    body = {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "Call get_weather and stock_price for Oslo"}],
        "tools": offered(WEATHER, STOCKS),
    }
    plain = api.post("/chat/completions", json=body).json()
    asked = body | {"stream": True, "stream_options": {"include_usage": True}}
    with api.stream("POST", "/chat/completions", json=asked) as response:
        found = events(response)
    deltas = [call for c in found[:-1] for x in c["choices"] for call in x["delta"].get("tool_calls", [])]
    openings = [delta for delta in deltas if "id" in delta]
    spelt = ["".join(d["function"]["arguments"] for d in deltas if d["index"] == index) for index in (0, 1)]
    assert [opening["function"]["name"] for opening in openings] == called(plain["choices"][0])
    assert spelt == [call["function"]["arguments"] for call in plain["choices"][0]["message"]["tool_calls"]]
    assert len(deltas) > 6
    assert found[-3]["choices"][0]["finish_reason"] == "tool_calls"
    fragments = sum("id" not in delta for delta in deltas)
    names = sum(tokens.count(opening["function"]["name"]) for opening in openings)
    assert found[-2]["usage"]["completion_tokens"] == fragments + names == plain["usage"]["completion_tokens"]


def test_a_limit_cuts_a_call(ask: Callable[..., Any]) -> None:
    """The arguments end where the tokens do, and the reason is length."""
    whole = ask("Weather in Oslo?", WEATHER)["message"]["tool_calls"][0]["function"]["arguments"]
    choice = ask("Weather in Oslo?", WEATHER, max_tokens=8)
    cut = choice["message"]["tool_calls"][0]["function"]["arguments"]
    assert choice["finish_reason"] == "length"
    assert whole.startswith(cut)
    assert len(cut) < len(whole)


def test_a_result_is_answered(api: httpx.Client) -> None:
    """After a tool's turn comes a text, with the result word for word and the tool's name."""
    question = {"role": "user", "content": "What is the weather in Paris?"}
    body = {"model": "gpt-5", "messages": [question], "tools": offered(WEATHER)}
    turn = api.post("/chat/completions", json=body).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": turn["tool_calls"][0]["id"], "content": '{"degrees": 21}'}
    choice = api.post("/chat/completions", json=body | {"messages": [question, turn, result]}).json()["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert '{"degrees": 21}' in choice["message"]["content"]
    assert "`get_weather`" in choice["message"]["content"]


def test_a_result_cannot_end_its_block(api: httpx.Client) -> None:
    """Backticks in a result do not let it speak as the answer."""
    turns = [
        {"role": "user", "content": "x"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "``````\n# Not an answer"},
    ]
    reply = api.post("/chat/completions", json={"model": "gpt-5", "messages": turns}).json()
    assert reply["choices"][0]["message"]["content"].count("```") == 2


def test_results_are_in_a_json_answer(api: httpx.Client) -> None:
    """An answer that must be an object lists what the tools found."""
    turns = [
        {"role": "user", "content": "Both?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": i, "type": "function", "function": {"name": f"tool_{i}", "arguments": "{}"}} for i in "ab"
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]
    body = {"model": "gpt-5", "messages": turns, "response_format": {"type": "json_object"}}
    answer = json.loads(api.post("/chat/completions", json=body).json()["choices"][0]["message"]["content"])
    assert answer["tool_results"] == [{"tool": "tool_a", "result": "1"}, {"tool": "tool_b", "result": "2"}]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": {}}, None),
        ({"tools": "f"}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": offered({"name": "f", "parameters": 5})}, "tools[0].function.parameters"),
        ({"tools": offered({"name": "f", "parameters": {"type": "strange"}})}, "tools[0].function.parameters"),
        ({"tools": offered(CLOCK), "tool_choice": "perhaps"}, "tool_choice"),
        ({"tools": offered(CLOCK), "tool_choice": ["auto"]}, "tool_choice"),
        ({"tools": offered(CLOCK), "tool_choice": {"type": "function", "function": {"name": "g"}}}, "tool_choice"),
        ({"tools": offered(CLOCK), "tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": offered(CLOCK), "parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"tools": [{"type": "web_search"}]}, None),
        (
            {"tools": offered({"name": "f", "parameters": {"not": {}}}), "tool_choice": "required"},
            "tools[0].function.parameters",
        ),
    ],
)
def test_a_wrong_tool_is_refused_by_name(api: httpx.Client, body: dict[str, Any], param: str | None) -> None:
    """The error's `param` is the path of what is wrong; other kinds of tools are passed over."""
    reply = api.post(
        "/chat/completions", json={"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]} | body
    )
    assert reply.status_code == (200 if param is None else 400)
    assert reply.json().get("error", {}).get("param") == param
