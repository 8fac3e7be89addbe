"""What a model is asked and what it answers, whichever API carries it.

Chat and responses both become a `Prompt`, so that they give the same answer to the same question. The prompt and
nothing else decides the answer: a text, a refusal, or calls of tools. Words in capitals in the last question
ask for what is rare in earnest: `REFUSE` a refusal, `FILTERED` a filtered answer, `BLOCKED` a blocked prompt; `THINK`
asks for an answer that thinks first.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .. import tokens
from ..instances import instances
from ..instances.drafts import Hints
from ..refusals import Refusal
from . import answers, safety, tool_calls
from .formats import Format
from .tool_calls import Toolbox, ToolCall

if TYPE_CHECKING:
    from ..models.catalogue import Model

FILTER_WORD = "FILTERED"
REFUSE_WORD = "REFUSE"
BLOCK_WORD = "BLOCKED"
THINK_WORD = "THINK"
REFUSAL = "I cannot help with that. (A sandbox refusal: no model ran and nothing was billed.)"
_FILTERED_PIECES = 12
_IMAGE_TOKENS = 85
_MARK = "(sandbox)"
_FREE = Format()
_NO_TOOLS = Toolbox()

Reason = Literal["stop", "length", "content_filter", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, the text of all its parts, its pictures, and the tool whose result it is."""

    role: str
    text: str
    images: int = 0
    tool: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A checked question: the model, the turns, and the parameters an answer depends on."""

    model: Model
    messages: tuple[Message, ...]
    max_tokens: int = 8192
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    form: Format = _FREE
    toolbox: Toolbox = _NO_TOOLS

    @property
    def size(self) -> int:
        """How much there is to read, in characters: what the time to answer depends on."""
        return sum(len(message.text) for message in self.messages)

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def found(self) -> tuple[answers.Found, ...]:
        """What tools found, where that is what is to be answered."""
        last = len(self.messages)
        while last and self.messages[last - 1].role in {"tool", "function"}:
            last -= 1
        return tuple(answers.Found(message.tool, message.text) for message in self.messages[last:])


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: pieces of text (or of a refusal), or calls of tools, and why it ends; `thoughts` go before a text."""

    reason: Reason
    pieces: tuple[str, ...] = ()
    refused: bool = False
    calls: tuple[ToolCall, ...] = ()
    thoughts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The pieces as one text."""
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """How many tokens it is billed as."""
        return len(self.thoughts) + len(self.pieces) + sum(call.tokens for call in self.calls)


@dataclass(frozen=True, slots=True)
class Completion:
    """All answers to a prompt, and how many tokens they are billed for; the id and the time are labels."""

    id: str
    created: int
    model: str
    answers: tuple[Answer, ...]
    prompt_tokens: int
    completion_tokens: int

    @property
    def reasoning_tokens(self) -> int:
        """How many of the answers' tokens were thoughts."""
        return sum(len(answer.thoughts) for answer in self.answers)


def complete(prompt: Prompt, *, completion_id: str, created: int) -> Completion:
    """Work out the answers; raises `Refusal` for a blocked prompt and for a schema that nothing fits."""
    if _says(prompt.question, BLOCK_WORD):
        details = {"content_filter_results": safety.prompt(blocked=True)}
        text = "The prompt was blocked by the content policy (sandbox: it holds the word BLOCKED)."
        raise Refusal(451, text, "CONTENT_POLICY_VIOLATION", details=details)
    found = tuple(_answer(prompt, index) for index in range(prompt.n))
    read = sum(tokens.count(message.text) + _IMAGE_TOKENS * message.images + 3 for message in prompt.messages)
    read += sum(tokens.count(tool.text) for tool in prompt.toolbox.tools)
    read += tokens.count(json.dumps(prompt.form.schema)) if prompt.form.kind == "json_schema" else 0
    return Completion(
        id=completion_id,
        created=created,
        model=prompt.model.namespace,
        answers=found,
        prompt_tokens=read + 3,
        completion_tokens=sum(answer.tokens for answer in found),
    )


def _answer(prompt: Prompt, index: int) -> Answer:
    conversation = answers.Conversation(
        model=prompt.model.namespace,
        system=" ".join(m.text for m in prompt.messages if m.role in {"system", "developer"}).strip(),
        questions=tuple(m.text for m in prompt.messages if m.role == "user"),
        images=next((m.images for m in reversed(prompt.messages) if m.role == "user"), 0),
        # The other turns, the seed and the choice's number make another answer to the same question.
        variant=repr((prompt.seed, index, [m for m in prompt.messages if m.role not in {"system", "user"}])),
    )
    found = prompt.found
    if _says(prompt.question, REFUSE_WORD):
        refusal = tokens.cut(REFUSAL, prompt.max_tokens, ())
        return Answer(refusal.reason, refusal.pieces, refused=True)
    asked = () if found else prompt.toolbox.called(prompt.question)
    if asked:
        seed = repr(conversation)
        return _calling(tuple(tool_calls.call(tool, prompt.question, seed) for tool in asked), prompt.max_tokens)
    thinks = _says(prompt.question, THINK_WORD)
    # As with real models, the thoughts count among the tokens an answer may have.
    thoughts = tokens.cut(answers.thoughts(conversation), prompt.max_tokens, ()).pieces if thinks else ()
    room = prompt.max_tokens - len(thoughts)
    written = tokens.cut(_text(prompt, conversation, found), room, prompt.stop)
    if _says(prompt.question, FILTER_WORD):
        return Answer("content_filter", written.pieces[:_FILTERED_PIECES], thoughts=thoughts)
    return Answer(written.reason, written.pieces, thoughts=thoughts)


def _text(prompt: Prompt, conversation: answers.Conversation, found: tuple[answers.Found, ...]) -> str:
    if prompt.form.kind != "json_schema":
        return answers.answer(conversation, as_json=prompt.form.kind == "json_object", found=found)
    hints = Hints(answers.topic(prompt.question), answers.numbers(prompt.question), _MARK)
    try:
        value = instances.instance(prompt.form.schema, repr(conversation), hints)
    except instances.UnsatisfiableError as error:
        text = f"The parameter '{prompt.form.param}' cannot be answered: {error}."
        raise Refusal(400, text, "INVALID_PARAMETER", param=prompt.form.param) from None
    return json.dumps(value, ensure_ascii=False)


def _calling(calls: tuple[ToolCall, ...], room: int) -> Answer:
    """Make the calls that fit into so many tokens; the last of them may be cut."""
    made: list[ToolCall] = []
    for call in calls:
        if call.tokens > room:
            return Answer("length", calls=(*made, call.cut(room)) if call.cut(room).fragments else tuple(made))
        made.append(call)
        room -= call.tokens
    return Answer("tool_calls", calls=tuple(made))


def _says(question: str, word: str) -> bool:
    return re.search(rf"\b{word}\b", question) is not None


def label(kind: str, *parts: Any) -> str:
    """Name a part of a reply, the same way each time the reply is written."""
    return f"{kind}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"
