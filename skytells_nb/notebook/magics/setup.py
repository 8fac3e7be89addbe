"""The magics that set up: which service answers, with which key, and what is set now."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import line_magic, magics_class, no_var_expand

from ...errors import InputError, plain
from ..session import current
from .line_reader import LineReader
from .specs import LOGIN, SANDBOX, STATUS


@magics_class
class SetupMagics(LineReader):
    """Sandbox, status, login."""

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
        from ..status import status

        return status()

    @no_var_expand
    @line_magic
    def skytells_login(self, line: str) -> None:
        if (read := self._read(line, LOGIN)) is None:
            return
        chosen = [name for name in ("keyring", "file", "forget") if name in read.options]
        if len(chosen) > 1 or (chosen == ["forget"] and "from" in read.options):
            raise InputError("%skytells_login does one thing at a time.", "Use --keyring, --file or --forget.")
        from .. import login

        if "forget" in read.options:
            print(login.forget())
        else:
            print(login.log_in(read.options.get("from"), chosen[0] if chosen else None))
