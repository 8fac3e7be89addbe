"""What media models are asked for and what each job is owed: a price list of the tests' own, and work drawn from it.

Nothing of the package is used here. The rates were read off the catalogue by a person; each quantity is drawn first and
the request written after it, so no request is ever interpreted. `lab-…` are the models of `variants`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

LINK = "https://example.org/{}.png"


@dataclass(frozen=True, slots=True)
class Work:
    """A job: its inputs, what is owed for it by the price list (None: nobody can say), and what it makes.

    `short` where it makes less than it was asked for: what came back is owed.
    """

    model: str
    values: dict[str, Any]
    owed: Fraction | None
    outputs: int = 1
    milliseconds: int = 1200
    currency: str = "USD"
    short: bool = False


Draw = Callable[[Random], Work]
_WORDS = {"prompt": "a red fox"}


def _flat(slug: str, rate: str, **values: Any) -> Draw:
    """Price each job the same."""
    asked = values or _WORDS
    return lambda _: Work(slug, dict(asked), Fraction(rate))


def _counted(slug: str, rate: str, field: str, most: int) -> Draw:
    """Price each output; one is the default, and may be left out of the request."""

    def draw(random: Random) -> Work:
        number = random.randint(1, most)
        named = {field: number} if number > 1 or random.random() < 0.5 else {}
        made = random.randint(1, number) if random.random() < 0.1 else number
        return Work(slug, _WORDS | named, Fraction(rate) * made, made, short=made < number)

    return draw


def _timed(slug: str, rate: str, field: str, lengths: tuple[int, ...], usual: int, *, as_text: bool = False) -> Draw:
    """Price each second asked for; the usual length may be left out of the request."""

    def draw(random: Random) -> Work:
        length = random.choice(lengths)
        named = {field: str(length) if as_text else length} if length != usual or random.random() < 0.5 else {}
        return Work(slug, _WORDS | named, Fraction(rate) * length)

    return draw


def _truefusion_2(random: Random) -> Work:
    if random.random() < 0.4:
        return Work("truefusion-2", _WORDS | {"resolution": "720p"}, Fraction("0.07"))
    return Work("truefusion-2", _WORDS | random.choice([{}, {"resolution": "1080p"}]), Fraction("0.10"))


def _optima(random: Random) -> Work:
    milliseconds = random.randint(1, 60_000)
    return Work("truefusion-optima", dict(_WORDS), Fraction("0.008") * Fraction(milliseconds, 1000), 1, milliseconds)


_AREAS = {"0.5 MP": "0.5", "1 MP": "1", "2 MP": "2", "4 MP": "4"}


def _flux_pro(random: Random) -> Work:
    if random.random() < 0.4:
        wide, high = random.randint(256, 2048), random.randint(256, 2048)
        sides = {"aspect_ratio": "custom", "width": wide, "height": high}
        return Work("FLUX.2-pro", _WORDS | sides, Fraction("0.02") * Fraction(wide * high, 10**6))
    word = random.choice(sorted(_AREAS))
    named = {} if word == "1 MP" else {"resolution": word}
    return Work("FLUX.2-pro", _WORDS | named, Fraction("0.02") * Fraction(_AREAS[word]))


def _flux_flex(random: Random) -> Work:
    word, number, links = random.choice(sorted(_AREAS)), random.randint(1, 4), random.choice((0, 0, 0, 1, 2))
    values = _WORDS | {"resolution": word, "num_outputs": number}
    if links:  # of how many pixels a picture behind a link is, nobody says
        return Work("flux-2-flex", values | {"input_images": [*map(LINK.format, range(links))]}, None, number)
    return Work("flux-2-flex", values, Fraction("0.06") * Fraction(_AREAS[word]) * number, number)


def _flux_edge(random: Random) -> Work:
    area, number = random.choice(("1", "0.25")), random.randint(1, 4)
    values = _WORDS | {"num_outputs": number} | ({} if area == "1" else {"megapixels": area})
    return Work("flux-1-edge", values, Fraction("0.003") * Fraction(area) * number, number)


def _fleet(random: Random) -> Work:
    cards, number = random.randint(1, 8), random.randint(1, 3)
    values = _WORDS | {"num_gpus": cards, "num_outputs": number}
    return Work("sandbox-fleet", values, Fraction("0.05") * cards, number)


def _form(random: Random) -> Work:
    if random.random() < 0.3:
        return Work("sandbox-form", {"quality": "draft", "steps": random.choice((1, 4))}, Fraction("0.002"))
    if random.random() < 0.5:
        return Work("sandbox-form", {"steps": 1}, Fraction("0.001"))
    return Work("sandbox-form", random.choice([{}, {"quality": "best", "steps": 8}]), Fraction("0.01"))


def _veo_fast(random: Random) -> Work:
    length, sound = random.choice((4, 6, 8)), random.choice((True, False))
    values = _WORDS | {"duration": length} | ({} if sound else {"generate_audio": False})
    return Work("veo-3.1-fast", values, Fraction("0.17" if sound else "0.13") * length)


def _reel(random: Random) -> Work:
    halves, fast = random.randint(1, 120), random.random() < 0.5
    begun = -(-halves // 10)
    length = halves // 2 if halves % 2 == 0 else halves / 2
    values = _WORDS | {"duration": length, "fps": 60 if fast else 24}
    return Work("sandbox-reel", values, Fraction("0.15" if fast else "0.1") * begun)


def _voice(random: Random) -> Work:
    if random.random() < 0.2:  # nobody says how long it is
        return Work("sandbox-voice", {"text": "Hello"}, None)
    length = random.randint(1, 30)
    return Work("sandbox-voice", {"text": "Hello", "duration_seconds": length}, Fraction("0.005") * length)


def _podcast(random: Random) -> Work:
    length = random.choice((10, 59, 60, 61, 120, 3599, 3600))
    values = {"script": "Hello", "speakers": [{"name": "Ada"}]} | ({} if length == 60 else {"duration": length})
    return Work("sandbox-podcast", values, Fraction("0.03") * -(-length // 60))


def _by_tokens(slug: str, field: str) -> Draw:
    """Price tokens that nobody counts aloud."""
    return lambda _: Work(slug, {field: "a few words"}, None)


def _first_match(random: Random) -> Work:
    number = random.randint(1, 3)
    fine, one, raw = (random.random() < 0.4 for _ in range(3))
    values = _WORDS | {"num_outputs": number}
    values |= {"hd": True} if fine else random.choice([{}, {"hd": False}])
    values |= {"steps": 1} if one else random.choice([{}, {"steps": 4}])
    values |= {"style": "raw"} if raw else {}
    each = "0.09" if fine else "0.011" if one else "0.05"
    owed = Fraction("0.02") if raw and not fine and not one else Fraction(each) * number
    return Work("lab-first-match", values, owed, number)


def _odd_operator(random: Random) -> Work:
    if random.random() < 0.5:
        return Work("lab-operator", _WORDS | {"style": "raw"}, Fraction("0.02"))
    return Work("lab-operator", dict(_WORDS), None)


def _formula(random: Random) -> Work:
    wide, high, number = random.randint(64, 4096), random.randint(64, 4096), random.randint(1, 4)
    values = _WORDS | {"width": wide, "height": high, "num_outputs": number}
    return Work("lab-formula", values, Fraction("0.011") * Fraction(wide * high, 10**6) * number, number)


_NAMED = {
    ("720p", "16:9"): 1280 * 720,
    ("1080p", "9:16"): 1080 * 1920,
    ("1024x1536", "2:3"): 1024 * 1536,
    ("640 x 360", "16:9"): 640 * 360,
}


def _lines(random: Random) -> Work:
    word, ratio = random.choice(sorted(_NAMED))
    values = _WORDS | {"resolution": word, "aspect_ratio": ratio}
    return Work("lab-lines", values, Fraction("0.0123") * Fraction(_NAMED[word, ratio], 10**6))


def _euro(random: Random) -> Work:
    return Work("lab-euro", dict(_WORDS), Fraction("0.07"), currency="EUR")


DRAWS: tuple[Draw, ...] = (
    _counted("truefusion", "0.03", "number_of_images", 4),
    _counted("truefusion-pro", "0.04", "num_outputs", 4),
    _flat("truefusion-edge", "0.01"),
    _truefusion_2,
    _counted("truefusion-ultra", "0.15", "num_images", 4),
    _optima,
    _flux_pro,
    _flux_flex,
    _flux_edge,
    _counted("gpt-image-1", "0.002", "n", 10),
    _flat("imagen-4", "0.04"),
    _fleet,
    _form,
    _flat("sandbox-archive", "0.03"),
    _timed("truefusion-video", "0.112", "duration", tuple(range(2, 11)), 5),
    _timed("truefusion-video-pro", "0.196", "duration", (5, 10), 5),
    _flat("veo-3.1", "3.0"),
    _veo_fast,
    _flat("sora-2", "2.5"),
    _flat("mera", "2.0"),
    _flat("lumo", "1.12", image=LINK.format("lumo")),
    _flat("lipfusion", "0.6", image=LINK.format("face"), audio="https://example.org/voice.mp3"),
    _timed("sandbox-clip", "0.02", "seconds", (2, 4, 8), 2, as_text=True),
    _reel,
    _flat("beatfusion-2.0", "0.75", lyrics="[verse]"),
    _flat("beatfusion-1.0", "0.45", lyrics="[verse]"),
    _counted("sandbox-jingle", "0.02", "num_outputs", 4),
    _voice,
    _podcast,
    _by_tokens("sandbox-narrator", "text"),
    _by_tokens("sandbox-songbook", "lyrics"),
    _by_tokens("sandbox-studio", "prompt"),
    _first_match,
    _flat("lab-flag", "0.03", prompt="a red fox", flag=True),
    _odd_operator,
    lambda _: Work("lab-moonbeam", dict(_WORDS), None),
    _flat("lab-free", "0"),
    _euro,
    _counted("lab-tiny", "0.0000001", "num_outputs", 4),
    lambda _: Work("lab-spoilt", dict(_WORDS), None),
    lambda _: Work("lab-silent", dict(_WORDS), None),
    _formula,
    _lines,
    _flat("lab-quoted", "0.015"),
)
