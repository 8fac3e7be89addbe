"""The magics of the media models: running one, and its form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import line_cell_magic, line_magic, magics_class, no_var_expand

from ...api.inline import file
from ...errors import InputError, plain
from ..predicting import begin, predict
from ..session import current
from .inputs import inputs_of
from .interpolate import expand, value_of
from .line_reader import LineReader
from .specs import FORM, PREDICT

if TYPE_CHECKING:
    from ...api.values import Model, Prediction
    from ..forms.form import Form
    from .command import Command


@magics_class
class PredictMagics(LineReader):
    """Predictions and forms."""

    def _inputs(self, read: Command, model: Model, body: str = "") -> dict[str, Any]:
        return inputs_of(read, model.fields, lambda text: value_of(text, self._names), file, body)

    @no_var_expand
    @line_cell_magic
    def skytells_predict(self, line: str, body: str | None = None) -> Prediction | Any:
        read = self._read(line, PREDICT)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_predict needs a model.", "%skytells_models lists them.")
        session, model = current(), read.words[0]
        known = session.client.model(model)
        if known.speaks_chat:
            what = f"{plain(model, 80)} is a text model: it runs no predictions."
            raise InputError(what, f"Use %%skytells_chat {plain(model, 80)}.")
        values = self._inputs(read, known, expand((body or "").strip(), self._names))
        if "quote" in read.options:
            return self._give(read, session.client.quote(model, values))
        options = {name: read.options[name] for name in ("tag", "timeout", "quiet", "fresh") if name in read.options}
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
        read = self._read(line, FORM)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_form needs a model.", "%skytells_models lists them.")
        from ..forms.form import form

        model = current().client.model(read.words[0])
        made = form(model)
        if values := self._inputs(read, model):
            made.load(values)
        return cast("Form", self._give(read, made))
