"""Vectors that mean something without a model: texts that share words, or parts of words, point the same way.

Each word and each run of three letters is turned into a direction of plus and minus ones by a hash; a text is the sum
of its directions, words that say more counting more, made one long. The first numbers of such a vector are
themselves one of fewer dimensions. The same text always gets the same vector, and no vector is zero: the weights of a
text add up to an odd number.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    """
    a about an and any are as at be been but by can could did do does for from had has have he her his how i if in into
    is it its me my no not of on or our she so some than that the their them then there these they this to was we were
    what when where which who why will with would you your
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
_TELLING, _PLAIN, _PART = 6, 1, 1
_BATCH = 64


def vectors(inputs: Sequence[str | tuple[int, ...]], space: str, native: int, dimensions: int) -> np.ndarray:
    """Return one row of float32 for each input: the first `dimensions` of `native` in the model's `space`, one long."""
    import numpy as np

    weights = [_weights(given) for given in inputs]
    rows = np.empty((len(inputs), dimensions), np.float32)
    for start in range(0, len(weights), _BATCH):
        batch = weights[start : start + _BATCH]
        places = {feature: place for place, feature in enumerate(dict.fromkeys(f for bag in batch for f in bag))}
        table = np.zeros((len(batch), len(places)), np.float32)
        for row, bag in zip(table, batch, strict=True):
            row[[places[feature] for feature in bag]] = list(bag.values())
        # Whole numbers far below 2**24: the sums are exact in float32, in whatever order they are made.
        rows[start : start + len(batch)] = table @ _directions(places, space, native, dimensions)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    unit: np.ndarray = (rows / lengths[:, None]).astype(np.float32)
    return unit


def _directions(features: Sequence[str] | dict[str, int], space: str, native: int, dimensions: int) -> np.ndarray:
    import numpy as np

    size = (native + 7) // 8
    drawn = b"".join(hashlib.shake_128(f"{space} {feature}".encode()).digest(size) for feature in features)
    bits = np.unpackbits(np.frombuffer(drawn, np.uint8).reshape(len(features), size), axis=1, count=dimensions)
    return bits.astype(np.float32) * 2 - 1


def _weights(given: str | tuple[int, ...]) -> Counter[str]:
    """How much each feature of an input counts; the counts add up to an odd number."""
    found: Counter[str] = Counter()
    if isinstance(given, str):
        text = given.lower()
        for word in _WORD.findall(text):
            found[f"word {word}"] += _PLAIN if word in _COMMON else _TELLING
            if word not in _COMMON:
                padded = f" {word} "
                for start in range(len(padded) - 2):
                    found[f"part {padded[start : start + 3]}"] += _PART
        exact = f"text {given}"
    else:
        for token in given:
            found[f"token {token}"] += _TELLING
        exact = f"tokens {given}"
    # What tells two texts of the same words apart.
    found[exact] += 1 if found.total() % 2 == 0 else 2
    return found
