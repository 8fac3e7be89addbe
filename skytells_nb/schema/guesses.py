"""What a schema leaves to be guessed from its words: which medium a link is of, and whether a text is a long one."""

from __future__ import annotations

import re
from typing import Any

from .shapes import count, text

_MEDIUM = re.compile(
    r"\b(?:(?P<image>images?|img|masks?|pictures?|photos?|photographs?|faces?|portrait|selfie|sketch|drawing|painting"
    r"|logo|frame|screenshot|png|jpe?g|webp)"
    r"|(?P<audio>audio|voices?|songs?|speech|sounds?|music|vocals?|speaker|recording|instrumental|wav|mp3|flac|ogg)"
    r"|(?P<video>videos?|clips?|movie|film|footage|mp4|webm|mov))\b"
)
_LONG = re.compile(
    r"\b(prompts?|texts?|lyrics|descriptions?|instructions?|captions?|scripts?|messages?|story|transcript|context"
    r"|content|question|markdown|template)( \d+)?$"
)
_LONG_FORMATS = frozenset({"textarea", "multiline", "markdown"})
_ONE_LINE = 200
"""Characters that a box of one line is still good for."""


def media(name: str, schema: dict[str, Any]) -> str:
    """Say of which medium a link is: image, audio, video, or "" if no word tells.

    What the schema declares counts first, then the last such word of the name or title, then the first of the help.
    """
    declared = _MEDIUM.match(text(schema.get("contentMediaType")))
    if declared:
        return declared.lastgroup or ""
    for spoken in (name, text(schema.get("title"))):
        if found := list(_MEDIUM.finditer(_spoken(spoken))):
            return found[-1].lastgroup or ""
    helped = _MEDIUM.search(_spoken(text(schema.get("description"))))
    return helped.lastgroup or "" if helped else ""


def is_long(name: str, schema: dict[str, Any]) -> bool:
    """Say whether a text may need several lines."""
    form = text(schema.get("format"))
    if form in _LONG_FORMATS or "\n" in text(schema.get("default")):
        return True
    most = count(schema.get("maxLength"))
    if most is not None:
        return most > _ONE_LINE
    return not form and "pattern" not in schema and bool(_LONG.search(_spoken(name)))


def _spoken(name: str) -> str:
    """Write `inputImage_2` as `input image 2`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+|(?<=[a-zA-Z])(?=\d+$)", " ", name[:2000]).lower().strip()
