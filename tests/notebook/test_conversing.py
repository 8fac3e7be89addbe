"""What a conversation sends and remembers, asked of a local Skytells: by chat and by /responses, whatever happens."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from skytells_nb.errors import InputError, RefusedError, SkytellsError, UnknownNameError
from skytells_nb.local import Sandbox
from skytells_nb.notebook import cell, preferences
from skytells_nb.notebook.conversing import chat, quote_chat
from skytells_nb.notebook.session import SANDBOX_VARIABLE, current
from skytells_nb.notebook.threads.window import tokens

GIF = base64.b64decode("R0lGODlhAQABAAAAACwAAAAAAQABAAA=")


@pytest.fixture
def service(shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Yield the local Skytells that is asked, with no thread begun."""
    monkeypatch.setenv(SANDBOX_VARIABLE, shared_sandbox.url)
    current().go_offline()
    yield shared_sandbox
    current().threads.clear()
    current().stop_sandbox()


@pytest.fixture
def prefer() -> Iterator[Callable[..., None]]:
    """Give a function that changes preferences, until the test ends."""
    before = preferences.current()
    yield lambda **chosen: preferences.use(replace(before, **chosen))
    preferences.use(before)


def ask(prompt: Any, in_cell: str | None = None, run: int | None = None, thread: str | None = "t", **how: Any) -> str:
    """Ask from a cell, by default from one that nobody knows; give the answer's text."""
    with cell.belonging_to((in_cell, run)):
        return chat(prompt, thread=thread, quiet=True, **how).value.text


def sent(service: Sandbox) -> dict[str, Any]:
    """Read what was sent last."""
    body: dict[str, Any] = service.state.requests[-1].json
    return body


def contents(service: Sandbox) -> list[Any]:
    """List what the messages that were sent last say; a response's only question stands alone."""
    body = sent(service)
    messages = body["messages"] if "messages" in body else body["input"]
    return [messages] if isinstance(messages, str) else [message["content"] for message in messages]


def remembered(thread: str = "t") -> list[str]:
    """List the questions of a thread."""
    return [turn.asked for turn in current().threads.so_far(thread)]


def test_a_question_without_a_thread_stands_alone(service: Sandbox) -> None:
    """Nothing is remembered."""
    ask("REPEAT: one", thread=None)
    ask("REPEAT: two", thread=None)
    assert (contents(service), len(current().threads)) == (["REPEAT: two"], 0)


def test_cells_run_out_of_order(service: Sandbox) -> None:
    """A cell that is run again goes back to its place: it is sent what stands before it, and replaces its own turn."""
    for run, name in enumerate(("a", "b", "c"), 1):
        ask(f"REPEAT: {name}", name, run)
    ask("REPEAT: b2", "b", 4)
    assert contents(service) == ["REPEAT: a", "a", "REPEAT: b2"]
    ask("REPEAT: a2", "a", 5)
    assert contents(service) == ["REPEAT: a2"]
    ask("REPEAT: d", "d", 6)
    assert contents(service)[::2] == ["REPEAT: a2", "REPEAT: b2", "REPEAT: c", "REPEAT: d"]


def test_two_threads_in_one_cell_are_apart(service: Sandbox) -> None:
    """Each has its own turns, and a later run of the cell replaces its turn in each."""
    for run in (1, 2):
        for thread in ("t", "u"):
            ask(f"REPEAT: {thread}{run}", "a", run, thread)
            assert contents(service) == [f"REPEAT: {thread}{run}"]
    assert (remembered("t"), remembered("u")) == (["REPEAT: t2"], ["REPEAT: u2"])


def test_without_a_known_cell_every_run_adds(service: Sandbox) -> None:
    """In a terminal, and where a front end names no cells."""
    for _ in range(3):
        ask("REPEAT: again")
    assert len(remembered()) == 3


def test_threads_of_python_ask_at_once(service: Sandbox) -> None:
    """Every turn of a cell's run is remembered, once."""
    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda n: ask(f"REPEAT: {n}", "a", 1), range(16)))
    assert sorted(remembered()) == sorted(f"REPEAT: {n}" for n in range(16))


def test_pictures_go_along_again(service: Sandbox) -> None:
    """A turn with a picture is sent with it ever after."""
    ask(["What is this?", GIF])
    ask("REPEAT: sure?")
    picture = {"type": "image_url", "image_url": {"url": f"data:image/gif;base64,{base64.b64encode(GIF).decode()}"}}
    assert contents(service)[0] == [{"type": "text", "text": "What is this?"}, picture]
    assert remembered()[0] == "What is this?\n[picture]"


