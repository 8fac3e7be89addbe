"""Errors point at the part of the typed line that they are about, and a Stop is one line like them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ...errors import InvalidInputError, SkytellsError, UnknownNameError
from ...keys import without_secrets
from ...marks import Mark, Span

if TYPE_CHECKING:
    from .command import Command


@contextmanager
def pointing(text: str, part: Span) -> Iterator[None]:
    """Let an error that leaves this block point at a part of a text.

    One that points already, at a piece of a text within this part, points at that piece of this text instead.
    """
    try:
        yield
    except SkytellsError as error:
        if error.mark is None or error.mark.text is not text:
            error.mark = Mark(text, (_narrower(error.mark, text, part),))
        raise


def _narrower(known: Mark | None, text: str, part: Span) -> Span:
    if known is None:
        return part
    first, last = known.parts[0]
    at = text.find(known.text[first:last], *part)
    return (at, at + last - first) if at >= 0 else part


@contextmanager
def pointing_into(read: Command) -> Iterator[None]:
    """Let an error that leaves this block point at the words of a line that it names, unless it points already.

    A Stop shows one line where the cell fails, with what became of the job; the whole story is in `%tb`.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop._render_traceback_ = partial(_stopped, stop)  # type: ignore[attr-defined]
        raise
    except SkytellsError as error:
        if error.mark is None and (parts := tuple(_named(read, error))):
            error.mark = Mark(read.line, parts)
        raise


def _stopped(stop: KeyboardInterrupt) -> list[str]:
    if sys.exc_info()[1] is stop:
        return [" ".join(("KeyboardInterrupt: Stopped.", *getattr(stop, "__notes__", ())))]
    return without_secrets("".join(traceback.format_exception(stop))).splitlines()


def _named(read: Command, error: SkytellsError) -> Iterator[Span]:
    if isinstance(error, InvalidInputError):
        for name in dict.fromkeys(problem.steps[0] for problem in error.problems if problem.steps):
            yield from read.places.get(name, ())
    elif isinstance(error, UnknownNameError):
        yield from (span for word, span in zip(read.words, read.places.get("", ()), strict=False) if word == error.name)
        named = (name for name, value in read.options.items() if error.name in str(value).split(","))
        yield from (span for name in named for span in read.places[f"--{name}"])
    elif parameter := _refused(error.body):
        flag = f"--{'reasoning' if parameter == 'reasoning_effort' else parameter.replace('_', '-')}"
        yield from read.places.get("" if parameter == "model" else parameter, ()) or read.places.get(flag, ())


def _refused(body: object) -> str:
    """Name the parameter that a service's answer says is at fault; "" where it says none."""
    error = body.get("error") if isinstance(body, dict) else None
    parameter = error.get("param") if isinstance(error, dict) else None
    return parameter if isinstance(parameter, str) else ""
