r"""`{{expression}}` in a magic's line or body becomes its value; nothing else is touched.

Single braces, `$`, `%`, code and JSON pass as they are; `\{{` stands for a literal `{{`. The expression is the
user's own Python, evaluated in the user's namespace. A name that does not exist is an error with the nearest one that does.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import InputError, UnknownNameError, plain

_PLACE = re.compile(r"\\\{\{|\{\{(?!\s*\}\})(.+?)\}\}(?!\})", re.DOTALL)


def expand(text: str, names: Mapping[str, Any]) -> str:
    """Replace every `{{expression}}` by the text of its value."""
    return _PLACE.sub(lambda found: "{{" if found[1] is None else str(evaluate(found[1], names)), text)


def value_of(text: str, names: Mapping[str, Any]) -> Any:
    """Give the value itself where the text is one whole `{{expression}}`, the expanded text otherwise."""
    whole = _PLACE.fullmatch(text)
    if whole and whole[1] is not None and "}}" not in whole[1]:
        return evaluate(whole[1], names)
    return expand(text, names)


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression; raises `UnknownNameError` for a name that does not exist, `InputError` for what fails."""
    source = expression.strip()
    shown = plain("{{" + source + "}}", 80)
    try:
        return eval(compile(source, "<{{…}}>", "eval"), dict(names))  # noqa: S307 - the user's own code, in their notebook
    except NameError as error:
        known: Callable[[str], bool] = lambda name: not name.startswith("_")  # noqa: E731
        candidates = [name for name in (*names, *dir(builtins)) if known(name)]
        missing = error.name or source
        raise UnknownNameError.of("name", missing, candidates, where=f" for {shown}") from error
    except SyntaxError as error:
        raise InputError(f"{shown} is not a Python expression.", r"For a literal {{ write \{{.") from error
    except Exception as error:
        raise InputError(
            f"{shown} failed: {type(error).__name__}: {plain(error, 160)}.", "Mend the expression."
        ) from error
