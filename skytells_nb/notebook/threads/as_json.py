"""A thread as JSON that can be read back: `write` and `read`. Pure; what is read may come from anybody.

A file is one object: {"skytells_thread": 1, "name": …, "turns": […]}, each turn with the fields of `Turn`. Names that
this version does not know are passed over, so that later ones may add some.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from ...errors import InputError, plain
from ...keys import scrubbed
from ..page import is_safe_link
from .book import checked
from .turns import APIS, Api, Asker, Content, Thread, Turn

VERSION = 1
_FIX = "Give a .json that %skytells_threads export wrote; nothing was taken in."


def write(name: str, thread: Thread) -> str:
    """Write a thread; what looks like a key is left out."""
    document = {"skytells_thread": VERSION, "name": name, "turns": [_written(turn) for turn in thread]}
    written = json.dumps(scrubbed(document), ensure_ascii=False, indent=1)
    return written.encode("utf-8", "backslashreplace").decode()  # half a character becomes JSON's own escape


def _written(turn: Turn) -> dict[str, Any]:
    question = turn.question if isinstance(turn.question, str) else [dict(part) for part in turn.question]
    return {
        "id": turn.id,
        "question": question,
        "answer": turn.answer,
        "model": turn.model,
        "api": turn.api,
        "cell": turn.asker.cell,
        "run": turn.asker.run,
        "sent": list(turn.sent),
        "response": turn.response,
        "question_tokens": turn.question_tokens,
        "answer_tokens": turn.answer_tokens,
    }


def read(text: str) -> tuple[str, Thread]:
    """Read what `write` wrote: the name and the turns; raises `InputError` that names the place at fault."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The file is no JSON: {plain(error, 120)}.", _FIX) from error
    if not isinstance(document, dict) or "skytells_thread" not in document:
        raise InputError("The file holds no thread.", _FIX)
    version = document["skytells_thread"]
    if version != VERSION:
        what = f"The file is of version {plain(version, 20)}, and this package reads {VERSION}."
        raise InputError(what, "Read it with a newer skytells_nb.")
    name = checked(_Place(document, "").text("name"))
    turns = document.get("turns")
    if not isinstance(turns, list):
        raise _wrong("turns", "a list", turns)
    return name, tuple(_read(_Place(turn, f"turns[{number}]")) for number, turn in enumerate(turns))


def _read(turn: _Place) -> Turn:
    return Turn(
        question=turn.content("question"),
        answer=turn.text("answer"),
        asker=Asker(turn.text_or_none("cell"), turn.count_or_none("run")),
        id=turn.text("id"),
        sent=turn.texts("sent"),
        model=turn.text("model"),
        api=turn.api("api"),
        response=turn.text("response"),
        question_tokens=turn.count_or_none("question_tokens"),
        answer_tokens=turn.count_or_none("answer_tokens"),
    )


class _Place:
    """An object of the file, whose fields are read by their kind; `where` is its place, for messages."""

    def __init__(self, found: Any, where: str) -> None:
        if not isinstance(found, Mapping):
            raise _wrong(where, "an object", found)
        self._found = found
        self._where = where

    def text(self, name: str) -> str:
        found = self._found.get(name)
        return found if isinstance(found, str) else self._refuse(name, "a text")

    def text_or_none(self, name: str) -> str | None:
        return None if self._found.get(name) is None else self.text(name)

    def count_or_none(self, name: str) -> int | None:
        found = self._found.get(name)
        if found is None:
            return None
        if type(found) is not int or not 0 <= found < 10**12:
            self._refuse(name, "a whole number of at least 0")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._found.get(name)
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            self._refuse(name, "a list of texts")
        return tuple(found)

    def api(self, name: str) -> Api:
        found = self._found.get(name)
        return next((api for api in APIS if api == found), None) or self._refuse(name, " or ".join(APIS))

    def content(self, name: str) -> Content:
        found = self._found.get(name)
        if not isinstance(found, list):
            return self.text(name)
        if not found or not all(map(_is_part, found)):
            self._refuse(name, "a text or a list of texts and pictures")
        return tuple(found)

    def _refuse(self, name: str, kind: str) -> NoReturn:
        raise _wrong(f"{self._where}.{name}" if self._where else name, kind, self._found.get(name))


def _wrong(where: str, kind: str, found: object) -> InputError:
    return InputError(f"The file's {where} must be {kind}, not {plain(json.dumps(found), 60)}.", _FIX)


def _is_part(part: object) -> bool:
    """Say whether a part is a text, or a picture that is in the file or behind a web address."""
    match part:
        case {"type": "text", "text": str()}:
            return True
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return url.startswith("data:image/") or is_safe_link(url)
    return False
