"""Values -> mimebundles. Every bundle has text/plain and text/html; the HTML holds foreign words only escaped.

One function, `bundle`, dispatches on the value's class; another package may register more classes with it. There is no
text/markdown: front ends would run the HTML in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from ..api.pricing import Quote, price_label
from ..api.shown import Shown
from ..api.values import Choice, Embeddings, Model, Prediction, Reply
from . import captions, page
from .media.gallery import gallery
from .media.keeper import default_keeper
from .texts import markdown, thoughts

Bundle = dict[str, Any]


def made(plain: str, html: str) -> Bundle:
    """Put the two forms of one thing into a mimebundle; a terminal gets no control characters either."""
    return {"text/plain": page.visible(plain), "text/html": html}


@singledispatch
def bundle(value: object) -> Bundle:
    """Draw any value: text/plain and safe text/html. What is not one of ours shows its repr."""
    return made(repr(value), page.pre(repr(value)))


@bundle.register
def _reply(reply: Reply) -> Bundle:
    return answer(reply, lambda text: (text, markdown.to_html(text)))


def answer(reply: Reply, draw: Callable[[str], tuple[str, str]], notes: Sequence[str] = ()) -> Bundle:
    """Draw an answer whose texts `draw` writes as plain text and as safe HTML; `notes` stand under its caption.

    Each choice has its reasoning folded before it, and the tools that it asks for behind it; an empty one says so.
    """
    line = captions.of_reply(reply)
    plain: list[str] = []
    html: list[str] = []
    for number, choice in enumerate(reply.choices, 1):
        said, written = draw(choice.text) if choice.text else _without_words(choice, reply)
        asked = "\n".join(_tool(call) for call in choice.tool_calls)
        head = f"choice {number} of {len(reply.choices)}" if reply.others else ""
        plain += [head, thoughts.in_front_of(said, choice.reasoning), asked]
        html += [page.caption(head), thoughts.folded(markdown.to_html(choice.reasoning)), written]
        html += [page.pre(asked) if asked else ""]
    under = [line, " · ".join(notes)]
    return made("\n".join(filter(None, (*plain, *under))), page.box(*html, *map(page.caption, under)))


def _without_words(choice: Choice, reply: Reply) -> tuple[str, str]:
    """Say why a choice has no text: refused, or empty; one that asks for tools, or was stopped, needs no words."""
    if choice.refusal:
        said = f"refused: {choice.refusal}"
        return said, markdown.to_html(said)
    said = "" if choice.tool_calls or not reply.complete else "The answer is empty."
    return said, page.waiting(said) if said else ""


@bundle.register
def _embeddings(found: Embeddings) -> Bundle:
    what, line = captions.size_of(found), captions.of_embeddings(found)
    return made("\n".join(filter(None, (what, line))), page.box(f"<div>{page.text(what)}</div>", page.caption(line)))


def _tool(call: dict[str, Any]) -> str:
    asked = call.get("function")
    if not isinstance(asked, dict):
        return json.dumps(call)[:2000]
    return f"{asked.get('name', '?')}({str(asked.get('arguments', ''))[:2000]})"


@bundle.register
def _prediction(prediction: Prediction) -> Bundle:
    """Draw a prediction; its files are saved first, by `media.keeper`, if they are not yet."""
    html, plain = gallery(prediction, default_keeper().keep(prediction))
    return made(plain, html)


@bundle.register
def _quote(quote: Quote) -> Bundle:
    why = f" ({page.cut(quote.reason, 200)})" if quote.known and quote.reason else ""
    line = page.cut(f"{quote}{why}", 400)
    return made(line, page.box(page.text(line)))


@bundle.register
def _model(model: Model) -> Bundle:
    from . import model_page

    return made(*model_page.draw(model))


@dataclass(frozen=True, slots=True, repr=False)
class Catalogue(Shown):
    """Models that show themselves as one table; it is a sequence of them."""

    models: tuple[Model, ...] = ()

    def __iter__(self) -> Iterator[Model]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __getitem__(self, index: int) -> Model:
        return self.models[index]

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self.models)} models>"


@bundle.register
def _catalogue(shelf: Catalogue) -> Bundle:
    head = ("model", "type", "vendor", "price", "what it does")
    rows = [
        (
            page.cut(model.slug, 80),
            page.cut(model.type, 40),
            page.cut(model.vendor, 60),
            page.cut(price_label(model), 80),
            page.cut(model.description, 300),
        )
        for model in shelf
    ]
    if not rows:
        return made("no models", page.box("no models"))
    html = page.table(head, [(page.name(slug), *map(page.text, rest)) for slug, *rest in rows])
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
    lines = [
        "  ".join(
            (*(word.ljust(width) for word, width in zip(row, widths, strict=False)), page.cut(row[4], 80))
        ).rstrip()
        for row in (head, *rows)
    ]
    return made("\n".join(lines), page.box(html))
