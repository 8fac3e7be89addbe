"""Make the two media files the sandbox ships: a four-second tune (MP3) and a two-second clip (H.264 MP4).

Run by a developer, never by the tests: `python tests/tools/make_media.py`. Needs PyAV and Pillow; writes into
`skytells_nb/local/files/data/`.
"""

from __future__ import annotations

import array
import io
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from PIL import Image, ImageDraw, ImageFont

DATA = Path(__file__).resolve().parents[2] / "skytells_nb" / "local" / "files" / "data"
RATE = 44_100
FRAMES_PER_SECOND = 24
WIDTH, HEIGHT = 320, 180


def samples() -> array.array[int]:
    """Play a little tune: eight bells over a soft chord."""
    total = 4 * RATE
    mixed = [0.0] * total
    notes = [(n * 0.42, 440.0 * 2 ** (step / 12), 1.0, 1.1) for n, step in enumerate((0, 4, 7, 12, 9, 7, 4, 0))]
    chord = [
        (at, 220.0 * 2 ** (step / 12), 0.35, 1.9) for at, steps in ((0, (0, 4, 7)), (1.7, (-3, 0, 5))) for step in steps
    ]
    for at, tone, loud, seconds in notes + chord:
        start, length = int(at * RATE), int(seconds * RATE)
        for n in range(min(length, total - start)):
            fade = (1 - n / length) ** 2 * min(1.0, n / 500)
            turn = 2 * math.pi * tone * n / RATE
            mixed[start + n] += loud * fade * (math.sin(turn) + 0.3 * math.sin(2 * turn))
    loudest = max(map(abs, mixed))
    return array.array("h", (round(22_000 * value / loudest) for value in mixed))


def make_tune() -> bytes:
    """Encode the tune without a tag of its own; the sandbox writes one in front."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"id3v2_version": "0", "write_xing": "0"}) as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 64_000
        played, step, at = samples(), 1152, 0
        while at < len(played):
            part = played[at : at + step]
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(part))
            frame.sample_rate, frame.pts = RATE, at
            frame.planes[0].update(part.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            resampled = av.AudioResampler(format="s16p", layout="mono", rate=RATE).resample(frame)
            for ready in resampled:
                ready.pts = at
                out.mux(stream.encode(ready))
            at += step
        out.mux(stream.encode(None))
    return file.getvalue()


def picture(number: int, count: int) -> Image.Image:
    """Draw one frame: a sun crossing over two hills, and the words that say what this is."""
    turn = number / count
    image = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), "#12294a")
    draw = ImageDraw.Draw(image)
    x, y = 2 * WIDTH * (0.1 + 0.8 * turn), 2 * HEIGHT * (0.55 - 0.35 * math.sin(math.pi * turn))
    for radius, tone in ((70, "#1d3d63"), (44, "#ffcf70")):
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=tone)
    for base, tone, shift in ((0.62, "#2f7f79", 0.0), (0.74, "#0d4a4b", 2.0)):
        line = [
            (px, 2 * HEIGHT * (base + 0.06 * math.sin(px / 90 + shift + 2 * math.pi * turn)))
            for px in range(0, 2 * WIDTH + 8, 8)
        ]
        draw.polygon([*line, (2 * WIDTH, 2 * HEIGHT), (0, 2 * HEIGHT)], fill=tone)
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(small)
    draw.text((14, 146), "Skytells sandbox: nothing was billed", font=ImageFont.load_default(size=15), fill="white")
    return small


def make_clip() -> bytes:
    """Encode two seconds of it, with the index in front so that a player can start at once."""
    # A file and not a buffer: moving the index to the front reads the file again.
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        encode_clip(file)
        return file.read_bytes()


def encode_clip(file: Path) -> None:
    """Write the clip to `file`."""
    with av.open(str(file), "w", format="mp4", options={"movflags": "faststart"}) as out:
        stream = out.add_stream(
            "libx264", rate=FRAMES_PER_SECOND, options={"crf": "30", "preset": "veryslow", "profile": "main"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        count = 2 * FRAMES_PER_SECOND
        for number in range(count):
            out.mux(stream.encode(av.VideoFrame.from_image(picture(number, count))))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    for name, content in (("tune.mp3", make_tune()), ("clip.mp4", make_clip())):
        (DATA / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
