"""The magic that asks text models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from ...errors import InputError
from ...schema.check import read_json
from ..conversing import chat, quote_chat
from .interpolate import expand, value_of
from .line_reader import LineReader
from .specs import CHAT

if TYPE_CHECKING:
    from ...api.values import Reply


@magics_class
class ChatMagics(LineReader):
    """Chat."""

    @no_var_expand
    @line_cell_magic
    def skytells_chat(self, line: str, body: str | None = None) -> Reply | Any:
        read = self._read(line, CHAT)
        if read is None:
            return None
        if body is None:
            raise InputError(
                "%skytells_chat is a cell magic.", "Write %%skytells_chat, and the prompt on the lines below it."
            )
        options = {name.replace("-", "_"): value for name, value in read.options.items() if name != "out"}
        if read.words:
            options["model"] = read.words[0]
        params = {name: read_json(value_of(value, self._names)) for name, value in read.pairs.items()}
        for name in params:
            if name in options:
                raise InputError(f"{name} is given twice.", f"Keep --{name.replace('_', '-')}.")
            if name in _NO_PARAMETERS:
                raise InputError(f"{name} is no parameter here.", _NO_PARAMETERS[name])
        prompt = expand(body.strip("\n"), self._names)
        if options.pop("quote", None):
            about = {name: value for name, value in options.items() if name not in ("tag", "timeout", "quiet")}
            return self._give(read, quote_chat(prompt, **about, **params))
        return cast("Reply", self._give(read, chat(prompt, **options, **params)))


_NO_PARAMETERS = {
    "prompt": "The cell's body is the prompt.",
    "messages": "The cell's body is the prompt; --thread remembers.",
    "model": "Name the model first: %%skytells_chat MODEL.",
    "stream": "Answers always stream.",
    "stream_options": "Answers always stream.",
    **{name: f"Write --{name}." for name in ("system", "thread", "api", "tag", "timeout", "quiet", "quote", "out")},
}
"""Names that would collide with what the magic itself says, and what to write instead."""