@pytest.mark.parametrize(
    ("question", "how"),
    [
        ("REPEAT: x", {"model": "no-such-model"}),
        ("BLOCKED", {}),
        ("REPEAT: x", {"temperature": 9.0}),
        ("", {}),
        ("REPEAT: x", {"api": "responses", "stop": "END"}),
    ],
)
def test_what_failed_leaves_the_thread_as_it_was(service: Sandbox, question: str, how: dict[str, Any]) -> None:
    """A question that was refused, here or there, also of a cell that is run again or begins anew."""
    ask("REPEAT: one", "a", 1)
    before = current().threads.so_far("t")
    for fresh in (False, True):
        with pytest.raises(SkytellsError):
            ask(question, "a", 2, fresh=fresh, **how)
    assert current().threads.so_far("t") == before


def test_an_answer_that_broke_off_is_not_remembered(service: Sandbox) -> None:
    """Half an answer is none."""
    service.state.inject("cut")
    with pytest.raises(SkytellsError):
        ask("REPEAT: one two three four five six")
    assert remembered() == []


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_what_was_blocked_or_has_no_words_is_not_remembered(service: Sandbox, api: str) -> None:
    """An answer that the safety layer cut, and one that only asks for a tool, would spoil every question after them."""
    ask("REPEAT: one", api=api)
    ask("Please be FILTERED")
    function = {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}
    tool = {"type": "function", "function": function} if api == "chat" else {"type": "function", **function}
    ask("Add it", tools=[tool], tool_choice="required")
    assert remembered() == ["REPEAT: one"]


def test_a_refusal_is_an_answer(service: Sandbox) -> None:
    """A model that declines has said so, and knows it later."""
    ask("REFUSE")
    ask("REPEAT: two")
    assert contents(service)[1] == current().threads.so_far("t")[0].answer != ""


def test_a_thread_begun_anew_forgets_once_it_is_answered(service: Sandbox) -> None:
    """Nothing of the old conversation is sent, and it is gone with the new answer."""
    ask("REPEAT: one")
    ask("REPEAT: two", fresh=True)
    assert (contents(service), remembered()) == (["REPEAT: two"], ["REPEAT: two"])


def test_the_window_keeps_the_newest_turns(service: Sandbox, prefer: Callable[..., None]) -> None:
    """As many as its tokens hold; what does not go along is still remembered."""
    for name in ("one", "two", "three"):
        ask(f"REPEAT: {name}")
    prefer(window=sum(map(tokens, current().threads.so_far("t")[1:])))
    ask("REPEAT: four")
    assert contents(service)[::2] == ["REPEAT: two", "REPEAT: three", "REPEAT: four"]
    prefer(window=0)
    ask("REPEAT: five")
    assert (contents(service), len(remembered())) == (["REPEAT: five"], 5)


def test_the_tokens_are_those_that_the_service_counted(service: Sandbox) -> None:
    """The turns of a request add up to the tokens of its prompt and its answer."""
    ask("REPEAT: one two three")
    with cell.belonging_to((None, None)):
        usage = chat("REPEAT: four", thread="t", quiet=True).value.usage
    assert usage is not None
    assert sum(map(tokens, current().threads.so_far("t"))) == usage.total_tokens


def test_by_responses_the_service_remembers(service: Sandbox) -> None:
    """The question alone is sent, and the response that it follows; the thread keeps its api."""
    ask("REPEAT: one", api="responses")
    first = current().threads.so_far("t")[0].response
    ask("REPEAT: two")
    assert service.state.requests[-1].path.endswith("/responses")
    assert (sent(service)["input"], sent(service)["previous_response_id"]) == ("REPEAT: two", first)
    assert sent(service)["store"] is True


def test_by_responses_a_cell_goes_on_from_the_turn_before_its_own(service: Sandbox) -> None:
    """Run again, it follows what it followed; a turn behind it is then sent what the thread says now."""
    for run, name in enumerate(("a", "b", "c"), 1):
        ask(f"REPEAT: {name}", name, run, api="responses")
    first = current().threads.so_far("t")[0].response
    ask("REPEAT: b2", "b", 4)
    assert (contents(service), sent(service)["previous_response_id"]) == (["REPEAT: b2"], first)
    ask("REPEAT: d", "d", 5)
    assert contents(service)[::2] == ["REPEAT: a", "REPEAT: b2", "REPEAT: c", "REPEAT: d"]
    assert "previous_response_id" not in sent(service)
    ask("REPEAT: e", "e", 6)
    assert contents(service) == ["REPEAT: e"]


