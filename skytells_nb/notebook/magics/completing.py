"""TAB: the text of a cell and the cursor -> what could be typed there, and what it would take the place of.

Pure and quick: what is known of models, threads, tags and files is handed in. `skytells_nb.notebook.magics.tab` asks it
for IPython.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ...schema.fields import FileField
from ..known_models import Known
from . import suggestions
from .command import Spec
from .half_typed import Body, Line, Name, Typed, open_expression, place, typed
from .suggestions import Knowledge, Suggestion

_OURS = "skytells_"
_BARE = re.compile(r"""(?:-(?=[\d.]))?[^\s"'{}\[\]\\=-][^\s"'{}\[\]\\=]*""")
"""What a line reads as one word or value without quotes."""
_NAME = re.compile(r"(?:[^\W\d]\w*)?\Z")


@dataclass(frozen=True, slots=True)
class Completion:
    """What could be typed in place of the text from `start` (an index into the cell) to the cursor; () for nothing."""

    start: int
    suggestions: tuple[Suggestion, ...] = ()


def complete(text: str, cursor: int, specs: Mapping[str, Spec], knowledge: Knowledge) -> Completion | None:
    """Say what could be typed at the cursor; None where that is no business of ours, and others may answer."""
    before, after = text[:cursor], text[cursor:]
    where = place(before, specs)
    if where is None:
        return None
    if isinstance(where, Name):
        return _magics(where, cursor, specs)
    written = where.text if isinstance(where, Body) else where.rest
    expression = open_expression(written)
    if expression is not None:
        return _variables(expression, cursor, knowledge)
    if isinstance(where, Body):
        return Completion(cursor)
    now = typed(where, knowledge.fields_of)
    if now is None:
        return Completion(cursor)
    piece, found = _fitting(now, where, knowledge)
    fits = _beginning(piece, suggestions.typeable(found))
    return Completion(cursor - len(piece), tuple(_quoted(fits, now, after)))


def _magics(where: Name, cursor: int, specs: Mapping[str, Spec]) -> Completion | None:
    """Suggest magics, once what is typed can mean only ours; each by the sign that it is shown with."""
    name = where.piece.lstrip("%")
    sign = where.piece.removesuffix(name)
    if not name.startswith("sky") or not (_OURS.startswith(name) or name.startswith(_OURS)):
        return None
    found = []
    for spec in specs.values():
        if spec.sign == "%" and sign == "%":
            found.append(Suggestion(f"%{spec.magic}", spec.summary))
        if spec.is_cell and where.first_line:
            found.append(Suggestion(f"%%{spec.magic}", spec.summary))
    fits = (each for each in found if each.text.lstrip("%").startswith(name))
    return Completion(cursor - len(where.piece), tuple(suggestions.typeable(fits)))


def _variables(expression: str, cursor: int, knowledge: Knowledge) -> Completion | None:
    """Suggest variables; what follows a dot or stands in a quote is for those who know Python."""
    piece = _NAME.search(expression)
    start = expression[: piece.start()] if piece else expression
    if piece is None or start.rstrip().endswith(".") or start.count('"') % 2 or start.count("'") % 2:
        return None
    found = (Suggestion(name, "variable") for name in knowledge.variables)
    return Completion(cursor - len(piece[0]), tuple(_beginning(piece[0], suggestions.typeable(found))))


def _fitting(now: Typed, line: Line, knowledge: Knowledge) -> tuple[str, Iterable[Suggestion]]:
    """Give the piece that a suggestion takes the place of, and what there is to suggest."""
    spec, under = line.spec, now.under
    model = _model(now, knowledge)
    if now.kind == "option":
        return under, (
            *suggestions.options_of(spec, now.options),
            *suggestions.inputs_as_options(model, now.pairs, spec),
        )
    if now.kind == "value":
        return _of_option(now, knowledge)
    if now.kind == "input":
        return _of_input(now, spec, knowledge)
    found: list[Suggestion] = []
    if not now.words:
        found += [Suggestion(verb, spec.summary) for verb in spec.verbs]
    if _names_a_thing(now, spec):
        found += suggestions.names(spec.of, knowledge)
    if spec.pairs and model is not None and not now.open_quote:
        found += suggestions.inputs(model, now.pairs, spec)
    if not under and (now.words or spec.verbs or not spec.of):
        found += suggestions.options_of(spec, now.options)
    return under, found


def _names_a_thing(now: Typed, spec: Spec) -> bool:
    """Say whether the word under the cursor is to name what the magic is about: after the verb, if it has verbs."""
    place = len(now.words)
    narrows = len(set(spec.words)) == 1
    return place < len(spec.words) and (narrows or place == bool(spec.verbs))


def _model(now: Typed, knowledge: Knowledge) -> Known | None:
    return knowledge.model(now.words[0]) if now.words else None


def _of_option(now: Typed, knowledge: Knowledge) -> tuple[str, Iterable[Suggestion]]:
    option, under = now.option, now.under
    if option is None:
        return under, ()
    if option.of == "file":
        return under, _files(under, knowledge)
    if option.several:
        *chosen, piece = under.split(",")
        return piece, (each for each in suggestions.choices(option) if each.text not in chosen)
    return under, (*suggestions.choices(option), *suggestions.names(option.of, knowledge))


def _of_input(now: Typed, spec: Spec, knowledge: Knowledge) -> tuple[str, Iterable[Suggestion]]:
    model = _model(now, knowledge) if spec.pairs else None
    field = next((field for field in model.fields if field.name == now.name), None) if model else None
    if now.under.startswith("@") or (isinstance(field, FileField) and not now.under):
        found = _files(now.under.removeprefix("@"), knowledge)
        return now.under, (replace(each, text=f"@{each.text}") for each in found)
    return now.under, () if field is None else suggestions.values(field)


def _files(path: str, knowledge: Knowledge) -> Iterable[Suggestion]:
    """Suggest what is in the folder that a path names so far; what is hidden only where that is asked for."""
    folder = path[: path.rfind("/") + 1]
    hidden = path.removeprefix(folder).startswith(".")
    for name in knowledge.entries(folder):
        if hidden or not name.startswith("."):
            yield Suggestion(folder + name, "folder" if name.endswith("/") else "file")


def _beginning(piece: str, found: Iterable[Suggestion]) -> Iterable[Suggestion]:
    """Keep what begins with what is typed, case aside; what is typed wholly already comes along with its like."""
    begun = piece.lower()
    return (each for each in found if each.text.lower().startswith(begun))


def _quoted(found: Iterable[Suggestion], now: Typed, after: str) -> Iterable[Suggestion]:
    """Write each as the line takes it: in quotes where it must be, and with the closing one where a quote is open."""
    quote = now.open_quote
    for each in found:
        text = each.text
        if quote and quote not in text and "\\" not in text and not (now.kind == "word" and "=" in text):
            goes_on = text.endswith("/") or after.startswith(quote)
            yield replace(each, text=text if goes_on else text + quote)
        elif not quote and (each.exact or _BARE.fullmatch(text)):
            yield each
        elif not quote and '"' not in text and "\\" not in text and not (now.kind == "word" and "=" in text):
            yield replace(each, text=f'"{text}"')
