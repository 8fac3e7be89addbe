"""What every class of magics shares: reading a line by its spec, replacing {{…}}, giving the value to a name."""

from __future__ import annotations

import getpass
import keyword
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import Magics

from ...errors import InputError, plain
from . import command
from .command import Command, Spec
from .interpolate import expand

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class LineReader(Magics):
    """Magics whose lines are read by specs."""

    def _read(self, line: str, spec: Spec) -> Command | None:
        """Read a line, or show its help and give None."""
        read = command.parse(line, spec, lambda text: expand(text, self._names))
        if "help" in read.options:
            print(command.help_text(spec))
            return None
        if out := read.options.get("out"):
            _check_name(out)
        return read

    @property
    def _names(self) -> dict[str, Any]:
        """What {{…}} may use: the user's names, and those that a form's code needs even where nothing is imported."""
        return {"sky": import_module("skytells_nb"), "getpass": getpass.getpass, **self._shell.user_ns}

    @property
    def _shell(self) -> InteractiveShell:
        return cast("InteractiveShell", self.shell)

    def _give(self, read: Command, value: Any) -> Any:
        """Put a value into the variable of -o, and hand it on."""
        if out := read.options.get("out"):
            self._shell.user_ns[out] = value
        return value


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InputError(
            f"{plain(name, 60)!r} cannot be the name of a variable.",
            "Use letters, digits and _, and no word of Python's own.",
        )
