"""What became of a run, in words and as HTML. Pure, but for the sounds and films that it reads to embed them.

The line of a run that goes on is in two parts: words, which change seldom and are announced, and numbers, which change
all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from ...api.sniff import Kind
from ...errors import MediaError, StillRunningError
from ...schema.fields import Field, TextField
from .. import page
from ..jobs.endings import caption, drawn
from ..jobs.progress import Progress
from ..live import progress_bundle
from ..media import kinds
from ..media.cards import embedded
from ..media.gallery import gallery
from ..media.kept import Kept
from ..media.thumbnails import thumbnail

PLAYED = 8_000_000
"""Bytes of the sounds and films of one result that are embedded in a live form."""

SMALL = 160
"""Pixels of the side of a run's picture in the list of runs."""

_SMALL_BUDGET = 10_000


def words(progress: Progress) -> str:
    """Say which model is how far, as announced: without numbers."""
    said = "no longer waited for" if isinstance(progress.error, StillRunningError) else progress.doing
    return " · ".join(filter(None, (page.cut(progress.model, 80), said, page.cut(progress.waiting, 240))))


def status_html(progress: Progress) -> str:
    """Draw the announced part of a run's line."""
    return f'<div role="status">{page.text(words(progress))}</div>'


def meter_html(progress: Progress) -> str:
    """Draw the part of a run's line that moves: percent, seconds, and a bar."""
    drawn = progress_bundle("", "", progress.percent, progress.elapsed)
    known = "" if progress.percent is None else f' aria-valuenow="{min(100.0, max(0.0, progress.percent)):.0f}"'
    line = page.attribute(drawn["text/plain"])
    name = f'aria-label="how far it is" aria-valuetext="{line}"'
    return f'<div role="progressbar" {name} aria-valuemin="0" aria-valuemax="100"{known}>{drawn["text/html"]}</div>'


def trouble_html(line: str) -> str:
    """Draw what went wrong; it is announced at once."""
    return f'<div role="alert">{page.text(page.cut(line, 600))}</div>' if line else ""


def result_html(end: Progress) -> str:
    """Draw a result for a widget, where no link leads to a file: what can be played is embedded."""
    if end.job is None or end.state != "succeeded":
        return ""
    return gallery(end.job, tuple(_playable(end.kept)), links=False)[0]


def lasting(end: Progress, code: str, earlier: Iterable[str] = ()) -> dict[str, str]:
    """Draw a run for the notebook's file: its result and caption, the code that made it, and earlier runs' captions.

    It is in a div of the class skytells-lasting.
    """
    html, text = drawn(end)
    lines = [page.cut(line, 300) for line in earlier]
    past = f"{page.caption('Earlier runs:')}{''.join(map(page.caption, lines))}" if lines else ""
    plainly = [text, code, "Earlier runs:" if lines else "", *lines]
    return {
        "text/plain": page.visible("\n".join(filter(None, plainly))),
        "text/html": f'<div class="skytells-lasting">{page.box(html, page.pre(code) if code else "", past)}</div>',
    }


def numbered(number: int, end: Progress) -> str:
    """Write one line about a run, with its number."""
    return f"Run {number} · {caption(end)}"


def lines_html(lines: Sequence[str], most: int) -> str:
    """Draw runs as lines, of which `most` are shown."""
    more = f"and {len(lines) - most} more" if len(lines) > most else ""
    return "".join(f"<div>{page.text(page.cut(line, 300))}</div>" for line in (*lines[:most], more) if line)


def small_html(number: int, end: Progress, about: str = "") -> str:
    """Draw a run for the list of runs: a small picture or a sign, what it was `about`, and its caption."""
    title = " · ".join(filter(None, (f"Run {number}", page.cut(about, 80))))
    picture = next(filter(None, (_small(kept, title) for kept in end.kept)), "") or _sign(end)
    line = f'<div style="min-width:0"><div>{page.text(title)}</div>{page.caption(caption(end))}</div>'
    return f'<div style="display:flex;gap:10px;align-items:flex-start">{picture}{line}</div>'


def about(fields: Iterable[Field], end: Progress) -> str:
    """Find the words that a person would know a run by: its prompt, else its first text that is no secret."""
    texts = {field.name for field in fields if isinstance(field, TextField) and not field.secret}
    known = [end.values.get("prompt"), *(value for name, value in end.values.items() if name in texts)]
    return next((value for value in known if isinstance(value, str) and value.strip()), "")


def _small(kept: Kept, alt: str) -> str:
    picture = kept.thumbnail if kept.kind == "image" else kept.poster
    if picture is None:
        return ""
    with suppress(MediaError):
        small = thumbnail(picture, max_side=SMALL, budget=_SMALL_BUDGET)
        source = embedded(replace(kept, thumbnail=small.data, thumbnail_mime=small.mime))
        label = page.attribute(alt)
        return f'<img src="{source}" alt="{label}" style="width:72px;height:auto;border-radius:3px;flex:none">'
    return ""


def _sign(end: Progress) -> str:
    kind: Kind = next((kept.kind for kept in end.kept), "text")
    sign = kinds.SIGNS[kind] if end.state == "succeeded" else "✕"
    style = (
        f"width:72px;height:48px;line-height:48px;text-align:center;font-size:1.4em;background:{page.TINT};flex:none"
    )
    return f'<div aria-hidden="true" style="{style}">{sign}</div>'


def _playable(kept: Iterable[Kept], room: int = PLAYED) -> Iterator[Kept]:
    """Embed sounds and films whole, up to `room` bytes taken together."""
    for one in kept:
        if one.kind in ("audio", "video") and one.path is not None and one.size <= room:
            with suppress(OSError):
                data = one.path.read_bytes()
                room -= len(data)
                yield replace(one, thumbnail=data, thumbnail_mime=one.mime)
                continue
        yield one
