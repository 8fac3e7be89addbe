"""Tools: what a request offers, which of them an answer calls, and with what.

A tool is called when it is asked for: by `tool_choice`, or, where that is free, by a question that plainly names the
tool or speaks in the words of its description. Its arguments are a valid instance of its parameters.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from .. import tokens
from ..instances import instances
from ..instances.drafts import Hints
from . import answers
from .parameters import flag, refuse

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_WORD = re.compile(r"[a-z]{3,}|[^\W\d_a-zA-Z][^\W\d_]+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_EVERYDAY = frozenset(
    """
    the and for with from that this what when where which who how get set list find make call use tool function
    given return show tell give fetch look run add new all any are can you your please current about
    into doe has have its not one per out
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
_MOST_CALLS = 8
_MOST_TOOLS = 128
Policy = Literal["none", "auto", "required"]


@dataclass(frozen=True, slots=True)
class Tool:
    """One function that the caller can run; `where` is its parameter's path in the request."""

    name: str
    description: str
    parameters: dict[str, Any]
    where: str

    @property
    def text(self) -> str:
        """What a model reads of it."""
        return f"{self.name} {self.description} {json.dumps(self.parameters)}"


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of a request, and how free the model is with them; `named` is the one it must call."""

    tools: tuple[Tool, ...] = ()
    policy: Policy = "auto"
    named: str | None = None
    parallel: bool = True

    def called(self, question: str) -> tuple[Tool, ...]:
        """Return the tools that an answer to `question` calls, the best fitting first."""
        if self.policy == "none" or not self.tools:
            return ()
        if self.named is not None:
            return tuple(tool for tool in self.tools if tool.name == self.named)[:1]
        fits = {tool.name: _fit(tool, question) for tool in self.tools}
        asked = sorted((tool for tool in self.tools if fits[tool.name]), key=lambda tool: -fits[tool.name])
        if not asked and self.policy == "required":
            asked = [self.tools[0]]
        return tuple(asked[: _MOST_CALLS if self.parallel else 1])


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call: the function's name, and its arguments in the fragments they are streamed in."""

    name: str
    fragments: tuple[str, ...]

    @property
    def arguments(self) -> str:
        """The arguments as one JSON text (cut short where a limit cut it)."""
        return "".join(self.fragments)

    @property
    def tokens(self) -> int:
        """How many tokens it is billed as."""
        return tokens.count(self.name) + len(self.fragments)

    def cut(self, room: int) -> ToolCall:
        """Return as much of it as fits into so many tokens."""
        return ToolCall(self.name, self.fragments[: max(0, room - tokens.count(self.name))])


def call(tool: Tool, question: str, seed: str) -> ToolCall:
    """Call `tool` for `question`; raises `Refusal` (400) when nothing fits its parameters."""
    hints = Hints(answers.names(question), answers.numbers(question))
    # What a model sends a function is always an object.
    schema = {"type": "object"} | tool.parameters
    try:
        given = instances.instance(schema, f"{seed} {tool.name}", hints)
    except instances.UnsatisfiableError as error:
        refuse(tool.where, f"cannot be called: {error}")
    return ToolCall(tool.name, tokens.pieces(json.dumps(given, ensure_ascii=False)))


def parse(body: dict[str, Any]) -> Toolbox:
    """Read `tools`, `tool_choice` and `parallel_tool_calls`; functions are flat or nested, other tools passed over."""
    given = body.get("tools") or []
    if not isinstance(given, list) or len(given) > _MOST_TOOLS:
        refuse("tools", f"must be a list of at most {_MOST_TOOLS} tools")
    read = (_tool(f"tools[{index}]", item) for index, item in enumerate(given))
    tools = tuple(tool for tool in read if tool is not None)
    parallel = flag(body, "parallel_tool_calls", default=True)
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        named = _named(choice)
        if named is None:
            return Toolbox(tools, "auto", None, parallel)
        if named not in {tool.name for tool in tools}:
            refuse("tool_choice", f"names '{named[:64]}', which is not one of 'tools'")
        return Toolbox(tools, "required", named, parallel)
    if choice not in (None, "none", "auto", "required"):
        refuse("tool_choice", "must be none, auto, required or {type: function, function: {name}}")
    if choice == "required" and not given:
        refuse("tool_choice", "is required, but there are no 'tools'")
    return Toolbox(tools, choice or "auto", None, parallel)


def _named(choice: dict[str, Any]) -> str | None:
    """Return the function that a choice names; None for another kind of choice, which is passed over."""
    if choice.get("type") != "function":
        if not isinstance(choice.get("type"), str):
            refuse("tool_choice", "must be none, auto, required or {type: function, function: {name}}")
        return None
    holder = choice.get("function", choice)
    name = holder.get("name") if isinstance(holder, dict) else None
    if not isinstance(name, str):
        refuse("tool_choice", "must name a function")
    return name


def _tool(where: str, item: Any) -> Tool | None:
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(kind, str):
        refuse(where, "must be {type: function, function: {name, parameters}}")
    if kind != "function":
        return None
    holder, place = (item["function"], f"{where}.function") if "function" in item else (item, where)
    name = holder.get("name") if isinstance(holder, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        refuse(f"{place}.name", "must be 1 to 64 letters, digits, dots, dashes or underscores")
    parameters = holder.get("parameters")
    if parameters is None:
        parameters = {}
    wrong = instances.flaw(parameters) if isinstance(parameters, dict) else "it is no object"
    if wrong:
        refuse(f"{place}.parameters", f"is not a JSON Schema: {wrong}")
    description = holder.get("description") or ""
    return Tool(name, str(description), parameters, f"{place}.parameters")


def _fit(tool: Tool, question: str) -> int:
    """How plainly a question asks for a tool: 0 not at all."""
    asked = _stems(question)
    if re.search(rf"(?<!\w){re.escape(tool.name)}(?!\w)", question):
        return 100
    name = _stems(" ".join(_PARTS.findall(tool.name)))
    about = _stems(tool.description)
    shared = len(about & asked)
    return 10 * len(name & asked) + (shared if shared >= 2 or 2 * shared > len(about) else 0)


def _stems(text: str) -> frozenset[str]:
    """Return the telling words of a text, in lower case and without the ending of a plural."""
    stems = (word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(text[:4000].lower()))
    return frozenset(stem for stem in stems if stem not in _EVERYDAY)
