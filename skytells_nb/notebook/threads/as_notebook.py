"""A thread as a notebook: each turn is the cell that asks its question, with the answer as its saved output. Pure.

There is no Markdown of a model's in it, and no HTML but ours. A cell that is run again asks just the question that was
asked: double braces in it are literal, and a model's name that is no plain word is left out. A picture is only named.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ...keys import without_secrets
from .. import page
from ..texts import markdown
from .turns import Thread, Turn

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")


def write(name: str, thread: Thread) -> str:
    """Write a thread as the text of an .ipynb file (nbformat 4.5); what looks like a key is left out."""
    cells = [_cell("load", "%load_ext skytells_nb")]
    cells += [_cell(f"turn-{number}", _source(name, turn), _shown(turn)) for number, turn in enumerate(thread, 1)]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _cell(cell: str, source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": cell,
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "source": source,
        "outputs": list(outputs),
    }


def _source(name: str, turn: Turn) -> str:
    named = _clean(turn.model)
    model = f" {named}" if _SLUG.fullmatch(named) else ""
    api = " --api responses" if turn.api == "responses" else ""
    return f"%%skytells_chat{model} --thread {name}{api}\n{_literal(_clean(turn.asked))}"


def _literal(text: str) -> str:
    r"""Write a text so that a magic takes it as it is: \{{ stands for {{."""
    return text.replace("{{", r"\{{")


def _shown(turn: Turn) -> dict[str, Any]:
    answer = _clean(turn.answer)
    html = page.box(markdown.to_html(answer), page.caption(_clean(turn.model)))
    return {"output_type": "display_data", "metadata": {}, "data": {"text/plain": answer, "text/html": html}}


def _clean(text: str) -> str:
    return page.visible(without_secrets(text))
