"""The magics about what calls cost and took: the record, meters and budgets; the work is done in `costs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, line_magic, magics_class, no_var_expand, output_can_be_silenced

from ...errors import InputError, UnknownNameError, plain
from .. import wiring
from .line_reader import LineReader
from .pointing import pointing_into
from .specs import BUDGET, METER, PICTURES, USAGE

if TYPE_CHECKING:
    from ...costs.meter import Meter
    from .command import Command

_CHOICES = ("last", "since", "until", "model", "tag", "here")


@magics_class
class CostMagics(LineReader):
    """The magics of the record."""

    _metered: Meter | None = None

    @no_var_expand
    @line_magic
    def skytells_usage(self, line: str) -> Any:
        read = self._read(line, USAGE)
        if read is None:
            return None
        with pointing_into(read):
            return self._used(read)

    def _used(self, read: Command) -> Any:
        _check(read)
        from ...costs import frames

        chosen: dict[str, Any] = {name: read.options[name] for name in _CHOICES if name in read.options}
        if "all" in read.options:
            chosen["live"] = "all"
        if by := read.options.get("by"):
            return self._give(read, frames.summary([key.strip() for key in by.split(",")], **chosen))
        frame = self._give(read, frames.usage(**chosen))
        if kind := read.options.get("plot"):
            from ...costs import plots

            getattr(plots, kind)(frame)
        if file := read.options.get("export"):
            from ...costs.exchange import export_usage
            from ...costs.totals import number

            print(f"{number(len(frame), 'call')} written to {plain(export_usage(file, frame), 300)}.")
        return None if kind or file else frame

    @no_var_expand
    @output_can_be_silenced
    @line_cell_magic
    def skytells_meter(self, line: str, body: str | None = None) -> Any:
        __tracebackhide__ = True
        read = self._read(line, METER, body)
        if read is None:
            return None
        if body is None:
            if self._metered is None:
                raise InputError(
                    "No cell was metered yet.", "Write %%skytells_meter, and the code on the lines below it."
                )
            return self._give(read, self._metered)
        if not body.strip():
            raise InputError("There is nothing to run.", "Write the code on the lines below %%skytells_meter.")
        from IPython.display import display

        from ...costs.meter import meter
        from .cell_body import prepared

        wiring.connect()
        run = prepared(self._shell, body, METER.magic)
        self._metered = metered = self._give(read, meter())
        try:
            with metered:
                return run()
        finally:
            if "quiet" not in read.options:
                display(metered)  # type: ignore[no-untyped-call]

    @no_var_expand
    @line_magic
    def skytells_budget(self, line: str) -> Any:
        read = self._read(line, BUDGET)
        if read is None:
            return None
        wiring.connect()
        from .. import budgets

        return self._give(read, budgets.obeyed(read))


def _check(read: Command) -> None:
    """Raise `InputError` for options of %skytells_usage that do not go together, before anything is loaded."""
    kind = read.options.get("plot")
    if kind is not None and kind not in PICTURES:
        raise UnknownNameError.of("picture", kind, PICTURES)
    for name, does in (("plot", "draws"), ("export", "writes")):
        if name in read.options and "by" in read.options:
            raise InputError(f"--{name} {does} calls, and --by sums them up.", "Leave one of them out.")
