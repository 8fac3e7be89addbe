"""Which models a service is known to have, without asking it: read by this kernel, else kept on disk by an earlier one.

TAB lives from this. Whatever reads models tells `note`; `known` never waits for the network. What is kept is a cache:
damage, a full disk or a read-only home cost nothing but suggestions. The sandbox's models are never kept.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from functools import cached_property

from .. import settings
from ..api.values import Model
from ..schema.fields import Field
from . import catalogue_file

DAY = 24 * 60 * 60.0
"""Seconds after which a catalogue is read anew, behind the cells."""
_MOST_MODELS = 5_000
_MOST_ADDRESSES = 16


class Known:
    """A model of the catalogue; its inputs are read from its schema once, when they are first asked for."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Its inputs, in the order in which a person should meet them."""
        return self.model.fields


class _Shelf:
    """What is known of one address. `asked` is when its catalogue was last asked for, on the monotonic clock."""

    def __init__(self) -> None:
        self.models: dict[str, Known] = {}
        self.asked: float | None = None
        self.opened = False


_lock = threading.Lock()
_shelves: OrderedDict[str, _Shelf] = OrderedDict()


def _shelf(address: str) -> _Shelf:
    """Find the shelf of an address, or make one; the caller holds the lock."""
    shelf = _shelves.setdefault(address, _Shelf())
    _shelves.move_to_end(address)
    while len(_shelves) > _MOST_ADDRESSES:
        _shelves.popitem(last=False)
    return shelf


def note(address: str, models: tuple[Model, ...], whole: bool) -> None:  # noqa: FBT001 - as the seam calls it
    """Remember models that a service described; a whole catalogue takes the place of what was known, and is kept."""
    models = models[:_MOST_MODELS]
    with _lock:
        shelf = _shelf(address)
        before = shelf.models
        fresh = {model.slug: _better(before.get(model.slug), model) for model in models}
        shelf.models = fresh if whole else {**before, **fresh}
        if whole:
            shelf.opened, shelf.asked = True, time.monotonic()
    if whole and not settings.in_sandbox():
        with suppress(RuntimeError):  # Python is ending
            threading.Thread(target=catalogue_file.write, args=(address, models), name="skytells-catalogue").start()


def _better(before: Known | None, model: Model) -> Known:
    """Keep what is known of a model's inputs where it is described without them."""
    return before if before is not None and before.model.input_schema and not model.input_schema else Known(model)


def known(address: str) -> tuple[Known, ...]:
    """Give the models known of a service, in its order; () for none. Reads a file the first time, never the network."""
    with _lock:
        shelf = _shelf(address)
        if not shelf.opened and not settings.in_sandbox():
            shelf.opened = True
            kept = {model.slug: Known(model) for model in catalogue_file.read(address)}
            shelf.models = {**kept, **shelf.models}
        return tuple(shelf.models.values())


def should_ask(address: str) -> bool:
    """Say whether the catalogue is to be asked for now, and note that it is.

    It is not where it was asked for within a day, by this kernel, or well enough to be kept by another.
    """
    with _lock:
        shelf = _shelf(address)
        now = time.monotonic()
        if shelf.asked is not None:
            due = now - shelf.asked >= DAY
        else:
            age = None if settings.in_sandbox() else catalogue_file.age(address)
            due = age is None or age >= DAY
        if due:
            shelf.asked = now
        return due
