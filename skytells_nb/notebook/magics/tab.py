"""TAB in IPython, and so in every front end: the thin shell around `completing`.

A press of the key asks memory only: the models that this kernel has read or an earlier one has kept, the threads and
tags in use, the user's variables, and, for a path, the one folder that it names. What is not known yet is read after a
cell that used a service, never on the key press.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import settings
from ...api.client import Client
from ...api.retry import RetryPolicy
from ...api.values import Model
from ...errors import SetupError, SkytellsError
from .. import known_models, tags
from ..session import current, used_address
from .completing import complete
from .specs import ALL
from .suggestions import Knowledge, Suggestion

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

_SPECS = {spec.magic: spec for spec in ALL}
_MOST_ENTRIES = 1_000
_PATIENCE = 20.0
"""Seconds to wait for a catalogue behind the cells."""


class Silence(Sequence[Any]):
    """No suggestions, said so that IPython asks nobody else: where prose is typed, names of Python would only disturb.

    IPython lets a matcher speak alone only if it has something to say; this has a length, and nothing in it.
    """

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __getitem__(self, position: Any) -> Any:
        raise IndexError(position)


def matchers(shell: InteractiveShell) -> list[Any]:
    """Give the shell's list of those who answer TAB, ready to take `suggest`."""
    from IPython.core.completer import context_matcher

    context_matcher(identifier="skytells_nb", priority=100)(suggest)  # marks it, and gives it back
    found: list[Any] = shell.Completer.custom_matchers
    return found


def suggest(context: CompletionContext) -> dict[str, Any]:
    """Answer IPython's question what could be typed; nothing, and others may answer, where no magic of ours stands."""
    from IPython.core.completer import SimpleCompletion
    from IPython.core.getipython import get_ipython

    in_page = hasattr(get_ipython(), "kernel")
    lines = context.full_text.split("\n")
    cursor = sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position
    found = complete(context.full_text, cursor, _SPECS, _knowledge()) if "%" in context.full_text else None
    if found is None:
        return {"completions": []}
    told = [SimpleCompletion(text=each.text, type=_hint(each, in_page=in_page)) for each in found.suggestions]
    return {
        "completions": told or Silence(),
        "matched_fragment": context.full_text[found.start : cursor],
        "suppress": True,
        "ordered": True,
    }


def _hint(suggestion: Suggestion, *, in_page: bool) -> str:
    """Give a hint as a front end shows it: JupyterLab's list breaks it at blanks, one word over the other."""
    return suggestion.hint.replace(" ", "\N{NO-BREAK SPACE}") if in_page else suggestion.hint


def _knowledge() -> Knowledge:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    try:
        models = known_models.known(settings.find_address().value)
    except SetupError:
        models = ()
    hidden = set() if shell is None else shell.user_ns_hidden.keys()
    names = () if shell is None else (name for name in list(shell.user_ns) if name[:1] != "_" and name not in hidden)
    return Knowledge(
        models=models,
        threads=tuple(current().threads),
        tags=tags.recent(),
        variables=tuple(sorted(names)),
        entries=_entries,
    )


def _entries(folder: str) -> list[str]:
    """List one folder, in the order of the alphabet; [] for one that cannot be read."""
    with suppress(OSError, ValueError, RuntimeError), os.scandir(Path(folder or ".").expanduser()) as entries:
        return sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in islice(entries, _MOST_ENTRIES))
    return []


def learn(_result: object = None) -> None:
    """After a cell: see that the models and tags of the service in use are known, or soon will be."""
    address = used_address()
    if address is None:
        return
    tags.read_behind()
    if not known_models.should_ask(address):
        return
    if settings.in_sandbox():
        _look_at_the_sandbox(address)
    else:
        threading.Thread(target=ask, name="skytells-models", daemon=True).start()


def _look_at_the_sandbox(address: str) -> None:
    """Learn the models of the sandbox: from its own data where it runs in this kernel, so that it hears nothing."""
    if "skytells_nb.local" in sys.modules:
        from ...local.models.catalogue import models

        known_models.note(address, tuple(Model.from_json(model.wire) for model in models().values()), whole=True)
    else:
        ask()


def ask() -> None:
    """Read the catalogue, once, for `known_models`; whatever goes wrong stays unsaid."""
    with suppress(SkytellsError), Client(observers=(), timeout=_PATIENCE, retry=RetryPolicy(tries=1)) as client:
        client.models()
