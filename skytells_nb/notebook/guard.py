"""The key guard: a cell that holds an API key does not run, and no text with one is kept. Pure: text in, text out."""

from __future__ import annotations

from ..errors import InputError
from ..keys import keys_in
from . import preferences

_COVER = "sk-…"


class KeyInCellError(InputError):
    """A cell holds an API key, and was not run."""

    def _render_traceback_(self) -> list[str]:
        """Show one line, also where IPython asks late, as it does of a cell that it could not read."""
        return [f"{type(self).__name__}: {self}"]


def check(cell: str) -> None:
    """Raise `KeyInCellError` for a cell that holds a key, unless `%config SkytellsMagics.key_guard` is off."""
    if not (preferences.current().key_guard and (found := keys_in(cell))):
        return
    lines = list(dict.fromkeys(cell.count("\n", 0, start) + 1 for start, _ in found))
    where = f"Line {lines[0]}" if len(lines) == 1 else f"Lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
    raise KeyInCellError(
        f"{where} of this cell {'holds' if len(lines) == 1 else 'hold'} an API key, so nothing ran.",
        "Delete the key there and run %skytells_login. If anybody else has seen this notebook, "
        "revoke the key in the Skytells console.",
    )


def covered(text: str) -> str:
    """Put `sk-…` in the place of each key that `check` would stop at, unless the guard is off."""
    return _cover(text, keys_in(text)) if preferences.current().key_guard else text


def covered_throughout(text: str) -> str:
    """Do the same in what is shown of an error, for the short keys of this session too."""
    return _cover(text, keys_in(text, shortest=0)) if preferences.current().key_guard else text


def _cover(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    kept, end = "", 0
    for start, stop in spans:
        kept, end = kept + text[end:start] + _COVER, stop
    return kept + text[end:]
