"""The magics: each parses its line, calls the session, and returns the value.

Errors leave as they are: one line under the cell, which fails, and everything in `%tb`. `{{expression}}` is replaced in
line and body alike, by one rule (`interpolate`); IPython's own `$name` and `{name}` expansion is off.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import line_cell_magic, line_magic, magics_class, no_var_expand

from ..api.inline import file
from ..errors import InputError, SetupError, plain
from ..schema.check import read_json
from . import cell, command
from .asking import somebody_can_answer
from .command import Command
from .cost_magics import CostMagics
from .inputs import inputs_of
from .interpolate import expand, value_of
from .line_reader import LineReader
from .session import current
from .specs import ALL, CHAT, FORM, LOGIN, MODELS, PREDICT, SANDBOX, STATUS
from .typed import Question, give_an_empty_body

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..api.values import Model, Prediction, Reply
    from .forms.form import Form


@magics_class
class SkytellsMagics(LineReader):
    """The magics that ask, run and set up."""

    def _inputs(self, read: Command, model: Model, body: str = "") -> dict[str, Any]:
        return inputs_of(read, model.fields, lambda text: value_of(text, self._names), file, body)

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
            return self._give(read, current().quote_chat(prompt, **about, **params))
        return cast("Reply", self._give(read, current().chat(prompt, **options, **params)))

    @no_var_expand
    @line_cell_magic
    def skytells_predict(self, line: str, body: str | None = None) -> Prediction | Any:
        read = self._read(line, PREDICT)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_predict needs a model.", "%skytells_models lists them.")
        session, model = current(), read.words[0]
        known = session.client.model(model)
        if known.speaks_chat:
            what = f"{plain(model, 80)} is a text model: it runs no predictions."
            raise InputError(what, f"Use %%skytells_chat {plain(model, 80)}.")
        values = self._inputs(read, known, expand((body or "").strip(), self._names))
        if "quote" in read.options:
            return self._give(read, session.quote(model, values))
        options = {name: read.options[name] for name in ("tag", "timeout", "quiet") if name in read.options}
        try:
            return self._give(read, session.predict(model, values, **options))
        except BaseException as error:
            if (job := getattr(error, "prediction", None)) is not None:
                self._give(read, job)  # its id is the way back to what was paid for
            raise

    @no_var_expand
    @line_magic
    def skytells_form(self, line: str) -> Form | None:
        read = self._read(line, FORM)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_form needs a model.", "%skytells_models lists them.")
        from .forms.form import form

        model = current().client.model(read.words[0])
        made = form(model)
        if values := self._inputs(read, model):
            made.load(values)
        return cast("Form", self._give(read, made))

    @no_var_expand
    @line_magic
    def skytells_models(self, line: str) -> Any:
        read = self._read(line, MODELS)
        if read is None:
            return None
        from .render import Catalogue

        found = current().models(read.words, read.options.get("type"))
        exact = [model for model in found if read.words == (model.slug,)]
        return self._give(read, current().client.model(exact[0].slug) if exact else Catalogue(found))

    @no_var_expand
    @line_magic
    def skytells_sandbox(self, line: str) -> None:
        read = self._read(line, SANDBOX)
        if read is None:
            return
        if read.words not in ((), ("stop",)):
            raise InputError(
                f"%skytells_sandbox does not know {plain(read.words[0], 40)!r}.", "Use it alone, or with stop."
            )
        if read.words:
            current().stop_sandbox()
            print("Back online: calls go to Skytells and are billed.")
        else:
            address = current().go_offline()
            print(f"Offline: the local Skytells answers at {address}; nothing is billed.")

    @no_var_expand
    @line_magic
    def skytells_status(self, line: str) -> Any:
        if self._read(line, STATUS) is None:
            return None
        from .status import status

        return status()

    @no_var_expand
    @line_magic
    def skytells_login(self, line: str) -> None:
        if self._read(line, LOGIN) is None:
            return
        print(current().log_in(_ask_secretly()))


for _spec in ALL:
    _home = SkytellsMagics if hasattr(SkytellsMagics, _spec.magic) else CostMagics
    getattr(_home, _spec.magic).__doc__ = command.help_text(_spec)


def _ask_secretly() -> str:
    if not somebody_can_answer():
        raise SetupError("Nobody can type a key here.", "Set SKYTELLS_API_KEY before the notebook starts.")
    return getpass.getpass("Skytells API key (not shown): ")


_NO_PARAMETERS = {
    "prompt": "The cell's body is the prompt.",
    "messages": "The cell's body is the prompt; --thread remembers.",
    "model": "Name the model first: %%skytells_chat MODEL.",
    "stream": "Answers always stream.",
    "stream_options": "Answers always stream.",
    **{name: f"Write --{name}." for name in ("system", "thread", "tag", "timeout", "quiet", "quote", "out")},
}
"""Names that would collide with what the magic itself says, and what to write instead."""

_loaded: tuple[LineReader, ...] = ()


def load(shell: InteractiveShell) -> None:
    """Register the magics; loading twice changes nothing."""
    global _loaded
    if _loaded and _loaded[0].shell is shell:
        return
    _loaded = (SkytellsMagics(shell), CostMagics(shell))
    shell.register_magics(*_loaded)
    shell.input_transformers_cleanup.append(give_an_empty_body)
    shell.input_transformer_manager.token_transformers.append(Question)
    cell.watch(shell)


def unload(shell: InteractiveShell) -> None:
    """Take away exactly what `load` added."""
    global _loaded
    if not _loaded:
        return
    for kind, names in ((kind, names) for magics in _loaded for kind, names in magics.magics.items()):
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.input_transformers_cleanup.remove(give_an_empty_body)
    shell.input_transformer_manager.token_transformers.remove(Question)
    cell.unwatch(shell)
    _loaded = ()
