"""The files: real bytes, the same for the same input, and they say that nothing was billed."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest
from PIL import Image

from skytells_nb.local.files import films, media, pictures, sounds
from skytells_nb.local.models import catalogue, sizes
from skytells_nb.local.predictions import jobs

RATIOS = {"1:1": (768, 768), "16:9": (768, 432), "9:16": (432, 768), "21:9": (768, 330), "2:3": (512, 768)}


def files(name: str, *, job_id: str = "a", **given: Any) -> list[bytes]:
    """All files of a job."""
    job = jobs.plan(job_id, catalogue.models()[name], given, now=0, pace=1)
    return [media.render(job, index) for index in range(len(job.outputs))]


@pytest.mark.parametrize(("ratio", "size"), RATIOS.items())
def test_a_picture_has_its_ratio(ratio: str, size: tuple[int, int]) -> None:
    """A PNG with 768 pixels on the long side, under 150 kB."""
    (content,) = files("truefusion", prompt="a lighthouse in fog", aspect_ratio=ratio)
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.size) == ("PNG", size)
    assert len(content) < 150_000


def test_many_pictures_stay_small() -> None:
    """Whatever the composition, a picture is under 150 kB."""
    sizes = [len(files("truefusion", prompt=f"picture {n}", aspect_ratio="1:1")[0]) for n in range(8)]
    assert max(sizes) < 150_000


def test_the_same_input_gives_the_same_picture() -> None:
    """Byte for byte, whatever the job's id."""
    assert files("truefusion", prompt="a fox") == files("truefusion", job_id="b", prompt="a fox")


def test_pictures_differ_by_input_seed_and_number() -> None:
    """Four outputs of one job, another seed, another prompt: all different."""
    made = files("truefusion-pro", prompt="a fox", num_outputs=4, seed=7)
    made += files("truefusion-pro", prompt="a fox", seed=8) + files("truefusion-pro", prompt="a hen", seed=7)
    assert len(set(made)) == 6


@pytest.mark.parametrize("prompt", ["", "word " * 800, "x" * 4000, "日本語 🦊 é\n\n\t\0", "‮abc"])
def test_any_prompt_can_be_drawn(prompt: str) -> None:
    """Long, endless, foreign or empty words still make a picture."""
    content = pictures.picture(model="m", prompt=prompt, seed=10**30, index=0, count=1, size=(432, 768), form="png")
    assert content.startswith(b"\x89PNG")


def test_a_caption_fits() -> None:
    """At most three lines, none wider than asked; the last of a long text ends in an ellipsis."""
    lines = pictures.wrap("a fairly long caption " * 30 + "y" * 300, 40, len)
    assert len(lines) == 3
    assert max(map(len, lines)) <= 40
    assert lines[-1].endswith(" …")
    assert pictures.wrap("short", 40, len) == ["short"]
    assert pictures.wrap("z" * 100, 40, len) == ["z" * 40, "z" * 40, "z" * 20]


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_wav_plays_four_seconds(rate: int) -> None:
    """Mono, 16 bits, at the rate asked for, and not silent."""
    (content,) = files("beatfusion-2.0", lyrics="la la", audio_format="wav", sample_rate=rate)
    with wave.open(io.BytesIO(content)) as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate(), sound.getnframes())
        assert shape == (1, 2, rate, 4 * rate)
        assert len(set(sound.readframes(4 * rate))) > 100


def test_pcm_is_the_wav_s_samples() -> None:
    """Raw samples and nothing else."""
    words = {"lyrics": "la la", "sample_rate": 16000}
    (raw,), (whole,) = (
        files("beatfusion-2.0", audio_format="pcm", **words),
        files("beatfusion-2.0", audio_format="wav", **words),
    )
    assert whole.endswith(raw)
    assert len(raw) == 4 * 16000 * 2


def test_an_mp3_carries_its_words_as_title() -> None:
    """An ID3v2.3 tag of the right length with the first line of the lyrics, then MPEG frames."""
    (content,) = files("beatfusion-2.0", lyrics="[verse]\nYour smile lights the sky ☀")
    size = int.from_bytes(bytes(content[6:10]), "big")
    size = (size & 0x7F) | (size & 0x7F00) >> 1 | (size & 0x7F0000) >> 2 | (size & 0x7F000000) >> 3
    assert content[:5] == b"ID3\x03\x00"
    assert content[10 + size : 12 + size] == b"\xff\xfb"
    assert "Skytells sandbox: [verse]".encode("utf-16")[2:] in content[: 10 + size]
    assert b"Nothing was billed" in content[: 10 + size]


def test_songs_differ_by_their_words() -> None:
    """Other lyrics or another style, other bytes, in each format."""
    for form in ("mp3", "wav", "pcm"):
        made = [
            files("beatfusion-2.0", audio_format=form, sample_rate=16000, **words)[0]
            for words in ({"lyrics": "a"}, {"lyrics": "a\nb"}, {"lyrics": "a", "prompt": "jazz"})
        ]
        assert len(set(made)) == 3


def test_a_film_is_mp4_boxes_to_the_last_byte() -> None:
    """Its boxes add up, the index comes before the data, and the last one is what was asked for."""
    (content,) = files("truefusion-video", prompt="rain on a tin roof", seed=5)
    kinds, at = [], 0
    while at < len(content):
        kinds.append(content[at + 4 : at + 8].decode())
        at += int.from_bytes(content[at : at + 4], "big")
    assert at == len(content)
    assert (kinds[0], kinds[-1]) == ("ftyp", "free")
    assert kinds.index("moov") < kinds.index("mdat")
    assert content.endswith(
        b'{"model": "truefusion-video", "prompt": "rain on a tin roof", "seed": 5, "billed": false}'
    )


