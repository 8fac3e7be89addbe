"""`%config SkytellsMagics.model = "gpt-5"`: what a person prefers, as IPython sets, checks and lists it."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from typing import Any

from IPython.core.magic import Magics, magics_class
from traitlets import Bool, Enum, Float, Int, TraitError, Unicode, observe, validate
from traitlets.config import Config

from .. import preferences
from ..preferences import FORMATS, Preferences

_DEFAULT = Preferences()


@magics_class
class SkytellsMagics(Magics):
    """Defaults of the Skytells magics, and of what is shown."""

    model = Unicode(_DEFAULT.model, help="The model of a chat that names none.").tag(config=True)
    system = Unicode(_DEFAULT.system, help="How models should behave, in chats that do not say.").tag(config=True)
    temperature = Float(None, allow_none=True, help="0 (steady) to 2 (wild).").tag(config=True)
    max_tokens = Int(None, allow_none=True, help="The longest answer, in tokens.").tag(config=True)
    format = Enum(FORMATS, _DEFAULT.format, help="How an answer is shown.").tag(config=True)
    window = Int(_DEFAULT.window, help="Tokens of a thread that go along with a question.").tag(config=True)
    quiet = Bool(_DEFAULT.quiet, help="Show nothing; values are still returned.").tag(config=True)
    timeout = Float(None, allow_none=True, help="Seconds to wait.").tag(config=True)
    picture_bytes = Int(_DEFAULT.picture_bytes, help="What a result's pictures may take in the notebook.").tag(
        config=True
    )
    sound_bytes = Int(_DEFAULT.sound_bytes, help="What one sound may take in the notebook.").tag(config=True)
    media_folder = Unicode(_DEFAULT.media_folder, help="Where results are kept.").tag(config=True)
    key_guard = Bool(_DEFAULT.key_guard, help="Stop cells that hold an API key.").tag(config=True)

    value_characters = Int(_DEFAULT.value_characters, help="What one {{value}} may take in a prompt.").tag(config=True)

    _is_made = False

    def __init__(self, shell: Any = None) -> None:
        super().__init__(shell)
        self._is_made = True

    def _load_config(self, cfg: Config, section_names: Any = None, traits: Any = None) -> None:
        """Take over what is configured; one that cannot be is told while the extension loads, and left out.

        IPython keeps what `%config` was refused, and a profile may say anything: loading goes on all the same.
        """
        if self._is_made:
            super()._load_config(cfg, section_names, traits)
            return
        for name, value in dict(self._find_my_config(cfg)).items():
            try:
                super()._load_config(Config({type(self).__name__: {name: value}}), section_names, traits)
            except TraitError as error:
                warnings.warn(f"SkytellsMagics.{name} is left as it was: {error}", RuntimeWarning, stacklevel=2)

    @observe(*asdict(_DEFAULT))
    def _changed(self, change: Any) -> None:
        preferences.use(replace(preferences.current(), **{change["name"]: change["new"]}))

    @validate("window", "picture_bytes", "sound_bytes", "max_tokens", "timeout", "value_characters", "temperature")
    def _not_below_nothing(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is not None and value < 0:
            raise TraitError(f"{proposal['trait'].name} cannot be below 0.")
        if proposal["trait"].name == "temperature" and value is not None and value > 2:
            raise TraitError("temperature is at most 2.")
        return value
