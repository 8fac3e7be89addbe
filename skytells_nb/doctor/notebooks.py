"""A saved notebook, looked through for what hurts: keys, links that end, files that are missing, sheer size.

Pure: the bytes of the file go in, findings come out, and whether a file is there is asked of the caller. A notebook is
anybody's file: it is walked without recursion, what is said of it is bounded, and of a key only its place is told.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..costs.totals import number
from ..errors import plain
from ..keys import keys_in
from .findings import Finding
from .links import Fate, files_in, links_in

LARGEST = 200_000_000
"""Bytes; a larger file is not read."""
_HEAVY = 10_000_000
_MOST = 10
"""Findings of one kind that are told one by one."""
_REVOKE = "Delete it there, save, and revoke the key in the Skytells console if anybody else has seen the file."
_BRING = "Put the file there, or run the cell again."
_FATES: Mapping[Fate, str] = {
    "expired": "a link to a result that has expired",
    "expires": "a link to a result that lasts minutes, a day at most",
    "gone": "a link to a result that is gone",
    "there": "a link to a result that still leads there",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a notebook: where it stands, whether its lines are told, and its MIME type where that is known."""

    place: str
    text: str
    lined: bool = False
    mime: str = ""


@dataclass(slots=True)
class _Seen:
    """What was found so far, in order and once each: where keys, links and files stand; outputs by kind."""

    keys: dict[str, None] = field(default_factory=dict)
    links: dict[Fate, dict[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def examine(
    data: bytes,
    name: str,
    *,
    now: datetime,
    is_there: Callable[[str], bool],
    fate: Callable[[str], Fate | None] = lambda _: None,
) -> tuple[Finding, ...]:
    """Look a notebook's bytes through.

    `is_there` says whether a path relative to the notebook exists; `fate` whether a link still leads anywhere, or None
    where nobody asked.
    """
    shown, seen = plain(name, 200), _Seen()
    try:
        book = json.loads(data)
        if not isinstance(book, dict) or not isinstance(book.get("cells", book.get("worksheets")), list):
            raise ValueError("it has no cells")  # noqa: TRY004 - of the same kind as a file that is no JSON
    except (ValueError, RecursionError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else plain(error, 120)
        texts: Iterator[Text] = iter([Text("", data.decode("utf-8", "replace"), lined=True)])
        about = Finding("error", f"This is not a notebook: {said}.", "Open it in a text editor.", shown)
    else:
        texts = _texts(book)
        about = _about(book, data, shown)
    for text in texts:
        _look(text, seen, now, fate)
    missing = {path: place for path, place in seen.files.items() if not is_there(path)}
    return (about, *_told(seen, missing, shown))


def _look(text: Text, seen: _Seen, now: datetime, fate: Callable[[str], Fate | None]) -> None:
    for start, _ in keys_in(text.text):
        line = f"line {text.text.count(chr(10), 0, start) + 1}" if text.lined else ""
        seen.keys[", ".join(filter(None, (text.place, line))) or "somewhere"] = None
    for link in links_in(text.text) if text.place.startswith("cell") else ():
        seen.links.setdefault(fate(link.url) or link.fate(now), {}).setdefault(link.url, text.place)
    for path in files_in(text.text) if text.mime in ("text/html", "text/markdown") else ():
        seen.files.setdefault(path, text.place)
    if text.mime == "text/html" and "<script" in text.text.lower():
        seen.counts["with a script"] += 1
    if text.mime == "text/markdown" and "output" in text.place:
        seen.counts["of Markdown, which front ends draw as they like"] += 1


def _about(book: dict[str, Any], data: bytes, shown: str) -> Finding:
    cells = book.get("cells")
    said = f"{number(len(cells) if isinstance(cells, list) else 0, 'cell')}, {len(data) / 1e6:.1f} MB"
    if len(data) <= _HEAVY:
        return Finding("ok", f"{said}.", subject=shown)
    return Finding("warn", f"{said}: slow to open, and refused by some hosts.", "Clear what need not be saved.", shown)


def _told(seen: _Seen, missing: Mapping[str, str], shown: str) -> Iterator[Finding]:
    yield from _some([Finding("error", "an API key.", _REVOKE, shown, place) for place in seen.keys], "more API keys")
    for fate, found in seen.links.items():
        level, fix = ("ok", "") if fate == "there" else ("warn", "Keep the file: run the cell again and save.")
        findings = [
            Finding(level, f"{_FATES[fate]}: {plain(url, 100)}", fix, shown, place)  # type: ignore[arg-type]
            for url, place in found.items()
        ]
        yield from _some(findings, "more such links")
    lost = [
        Finding(
            "warn",
            f"{plain(path, 150)} is not beside the notebook.",
            _BRING,
            shown,
            place,
        )
        for path, place in missing.items()
    ]
    yield from _some(lost, "more files that are missing")
    for what, times in seen.counts.items():
        yield Finding("ok", f"{times} {'output' if times == 1 else 'outputs'} {what}.", subject=shown)


def _some(findings: Sequence[Finding], more: str) -> Iterator[Finding]:
    yield from findings[:_MOST]
    if len(findings) > _MOST:
        last = findings[-1]
        yield Finding(last.level, f"{len(findings) - _MOST:,} {more}.", last.fix, last.subject)


def _texts(book: dict[str, Any]) -> Iterator[Text]:
    """Give every text of a notebook, names too, with its place; lists of lines are one text."""
    cells = book.get("cells")
    for count, cell in enumerate(cells if isinstance(cells, list) else (), 1):
        if not isinstance(cell, dict):
            yield from _strings(cell, f"cell {count}")
            continue
        markdown = "text/markdown" if cell.get("cell_type") == "markdown" else ""
        outputs = cell.get("outputs")
        for name, value in sorted(cell.items(), key=lambda item: (item[0] != "source", item[0] != "outputs")):
            if name == "source":
                yield from _strings(value, f"cell {count}", lined=True, mime=markdown)
            elif name == "outputs" and isinstance(outputs, list):
                for index, output in enumerate(outputs, 1):
                    yield from _strings(output, f"cell {count}, output {index}")
            else:
                yield from _strings({name: value}, f"cell {count}, {plain(name, 40)}")
    for name, value in book.items():
        if name != "cells" or not isinstance(cells, list):
            yield from _strings({name: value}, f"the notebook's {plain(name, 40)}")


def _strings(value: object, place: str, *, lined: bool = False, mime: str = "") -> Iterator[Text]:
    """Walk a value of JSON to its texts; the name of what holds a text is its MIME type where it looks like one."""
    left: list[tuple[object, str]] = [(value, mime)]
    while left:
        each, kind = left.pop()
        if isinstance(each, list) and each and all(isinstance(line, str) for line in each):
            each = "".join(each)
        if isinstance(each, str):
            yield Text(place, each, lined, kind)
        elif isinstance(each, list):
            left.extend((item, kind) for item in reversed(each))
        elif isinstance(each, dict):
            for name, item in reversed(each.items()):
                left.append((item, name if "/" in name else kind))
                left.append((name, ""))
