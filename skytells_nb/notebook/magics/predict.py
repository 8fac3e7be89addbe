"""The magics of the media models: running one, and its form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import line_cell_magic, line_magic, magics_class, no_var_expand

from ...api.inline import file
from ...errors import InputError, plain
from .. import page, preferences
from ..predicting import begin, predict
from ..session import current
from .inputs import inputs_of
from .line_reader import LineReader, is_quiet
from .pointing import pointing, pointing_into
from .specs import FORM, PREDICT

if TYPE_CHECKING:
    from ...api.values import Model, Prediction
    from ...schema.fields import Field
    from ..forms.form import Form
    from .command import Command


@magics_class
class PredictMagics(LineReader):
    """Predictions and forms."""

    def _inputs(self, read: Command, model: Model, body: str | None = None) -> dict[str, Any]:
        asked = self._prompt(read, (body or "").strip())
        if not all(isinstance(piece, str) for piece in asked):
            what = "The body is the model's main text, which holds no picture."
            raise InputError(what, "Give it to an input that takes a file: name={{picture}}.")
        return inputs_of(read, model.fields, self._value, file, "".join(asked))

    @no_var_expand
    @line_cell_magic
    def skytells_predict(self, line: str, body: str | None = None) -> Prediction | Any:
        read = self._read(line, PREDICT, body, _fields)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_predict needs a model.", "%skytells_models lists them.")
        with pointing_into(read):
            return self._predicted(read, body)

    def _predicted(self, read: Command, body: str | None) -> Prediction | Any:
        session, model = current(), read.words[0]
        known = session.client.model(model)
        if known.speaks_chat:
            with pointing(read.line, read.places[""][0]):
                kind, verb = ("vector", "embed") if known.embeds else ("text", "chat")
                what = f"{plain(model, 80)} is a {kind} model: it runs no predictions."
                raise InputError(what, f"Use %%skytells_{verb} {plain(model, 80)}.")
        values = self._inputs(read, known, body)
        if "quote" in read.options:
            quote = session.client.quote(model, values)
            print(_request(known, values))
            return self._give(read, quote)
        options: dict[str, Any] = {"quiet": is_quiet(read)}
        options |= {name: read.options[name] for name in ("tag", "timeout", "fresh") if name in read.options}
        if (preferred := preferences.current().timeout) is not None:
            options.setdefault("timeout", preferred)
        if "no-wait" in read.options:
            return self._give(read, begin(model, values, **options))
        try:
            return self._give(read, predict(model, values, **options))
        except BaseException as error:
            if (job := getattr(error, "prediction", None)) is not None:
                self._give(read, job)  # its id is the way back to what was paid for
            raise

    @no_var_expand
    @line_magic
    def skytells_form(self, line: str) -> Form | None:
        read = self._read(line, FORM, inputs=_fields)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_form needs a model.", "%skytells_models lists them.")
        from ..forms.form import form

        with pointing_into(read):
            model = current().client.model(read.words[0])
            made = form(model)
            if values := self._inputs(read, model):
                made.load(values)
            return cast("Form", self._give(read, made))


def _fields(model: str) -> tuple[Field, ...]:
    return current().client.model(model).fields


def _request(model: Model, values: dict[str, Any]) -> str:
    """Write what a prediction would send: files by their paths, secrets left out."""
    from ..recipe import json_text  # which reads magics' lines, and so needs this package

    asked = {"model": model.slug, "input": json.loads(json_text(values, model.fields))}
    return page.request("POST /predictions", asked)
