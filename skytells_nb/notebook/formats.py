"""How a whole answer is shown, and what a magic gives back for it: one row for each name of `-f`.

markdown, text, code and html give the Reply; json gives what was parsed, dataframe a DataFrame. Where an answer does
not hold what was asked for, it is shown as its text, kept, and the error carries it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..api.values import Reply
from ..errors import UnreadableAnswerError
from ..keys import without_secrets
from . import page
from .painters import Bundle, Said
from .preferences import Format
from .render import answer
from .texts import framed, json_tree, markdown, tables

_log = logging.getLogger("skytells_nb")


@dataclass(frozen=True, slots=True)
class _Form:
    """`find` takes what is to be shown out of a text, `draw` writes it; `gives` says that it is the magic's value."""

    find: Callable[[str], Any]
    draw: Callable[[Any], tuple[str, str]]
    gives: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer as it is to be shown and given back; `error` says what it was to hold and does not."""

    bundle: Bundle
    value: Any
    error: UnreadableAnswerError | None = None


def growing(reply: Reply, form: Format) -> Said:
    """Give what is shown of an answer that is still coming: Markdown drawn, everything else as its text."""
    text, is_markdown = reply.text, form == "markdown"
    if reply.others and is_markdown:
        text = "\n\n".join(f"###### choice {n}\n\n{choice.text}" for n, choice in enumerate(reply.choices, 1))
    elif reply.others:
        text = "\n\n".join(choice.text for choice in reply.choices)
    stays = form in ("markdown", "text", "html") and not reply.others
    return Said(text, reply.reasoning, markdown=is_markdown, stays=stays)


def finish(reply: Reply, form: Format, notes: Sequence[str] = ()) -> Finished:
    """Draw an answer that has ended, with notes under it.

    One that broke off, was refused or asks for tools is shown as text, as it is.
    """
    chosen = _FORMS[form]
    if not reply.complete or not reply.text:
        plainly = chosen.draw if form == "markdown" else _text
        return Finished(answer(reply, _surely(plainly), notes), reply)
    try:
        found = chosen.find(reply.text)
    except UnreadableAnswerError as error:
        error.reply = reply
        return Finished(answer(reply, _text, notes), reply, error)

    def draw(text: str) -> tuple[str, str]:
        return chosen.draw(found if text is reply.text else chosen.find(text))

    return Finished(answer(reply, _surely(draw), notes), found if chosen.gives else reply)


def _surely(draw: Callable[[str], tuple[str, str]]) -> Callable[[str], tuple[str, str]]:
    """Draw, or show the text as it is where that fails: the answer is paid for."""

    def drawn(text: str) -> tuple[str, str]:
        try:
            return draw(text)
        except Exception:  # noqa: BLE001 - whatever a drawing runs into
            _log.info("An answer could not be drawn; it is shown as its text.", exc_info=True)
            return _text(text)

    return drawn


def code_to_insert(reply: Reply) -> str | None:
    """Give the first block of code as it may go into a cell: without keys, and with every hidden character visible.

    None where there is none, or where the answer is not whole.
    """
    if not reply.complete:
        return None
    found = next(iter(markdown.codes(reply.text)), None)
    return None if found is None else page.visible(without_secrets(found.text.rstrip("\n")))


def _text(text: str) -> tuple[str, str]:
    return text, page.pre(text)


def _first_code(text: str) -> markdown.Code:
    found = next(iter(markdown.codes(text)), None)
    if found is None:
        fix = "Ask for a fenced block in the prompt. The answer is kept: sys.last_value.reply."
        raise UnreadableAnswerError("The answer holds no block of code.", fix)
    return found


def _frame(text: str) -> Any:
    from ..costs.frames import table_frame

    found = tables.find(text)
    return table_frame(found.columns, found.rows, written=found.written)


_FORMS: Mapping[Format, _Form] = {
    "markdown": _Form(str, lambda text: (text, markdown.to_html(text))),
    "text": _Form(str, _text),
    "json": _Form(json_tree.find, lambda value: (json_tree.to_plain(value), json_tree.to_html(value)), gives=True),
    "code": _Form(_first_code, lambda code: (code.text, markdown.code_html(code.text, code.language))),
    "dataframe": _Form(_frame, lambda frame: (_printed(frame), tables.to_html(frame)), gives=True),
    "html": _Form(framed.find, lambda source: (source, framed.to_html(source))),
}


def _printed(frame: Any) -> str:
    named = frame.set_axis([page.cut(name, 60) for name in frame.columns], axis="columns")
    return f"{named.to_string(max_rows=20, max_cols=12, max_colwidth=60)}\n{tables.size(frame)}"
