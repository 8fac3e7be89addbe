"""What a person prefers for this kernel: one value, which `%config SkytellsMagics` changes and everything reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..api.text_calls import DEFAULT_CHAT_MODEL
from ..errors import UnknownNameError

Format = Literal["markdown", "text", "json", "code", "dataframe", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Defaults of the magics and of what is shown.

    `model`, `system`, `temperature`, `max_tokens` and `format` are those of a chat that names none; `window` is how
    many tokens of a thread go along with a question; `quiet` shows nothing unless asked; `timeout` is seconds, None
    for each verb's own. `picture_bytes` is what the pictures of one result may take in the notebook, `sound_bytes` what
    one sound may; `media_folder` where results are kept, "" for the folder of the settings; `key_guard` stops cells
    that hold an API key. `value_characters` is what one {{value}} may take in a prompt.
    """

    model: str = DEFAULT_CHAT_MODEL
    system: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    format: Format = "markdown"
    window: int = 16_000
    quiet: bool = False
    timeout: float | None = None
    picture_bytes: int = 200_000
    sound_bytes: int = 1_000_000
    media_folder: str = ""
    key_guard: bool = True
    value_characters: int = 100_000


_current = Preferences()


def current() -> Preferences:
    """Give what is preferred now."""
    return _current


def use(chosen: Preferences) -> None:
    """Prefer this from now on."""
    global _current
    _current = chosen


def format_named(word: str) -> Format:
    """Read the name of a format; raises `UnknownNameError`, with the nearest one, for any other word."""
    found = next((name for name in FORMATS if name == word.lower()), None)
    if found is None:
        raise UnknownNameError.of("format", word, FORMATS)
    return found
