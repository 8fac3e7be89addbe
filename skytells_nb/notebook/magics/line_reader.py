"""What every class of magics shares: reading a line by its spec, replacing {{…}}, giving the value to a name."""

from __future__ import annotations

import getpass
import keyword
import os
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import Magics

from ... import key_sources, settings
from ...errors import InputError, plain
from .. import cell, preferences
from . import command
from .command import Command, Inputs, Spec
from .interpolate import expand, filled, value_of
from .named_files import text_file
from .pointing import pointing
from .wording import keep, spoken, told

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class LineReader(Magics):
    """Magics whose lines are read by specs."""

    def _read(self, line: str, spec: Spec, body: str | None = None, inputs: Inputs | None = None) -> Command | None:
        """Read a line, or show its help and give None; `body` is that of a cell, `inputs` gives those of a model."""
        sign = "%" if body is None else "%%"
        typed = f"{sign}{spec.magic} {line}"
        read = command.parse(typed, spec, self._expand, start=len(typed) - len(line), inputs=inputs)
        if "help" in read.options:
            print(command.help_text(spec))
            return None
        if out := read.options.get("out"):
            with pointing(read.line, read.places["--out"][0]):
                _check_name(out)
        return read

    @property
    def _names(self) -> dict[str, Any]:
        """What {{…}} may use: the user's names, and those that a form's code needs even where nothing is imported."""
        if secret := os.environ.get(key_sources.KEY_VARIABLE):
            settings.Key(secret)  # known from now on, so that no {{…}} can send it
        return {"sky": import_module("skytells_nb"), "getpass": getpass.getpass, **self._shell.user_ns}

    def _expand(self, text: str) -> str:
        """Replace every {{…}} by its value in words."""
        return expand(text, self._names, told)

    def _value(self, text: str) -> Any:
        """Give the value itself where the text is one whole {{…}}, the expanded text otherwise."""
        value = value_of(text, self._names, told)
        keep(value, plain(text, 80))
        return value

    def _prompt(self, read: Command, body: str | None) -> list[Any]:
        """Give what a cell asks, in its order: texts and the pictures between; the text of --file stays as it is.

        Raises `InputError` where there are both a file and a body.
        """
        text = (body or "").strip("\n")
        if "file" not in read.options:
            return _joined(filled(text, self._names, spoken))
        with pointing(read.line, read.places["--file"][0]):
            if text.strip():
                raise InputError("The text is given twice, by --file and on the lines below.", "Keep one of them.")
            return [text_file(read.options["file"]).strip("\n")]

    @property
    def _shell(self) -> InteractiveShell:
        return cast("InteractiveShell", self.shell)

    def _give(self, read: Command, value: Any) -> Any:
        """Put a value into the variable of -o, and hand it on; a cell whose line ends in ; does not show it."""
        if out := read.options.get("out"):
            self._shell.user_ns[out] = value
        if read.hushed and read.line.startswith("%%"):  # of a line's value IPython itself minds the ;
            cell.shown(value)
            cell.silence(self._shell, value)
        return value


def is_quiet(read: Command) -> bool:
    """Say whether a line wants nothing shown: --quiet or a ; at its end, else what is preferred unless --show."""
    if "quiet" in read.options and "show" in read.options:
        with pointing(read.line, read.places["--show"][0]):
            raise InputError("--quiet and --show contradict each other.", "Keep one of them.")
    asked = read.hushed or "quiet" in read.options
    return asked or (preferences.current().quiet and "show" not in read.options)


def _joined(pieces: Iterable[Any]) -> list[Any]:
    """Join texts that stand side by side; blanks alone are dropped where there are pictures."""
    joined: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    if len(joined) == 1:
        return joined
    return [piece for piece in joined if not isinstance(piece, str) or piece.strip()]


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InputError(
            f"{plain(name, 60)!r} cannot be the name of a variable.",
            "Use letters, digits and _, and no word of Python's own.",
        )
    if name in _NEEDED or name.startswith("__"):
        raise InputError(f"{plain(name, 60)!r} is IPython's or Python's own.", "Use another name; nothing was sent.")


_NEEDED = ("In", "Out", "get_ipython")
"""Names without which no cell runs any more."""
