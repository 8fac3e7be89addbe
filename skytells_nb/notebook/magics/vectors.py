"""The magic that turns texts into vectors: those of the body, a line each, or those of a list or Series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from ...api.text_calls import first_embedder
from ...errors import InputError
from ...settings import embedding_model
from .. import preferences
from ..session import current
from .line_reader import LineReader, is_quiet
from .pointing import pointing_into
from .specs import EMBED

if TYPE_CHECKING:
    from .command import Command


@magics_class
class VectorMagics(LineReader):
    """Embeddings."""

    @no_var_expand
    @line_cell_magic
    def skytells_embed(self, line: str, body: str | None = None) -> Any:
        read = self._read(line, EMBED, body)
        if read is None:
            return None
        with pointing_into(read):
            return self._embedded(read, body)

    def _embedded(self, read: Command, body: str | None) -> Any:
        *before, last = ("", *read.words)
        if body is None and not read.words:
            raise InputError("There is nothing to embed.", "%skytells_embed {{texts}}, or %%skytells_embed and a body.")
        if body is not None and len(read.words) > 1:
            raise InputError("The texts are given twice, on the line and as the body.", "Keep one of them.")
        named, given = (last, body.strip()) if body is not None else (before[-1], last)
        texts, model = texts_of(self._value(given)), self._expand(named) or None
        client = current().client
        options = {name: read.options[name] for name in ("dimensions", "tag", "timeout") if name in read.options}
        if (preferred := preferences.current().timeout) is not None:
            options.setdefault("timeout", preferred)
        quiet = is_quiet(read)
        if "quote" in read.options:
            return self._give(read, client.quote(embedding_model(model) or first_embedder(client.models()), texts))
        found = client.embed(texts, model=model, **options)
        frame = self._give(read, found.to_frame())
        if quiet:
            return None if "out" in read.options else frame
        from IPython.display import display

        display(found)  # type: ignore[no-untyped-call]
        return frame


def texts_of(given: Any) -> Any:
    """Give the lines of a text that are not empty; a list of texts stays as it is."""
    return [line.strip() for line in given.splitlines() if line.strip()] if isinstance(given, str) else given
