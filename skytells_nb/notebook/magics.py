"""The magics: each parses its line, calls the session, and returns the value.

Errors leave as they are: one line under the cell, which fails, and everything in `%tb`. `{{expression}}` is replaced in
line and body alike, by one rule (`interpolate`); IPython's own `$name` and `{name}` expansion is off.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from ..errors import InputError, SetupError, plain
from . import cell, command
from .command import Command, Option, Spec
from .interpolate import expand, value_of
from .session import current

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..api.values import Model, Prediction, Reply

_OUT = Option("out", "o", str, "put the result into this variable too", "NAME")
_TAG = Option("tag", "", str, "a word to find the call by in the record", "WORD")
_QUIET = Option("quiet", "q", None, "show nothing; the value is still returned")
_TIMEOUT = Option("timeout", "", float, "seconds to wait at most", "60")

CHAT = Spec(
    "skytells_chat",
    "Ask a text model: the cell's body is the prompt, the answer streams in.",
    words=("MODEL",),
    options=(
        Option("system", "s", str, "how the model should behave", '"…"'),
        Option("temperature", "t", float, "0 (steady) to 2 (wild)", "0.7"),
        Option("max-tokens", "", int, "the longest answer, in tokens", "512"),
        Option("stop", "", str, "end the answer before this text", '"…"'),
        Option("thread", "", str, "a conversation that remembers", "NAME"),
        _OUT,
        _TAG,
        _TIMEOUT,
        _QUIET,
    ),
    pairs=True,
    examples=(
        "%%skytells_chat\n    What is a notebook?",
        '%%skytells_chat gpt-5 --thread tutor -s "Be brief." -t 0.2\n    And why do people like it?',
    ),
)
PREDICT = Spec(
    "skytells_predict",
    "Run a media model and show the pictures, sounds or films that come back.",
    words=("MODEL",),
    options=(Option("quote", "", None, "say what it would cost; run nothing"), _OUT, _TAG, _TIMEOUT, _QUIET),
    pairs=True,
    examples=(
        '%skytells_predict truefusion-pro prompt="a red fox in the snow" num_outputs=2',
        "%%skytells_predict truefusion-pro aspect_ratio=16:9 -o run\n    the body is the model's main text",
    ),
)
MODELS = Spec(
    "skytells_models",
    "List the models with their prices; words narrow the list, a model's own name shows its inputs.",
    words=("WORD", "WORD", "WORD", "WORD"),
    options=(Option("type", "", str, "only models of this type", "image"), _OUT),
    examples=("%skytells_models", "%skytells_models fusion --type image", "%skytells_models truefusion-pro"),
)
USAGE = Spec(
    "skytells_usage",
    "Load the record of calls as a DataFrame: tokens, seconds, cost.",
    options=(
        Option("by", "", str, "sum up by model, api, day, tag, status or cell", "model"),
        Option("last", "", str, "only the last 30m, 12h, 7d or 2w", "7d"),
        Option("model", "", str, "only this model", "MODEL"),
        _TAG,
        Option("all", "", None, "live and sandbox calls together"),
        _OUT,
    ),
    examples=("%skytells_usage", "%skytells_usage --by model --last 1d -o costs"),
)
SANDBOX = Spec(
    "skytells_sandbox",
    "Go offline: use a local Skytells that needs no key and bills nothing. `stop` goes back.",
    words=("stop",),
    examples=("%skytells_sandbox", "%skytells_sandbox stop"),
)
STATUS = Spec("skytells_status", "Show which service and key are used, where the record is, and what was spent.")
LOGIN = Spec("skytells_login", "Ask for the API key without showing it, try it, and store it for this user.")


@magics_class
class SkytellsMagics(Magics):
    """The magics of skytells_nb."""

    def _read(self, line: str, spec: Spec) -> Command | None:
        read = command.parse(line, spec)
        if "help" in read.options:
            print(command.help_text(spec))
            return None
        names = self._names
        if out := read.options.get("out"):
            _check_name(out)
        options = {
            name: expand(value, names) if isinstance(value, str) else value for name, value in read.options.items()
        }
        return Command(tuple(expand(word, names) for word in read.words), read.pairs, options)

    @property
    def _names(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._shell.user_ns)

    @property
    def _shell(self) -> InteractiveShell:
        return cast("InteractiveShell", self.shell)

    def _pairs(self, read: Command) -> dict[str, Any]:
        return {name: value_of(value, self._names) for name, value in read.pairs.items()}

    def _give(self, read: Command, value: Any) -> Any:
        if out := read.options.get("out"):
            self._shell.user_ns[out] = value
        return value

    @no_var_expand
    @line_cell_magic
    def skytells_chat(self, line: str, body: str | None = None) -> Reply | None:
        read = self._read(line, CHAT)
        if read is None:
            return None
        if body is None:
            raise InputError(
                "%skytells_chat is a cell magic.", "Write %%skytells_chat, and the prompt on the lines below it."
            )
        options = dict(read.options)
        options.pop("out", None)
        if read.words:
            options["model"] = read.words[0]
        if "max-tokens" in options:
            options["max_tokens"] = options.pop("max-tokens")
        params = {name: _json(value) for name, value in self._pairs(read).items()}
        for name in params.keys() & options.keys():
            raise InputError(f"{name} is given twice.", f"Keep --{name.replace('_', '-')}.")
        return cast(
            "Reply", self._give(read, current().chat(expand(body.strip("\n"), self._names), **options, **params))
        )

    @no_var_expand
    @line_cell_magic
    def skytells_predict(self, line: str, body: str | None = None) -> Prediction | Any:
        read = self._read(line, PREDICT)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_predict needs a model.", "%skytells_models lists them.")
        values = self._pairs(read)
        session, model = current(), read.words[0]
        if body is not None and body.strip():
            name = _main_text(session.client.model(model))
            if name in values:
                raise InputError(f"{name} is given twice, in the line and as the body.", "Keep one of them.")
            values[name] = expand(body.strip(), self._names)
        if "quote" in read.options:
            return self._give(read, session.quote(model, values))
        options = {name: read.options[name] for name in ("tag", "timeout", "quiet") if name in read.options}
        return self._give(read, session.predict(model, values, **options))

    @no_var_expand
    @line_magic
    def skytells_models(self, line: str) -> Any:
        read = self._read(line, MODELS)
        if read is None:
            return None
        from .render import Catalogue

        found = current().models(" ".join(read.words), read.options.get("type"))
        exact = [model for model in found if read.words == (model.slug,)]
        return self._give(read, current().client.model(exact[0].slug) if exact else Catalogue(found))

    @no_var_expand
    @line_magic
    def skytells_usage(self, line: str) -> Any:
        read = self._read(line, USAGE)
        if read is None:
            return None
        from ..costs import frames

        chosen: dict[str, Any] = {name: read.options[name] for name in ("last", "model", "tag") if name in read.options}
        chosen["live"] = "all" if "all" in read.options else None
        by = read.options.get("by")
        return self._give(read, frames.summary(by.split(","), **chosen) if by else frames.usage(**chosen))

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
        print(current().log_in(_ask_secretly(self._shell)))


for _spec in (CHAT, PREDICT, MODELS, USAGE, SANDBOX, STATUS, LOGIN):
    _sign = "%%" if _spec is CHAT else "%"
    getattr(SkytellsMagics, _spec.magic).__doc__ = command.help_text(_spec, _sign)


def _check_name(name: str) -> None:
    if not name.isidentifier():
        raise InputError(f"{plain(name, 60)!r} cannot be the name of a variable.", "Use letters, digits and _.")


def _json(value: Any) -> Any:
    import json

    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _main_text(model: Model) -> str:
    """Name the input that a cell's body is for: prompt, else the first required text, else the first text."""
    from ..schema.fields import TextField

    texts = [field for field in model.fields if isinstance(field, TextField)]
    ranked = sorted(texts, key=lambda field: (field.name != "prompt" or not field.required, not field.required))
    if not ranked:
        raise InputError(f"{plain(model.slug, 60)} takes no text.", "Give its inputs as name=value on the line.")
    return ranked[0].name


