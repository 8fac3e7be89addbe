"""How a value shows itself without knowing notebooks: it asks the renderer that the package's face hands in.

Until one is handed in (or where this package's lower layers are used alone), a value shows its one-line repr.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Renderer = Callable[[object], dict[str, Any]]


def _plainly(value: object) -> dict[str, Any]:
    return {"text/plain": repr(value)}


_renderer: Renderer = _plainly


def _never(_value: object) -> bool:
    return False


_is_on_screen: Callable[[object], bool] = _never


def unless(is_on_screen: Callable[[object], bool]) -> None:
    """Let a value stay silent while `is_on_screen` says that it was shown already."""
    global _is_on_screen
    _is_on_screen = is_on_screen


def render_with(renderer: Renderer) -> None:
    """Let `renderer` (value -> mimebundle) draw every value from now on."""
    global _renderer
    _renderer = renderer


class Shown:
    """A value that shows itself; the bundle always holds text/plain."""

    __slots__ = ()

    def _ipython_display_(self) -> None:
        if not _is_on_screen(self):
            raise NotImplementedError  # IPython then asks for the bundle

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle = _renderer(self)
        wanted = bundle if include is None else {k: v for k, v in bundle.items() if k in include}  # type: ignore[operator]
        return {k: v for k, v in wanted.items() if k not in (exclude or ())}  # type: ignore[operator]


def brief(name: str, **facts: object) -> str:
    """Write a one-line repr that leaves out what is empty."""
    told = (f"{key}={_short(value)}" for key, value in facts.items() if value not in (None, "", (), {}))
    return f"<{name} {' '.join(told)}>"


def _short(value: object) -> str:
    line = repr(value) if isinstance(value, str) else str(value)
    return line if len(line) <= 80 else line[:77] + "…" + line[0]
