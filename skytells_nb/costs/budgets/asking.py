"""The question whether a call may go whose price is not known before. Who can ask a person, the notebook hands in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Answer = Literal["once", "always", "no"]
Asker = Callable[[str], Answer | None]
"""Asks a person a yes-or-no question, in plain text; None where nobody can be asked."""


def _nobody(_question: str) -> Answer | None:
    return None


_asker: Asker = _nobody


def ask_with(asker: Asker) -> None:
    """Let `asker` ask from now on."""
    global _asker
    _asker = asker


def ask(question: str) -> Answer | None:
    """Ask whoever is at the notebook; None where nobody can be asked."""
    return _asker(question)