def _ask_secretly(shell: InteractiveShell) -> str:
    kernel = getattr(shell, "kernel", None)
    allowed = getattr(kernel, "_allow_stdin", True) if kernel is not None else _at_a_terminal()
    if not allowed:
        raise SetupError("Nobody can type a key here.", "Set SKYTELLS_API_KEY before the notebook starts.")
    from getpass import getpass

    return getpass("Skytells API key (not shown): ")


def _at_a_terminal() -> bool:
    import sys

    return bool(sys.stdin and sys.stdin.isatty())


_QUESTION = re.compile(r"^(?P<indent>\s*)(?P<to>[\w., ]+=\s*)?%(?P<magic>skytells_\w+)\s+(?P<line>\S.*\?)\s*$")


def keep_what_was_typed(lines: list[str]) -> list[str]:
    """Let IPython pass on what it would keep from us: lines that end in a question mark, and empty bodies.

    It would take the first for a request for help and run nothing; the second it refuses without a real error.
    """
    if (
        lines
        and lines[0].startswith("%%skytells_")
        and not "".join(lines[1:]).strip()
        and "?" not in lines[0].split()[0]
    ):
        return [lines[0].rstrip("\n") + "\n", " \n"]
    return [_QUESTION.sub(_as_call, line) if "%skytells_" in line else line for line in lines]


def _as_call(found: re.Match[str]) -> str:
    call = f"get_ipython().run_line_magic({found['magic']!r}, {found['line']!r})"
    return f"{found['indent']}{found['to'] or ''}{call}\n"


_loaded: SkytellsMagics | None = None


def load(shell: InteractiveShell) -> None:
    """Register the magics; loading twice changes nothing."""
    global _loaded
    if _loaded is not None and _loaded.shell is shell:
        return
    _loaded = SkytellsMagics(shell)
    shell.register_magics(_loaded)
    shell.input_transformers_cleanup.append(keep_what_was_typed)
    cell.watch(shell)


def unload(shell: InteractiveShell) -> None:
    """Take away exactly what `load` added."""
    global _loaded
    if _loaded is None:
        return
    for kind, names in _loaded.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.input_transformers_cleanup.remove(keep_what_was_typed)
    cell.unwatch(shell)
    _loaded = None
