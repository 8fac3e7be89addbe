"""A picture for a prompt: drawn, not generated, and the same for the same words.

The composition, its colours and every position come from one hash of the model, the input and the picture's
number. Under it stands a band with the prompt, the seed and the line that nothing was billed, so that a saved
picture can never be taken for a model's. The only module that imports Pillow.
"""

from __future__ import annotations

import hashlib
import io
import math
import random
import re
import unicodedata
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORTEST_SIDE = 256
_SMOOTHED_PIXELS = 700_000
_MARGIN = 18
_LINES = 3
_NOTICE = "Skytells sandbox: nothing was billed"
_PALETTES = (
    ("#0b1d3a", "#1f4e79", "#4f9da6", "#ffad5a", "#fff1d0"),
    ("#2b193d", "#6a2c70", "#b83b5e", "#f08a5d", "#f9ed69"),
    ("#10312b", "#1f6650", "#6fb98f", "#ffd97d", "#fff6e5"),
    ("#1b1b2f", "#3f4b7f", "#e43f5a", "#f5a25d", "#fbeec1"),
    ("#22303c", "#4a6670", "#c06c54", "#e8b298", "#f6eee3"),
    ("#0d2b45", "#203c56", "#8d697a", "#d08159", "#ffecd6"),
    ("#132743", "#70416d", "#edc988", "#d7385e", "#fff5e1"),
    ("#003f3a", "#00796b", "#f4b942", "#e4572e", "#fdf3dc"),
)

Canvas = tuple[Image.Image, random.Random, tuple[str, ...]]


def picture(*, model: str, prompt: str, seed: int, index: int, count: int, size: tuple[int, int], form: str) -> bytes:
    """Draw picture `index` (from 0) of `count` with so many pixels across and down, as `png`, `jpg` or `webp`."""
    digest = hashlib.sha256(repr((model, prompt, seed, index)).encode()).digest()
    chance = random.Random(digest)  # noqa: S311 - a repeatable drawing, not a secret
    width, height = (max(side, _SHORTEST_SIDE) for side in size)
    palette = _PALETTES[chance.randrange(len(_PALETTES))]
    compose = chance.choice(_COMPOSITIONS)
    # Drawn at twice the size and reduced: smooth edges without a drawing library. Large ones are smooth enough.
    scale = 2 if width * height <= _SMOOTHED_PIXELS else 1
    canvas = _sky((width * scale, height * scale), palette[0], palette[1 + chance.randrange(2)])
    compose((canvas, chance, palette))
    image = canvas.resize((width, height), Image.Resampling.LANCZOS) if scale > 1 else canvas
    label = f"{model} · seed {seed}" + (f" · {index + 1} of {count}" if count > 1 else "")
    _caption(image, prompt, label)
    return _encoded(image, form)


def _sky(size: tuple[int, int], top: str, bottom: str) -> Image.Image:
    """Return a vertical blend of two colours."""
    strip = Image.new("RGB", (1, 64))
    for y in range(64):
        strip.putpixel((0, y), _mix(top, bottom, y / 63))
    return strip.resize(size, Image.Resampling.BILINEAR)


def _hills(canvas: Canvas) -> None:
    """Return a sun over rows of hills."""
    image, chance, palette = canvas
    draw = ImageDraw.Draw(image)
    width, height = image.size
    radius = min(width, height) * chance.uniform(0.11, 0.19)
    x, y = width * chance.uniform(0.2, 0.8), height * chance.uniform(0.18, 0.34)
    for ring, share in enumerate((1.9, 1.4, 1.0)):
        tone = _mix(palette[1], palette[4], (0.14, 0.3, 1.0)[ring])
        draw.ellipse([x - radius * share, y - radius * share, x + radius * share, y + radius * share], fill=tone)
    rows = 5
    for row in range(rows):
        base = height * (0.38 + 0.1 * row)
        waves = [(chance.uniform(0.6, 2.6), chance.uniform(0, 6.3), chance.uniform(0.02, 0.06)) for _ in range(3)]
        line = [
            (px, base + height * sum(a * math.sin(6.28 * f * px / width + p) for f, p, a in waves))
            for px in range(0, width + 8, 8)
        ]
        tone = _mix(palette[2], palette[0], row / (rows - 1)) if row else _mix(palette[3], palette[2], 0.45)
        draw.polygon([*line, (width, height), (0, height)], fill=tone)


def _tiles(canvas: Canvas) -> None:
    """Return a board of quarter circles and dots."""
    image, chance, palette = canvas
    draw = ImageDraw.Draw(image)
    width, height = image.size
    side = max(width, height) // chance.choice((6, 8))
    for top in range(0, height, side):
        for left in range(0, width, side):
            ground, shape, dot = chance.sample(palette, 3)
            draw.rectangle([left, top, left + side, top + side], fill=ground)
            cx, cy = left + side * chance.randrange(2), top + side * chance.randrange(2)
            for share, tone in ((1.0, shape), (0.5, dot if chance.random() < 0.5 else ground)):
                reach = side * share
                box = [cx - reach, cy - reach, cx + reach, cy + reach]
                start = {(0, 0): 0, (1, 0): 90, (1, 1): 180, (0, 1): 270}[(cx > left, cy > top)]
                draw.pieslice(box, start, start + 90, fill=tone)


