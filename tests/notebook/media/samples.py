"""A file of every kind that a model may give back, as real as its bytes need to be."""

from __future__ import annotations

import io
import json
import wave
import zipfile
from typing import Any

from PIL import Image

from skytells_nb.api.values import Prediction, Status
from skytells_nb.local.files.films import film
from skytells_nb.local.files.sounds import song
from tests.notebook.conftest import png

MP3 = b"ID3\x04\x00\x00" + bytes(200)
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(200)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1"><circle r="9"/></svg>'
PAGE = b"<!doctype html><title>x</title><script>window.ran = 1</script>"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
GLB = b"glTF\x02\x00\x00\x00" + bytes(500)
OBJ = b"# a triangle\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
CSV = b"name,legs,weight\nfox,4,6.5\nwren,2,0.01\nsnake,0,1.2\n"
JSON = json.dumps({"label": "fox", "score": 0.93, "box": [12, 30, 200, 240], "more": {"tail": True}}).encode()
TEXT = b"A red fox in the snow.\nIt looks at the camera.\n"
UNKNOWN = b"\x00\x01\x02\x03" * 100


def job(*links: str, prompt: str = "A red fox!", **more: Any) -> Prediction:
    """Make a succeeded prediction of a service on this machine, with these outputs."""
    facts: dict[str, Any] = {"model": "truefusion-pro", "input": {"prompt": prompt}, "sandbox": True, **more}
    return Prediction(facts.pop("id", "1f3c"), Status.SUCCEEDED, output=links, **facts)


def wav(seconds: float, rate: int = 8_000) -> bytes:
    """Make a silent sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(bytes(2 * int(rate * seconds)))
    return file.getvalue()


def mp3() -> bytes:
    """Make a sound that plays."""
    return song(lyrics="la", style="jazz", audio_format="mp3", sample_rate=44_100)


def mp4() -> bytes:
    """Make a film that plays."""
    return film(model="veo", prompt="a fox", seed=1)


def archive() -> bytes:
    """Make a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("a.txt", "a")
    return file.getvalue()


def animation(
    frames: int = 6, size: tuple[int, int] = (120, 80), kind: str = "GIF", *, duration: int = 50, noise: bool = False
) -> bytes:
    """Paint a moving picture: a bar that goes from left to right, or noise."""
    painted = []
    for number in range(frames):
        frame = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, "navy")
        left = size[0] * number // frames
        frame.paste("orange", (left, 0, left + size[0] // frames, size[1]))
        painted.append(frame)
    file = io.BytesIO()
    painted[0].save(file, kind, save_all=True, append_images=painted[1:], duration=duration, loop=0)
    return file.getvalue()


def photograph(side: int = 2_000, grain: int = 60) -> bytes:
    """Paint a picture as large and as full of detail as a photograph by night; 2,000 a side are 4 megapixels."""
    light = Image.linear_gradient("L").resize((side, side))
    bands = [Image.blend(light.rotate(90 * turn), Image.effect_noise((side, side), grain), 0.6) for turn in range(3)]
    file = io.BytesIO()
    Image.merge("RGB", bands).save(file, "JPEG", quality=90)
    return file.getvalue()


def every_kind() -> dict[str, bytes]:
    """Give a file of each kind by the name that its link ends in."""
    return {
        "picture.png": png(640, 420),
        "see-through.png": png(300, 200, "LA"),
        "moving.gif": animation(),
        "broken.png": png(300, 200)[:2_000],
        "sound.wav": wav(1.5),
        "song.mp3": mp3(),
        "film.mp4": mp4(),
        "text.txt": TEXT,
        "result.json": JSON,
        "table.csv": CSV,
        "drawing.svg": SVG,
        "page.html": PAGE,
        "paper.pdf": PDF,
        "files.zip": archive(),
        "model.glb": GLB,
        "model.obj": OBJ,
        "what.bin": UNKNOWN,
    }
