"""The pieces of a streamed answer -> deltas as they come, and one Reply at any moment.

Pure: fed with the events' data, it never waits. A chunk may have no choices (it then carries usage or filters), a
content that is null, a string or an array of parts, and padding (`obfuscation`) that is ignored; blank data is nothing.
A tool call comes in fragments that are joined by their index. `finished` says whether the answer is whole.
"""

from __future__ import annotations

import json
from typing import Any

from ..errors import BrokenStreamError, ServiceError
from .reading import Json, content_text, count, mended, record, text
from .values import Delta, Filters, Reply, Usage

_decode = json.JSONDecoder().raw_decode


class Assembly:
    """What has come of one answer."""

    def __init__(self) -> None:
        self.finished = False
        self.done = False
        self.settled: Reply | None = None
        self._texts: list[str] = []
        self._refusals: list[str] = []
        self._first: Json = {}
        self._finish_reason: str | None = None
        self._usage: Json | None = None
        self._prompt_filters: object = None
        self._filters: Json = {}
        self._tools: dict[int, Json] = {}

    def feed(self, data: str) -> Delta | None:
        """Take one event's data; return what it adds, or None at the end mark.

        Raises `BrokenStreamError` for data that is no JSON object.
        """
        if data[:1] != "{":
            data = data.strip()
            if data == "[DONE]":
                self.done = True
                return None
            if not data:
                return Delta("", {})
        try:
            chunk, end = _decode(data)
            if end != len(data):
                chunk = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise BrokenStreamError("The stream sent a piece that is not JSON.", "What had come is kept.") from error
        if type(chunk) is not dict:
            raise BrokenStreamError("The stream sent a piece that is not an object.", "What had come is kept.")
        return self.add(chunk)

    def add(self, chunk: Json) -> Delta:
        """Take one chunk."""
        if not self._first.get("id"):  # filters may come ahead, in a chunk that names neither id nor model
            self._first |= chunk
        if chunk.get("usage"):
            self._usage = record(chunk["usage"]) or self._usage
        if "prompt_filter_results" in chunk:
            self._prompt_filters = chunk["prompt_filter_results"]
        choices = chunk.get("choices")
        if type(choices) is not list or not choices:
            return Delta("", chunk)
        added = ""
        index = 0
        for choice in choices:
            if type(choice) is not dict:
                continue
            index = count(choice.get("index")) or 0
            piece = self._choice(choice, choice.get("delta"), first=index == 0)
            added += piece
        return Delta(added, chunk, index)

    def add_whole(self, body: object) -> Delta:
        """Take a whole answer, from a service that was asked to stream and did not.

        Raises `ServiceError` for a body that is no answer.
        """
        choices = record(body).get("choices")
        if not isinstance(choices, list) or not choices:
            raise ServiceError("The answer holds no choices.", "It may have been billed.", may_have_run=True, body=body)
        pieces = [{**record(choice), "delta": record(choice).get("message")} for choice in choices]
        self.done = True
        return self.add({**record(body), "choices": pieces})

    def _choice(self, choice: Json, delta: object, *, first: bool) -> str:
        piece = ""
        if type(delta) is dict:
            content = delta.get("content")
            piece = content if type(content) is str else content_text(content)
            if first:
                if piece:
                    self._texts.append(piece)
                if delta.get("refusal"):
                    self._refusals.append(text(delta["refusal"]) or "")
                if delta.get("tool_calls"):
                    self._tool_calls(delta["tool_calls"])
        if first:
            if choice.get("finish_reason"):
                self._finish_reason = text(choice["finish_reason"])
                self.finished = True
            if choice.get("content_filter_results"):
                self._filters |= record(choice["content_filter_results"])
        return piece

    def _tool_calls(self, fragments: object) -> None:
        for fragment in map(record, fragments if isinstance(fragments, list) else []):
            index = fragment.get("index")
            call = self._tools.setdefault(index if isinstance(index, int) else len(self._tools), {"function": {}})
            call |= {key: value for key, value in fragment.items() if key not in ("function", "index") and value}
            for key, value in record(fragment.get("function")).items():
                if isinstance(value, str):
                    call["function"][key] = call["function"].get(key, "") + value

    def reply(self) -> Reply:
        """Give what has come so far as a Reply; `complete` only if the answer ended by its own word."""
        usage = Usage.from_json(self._usage)
        raw: dict[str, Any] = {k: v for k, v in self._first.items() if k not in ("choices", "obfuscation", "usage")}
        tools = tuple(call for _, call in sorted(self._tools.items()))
        return Reply(
            id=text(self._first.get("id")) or "",
            model=text(self._first.get("model")) or "",
            text=mended("".join(self._texts)),
            refusal="".join(self._refusals) or None,
            finish_reason=self._finish_reason,
            usage=usage,
            filters=Filters.from_json(self._prompt_filters, self._filters),
            complete=self.finished or self.done,
            tool_calls=tools,
            raw=raw | ({"usage": self._usage} if self._usage else {}),
        )
