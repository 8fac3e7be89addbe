"""Code -> HTML with colours that can be read on white and on black alike.

The colours sit in the middle of the scale (about 4.3 : 1 against either ground); everything else inherits the page's
own. Only well-known languages are coloured and only up to a length: a highlighter's patterns can be made to run very
long by text that is written for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .. import page

if TYPE_CHECKING:
    from pygments.token import _TokenType

LONGEST = 20_000
LANGUAGES = frozenset(
    {"bash", "c", "c++", "cpp", "cs", "csharp", "css", "diff", "docker", "dockerfile", "go", "html", "http", "ini"}
    | {"java", "javascript", "js", "json", "jsx", "julia", "kotlin", "lua", "makefile", "perl", "php", "powershell"}
    | {"py", "pycon", "python", "python3", "r", "rb", "rs", "ruby", "rust", "scala", "sh", "shell", "sql", "swift"}
    | {"toml", "ts", "tsx", "typescript", "xml", "yaml", "yml", "zsh"}
)


def to_html(code: str, language: str, longest: int = LONGEST) -> str:
    """Colour code; plain escaped text for a language that is not known here or a piece of over `longest` characters."""
    name = language.lower()
    return page.code(code) if name not in LANGUAGES or len(code) > longest else _coloured(code, name)


@lru_cache(maxsize=128)
def _coloured(code: str, name: str) -> str:
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    return "".join(_span(kind, piece) for kind, piece in lexer.get_tokens(code))


def _span(kind: _TokenType, piece: str) -> str:
    style = _style(kind)
    return f'<span style="{style}">{page.code(piece)}</span>' if style and piece.strip() else page.code(piece)


@lru_cache(maxsize=512)
def _style(kind: _TokenType) -> str:
    from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String

    styles = {
        Comment: "opacity:.7;font-style:italic",
        Keyword: "color:#8b62d9;font-weight:600",
        Operator.Word: "color:#8b62d9;font-weight:600",
        String: "color:#3d8a3d",
        Number: "color:#b8692a",
        Name.Function: "color:#2b7fc4",
        Name.Class: "color:#2b7fc4",
        Name.Tag: "color:#2b7fc4",
        Name.Attribute: "color:#b8692a",
        Name.Builtin: "color:#1f8a8a",
        Name.Decorator: "color:#b8692a",
        Generic.Deleted: "color:#d2483f",
        Generic.Inserted: "color:#3d8a3d",
    }
    return next((styles[parent] for parent in reversed(kind.split()) if parent in styles), "")
