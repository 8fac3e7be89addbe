"""What loading adds to IPython, part by part: each says how it is added and how it is taken away to the last trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import Magics


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that loading adds to a shell; `remove` leaves the shell as `add` found it."""

    add: Callable[[InteractiveShell], None]
    remove: Callable[[InteractiveShell], None]


def listed(place: Callable[[InteractiveShell], list[Any]], item: object, *, first: bool = False) -> Part:
    """Make the part that puts `item` at the end, or at the beginning, of a list of the shell's, which `place` finds."""

    def add(shell: InteractiveShell) -> None:
        items = place(shell)
        items.insert(0 if first else len(items), item)

    def remove(shell: InteractiveShell) -> None:
        if item in (items := place(shell)):
            items.remove(item)

    return Part(add, remove)


def heard(event: str, callback: Callable[..., None]) -> Part:
    """Make the part that calls `callback` at one of IPython's events."""
    return Part(
        lambda shell: shell.events.register(event, callback), lambda shell: shell.events.unregister(event, callback)
    )


def magics(*homes: type[Magics]) -> Part:
    """Make the part that registers classes of magics, in this order."""

    def add(shell: InteractiveShell) -> None:
        shell.register_magics(*(home(shell) for home in homes))

    def remove(shell: InteractiveShell) -> None:
        configurables: list[Any] = shell.configurables
        for home in homes:
            if (magics := shell.magics_manager.registry.pop(home.__name__, None)) is None:
                continue
            for kind, names in magics.magics.items():
                for name in names:
                    shell.magics_manager.magics[kind].pop(name, None)
            configurables.remove(magics)

    return Part(add, remove)