def _orbits(canvas: Canvas) -> None:
    """Rings and planets around one point."""
    image, chance, palette = canvas
    draw = ImageDraw.Draw(image)
    width, height = image.size
    cx, cy = width * chance.uniform(0.35, 0.65), height * chance.uniform(0.34, 0.5)
    step = min(width, height) * 0.095
    for _ in range(90):
        x, y, r = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(1.5, 4.5)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=_mix(palette[0], palette[4], chance.uniform(0.3, 0.9)))
    for ring in range(7, 0, -1):
        reach = step * ring
        tone = _mix(palette[1], palette[4], 0.35)
        draw.ellipse([cx - reach, cy - reach, cx + reach, cy + reach], outline=tone, width=3)
        angle, r = chance.uniform(0, 6.28), step * chance.uniform(0.16, 0.42)
        x, y = cx + reach * math.cos(angle), cy + reach * math.sin(angle)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=chance.choice(palette[2:]))
    for share in (0.8, 0.62):
        reach = step * share
        core = palette[3] if share > 0.7 else palette[4]
        draw.ellipse([cx - reach, cy - reach, cx + reach, cy + reach], fill=core)


def _ribbons(canvas: Canvas) -> None:
    """Bands that flow from side to side."""
    image, chance, palette = canvas
    draw = ImageDraw.Draw(image)
    width, height = image.size
    bands, frequency, phase = 11, chance.uniform(0.5, 1.3), chance.uniform(0, 6.28)
    lean, swing = chance.uniform(-0.25, 0.25), height * chance.uniform(0.07, 0.15)
    for band in range(bands):
        base = height * (0.1 + 0.082 * band)
        line = [
            (
                x,
                base + lean * (x - width / 2) + swing * math.sin(6.28 * frequency * x / width + phase + band * 0.33),
            )
            for x in range(0, width + 8, 8)
        ]
        place = band / (bands - 1) * (len(palette) - 1.001)
        tone = _mix(palette[int(place)], palette[int(place) + 1], place % 1)
        draw.polygon([*line, (width, height), (0, height)], fill=tone)


_COMPOSITIONS: tuple[Callable[[Canvas], None], ...] = (_hills, _tiles, _orbits, _ribbons)


def _mix(first: str, last: str, share: float) -> tuple[int, int, int]:
    a, b = ImageColor.getrgb(first), ImageColor.getrgb(last)
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def _caption(image: Image.Image, prompt: str, label: str) -> None:
    """Write the prompt and the notice on a dark band along the foot of the picture."""
    large, small = ImageFont.load_default(size=20), ImageFont.load_default(size=14)
    width, height = image.size
    lines = wrap(_drawable(prompt, large) or "(no prompt)", width - 2 * _MARGIN, large.getlength)
    notes = [label, _NOTICE]
    one_line = "   ·   ".join(notes)
    if small.getlength(one_line) <= width - 2 * _MARGIN:
        notes = [one_line]
    tall = 14 + 26 * len(lines) + 20 * len(notes) + 10
    top = height - tall
    image.paste(
        Image.blend(image.crop((0, top, width, height)), Image.new("RGB", (width, tall), "#0a0f1a"), 0.86),
        (0, top),
    )
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((_MARGIN, top + 11 + 26 * number), line, font=large, fill="#ffffff")
    for number, line in enumerate(notes):
        draw.text((_MARGIN, height - 10 - 20 * (len(notes) - number)), line, font=small, fill="#c9d3e4")


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break `text` into at most three lines no wider than `width`; what does not fit becomes an ellipsis."""
    words, lines = text.split()[:200], [""]
    for word in words:
        joined = f"{lines[-1]} {word}".strip()
        if measure(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        rest = word[:400]
        while measure(rest) > width:
            fits = next(n for n in range(len(rest), 0, -1) if n == 1 or measure(rest[:n]) <= width)
            lines[-1], rest = rest[:fits], rest[fits:]
            lines.append("")
        lines[-1] = rest
        if len(lines) > _LINES:
            break
    if len(lines) <= _LINES and len(text.split()) <= 200:
        return lines
    last = lines[_LINES - 1] if len(lines) >= _LINES else lines.pop()
    while last and measure(last + " …") > width:
        last = last[:-1]
    return [*lines[: _LINES - 1], last.rstrip(" ,.;:") + " …"]


def _drawable(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return the text without the accents the font lacks, and with `…` for what it cannot draw at all."""
    missing = bytes(font.getmask("\uffff"))

    def known(char: str) -> bool:
        return char.isspace() or (char.isprintable() and bytes(font.getmask(char)) != missing)

    kept = []
    for char in text[:1200]:
        plain = char if known(char) else unicodedata.normalize("NFKD", char)[0]
        kept.append(plain if known(plain) else "\0")
    return re.sub("\0+", "…", "".join(kept))


def _encoded(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    match form:
        case "jpg":
            image.save(file, "JPEG", quality=85)
        case "webp":
            image.save(file, "WEBP", quality=85, method=2)
        case _:
            large = image.width * image.height > _SMOOTHED_PIXELS
            image.save(file, "PNG", optimize=not large)
            if file.tell() > 140_000:
                file = io.BytesIO()
                image.quantize(192, dither=Image.Dither.NONE).save(file, "PNG", optimize=not large)
    return file.getvalue()
