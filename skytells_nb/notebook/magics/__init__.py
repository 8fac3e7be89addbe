"""The magics: each reads its line by a spec, does one thing, and returns the value.

Errors leave as they are: one line under the cell, which fails, and everything in `%tb`. `{{expression}}` is replaced in
line and body alike, by one rule (`interpolate`); IPython's own `$name` and `{name}` expansion is off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import cell, preferences
from ..preferences import Preferences
from . import command, guarding, tab
from .catalogue import CatalogueMagics
from .chat import ChatMagics
from .config import SkytellsMagics
from .conversations import ConversationMagics
from .costs import CostMagics
from .jobs import JobMagics
from .line_reader import LineReader
from .parts import Part, heard, listed, magics
from .predict import PredictMagics
from .setup import SetupMagics
from .specs import ALL
from .typed import Question, give_an_empty_body
from .vectors import VectorMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_CLASSES: tuple[type[LineReader], ...] = (
    ChatMagics,
    ConversationMagics,
    PredictMagics,
    JobMagics,
    CatalogueMagics,
    VectorMagics,
    CostMagics,
    SetupMagics,
)

for _spec in ALL:
    _home = next(home for home in _CLASSES if hasattr(home, _spec.magic))
    getattr(_home, _spec.magic).__doc__ = command.help_text(_spec)

_PARTS: tuple[Part, ...] = (
    magics(SkytellsMagics, *_CLASSES),
    Part(add=lambda _: None, remove=lambda _: preferences.use(Preferences())),
    listed(lambda shell: shell.input_transformers_cleanup, give_an_empty_body),
    listed(lambda shell: shell.input_transformer_manager.token_transformers, Question),
    Part(cell.watch, cell.unwatch),
    heard("pre_run_cell", cell.begin),
    heard("post_run_cell", cell.end),
    listed(tab.matchers, tab.suggest),
    heard("post_run_cell", tab.learn),
    *guarding.PARTS,
)
"""All that loading adds, in order; unloading takes it away from the last to the first."""


def load(shell: InteractiveShell) -> None:
    """Add every part; loading twice changes nothing."""
    if _is_loaded(shell):
        return
    for part in _PARTS:
        part.add(shell)


def unload(shell: InteractiveShell) -> None:
    """Take away exactly what `load` added, and nothing where it added nothing."""
    if not _is_loaded(shell):
        return
    for part in reversed(_PARTS):
        part.remove(shell)


def _is_loaded(shell: InteractiveShell) -> bool:
    return SkytellsMagics.__name__ in shell.magics_manager.registry
