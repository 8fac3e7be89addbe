"""The files: real bytes, the same for the same input, and they say that nothing was billed."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest
from PIL import Image

from skytells_nb.local import catalogue, films, jobs, media, pictures, sounds

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
    content = pictures.picture(model="m", prompt=prompt, seed=10**30, index=0, count=1, ratio="9:16")
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
