"""A magic's line -> words, options and name=value pairs. Pure: it evaluates nothing.

`--name value` and `--name=value` are the same. Where a magic takes a model's inputs, they are options too, after the
model's name; an input that is yes or no needs no value then. A `;` at the end asks for quiet.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import InputError, UnknownNameError, plain
from ...marks import Span
from ...schema.coercion import FLAGS
from ...schema.fields import Field, FlagField
from .pointing import pointing
from .tokens import Token, split

Named = Literal["", "any model", "text model", "media model", "vector model", "type", "thread", "tag", "file"]
"""What kind of thing a word or value names, so that TAB can offer those there are; "" for none."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its long name without dashes, a letter, and how its text is read (None for a flag).

    A `raw` one keeps its {{…}}, as pairs do; one that may be given `many` times is a list. `choices` are the texts to
    choose from, of which a `several` one takes more than one, with commas between; `of` says what it names otherwise.
    """

    name: str
    letter: str = ""
    read: Callable[[str], Any] | None = str
    meaning: str = ""
    metavar: str = ""
    raw: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    several: bool = False
    of: Named = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a magic takes; `words` names its positional words, `pairs` says whether it takes name=value.

    `inputs` says that the pairs are inputs of the model that is named first, so that they may be options too.
    `sign` is "%" where there is a line magic to show, `body` says what a cell magic's body is, and `code` that it is
    Python. The first word may be one of `verbs`; the next (the first, where there are no verbs) names something `of` a
    kind. `raw_words` keep their {{…}}, as pairs do.
    """

    magic: str
    summary: str
    words: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    pairs: bool = False
    examples: tuple[str, ...] = ()
    sign: str = "%"
    inputs: bool = False
    verbs: tuple[str, ...] = ()
    of: Named = ""
    body: str = ""
    raw_words: bool = False
    code: bool = False

    @property
    def is_cell(self) -> bool:
        """Whether there is a cell magic of the name."""
        return bool(self.body) or self.sign == "%%"


@dataclass(frozen=True, slots=True)
class Command:
    """A line, read. `pairs` holds raw text, before {{…}} is replaced.

    `hushed` says that the line ends in ";". `places` says where in the `line` each pair and --option stands, and ""
    the words.
    """

    words: tuple[str, ...] = ()
    pairs: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    hushed: bool = False
    line: str = ""
    places: dict[str, tuple[Span, ...]] = field(default_factory=dict)


HELP = Option("help", "h", None, "show this help")
Inputs = Callable[[str], Iterable[Field]]
"""Gives the inputs of a model by its name."""


def parse(
    line: str, spec: Spec, expand: Callable[[str], str] = str, *, start: int = 0, inputs: Inputs | None = None
) -> Command:
    """Read a line from `start` on; raises `InputError` or `UnknownNameError` that points at the word at fault.

    `expand` replaces {{…}} in words and options, before they are read as numbers; pairs and raw options keep theirs.
    `inputs` gives a model's inputs where the spec takes them as options.
    """
    text = line.rstrip()
    hushed = text.endswith(";") and len(text) > start
    return _Reader(text.removesuffix(";") if hushed else text, spec, expand, inputs).read(start, hushed=hushed)


