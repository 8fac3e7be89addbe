"""Where the key guard sits in IPython: before a cell is run, and before its text, its log or an error's is kept.

A cell with a key is stopped by the first input transformer, so that nothing of it is compiled or run. IPython keeps
the text of such a cell all the same, so what it keeps is covered: `In`, `_i`, the history on disk, the log of
`%logstart`. What it shows of errors is covered too, since another library's error may name a key that it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ..guard import check, covered, covered_throughout
from .parts import Part, heard, listed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def stop_at_keys(lines: list[str]) -> list[str]:
    """Hand the lines of a cell on; raises `KeyInCellError` where they hold a key."""
    check("".join(lines))
    return lines


stop_at_keys.has_side_effects = True  # type: ignore[attr-defined]  # IPython: not while a person still types


def _forget_text(info: Any) -> None:
    """Cover the cell's text in what IPython remembers as the last result."""
    for name in ("raw_cell", "transformed_cell"):
        if isinstance(text := getattr(info, name, None), str):
            setattr(info, name, covered(text))


@dataclass(frozen=True, slots=True)
class _Covering:
    """A method of the shell's whose arguments are covered first; `own` is what stood in its place on the object."""

    method: Callable[..., Any]
    cover: Callable[[Any], Any]
    own: Any

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.method(*map(self.cover, arguments), **{name: self.cover(value) for name, value in named.items()})


def _around(owner: Callable[[InteractiveShell], Any], name: str, cover: Callable[[Any], Any]) -> Part:
    """Make the part that covers each argument of one method of one object of the shell's."""

    def add(shell: InteractiveShell) -> None:
        if (whose := owner(shell)) is not None:
            setattr(whose, name, _Covering(getattr(whose, name), cover, vars(whose).get(name)))

    def remove(shell: InteractiveShell) -> None:
        whose = owner(shell)
        here = getattr(whose, name, None)
        if not isinstance(here, _Covering):
            return  # somebody has put theirs around it, and it stays beneath
        if here.own is None:
            delattr(whose, name)
        else:
            setattr(whose, name, here.own)

    return Part(add, remove)


def _kept(value: Any) -> Any:
    return covered(value) if isinstance(value, str) else value


def _shown(value: Any) -> Any:
    """Cover what is shown of an error: its lines, and what it says itself."""
    if isinstance(value, list):
        return [covered_throughout(line) if isinstance(line, str) else line for line in value]
    return _without_key(value) if isinstance(value, BaseException) else value


def _without_key(error: BaseException) -> BaseException:
    """Give the error, or where its text holds a key another of the same name that says the same without it."""
    with suppress(Exception):  # an error whose text cannot be made has none to show
        if (said := covered_throughout(str(error))) != str(error):
            return cast("BaseException", type(type(error).__name__, (Exception,), {})(said))
    return error


def _forget_error(result: Any) -> None:
    """Cover the error in the cell's result, of which a kernel makes its reply."""
    for name in ("error_before_exec", "error_in_exec"):
        if isinstance(error := getattr(result, name, None), BaseException):
            setattr(result, name, _without_key(error))


PARTS = (
    listed(lambda shell: shell.input_transformers_cleanup, stop_at_keys, first=True),
    heard("pre_run_cell", _forget_text),
    heard("post_run_cell", _forget_error),
    _around(lambda shell: shell.history_manager, "store_inputs", _kept),
    _around(lambda shell: shell.logger, "log_write", _kept),
    _around(lambda shell: shell, "_showtraceback", _shown),
)
"""All of it, for loading."""
