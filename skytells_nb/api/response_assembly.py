"""The events of a streamed response -> deltas as they come, and one Reply at any moment.

Nine events are documented; any other is passed on as a delta that adds nothing. The last event brings the whole
response again, and that is what counts; until then, and for a stream that broke off, what the deltas brought is joined.

Source: the reference page of Skytells' Responses API.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import ServiceError, plain
from .assembly import Assembly, join_tool_calls, joined
from .reading import Json, count, mended, record, text, whole_characters
from .values import Delta, Reply
from .values.text import called
from .wire import read_problem

_ENDS = frozenset({"response.completed", "response.incomplete"})
_FAILURES = frozenset({"response.failed", "error"})


class ResponseAssembly(Assembly):
    """What has come of one response."""

    def __init__(self) -> None:
        super().__init__()
        self._response: Json = {}
        self._half = ""
        self._texts: dict[tuple[int, int], list[str]] = {}
        self._refusals: list[str] = []
        self._thoughts: dict[tuple[int, int], list[str]] = {}
        self._tools: dict[int, Json] = {}

    def feed(self, data: str) -> list[Delta]:
        """Take one event's data. The end mark of chat may follow a response; it does not stand for its last event."""
        deltas = super().feed(data)
        self.done = self.finished
        return deltas

    def add(self, chunk: Json) -> list[Delta]:
        """Take one event."""
        kind = text(chunk.get("type"))
        self.begun = True
        response = record(chunk.get("response"))
        self._response = response or self._response
        if kind in _ENDS:
            self.finished = self.done = True
        elif kind in _FAILURES or (chunk.get("error") and kind is None):
            self.trouble = chunk if record(chunk.get("error")) else {"error": record(response.get("error")) or chunk}
        return [self._delta(kind, chunk)]

    def add_whole(self, body: object) -> list[Delta]:
        """Take a whole response."""
        whole = whole_response(body)
        self._response = whole
        reply = Reply.from_response(whole)
        self.finished, self.done = reply.complete, True
        return [Delta(reply.text, whole, 0, reply.refusal or "", reply.tool_calls, reply.reasoning)]

    def _delta(self, kind: object, event: Json) -> Delta:
        index = count(event.get("output_index")) or 0
        place = (index, count(event.get("content_index")) or 0)
        match kind:
            case "response.output_text.delta" if piece := text(event.get("delta")):
                if self._half or not piece.isascii():
                    piece, self._half = whole_characters(self._half + piece)
                self._texts.setdefault(place, []).append(piece)
                return Delta(piece, event)
            case "response.output_text.done" if place not in self._texts and (piece := text(event.get("text"))):
                self._texts[place] = [piece]
                return Delta(piece, event)
            case "response.refusal.delta" if piece := text(event.get("delta")):
                self._refusals.append(piece)
                return Delta("", event, refusal=piece)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" if piece := text(
                event.get("delta")
            ):
                part = (index, count(event.get("summary_index", event.get("content_index"))) or 0)
                known = self._thoughts.setdefault(part, [])
                begins = not known and len(self._thoughts) > 1
                known.append(piece)
                return Delta("", event, reasoning=f"\n\n{piece}" if begins else piece)
            case "response.output_item.added" if record(event.get("item")).get("type") == "function_call":
                return self._tool_call({**called(record(event["item"])), "index": index}, event)
            case "response.function_call_arguments.delta" if piece := text(event.get("delta")):
                return self._tool_call({"index": index, "function": {"arguments": piece}}, event)
        return Delta("", event)

    def _tool_call(self, fragment: Json, event: Json) -> Delta:
        join_tool_calls(self._tools, (fragment,))
        return Delta("", event, tool_calls=(fragment,))

    def reply(self) -> Reply:
        """Give what has come so far as a Reply."""
        told = Reply.from_response(self._response)
        spoken = mended("".join(piece for pieces in self._texts.values() for piece in pieces))
        return replace(
            told,
            text=told.text or spoken,
            refusal=told.refusal or mended("".join(self._refusals)) or None,
            tool_calls=told.tool_calls or joined(self._tools),
            reasoning=told.reasoning or mended("\n\n".join(map("".join, self._thoughts.values()))),
            complete=self.finished,
        )


def whole_response(body: object) -> Json:
    """Give the body of a response; raises `ServiceError` for one without output, or that says that it failed."""
    raw = record(body)
    if raw.get("status") in ("failed", "cancelled", "canceled"):
        problem = read_problem(raw)
        said = plain(problem.message or "the service gave no reason").rstrip(".")
        what = f"The response ended without an answer: {said}."
        raise ServiceError(what, "It may have been billed.", error_id=problem.error_id, may_have_run=True, body=raw)
    if not isinstance(raw.get("output"), list) and text(raw.get("output_text")) is None:
        raise ServiceError("The answer holds no output.", "It may have been billed.", may_have_run=True, body=body)
    return raw