class _Reader:
    """Reads one line."""

    def __init__(self, line: str, spec: Spec, expand: Callable[[str], str], inputs: Inputs | None) -> None:
        self._line = line
        self._spec = spec
        self._expand = expand
        self._inputs = inputs
        self._tokens: deque[Token] = deque()
        self._words: list[str] = []
        self._pairs: dict[str, str] = {}
        self._chosen: dict[str, Any] = {}
        self._places: dict[str, tuple[Span, ...]] = {}
        self._last: Span = (0, 0)

    def read(self, start: int, *, hushed: bool) -> Command:
        """Read all words, in their order."""
        self._tokens.extend(split(self._line, start))
        while self._tokens:
            token = self._next()
            with pointing(self._line, token.span):
                if token.is_option:
                    self._read_option(token)
                elif token.name is not None and self._spec.pairs:
                    self._add_pair(token.name, token.text, token.span)
                else:
                    self._add_word(token)
        return Command(tuple(self._words), self._pairs, self._chosen, hushed, self._line, self._places)

    def _next(self) -> Token:
        token = self._tokens.popleft()
        self._last = token.span
        return token

    def _add_word(self, token: Token) -> None:
        word = token.whole if self._spec.raw_words else self._expand(token.whole)
        if len(self._words) == len(self._spec.words) and "help" not in self._chosen:
            shown = plain(word, 60)
            hint = (
                f'Text with blanks needs quotes: name="… {shown} …".'
                if self._spec.pairs
                else f"%{self._spec.magic} --help shows what it takes."
            )
            raise InputError(f"%{self._spec.magic} does not know what to do with {shown!r}.", hint)
        self._words.append(word)
        self._place("", token.span)

    def _add_pair(self, name: str, text: str, span: Span) -> None:
        if name in self._pairs:
            raise InputError(f"{name} is given twice.", "Keep one of them.")
        self._pairs[name] = text
        self._place(name, span)

    def _place(self, name: str, span: Span) -> None:
        self._places[name] = (*self._places.get(name, ()), span)

    def _read_option(self, token: Token) -> None:
        option, given = self._option(token)
        if isinstance(option, Field):
            text = self._flag(given) if isinstance(option, FlagField) else self._given(given, option.name, "…")
            self._add_pair(option.name, text, (token.span[0], self._last[1]))
            return
        if option.read is None:
            if given is not None:
                raise InputError(f"--{option.name} takes no value.", f"Write just --{option.name}.")
            self._chosen[option.name] = True
            self._place(f"--{option.name}", token.span)
            return
        given = self._given(given, option.name, option.metavar)
        if option.name in self._chosen and not option.many:
            raise InputError(f"--{option.name} is given twice.", "Keep one of them.")
        self._place(f"--{option.name}", (token.span[0], self._last[1]))
        with pointing(self._line, self._last):
            value = given if option.raw else _read(option, self._expand(given))
        self._chosen[option.name] = [*self._chosen.get(option.name, ()), value] if option.many else value

    def _given(self, given: str | None, name: str, example: str) -> str:
        """Take the value of an option: what stands after its =, else the next word."""
        if given is not None:
            return given
        if not self._tokens:
            raise InputError(f"--{name} needs a value.", f"For example: --{name} {example or '…'}.")
        return self._next().whole

    def _flag(self, given: str | None) -> str:
        """Give the value of an input that is yes or no: by itself it is yes."""
        if given is None and self._tokens and self._tokens[0].whole.lower() in FLAGS:
            given = self._next().whole
        return "true" if given is None else given

    def _option(self, token: Token) -> tuple[Option | Field, str | None]:
        written, given = (token.text, None) if token.name is None else (token.name, token.text)
        if not written.startswith("--"):
            return self._by_letter(written, given)
        options = (*self._spec.options, HELP)
        for option in options:
            if alike(option.name, written[2:]):
                return option, given
        fields = self._fields()
        for each in fields:
            if alike(each.name, written[2:]):
                return each, given
        kind = "option or input" if fields else "option"
        known = [f"--{name}" for name in (*(each.name for each in options), *(each.name for each in fields))]
        error = UnknownNameError.of(kind, written, known, where=f" of %{self._spec.magic}")
        if self._spec.inputs and not self._words:
            error.advise(f"{error.fix} A model's inputs are options after its name.")
        raise error

    def _by_letter(self, written: str, given: str | None) -> tuple[Option, str | None]:
        options = (*self._spec.options, HELP)
        for option in options:
            if option.letter and written[1] == option.letter:
                return option, written[2:].removeprefix("=") or given
        known = [f"-{option.letter}" for option in options if option.letter]
        raise UnknownNameError.of("option", written, known, where=f" of %{self._spec.magic}")

    def _fields(self) -> tuple[Field, ...]:
        """Give the inputs of the model that is named, () where there is none yet."""
        if self._inputs is None or not self._spec.inputs or not self._words:
            return ()
        with pointing(self._line, self._places[""][0]):
            return tuple(self._inputs(self._words[0]))


def alike(name: str, written: str) -> bool:
    """Say whether a name is meant, dashes and underlines being the same."""
    return name == written or name.replace("-", "_") == written.replace("-", "_")


def _read(option: Option, given: str) -> Any:
    try:
        value = option.read(given) if option.read else given
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(given)
    except ValueError as error:
        kind = "a whole number" if option.read is int else "a number"
        raise InputError(
            f"--{option.name} must be {kind}, not {plain(given, 60)!r}.", f"For example: {option.metavar}."
        ) from error
    return value


def help_text(spec: Spec) -> str:
    """Write the help of a magic: what it does, how it is called, its options and examples."""
    shape = " ".join([spec.magic, *spec.words, *(["name=value …"] if spec.pairs else []), "[options]"])
    forms = [f"%{shape}"] * (spec.sign == "%") + [f"%%{shape}", *filter(None, [spec.body])] * spec.is_cell
    rows = [(_flags(option), option.meaning) for option in (*spec.options, HELP)]
    if spec.inputs:
        rows.append(("--INPUT VALUE", "an input of the model, as INPUT=VALUE is; one that is yes or no needs no value"))
    width = max(len(flags) for flags, _ in rows) + 2
    lines = [
        spec.summary,
        "",
        *(f"    {form}" for form in forms),
        "",
        "Options:",
        *(f"    {flags:<{width}}{meaning}" for flags, meaning in rows),
    ]
    return "\n".join([*lines, "", "Examples:", *(f"    {example}" for example in spec.examples)])


def _flags(option: Option) -> str:
    flags = ", ".join([*([f"-{option.letter}"] if option.letter else []), f"--{option.name}"])
    if option.read is None:
        return flags
    return f"{flags} {option.metavar or option.name.upper()}{' …' if option.many else ''}"