def test_apis_may_be_mixed(service: Sandbox) -> None:
    """What the other does not remember is sent in full."""
    ask("REPEAT: one", api="chat")
    ask("REPEAT: two", api="responses")
    assert contents(service)[::2] == ["REPEAT: one", "REPEAT: two"]
    ask("REPEAT: three", api="responses")
    assert contents(service) == ["REPEAT: three"]
    ask("REPEAT: four", api="chat")
    assert contents(service)[::2] == ["REPEAT: one", "REPEAT: two", "REPEAT: three", "REPEAT: four"]


def test_what_is_not_stored_is_sent_again(service: Sandbox) -> None:
    """A response of store=False is remembered here."""
    ask("REPEAT: one", api="responses", store=False)
    ask("REPEAT: two", store=False)
    assert (contents(service)[::2], sent(service)["store"]) == (["REPEAT: one", "REPEAT: two"], False)


def test_options_have_the_names_of_their_api(service: Sandbox) -> None:
    """System, limit and the rest arrive at /responses under its names."""
    ask("REPEAT: one", thread=None, api="responses", system="Be brief.", max_tokens=50, temperature=0.5, model="gpt-5")
    assert sent(service) == {
        "model": "gpt-5",
        "input": "REPEAT: one",
        "max_output_tokens": 50,
        "temperature": 0.5,
        "instructions": "Be brief.",
        "store": True,
        "stream": True,
    }


def test_a_conversation_that_the_service_forgot_is_sent_again(
    service: Sandbox, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, in full; the next question follows the new response."""
    ask("REPEAT: one", api="responses")
    monkeypatch.setenv(SANDBOX_VARIABLE, sandbox.url)  # another service, which knows nothing of it
    current().go_offline()
    assert ask("REPEAT: two") == "two"
    assert [contents(sandbox), len(sandbox.state.requests)] == [["REPEAT: one", "one", "REPEAT: two"], 2]
    ask("REPEAT: three")
    assert (contents(sandbox), len(sandbox.state.requests)) == (["REPEAT: three"], 3)


def test_another_refusal_is_not_asked_again(service: Sandbox) -> None:
    """Only a response that is not known is a reason to send the conversation."""
    ask("REPEAT: one", api="responses")
    before = len(service.state.requests)
    with pytest.raises(RefusedError, match="temperature"):
        ask("REPEAT: two", temperature=9.0)
    assert len(service.state.requests) == before + 1


def test_what_cannot_be_asked_is_said(service: Sandbox) -> None:
    """An API, a thread or a prompt that is none; nothing is sent."""
    before = len(service.state.requests)
    with pytest.raises(UnknownNameError, match=r"There is no API 'response'. Did you mean 'responses'\?"):
        ask("Hi", api="response")
    with pytest.raises(InputError, match="'a b' cannot be the name of a thread"):
        ask("Hi", thread="a b")
    with pytest.raises(InputError, match="The prompt is a list of messages"):
        ask([{"role": "user", "content": "Hi"}, {"role": "user", "content": "Hi"}])
    assert len(service.state.requests) == before


def test_a_quote_shows_the_request_of_a_response(service: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The very body that is sent then, and no price, since the service reads what it remembers."""
    ask("REPEAT: one", api="responses")
    how = {"thread": "t", "system": "Be brief.", "max_tokens": 9, "model": "gpt-5"}
    quote = quote_chat("REPEAT: two", **how)
    endpoint, _, body = capsys.readouterr().out.partition("\n")
    ask("REPEAT: two", **how)
    assert (endpoint, json.loads(body)) == ("POST /responses", sent(service))
    assert (quote.high, quote.reason[:52]) == (None, "what the service remembers of the conversation is re")


def test_a_quote_follows_the_window(
    service: Sandbox, prefer: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """What does not go along is not in the request; nothing is remembered of a quote."""
    ask("REPEAT: one")
    prefer(window=0)
    quote_chat("REPEAT: two", thread="t")
    body = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert [message["content"] for message in body["messages"]] == ["REPEAT: two"]
    assert remembered() == ["REPEAT: one"]


def test_a_first_response_has_a_bound(service: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """With a limit it is priced as a chat is; without one nothing bounds it."""
    assert quote_chat("Hi", api="responses", max_tokens=9).high is not None
    assert quote_chat("Hi", api="responses").high is None
    assert capsys.readouterr().out.count("POST /responses") == 2


def test_a_quote_shows_no_whole_picture(service: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture of megabytes is named by the beginning of its link."""
    quote_chat(["What is this?", Image.effect_noise((64, 64), 50)])
    body = json.loads(capsys.readouterr().out.partition("\n")[2])
    link = body["messages"][0]["content"][1]["image_url"]["url"]
    assert re.fullmatch(r"data:image/png;base64,\S{38}… \([\d,]+ characters\)", link)
