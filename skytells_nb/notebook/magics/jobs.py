"""The magic of the jobs that nobody has waited for to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand

from ...errors import InputError, UnknownNameError
from .. import wiring
from .line_reader import LineReader
from .specs import JOBS

if TYPE_CHECKING:
    from ...costs.jobs import Job
    from ..jobs.listing import Collected
    from .command import Command

_VERBS = {"resume": "resumed", "collect": "collected", "cancel": "canceled"}


@magics_class
class JobMagics(LineReader):
    """What was begun, and is not collected yet."""

    @no_var_expand
    @line_magic
    def skytells_jobs(self, line: str) -> Any:
        read = self._read(line, JOBS)
        if read is None:
            return None
        wiring.connect()
        from ..jobs import collecting

        if not read.words:
            flags = {"recent": "all" in read.options, "refresh": "refresh" in read.options}
            return self._give(read, collecting.listed(**flags))
        verb, *ids = read.words
        if verb not in _VERBS:
            raise UnknownNameError.of("verb", verb, _VERBS, where=" of %skytells_jobs")
        wanted = _wanted(read, verb, ids)
        limit = {"timeout": read.options["timeout"]} if verb == "resume" and "timeout" in read.options else {}
        found: Collected = getattr(collecting, _VERBS[verb])(wanted, **limit)
        return self._give(read, found[0] if ids and len(found) else found)


def _wanted(read: Command, verb: str, ids: list[str]) -> tuple[Job, ...]:
    """Give the jobs that a line names; raises `InputError` where it names none, or names some and says --all."""
    from ..jobs import collecting

    if ids and "all" in read.options:
        raise InputError("An id is given, and --all.", "Keep one of them.")
    if ids:
        return tuple(map(collecting.named, ids))
    if verb != "collect" and "all" not in read.options:
        raise InputError(f"Which job is meant? {verb} needs an id.", f"%skytells_jobs lists them; or {verb} --all.")
    return collecting.waiting()
