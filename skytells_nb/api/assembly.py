"""The pieces of a streamed answer -> deltas as they come, and one Reply at any moment.

Pure: fed with the events' data, it never waits. `Assembly` is what both text APIs share; `ChatAssembly` gathers chunks
of chat: a chunk may have no choices (it then carries usage or filters), a content that is null, a string or an array of
parts, and padding (`obfuscation`) that is ignored; blank data is nothing. Tool calls come in fragments that are joined
by their index.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..errors import BrokenStreamError, ServiceError
from .reading import Json, content_text, count, items, mended, record, text, thought, whole_characters
from .values import Choice, Delta, Filters, Reply, Usage

_decode = json.JSONDecoder().raw_decode


class Assembly(ABC):
    """What has come of one answer.

    `begun` says that some of the answer has come, `finished` that it is whole by its own word, `done` that nothing more
    need be read. `trouble` is an error that the service sent in the stream, `settled` the Reply of an ended call.
    """

    def __init__(self) -> None:
        self.begun = False
        self.finished = False
        self.done = False
        self.trouble: Json | None = None
        self.settled: Reply | None = None

    def feed(self, data: str) -> list[Delta]:
        """Take one event's data; return what it adds. Raises `BrokenStreamError` for data that is no JSON object."""
        if data[:1] != "{":
            data = data.strip()
            if data == "[DONE]":
                self.done = True
                return []
            if not data:
                return []
        try:
            chunk, end = _decode(data)
            if end != len(data):
                chunk = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise BrokenStreamError("The stream sent a piece that is not JSON.", "What had come is kept.") from error
        if type(chunk) is not dict:
            raise BrokenStreamError("The stream sent a piece that is not an object.", "What had come is kept.")
        return self.add(chunk)

    @abstractmethod
    def add(self, chunk: Json) -> list[Delta]:
        """Take one chunk or event."""

    @abstractmethod
    def add_whole(self, body: object) -> list[Delta]:
        """Take a whole answer, from a service that was asked to stream and did not; raises `ServiceError` for none."""

    @abstractmethod
    def reply(self) -> Reply:
        """Give what has come so far as a Reply; `complete` only if the answer ended by its own word."""


class _Said:
    """What has come of one choice."""

    __slots__ = ("filters", "finish_reason", "half", "index", "refusals", "texts", "thoughts", "tools")

    def __init__(self, index: int) -> None:
        self.index = index
        self.texts: list[str] = []
        self.half = ""
        self.refusals: list[str] = []
        self.thoughts: list[str] = []
        self.finish_reason: str | None = None
        self.filters: Json = {}
        self.tools: dict[int, Json] = {}

    def choice(self) -> Choice:
        return Choice(
            text="".join(self.texts) + mended(self.half),
            refusal=mended("".join(self.refusals)) or None,
            finish_reason=self.finish_reason,
            filters=Filters.from_json(None, self.filters).completion,
            tool_calls=joined(self.tools),
            index=self.index,
            reasoning=mended("".join(self.thoughts)),
        )


class ChatAssembly(Assembly):
    """What has come of a chat's answer of `expected` choices."""

    def __init__(self, expected: int = 1) -> None:
        super().__init__()
        self._expected = expected
        self._first: Json = {}
        self._said: dict[int, _Said] = {0: _Said(0)}
        self._usage: Json | None = None
        self._prompt_filters: object = None

    def add(self, chunk: Json) -> list[Delta]:
        """Take one chunk."""
        if not self._first.get("id"):  # filters may come ahead, in a chunk that names neither id nor model
            self._first |= chunk
        if chunk.get("usage"):
            self._usage = record(chunk["usage"]) or self._usage
        if "prompt_filter_results" in chunk:
            self._prompt_filters = chunk["prompt_filter_results"]
        choices = chunk.get("choices")
        if type(choices) is not list or not choices:
            if chunk.get("error"):
                self.trouble = chunk
            return [Delta("", chunk)]
        if len(choices) == 1 and type(choice := choices[0]) is dict:  # as nearly always
            return [self._choice(choice, choice.get("delta"), chunk)]
        return [self._choice(choice, choice.get("delta"), chunk) for choice in choices if type(choice) is dict]

    def add_whole(self, body: object) -> list[Delta]:
        """Take a whole ChatCompletion."""
        whole = whole_chat(body)
        pieces = [{**record(choice), "delta": record(choice).get("message")} for choice in whole["choices"]]
        self.done = True
        return self.add({**whole, "choices": pieces})

    def _choice(self, choice: Json, delta: object, chunk: Json) -> Delta:
        index = choice.get("index")
        if type(index) is not int or index < 0:
            index = 0
        self.begun = True
        said = self._said.get(index)
        if said is None:
            said = self._said[index] = _Said(index)
        piece = refusal = reasoning = ""
        fragments: tuple[Json, ...] = ()
        if type(delta) is dict:
            content = delta.get("content")
            piece = content if type(content) is str else content_text(content)
            if said.half or not piece.isascii():
                piece, said.half = whole_characters(said.half + piece)
            if piece:
                said.texts.append(piece)
            if delta.get("refusal"):
                refusal = text(delta["refusal"]) or ""
                said.refusals.append(refusal)
            if reasoning := thought(delta):
                said.thoughts.append(reasoning)
            if delta.get("tool_calls"):
                fragments = tuple(found for item in items(delta["tool_calls"]) if (found := record(item)))
                join_tool_calls(said.tools, fragments)
        if choice.get("finish_reason"):
            said.finish_reason = text(choice["finish_reason"])
            self.finished = sum(1 for each in self._said.values() if each.finish_reason) >= self._expected
        if choice.get("content_filter_results"):
            said.filters |= record(choice["content_filter_results"])
        return Delta(piece, chunk, index, refusal, fragments, reasoning)

    def reply(self) -> Reply:
        """Give what has come so far as a Reply."""
        raw: dict[str, Any] = {k: v for k, v in self._first.items() if k not in ("choices", "obfuscation", "usage")}
        return Reply.of_choices(
            [said.choice() for _, said in sorted(self._said.items())],
            raw | ({"usage": self._usage} if self._usage else {}),
            usage=Usage.from_json(self._usage),
            prompt_filters=Filters.from_json(self._prompt_filters, None).prompt,
            complete=self.finished or self.done,
        )


def join_tool_calls(known: dict[int, Json], fragments: tuple[Json, ...]) -> None:
    """Add fragments to the calls they belong to: by index or, where there is none, a new id begins a new call.

    What a call's function is called with is kept in pieces, which `joined` puts together.
    """
    for fragment in fragments:
        index = count(fragment.get("index"))
        if index is None:
            last = max(known, default=-1)
            begins = last < 0 or (fragment.get("id") and fragment.get("id") != known[last].get("id"))
            index = last + 1 if begins else last
        call = known.setdefault(index, {"function": {}})
        call |= {key: value for key, value in fragment.items() if key not in ("function", "index") and value}
        for key, value in record(fragment.get("function")).items():
            if isinstance(value, str):
                call["function"].setdefault(key, []).append(value)


def joined(known: Mapping[int, Json]) -> tuple[Json, ...]:
    """Give the calls with the pieces of their functions put together."""
    return tuple(
        call | {"function": {key: "".join(pieces) for key, pieces in call["function"].items()}}
        for _, call in sorted(known.items())
    )


def whole_chat(body: object) -> Json:
    """Give the body of a ChatCompletion; raises `ServiceError` for one without choices."""
    if not items(record(body).get("choices")):
        raise ServiceError("The answer holds no choices.", "It may have been billed.", may_have_run=True, body=body)
    return record(body)
