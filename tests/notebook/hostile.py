"""All texts that attack a page, and a judge that reads HTML as a parser would and lists what is not allowed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .hostile_texts import BY_KIND

PAYLOADS = tuple(payload for kind in BY_KIND.values() for payload in kind)
SOME = tuple(payload for kind in BY_KIND.values() for payload in kind[:4])
"""Four of each kind, for widgets, which take long to make and show all texts by the same few functions."""

_TAGS = {"div", "span", "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}
ALLOWED: dict[str, set[str]] = {name: {"style"} for name in _TAGS}
ALLOWED["ol"] |= {"start"}
ALLOWED["a"] = {"href", "title", "target", "rel", "style", "download"}
ALLOWED["img"] = {"src", "alt", "style"}
ALLOWED["audio"] = {"controls", "preload", "src", "title", "style"}
ALLOWED["video"] = ALLOWED["audio"] | {"poster"}
ALLOWED["details"] = ALLOWED["summary"] = {"style"}

ALLOWED["sup"] = ALLOWED["summary"] = {"style"}
ALLOWED["details"] = {"open", "style"}
ALLOWED["iframe"] = {"sandbox", "srcdoc", "title", "style"}
_FRAME_BEGINS = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
_VOID = {"br", "hr", "img"}
_SOURCE = re.compile(r"data:(?:image/(?:webp|png|jpeg)|audio/[a-z0-9]+|video/[a-z0-9]+);base64,[A-Za-z0-9+/=]*\Z")
_RELATIVE = re.compile(r"[A-Za-z0-9_.%~-]+(?:/[A-Za-z0-9_.%~-]+)*\Z")
_BAD_STYLE = re.compile(r"url|expression|import|position|behavio|\\|<|javascript", re.IGNORECASE)
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1:] == [tag]:
            self.open.pop()
        elif tag not in _VOID:
            self.faults.append(f"stray </{tag}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += [] if tag in _VOID else [tag]
        if tag not in ALLOWED:
            self.faults.append(f"tag {tag}")
            return
        if tag == "iframe":
            walls = dict(attrs)
            if walls.get("sandbox") != "" or not (walls.get("srcdoc") or "").startswith(_FRAME_BEGINS):
                self.faults.append("a frame without walls")
        for name, given in attrs:
            value = given or ""
            if name not in ALLOWED[tag]:
                self.faults.append(f"attribute {tag}.{name}")
            if name == "src" and not (_SOURCE.match(value) or _RELATIVE.match(value)):
                self.faults.append(f"src {value[:60]}")
            if name == "poster" and not _SOURCE.match(value):
                self.faults.append(f"poster {value[:60]}")
            if name == "href" and not (re.match(r"https?://|mailto:", value) or _RELATIVE.match(value)):
                self.faults.append(f"href {value[:60]}")
            if name == "style" and _BAD_STYLE.search(value):
                self.faults.append(f"style {value[:60]}")
            if _HIDDEN.search(value):
                self.faults.append(f"hidden character in {tag}.{name}")
        if tag == "a" and ("target", "_blank") not in attrs:
            self.faults.append("a link in this tab")

    def handle_data(self, data: str) -> None:
        if found := _HIDDEN.search(data):
            self.faults.append(f"hidden character {found[0]!r}")

    def handle_comment(self, data: str) -> None:
        self.faults.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.faults.append("declaration")

    handle_pi = unknown_decl = handle_decl


def faults(html: str) -> list[str]:
    """List everything in a piece of HTML that is not on the list of what may be there."""
    html.encode("utf-8")
    judge = _Judge()
    judge.feed(html)
    judge.close()
    return [*judge.faults, *(f"<{tag}> is not closed" for tag in judge.open)]
