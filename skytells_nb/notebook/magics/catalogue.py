"""The magics of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import line_magic, magics_class, no_var_expand

from ...errors import InputError
from ..session import current
from .line_reader import LineReader
from .pointing import pointing_into
from .specs import MODEL, MODELS

if TYPE_CHECKING:
    from ...api.values import Model


@magics_class
class CatalogueMagics(LineReader):
    """What models there are, and what one of them takes."""

    @no_var_expand
    @line_magic
    def skytells_models(self, line: str) -> Any:
        read = self._read(line, MODELS)
        if read is None:
            return None
        from ..render import Catalogue

        with pointing_into(read):
            found = current().models(read.words, read.options.get("type"))
        exact = [model for model in found if read.words == (model.slug,)]
        return self._give(read, current().client.model(exact[0].slug) if exact else Catalogue(found))

    @no_var_expand
    @line_magic
    def skytells_model(self, line: str) -> Model | None:
        read = self._read(line, MODEL)
        if read is None:
            return None
        if not read.words:
            raise InputError("%skytells_model needs a model.", "%skytells_models lists them.")
        return cast("Model", self._give(read, current().client.model(read.words[0])))
