r"""Everything that becomes part of a page passes through here: escaping, link checks, and the few inline styles.

Foreign text reaches HTML only by `text` (between tags) and `attribute` (inside quotes). Both make characters visible
that would hide or turn round what a person reads. `text` also keeps `$` and `\` from the formula typesetters that run
over every notebook page: without that, "$0.50 in, $1.25 out" would become a formula. Styles are inline, with colours
that stand on white and on black, so that they survive sanitising and export.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

QUIET = "opacity:.72;font-size:.9em"
LINE = "1px solid rgba(128,128,128,.35)"
TINT = "rgba(128,128,128,.12)"
MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
PRE = (
    f"{MONO};font-size:.92em;white-space:pre-wrap;overflow-wrap:anywhere;"
    f"background:{TINT};padding:.6em .8em;border-radius:4px;margin:.5em 0"
)
CELL = f"border:{LINE};padding:.25em .6em;vertical-align:top;overflow-wrap:normal"
TABLE = "border-collapse:collapse;margin:.5em 0;font-size:inherit"
LINK = 'target="_blank" rel="noopener noreferrer nofollow" style="color:#2b7fc4"'

_FLAG = "\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f"
_UNSEEN = re.compile(
    f"{_FLAG}|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_TYPESET = re.compile(r"[$\\]")
_LINKABLE = re.compile(r"[\x21-\x7e\u00a1-\U0010ffff]+")


def visible(value: object) -> str:
    """Show what cannot be seen: control, direction and zero-width characters become ⟨U+202E⟩ and the like.

    Newlines and tabs stay, every kind of line end becomes a newline. Joiners stay: scripts and emoji are written with
    them.
    """
    return _UNSEEN.sub(_named, str(value).replace("\r\n", "\n"))


def _named(found: re.Match[str]) -> str:
    characters = found[0]
    if len(characters) > 1:
        return characters
    if characters in "\r\u2028\u2029":
        return "\n"
    return "\ufffd" if "\ud800" <= characters <= "\udfff" else f"⟨U+{ord(characters):04X}⟩"


def text(value: object) -> str:
    """Write foreign text between tags."""
    return _TYPESET.sub(r"<span>\g<0></span>", attribute(value))


def code(value: object) -> str:
    """Write foreign text inside <pre> or <code>, where no typesetter looks."""
    return attribute(value)


def attribute(value: object) -> str:
    """Write foreign text inside a quoted attribute."""
    return html.escape(visible(value), quote=True)


def is_safe_link(url: str) -> bool:
    """Say whether an address may be a link: http, https or mailto, nothing a browser would run or could misread."""
    if not _LINKABLE.fullmatch(url) or _UNSEEN.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme in ("http", "https") and parts.netloc) or (parts.scheme == "mailto" and bool(parts.path))


def cut(value: object, limit: int) -> str:
    """Shorten foreign text to one line of at most `limit` characters."""
    line = " ".join(visible(str(value)[: limit * 4]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


_TEX = {ord("$"): "＄", ord("\\"): "＼"}


def label(value: object, limit: int = 80) -> str:
    """Write foreign text where a widget takes plain text that front ends typeset: one line, no formulas."""
    return cut(value, limit).translate(_TEX)


_LONGEST_LINK = 200


def request(endpoint: str, body: object) -> str:
    """Write a request for people: JSON over several lines; of a link that holds a whole file only the beginning."""
    return f"{endpoint}\n{visible(json.dumps(_without_files(body), indent=2, ensure_ascii=False))}"


def _without_files(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_files(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_files(part) for part in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > _LONGEST_LINK:
        return f"{value[:60]}… ({len(value):,} characters)"
    return value


def megabytes(size: int) -> str:
    """Write a size in bytes for people: 312 B, 34 kB, 1.2 MB."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"


def box(*parts: str) -> str:
    """Put pieces of HTML one under the other."""
    return f'<div style="line-height:1.5;overflow-wrap:break-word">{"".join(parts)}</div>'


def caption(line: str) -> str:
    """Write the small line under a result."""
    return f'<div style="{QUIET};margin-top:.4em">{text(line)}</div>' if line else ""


def waiting(line: str) -> str:
    """Write a line that says that something is still to come."""
    return f'<span style="opacity:.6">{text(line)}</span>'


def fold(name: str, *parts: str, is_open: bool = False) -> str:
    """Fold finished HTML away under a name, which opens it without any script."""
    state = " open" if is_open else ""
    return f'<details{state}><summary style="{QUIET};cursor:pointer">{text(name)}</summary>{"".join(parts)}</details>'


def pre(value: object) -> str:
    """Write foreign text as it stands."""
    return f'<pre style="{PRE}">{code(value)}</pre>'


def name(word: str) -> str:
    """Write a name that a person may copy; a short one is not broken."""
    style = ' style="white-space:nowrap"' if len(word) <= 40 else ""
    return f"<code{style}>{code(word)}</code>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Draw a table; `head` is text, the cells of `rows` are finished HTML."""
    top = "".join(f'<th style="{CELL};text-align:left">{text(name)}</th>' for name in head)
    styles = [f"{CELL};text-align:left"] * (len(head) - 1) + [f"{CELL};text-align:left;min-width:12em"]
    body = "".join(_row(styles, row) for row in rows)
    return (
        f'<div style="overflow-x:auto"><table style="{TABLE}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(styles: Sequence[str], cells: Sequence[str]) -> str:
    drawn = (f'<td style="{style}">{cell}</td>' for style, cell in zip(styles, cells, strict=True))
    return f"<tr>{''.join(drawn)}</tr>"
