"""The magic that asks text models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from ...errors import InputError
from ...schema.check import read_json
from .. import cell, preferences
from ..conversing import chat, quote_chat
from .interpolate import expand, value_of
from .line_reader import LineReader
from .specs import CHAT

if TYPE_CHECKING:
    from ...api.values import Reply
    from ..preferences import Format


@magics_class
class ChatMagics(LineReader):
    """Chat."""

    @no_var_expand
    @line_cell_magic
    def skytells_chat(self, line: str, body: str | None = None) -> Any:
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
        insert = options.pop("insert", False)
        form = _form_of(options.pop("format", None), insert=insert)
        prompt = expand(body.strip("\n"), self._names)
        if options.pop("quote", None):
            about = {name: value for name, value in options.items() if name not in ("tag", "timeout", "quiet")}
            return self._give(read, quote_chat(prompt, **about, **params))
        finished = chat(prompt, form=form, **options, **params)
        if finished.error is not None:
            raise finished.error
        if insert:
            self._insert(finished.value)
        cell.silence(self._shell, finished.value)
        return self._give(read, finished.value)

    def _insert(self, reply: Reply) -> None:
        """Put an answer's code into a new cell; what no front end takes up is on the screen all the same."""
        from ..formats import code_to_insert

        if code := code_to_insert(reply):
            self._shell.set_next_input(code, replace=False)
            print("The code is put into a new cell. It was not run.")


def _form_of(word: str | None, *, insert: bool) -> Format:
    """Read -f; what --insert inserts is shown as code."""
    form = preferences.format_named(word) if word is not None else "code" if insert else preferences.current().format
    if insert and form != "code":
        raise InputError(
            f"--insert inserts code, and the answer is shown as {form}.", "Write -f code, or just --insert."
        )
    return form


_NO_PARAMETERS = {
    "prompt": "The cell's body is the prompt.",
    "messages": "The cell's body is the prompt; --thread remembers.",
    "model": "Name the model first: %%skytells_chat MODEL.",
    "stream": "Answers always stream.",
    "stream_options": "Answers always stream.",
    **{
        name: f"Write --{name}."
        for name in ("system", "thread", "api", "tag", "timeout", "quiet", "quote", "out", "format", "insert")
    },
}
"""Names that would collide with what the magic itself says, and what to write instead."""