def test_the_shipped_files_are_small() -> None:
    """A tune under 40 kB and a clip under 20 kB."""
    assert len(sounds.song(lyrics="", style="", audio_format="mp3", sample_rate=1)) < 40_000
    assert len(films.film(model="", prompt="", seed=0)) < 20_000


EXAMPLES: dict[str, Any] = {
    "prompt": "a fox",
    "image": "https://example.org/a.png",
    "audio": "https://example.org/a.mp3",
    "lyrics": "la la",
    "text": "Read this.",
    "script": "Hello.",
    "speakers": [{"name": "Ada"}],
}
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def opened(content: bytes, kind: str) -> bool:
    """Whether the bytes are of this content type, by opening them."""
    match kind:
        case "video/mp4":
            return content[4:8] == b"ftyp"
        case "audio/mpeg":
            return content.startswith(b"ID3")
        case "audio/wav":
            with wave.open(io.BytesIO(content)) as sound:
                return sound.getnframes() > 0
        case _:
            image = Image.open(io.BytesIO(content))
            image.load()
            return FORMATS[str(image.format)] == kind


@pytest.mark.parametrize("model", [m for m in catalogue.models().values() if m.predicts], ids=lambda m: m.namespace)
def test_each_model_makes_real_files(model: catalogue.Model) -> None:
    """As many as asked for, of each format its schema offers, with the right ending and content type."""
    least = {name: EXAMPLES[name] for name in model.schema.get("required", [])}
    asked = [{}]
    for name in ("output_format", "audio_format", "output_type"):
        asked += [{name: choice} for choice in model.schema["properties"].get(name, {}).get("enum", [])]
    for choice in asked:
        job = jobs.plan("a", model, least | choice, now=0, pace=1)
        kind = media.content_type(job)
        content = media.render(job, 0)
        assert kind == "application/octet-stream" or opened(content, kind)
        assert all(path.endswith(f".{jobs.extension(model, job.input)}") for path in job.outputs)
    if model.count_field:
        assert len(jobs.plan("a", model, least | {model.count_field: 3}, now=0, pace=1).outputs) == 3


def test_the_format_follows_the_input_and_the_default() -> None:
    """`jpeg` is `jpg`; a default of a definition's user holds; a multimodal model makes what is asked for."""

    def ending(name: str, **given: Any) -> str:
        return jobs.extension(catalogue.models()[name], {"prompt": "x", **given})

    assert [ending("gpt-image-1"), ending("gpt-image-1", output_format="jpeg")] == ["png", "jpg"]
    assert ending("FLUX.2-pro") == "webp"
    assert [ending("sandbox-studio", output_type=kind) for kind in ("image", "audio", "video")] == ["png", "mp3", "mp4"]


@pytest.mark.parametrize(
    ("name", "given", "size"),
    [
        ("truefusion-optima", {}, (1024, 768)),
        ("truefusion-optima", {"width": 256, "height": 1024}, (256, 1024)),
        ("truefusion-2", {"resolution": "1080p", "aspect_ratio": "16:9"}, (1920, 1080)),
        ("truefusion-2", {"resolution": "720p", "aspect_ratio": "9:16"}, (720, 1280)),
        ("gpt-image-1", {"size": "1536x1024"}, (1536, 1024)),
        ("gpt-image-1", {"size": "auto"}, (768, 768)),
        ("FLUX.2-pro", {"resolution": "1 MP", "aspect_ratio": "4:5"}, (894, 1118)),
        ("FLUX.2-pro", {"resolution": "4 MP", "aspect_ratio": "1:1"}, (1448, 1448)),
        ("FLUX.2-pro", {"aspect_ratio": "custom", "width": 640, "height": 480}, (640, 480)),
    ],
)
def test_a_picture_has_the_size_asked_for(name: str, given: dict[str, Any], size: tuple[int, int]) -> None:
    """Up to 1080p to the pixel; a larger one is drawn smaller, in its ratio."""
    (content,) = files(name, prompt="x", **given)
    assert Image.open(io.BytesIO(content)).size == size


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, (768, 768, "0.589824")),
        ({"aspect_ratio": "match_input_image"}, (768, 768, "0.589824")),
        ({"aspect_ratio": None, "size": None}, (768, 768, "0.589824")),
        ({"width": 512, "height": 256}, (512, 256, "0.131072")),
        ({"width": 512, "height": 256, "size": "2K"}, (2048, 2048, "4.194304")),
        ({"width": 512, "height": 256, "size": "custom"}, (512, 256, "0.131072")),
        ({"width": 512, "height": None}, (768, 768, "0.589824")),
        ({"megapixels": "0.25"}, (500, 500, "0.25")),
        ({"resolution": "720p", "aspect_ratio": "21:9"}, (1680, 720, "1.2096")),
    ],
)
def test_a_size_is_read_from_any_input(values: dict[str, Any], told: tuple[int, int, str]) -> None:
    """Sides count where nothing else says the size; named megapixels are billed as named."""
    size = sizes.size_of(values)
    assert (size.width, size.height, str(size.megapixels)) == told
