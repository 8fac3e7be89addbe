"""Asking the person at the notebook, where one can answer."""

from __future__ import annotations

import sys
import threading

from ..costs.budgets.asking import Answer

_WORDS: dict[str, Answer] = {"y": "once", "yes": "once", "a": "always", "always": "always", "n": "no", "no": "no"}


def somebody_can_answer() -> bool:
    """Say whether `input` reaches a person: in a kernel whose front end answers, or at a terminal; not from a thread.

    A kernel asks on behalf of the cell that runs in its main thread only.
    """
    from IPython.core.getipython import get_ipython

    if threading.current_thread() is not threading.main_thread():
        return False
    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", True))
    return bool(sys.stdin and sys.stdin.isatty())


def ask(question: str) -> Answer | None:
    """Ask until one of the answers is typed; None where nobody can answer."""
    if not somebody_can_answer():
        return None
    asked = f"{question} [y]es, [a]lways for this model, [n]o: "
    while True:
        try:
            typed = input(asked)
        except EOFError:
            return None
        if answer := _WORDS.get(typed.strip().lower()):
            return answer
        asked = "Please type y, a or n: "
