"""Which cell is running, and what it has already put on the screen.

The magics show a result while it arrives and also return it, so that `x = %skytells_predict …` and `_` work. What they
have shown is noted here, so that IPython does not show the returned value a second time under the same cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_cell_id: str | None = None
_execution_count: int | None = None
_on_screen: list[object] = []


def where() -> tuple[str | None, int | None]:
    """Name the running cell: its id and its execution count, each None where not known."""
    return _cell_id, _execution_count


def shown(value: object) -> None:
    """Note that the running cell has shown a value."""
    _on_screen.append(value)


def is_on_screen(value: object) -> bool:
    """Say whether the running cell has shown this very value."""
    return any(value is other for other in _on_screen)


def watch(shell: InteractiveShell) -> None:
    """Follow which cell runs."""
    shell.events.register("pre_run_cell", _begin)
    shell.events.register("post_run_cell", _end)


def unwatch(shell: InteractiveShell) -> None:
    """Stop following."""
    shell.events.unregister("pre_run_cell", _begin)
    shell.events.unregister("post_run_cell", _end)


def _begin(info: Any) -> None:
    global _cell_id, _execution_count
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    _cell_id = getattr(info, "cell_id", None)
    _execution_count = getattr(shell, "execution_count", None)
    _on_screen.clear()


def _end(_result: Any) -> None:
    _on_screen.clear()
