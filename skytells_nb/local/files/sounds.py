"""A tune for a song: real audio bytes, the same for the same words.

WAV and raw PCM are played here, note by note, from a hash of the words. MP3 cannot be written with the
standard library, so one short tune is shipped and its title tag is written in front of it, which makes the
bytes of every song its own. Mono throughout; no file says anything it does not hold.
"""

from __future__ import annotations

import array
import hashlib
import io
import math
import sys
import wave
from functools import cache
from importlib.resources import files

SECONDS = 4
_NOTES = 10
_PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16)
_LONGEST_TITLE = 120


def song(*, lyrics: str, style: str, audio_format: str, sample_rate: int) -> bytes:
    """Return the bytes of a four-second tune as `mp3`, `wav` or `pcm` (16-bit little-endian mono samples)."""
    seed = hashlib.sha256(repr((lyrics, style)).encode()).digest()
    match audio_format:
        case "wav":
            file = io.BytesIO()
            with wave.open(file, "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(sample_rate)
                out.writeframes(_samples(seed, sample_rate))
            return file.getvalue()
        case "pcm":
            return _samples(seed, sample_rate)
        case _:
            first = next((line.strip() for line in lyrics.splitlines() if line.strip(" []")), "untitled")
            return tagged(_tune(), f"Skytells sandbox: {first}", seed.hex())


def tagged(mp3: bytes, title: str, comment: str) -> bytes:
    """`mp3` with an ID3v2.3 tag in front that carries a title, an album and a comment."""
    frames = b"".join(
        (
            _frame(b"TIT2", b"\x01" + title[:_LONGEST_TITLE].encode("utf-16")),
            _frame(b"TALB", b"\x00Nothing was billed"),
            _frame(b"COMM", b"\x00eng\x00" + comment.encode("latin-1", "replace")),
        )
    )
    # The size in the header is written in four bytes of seven bits.
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frames + mp3


def _frame(name: bytes, text: bytes) -> bytes:
    return name + len(text).to_bytes(4, "big") + b"\x00\x00" + text


@cache
def _tune() -> bytes:
    return files(__package__).joinpath("data", "tune.mp3").read_bytes()


def _samples(seed: bytes, rate: int) -> bytes:
    """Ten bell-like notes of a pentatonic scale, each fading into the next."""
    total = SECONDS * rate
    mixed = [0.0] * total
    root = 220.0 * 2 ** (seed[0] % 7 / 12)
    for number in range(_NOTES):
        tone = root * 2 ** (_PENTATONIC[seed[number + 1] % len(_PENTATONIC)] / 12)
        start = number * total // (_NOTES + 1)
        length = min(int(rate * 0.9), total - start)
        turn = 2 * math.pi * tone / rate
        attack = max(1, rate // 80)
        for n in range(length):
            fade = (1 - n / length) ** 2 * min(1.0, n / attack)
            mixed[start + n] += fade * (math.sin(turn * n) + 0.35 * math.sin(2 * turn * n))
    loudest = max(1e-9, max(abs(value) for value in mixed))
    samples = array.array("h", (round(24_000 * value / loudest) for value in mixed))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
