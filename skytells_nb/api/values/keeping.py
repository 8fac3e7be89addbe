"""How a prediction reaches its files without knowing disks or pictures: it asks the keeper that is handed in.

Until one is handed in (where this package's lower layers are used alone), asking is a `SetupError`.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import SetupError

if TYPE_CHECKING:
    from .media import Prediction


class Keeping(Protocol):
    """What keeps the files of predictions."""

    def files(self, prediction: Prediction, /) -> tuple[Path, ...]:
        """Give the kept files, one for each link."""

    def images(self, prediction: Prediction, /) -> tuple[Any, ...]:
        """Open the pictures among them."""

    def save(self, prediction: Prediction, folder: str | PathLike[str], /) -> tuple[Path, ...]:
        """Copy them into a folder."""


def _nobody() -> Keeping:
    raise SetupError("Nothing here keeps files.", "Import skytells_nb: it hands in what does.")


_finder: Callable[[], Keeping] = _nobody


def keep_with(finder: Callable[[], Keeping]) -> None:
    """Let what `finder` gives keep files from now on; it is asked each time, so that it may import when needed."""
    global _finder
    _finder = finder


def keeping() -> Keeping:
    """Give what keeps files; raises `SetupError` where nothing was handed in."""
    return _finder()
