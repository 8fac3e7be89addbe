"""The notebook toolkit for the Skytells AI platform.

    %load_ext skytells_nb      the magics
    import skytells_nb as sky  the same in Python

Importing does no I/O, reads no key and prints nothing; each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from . import errors as errors
    from .api.client import AsyncClient as AsyncClient
    from .api.client import Client as Client
    from .api.inline import file as file
    from .costs import plots as plot
    from .costs.budget import budget as budget
    from .costs.catalogue import models_frame as models_frame
    from .costs.exchange import export_usage as export_usage
    from .costs.exchange import import_usage as import_usage
    from .costs.frames import summary as summary
    from .costs.frames import usage as usage
    from .costs.history import history as history
    from .costs.meter import meter as meter
    from .errors import SkytellsError as SkytellsError
    from .notebook.forms.form import form as form
    from .notebook.session import sandbox as sandbox

    __version__: str

__all__ = [
    "AsyncClient",
    "Client",
    "SkytellsError",
    "budget",
    "errors",
    "export_usage",
    "file",
    "form",
    "history",
    "import_usage",
    "meter",
    "models_frame",
    "plot",
    "sandbox",
    "summary",
    "usage",
]

_HOMES = {
    "AsyncClient": "skytells_nb.api.client",
    "Client": "skytells_nb.api.client",
    "SkytellsError": "skytells_nb.errors",
    "file": "skytells_nb.api.inline",
    "form": "skytells_nb.notebook.forms.form",
    "budget": "skytells_nb.costs.budget",
    "export_usage": "skytells_nb.costs.exchange",
    "history": "skytells_nb.costs.history",
    "import_usage": "skytells_nb.costs.exchange",
    "meter": "skytells_nb.costs.meter",
    "models_frame": "skytells_nb.costs.catalogue",
    "sandbox": "skytells_nb.notebook.session",
    "summary": "skytells_nb.costs.frames",
    "usage": "skytells_nb.costs.frames",
}


_MODULES = {"errors": "skytells_nb.errors", "plot": "skytells_nb.costs.plots"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name == "__version__":
        from importlib.metadata import version

        return version("skytells-nb")
    if name not in _HOMES:
        raise AttributeError(f"module 'skytells_nb' has no attribute {name!r}")
    if name.endswith("Client") or name == "history":
        import_module("skytells_nb.notebook.wiring").connect()
    globals()[name] = value = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to IPython; `%load_ext skytells_nb` calls this."""
    from .notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take away what loading added."""
    from .notebook.magics import unload

    unload(shell)
