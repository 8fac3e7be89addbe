"""Texts as vectors: what an embedding model says."""

from __future__ import annotations

import binascii
import math
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, overload

from ...errors import SetupError
from ..reading import Json
from ..record import Call
from ..shown import Shown, brief
from .text import Usage

if TYPE_CHECKING:
    import numpy as np

Framer = Callable[["Embeddings"], Any]


def _no_frames(_vectors: Embeddings) -> Any:
    raise SetupError("A frame is made by the whole package.", "Make the client by skytells_nb.Client().")


_framer: Framer = _no_frames


def frame_with(framer: Framer) -> None:
    """Let `framer` make the DataFrame of embeddings from now on."""
    global _framer
    _framer = framer


@dataclass(frozen=True, slots=True, repr=False)
class Embeddings(Shown):
    """One vector for each text, in the order of the texts; `arrays` holds them as 32-bit floats, as they are sent.

    Made by one or more requests: `calls` has a record for each, `usage` their sum.
    """

    texts: tuple[str, ...] = ()
    arrays: tuple[array[float], ...] = ()
    model: str = ""
    usage: Usage | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    calls: tuple[Call, ...] = field(default=(), repr=False, compare=False)

    @property
    def vectors(self) -> list[list[float]]:
        """The vectors as lists of floats."""
        return [vector.tolist() for vector in self.arrays]

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has; 0 where there is none."""
        return len(self.arrays[0]) if self.arrays else 0

    def to_numpy(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Give the vectors as one float32 array of shape (texts, dimensions)."""
        import numpy as np

        return np.array(self.arrays, dtype=np.float32).reshape(len(self.arrays), self.dimensions)

    def to_frame(self) -> Any:
        """Give the vectors as a pandas DataFrame: a row for each text (its index), a float32 column a dimension."""
        return _framer(self)

    @property
    def id(self) -> str:
        """The record's id of the first request."""
        return self.calls[0].id if self.calls else ""

    @property
    def cost(self) -> Decimal | None:
        """What all requests cost in USD; None where that is not known of each."""
        amounts = [call.charge.amount for call in self.calls]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if amounts and len(known) == len(amounts) else None

    @property
    def seconds(self) -> float | None:
        """From each request's leaving to its answer's end, added up."""
        spans = [call.seconds for call in self.calls if call.seconds is not None]
        return sum(spans) if spans else None

    def __len__(self) -> int:
        return len(self.arrays)

    def __iter__(self) -> Iterator[list[float]]:
        return (vector.tolist() for vector in self.arrays)

    @overload
    def __getitem__(self, position: int) -> list[float]: ...
    @overload
    def __getitem__(self, position: slice) -> list[list[float]]: ...
    def __getitem__(self, position: int | slice) -> list[float] | list[list[float]]:
        found = self.arrays[position]
        return [vector.tolist() for vector in found] if isinstance(found, tuple) else found.tolist()

    def __repr__(self) -> str:
        return brief("Embeddings", texts=len(self), dimensions=self.dimensions, model=self.model, cost=self.cost)


def read_vector(value: object) -> array[float] | None:
    """Read a vector from a list of numbers or from base64 (little-endian 32-bit floats); None for what is none."""
    vector = array("f")
    try:
        if isinstance(value, str):
            vector.frombytes(binascii.a2b_base64(value, strict_mode=True))
            if sys.byteorder == "big":
                vector.byteswap()
        elif isinstance(value, list) and not any(isinstance(number, bool) for number in value):
            vector.extend(value)
        return vector if vector and math.isfinite(math.fsum(vector)) else None
    except (ValueError, TypeError, OverflowError):  # fsum refuses infinities of both signs
        return None
