"""What a model thought before it answered: beside the answer, folded away, and named in plain text."""

from __future__ import annotations

from .. import page

_NAME = "reasoning"


def in_front_of(text: str, thoughts: str) -> str:
    """Write thoughts before a text, as plain text that names them."""
    told = thoughts.strip()
    return "\n\n".join(filter(None, (f"{_NAME}: {told}" if told else "", text)))


def folded(drawn: str, *, is_open: bool = False) -> str:
    """Fold thoughts, which are drawn already, away; "" for none."""
    return (
        page.fold(_NAME, f'<div style="opacity:.72;margin-left:.9em">{drawn}</div>', is_open=is_open) if drawn else ""
    )
