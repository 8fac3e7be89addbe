"""A form: what a person or a program enters for one model, and its runs.

The form is state and verbs; its widgets are a `Face`, made when somebody looks. So a form works in a notebook, in a
script, under nbclient and in a terminal alike.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ... import settings
from ...api import pricing
from ...api.values import Model, Prediction, Status
from ...costs import budget
from ...errors import InputError, InvalidInputError, OverBudgetError, plain
from ...schema.check import Problem
from .. import cell, recipe, written
from ..jobs import runner
from ..session import current
from .entries import Entries

if TYPE_CHECKING:
    from ...api.pricing import Quote
    from ..jobs.runner import Progress, Run
    from .face import Face


_Source = str | Model | Mapping[str, Any] | bool


class Form(Entries):
    """The inputs of one model, as a form.

    `model` is a model's name, a `Model`, or an input schema as a dict (with `components` of its own, or given), which
    then has no Run. Raises `UnknownNameError` for a model that nobody knows, `InputError` for one that takes no inputs.
    """

    def __init__(self, model: _Source, *, components: Mapping[str, Any] | None = None) -> None:
        self.model, schema = _taken(model)
        super().__init__(schema, components)
        self._face: Face | None = None
        self._run: Run | None = None
        self._ends: list[Progress] = []
        self._turn = threading.Lock()
        self._where: cell.Place = (None, None)

    @property
    def name(self) -> str:
        """What the form is for: the model's name in requests; "" for a bare schema."""
        return self.model.slug if self.model else ""

    @property
    def title(self) -> str:
        """What stands over the form."""
        return (self.model.name or self.model.slug) if self.model else super().title

    @property
    def quote(self) -> Quote:
        """What a run of these inputs would cost; nothing is asked of the service."""
        return pricing.quote(self._needed(), self.values)

    def _needed(self) -> Model:
        if self.model is None:
            raise InputError("This form is of a bare schema: it runs nothing.", "Give sky.form a model.")
        return self.model

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
        if self.model is None:
            return ""
        quote = self.quote
        return budget.refusal(quote.high, low=quote.low, sandbox=settings.in_sandbox())

    def _told(self, problem: Problem) -> str:
        field = self._by_name.get(str(problem.steps[0])) if problem.steps else None
        named = " ".join([field.label, *map(str, problem.steps[1:])]) if field else problem.path
        return f"{named} {problem.message}".strip()

    def load(self, source: Mapping[str, Any] | Prediction | str) -> None:
        """Put other values in the place of all: a dict, a prediction's inputs, or code as the form writes it.

        Code is a `%skytells_predict` line or cell, the Python of the Code view, or a JSON object: read, never run.
        Raises `InputError` for what is none of these or is code for another model, and what `set` raises.
        """
        if isinstance(source, str):
            read = recipe.read(source, self.checker.fields)
            if read.model is not None and self.model is not None and read.model != self.name:
                what = f"That is a call of {plain(read.model, 80)}, and this form is of {plain(self.name, 80)}."
                raise InputError(what, f"Use sky.form({plain(read.model, 80)!r}).")
            self.replace(read.values)
        elif isinstance(source, Prediction):
            # What was sent from here still knows its files by their paths; the service gives them back as long links.
            sent = (end.values for end in self._ends if end.job is not None and end.job.id == source.id)
            self.replace(next(sent, source.input))
        else:
            self.replace(source)

    @property
    def code(self) -> dict[str, str]:
        """The code of the current values: "Magic" and "Python", or "JSON" for a bare schema.

        Only what differs from the defaults is in it, and of a secret the question for it; `load` reads each back.
        Raises `InputError` for values that no code can say.
        """
        return self.code_of(self.values)

    def code_of(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Write other values of this form as code."""
        fields = self.checker.fields
        if not self.name:
            return {"JSON": recipe.json_text(values, fields)}
        told = recipe.worth_saying(fields, values, self.checker.problems)
        return {
            "Magic": recipe.magic_line(self.name, fields, told),
            "Python": recipe.python_code(self.name, told, fields),
        }

    @property
    def is_running(self) -> bool:
        """Whether a run of this form is going on."""
        return self._run is not None and not self._run.done

    @property
    def result(self) -> Prediction | None:
        """What the last run that succeeded gave; None before that."""
        return next((job for job in reversed(self.runs) if job.status is Status.SUCCEEDED), None)

    @property
    def runs(self) -> tuple[Prediction, ...]:
        """The runs of this form that have ended, oldest first."""
        return tuple(end.job for end in self._ends if end.job is not None)

    @property
    def ends(self) -> tuple[Progress, ...]:
        """How the runs of this form ended, oldest first, with what was sent for each."""
        return tuple(self._ends)

    def run(self) -> Prediction:
        """Run it, wait for the result and return it; Stop cancels the job.

        Raises what `start` and `Client.predict` raise.
        """
        return self.start().wait()

    def start(self) -> Run:
        """Run it and return at once; the form shows what becomes of it.

        Raises `InvalidInputError` for inputs that cannot be sent, `OverBudgetError` above the budget, and
        `InputError` while another run of this form is going on; nothing was sent then.
        """
        self._needed()
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
        self._show_state()
        return self._run

    def cancel(self) -> None:
        """Cancel the run that is going on, here and at the service; without one nothing happens."""
        if self._run is not None:
            self._run.cancel()

    def _follow(self, progress: Progress) -> None:
        if progress.ended:
            self._ends.append(progress)
            if progress.job is not None:
                current().note(progress.job)
        if self._face is not None:
            self._face.show_progress(progress)

    def show(self, values: Mapping[str, Any]) -> None:
        """Show values that no widget told."""
        if self._face is not None:
            self._face.show_values(values)

    def announce(self) -> None:
        """Show what a change means for the form, and tell everybody who observes it."""
        self._show_state()
        super().announce()

    def _show_state(self) -> None:
        if self._face is not None:
            self._face.show_state()

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

    def __repr__(self) -> str:
        return f"<Form {plain(self.name or self.title, 80)}: {len(self.draft.values)} of {len(self.fields)} inputs set>"

    def _ipython_display_(self) -> None:
        self._where = cell.where()
        self.face.display(self.bundle())

    def bundle(self) -> dict[str, Any]:
        """Draw the form as plain text and as static HTML."""
        can = f"can run: {self.quote}" if self.model else "these values fit the schema"
        parts = (self.title, self.checker.fields, self.values)
        verbs = "set(name=value) fills it in" + (", run() runs it." if self.model else ".")
        return {
            "text/plain": written.as_text(*parts, f"{self.obstacle or can} · {verbs}"),
            "text/html": written.as_html(*parts, f"{self.obstacle or can} · Run this cell to fill it in."),
        }


def form(model: _Source, *, components: Mapping[str, Any] | None = None) -> Form:
    """Make a form of a model's inputs: fill it in, see what it costs, run it, and keep what came back.

    `model` is a model's name, a `Model`, or an input schema as a dict (references are looked up in it and in
    `components`), which then has no Run. Nothing is sent before Run but a look at the catalogue. Raises
    `UnknownNameError` for a model that nobody knows, `InputError` for one without a form.
    """
    return Form(model, components=components)


def _taken(model: object) -> tuple[Model | None, object]:
    if isinstance(model, Mapping | bool):
        return None, model
    if isinstance(model, str):
        model = current().client.model(model)
    if not isinstance(model, Model):
        raise InputError(f"{plain(model, 60)} is no model.", "Give a model's name, a Model, or a schema as a dict.")
    if model.speaks_chat:
        kind, verb = ("vector", "embed") if model.embeds else ("text", "chat")
        what = f"{plain(model.slug, 80)} is a {kind} model: it has no form."
        raise InputError(what, f"Use %%skytells_{verb} {plain(model.slug, 80)}.")
    return model, model.input_schema
