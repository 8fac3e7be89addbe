"""The magic that keeps the named conversations in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand

from ...errors import InputError, UnknownNameError, plain
from ..session import current
from .line_reader import LineReader
from .pointing import pointing_into
from .specs import THREADS

if TYPE_CHECKING:
    from pathlib import Path

    from ..threads.look import Threads, Transcript
    from .command import Command

_USES = {
    "show": "show NAME",
    "rename": "rename NAME NEW",
    "fork": "fork NAME NEW",
    "reset": "reset NAME, or reset --all",
    "export": "export NAME FILE",
    "import": "import FILE, or import FILE NAME",
}
_OPTIONS = {"at": "fork", "all": "reset", "force": "export"}


@magics_class
class ConversationMagics(LineReader):
    """Threads."""

    @no_var_expand
    @line_magic
    def skytells_threads(self, line: str) -> Any:
        read = self._read(line, THREADS)
        if read is None:
            return None
        with pointing_into(read):
            return self._done(read)

    def _done(self, read: Command) -> Any:
        _check(read)
        match read.words:
            case ("export", name, file):
                target = self._give(read, _export(name, file, overwrite="force" in read.options))
                print(f"Thread {name} is written to {plain(target, 300)}.")
                return None
            case ("show", name):
                return self._give(read, _transcript(name))
        _change(read)
        return self._give(read, _all())


def _check(read: Command) -> None:
    """Raise for a verb that nobody knows, and for an option that does not go with it."""
    verb = read.words[0] if read.words else ""
    if verb and verb not in _USES:
        if verb in current().threads:
            raise InputError(f"{verb} is a thread; what is to become of it?", f"Write show {verb}, or another verb.")
        raise UnknownNameError.of("verb", verb, _USES, where=f" of %{THREADS.magic}")
    for option, its_verb in _OPTIONS.items():
        if option in read.options and verb != its_verb:
            raise InputError(f"--{option} belongs to {its_verb}.", f"Write %{THREADS.magic} {_USES[its_verb]}.")


def _change(read: Command) -> None:
    """Do what a line says that shows the threads in the end."""
    book = current().threads
    match read.words:
        case ():
            pass
        case ("rename", name, new):
            book.rename(name, new)
        case ("fork", name, new):
            book.fork(name, new, read.options.get("at"))
        case ("reset",) if "all" in read.options:
            book.clear()
        case ("reset", name) if "all" not in read.options:
            book.reset(name)
        case ("import", file, *named):
            from ..threads import files

            name, thread = files.load(file)
            book.put(named[0] if named else name, thread)
        case (verb, *_):
            raise InputError(f"{verb} does not go with what follows it.", f"Write {_USES[verb]}.")


def _all() -> Threads:
    from ..threads.look import Summary, Threads

    book = current().threads
    return Threads(tuple(Summary.of(name, thread) for name in book if (thread := book.so_far(name))))


def _transcript(name: str) -> Transcript:
    from ..threads.look import Transcript

    return Transcript(name, current().threads.find(name))


def _export(name: str, file: str, *, overwrite: bool) -> Path:
    from ..threads import files

    return files.export(name, current().threads.find(name), file, overwrite=overwrite)
