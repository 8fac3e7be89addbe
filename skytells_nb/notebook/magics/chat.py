"""The magic that asks text models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from ...api.messages import part_of
from ...api.pictures import picture_link
from ...errors import InputError
from ...schema.check import read_json
from .. import cell, preferences
from ..conversing import chat, quote_chat
from .inputs import names_files
from .line_reader import LineReader, is_quiet
from .named_files import json_file
from .pointing import pointing, pointing_into
from .specs import CHAT
from .wording import picture_in, plainly

if TYPE_CHECKING:
    from ...api.values import Reply
    from ..preferences import Format
    from .command import Command


@magics_class
class ChatMagics(LineReader):
    """Chat."""

    @no_var_expand
    @line_cell_magic
    def skytells_chat(self, line: str, body: str | None = None) -> Any:
        if body is None and not any(word.lstrip("\"'").startswith("-") for word in line.split()):
            raise _no_prompt()  # the line is a prompt, most likely
        read = self._read(line, CHAT, body)
        if read is None:
            return None
        if body is None and "file" not in read.options:
            raise _no_prompt()
        with pointing_into(read):
            prompt, options = self._question(read, body), self._options(read)
            if "quote" in read.options:
                about = {name: value for name, value in options.items() if name not in _NOT_SENT}
                return self._give(read, quote_chat(prompt, **about))
            form = _form_of(read)
            try:
                finished = chat(prompt, quiet=is_quiet(read), form=form, **options)
            except BaseException as stop:
                if (reply := getattr(stop, "reply", None)) is not None:
                    self._give(read, reply)  # what had come is on the screen, and paid for
                raise
            if finished.error is not None:
                raise finished.error
            if "insert" in read.options:
                self._insert(finished.value)
            cell.silence(self._shell, finished.value)
            return self._give(read, finished.value)

    def _insert(self, reply: Reply) -> None:
        """Put an answer's code into a new cell; what no front end takes up is on the screen all the same."""
        from ..formats import code_to_insert

        if code := code_to_insert(reply):
            self._shell.set_next_input(code, replace=False)
            print("The code is put into a new cell. It was not run.")

    def _question(self, read: Command, body: str | None) -> Any:
        """Give the prompt: a text, or the parts of a message where pictures go along."""
        asked = self._prompt(read, body)
        pictures: list[Any] = []
        for text, span in zip(read.options.get("image", ()), read.places.get("--image", ()), strict=False):
            with pointing(read.line, span):
                picture = self._value(text)
                shown = picture_in(picture)
                pictures.append(_part(picture if shown is None else shown))
        if not pictures and all(isinstance(piece, str) for piece in asked):
            return "".join(asked)
        return [*(part_of(piece) for piece in asked if piece), *pictures]

    def _options(self, read: Command) -> dict[str, Any]:
        """Give what goes to the API, and to the call, under the names of `Client.chat`."""
        options = {_CALLED.get(name, name.replace("-", "_")): value for name, value in read.options.items()}
        for name in _OURS:
            options.pop(name, None)
        if read.words:
            options["model"] = read.words[0]
        if len(options.get("stop", ())) == 1:
            options["stop"] = options["stop"][0]
        params: dict[str, Any] = {}
        for name, text in read.pairs.items():
            with pointing(read.line, read.places[name][0]):
                if name in options:
                    raise InputError(f"{name} is given twice.", f"Keep --{_FLAG.get(name, name).replace('_', '-')}.")
                if name in _NO_PARAMETERS:
                    raise InputError(f"{name} is no parameter here.", _NO_PARAMETERS[name])
                params[name] = _parameter(self._value(text), names_file=names_files(text))
        preferred = preferences.current()
        defaults = {name: getattr(preferred, name) for name in _PREFERRED}
        return {**{name: value for name, value in defaults.items() if value not in ("", None)}, **options, **params}


def _form_of(read: Command) -> Format:
    """Read -f; what --insert inserts is shown as code."""
    word, inserts = read.options.get("format"), "insert" in read.options
    if word is None:
        return "code" if inserts else preferences.current().format
    with pointing(read.line, read.places["--format"][0]):
        form = preferences.format_named(word)
        if inserts and form != "code":
            what = f"--insert inserts code, and the answer is shown as {form}."
            raise InputError(what, "Write -f code, or just --insert.")
    return form


def _no_prompt() -> InputError:
    return InputError(
        "%skytells_chat is a cell magic.",
        "Write %%skytells_chat, and the prompt on the lines below it; or name a file of it with --file.",
    )


def _part(picture: Any) -> Any:
    return {"type": "image_url", "image_url": {"url": picture_link(picture)}}


def _parameter(value: Any, *, names_file: bool) -> Any:
    """Read a parameter's text as JSON, @path.json as that file; anything else stays as it is."""
    if names_file and isinstance(value, str) and value.startswith("@") and value.lower().endswith(".json"):
        return json_file(value[1:])
    return read_json(plainly(value))


_CALLED = {"reasoning": "reasoning_effort"}
"""Options that the API calls otherwise."""
_FLAG = {name: flag for flag, name in _CALLED.items()}
_OURS = ("out", "quiet", "show", "quote", "image", "file", "format", "insert")
_NOT_SENT = ("tag", "timeout")
_PREFERRED = ("model", "system", "temperature", "max_tokens", "timeout")
_NO_PARAMETERS = {
    "prompt": "The cell's body is the prompt.",
    "messages": "The cell's body is the prompt; --thread remembers.",
    "model": "Name the model first: %%skytells_chat MODEL.",
    "stream": "Answers always stream.",
    "stream_options": "Answers always stream.",
    "images": "Write --image for each.",
    "form": "Write --format.",
    "previous": "--thread remembers.",
    "values": "The cell's body is the prompt.",
    **{name: f"Write --{name}." for name in (*_OURS, "system", "thread", "api", "fresh", "tag", "timeout")},
}
"""Names that would collide with what the magic itself says, and what to write instead."""
