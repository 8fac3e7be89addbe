"""A form: what a person or a program enters for one model, judged as it is entered, and run.

The form is state and verbs; its widgets are a `Face`, made when somebody looks. So a form works in a notebook, in a
script, under nbclient and in a terminal alike.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import settings
from ...api import pricing
from ...api.inline import file
from ...api.values import Model, Prediction
from ...costs import budget
from ...errors import InputError, InvalidInputError, OverBudgetError, UnknownNameError, plain
from ...schema.check import Checker, Problem, native
from ...schema.fields import UNSET, Field, JsonField
from .. import cell, recipe, written
from ..session import current
from . import runner
from .draft import Draft, resting

if TYPE_CHECKING:
    from ...api.pricing import Quote
    from .face import Face
    from .runner import Progress, Run

OTHERS = "\0others"
"""Where a draft keeps inputs that the schema allows without naming them."""


class Form:
    """The inputs of one model, as a form.

    `model` is a model's name, a `Model`, or an input schema as a dict (with its own `components`, or those given), which
    then has no Run. Raises `UnknownNameError` for a model that nobody knows, `InputError` for one that takes no inputs.
    """

    def __init__(
        self, model: str | Model | Mapping[str, Any], *, components: Mapping[str, Any] | None = None
    ) -> None:
        self.model, schema = _taken(model)
        self.checker = Checker(schema, components)
        others = JsonField(name=OTHERS, title="Other inputs", schema={}, why="the model takes names of your own")
        self.fields: tuple[Field, ...] = (*self.checker.fields, *([others] if self.checker.open else []))
        self._by_name = {field.name: field for field in self.fields}
        self._draft = Draft({field.name: resting(field) for field in self.fields if resting(field) is not UNSET})
        self._problems: tuple[Problem, ...] | None = None
        self._observers: list[Callable[[Form], object]] = []
        self._face: Face | None = None
        self._run: Run | None = None
        self._runs: list[Prediction] = []
        self._turn = threading.Lock()
        self._where: tuple[str | None, int | None] = (None, None)

    @property
    def name(self) -> str:
        """What the form is for: the model's name in requests; "" for a bare schema."""
        return self.model.slug if self.model else ""

    @property
    def title(self) -> str:
        """What stands over the form."""
        return (self.model.name or self.model.slug) if self.model else str(self.checker.title or "Form")

    @property
    def values(self) -> dict[str, Any]:
        """What would be sent: a dict of its own. Inputs that nobody set are not in it."""
        given = copy.deepcopy(dict(self._draft.values))
        others = given.pop(OTHERS, {})
        return {**(others if isinstance(others, dict) else {}), **given}

    @property
    def draft(self) -> Draft:
        """What was entered, as it was entered."""
        return self._draft

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with what was entered; () where it can be sent."""
        if self._problems is None:
            unread = {problem.steps[0]: problem for problem in self._draft.problems}
            judged = self.checker.problems(self.values)
            kept = [problem for problem in judged if not problem.steps or problem.steps[0] not in unread]
            place = {name: index for index, name in enumerate(self._by_name)}
            last = len(place)
            self._problems = tuple(
                sorted(
                    (*unread.values(), *kept),
                    key=lambda problem: place.get(problem.steps[0], last) if problem.steps else last + 1,
                )
            )
        return self._problems

    @property
    def quote(self) -> Quote:
        """What a run of these inputs would cost; nothing is asked of the service."""
        if self.model is None:
            raise InputError("This form is of a bare schema: it runs nothing.", "Give sky.form a model.")
        return pricing.quote(self.model, self.values)

    @property
    def obstacle(self) -> str:
        """Why it cannot run as it stands, in one sentence; "" where it can."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return f"{self._told(self.problems[0])}{more}."
        if self.is_running:
            return "It is running; the next run can start when this one has ended."
        return self._over_budget()

    def _over_budget(self) -> str:
        limit = budget.current()
        if limit is None or self.model is None:
            return ""
        return limit.refusal(self.quote.amount, sandbox=settings.in_sandbox())

    def _told(self, problem: Problem) -> str:
        field = self._by_name.get(str(problem.steps[0])) if problem.steps else None
        named = " ".join([field.label, *map(str, problem.steps[1:])]) if field else problem.path
        return f"{named} {problem.message}".strip()

    def set(self, **values: Any) -> None:
        """Set inputs by name; a path counts as the file it names.

        Raises `InvalidInputError` for a value that the schema refuses and `UnknownNameError` for a name it does not
        have; nothing is changed then. `reset` takes values away again.
        """
        self._take(self._draft, values)

    def load(self, source: Mapping[str, Any] | Prediction | str) -> None:
        """Put other values in the place of all: a dict, a prediction's inputs, or code as the form writes it.

        Code is a `%skytells_predict` line or cell, the Python of the Code view, or a JSON object; it is read, never run.
        Raises `InputError` for what is none of these or is of another model, and what `set` raises.
        """
        if isinstance(source, str):
            read = recipe.read(source, self.checker.fields)
            if read.model is not None and self.model is not None and read.model != self.name:
                what = f"That is a call of {plain(read.model, 80)}, and this form is of {plain(self.name, 80)}."
                raise InputError(what, f"Use sky.form({plain(read.model, 80)!r}).")
            values: Mapping[str, Any] = read.values
        else:
            values = source.input if isinstance(source, Prediction) else source
        self._take(Draft(), native(values))

    def reset(self, *names: str) -> None:
        """Take the values of some inputs away, or of all where none is named."""
        for name in names or tuple(self._by_name):
            if name not in self._by_name:
                raise self._unknown(name)
            self._draft = self._draft.put(name, resting(self._by_name[name]))
        self._now_shows(tuple(names or self._by_name))

    def _take(self, draft: Draft, values: Mapping[str, Any]) -> None:
        given = {name: file(value) if isinstance(value, Path) else value for name, value in native(values).items()}
        others = {name: value for name, value in given.items() if name not in self._by_name}
        if others and not self.checker.open:
            raise self._unknown(next(iter(others)))
        for name, value in given.items():
            if name in self._by_name:
                draft = draft.put(name, copy.deepcopy(value))
        if others:
            draft = draft.put(OTHERS, {**draft.values.get(OTHERS, {}), **copy.deepcopy(others)})
        whole = {name: value for name, value in draft.values.items() if name != OTHERS} | others
        wrong = tuple(p for p in self.checker.problems(whole) if p.steps and p.steps[0] in given)
        if wrong:
            told = "; ".join(map(str, wrong))
            raise InvalidInputError(f"{plain(told, 600)}.", "Nothing was changed.", problems=wrong)
        changed = {*self._draft.values, *self._draft.faults, *draft.values}
        self._draft = draft
        self._now_shows(tuple(name for name in self._by_name if name in changed))

    def _unknown(self, name: str) -> UnknownNameError:
        return UnknownNameError.of("input", name, self._by_name, where=f" of {plain(self.title, 80)}")

    def _now_shows(self, names: tuple[str, ...]) -> None:
        self._problems = None
        if self._face is not None:
            self._face.show_values({name: self._draft.values.get(name, UNSET) for name in names})
        self._announce()

    def enter(self, name: str, value: Any, fault: str = "") -> None:
        """Take what a control tells; `UNSET` takes the value away, a `fault` says why the text there is none."""
        if name == OTHERS and value is not UNSET and not isinstance(value, dict):
            value, fault = UNSET, "must be a JSON object of names and values"
        self._draft = self._draft.put(name, value, fault)
        self._problems = None
        self._announce()

    def _announce(self) -> None:
        if self._face is not None:
            self._face.show_state()
        for observer in tuple(self._observers):
            observer(self)

    def observe(self, fn: Callable[[Form], object]) -> None:
        """Call `fn(form)` after each change of an input, from now on."""
        if not callable(fn):
            raise InputError(f"observe({plain(fn, 40)}) takes a function.", "Give one of the form.")
        self._observers.append(fn)

    @property
    def is_running(self) -> bool:
        """Whether a run of this form is going on."""
        return self._run is not None and not self._run.done

    @property
    def result(self) -> Prediction | None:
        """What the last run that succeeded gave; None before that."""
        return next((job for job in reversed(self._runs) if job.status == "succeeded"), None)

    @property
    def runs(self) -> tuple[Prediction, ...]:
        """The runs of this form that have ended, oldest first."""
        return tuple(self._runs)

    def run(self) -> Prediction:
        """Run it, wait for the result and return it; Stop cancels the job.

        Raises what `start` and `Client.predict` raise.
        """
        return self.start().wait()

    def start(self) -> Run:
        """Run it and return at once; the form shows what becomes of it.

        Raises `InvalidInputError` for inputs that cannot be sent, `OverBudgetError` where the budget does not reach, and
        `InputError` while another run of this form is going on; nothing was sent then.
        """
        if self.model is None:
            raise InputError("This form is of a bare schema: it runs nothing.", "Give sky.form a model.")
        with self._turn:
            if self.is_running:
                raise InputError("This form is running already.", "Wait for the result, or cancel it first.")
            if self.problems:
                told = "; ".join(map(str, self.problems))
                what = f"{plain(self.name, 80)}: {plain(told, 600)}."
                raise InvalidInputError(what, "Nothing was sent.", problems=self.problems)
            if refusal := self._over_budget():
                raise OverBudgetError(refusal, "Nothing was sent; sky.budget(...) sets another limit.")
            self._run = runner.start(self.name, self.values, self._follow, where=self._where)
        self._announce()
        return self._run

    def cancel(self) -> None:
        """Cancel the run that is going on, here and at the service; without one nothing happens."""
        if self._run is not None:
            self._run.cancel()

    def _follow(self, progress: Progress) -> None:
        if progress.ended and progress.job is not None:
            self._runs.append(progress.job)
        if self._face is not None:
            self._face.show_progress(progress)

    def __repr__(self) -> str:
        return f"<Form {plain(self.name or self.title, 80)}: {len(self._draft.values)} of {len(self.fields)} inputs set>"

    @property
    def face(self) -> Face:
        """The form's widgets, made when they are first asked for."""
        if self._face is None:
            from .face import Face

            self._face = Face(self)
        return self._face

    @property
    def widget(self) -> Any:
        """The form as one ipywidget, to be put into an interface of your own."""
        return self.face.widget

    def _ipython_display_(self) -> None:
        self._where = cell.where()
        self.face.display(self.bundle())

    def bundle(self) -> dict[str, Any]:
        """Draw the form as plain text and as static HTML."""
        last = f"can run: {self.quote}" if self.model and not self.obstacle else self.obstacle
        parts = (self.title, self.checker.fields, self.values, last)
        return {"text/plain": written.as_text(*parts), "text/html": written.as_html(*parts)}


def form(model: str | Model | Mapping[str, Any], *, components: Mapping[str, Any] | None = None) -> Form:
    """Make a form of a model's inputs: fill it in, see what it costs, run it, and keep what came back.

    `model` is a model's name, a `Model`, or an input schema as a dict (references are looked up in it and in
    `components`), which then has no Run. Nothing is sent before Run but a look at the catalogue. Raises
    `UnknownNameError` for a model that nobody knows, `InputError` for one without a form.
    """
    return Form(model, components=components)


def _taken(model: object) -> tuple[Model | None, object]:
    if isinstance(model, Mapping):
        return None, dict(model)
    if isinstance(model, str):
        model = current().client.model(model)
    if not isinstance(model, Model):
        raise InputError(f"{plain(model, 60)} is no model.", "Give a model's name, a Model, or a schema as a dict.")
    if model.speaks_chat:
        what = f"{plain(model.slug, 80)} is a text model: it has no form."
        raise InputError(what, f"Use %%skytells_chat {plain(model.slug, 80)}.")
    return model, model.input_schema
