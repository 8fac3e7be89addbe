"""The page about one model: what it is, what it costs, what it takes, and lines to copy. Pure.

Everything a service says of a model is foreign text: the page holds it escaped and bounded, and the lines to copy hold
its names quoted, so that a name can never become code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..api.pricing import price_label
from ..api.values import Model
from ..errors import SkytellsError
from ..schema.fields import (
    ChoiceField,
    Field,
    FileField,
    FlagField,
    ListField,
    NumberField,
    ObjectField,
    TextField,
    UnionField,
)
from ..schema.limits import describe, kind_of
from . import page

_HEAD = ("input", "takes", "limits", "what it does")
_LONGEST = 4_000
_HEADING = "font-weight:600;margin:.9em 0 .2em"
_FILES = {"image": "picture.png", "audio": "sound.mp3", "video": "film.mp4"}


def draw(model: Model) -> tuple[str, str]:
    """Draw the page as plain text and as HTML."""
    name, slug = page.cut(model.name, 120), page.cut(model.slug, 120)
    facts = [page.cut(word, 60) for word in (model.type, model.vendor, model.status) if word]
    can = page.cut(", ".join(model.capabilities), 200)
    about, price = page.visible(model.description[:2000]), page.cut(price_label(model), 200)
    rows = [_row(field) for field in model.fields]
    lines = examples(model)
    plain = [
        name if name == slug else f"{name} ({slug})",
        " · ".join(facts),
        about,
        f"price: {price}",
        f"good for: {can}" if can else "",
        *(f"  {name}: {', '.join(filter(None, told))}" for name, *told in rows),
        *lines,
    ]
    html = page.box(
        f'<div><strong style="font-size:1.25em">{page.text(name)}</strong> &nbsp;{page.name(slug)}</div>',
        page.caption(" · ".join(facts)),
        f'<div style="margin:.5em 0">{page.text(about)}</div>' if about else "",
        f"<div><strong>{page.text(price)}</strong></div>",
        page.caption(f"good for {can}") if can else "",
        f'<div style="{_HEADING}">Inputs</div>',
        _table(rows) if rows else "<div>It names no inputs.</div>",
        f'<div style="{_HEADING}">To copy</div>' if lines else "",
        *map(page.pre, lines),
    )
    return "\n".join(filter(None, plain)), html


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    columns = 4 if any(row[3] for row in rows) else 3
    return page.table(
        _HEAD[:columns], [(page.name(name), *map(page.text, rest[: columns - 1])) for name, *rest in rows]
    )


def _row(field: Field) -> tuple[str, str, str, str]:
    return (
        page.cut(field.name, 80),
        page.cut(kind_of(field), 60),
        page.cut(describe(field), 240),
        page.cut(field.description or _new(field), 600),
    )


def _new(field: Field) -> str:
    """Give a field's title unless it only says the name again."""
    return "" if field.title.lower().replace(" ", "_") == field.name.lower() else field.title


def examples(model: Model) -> tuple[str, ...]:
    """Write a cell of a magic and the Python that use a model.

    () for a name that no line can hold, and where they would take over 4,000 characters: nobody copies part of a line.
    """
    lines = _examples(model)
    return lines if sum(map(len, lines)) <= _LONGEST else ()


def _examples(model: Model) -> tuple[str, ...]:
    from . import literals, recipe

    try:
        word, name = recipe.model_word(model.slug), literals.write(model.slug)
        if model.embeds:
            cell = f"%%skytells_embed {word}\na red fox\na blue car"
            code = f'vectors = client.embed(["a red fox", "a blue car"], model={name}).to_frame()'
        elif model.speaks_chat:
            cell = f"%%skytells_chat {word}\nWhat is a notebook?"
            code = f'reply = client.chat("What is a notebook?", model={name})'
        else:
            values = dict(_samples(model.fields))
            code = recipe.python_code(model.slug, values, model.fields)
            return recipe.magic_line(model.slug, model.fields, values), code
    except SkytellsError:
        return ()
    result = code.partition(" ")[0]
    return cell, f"import skytells_nb as sky\n\nclient = sky.Client()\n{code}\n{result}"


def _samples(fields: tuple[Field, ...]) -> Iterator[tuple[str, Any]]:
    """Choose values to show: of what is required, or else of the first input."""
    for field in [field for field in fields if field.required] or fields[:1]:
        yield field.name, _sample(field)


def _sample(field: Field) -> Any:
    if field.default or isinstance(field.default, int):
        return field.default
    if field.examples:
        return field.examples[0]
    match field:
        case ChoiceField(choices=(first, *_)):
            return first
        case NumberField(minimum=low):
            return 1 if low is None else low
        case FlagField():
            return True
        case FileField(media=media):
            return f"https://example.org/{_FILES.get(media, 'file')}"
        case ListField(item=item):
            return [_sample(item)]
        case ObjectField(fields=parts):
            return {part.name: _sample(part) for part in parts if part.required}
        case UnionField(options=(first, *_)):
            return _sample(first)
        case TextField(name="lyrics"):
            return "[verse] the fox runs over the snow"
        case TextField():
            return "a red fox in the snow"
    return {}
