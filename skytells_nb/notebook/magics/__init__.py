"""The magics: each reads its line by a spec, does one thing, and returns the value.

Errors leave as they are: one line under the cell, which fails, and everything in `%tb`. `{{expression}}` is replaced in
line and body alike, by one rule (`interpolate`); IPython's own `$name` and `{name}` expansion is off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import cell
from . import command, tab
from .catalogue import CatalogueMagics
from .chat import ChatMagics
from .config import SkytellsMagics
from .costs import CostMagics
from .line_reader import LineReader
from .predict import PredictMagics
from .setup import SetupMagics
from .specs import ALL
from .typed import Question, give_an_empty_body
from .vectors import VectorMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import Magics

_CLASSES: tuple[type[LineReader], ...] = (
    ChatMagics,
    PredictMagics,
    CatalogueMagics,
    VectorMagics,
    CostMagics,
    SetupMagics,
)

for _spec in ALL:
    _home = next(home for home in _CLASSES if hasattr(home, _spec.magic))
    getattr(_home, _spec.magic).__doc__ = command.help_text(_spec)

_loaded: tuple[Magics, ...] = ()


def load(shell: InteractiveShell) -> None:
    """Register the magics; loading twice changes nothing."""
    global _loaded
    if _loaded and _loaded[0].shell is shell:
        return
    _loaded = (SkytellsMagics(shell), *(home(shell) for home in _CLASSES))
    shell.register_magics(*_loaded)
    shell.input_transformers_cleanup.append(give_an_empty_body)
    shell.input_transformer_manager.token_transformers.append(Question)
    cell.watch(shell)
    tab.watch(shell)


def unload(shell: InteractiveShell) -> None:
    """Take away exactly what `load` added."""
    global _loaded
    if not _loaded:
        return
    configurables: list[Any] = shell.configurables
    for magics in _loaded:
        for kind, names in magics.magics.items():
            for name in names:
                shell.magics_manager.magics[kind].pop(name, None)
        shell.magics_manager.registry.pop(type(magics).__name__, None)
        configurables.remove(magics)
    shell.input_transformers_cleanup.remove(give_an_empty_body)
    shell.input_transformer_manager.token_transformers.remove(Question)
    cell.unwatch(shell)
    tab.unwatch(shell)
    _loaded = ()
