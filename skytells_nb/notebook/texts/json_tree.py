"""The JSON in an answer: found, read strictly, and drawn as a tree that folds without any script."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ...errors import UnreadableAnswerError
from .. import page
from .markdown import codes

LONGEST, DEEPEST = 2_000_000, 100
_MOST_TRIES, _MOST_DRAWN, _LONGEST_DRAWN, _LONGEST_INDENTED = 50, 2_000, 2_000, 50_000
_BEGINS = re.compile(r"[\[{]")
_FIX = "Ask for it in the prompt. The answer is kept: sys.last_value.reply."


def find(text: str, *, within_prose: bool = True) -> Any:
    """Read the first JSON value of an answer: the whole of it, a fenced block or, `within_prose`, one among its words.

    Raises `UnreadableAnswerError` where there is none, where it is over 2 MB or nested over 100 deep, and for NaN,
    numbers that are not finite and half characters.
    """
    if len(text) > LONGEST:
        raise UnreadableAnswerError("The answer is over 2 MB: too long to be read as JSON.", _FIX)
    for piece in _candidates(text):
        try:
            value = _DECODER.decode(piece)
        except (ValueError, RecursionError):
            continue
        return _sound(value)
    for found in list(_BEGINS.finditer(text))[:_MOST_TRIES] if within_prose else ():
        try:
            value, _ = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        return _sound(value)
    raise UnreadableAnswerError("The answer holds no JSON.", _FIX)


def _candidates(text: str) -> Iterator[str]:
    yield text.strip()
    fenced = codes(text)
    yield from (code.text.strip() for code in fenced if code.language.lower().startswith("json"))
    yield from (code.text.strip() for code in fenced if not code.language)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(written: str) -> float:
    number = float(written)
    return number if math.isfinite(number) else _no_number(written)


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)


def _sound(value: Any) -> Any:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for each in level for child in _children(each)]
        if not level:
            break
    else:
        raise UnreadableAnswerError(f"The JSON in the answer is nested over {DEEPEST} deep.", _FIX)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnreadableAnswerError("The JSON in the answer holds half a character.", _FIX) from error
    return value


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def to_plain(value: Any) -> str:
    """Write a value over several lines; one of over 50,000 characters in one, whose indents could be far longer."""
    line = json.dumps(value, ensure_ascii=False)
    return json.dumps(value, indent=2, ensure_ascii=False) if len(line) <= _LONGEST_INDENTED else line


def to_html(value: Any) -> str:
    """Draw a value as safe HTML: what it holds at its top is open, what lies deeper is folded; 2,000 values at most."""
    room = [_MOST_DRAWN]
    drawn = _node("", value, room, is_open=True)
    cut = page.caption(f"cut after {_MOST_DRAWN:,} values") if room[0] < 0 else ""
    return f'<div style="{page.MONO};font-size:.92em;overflow-wrap:anywhere">{drawn}</div>{cut}'


def _node(name: str, value: Any, room: list[int], *, is_open: bool = False) -> str:
    room[0] -= 1
    if room[0] < 0:
        return ""
    label = f'<span style="color:#2b7fc4">{page.text(page.cut(name, 120))}</span>: ' if name else ""
    if not isinstance(value, dict | list) or not value:
        return f"<div>{label}{_leaf(value)}</div>"
    named = value.items() if isinstance(value, dict) else ((str(at), each) for at, each in enumerate(value))
    inside: list[str] = []
    for key, each in named:
        if room[0] <= 0:
            room[0] -= 1
            break
        inside.append(_node(key or '""', each, room))
    many = f"{len(value):,} {'key' if isinstance(value, dict) else 'item'}{'' if len(value) == 1 else 's'}"
    size = f'<span style="opacity:.72">{f"{{{many}}}" if isinstance(value, dict) else f"[{many}]"}</span>'
    state = " open" if is_open else ""
    return (
        f'<details{state}><summary style="cursor:pointer">{label}{size}</summary>'
        f'<div style="margin-left:1.2em">{"".join(inside)}</div></details>'
    )


def _leaf(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    short = written if len(written) <= _LONGEST_DRAWN else f"{written[:_LONGEST_DRAWN]}…"
    colour = (
        "#3d8a3d"
        if isinstance(value, str)
        else "#8b62d9"
        if value is None or value is True or value is False
        else "#b8692a"
    )
    return f'<span style="color:{colour}">{page.text(short)}</span>'
